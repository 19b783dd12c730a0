// junction_model.h -- planning by junction deviation: GRBL as its firmware does it, and generic, Haas and Fanuc with a longer look-ahead.
#pragma once

#include "motion/arc_geometry.h"
#include "motion/axis_limits.h"
#include "motion/delivery.h"
#include "motion/look_ahead.h"

namespace proveout {

class JunctionModel {
  public:
    JunctionModel(const Machine& machine, Delivery& delivery);
    void add(const Motion& motion);
    void stop();  // full stop after the last motion

  private:
    struct Piece {
        Vec3 unit_in, unit_out;  // direction at its ends
        double length_mm, speed_mm_per_s, acceleration_mm_per_s2;
    };
    void add_line(const Motion& motion);
    void add_dogleg(const Motion& motion);
    void add_arc(const Motion& motion);
    void add_arc_as_chords(const Motion& motion);
    void add_piece(const Piece& piece);
    double junction_2(Vec3 unit_0, Vec3 unit_1) const;
    double chord_speed_limit(const Motion& motion, double chord_mm, double chord_rad) const;
    Vec3 to_steps(Vec3 p) const;
    auto give();

    Machine machine_;
    AxisLimits limits_;
    Delivery& delivery_;
    LookAhead<Segment> look_ahead_;
    bool grbl_;
    int64_t move_ = 0;         // the one whose pieces are added
    bool stop_before_ = true;  // the next piece starts from rest
    Vec3 last_unit_;
    double last_speed_ = 0;
};

}  // namespace proveout
