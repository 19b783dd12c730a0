// process.h -- one child process without a shell: its input is a pipe that we fill, its output and errors are drained so that it never
// blocks.
//
// The child gets its own process group, so that a wrapper script dies with what it started; default signal handling; and no descriptor of
// ours but its three. If we die, it sees the end of its input.
#pragma once

#include <spawn.h>
#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proveout/context.h"
#include "proveout/result.h"

namespace proveout {

struct SpawnOptions {
    const std::vector<std::string>* environment = nullptr;  // nullptr: ours
    std::string directory;                                  // empty: ours
    short flags = 0;                                        // POSIX_SPAWN_SETSID, POSIX_SPAWN_SETPGROUP (a group of its own)
};

// Starts `program` (looked up in PATH if it has no slash) with every signal at its default and none blocked, and with no descriptor but
// 0, 1 and 2, which become copies of `descriptors` (-1: ours). May be called in a process with threads. Returns 0, or an errno.
int spawn_clean(const std::string& program, const std::vector<std::string>& argv, const std::array<int, 3>& descriptors,
                const SpawnOptions& options, pid_t& pid);

constexpr size_t kKeptOutput = 64 * 1024;  // bytes of each stream that are kept: the first half and the last half

// The text of a stream, of which the middle is dropped when it is long.
class KeptText {
  public:
    void add(const char* data, size_t bytes);
    std::string text() const;

  private:
    std::string head_, tail_;
    size_t dropped_ = 0;
};

// Why a child did not do what it was asked for.
enum class ChildEnd : uint8_t { kRunning, kExited, kSignalled, kStopped, kStalled };

struct ChildOptions {
    std::string directory;                                // to start in; "": ours
    std::optional<std::vector<std::string>> environment;  // NAME=value; none: ours
    double memory_limit_bytes = 0, file_limit_bytes = 0;  // address space, size of one file; 0: no limit of our own
    std::function<void(std::string_view)> on_errors;      // its stderr, piece by piece, in write() and wait()
    // Processes that left the group are found by this NAME=value of the environment and killed with the rest; "": not looked for.
    std::string mark;
};

class Child {
  public:
    // argv[0] is looked up in PATH if it has no slash. Error kIo: it cannot be started (message says why and names it).
    static Result<Child> start(const std::vector<std::string>& argv, ChildOptions options = {});
    Child(Child&& other) noexcept;
    Child& operator=(Child&&) = delete;
    ~Child();  // kills what still runs, and waits for it

    // Writes all bytes to its input. False: it went away, was stopped, or took nothing for stall_s (then it has been killed).
    bool write(std::span<const uint8_t> bytes, double stall_s, const Context& context);
    void close_input();
    // Waits for its end; on_tick is called several times a second. False: stopped or stalled (then it has been killed).
    bool wait(double stall_s, const Context& context, const std::function<void()>& on_tick = nullptr);
    // From any thread: a write() or wait() that is under way kills the child and returns.
    void abandon() { abandoned_.store(true, std::memory_order_relaxed); }

    ChildEnd end() const { return end_; }
    int code() const { return code_; }  // exit status or signal number
    std::string output() const { return output_.text(); }
    std::string errors() const { return errors_.text(); }
    uint64_t printed_bytes() const { return drained_; }  // on both streams so far

  private:
    Child() = default;
    void drain(int timeout_ms, bool want_write, bool& writable);
    bool reap();
    bool stopped(const Context& context) const;
    void end_by_force(ChildEnd why);
    void kill_marked() const;

    ChildOptions options_;
    pid_t pid_ = -1;
    int input_ = -1, output_fd_ = -1, errors_fd_ = -1;
    KeptText output_, errors_;
    ChildEnd end_ = ChildEnd::kRunning;
    int code_ = 0;
    uint64_t drained_ = 0;
    std::atomic<bool> abandoned_{false};
};

// Runs a command without input to its end. Error kIo: not started; kCancelled, kTimeout: stopped.
struct Finished {
    bool ok = false;      // exit status 0
    std::string output, errors;
    std::string how;      // "exit status 1", "killed by signal 9", "no progress for 60 s"
};
Result<Finished> run_child(const std::vector<std::string>& argv, double stall_s, const Context& context);

std::string describe_end(const Child& child, double stall_s);

}  // namespace proveout
