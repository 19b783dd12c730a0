#include "runner/attempt.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "media/process.h"
#include "runner/json_member.h"
#include "runner/limits.h"
#include "runner/supervisor.h"

namespace proveout {

namespace {

using Json = nlohmann::json;

constexpr int kPoll_ms = 50;
constexpr double kTick_s = 0.1;
constexpr double kPatience_s = 3;        // with a supervisor that does not do what it should
constexpr size_t kMaxLineBytes_ = 4096;  // of progress; longer ones are not ours
constexpr int64_t kMaxOutcomeBytes = 1 << 20;

double now_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

struct Descriptor {
    int fd = -1;
    Descriptor() = default;
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() { reset(); }
    void reset() {
        if (fd >= 0) ::close(fd);
        fd = -1;
    }
};

// Lines of a stream that another process writes; what is longer than any line of ours is dropped.
class Lines {
  public:
    void add(std::string_view bytes) { text_.append(bytes); }
    std::optional<std::string> next() {
        size_t end = text_.find('\n');
        if (end == std::string::npos) {
            if (text_.size() > kMaxLineBytes_) text_.clear();
            return std::nullopt;
        }
        std::string line = text_.substr(0, end);
        text_.erase(0, end + 1);
        return line;
    }

  private:
    std::string text_;
};

// Nothing of the service's environment is the child's business but where programs are.
std::vector<std::string> clean_environment(const std::string& workspace) {
    const char* path = std::getenv("PATH");
    return {std::string("PATH=") + (path ? path : "/usr/local/bin:/usr/bin:/bin"), "LANG=C.UTF-8", "TZ=UTC", "HOME=" + workspace + "/tmp",
            "TMPDIR=" + workspace + "/tmp"};
}

// The processes of a session, which no process of ours can leave while its system calls are restricted.
std::vector<pid_t> session_members(pid_t session) {
    std::vector<pid_t> members;
    DIR* proc = ::opendir("/proc");
    while (dirent* entry = proc ? ::readdir(proc) : nullptr) {
        pid_t pid = 0;
        for (const char* c = entry->d_name; *c >= '0' && *c <= '9'; ++c) pid = pid * 10 + (*c - '0');
        if (pid > 0 && pid != session && ::getsid(pid) == session) members.push_back(pid);
    }
    if (proc) ::closedir(proc);
    return members;
}

std::string signal_text(int signal) {
    const char* name = ::sigdescr_np(signal);
    return "killed by signal " + std::to_string(signal) + (name ? " (" + std::string(name) + ")" : "");
}

class Attempt {
  public:
    Attempt(const AttemptSpec& spec, const AttemptEvents& events, const std::atomic<int>& stop)
        : spec_(spec), events_(events), stop_(stop) {}

    AttemptResult run() {
        double start = now_s();
        Status started = start_child();
        if (started.ok()) {
            watch();
            end_all();
            judge();
        } else {
            result_.how = started.error().message;
        }
        result_.log = log_.text();
        result_.wall_s = now_s() - start;
        return std::move(result_);
    }

  private:
    Status write_settings() const {
        AttemptSettings settings{spec_.sim_id,    spec_.path_prefix, spec_.program_name, spec_.ffmpeg,    spec_.camotics,
                                 spec_.timeout_s, spec_.threads,     spec_.memory_bytes, spec_.file_bytes};
        for (const char* folder : {"/out", "/tmp"})
            if (::mkdir((spec_.workspace + folder).c_str(), 0700) != 0 && errno != EEXIST)
                return make_error(ErrorCode::kIo, "the workspace cannot be written: " + std::string(std::strerror(errno)));
        std::ofstream file(spec_.workspace + "/run.json", std::ios::binary);
        file << to_json(settings);
        file.close();
        if (!file) return make_error(ErrorCode::kIo, "the workspace cannot be written");
        return Unit{};
    }

    Status start_child() {
        TRY(write_settings());
        int channel[2], progress[2], log[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) != 0) return spawn_error();
        channel_.fd = channel[0];
        Descriptor theirs[3];
        theirs[0].fd = channel[1];
        if (::pipe2(progress, O_CLOEXEC) != 0) return spawn_error();
        progress_.fd = progress[0], theirs[1].fd = progress[1];
        if (::pipe2(log, O_CLOEXEC) != 0) return spawn_error();
        log_fd_.fd = log[0], theirs[2].fd = log[1];
        for (int fd : {channel_.fd, progress_.fd, log_fd_.fd}) ::fcntl(fd, F_SETFL, O_NONBLOCK);

        std::vector<std::string> words{"proveout", "run-job", spec_.workspace}, environment = clean_environment(spec_.workspace);
        SpawnOptions options;
        options.environment = &environment;
        options.flags = POSIX_SPAWN_SETSID;
        int error = spawn_clean(spec_.binary, words, {theirs[0].fd, theirs[1].fd, theirs[2].fd}, options, child_);
        if (error == 0) return Unit{};
        errno = error;
        return spawn_error();
    }

    static Error spawn_error() { return make_error(ErrorCode::kIo, std::string("no process can be started: ") + std::strerror(errno)); }

    // Reads what is there; false at the end of the stream.
    template <class Take>
    static void drain(Descriptor& stream, const Take& take) {
        char buffer[8192];
        while (stream.fd >= 0) {
            ssize_t got = ::read(stream.fd, buffer, sizeof buffer);
            if (got > 0) {
                take(std::string_view(buffer, static_cast<size_t>(got)));
                if (got < static_cast<ssize_t>(sizeof buffer)) return;
            } else if (got < 0 && errno == EINTR) {
                continue;
            } else {
                if (got == 0 || errno != EAGAIN) stream.reset();
                return;
            }
        }
    }

