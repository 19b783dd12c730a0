#include "api/checker.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <vector>

#include "domain/clock.h"
#include "media/process.h"

namespace proveout {

namespace {

// A message is its length (8 bytes, this machine's order) and so many bytes.
constexpr uint64_t kMaxMessageBytes = uint64_t{64} << 20;
// After so long a program counts as readable: what is wrong with it the run will find.
constexpr int kReading_s = 2;
constexpr int kMostWaiting = 12;
constexpr double kLongestWait_s = 10;
constexpr rlim_t kMemory_bytes = rlim_t{4} << 30;

bool wait_for(int descriptor, short events, int64_t deadline_ms) {
    for (;;) {
        int64_t left = deadline_ms - steady_ms();
        if (left <= 0) return false;
        pollfd at{descriptor, events, 0};
        int n = ::poll(&at, 1, static_cast<int>(std::min<int64_t>(left, 1 << 30)));
        if (n > 0) return true;
        if (n < 0 && errno != EINTR) return false;
    }
}

bool write_all(int descriptor, const char* data, size_t bytes, int64_t deadline_ms) {
    while (bytes > 0) {
        if (!wait_for(descriptor, POLLOUT, deadline_ms)) return false;
        ssize_t n = ::write(descriptor, data, bytes);
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (n <= 0) return false;
        data += n;
        bytes -= static_cast<size_t>(n);
    }
    return true;
}

bool read_all(int descriptor, char* data, size_t bytes, int64_t deadline_ms) {
    while (bytes > 0) {
        if (!wait_for(descriptor, POLLIN, deadline_ms)) return false;
        ssize_t n = ::read(descriptor, data, bytes);
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (n <= 0) return false;
        data += n;
        bytes -= static_cast<size_t>(n);
    }
    return true;
}

bool send_message(int descriptor, const std::string& text, int64_t deadline_ms) {
    uint64_t size = text.size();
    return write_all(descriptor, reinterpret_cast<const char*>(&size), sizeof size, deadline_ms) &&
           write_all(descriptor, text.data(), text.size(), deadline_ms);
}

bool receive_message(int descriptor, std::string& text, int64_t deadline_ms) {
    uint64_t size = 0;
    if (!read_all(descriptor, reinterpret_cast<char*>(&size), sizeof size, deadline_ms) || size > kMaxMessageBytes) return false;
    text.resize(size);
    return read_all(descriptor, text.data(), size, deadline_ms);
}

struct Reader {
    pid_t pid = -1;
    int input = -1, output = -1;  // ours: written to, read from
};

void end_child(Reader& child) {
    if (child.input >= 0) ::close(child.input);
    if (child.output >= 0) ::close(child.output);
    if (child.pid > 0) {
        ::kill(child.pid, SIGKILL);
        while (::waitpid(child.pid, nullptr, 0) < 0 && errno == EINTR) {
        }
    }
    child = {};
}

bool start_child(const std::string& binary, Reader& child) {
    int to[2], from[2];
    if (::pipe2(to, O_CLOEXEC) != 0) return false;
    if (::pipe2(from, O_CLOEXEC) != 0) {
        ::close(to[0]), ::close(to[1]);
        return false;
    }
    std::vector<std::string> environment{"LC_ALL=C"};
    SpawnOptions options;
    options.environment = &environment;
    int failed = spawn_clean(binary, {"proveout", "check-jobs"}, {to[0], from[1], -1}, options, child.pid);
    ::close(to[0]), ::close(from[1]);
    child.input = to[1];
    child.output = from[0];
    if (failed != 0) {
        child.pid = -1;
        end_child(child);
        return false;
    }
    ::fcntl(child.input, F_SETFL, O_NONBLOCK);
    return true;
}

class Pool : public JobChecker {
  public:
    Pool(std::string binary, int processes) : binary_(std::move(binary)), idle_(static_cast<size_t>(processes)) {}
    ~Pool() override {
        for (Reader& child : idle_) end_child(child);
    }

    Result<CheckAnswer> check(const CheckRequest& request) override {
        std::string question = to_json(request), text;
        std::optional<Reader> taken = take();
        if (!taken) return make_error(ErrorCode::kResourceLimit, "too many jobs are being read at this moment");
        Reader child = *taken;
        // A child that died between two requests, of which this one knows nothing, is replaced once.
        bool fresh = child.pid < 0;
        for (;;) {
            if (child.pid < 0 && !start_child(binary_, child)) {
                give_back({});
                return make_error(ErrorCode::kResourceLimit, "no process could be started to read the job");
            }
            int64_t deadline = steady_ms() + static_cast<int64_t>(kCheckLimit_s * 1000);
            bool answered = send_message(child.input, question, deadline) && receive_message(child.output, text, deadline);
            auto answer = answered ? check_answer_from(text) : std::nullopt;
            if (answer) {
                give_back(child);
                return *answer;
            }
            end_child(child);
            if (fresh) break;
            fresh = true;
        }
        give_back({});
        return make_error(ErrorCode::kEngineFailed, "reading it took too long or ended the process that read it");
    }

  private:
    // nullopt: others wait already, or waiting took too long. The threads that answer everyone else must not all wait here.
    std::optional<Reader> take() {
        std::unique_lock lock(mutex_);
        if (waiting_ >= kMostWaiting) return std::nullopt;
        ++waiting_;
        bool there = freed_.wait_for(lock, std::chrono::duration<double>(kLongestWait_s), [&] { return !idle_.empty(); });
        --waiting_;
        if (!there) return std::nullopt;
        Reader child = idle_.back();
        idle_.pop_back();
        return child;
    }
    void give_back(Reader child) {
        std::lock_guard lock(mutex_);
        idle_.push_back(child);
        freed_.notify_one();
    }

    std::string binary_;
    std::mutex mutex_;
    std::condition_variable freed_;
    std::vector<Reader> idle_;
    int waiting_ = 0;
};

std::atomic<int> reading_stop{0};
void stop_reading(int) { reading_stop.store(static_cast<int>(StopReason::kTimeout), std::memory_order_relaxed); }

}  // namespace

std::unique_ptr<JobChecker> JobChecker::start(const std::string& binary, int processes) {
    return std::make_unique<Pool>(binary, processes);
}

int check_jobs_process() {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    rlimit memory{kMemory_bytes, kMemory_bytes}, none{0, 0};
    ::setrlimit(RLIMIT_AS, &memory);
    ::setrlimit(RLIMIT_CORE, &none);
    ::setrlimit(RLIMIT_FSIZE, &none);
    struct sigaction action {};
    action.sa_handler = stop_reading;
    action.sa_flags = SA_RESTART;
    ::sigaction(SIGALRM, &action, nullptr);
    int64_t forever = steady_ms() + (int64_t{1} << 50);
    std::string text;
    while (receive_message(0, text, forever)) {
        auto request = check_request_from(text);
        if (!request) return 1;
        Context context;
        reading_stop.store(0, std::memory_order_relaxed);
        context.stop = &reading_stop;
        itimerval limit{{0, 0}, {kReading_s, 0}}, off{};
        ::setitimer(ITIMER_REAL, &limit, nullptr);
        std::string answer = to_json(check_job(*request, context));
        ::setitimer(ITIMER_REAL, &off, nullptr);
        if (!send_message(1, answer, forever)) return 1;
    }
    return 0;
}

}  // namespace proveout
