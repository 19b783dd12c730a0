// legs.h -- how a machine really travels a motion (dog-leg rapids) and the sweeps that the checks need of it.
#pragma once

#include <array>
#include <vector>

#include "proveout/body.h"
#include "proveout/cut.h"
#include "proveout/motion.h"
#include "proveout/setup.h"

namespace proveout {

// The assemblies of all tools of a set-up, in the order of setup.tools.
struct Toolbox {
    std::vector<ToolAssembly> assemblies;
    std::vector<int> numbers;               // rising
    int32_t slot_of(int number) const;      // index, -1: not there
};
Toolbox make_toolbox(const std::vector<Tool>& tools);

// A spindle that stands, or turns backwards outside of tapping, cannot cut.
bool spindle_cuts(const Motion& motion);

// A dog-leg rapid runs each axis at its own full speed, so that its path is up to three straight legs. points[0] is `from`, points[count]
// is `to`; fraction[i] is the share of its time at full speed at which points[i] is passed.
struct Legs {
    int count = 0;
    std::array<Vec3, 4> points;
    std::array<double, 4> fraction{};
};
bool is_dogleg(const Machine& machine, const Motion& motion);
Legs dogleg(const Machine& machine, const Motion& motion);  // REQUIRES: motion is a rapid

// The tip at fraction 0..1 of a move as this machine makes it, and the length of the path from fraction a to b (a <= b).
// Fractions of a dog-leg are shares of its time at full speed; of every other move shares of its length (point_at).
Vec3 tip_at(const Machine& machine, const Motion& motion, double fraction);
double length_between(const Machine& machine, const Motion& motion, double a, double b);

// Appends the sweeps of fraction_from..fraction_to of one motion, dog-legs as their legs, with the flags of the checks and the colour
// (tool slot + 1) set. Nothing for motions that do not travel, have no tool (slot < 0), or probe.
void append_motion_sweeps(const Machine& machine, const Motion& motion, int32_t slot, int32_t owner, std::vector<Sweep>& out,
                          double fraction_from = 0, double fraction_to = 1);

}  // namespace proveout