    void drain_all() {
        drain(log_fd_, [&](std::string_view bytes) { log_.add(bytes.data(), bytes.size()); });
        drain(progress_, [&](std::string_view bytes) {
            progress_lines_.add(bytes);
            while (auto line = progress_lines_.next()) take_progress(*line);
        });
        drain(channel_, [&](std::string_view bytes) { channel_text_.append(bytes.substr(0, kMaxLineBytes_)); });
    }

    void take_progress(const std::string& text) {
        Json line = Json::parse(text, nullptr, false);
        if (!line.is_object() || !events_.progress) return;
        auto stage = line.find("stage"), percent = line.find("percent");
        if (stage == line.end() || !stage->is_string() || percent == line.end() || !percent->is_number()) return;
        const std::string& name = stage->get_ref<const std::string&>();
        if (name != "prepare" && name != "simulate" && name != "encode") return;
        events_.progress(name, std::clamp(percent->get<double>(), 0.0, kEncodePercent));
    }

    bool child_ended() const {
        siginfo_t info{};
        return ::waitid(P_PID, static_cast<id_t>(child_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == child_;
    }

    void watch() {
        double start = now_s(), last_tick = 0, asked = 0;
        while (!child_ended()) {
            pollfd at[3] = {{channel_.fd, POLLIN, 0}, {progress_.fd, POLLIN, 0}, {log_fd_.fd, POLLIN, 0}};
            ::poll(at, 3, channel_.fd < 0 ? 5 : kPoll_ms);
            drain_all();
            double now = now_s();
            if (now - last_tick >= kTick_s && events_.tick) {
                last_tick = now;
                events_.tick();
            }
            if (asked == 0 && stop_.load(std::memory_order_relaxed) != 0) {
                asked = now;
                ::send(channel_.fd, "T", 1, MSG_NOSIGNAL);
            }
            bool deaf = (asked > 0 && now - asked > kKillAfter_s + kPatience_s) || now - start > spec_.timeout_s + kGrace_s + kPatience_s;
            if (deaf) ::kill(child_, SIGKILL);
            overtime_ = now - start > spec_.timeout_s + kGrace_s;
        }
        drain_all();
    }

    // The supervisor ended its tree, unless it was killed itself: then the kernel is about to. Its pid, and so its session's number, is
    // ours until it is reaped.
    void end_all() {
        for (auto members = session_members(child_); !members.empty(); members = session_members(child_)) {
            for (pid_t member : members) ::kill(member, SIGKILL);
            ::poll(nullptr, 0, 2);
        }
        int status = 0;
        while (::waitpid(child_, &status, 0) < 0 && errno == EINTR) {
        }
        if (WIFSIGNALED(status)) result_.how = signal_text(WTERMSIG(status));
        drain_all();
    }

    void fail(std::string code, std::string message) {
        result_.end = AttemptEnd::kFinished;
        result_.outcome = {};
        result_.outcome.error_code = std::move(code);
        result_.outcome.error_message = std::move(message);
    }

    void judge() {
        Json line = Json::parse(channel_text_, nullptr, false);
        if (!line.is_object()) line = Json::object();
        std::string end = member<std::string>(line, "end", "");
        std::string detail = member<std::string>(line, "detail", "");
        int code = member<int>(line, "code", 0);
        result_.peak_memory_bytes = member<int64_t>(line, "peak_bytes", 0);
        bool stopped = stop_.load(std::memory_order_relaxed) != 0;
        if (end == "exited" && code == 0) return take_outcome(stopped);
        if (end == "timeout" || (end.empty() && overtime_)) {
            result_.end = AttemptEnd::kTimeout;
        } else if (end == "cancelled" || stopped) {
            result_.end = AttemptEnd::kCancelled;
        } else if (end == "memory" || end == "processes" || end == "disk") {
            fail("RESOURCE_LIMIT", "the run was ended because " + detail);
        } else if (end == "failed") {
            fail("INTERNAL", "the run could not be started: " + detail);
        } else {
            result_.end = AttemptEnd::kCrashed;
            if (end == "exited") result_.how = "exit status " + std::to_string(code);
            if (end == "killed") result_.how = signal_text(code);
        }
    }

    void take_outcome(bool stopped) {
        auto folder = OpenFolder::open(spec_.workspace);
        auto text = folder ? folder->read(kOutcomeFile, kMaxOutcomeBytes) : Result<std::string>(folder.error());
        auto outcome = text ? attempt_outcome_from(*text) : std::nullopt;
        if (!outcome && stopped) {
            result_.end = AttemptEnd::kCancelled;
        } else if (!outcome) {
            fail("INTERNAL", "the run ended without a result that can be read");
        } else {
            result_.outcome = std::move(*outcome);
            result_.end = AttemptEnd::kFinished;
            if (result_.outcome.error_code == "TIMEOUT") result_.end = AttemptEnd::kTimeout;
            if (result_.outcome.error_code == "CANCELLED") result_.end = AttemptEnd::kCancelled;
        }
    }

    const AttemptSpec& spec_;
    const AttemptEvents& events_;
    const std::atomic<int>& stop_;
    AttemptResult result_;
    pid_t child_ = -1;
    Descriptor channel_, progress_, log_fd_;
    Lines progress_lines_;
    std::string channel_text_;
    KeptText log_;
    bool overtime_ = false;
};

}  // namespace

AttemptResult run_attempt(const AttemptSpec& spec, const AttemptEvents& events, const std::atomic<int>& stop) {
    return Attempt(spec, events, stop).run();
}

}  // namespace proveout
