#include "console.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "args.h"

namespace proveout {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kDrawInterval = std::chrono::milliseconds(100);
constexpr int kBarWidth = 30;

std::atomic<int> g_stop{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler writes it");

// The first signal asks, the second does not wait.
extern "C" void on_signal(int) {
    if (g_stop.load(std::memory_order_relaxed) == static_cast<int>(StopReason::kCancelled)) _exit(kExitInterrupted);
    g_stop.store(static_cast<int>(StopReason::kCancelled), std::memory_order_relaxed);
}

// SIGPIPE becomes a write error. SIGHUP stays ignored where the caller ignores it (nohup).
void catch_signals() {
    struct sigaction action {};
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    for (int signal : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction old {};
        bool ignored = sigaction(signal, nullptr, &old) == 0 && old.sa_handler == SIG_IGN;
        if (signal != SIGHUP || !ignored) sigaction(signal, &action, nullptr);
    }
    std::signal(SIGPIPE, SIG_IGN);
}

// Text from files may hold control characters, which a terminal would obey.
std::string printable(std::string_view text) {
    std::string out;
    for (char c : text) out += (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f ? '?' : c;
    return out;
}

}  // namespace

void print_error(const std::string& message) { std::fprintf(stderr, "proveout: %s\n", printable(message).c_str()); }

void print_error(const Error& error, const std::string& program_name) {
    std::string where = error.line > 0 && !program_name.empty() ? program_name + ":" + std::to_string(error.line) + ": " : "";
    std::string text = where + error.message;
    if (!error.block.empty()) text += "\n  " + error.block;
    print_error(text);
    for (const Fault& fault : error.faults)
        std::fprintf(stderr, "%s: %s\n", printable(fault.pointer.empty() ? "(document)" : fault.pointer).c_str(),
                     printable(fault.detail).c_str());
}

void print_finding(const Finding& finding) {
    std::string text = "line " + std::to_string(finding.line) + ": " + std::string(name_of(finding.severity)) + " " +
                       std::string(finding.code) + ": " + finding.message;
    std::fprintf(stderr, "%s\n", printable(text).c_str());
}

int exit_status(const Error& error) {
    switch (error.code) {
        case ErrorCode::kInvalidInput:
            return kExitUsage;
        case ErrorCode::kUnprocessableGcode:
            return kExitGcode;
        case ErrorCode::kTooLarge:
        case ErrorCode::kTimeout:
        case ErrorCode::kResourceLimit:
            return kExitLimit;
        case ErrorCode::kCancelled:
            return kExitInterrupted;
        case ErrorCode::kEngineFailed:
        case ErrorCode::kEncodingFailed:
        case ErrorCode::kIo:
            break;
    }
    return kExitEngine;
}

bool print_out(std::string_view text) {
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
}

Colours colours_of_stdout() {
    const char* no_color = std::getenv("NO_COLOR");
    if (!isatty(STDOUT_FILENO) || (no_color && *no_color)) return {};
    return {"\033[31m", "\033[33m", "\033[32m", "\033[1m", "\033[0m"};
}

struct RunControl::State {
    Clock::time_point start = Clock::now(), drawn{}, stage_start = Clock::now();
    std::mutex mutex;
    std::condition_variable wake;
    std::thread watchdog;
    bool ending = false, has_deadline = false, bar = false, line_open = false;
    Clock::time_point deadline;
    std::string stage;

    void watch() {
        std::unique_lock lock(mutex);
        while (!ending) {
            if (!has_deadline) {
                wake.wait(lock);
            } else if (Clock::now() >= deadline) {
                int none = 0;
                g_stop.compare_exchange_strong(none, static_cast<int>(StopReason::kTimeout));
                has_deadline = false;
            } else {
                wake.wait_until(lock, deadline);
            }
        }
    }

    // One line per stage, drawn over itself: "simulate [#########.....]  45 %  3 s".
    void draw(std::string_view name, double fraction) {
        std::lock_guard lock(mutex);
        auto now = Clock::now();
        if (stage != name) {
            if (line_open) std::fputc('\n', stderr);
            stage = name;
            stage_start = now;
        } else if (fraction < 1 && now - drawn < kDrawInterval) {
            return;
        }
        drawn = now;
        int full = static_cast<int>(kBarWidth * std::clamp(fraction, 0.0, 1.0));
        long seconds = std::chrono::duration_cast<std::chrono::seconds>(now - stage_start).count();
        std::fprintf(stderr, "\r%-9s[%s%s] %3d %%  %ld s ", stage.c_str(), std::string(full, '#').c_str(),
                     std::string(kBarWidth - full, '.').c_str(), static_cast<int>(100 * std::clamp(fraction, 0.0, 1.0)), seconds);
        std::fflush(stderr);
        line_open = true;
    }
};

RunControl::RunControl(int threads, double timeout_s, bool show_progress) : state_(std::make_unique<State>()) {
    catch_signals();
    context_.threads = std::max(1, threads);
    context_.stop = &g_stop;
    state_->bar = show_progress && isatty(STDERR_FILENO);
    if (state_->bar) context_.progress = [state = state_.get()](std::string_view stage, double fraction) { state->draw(stage, fraction); };
    state_->watchdog = std::thread([state = state_.get()] { state->watch(); });
    set_timeout(timeout_s);
}

RunControl::~RunControl() {
    {
        std::lock_guard lock(state_->mutex);
        state_->ending = true;
    }
    state_->wake.notify_all();
    state_->watchdog.join();
    end_progress();
}

void RunControl::set_timeout(double timeout_s) {
    {
        std::lock_guard lock(state_->mutex);
        state_->has_deadline = timeout_s > 0;
        if (timeout_s > 0)
            state_->deadline = state_->start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(timeout_s));
    }
    state_->wake.notify_all();
}

void RunControl::end_progress() {
    std::lock_guard lock(state_->mutex);
    if (state_->line_open) std::fputc('\n', stderr);
    state_->line_open = false;
}

}  // namespace proveout
