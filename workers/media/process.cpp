#include "media/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace proveout {

namespace {

constexpr int kTick_ms = 50;         // how often a stop is looked for
constexpr int kPipeBytes = 1 << 20;  // one write then holds most of a frame

double now_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

void close_fd(int& fd) {
    if (fd >= 0) ::close(fd);
    fd = -1;
}

// Writing to a child that went away must be an error and not end this process. Only this thread's mask is touched, and a pending signal
// that we caused is taken off again.
class WithoutSigpipe {
  public:
    WithoutSigpipe() {
        sigemptyset(&pipe_);
        sigaddset(&pipe_, SIGPIPE);
        sigset_t pending;
        sigpending(&pending);
        was_pending_ = sigismember(&pending, SIGPIPE) == 1;
        pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    }
    ~WithoutSigpipe() {
        timespec none{};
        if (!was_pending_)
            while (sigtimedwait(&pipe_, nullptr, &none) == -1 && errno == EINTR) {
            }
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    WithoutSigpipe(const WithoutSigpipe&) = delete;
    WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;

  private:
    sigset_t pipe_, before_;
    bool was_pending_;
};

struct Pipes {
    int fd[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
    ~Pipes() {
        for (auto& pair : fd) close_fd(pair[0]), close_fd(pair[1]);
    }
};

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
    out.push_back(nullptr);
    return out;
}

void limit(pid_t pid, __rlimit_resource what, double bytes) {
    if (!(bytes > 0)) return;
    rlimit most{static_cast<rlim_t>(bytes), static_cast<rlim_t>(bytes)};
    prlimit(pid, what, &most, nullptr);
}

int spawn(const std::vector<std::string>& argv, const ChildOptions& options, const Pipes& pipes, pid_t& pid) {
    SpawnOptions how;
    how.environment = options.environment ? &*options.environment : nullptr;
    how.directory = options.directory;
    how.flags = POSIX_SPAWN_SETPGROUP;
    int error = spawn_clean(argv[0], argv, {pipes.fd[0][0], pipes.fd[1][1], pipes.fd[2][1]}, how, pid);
    if (error == 0) {
        limit(pid, RLIMIT_AS, options.memory_limit_bytes);
        limit(pid, RLIMIT_FSIZE, options.file_limit_bytes);
    }
    return error;
}

}  // namespace

int spawn_clean(const std::string& program, const std::vector<std::string>& argv, const std::array<int, 3>& descriptors,
                const SpawnOptions& options, pid_t& pid) {
    std::vector<char*> args = pointers_to(argv), variables;
    if (options.environment) variables = pointers_to(*options.environment);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    for (int k = 0; k < 3; ++k)
        if (descriptors[static_cast<size_t>(k)] >= 0) posix_spawn_file_actions_adddup2(&actions, descriptors[static_cast<size_t>(k)], k);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    if (!options.directory.empty()) posix_spawn_file_actions_addchdir_np(&actions, options.directory.c_str());
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | options.flags));
    int error = posix_spawnp(&pid, program.c_str(), &actions, &attributes, args.data(), options.environment ? variables.data() : environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

void KeptText::add(const char* data, size_t bytes) {
    size_t to_head = std::min(bytes, kKeptOutput / 2 - head_.size());
    head_.append(data, to_head);
    tail_.append(data + to_head, bytes - to_head);
    if (tail_.size() > kKeptOutput / 2) {
        dropped_ += tail_.size() - kKeptOutput / 2;
        tail_.erase(0, tail_.size() - kKeptOutput / 2);
    }
}

std::string KeptText::text() const {
    return dropped_ == 0 ? head_ + tail_ : head_ + "\n[... " + std::to_string(dropped_) + " bytes left out ...]\n" + tail_;
}

Result<Child> Child::start(const std::vector<std::string>& argv, ChildOptions options) {
    CHECK(!argv.empty());
    Pipes pipes;
    for (auto& pair : pipes.fd)
        if (pipe2(pair, O_CLOEXEC) != 0)
            return make_error(ErrorCode::kIo, std::string("no pipe for ") + argv[0] + ": " + std::strerror(errno));
    Child child;
    child.options_ = std::move(options);
    if (int error = spawn(argv, child.options_, pipes, child.pid_)) {
        child.pid_ = -1;
        return make_error(ErrorCode::kIo, "cannot start " + argv[0] + ": " + std::strerror(error));
    }
    std::swap(child.input_, pipes.fd[0][1]);
    std::swap(child.output_fd_, pipes.fd[1][0]);
    std::swap(child.errors_fd_, pipes.fd[2][0]);
    fcntl(child.input_, F_SETPIPE_SZ, kPipeBytes);  // only speed depends on it
    for (int fd : {child.input_, child.output_fd_, child.errors_fd_}) fcntl(fd, F_SETFL, O_NONBLOCK);
    return child;
}

Child::Child(Child&& other) noexcept
    : options_(std::move(other.options_)),
      pid_(std::exchange(other.pid_, -1)),
      input_(std::exchange(other.input_, -1)),
      output_fd_(std::exchange(other.output_fd_, -1)),
      errors_fd_(std::exchange(other.errors_fd_, -1)),
      output_(std::move(other.output_)),
      errors_(std::move(other.errors_)),
      end_(other.end_),
      code_(other.code_),
      drained_(other.drained_),
      abandoned_(other.abandoned_.load(std::memory_order_relaxed)) {}

Child::~Child() {
    if (pid_ > 0 && end_ == ChildEnd::kRunning) end_by_force(ChildEnd::kStopped);
    close_input();
    close_fd(output_fd_);
    close_fd(errors_fd_);
}

void Child::close_input() { close_fd(input_); }

bool Child::stopped(const Context& context) const {
    return abandoned_.load(std::memory_order_relaxed) || context.stop_reason() != StopReason::kNone;
}

void Child::end_by_force(ChildEnd why) {
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);  // in case the group is not there yet
    int status = 0;
    while (waitpid(pid_, &status, 0) == -1 && errno == EINTR) {
    }
    kill_marked();
    end_ = why;
    code_ = SIGKILL;
}

