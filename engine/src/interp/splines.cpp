// Splines of LinuxCNC in the plane XY: G5 (cubic), G5.1 (quadratic), G5.2 and G5.3 (NURBS). All are B-splines with clamped, evenly spaced
// knots and weights; a simulation follows chords that stay within kChord_mm of the curve.
#include <algorithm>
#include <cmath>

#include "interp/interpreter.h"

namespace proveout::interp {

namespace {

using gcode::Block;

constexpr double kChord_mm = 0.002;     // deviation of the chords, as of those that stand for arcs
constexpr int kMaxHalvings = 12;        // of one piece between two samples
constexpr int kPiecesPerSpan = 4;       // before halving, so that no bend hides between two samples
constexpr size_t kMaxPoints = 100'000;  // control points of one NURBS
constexpr int kMaxOrder = 16;

// Homogeneous point of the curve: x * w, y * w, w.
struct Weighted {
    double x, y, w;
};

struct Curve {
    const std::vector<ControlPoint>& points;
    int order;

    double knot(int64_t i) const {
        int64_t last = static_cast<int64_t>(points.size()) - order + 1;
        return static_cast<double>(std::clamp<int64_t>(i - order + 1, 0, last));
    }
    double end() const { return static_cast<double>(points.size()) - order + 1; }

