#include "runner/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "runner/limits.h"
#include "runner/sandbox.h"

namespace proveout {

namespace {

namespace fs = std::filesystem;

constexpr int kTick_ms = 50;
constexpr double kMeasure_s = 0.1, kDisk_s = 1;
constexpr int kNice = 10;  // below the service

double now_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// What lives under a process: how many threads, how much memory. Stops counting above most_threads.
struct TreeUse {
    int threads = 0;
    int64_t bytes = 0;
};

std::string read_small(const std::string& path) {
    std::string text(8192, '\0');
    int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    ssize_t got = file < 0 ? 0 : ::read(file, text.data(), text.size());
    if (file >= 0) ::close(file);
    text.resize(got > 0 ? static_cast<size_t>(got) : 0);
    return text;
}

std::vector<int64_t> numbers_in(const std::string& text) {
    std::vector<int64_t> numbers;
    int64_t value = -1;
    for (char c : text + " ") {
        if (c >= '0' && c <= '9') {
            value = std::max<int64_t>(value, 0) * 10 + (c - '0');
        } else if (value >= 0) {
            numbers.push_back(value);
            value = -1;
        }
    }
    return numbers;
}

TreeUse measure(pid_t root, int most_threads) {
    TreeUse use;
    std::vector<int64_t> todo{root};
    const int64_t page_bytes = ::sysconf(_SC_PAGESIZE);
    while (!todo.empty() && use.threads <= most_threads) {
        std::string process = "/proc/" + std::to_string(todo.back());
        todo.pop_back();
        std::vector<int64_t> pages = numbers_in(read_small(process + "/statm"));
        if (pages.size() > 1) use.bytes += pages[1] * page_bytes;
        std::error_code gone;
        for (auto task = fs::directory_iterator(process + "/task", gone); !gone && task != fs::directory_iterator(); task.increment(gone)) {
            ++use.threads;
            for (int64_t child : numbers_in(read_small(task->path().string() + "/children"))) todo.push_back(child);
        }
    }
    return use;
}

std::atomic<int> g_work{0};  // of the init process: whom SIGTERM is for
extern "C" void pass_on(int) {
    int work = g_work.load(std::memory_order_relaxed);
    if (work > 0) ::kill(work, SIGTERM);
}

// Signals of the supervisor without a PID namespace: the tree must be ended by hand.
std::atomic<int> g_leave{0};
extern "C" void leave(int) { g_leave.store(1, std::memory_order_relaxed); }

void on_signal(int signal, void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    ::sigaction(signal, &action, nullptr);
}

[[noreturn]] void be_work(const std::string& workspace, const AttemptSettings& settings, const std::function<int()>& work) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    on_signal(SIGTERM, SIG_DFL);
    Status closed = close_doors({workspace, {settings.ffmpeg, settings.camotics}});
    if (!closed.ok()) {
        std::fprintf(stderr, "proveout: %s\n", closed.error().message.c_str());
        ::_exit(kSandboxFailed);
    }
    ::_exit(work());
}

// Root is not bound by RLIMIT_NPROC. Since Linux 6.14 each PID namespace has a largest number of its own; before, it is the whole system's.
void bound_processes() {
    utsname system{};
    if (::getpid() != 1 || ::uname(&system) != 0) return;
    std::vector<int64_t> version = numbers_in(system.release);
    if (version.size() < 2 || std::pair(version[0], version[1]) < std::pair<int64_t, int64_t>(6, 14)) return;
    std::ofstream("/proc/sys/kernel/pid_max") << std::max(kRunProcesses, 301);  // 301: the least that it takes
}

// Reaps whatever is left to it, and reports the end of the work on `report`.
[[noreturn]] void be_init(const std::string& workspace, const AttemptSettings& settings, const std::function<int()>& work, int report,
                          int go) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    char started = 0;
    if (::read(go, &started, 1) != 1) ::_exit(0);  // the supervisor has gone
    ::close(go);
    ::setpriority(PRIO_PROCESS, 0, kNice);  // below the supervisor, which must get its turn beside any number of processes
    bound_processes();
    on_signal(SIGTERM, pass_on);
    pid_t child = ::fork();
    if (child == 0) {
        ::close(report);
        be_work(workspace, settings, work);
    }
    g_work.store(child, std::memory_order_relaxed);
    int status = child < 0 ? kSandboxFailed << 8 : 0;
    while (child > 0) {
        int ended_status = 0;
        pid_t ended = ::waitpid(-1, &ended_status, 0);
        if (ended == child) status = ended_status;
        if (ended == child || (ended < 0 && errno != EINTR)) break;
    }
    ssize_t told = ::write(report, &status, sizeof status);
    ::_exit(told == sizeof status ? 0 : 1);
}

class Supervisor {
  public:
    Supervisor(const std::string& workspace, const AttemptSettings& settings, const std::function<int()>& work)
        : workspace_(workspace), settings_(settings), work_(work) {}

    int run() {
        take_channel();
        ::prctl(PR_SET_CHILD_SUBREAPER, 1);
        on_signal(SIGTERM, leave);
        Namespaces in = enter();
        ::prctl(PR_SET_PDEATHSIG, in.pid ? SIGKILL : SIGTERM);
        if (service_is_gone()) return 0;
        if (!start_init()) {
            tell("failed", errno, std::string("no process can be started: ") + std::strerror(errno));
            return 0;
        }
        watch();
        end_all();
        judge();
        return 0;
    }

  private:
    void take_channel() {
        struct stat status {};
        bool is_socket = ::fstat(0, &status) == 0 && S_ISSOCK(status.st_mode);
        if (is_socket) channel_ = ::fcntl(0, F_DUPFD_CLOEXEC, 3);
        int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (null >= 0) ::dup2(null, 0), ::close(null);
    }