// A process that made a session of its own is no longer in the group, but it has kept its environment. Killing one may let another be
// seen for the first time, hence the rounds.
void Child::kill_marked() const {
    if (options_.mark.empty()) return;
    constexpr int kRounds = 5;
    bool found = true;
    for (int round = 0; found && round < kRounds; ++round) {
        found = false;
        std::error_code ignored;
        for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
            std::string name = entry.path().filename().string();
            if (name.empty() || name.find_first_not_of("0123456789") != std::string::npos) continue;
            std::ifstream file(entry.path() / "environ", std::ios::binary);
            std::string variables(std::istreambuf_iterator<char>(file), {});
            if ((std::string(1, '\0') + variables).find(std::string(1, '\0') + options_.mark + '\0') == std::string::npos) continue;
            pid_t pid = 0;
            std::from_chars(name.data(), name.data() + name.size(), pid);
            if (pid > 1) found = ::kill(pid, SIGKILL) == 0 || found;
        }
    }
}

// Reads what the child printed; waits up to timeout_ms for that, or for room in its input.
void Child::drain(int timeout_ms, bool want_write, bool& writable) {
    pollfd fds[3] = {{output_fd_, POLLIN, 0}, {errors_fd_, POLLIN, 0}, {want_write ? input_ : -1, POLLOUT, 0}};
    writable = false;
    if (::poll(fds, 3, timeout_ms) <= 0) return;
    char buffer[65536];
    for (int k = 0; k < 2; ++k) {
        if (fds[k].fd < 0 || !(fds[k].revents & (POLLIN | POLLHUP | POLLERR))) continue;
        ssize_t got = ::read(fds[k].fd, buffer, sizeof buffer);
        if (got > 0) {
            (k == 0 ? output_ : errors_).add(buffer, static_cast<size_t>(got));
            if (k == 1 && options_.on_errors) options_.on_errors({buffer, static_cast<size_t>(got)});
            drained_ += static_cast<uint64_t>(got);
        } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            close_fd(k == 0 ? output_fd_ : errors_fd_);
        }
    }
    writable = fds[2].revents != 0;
}

bool Child::reap() {
    int status = 0;
    pid_t got = waitpid(pid_, &status, WNOHANG);
    if (got != pid_) return false;
    end_ = WIFEXITED(status) ? ChildEnd::kExited : ChildEnd::kSignalled;
    code_ = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
    ::kill(-pid_, SIGKILL);  // what a wrapper script may have left behind
    kill_marked();
    bool unused;
    uint64_t before;
    do {  // what it left in the pipes
        before = drained_;
        drain(0, false, unused);
    } while (drained_ != before);
    return true;
}

bool Child::write(std::span<const uint8_t> bytes, double stall_s, const Context& context) {
    WithoutSigpipe guard;
    double last = now_s();
    while (!bytes.empty()) {
        if (end_ != ChildEnd::kRunning || input_ < 0) return false;
        if (stopped(context)) return end_by_force(ChildEnd::kStopped), false;
        ssize_t put = ::write(input_, bytes.data(), bytes.size());
        if (put > 0) {
            bytes = bytes.subspan(static_cast<size_t>(put));
            last = now_s();
            continue;
        }
        if (put < 0 && errno != EAGAIN && errno != EINTR) return false;  // EPIPE: it closed its input
        bool writable;
        drain(kTick_ms, true, writable);
        if (now_s() - last > stall_s) return end_by_force(ChildEnd::kStalled), false;
    }
    return true;
}

bool Child::wait(double stall_s, const Context& context, const std::function<void()>& on_tick) {
    double last = now_s();
    int tick_ms = 1;
    while (end_ == ChildEnd::kRunning) {
        if (reap()) break;
        if (stopped(context)) return end_by_force(ChildEnd::kStopped), false;
        if (on_tick) on_tick();
        uint64_t before = drained_;
        bool unused;
        drain(tick_ms, false, unused);
        if (output_fd_ < 0 && errors_fd_ < 0) ::poll(nullptr, 0, tick_ms);
        tick_ms = std::min(tick_ms + 1, 20);
        if (drained_ != before) last = now_s();
        if (now_s() - last > stall_s) return end_by_force(ChildEnd::kStalled), false;
    }
    return end_ == ChildEnd::kExited || end_ == ChildEnd::kSignalled;
}

std::string describe_end(const Child& child, double stall_s) {
    switch (child.end()) {
        case ChildEnd::kExited:
            return "exit status " + std::to_string(child.code());
        case ChildEnd::kSignalled:
            return "killed by signal " + std::to_string(child.code());
        case ChildEnd::kStalled:
            return "no progress for " + std::to_string(static_cast<int>(stall_s)) + " s";
        case ChildEnd::kStopped:
            return "stopped";
        case ChildEnd::kRunning:
            break;
    }
    return "still running";
}

Result<Finished> run_child(const std::vector<std::string>& argv, double stall_s, const Context& context) {
    Child child = TRY(Child::start(argv));
    child.close_input();
    child.wait(stall_s, context);
    if (child.end() == ChildEnd::kStopped) return stop_error(context.stop_reason());
    Finished finished;
    finished.ok = child.end() == ChildEnd::kExited && child.code() == 0;
    finished.output = child.output();
    finished.errors = child.errors();
    finished.how = describe_end(child, stall_s);
    return finished;
}

}  // namespace proveout
