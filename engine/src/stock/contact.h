// contact.h -- one ray of stock and one moving part: does it meet, how deep, when. Used only for the few rays that a kernel found
// suspicious.
#pragma once

#include <span>
#include <vector>

#include "stock/plans.h"

namespace proveout {

struct RayContact {
    double overlap_mm = 0;       // greatest overlap along the ray, already without the touch tolerance; 0: none
    double summed_mm = 0;        // total overlapped length, for the volume
    double first_fraction = 2, last_fraction = -1;  // of the sweep
    double first_height = 0;     // lower surface of the part where the contact begins
};

struct MeetOptions {
    double gap = 0;                      // stretches nearer than this share of the sweep are one
    double cell_mm = 0;                  // between rays
    double fraction_0 = 0, span = 1;     // of the owner's path that the sweep is
    std::span<const Contact> known;      // stretches of the owner that other rays have given already
    double at(double sweep_fraction) const { return fraction_0 + span * sweep_fraction; }
};

// Stretches of contact, disjoint and more than the gap apart; empty: none. Rising only within one straight line.
// `lines` are the sweep's straight pieces (lines_of). material: intervals of the ray, highest first. A part that credits the cutter meets
// the stock as the cutter has left it: earlier sweeps (already gone from `material`) and this sweep up to that moment.
void meet(const SweepPlan& sweep, const std::vector<Line>& lines, const CheckPlan& check, std::span<const Interval> material, double x,
          double y, const MeetOptions& options, std::vector<RayContact>& out);

}  // namespace proveout
