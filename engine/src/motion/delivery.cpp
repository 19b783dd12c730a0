#include "motion/delivery.h"

namespace proveout {

namespace {

// Gives a move of several pieces one trapezoid: same path length, same time, same speeds at its ends, and the greatest speed of its pieces
// if such a law exists. Else a triangle below that, else (slower in the middle than at its ends) the mean speed.
void fit_trapezoid(TimedMotion& m, double length_mm) {
    double t = m.duration_s, v0 = m.enter_mm_per_s, v1 = m.leave_mm_per_s, peak = m.peak_mm_per_s;
    double short_mm = peak * t - length_mm;  // what the ramps cost against the peak all the way
    double ramps_2 = (peak - v0) * (peak - v0) + (peak - v1) * (peak - v1);
    if (short_mm > 0 && ramps_2 > 0) {
        double a = ramps_2 / (2 * short_mm);
        if (2 * peak - v0 - v1 <= a * t) {
            m.acceleration_mm_per_s2 = a;
            return;
        }
    }
    double top = std::max(v0, v1);
    peak = 2 * length_mm / t - 0.5 * (v0 + v1);
    if (peak > top) {
        m.peak_mm_per_s = peak;
        m.acceleration_mm_per_s2 = (2 * peak - v0 - v1) / t;
        return;
    }
    m.enter_mm_per_s = m.peak_mm_per_s = m.leave_mm_per_s = length_mm / t;
    m.acceleration_mm_per_s2 = 0;
}

void add_to(TimeTotals& totals, const TimedMotion& m) {
    switch (m.motion.kind) {
        case MotionKind::kRapid:
            totals.rapid_s += m.duration_s;
            break;
        case MotionKind::kFeed:
        case MotionKind::kArc:
            totals.cutting_s += m.duration_s;
            break;
        case MotionKind::kToolChange:
        case MotionKind::kSpindle:
            totals.tool_change_s += m.duration_s;
            break;
        case MotionKind::kDwell:
        case MotionKind::kPause:
        case MotionKind::kProgramEnd:
            totals.dwell_s += m.duration_s;
            break;
    }
}

}  // namespace

Delivery::Waiting& Delivery::push(const Motion& motion) {
    if (count_ == ring_.size()) {
        std::vector<Waiting> larger(2 * ring_.size());
        for (size_t i = 0; i < count_; ++i) larger[i] = at(i);
        ring_ = std::move(larger);
        first_ = 0;
    }
    ++count_;
    Waiting& w = at(count_ - 1);
    w = Waiting{};
    w.timed.motion = motion;
    return w;
}

void Delivery::push_still(const Motion& motion, double duration_s) {
    Waiting& w = push(motion);
    w.timed.duration_s = duration_s;
    w.closed = true;
    drain();
}

int64_t Delivery::open(const Motion& motion, double length_mm) {
    push(motion).length_mm = length_mm;
    return delivered_ + static_cast<int64_t>(count_) - 1;
}

void Delivery::close(int64_t move) {
    of(move).closed = true;
    drain();
}

void Delivery::time_piece(double length_mm, double duration_s, double enter, double peak, double leave, double acceleration) {
    size_t i = 0;
    while (at(i).waiting == 0) ++i;  // at most an unclosed chain stands in front
    Waiting& w = at(i);
    TimedMotion& m = w.timed;
    if (w.timed_pieces++ == 0) {
        m.enter_mm_per_s = enter;
        m.acceleration_mm_per_s2 = acceleration;
    }
    m.leave_mm_per_s = leave;
    m.peak_mm_per_s = std::max(m.peak_mm_per_s, peak);
    m.duration_s += duration_s;
    w.pieces_mm += length_mm;
    --w.waiting;
    if (w.waiting == 0 && w.closed) drain();
}

void Delivery::drain() {
    while (count_ > 0 && at(0).closed && at(0).waiting == 0) {
        deliver(at(0));
        first_ = (first_ + 1) & (ring_.size() - 1);
        --count_;
        ++delivered_;
    }
}

void Delivery::deliver(Waiting& w) {
    TimedMotion& m = w.timed;
    if (w.timed_pieces > 1) fit_trapezoid(m, w.pieces_mm);
    if (w.timed_pieces > 0 && w.pieces_mm != w.length_mm) {
        double scale = w.length_mm / w.pieces_mm;
        m.enter_mm_per_s *= scale, m.peak_mm_per_s *= scale, m.leave_mm_per_s *= scale, m.acceleration_mm_per_s2 *= scale;
    }
    m.start_s = now_s_;
    now_s_ += m.duration_s;
    add_to(totals_, m);
    if (!stopped_ && !sink_(m)) stopped_ = true;
}

}  // namespace proveout
