// console.h -- everything that talks to the person or shell that started the command: messages, progress, signals, time limit.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "proveout/context.h"
#include "proveout/finding.h"
#include "proveout/result.h"

namespace proveout {

// "proveout: MESSAGE" on stderr.
void print_error(const std::string& message);

// The message, line and block of an error, and each fault as "POINTER: what is wrong; what is allowed", on stderr.
void print_error(const Error& error, const std::string& program_name);

// "line 7: warning UNITS_MISSING: ..." on stderr.
void print_finding(const Finding& finding);

// Exit status of an error (contract section 1).
int exit_status(const Error& error);

// Writes all of it to stdout; false if that fails (closed pipe, full disk).
bool print_out(std::string_view text);

// "\033[31m" or "" when colour is off: stdout is no terminal, or NO_COLOR is set.
struct Colours {
    const char *red = "", *yellow = "", *green = "", *bold = "", *reset = "";
};
Colours colours_of_stdout();

// Owns what ends a run early, Ctrl-C, SIGTERM and the time limit, and the progress bar. One per process.
class RunControl {
  public:
    // timeout_s <= 0: none. Progress is drawn on stderr if that is a terminal and show_progress.
    RunControl(int threads, double timeout_s, bool show_progress);
    ~RunControl();
    RunControl(const RunControl&) = delete;
    RunControl& operator=(const RunControl&) = delete;

    const Context& context() const { return context_; }
    StopReason stop_reason() const { return context_.stop_reason(); }
    void set_timeout(double timeout_s);  // counts from construction
    void end_progress();                 // leaves the line of the bar, before other text

  private:
    struct State;
    std::unique_ptr<State> state_;
    Context context_;
};

}  // namespace proveout
