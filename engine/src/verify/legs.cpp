#include "verify/legs.h"

#include <algorithm>

namespace proveout {

namespace {

constexpr double Vec3::*kAxes[3] = {&Vec3::x, &Vec3::y, &Vec3::z};

// Colours are bytes; programs with more tools than that share the last one.
uint8_t colour_of(int32_t slot) { return static_cast<uint8_t>(std::min(slot + 1, 255)); }

}  // namespace

int32_t Toolbox::slot_of(int number) const {
    auto at = std::lower_bound(numbers.begin(), numbers.end(), number);
    return at != numbers.end() && *at == number ? static_cast<int32_t>(at - numbers.begin()) : -1;
}

Toolbox make_toolbox(const std::vector<Tool>& tools) {
    Toolbox box;
    for (const Tool& tool : tools) {
        box.assemblies.push_back(make_assembly(tool));
        box.numbers.push_back(tool.number);
    }
    return box;
}

bool spindle_cuts(const Motion& motion) { return motion.spindle_rpm > 0 || (motion.spindle_rpm < 0 && motion.spindle_synchronized); }

bool is_dogleg(const Machine& machine, const Motion& motion) {
    return machine.rapid == RapidMode::kDogleg && motion.kind == MotionKind::kRapid;
}

Legs dogleg(const Machine& machine, const Motion& motion) {
    Vec3 way = motion.to - motion.from;
    std::array<double, 3> time{};
    for (int axis = 0; axis < 3; ++axis) time[axis] = std::abs(way.*kAxes[axis]) / machine.max_feed_mm_per_min[axis];
    double total = std::max({time[0], time[1], time[2]});
    std::array<double, 3> stops = time;
    std::sort(stops.begin(), stops.end());
    Legs legs;
    legs.points[0] = motion.from;
    for (double stop : stops) {
        double fraction = total > 0 ? stop / total : 1;
        if (fraction <= legs.fraction[legs.count]) continue;
        ++legs.count;
        legs.fraction[legs.count] = fraction;
        for (int axis = 0; axis < 3; ++axis) {
            double share = time[axis] <= stop ? 1 : stop / time[axis];
            legs.points[legs.count].*kAxes[axis] =
                share == 1 ? motion.to.*kAxes[axis] : motion.from.*kAxes[axis] + share * way.*kAxes[axis];
        }
    }
    return legs;
}

Vec3 tip_at(const Machine& machine, const Motion& motion, double fraction) {
    if (!is_dogleg(machine, motion) || fraction <= 0 || fraction >= 1) return point_at(motion, fraction);
    Legs legs = dogleg(machine, motion);
    for (int i = 0; i < legs.count; ++i) {
        if (fraction > legs.fraction[i + 1]) continue;
        double share = (fraction - legs.fraction[i]) / (legs.fraction[i + 1] - legs.fraction[i]);
        return legs.points[i] + share * (legs.points[i + 1] - legs.points[i]);
    }
    return motion.to;
}

double length_between(const Machine& machine, const Motion& motion, double a, double b) {
    if (!is_dogleg(machine, motion)) return path_length_mm(motion) * std::max(0.0, b - a);
    Legs legs = dogleg(machine, motion);
    double sum = 0;
    for (int i = 0; i < legs.count; ++i) {
        double low = std::max(a, legs.fraction[i]), high = std::min(b, legs.fraction[i + 1]);
        if (high <= low) continue;
        sum += length(legs.points[i + 1] - legs.points[i]) * (high - low) / (legs.fraction[i + 1] - legs.fraction[i]);
    }
    return sum;
}

void append_motion_sweeps(const Machine& machine, const Motion& motion, int32_t slot, int32_t owner, std::vector<Sweep>& out,
                          double fraction_from, double fraction_to) {
    if (!is_move(motion) || slot < 0 || motion.probe) return;
    size_t first = out.size();
    if (is_dogleg(machine, motion)) {
        Legs legs = dogleg(machine, motion);
        for (int i = 0; i < legs.count; ++i) {
            double low = std::max(fraction_from, legs.fraction[i]), high = std::min(fraction_to, legs.fraction[i + 1]);
            if (high <= low) continue;
            Motion leg = motion;
            leg.from = tip_at(machine, motion, low);
            leg.to = tip_at(machine, motion, high);
            size_t before = out.size();
            append_sweeps(leg, slot, owner, out);
            for (size_t k = before; k < out.size(); ++k) {
                out[k].fraction_0 = static_cast<float>(low + out[k].fraction_0 * (high - low));
                out[k].fraction_1 = static_cast<float>(low + out[k].fraction_1 * (high - low));
            }
        }
    } else {
        append_sweeps(motion, slot, owner, out, fraction_from, fraction_to);
    }
    for (size_t k = first; k < out.size(); ++k) {
        out[k].forbids_cutting = motion.kind == MotionKind::kRapid || !spindle_cuts(motion);
        out[k].cuts = !motion.oriented;
        out[k].checks_flutes = motion.kind != MotionKind::kRapid;
        out[k].colour = colour_of(slot);
    }
}

}  // namespace proveout
