#include "motion/delivery.h"
#include "motion/junction_model.h"
#include "motion/linuxcnc_model.h"

namespace proveout {

struct Planner::State {
    State(const Machine& m, Sink sink) : machine(m), delivery(std::move(sink)) {
        if (machine.profile == "linuxcnc")
            linuxcnc = std::make_unique<LinuxcncModel>(machine, delivery);
        else
            junction = std::make_unique<JunctionModel>(machine, delivery);
    }
    void add(const Motion& motion) { linuxcnc ? linuxcnc->add(motion) : junction->add(motion); }
    void stop() { linuxcnc ? linuxcnc->stop() : junction->stop(); }

    // What stands still: everything before it comes to rest first.
    void push_still(const Motion& motion);
    double spindle_s(const Motion& motion);

    Machine machine;
    Delivery delivery;
    std::unique_ptr<LinuxcncModel> linuxcnc;
    std::unique_ptr<JunctionModel> junction;  // every other profile
    double spindle_rpm = 0;
};

// A ramp when the spindle starts, reverses or changes its speed; a stop is not waited for.
double Planner::State::spindle_s(const Motion& motion) {
    bool changed = motion.spindle_rpm != spindle_rpm;
    spindle_rpm = motion.spindle_rpm;
    return changed && spindle_rpm != 0 ? machine.spindle_ramp_s : 0;
}

void Planner::State::push_still(const Motion& motion) {
    double duration_s = 0;
    bool stops = true;
    switch (motion.kind) {
        case MotionKind::kDwell:
            duration_s = std::max(0.0, motion.dwell_s);
            break;
        case MotionKind::kToolChange:
            duration_s = machine.tool_change_s;
            if (machine.profile != "grbl") spindle_rpm = 0;  // M6 stops the spindle, but not in GRBL
            break;
        case MotionKind::kSpindle:
            stops = linuxcnc || motion.spindle_rpm != spindle_rpm;  // LinuxCNC waits for its queue to run empty at every M3 and S
            duration_s = spindle_s(motion);
            break;
        default:
            break;
    }
    if (stops) stop();
    delivery.push_still(motion, duration_s);
}

Planner::Planner(const Machine& machine, Sink sink) : state_(std::make_unique<State>(machine, std::move(sink))) {}
Planner::~Planner() = default;

bool Planner::push(const Motion& motion) {
    if (state_->delivery.stopped()) return false;
    bool moves = is_move(motion);
    if (moves)
        state_->add(motion);
    else
        state_->push_still(motion);
    return !state_->delivery.stopped();
}

bool Planner::finish() {
    state_->stop();
    return !state_->delivery.stopped();
}

const TimeTotals& Planner::totals() const { return state_->delivery.totals(); }

namespace {

// Share of the moving time. Against 39 programs on LinuxCNC's own planner and 139 on GRBL's firmware (bench/time_oracle) all but a few are
// within 1 %, the worst long one 2 %. No real Haas, Fanuc or unnamed control has been compared: the published accuracy of such models.
constexpr double kMeasuredShare = 0.02;
constexpr double kUnmeasuredShare = 0.15;
// Stops that no motion tells of (coolant, work offsets) and the controller's own cycle.
constexpr double kUnseen_s = 0.1;
// Tool changes and spindle ramps are the machine's figures, not measured here.
constexpr double kChangeShare = 0.5;

}  // namespace

double time_error_s(const Machine& machine, const TimeTotals& totals) {
    bool measured = machine.profile == "grbl" || machine.profile == "linuxcnc";
    double moving_s = totals.cutting_s + totals.rapid_s;
    return kUnseen_s + (measured ? kMeasuredShare : kUnmeasuredShare) * moving_s + kChangeShare * totals.tool_change_s;
}

}  // namespace proveout
