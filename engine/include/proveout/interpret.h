// interpret.h -- bytes of G-code in, canonical motions and findings out, streaming: memory does not grow with the program's length.
//
//   struct Print : MotionObserver { bool on_motion(const Motion& m) override { ...; return true; } };
//   Result<ProgramEnd> end = interpret(program, options, print, context);
//
// Errors: kUnprocessableGcode with line and block when the controller would refuse the program (all dialects but grbl, where a refused
// block is a finding and reading goes on), or when a budget is used up. Never crashes or hangs on any bytes.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proveout/context.h"
#include "proveout/finding.h"
#include "proveout/motion.h"
#include "proveout/setup.h"

namespace proveout {

struct Program {
    std::string_view text;   // the whole file, memory-mapped by the caller; must outlive every call
    std::string name;        // label for messages
    // Text of a sub-program file by name (O<name> call, M98 P... not in this file); empty function: none. The text must outlive the call.
    std::function<std::optional<std::string_view>(std::string_view name)> subprogram;
    // Told now and then how far a pass has read `text`, from any thread: memory of what lies before may be given back, as long as it can be
    // read again. Empty: nobody asks.
    std::function<void(size_t offset)> passed;
};

// Budgets. Beyond them: kUnprocessableGcode with the line.
constexpr int64_t kMaxExecutedBlocks = 50'000'000;  // by loops and calls; straight reading of the file is not limited
constexpr int kMaxCallDepth = 32;
constexpr int kMaxExpressionDepth = 64;
constexpr size_t kMaxLineBytes = 65536;

struct InterpretOptions {
    Dialect dialect = Dialect::kAuto;             // kAuto: choose_dialect() is asked
    bool dialect_guessed = false;                 // whole numbers are millimetres in every dialect, with a finding: a wrong guess of a
                                                  // control that counts least increments would make the part 1000 times smaller
    const std::vector<Tool>* tools = nullptr;     // for H offsets; nullptr: none known
    bool tools_are_complete = false;              // linuxcnc refuses a T that the table lacks
    WorkOffsets work_offsets{};
    Machine machine;
    bool block_delete = true;                     // "/" blocks are skipped
    double clear_z_mm = 100;  // set-up Z of the tip at the start (and of the G28 point) while machine.home_mm is not given:
                              // clear above stock, fixtures and table; the caller knows them
    int64_t max_executed_blocks = kMaxExecutedBlocks;  // budget of loops and calls
    bool zero_start = false;                      // inspect: start at machine 0,0,0 with zero tool length
    bool want_canon = false;                      // call on_canon()
    bool want_comments = false;                   // call on_comment()
    bool want_states = false;                     // call on_state()
};

class MotionObserver {
  public:
    virtual ~MotionObserver() = default;
    virtual bool on_motion(const Motion& motion) = 0;                       // false: stop reading, interpret() returns what it has
    virtual void on_finding(Finding finding) { (void)finding; }             // code, severity, line, block, message set
    virtual void on_canon(std::string_view line) { (void)line; }            // one line as `rs274 -g` prints it, without number and newline
    virtual void on_comment(int64_t line, std::string_view text) { (void)line, (void)text; }
    virtual void on_state(int64_t line, std::string_view word) { (void)line, (void)word; }  // "G55", "M3 S1000", ...
};

struct ProgramEnd {
    Dialect dialect = Dialect::kLinuxcnc;         // chosen or given
    std::string dialect_reason;                   // evidence, for `assumptions`
    int64_t lines = 0;                            // physical lines read
    int64_t last_line = 0;                        // line at which execution ended
    int64_t blocks = 0;                           // blocks executed
    bool ended = false;                           // M2/M30 (or %) seen
    bool units_given = false;                     // a G20/G21 before the first motion
    bool inches = false;                          // units at the end
    Vec3 position_mm;                             // active work offset
    Vec3 machine_position_mm;
    std::vector<std::string> modal;               // "G0","G54","G17","G21",... in the controller's own spelling
    bool has_tool_change = false;                 // any M6 executed
    Vec3 start_mm;                                // tip before the first block, set-up frame
    bool start_assumed = false;                   // not from machine.home_mm: X and Y are the first programmed ones, Z is clear_z_mm
    std::vector<int> tools_used;                  // tool numbers that were in the spindle during a move, rising
};

Result<ProgramEnd> interpret(const Program& program, const InterpretOptions& options, MotionObserver& observer, const Context& context);

struct DialectChoice {
    Dialect dialect = Dialect::kLinuxcnc;
    std::string reason;  // one sentence: "O-words with brackets (line 12)"
};
// name: the file's, of which only the last part counts; empty: not known.
DialectChoice choose_dialect(std::string_view text, std::string_view name = {});

}  // namespace proveout