    Namespaces enter() {
        ::umask(077);
        std::ofstream("/proc/self/oom_score_adj") << 1000;
        Namespaces in = enter_namespaces();
        ResourceLimits limits;
        limits.address_space_bytes = kAddressSpace_bytes;
        limits.file_bytes = settings_.file_bytes > 0 ? settings_.file_bytes : kRunFile_bytes;
        limits.cpu_s = (settings_.timeout_s + kGrace_s) * (settings_.threads + 4);
        limits.processes = in.user ? kRunProcesses : 0;
        Status limited = limit_resources(limits);
        if (!limited.ok()) std::fprintf(stderr, "proveout: %s\n", limited.error().message.c_str());
        return in;
    }

    bool service_is_gone() const {
        pollfd at{channel_, 0, 0};
        return channel_ >= 0 && ::poll(&at, 1, 0) > 0 && (at.revents & (POLLHUP | POLLERR));
    }

    // The init process waits until it is known to us: nobody is started of whom nobody knows.
    bool start_init() {
        int report[2], go[2];
        if (::pipe2(report, O_CLOEXEC) != 0 || ::pipe2(go, O_CLOEXEC) != 0) return false;
        init_ = ::fork();
        if (init_ == 0) {
            if (channel_ >= 0) ::close(channel_);
            ::close(report[0]), ::close(go[1]);
            be_init(workspace_, settings_, work_, report[1], go[0]);
        }
        ::close(report[1]), ::close(go[0]);
        report_ = report[0];
        bool good = init_ > 0 && ::write(go[1], "g", 1) == 1;
        ::close(go[1]);
        return good;
    }

    void end_now(const char* why, std::string detail) {
        if (why_.empty()) why_ = why, detail_ = std::move(detail);
        ::kill(init_, SIGKILL);
    }

    void ask_to_end() {
        if (asked_s_ > 0) return;
        asked_s_ = now_s();
        ::kill(init_, SIGTERM);
    }

    void watch() {
        double start = now_s(), next_measure = start, next_disk = start;
        int64_t most_bytes = settings_.memory_bytes > 0 ? settings_.memory_bytes : kRunMemory_bytes;
        while (true) {
            pollfd at[2] = {{report_, POLLIN, 0}, {channel_, POLLIN, 0}};
            ::poll(at, 2, kTick_ms);
            if (at[0].revents) break;
            char order = 0;
            if (at[1].revents && ::recv(channel_, &order, 1, MSG_DONTWAIT) == 0) return end_now("cancelled", "the service has gone");
            if (order == 'T') ask_to_end();
            if (g_leave.load(std::memory_order_relaxed)) return end_now("cancelled", "the service has gone");
            double now = now_s();
            if (asked_s_ > 0 && now - asked_s_ > kKillAfter_s) return end_now("cancelled", "it did not end when it was asked to");
            if (now - start > settings_.timeout_s + kGrace_s) return end_now("timeout", "");
            if (now >= next_measure) {
                next_measure = now + kMeasure_s;
                TreeUse use = measure(init_, kRunProcesses);
                peak_bytes_ = std::max(peak_bytes_, use.bytes);
                if (use.threads > kRunProcesses)
                    return end_now("processes", "it started more than " + std::to_string(kRunProcesses) + " processes");
                if (use.bytes > most_bytes)
                    return end_now("memory", "it took more than " + std::to_string(most_bytes >> 20) + " MiB of memory");
            }
            if (now >= next_disk) {
                next_disk = now + kDisk_s;
                if (disk_usage_bytes(workspace_) > kRunDisk_bytes)
                    return end_now("disk", "its files took more than " + std::to_string(kRunDisk_bytes >> 20) + " MiB");
            }
        }
        if (::read(report_, &status_, sizeof status_) == sizeof status_) reported_ = true;
    }

    // With a PID namespace init's end is everybody's; without one, what is left has become our own children.
    void end_all() {
        ::kill(init_, SIGKILL);
        while (true) {
            for (int64_t child : numbers_in(read_small("/proc/thread-self/children"))) ::kill(static_cast<pid_t>(child), SIGKILL);
            if (::waitpid(-1, nullptr, 0) < 0 && errno == ECHILD) return;
        }
    }

    void judge() {
        if (!why_.empty()) return tell(why_, 0, detail_);
        if (!reported_) return tell("killed", SIGKILL, "");
        if (WIFSIGNALED(status_)) return tell("killed", WTERMSIG(status_), "");
        int code = WEXITSTATUS(status_);
        tell(code == kSandboxFailed ? "failed" : "exited", code, code == kSandboxFailed ? "the sandbox cannot be put up" : "");
    }

    void tell(const std::string& end, int code, const std::string& detail) {
        nlohmann::json line{{"end", end}, {"code", code}, {"detail", detail}, {"peak_bytes", peak_bytes_}};
        std::string text = line.dump() + "\n";
        if (channel_ >= 0) ::send(channel_, text.data(), text.size(), MSG_NOSIGNAL);
    }

    const std::string& workspace_;
    const AttemptSettings& settings_;
    const std::function<int()>& work_;
    int channel_ = -1, report_ = -1;
    pid_t init_ = -1;
    double asked_s_ = 0;
    std::string why_, detail_;
    int64_t peak_bytes_ = 0;
    int status_ = 0;
    bool reported_ = false;
};

}  // namespace

int supervise(const std::string& workspace, const AttemptSettings& settings, const std::function<int()>& work) {
    return Supervisor(workspace, settings, work).run();
}

}  // namespace proveout
