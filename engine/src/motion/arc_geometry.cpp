#include "motion/arc_geometry.h"

namespace proveout {

ArcAxes axes_of(ArcPlane plane) {
    switch (plane) {
        case ArcPlane::kZX:
            return {&Vec3::z, &Vec3::x, &Vec3::y, 2, 0, 1};
        case ArcPlane::kYZ:
            return {&Vec3::y, &Vec3::z, &Vec3::x, 1, 2, 0};
        case ArcPlane::kXY:
            break;
    }
    return {&Vec3::x, &Vec3::y, &Vec3::z, 0, 1, 2};
}

ArcGeometry geometry_of(const Motion& arc) {
    ArcGeometry g;
    g.axes = axes_of(arc.plane);
    double du = arc.from.*g.axes.first - arc.centre.*g.axes.first, dv = arc.from.*g.axes.second - arc.centre.*g.axes.second;
    double eu = arc.to.*g.axes.first - arc.centre.*g.axes.first, ev = arc.to.*g.axes.second - arc.centre.*g.axes.second;
    g.start_radius_mm = std::hypot(du, dv);
    g.end_radius_mm = std::hypot(eu, ev);
    double circle_mm = 0.5 * (g.start_radius_mm + g.end_radius_mm) * std::abs(arc.sweep_rad);
    g.along_mm = std::hypot(circle_mm, g.end_radius_mm - g.start_radius_mm);
    g.length_mm = path_length_mm(arc);
    if (!(g.length_mm > 0)) return g;
    g.planar = std::min(1.0, g.along_mm / g.length_mm);
    g.rise = (arc.to.*g.axes.normal - arc.from.*g.axes.normal) / g.length_mm;

    // Of a spiral the radius changes by `dr` per radian: its direction leans outward by that, and the circle that touches it has its centre
    // ahead by the same.
    double dr = (g.end_radius_mm - g.start_radius_mm) / std::abs(arc.sweep_rad), side = arc.sweep_rad > 0 ? 1 : -1;
    auto set_end = [&](double u, double v, double r, Vec3& unit, Vec3& to_centre) {
        if (!(r > 0)) {
            unit = {1, 0, 0};
            return;
        }
        double along_u = -side * v / r, along_v = side * u / r;
        to_centre.*g.axes.first = -u + dr * along_u, to_centre.*g.axes.second = -v + dr * along_v;
        to_centre = (1 / length(to_centre)) * to_centre;
        double lean = std::hypot(r, dr);
        unit.*g.axes.first = g.planar * (r * along_u + dr * u / r) / lean,
        unit.*g.axes.second = g.planar * (r * along_v + dr * v / r) / lean;
        unit.*g.axes.normal = g.rise;
        double mm = length(unit);
        unit = mm > 0 ? (1 / mm) * unit : Vec3{1, 0, 0};
    };
    set_end(du, dv, g.start_radius_mm, g.start_unit, g.start_to_centre);
    set_end(eu, ev, g.end_radius_mm, g.end_unit, g.end_to_centre);
    return g;
}

}  // namespace proveout
