// delivery.h -- the exit of the planner: motions that wait for their time, delivered in program order.
//
// A model opens a motion, gives it pieces as their speeds become known, and closes it. A motion is delivered when it is closed, all its
// pieces are timed and every motion before it has been delivered.
#pragma once

#include <vector>

#include "proveout/plan.h"

namespace proveout {

class Delivery {
  public:
    explicit Delivery(Planner::Sink sink) : sink_(std::move(sink)), ring_(256) {}

    // A motion that takes `duration_s` without moving (dwell, tool change, spindle, pause, end).
    void push_still(const Motion& motion, double duration_s);

    // A move of path length `length_mm`, named by the returned number (they rise by one). Expect its pieces, then close it.
    int64_t open(const Motion& motion, double length_mm);
    void expect_piece(int64_t move) { ++of(move).waiting; }
    void close(int64_t move);
    double length_mm(int64_t move) { return of(move).length_mm; }

    // Time for the oldest piece that waits. length_mm is the piece's own, which may differ from the path's (rounding to steps).
    void time_piece(double length_mm, double duration_s, double enter_mm_per_s, double peak_mm_per_s, double leave_mm_per_s,
                    double acceleration_mm_per_s2);

    size_t waiting() const { return count_; }
    bool stopped() const { return stopped_; }
    const TimeTotals& totals() const { return totals_; }

  private:
    struct Waiting {
        TimedMotion timed;
        double length_mm = 0;
        double pieces_mm = 0;
        int waiting = 0;  // pieces without time
        int timed_pieces = 0;
        bool closed = false;
    };

    Waiting& at(size_t i) { return ring_[(first_ + i) & (ring_.size() - 1)]; }
    Waiting& of(int64_t move) { return at(static_cast<size_t>(move - delivered_)); }
    Waiting& push(const Motion& motion);
    void drain();
    void deliver(Waiting& w);

    Planner::Sink sink_;
    std::vector<Waiting> ring_;  // size is a power of two
    size_t first_ = 0, count_ = 0;
    int64_t delivered_ = 0;  // number of the oldest that waits
    double now_s_ = 0;
    TimeTotals totals_;
    bool stopped_ = false;
};

}  // namespace proveout
