#include "stock/plans.h"

#include <cmath>

namespace proveout {

namespace {

// A shank of the cutter's own width rubs where a wall stands within this distance of it, or as near as rays can tell.
constexpr double kRub_mm = 0.01, kRub_cells = 0.75;

double piece_slope(const ProfilePiece& piece) { return (piece.height_1 - piece.height_0) / (piece.rho_1 - piece.rho_0); }

bool is_flat(const ProfilePiece& piece) { return !piece.arc && piece.height_0 == piece.height_1; }

CheckPlan check(const ConvexBody& body, ContactKind kind, Part part, double delta, bool credits) {
    return {plan_body(offset_body(body, delta)), kind, part, -delta, credits};
}

ConvexBody cylinder(double radius, double low, double high, Part part) {
    ConvexBody body;
    body.part = part;
    body.radius_mm = radius;
    body.low_mm = low;
    body.high_mm = high;
    body.lower = {{0, low, radius, low, false, 0, 0, 0}};
    body.upper = {{0, high, radius, high, false, 0, 0, 0}};
    return body;
}

void add_checks(std::vector<CheckPlan>& out, const std::vector<ConvexBody>& bodies, ContactKind kind, Part part, double delta,
                bool credits) {
    for (const ConvexBody& body : bodies) {
        CheckPlan plan = check(body, kind, part, delta, credits);
        if (plan.plan.body.radius_mm > 0 && plan.plan.body.high_mm > plan.plan.body.low_mm) out.push_back(std::move(plan));
    }
}

}  // namespace

BodyPlan plan_body(const ConvexBody& body) {
    BodyPlan plan;
    plan.body = body;
    plan.base = body.lower.empty() ? body.low_mm : body.lower.front().height_0;
    plan.upper_low = body.upper.empty() ? body.high_mm : body.upper.back().height_1;
    const std::vector<ProfilePiece>& lower = body.lower;
    if (lower.empty() || body.radius_mm <= 0) return plan;
    size_t at = 0;
    if (is_flat(lower[0])) {
        plan.flat = lower[0].rho_1;
        at = 1;
    }
    if (at == lower.size()) {
        plan.shape = KernelShape::kFlat;
        plan.closed_form = true;
    } else if (at + 1 == lower.size() && !lower[at].arc) {
        plan.shape = KernelShape::kCone;
        plan.cone = piece_slope(lower[at]);
        plan.closed_form = plan.cone > 0;
    } else if (at + 1 == lower.size()) {
        // A corner arc tangent to the flat; a shrunk ball's centre lies a little beyond the axis, which the torus formulas allow.
        const ProfilePiece& arc = lower[at];
        double flat = at == 0 ? arc.centre_rho : plan.flat;
        if (std::abs(arc.centre_rho - flat) < 1e-9 && flat < 1e-9 + plan.flat) {
            plan.flat = flat;
            plan.ball = arc.arc_radius;
            plan.base = arc.centre_height - arc.arc_radius;
            bool sphere = flat == 0 && std::abs(arc.arc_radius - body.radius_mm) < 1e-9;
            plan.shape = sphere ? KernelShape::kBall : KernelShape::kBull;
            plan.closed_form = std::abs(plan.base - lower.front().height_0) < 0.01;
        }
    }
    return plan;
}

AssemblyPlan plan_assembly(const ToolAssembly& assembly, const CutOptions& options, double cell_mm) {
    AssemblyPlan plan;
    plan.cutter_radius = assembly.cutter_radius_mm;
    plan.center_cutting = assembly.center_cutting;
    for (const ConvexBody& body : assembly.cutter) plan.cutters.push_back(plan_body(body));
    plan.largest_radius = assembly.cutter_radius_mm;
    if (!options.check_contacts) return plan;
    add_checks(plan.forbidden, assembly.cutter, ContactKind::kCutterInStock, Part::kCutter, -kTouch_mm, false);
    // A shank as wide as the cutter never overlaps what the flutes have passed: only stock above the flutes, and rubbing.
    add_checks(plan.always, assembly.shank, ContactKind::kShankInStock, Part::kShank, -kTouch_mm, true);
    add_checks(plan.always, assembly.holder, ContactKind::kHolderInStock, Part::kHolder, -kTouch_mm, true);
    if (!assembly.undercutting && !assembly.shank.empty()) {
        double low = assembly.flute_length_mm, high = assembly.shank.back().high_mm;
        double shank_radius = assembly.shank.front().radius_mm;
        if (shank_radius <= assembly.cutter_radius_mm + kTouch_mm)
            add_checks(plan.flutes, {cylinder(assembly.cutter_radius_mm, low, high, Part::kCutter)}, ContactKind::kAboveFlutes,
                       Part::kCutter, -kTouch_mm, true);
        if (assembly.shank_as_wide_as_cutter)
            add_checks(plan.flutes, {cylinder(shank_radius + std::max(kRub_mm, kRub_cells * cell_mm), low + kTouch_mm, high, Part::kShank)},
                       ContactKind::kRubbing, Part::kShank, 0, true);
    }
    if (options.clearance_mm > 0) {
        add_checks(plan.near, assembly.shank, ContactKind::kNear, Part::kShank, options.clearance_mm, true);
        add_checks(plan.near, assembly.holder, ContactKind::kNear, Part::kHolder, options.clearance_mm, true);
        plan.near_always = plan.near.size();
        add_checks(plan.near, assembly.cutter, ContactKind::kNear, Part::kCutter, options.clearance_mm, false);
    }
    for (const auto* list : {&plan.always, &plan.forbidden, &plan.flutes, &plan.near})
        for (const CheckPlan& item : *list) plan.largest_radius = std::max(plan.largest_radius, item.plan.body.radius_mm);
    return plan;
}

SweepPlan plan_sweep(const Sweep& sweep, const AssemblyPlan& assembly) {
    SweepPlan plan;
    plan.sweep = &sweep;
    plan.assembly = &assembly;
    plan.z_low = std::min(sweep.from.z, sweep.to.z);
    plan.z_high = std::max(sweep.from.z, sweep.to.z);
    plan.x_low = std::min(sweep.from.x, sweep.to.x);
    plan.x_high = std::max(sweep.from.x, sweep.to.x);
    plan.y_low = std::min(sweep.from.y, sweep.to.y);
    plan.y_high = std::max(sweep.from.y, sweep.to.y);
    if (!sweep.arc) {
        plan.line = make_line(sweep.from, sweep.to);
        return plan;
    }
    Motion arc;
    arc.kind = MotionKind::kArc;
    arc.from = sweep.from;
    arc.to = sweep.to;
    arc.centre = {sweep.centre_x, sweep.centre_y, sweep.from.z};
    arc.sweep_rad = sweep.sweep_rad;
    Box3 box = bounds_of(arc);
    plan.x_low = box.low.x;
    plan.x_high = box.high.x;
    plan.y_low = box.low.y;
    plan.y_high = box.high.y;
    return plan;
}

void tip_heights_near(const SweepPlan& plan, double x, double y, double reach, double& low, double& high) {
    low = plan.z_low;
    high = plan.z_high;
    if (plan.sweep->arc || plan.line.length == 0 || plan.line.slope == 0) return;
    double s = (x - plan.line.from.x) * plan.line.ux + (y - plan.line.from.y) * plan.line.uy;
    double a_0 = std::clamp(s - reach, 0.0, plan.line.length), a_1 = std::clamp(s + reach, 0.0, plan.line.length);
    double z_0 = plan.line.from.z + plan.line.slope * a_0, z_1 = plan.line.from.z + plan.line.slope * a_1;
    low = std::min(z_0, z_1);
    high = std::max(z_0, z_1);
}

KernelSweep kernel_sweep(const SweepPlan& plan, const BodyPlan& body, double tile_x, double tile_y, double tile_size) {
    KernelSweep k{};
    const Sweep& sweep = *plan.sweep;
    k.shape = body.shape;
    k.radius = static_cast<float>(body.body.radius_mm);
    k.radius_squared = static_cast<float>(body.body.radius_mm * body.body.radius_mm);
    k.ball = static_cast<float>(body.ball);
    k.ball_squared = static_cast<float>(body.ball * body.ball);
    k.flat = static_cast<float>(body.flat);
    k.cone = static_cast<float>(body.cone);
    if (sweep.arc) {
        k.path = KernelPath::kArc;
        k.base = static_cast<float>(sweep.from.z + body.base);
        k.centre_x = sweep.centre_x - tile_x;
        k.centre_y = sweep.centre_y - tile_y;
        k.arc_radius = sweep.arc_radius;
        double turn = std::abs(sweep.sweep_rad), end = sweep.start_rad + sweep.sweep_rad;
        k.arc_kind = turn >= 2 * kPi ? 2 : turn > kPi ? 1 : 0;
        k.arc_sign = sweep.sweep_rad < 0 ? -1 : 1;
        k.start_x = std::cos(sweep.start_rad);
        k.start_y = std::sin(sweep.start_rad);
        k.end_x = std::cos(end);
        k.end_y = std::sin(end);
        k.from_x = sweep.from.x - tile_x;
        k.from_y = sweep.from.y - tile_y;
        k.to_x = sweep.to.x - tile_x;
        k.to_y = sweep.to.y - tile_y;
        return k;
    }
    const Line& line = plan.line;
    // The reference point is the place of the track nearest to the tile's middle, so that all lengths in the kernel stay small.
    double middle_x = tile_x + 0.5 * tile_size, middle_y = tile_y + 0.5 * tile_size;
    double s = (middle_x - line.from.x) * line.ux + (middle_y - line.from.y) * line.uy;
    s = std::clamp(s, 0.0, line.length);
    k.ref_x = static_cast<float>(line.from.x + s * line.ux - tile_x);
    k.ref_y = static_cast<float>(line.from.y + s * line.uy - tile_y);
    k.ux = static_cast<float>(line.ux);
    k.uy = static_cast<float>(line.uy);
    k.s_offset = static_cast<float>(s);
    k.length = static_cast<float>(line.length);
    bool level = line.length == 0 || line.slope == 0;
    k.path = level ? KernelPath::kLevel : KernelPath::kSloped;
    k.base = static_cast<float>((level ? plan.z_low : line.from.z + line.slope * s) + body.base);
    k.slope = level ? 0.0f : static_cast<float>(line.slope);
    double m = std::abs(line.slope);
    if (body.shape == KernelShape::kBall) k.w_factor = static_cast<float>(m / std::sqrt(1 + m * m));
    if (body.shape == KernelShape::kCone)
        k.w_factor = m >= body.cone ? -1.0f : static_cast<float>(m / std::sqrt(body.cone * body.cone - m * m));
    return k;
}

}  // namespace proveout
