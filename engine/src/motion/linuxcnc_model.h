// linuxcnc_model.h -- planning as LinuxCNC does it: a queue of segments joined by linuxcnc_blend.h, entry speeds over 50 of them.
#pragma once

#include <vector>

#include "motion/delivery.h"
#include "motion/linuxcnc_blend.h"
#include "motion/look_ahead.h"

namespace proveout {

class LinuxcncModel {
  public:
    LinuxcncModel(const Machine& machine, Delivery& delivery);
    void add(const Motion& motion);
    void stop();

  private:
    struct Tolerance {
        double path_mm, naive_mm;
    };
    Tolerance tolerance_of(const Motion& motion) const;
    TpSegment line(Vec3 from, Vec3 to, const Motion& motion) const;
    TpSegment arc(const Motion& motion) const;
    void chain(const Motion& motion, int64_t move);
    bool linkable(const Motion& motion) const;
    void flush_chain();
    void queue(const TpSegment& segment);
    void give_out(TpSegment& segment);
    void close_moves(const TpSegment& segment);
    void time(const QueuedSegment& s, double enter, double leave, QueuedSegment* next);
    void time_moves(const QueuedSegment& s, double enter, double leave);
    auto give();

    Machine machine_;
    AxisLimits limits_;
    Delivery& delivery_;
    LookAhead<QueuedSegment> look_ahead_;
    TpSegment segments_[2];
    int last_ = 0;  // index of the newest segment, which may still be changed by what follows
    bool has_last_ = false;
    double entry_cap_2_ = 0;  // of the newest segment

    // Lines that the naive CAM detector may still merge: all points lie within its tolerance of the line from first to last.
    std::vector<Vec3> chain_points_;
    Motion chain_motion_;  // the first one
    int64_t chain_first_ = 0, chain_last_ = 0;
};

}  // namespace proveout
