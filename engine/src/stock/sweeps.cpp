// Motions as sweeps: lines as they are, planar arcs in one piece, helices and arcs in other planes as chords.
#include <cmath>

#include "proveout/cut.h"

namespace proveout {

namespace {

// A planar arc keeps its exact form while its radii agree to this; a spiral is chorded.
constexpr double kSameRadius_mm = 1e-6;
// Larger radii lose too many bits in float; they are nearly straight and chorded with few pieces.
constexpr double kLargestExactArc_mm = 2000;
constexpr int kMaxChords = 1'000'000;

bool planar_arc(const Motion& motion) {
    if (motion.kind != MotionKind::kArc || motion.plane != ArcPlane::kXY || motion.from.z != motion.to.z) return false;
    double r_0 = std::hypot(motion.from.x - motion.centre.x, motion.from.y - motion.centre.y);
    double r_1 = std::hypot(motion.to.x - motion.centre.x, motion.to.y - motion.centre.y);
    return std::abs(r_0 - r_1) <= kSameRadius_mm && r_0 <= kLargestExactArc_mm && r_0 > 0;
}

int chord_count(const Motion& motion, double share) {
    Vec3 a = motion.from - motion.centre, b = motion.to - motion.centre;
    auto in_plane = [&](Vec3 p) {
        if (motion.plane == ArcPlane::kZX) return std::hypot(p.z, p.x);
        if (motion.plane == ArcPlane::kYZ) return std::hypot(p.y, p.z);
        return std::hypot(p.x, p.y);
    };
    double radius = std::max({in_plane(a), in_plane(b), kChordTolerance_mm});
    double step = 2 * std::acos(1 - kChordTolerance_mm / radius);
    double count = std::ceil(std::abs(motion.sweep_rad) * share / step);
    return static_cast<int>(std::clamp(count, 1.0, static_cast<double>(kMaxChords)));
}

}  // namespace

void append_sweeps(const Motion& motion, int32_t assembly, int32_t owner, std::vector<Sweep>& out, double fraction_from,
                   double fraction_to) {
    Sweep sweep;
    sweep.assembly = assembly;
    sweep.owner = owner;
    sweep.fraction_0 = static_cast<float>(fraction_from);
    sweep.fraction_1 = static_cast<float>(fraction_to);
    if (motion.kind != MotionKind::kRapid && motion.kind != MotionKind::kFeed && motion.kind != MotionKind::kArc) return;
    if (motion.kind != MotionKind::kArc || planar_arc(motion)) {
        sweep.from = point_at(motion, fraction_from);
        sweep.to = point_at(motion, fraction_to);
        if (motion.kind == MotionKind::kArc) {
            sweep.arc = true;
            sweep.centre_x = motion.centre.x;
            sweep.centre_y = motion.centre.y;
            sweep.arc_radius = std::hypot(motion.from.x - motion.centre.x, motion.from.y - motion.centre.y);
            double start = std::atan2(motion.from.y - motion.centre.y, motion.from.x - motion.centre.x);
            sweep.start_rad = start + fraction_from * motion.sweep_rad;
            sweep.sweep_rad = (fraction_to - fraction_from) * motion.sweep_rad;
        }
        out.push_back(sweep);
        return;
    }
    int count = chord_count(motion, fraction_to - fraction_from);
    Vec3 last = point_at(motion, fraction_from);
    for (int i = 1; i <= count; ++i) {
        double at = fraction_from + (fraction_to - fraction_from) * i / count;
        sweep.from = last;
        sweep.to = last = i == count ? point_at(motion, fraction_to) : point_at(motion, at);
        sweep.fraction_0 = static_cast<float>(fraction_from + (fraction_to - fraction_from) * (i - 1) / count);
        sweep.fraction_1 = static_cast<float>(at);
        out.push_back(sweep);
    }
}

}  // namespace proveout
