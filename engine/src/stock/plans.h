// plans.h -- tool assemblies and sweeps made ready for the kernels.
#pragma once

#include <span>
#include <vector>

#include "proveout/cut.h"
#include "stock/kernel.h"
#include "stock/ray_sweep.h"

namespace proveout {

// A body with its closed form. Shapes without one (general profiles) are computed ray by ray.
struct BodyPlan {
    ConvexBody body;
    bool closed_form = false;
    KernelShape shape = KernelShape::kFlat;
    double flat = 0, cone = 0, ball = 0;
    double base = 0;        // lowest height
    double upper_low = 0;   // lowest height of the upper envelope: everything between lower() and this is solid at every rho
};
BodyPlan plan_body(const ConvexBody& body);

// What is looked for when a body meets stock.
struct CheckPlan {
    BodyPlan plan;
    ContactKind kind;
    Part part;
    double shrunk_mm = 0;   // by how much the body was shrunk; added to depths
    bool credits_cutter = true;
};

struct AssemblyPlan {
    std::vector<BodyPlan> cutters;
    std::vector<CheckPlan> always;     // shank, holder
    std::vector<CheckPlan> forbidden;  // cutter, when the sweep forbids cutting
    std::vector<CheckPlan> flutes;     // above flutes, rubbing: when the sweep checks flutes
    std::vector<CheckPlan> near;       // clearance; a forbidden cutter's is the last `near_forbidden` entries
    size_t near_always = 0;
    double cutter_radius = 0;
    double largest_radius = 0;         // of all bodies
    bool center_cutting = true;
};
AssemblyPlan plan_assembly(const ToolAssembly& assembly, const CutOptions& options, double cell_mm);

struct SweepPlan {
    const Sweep* sweep = nullptr;
    const AssemblyPlan* assembly = nullptr;
    Line line;                         // straight sweeps
    double x_low, x_high, y_low, y_high;  // box of the tip path
    double z_low, z_high;
};
SweepPlan plan_sweep(const Sweep& sweep, const AssemblyPlan& assembly);

// Heights between which the tip runs while its axis is within `reach` of the point (x, y): the whole sweep if it is short or level.
void tip_heights_near(const SweepPlan& plan, double x, double y, double reach, double& low, double& high);

// The sweep of one body in the coordinates of a tile whose low corner is (tile_x, tile_y).
KernelSweep kernel_sweep(const SweepPlan& plan, const BodyPlan& body, double tile_x, double tile_y, double tile_size);

}  // namespace proveout