    // De Boor's algorithm.
    PlanePoint at(double u) const {
        int64_t span = std::min(static_cast<int64_t>(u), static_cast<int64_t>(end()) - 1) + order - 1;
        std::array<Weighted, kMaxOrder> d;
        for (int j = 0; j < order; ++j) {
            const ControlPoint& p = points[static_cast<size_t>(span - order + 1 + j)];
            d[static_cast<size_t>(j)] = {p.x * p.weight, p.y * p.weight, p.weight};
        }
        for (int r = 1; r < order; ++r)
            for (int j = order - 1; j >= r; --j) {
                int64_t i = span - order + 1 + j;
                double low = knot(i), high = knot(i + order - r), t = high > low ? (u - low) / (high - low) : 0;
                Weighted& b = d[static_cast<size_t>(j)];
                const Weighted& a = d[static_cast<size_t>(j) - 1];
                b = {a.x + t * (b.x - a.x), a.y + t * (b.y - a.y), a.w + t * (b.w - a.w)};
            }
        const Weighted& end_point = d[static_cast<size_t>(order) - 1];
        return {end_point.x / end_point.w, end_point.y / end_point.w};
    }
};

}  // namespace

bool Interpreter::do_spline(const Block& block, int code) {
    if (!without_comp("a spline")) return false;
    if (state_.plane != ArcPlane::kXY) return refuse(0, "splines work in the plane XY only (G17)");
    if (block.has_any(gcode::bits("ZABC"))) return refuse(0, "a spline moves X and Y only");
    Axes target;
    PlanePoint start{state_.position[kX], state_.position[kY]};
    std::vector<ControlPoint> points{{start.u, start.v, 1}};
    bool both = block.has('I') && block.has('J');
    if (code == 51) {
        if (!both) return refuse(28, "G5.1 needs both I and J");
        if (!target_of(block, target)) return false;
        points.push_back({start.u + block.get('I'), start.v + block.get('J'), 1});
    } else {
        if (!both && block.has_any(gcode::bits("IJ"))) return refuse(28, "G5 needs both I and J, or neither");
        if (!target_of(block, target)) return false;
        if (!block.has('P') || !block.has('Q')) return refuse(28, "G5 needs both P and Q");
        CycleWords& kept = state_.cycle;  // LinuxCNC keeps the last tangent where G87 keeps its shift
        points.push_back({start.u + (both ? block.get('I') : kept.i), start.v + (both ? block.get('J') : kept.j), 1});
        points.push_back({target[kX] + block.get('P'), target[kY] + block.get('Q'), 1});
        kept.i = -block.get('P'), kept.j = -block.get('Q');
    }
    points.push_back({target[kX], target[kY], 1});
    canon("NURBS_FEED(%d, ...)", static_cast<int>(points.size()));
    return follow_curve(points, static_cast<int>(points.size()));
}

// One control point of a NURBS; the first block also says where it begins.
bool Interpreter::do_nurbs_point(const Block& block) {
    bool x = block.has('X'), y = block.has('Y');
    double weight = block.get_or('P', -1);
    if (x != y) return refuse(28, "a control point needs both X and Y");
    bool goes_on = before_.motion == 52 && !nurbs_.empty();
    if (!x && weight > 0 && !nurbs_.empty()) return refuse(0, "only the first control point can have P without X and Y");
    if (weight <= 0 && !nurbs_.empty()) return refuse(0, "every control point needs a weight P above 0");
    if (!goes_on) {
        nurbs_.assign(1, {state_.position[kX], state_.position[kY], !x && weight > 0 ? weight : 1});
        nurbs_order_ = 3;
    }
    if (block.get_or('L', 0) > 3) {
        if (block.get('L') > kMaxOrder) return refuse(39, "the order L of a NURBS is out of range");
        nurbs_order_ = static_cast<int>(block.get('L') + 0.5);
    }
    if (!x) return true;
    if (nurbs_.size() >= kMaxPoints) return refuse(0, "a NURBS has more than " + std::to_string(kMaxPoints) + " control points");
    Axes target;
    if (!target_of(block, target)) return false;
    nurbs_.push_back({target[kX], target[kY], weight});
    return true;
}

bool Interpreter::end_nurbs() {
    if (before_.motion != 52) return refuse(0, "G5.3 without G5.2 before it");
    if (nurbs_.size() < static_cast<size_t>(nurbs_order_))
        return refuse(0, "a NURBS of order " + std::to_string(nurbs_order_) + " needs as many control points at least");
    if (!without_comp("a spline")) return false;
    canon("NURBS_FEED(%d, ...)", static_cast<int>(nurbs_.size()));
    std::vector<ControlPoint> points = std::move(nurbs_);
    nurbs_.clear();
    state_.motion = kNoMotion;
    return follow_curve(points, nurbs_order_);
}

bool Interpreter::follow_curve(const std::vector<ControlPoint>& points, int order) {
    double limit = kMaxCoordinate_mm / scale_;
    for (const ControlPoint& point : points)
        if (!(std::fabs(point.x) <= limit) || !(std::fabs(point.y) <= limit)) return refuse(38, "a control point is out of range");
    Curve curve{points, order};
    quiet_canon_ = true;
    bool done = true;
    int64_t pieces = static_cast<int64_t>(curve.end()) * kPiecesPerSpan;
    double u = 0;
    for (int64_t k = 1; done && k <= pieces && !over_; ++k) {
        double next = k == pieces ? curve.end() : static_cast<double>(k) / kPiecesPerSpan;
        done = follow_piece([&](double t) { return curve.at(t); }, u, next, 0);
        u = next;
    }
    quiet_canon_ = false;
    if (done) state_.position[kX] = points.back().x, state_.position[kY] = points.back().y;
    return done;
}

// Chords from where the tool stands at u to the point at `end`.
bool Interpreter::follow_piece(const std::function<PlanePoint(double)>& at, double u, double end, int depth) {
    PlanePoint a = at(u), b = at(end), middle = at((u + end) / 2);
    double off = std::hypot(middle.u - (a.u + b.u) / 2, middle.v - (a.v + b.v) / 2) * scale_;
    if (off > kChord_mm && depth < kMaxHalvings) {
        if (!spend()) return true;
        return follow_piece(at, u, (u + end) / 2, depth + 1) && follow_piece(at, (u + end) / 2, end, depth + 1);
    }
    return straight(MotionKind::kFeed, with_plane(state_.position, b));
}

}  // namespace proveout::interp
