// motion_source.h -- the timed motions of a program in a set-up, as every pass over it (checks, film, part) sees them.
//
//   struct Pass : MotionSink { bool on_motion(const TimedMotion& move) override { ...; return true; } };
//   StreamEnd end = TRY(stream_motions(program, setup, pass, context));
//
// Every pass reads the program anew; memory does not grow with its length. All passes see the same motions in the same order.
// Tip positions and sweeps of a motion (dog-legs!): verify/legs.h.
#pragma once

#include "proveout/interpret.h"
#include "proveout/path.h"
#include "proveout/plan.h"
#include "proveout/setup.h"
#include "verify/legs.h"

namespace proveout {

class MotionSink {
  public:
    virtual ~MotionSink() = default;
    virtual bool on_motion(const TimedMotion& move) = 0;                    // false: stop the stream
    virtual void on_finding(Finding finding) { (void)finding; }             // time_s is set: when the motion before it ends
    virtual void on_comment(int64_t line, std::string_view text) { (void)line, (void)text; }
};

struct StreamEnd {
    ProgramEnd program;
    TimeTotals time;        // of the motions that were delivered
    bool stopped = false;   // the sink said so; `program` then tells nothing about the rest
};

// Interprets and plans. known: the dialect that an earlier pass found for a set-up that leaves it open; kAuto: the set-up's.
// Errors: those of interpret(), kCancelled, kTimeout.
Result<StreamEnd> stream_motions(const Program& program, const Setup& setup, MotionSink& sink, const Context& context,
                                 Dialect known = Dialect::kAuto);

// The same without a planner (all times 0) and with comments, for a quick survey.
Result<StreamEnd> stream_untimed(const Program& program, const Setup& setup, MotionSink& sink, const Context& context,
                                 Dialect known = Dialect::kAuto);

}  // namespace proveout
