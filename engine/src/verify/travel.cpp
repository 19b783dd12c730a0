#include "verify/travel.h"

#include <algorithm>
#include <cmath>

#include "verify/legs.h"

namespace proveout {

namespace {

constexpr double Vec3::*kAxes[3] = {&Vec3::x, &Vec3::y, &Vec3::z};
constexpr int kBisectionSteps = 50;

// Fractions between which every coordinate of a move is monotone: its ends, its quarter turns, the corners of a dog-leg.
std::vector<double> monotone_pieces(const Machine& machine, const Motion& motion) {
    std::vector<double> stops{0};
    if (is_dogleg(machine, motion)) {
        Legs legs = dogleg(machine, motion);
        for (int i = 1; i < legs.count; ++i) stops.push_back(legs.fraction[i]);
    } else if (motion.kind == MotionKind::kArc) {
        Vec3 arm = motion.from - motion.centre;
        double start = motion.plane == ArcPlane::kXY   ? std::atan2(arm.y, arm.x)
                       : motion.plane == ArcPlane::kZX ? std::atan2(arm.x, arm.z)
                                                       : std::atan2(arm.z, arm.y);
        double low = std::min(start, start + motion.sweep_rad), high = std::max(start, start + motion.sweep_rad);
        for (double k = std::ceil(low / (kPi / 2)); k * (kPi / 2) < high; ++k) stops.push_back((k * (kPi / 2) - start) / motion.sweep_rad);
        std::sort(stops.begin(), stops.end());
    }
    stops.push_back(1);
    return stops;
}

}  // namespace

void check_travel(const Machine& machine, const Motion& motion, double own_length_mm, bool from_counts, std::vector<ContactSpan>& out) {
    if (!is_move(motion)) return;
    Box3 box = bounds_of(motion);
    Vec3 shift = Vec3{0, 0, own_length_mm} - machine.zero_mm;
    box.low = box.low + shift, box.high = box.high + shift;
    for (int axis = 0; axis < 3; ++axis) {
        for (int side = 0; side < 2; ++side) {
            double limit = machine.travel_mm[axis][side], sign = side == 0 ? -1 : 1;
            double farthest = side == 0 ? box.low.*kAxes[axis] : box.high.*kAxes[axis];
            if (!(sign * (farthest - limit) > kTravelTolerance_mm)) continue;
            auto excess = [&](double t) {
                return sign * ((tip_at(machine, motion, t) + shift).*kAxes[axis] - limit) - kTravelTolerance_mm;
            };
            if (!from_counts && excess(0) > 0 && excess(1) <= 0) continue;
            std::vector<double> stops = monotone_pieces(machine, motion);
            for (size_t i = 0; i + 1 < stops.size(); ++i) {
                double low = stops[i], high = stops[i + 1], e0 = excess(low), e1 = excess(high);
                if (e0 <= 0 && e1 <= 0) continue;
                ContactSpan span;
                span.code = "OVERTRAVEL";
                span.partner = kXAxis + axis;
                span.fraction_0 = low, span.fraction_1 = high;
                span.depth_mm = std::max(e0, e1) + kTravelTolerance_mm;
                if (e0 <= 0 || e1 <= 0) {
                    double in = e0 <= 0 ? low : high, outside = e0 <= 0 ? high : low;
                    for (int step = 0; step < kBisectionSteps; ++step) {
                        double middle = 0.5 * (in + outside);
                        (excess(middle) > 0 ? outside : in) = middle;
                    }
                    (e0 <= 0 ? span.fraction_0 : span.fraction_1) = outside;
                }
                span.has_point = true;
                span.point = tip_at(machine, motion, span.fraction_0);
                out.push_back(span);
            }
        }
    }
}

}  // namespace proveout
