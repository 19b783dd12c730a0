// See transform.h; and the codes that set it: G51, G50, G51.1, G50.1, G68, G69, G16, G15, and Haas's G100, G101.
#include "interp/transform.h"

#include <cmath>

#include "interp/interpreter.h"

namespace proveout::interp {

namespace {

using gcode::bits;
using gcode::Block;

constexpr double kDegree = kPi / 180;
constexpr double kLeastFactor = 1e-6, kLargestFactor = 1e6;
constexpr double kPlanar = 1e-12;                // of matrix elements that should be 0
constexpr double kFactorOfWholeNumbers = 0.001;  // Fanuc, Haas: P2000 scales by 2

void plane_axes(ArcPlane plane, size_t& first, size_t& second) {
    first = plane == ArcPlane::kXY ? 0 : plane == ArcPlane::kZX ? 2 : 1;
    second = plane == ArcPlane::kXY ? 1 : plane == ArcPlane::kZX ? 0 : 2;
}

}  // namespace

void Transform::derive() {
    active = scaling || rotating || mirrored[0] || mirrored[1] || mirrored[2];
    matrix = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
    offset = {};
    if (!active) return;
    std::array<double, 3> m{}, c{};  // mirror and scale: q = m p + c
    for (size_t i = 0; i < 3; ++i) {
        double sign = mirrored[i] ? -1 : 1, at = mirrored[i] ? 2 * mirror_at[i] : 0;
        double centre = sign * scale_centre[i] + at;
        double f = scaling ? factor[i] : 1;
        m[i] = f * sign;
        c[i] = f * (at - centre) + centre;
        matrix[i][i] = m[i];
    }
    offset = c;
    if (!rotating) return;
    size_t f = 0, s = 0;
    plane_axes(rotation_plane, f, s);
    double angle = (m[f] * m[s] < 0 ? -rotation_deg : rotation_deg) * kDegree, cosine = std::cos(angle), sine = std::sin(angle);
    double u = m[f] * rotation_centre[f] + c[f], v = m[s] * rotation_centre[s] + c[s];
    matrix[f][f] = cosine * m[f], matrix[f][s] = -sine * m[s];
    matrix[s][f] = sine * m[f], matrix[s][s] = cosine * m[s];
    offset[f] = cosine * (c[f] - u) - sine * (c[s] - v) + u;
    offset[s] = sine * (c[f] - u) + cosine * (c[s] - v) + v;
}

void Transform::change_units(double factor_of_lengths) {
    for (auto* lengths : {&mirror_at, &scale_centre, &rotation_centre})
        for (double& value : *lengths) value *= factor_of_lengths;
    derive();
}

std::array<double, 3> Transform::turn(double x, double y, double z) const {
    std::array<double, 3> q{};
    for (size_t i = 0; i < 3; ++i) q[i] = matrix[i][0] * x + matrix[i][1] * y + matrix[i][2] * z;
    return q;
}

std::array<double, 3> Transform::apply(double x, double y, double z) const {
    std::array<double, 3> q = turn(x, y, z);
    for (size_t i = 0; i < 3; ++i) q[i] += offset[i];
    return q;
}

// Needs no general inverse: rotation comes last, so that the columns are at right angles.
std::array<double, 3> Transform::undo(double x, double y, double z) const {
    std::array<double, 3> d{x - offset[0], y - offset[1], z - offset[2]}, p{};
    for (size_t j = 0; j < 3; ++j) {
        double length2 = 0, dot = 0;
        for (size_t i = 0; i < 3; ++i) length2 += matrix[i][j] * matrix[i][j], dot += matrix[i][j] * d[i];
        p[j] = dot / length2;
    }
    return p;
}

// Takes a changed map into force. The machine stays where it is, the programmed position changes.
void Interpreter::use_transform(Transform transform) {
    transform.derive();
    Axes machine = machine_of(state_.position), before = state_.position;
    state_.transform = transform;
    refresh_frame();
    state_.position = position_of(machine);
    for (size_t i = 0; i < kAxes; ++i)  // coordinates that the map leaves alone keep their value to the last bit
        if (std::fabs(state_.position[i] - before[i]) * state_.unit_mm() < kSamePlace_mm) state_.position[i] = before[i];
}

bool Interpreter::do_transform(const Block& block, const Request& request) {
    bool sets = request[Group::kScaling] == 510 || request[Group::kRotation] == 680 || request[Group::kMirror] == 511 ||
                request[Group::kMirror] == 1010;
    bool named = request[Group::kMirror] >= 0 || request[Group::kScaling] >= 0 || request[Group::kRotation] >= 0;
    bool changes = sets || (named && state_.transform.active);
    if (changes && !without_comp("mirror image, scaling and rotation cannot change")) return false;
    if (int mirror = request[Group::kMirror]; mirror >= 0 && !do_mirror(block, mirror)) return false;
    if (int scaling = request[Group::kScaling]; scaling >= 0 && !do_scaling(block, scaling)) return false;
    if (int rotation = request[Group::kRotation]; rotation >= 0 && !do_rotation(block, rotation)) return false;
    if (int polar = request[Group::kPolar]; polar >= 0) do_polar(polar == 160);
    return true;
}

// G51 X Y Z P: centre and factor of all axes; I J K: a factor each (Fanuc). Mach3, grblHAL: X Y Z are the factors, about zero.
bool Interpreter::do_scaling(const Block& block, int code) {
    Transform transform = state_.transform;
    transform.scaling = false;
    transform.factor = {1, 1, 1};
    transform.scale_centre = {};
    if (code == 500) return use_transform(transform), true;
    transform.scaling = true;
    bool words_are_factors = is(Dialect::kMach3) || is(Dialect::kGrblhal);
    if (words_are_factors) {
        if (!block.has_any(bits("XYZ"))) return refuse(26, "G51 needs axis words, the factors");
        transform.factor = state_.transform.factor;
    } else if (!block.has_any(bits("PIJK"))) {
        return refuse(28, "G51 needs P, the factor" + std::string(is(Dialect::kFanuc) ? ", or I J K, a factor for each axis" : ""));
    }
    for (size_t i = 0; i < 3; ++i) {
        char axis = "XYZ"[i];
        char letter = words_are_factors ? axis : is(Dialect::kFanuc) && block.has("IJK"[i]) ? "IJK"[i] : 'P';
        if (!words_are_factors) {
            transform.scale_centre[i] = block.has(axis) ? block.get(axis) : state_.position[i];
            if (state_.incremental && block.has(axis)) transform.scale_centre[i] += state_.position[i];
        }
        if (!block.has(letter)) continue;
        bool whole = fanuc_family() && !(block.points & gcode::bit(letter));
        double factor = block.get(letter) * (whole ? kFactorOfWholeNumbers : 1);
        if (!(std::fabs(factor) >= kLeastFactor && std::fabs(factor) <= kLargestFactor))
            return refuse(38, std::string("the factor ") + letter + " of G51 is out of range");
        transform.factor[i] = factor;
    }
    use_transform(transform);
    return true;
}

// G51.1 X Y Z: mirror image about these coordinates; G50.1: off for the axes named, none named: all. Haas's G101 mirrors about zero.
bool Interpreter::do_mirror(const Block& block, int code) {
    Transform transform = state_.transform;
    bool on = code == 511 || code == 1010;
    if (on && !block.has_any(bits("XYZABC"))) return refuse(26, spelling('G', code) + " needs the axes to mirror");
    for (size_t i = 0; i < 3; ++i) {
        char axis = "XYZ"[i];
        if (!block.has(axis) && (on || block.has_any(bits("XYZABC")))) continue;
        transform.mirrored[i] = on;
        transform.mirror_at[i] = code == 511 ? block.get(axis) + (state_.incremental ? state_.position[i] : 0) : 0;
    }
    use_transform(transform);
    return true;
}

// G68 with two coordinates of the plane, the centre (none: where the tool is), and R, the angle. Mach3: A B R, I adds to the angle.
bool Interpreter::do_rotation(const Block& block, int code) {
    Transform transform = state_.transform;
    if (code == 690) {
        transform.rotating = false;
        transform.rotation_deg = 0;
        return use_transform(transform), true;
    }
    size_t first = 0, second = 0;
    plane_axes(state_.plane, first, second);
    if (!block.has('R')) return refuse(28, "G68 needs R, the angle");
    bool adds = (is(Dialect::kMach3) && block.has('I')) || (is(Dialect::kHaas) && state_.incremental);
    if (block.has_any(bits("XYZ")) && block.has("XYZ"[3 - first - second]))
        return refuse(42, "rotation in space (G68 with three coordinates) cannot be simulated");
    size_t axes[2] = {first, second};
    for (size_t k = 0; k < 2; ++k) {
        size_t i = axes[k];
        char letter = is(Dialect::kMach3) ? "AB"[k] : "XYZ"[i];
        transform.rotation_centre[i] = block.has(letter) ? block.get(letter) : is(Dialect::kMach3) ? 0 : state_.position[i];
    }
    transform.rotation_deg = (adds && transform.rotating ? transform.rotation_deg : 0) + block.get('R');
    transform.rotation_plane = state_.plane;
    transform.rotating = true;
    use_transform(transform);
    return true;
}

void Interpreter::do_polar(bool on) {
    state_.polar.on = on;
    if (!on) return;
    int first, second, normal;
    axes_of_plane(first, second, normal);
    double u = state_.position[static_cast<size_t>(first)], v = state_.position[static_cast<size_t>(second)];
    PolarWords& polar = state_.polar;
    bool about_here = is(Dialect::kMach3);
    polar.first = about_here ? u : 0, polar.second = about_here ? v : 0;
    polar.radius = about_here ? 0 : std::hypot(u, v), polar.angle_deg = about_here ? 0 : std::atan2(v, u) / kDegree;
}

// G16: the first axis of the plane is the radius, the second the angle. A radius in G91 counts from where the tool is.
void Interpreter::modal_polar_target(const Block& block, Axes& target) {
    int first, second, normal;
    axes_of_plane(first, second, normal);
    size_t f = static_cast<size_t>(first), s = static_cast<size_t>(second);
    char radius = "XYZ"[first], angle = "XYZ"[second];
    PolarWords& polar = state_.polar;
    if (block.has(radius)) {
        bool from_here = state_.incremental && !is(Dialect::kMach3);
        if (!is(Dialect::kMach3)) {
            polar.first = from_here ? state_.position[f] : 0;
            polar.second = from_here ? state_.position[s] : 0;
        }
        polar.radius = block.get(radius) + (state_.incremental && is(Dialect::kMach3) ? polar.radius : 0);
    }
    if (block.has(angle)) polar.angle_deg = block.get(angle) + (state_.incremental ? polar.angle_deg : 0);
    target[f] = state_.position[f], target[s] = state_.position[s];
    if (!block.has(radius) && !block.has(angle)) return;
    target[f] = polar.first + polar.radius * std::cos(polar.angle_deg * kDegree);
    target[s] = polar.second + polar.radius * std::sin(polar.angle_deg * kDegree);
}

// An arc while a map is in force: worked out in the mapped coordinates where it stays in its plane, else in chords. With unequal factors
// R grows by the larger one and no ellipse is made, as Fanuc has it.
bool Interpreter::do_mapped_arc(const Block& block, const Axes& target, bool clockwise) {
    int first, second, normal;
    axes_of_plane(first, second, normal);
    size_t f = static_cast<size_t>(first), s = static_cast<size_t>(second), n = static_cast<size_t>(normal);
    Transform map = state_.transform;
    const auto& a = map.matrix;
    bool planar = std::fabs(a[n][f]) + std::fabs(a[n][s]) + std::fabs(a[f][n]) + std::fabs(a[s][n]) < kPlanar;
    Arc arc;
    if (!planar) {
        if (!(block.has('R') ? arc_from_radius(block, target, clockwise, arc) : arc_from_centre(block, target, clockwise, arc)))
            return false;
        return arc.sweep_rad == 0 ? straight(MotionKind::kFeed, target) : check_target(target) && emit_chords(target, arc);
    }
    auto mapped = [&](const Axes& p) {
        std::array<double, 3> q = map.apply(p[kX], p[kY], p[kZ]);
        Axes result = p;
        for (size_t i = 0; i < 3; ++i) result[i] = q[i];
        return result;
    };
    double u = block.get_or("IJK"[first], 0), v = block.get_or("IJK"[second], 0);
    std::array<double, 3> vector{};
    vector[f] = u, vector[s] = v;
    vector = state_.absolute_centres ? map.apply(vector[0], vector[1], vector[2]) : map.turn(vector[0], vector[1], vector[2]);
    mapped_block_ = block;
    Block& image = mapped_block_;
    if (image.has('R')) image.set('R', image.get('R') * std::max(std::fabs(map.factor[f]), std::fabs(map.factor[s])));
    if (image.has_any(gcode::bit("IJK"[first]) | gcode::bit("IJK"[second])))
        image.set("IJK"[first], vector[f]), image.set("IJK"[second], vector[s]);
    Axes end = mapped(target);
    state_.position = mapped(state_.position);
    state_.transform.active = false;
    bool turned_over = a[f][f] * a[s][s] - a[f][s] * a[s][f] < 0;
    bool cw = clockwise != turned_over;
    bool done = (image.has('R') ? arc_from_radius(image, end, cw, arc) : arc_from_centre(image, end, cw, arc)) && emit_arc(end, arc);
    state_.transform = map;
    if (done) state_.position = target;
    return done;
}

}  // namespace proveout::interp
