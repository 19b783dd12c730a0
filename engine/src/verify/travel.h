// travel.h -- does a move leave the machine's travel? Exact for straight moves and arcs.
#pragma once

#include <vector>

#include "proveout/setup.h"
#include "verify/events.h"

namespace proveout {

// Rounding of posted inch programs, not a real excursion.
constexpr double kTravelTolerance_mm = 0.001;

// Appends an OVERTRAVEL span per axis and stretch beyond a limit. own_length_mm: the tool's own length offset, so that the tip plus it is
// the tip at zero tool length. The start of the first motion of a program is assumed, not programmed: from_counts = false leaves it out.
void check_travel(const Machine& machine, const Motion& motion, double own_length_mm, bool from_counts, std::vector<ContactSpan>& out);

}  // namespace proveout
