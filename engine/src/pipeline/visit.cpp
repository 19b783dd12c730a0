// The motions of a program for another engine: the same stream as our own passes have, with dog-legs taken apart.
#include "pipeline/motion_source.h"
#include "proveout/simulate.h"

namespace proveout {

namespace {

class VisitPass : public MotionSink {
  public:
    VisitPass(const Setup& setup, const MotionVisitor& visit) : setup_(setup), visit_(visit) {}

    bool on_motion(const TimedMotion& move) override {
        const Motion& motion = move.motion;
        bool cuts = is_move(motion) && !motion.probe && !motion.oriented && find_tool(setup_.tools, motion.tool);
        if (!is_dogleg(setup_.machine, motion)) return visit_(motion, cuts);
        Legs legs = dogleg(setup_.machine, motion);
        for (int i = 0; i < legs.count; ++i) {
            Motion leg = motion;
            leg.from = legs.points[i];
            leg.to = legs.points[i + 1];
            if (!visit_(leg, cuts)) return false;
        }
        return true;
    }

  private:
    const Setup& setup_;
    const MotionVisitor& visit_;
};

}  // namespace

Result<ProgramEnd> visit_motions(const Program& program, const Setup& setup, const MotionVisitor& visit, const Context& context) {
    VisitPass pass(setup, visit);
    StreamEnd end = TRY(stream_untimed(program, setup, pass, context));
    return std::move(end.program);
}

}  // namespace proveout
