#include "motion/junction_model.h"

namespace proveout {

namespace {

// GRBL holds 16 blocks; one slot stays free, so 15 are planned.
constexpr int kGrblBlocks = 15;
// Blocks that the other controls look ahead at least: a Haas 80, a Fanuc with contour control 200; the generic machine as many.
constexpr int kHaasBlocks = 80;
constexpr int kLongBlocks = 200;
// GRBL's slowest feed, mm/min.
constexpr double kLeastFeed_mm_per_min = 1;
// GRBL's planner.c: cosine beyond which a junction counts as reversal, or as straight on.
constexpr double kStraightCosine = 0.999999;
// Motions that may wait for the look-ahead; blocks that move no step have no segment and would pile up without it.
constexpr size_t kMostWaiting = 4096;
// An arc of more chords than twice this is planned as this many at each end and one piece between: far more than the buffer sees.
constexpr int kEndChords = 1000;
// Share of the acceleration that curvature may take; the rest of the vector (one half) stays for changing speed.
constexpr double kNormalShare = 0.8660254037844386;
// Radius below which an arc is a point to turn on; keeps a degenerate arc from taking for ever.
constexpr double kLeastRadius_mm = 1e-4;

bool exact_stop_mode(const Motion& motion) { return motion.path_mode != PathMode::kContinuous; }

int window_of(const Machine& machine) {
    if (machine.profile == "grbl") return kGrblBlocks;
    return 2 * (machine.profile == "haas" ? kHaasBlocks : kLongBlocks);
}

}  // namespace

JunctionModel::JunctionModel(const Machine& machine, Delivery& delivery)
    : machine_(machine),
      limits_(machine),
      delivery_(delivery),
      look_ahead_(window_of(machine), machine.profile == "grbl" ? 1 : window_of(machine) / 2),
      grbl_(machine.profile == "grbl") {}

auto JunctionModel::give() {
    return [this](const Segment& s, double enter, double leave, Segment*) {
        SpeedLaw law = speed_law(s, enter, leave);
        delivery_.time_piece(s.length_mm, law.duration_s, enter, law.peak_mm_per_s, leave, s.acceleration_mm_per_s2);
    };
}

void JunctionModel::add(const Motion& motion) {
    bool isolated = motion.probe || motion.spindle_synchronized;
    bool dogleg = motion.kind == MotionKind::kRapid && machine_.rapid == RapidMode::kDogleg;
    if (isolated || (dogleg && !stop_before_)) stop();
    if (dogleg)
        add_dogleg(motion);
    else if (motion.kind == MotionKind::kArc)
        grbl_ ? add_arc_as_chords(motion) : add_arc(motion);
    else
        add_line(motion);
    delivery_.close(move_);
    if (isolated || dogleg || (!grbl_ && exact_stop_mode(motion))) stop();
    while (delivery_.waiting() > kMostWaiting && !look_ahead_.empty()) look_ahead_.release_one(give());
}

void JunctionModel::stop() {
    look_ahead_.stop(give());
    stop_before_ = true;
}

void JunctionModel::add_piece(const Piece& piece) {
    Segment s;
    s.length_mm = piece.length_mm;
    s.speed_mm_per_s = std::max(piece.speed_mm_per_s, kLeastFeed_mm_per_min / 60);
    s.acceleration_mm_per_s2 = piece.acceleration_mm_per_s2;
    if (!stop_before_) {
        double nominal = std::min(s.speed_mm_per_s, last_speed_);
        s.entry_cap_2 = std::min(junction_2(last_unit_, piece.unit_in), nominal * nominal);
    }
    stop_before_ = false;
    last_unit_ = piece.unit_out;
    last_speed_ = s.speed_mm_per_s;
    delivery_.expect_piece(move_);
    look_ahead_.add(s, give());
}

// Square of the speed at which a circle that leaves the corner by the junction deviation needs the acceleration at hand.
double JunctionModel::junction_2(Vec3 unit_0, Vec3 unit_1) const {
    double cosine = -dot(unit_0, unit_1);
    if (cosine > kStraightCosine) return 0;
    if (cosine < -kStraightCosine) return Machine::kNoLimit;
    Vec3 turn = unit_1 - unit_0;
    double acceleration = limits_.acceleration_along((1 / length(turn)) * turn);
    double sine = std::sqrt(0.5 * (1 - cosine));
    return acceleration * machine_.junction_deviation_mm * sine / (1 - sine);
}

Vec3 JunctionModel::to_steps(Vec3 p) const {
    double k = machine_.steps_per_mm;
    if (!grbl_ || k <= 0) return p;
    Vec3 q = p - machine_.zero_mm;
    return {std::round(q.x * k) / k, std::round(q.y * k) / k, std::round(q.z * k) / k};
}

void JunctionModel::add_line(const Motion& motion) {
    Vec3 delta = to_steps(motion.to) - to_steps(motion.from);
    double mm = length(delta);
    move_ = delivery_.open(motion, path_length_mm(motion));
    if (!(mm > 0)) return;
    Vec3 unit = (1 / mm) * delta;
    double limit = limits_.speed_along(unit);
    double programmed = motion.kind == MotionKind::kFeed ? programmed_speed(motion, mm) : 0;
    add_piece({unit, unit, mm, programmed > 0 ? std::min(programmed, limit) : limit, limits_.acceleration_along(unit)});
}

// Each axis on its own from rest to rest; the motion lasts as long as the slowest, whose law is stretched to the length of the chord.
void JunctionModel::add_dogleg(const Motion& motion) {
    Vec3 delta = motion.to - motion.from;
    double mm = length(delta);
    move_ = delivery_.open(motion, mm);
    if (!(mm > 0)) return;
    const double moved[3] = {std::abs(delta.x), std::abs(delta.y), std::abs(delta.z)};
    double longest_s = -1;
    Piece slowest{};
    for (size_t i = 0; i < 3; ++i) {
        if (moved[i] <= 0) continue;
        Segment axis{moved[i], limits_.speed_mm_per_s[i], limits_.acceleration_mm_per_s2[i], 0, 0};
        double seconds = speed_law(axis, 0, 0).duration_s;
        if (seconds <= longest_s) continue;
        longest_s = seconds;
        double stretch = mm / moved[i];
        slowest = {{}, {}, mm, axis.speed_mm_per_s * stretch, axis.acceleration_mm_per_s2 * stretch};
    }
    add_piece(slowest);
}

// One piece: capped by the normal acceleration; what curvature leaves of the acceleration changes the speed.
void JunctionModel::add_arc(const Motion& motion) {
    ArcGeometry g = geometry_of(motion);
    move_ = delivery_.open(motion, g.length_mm);
    if (!(g.length_mm > 0)) return;
    double rise = std::abs(g.rise), radius = std::max(g.least_radius_mm(), kLeastRadius_mm);
    const auto &speeds = limits_.speed_mm_per_s, &accelerations = limits_.acceleration_mm_per_s2;
    double speed = std::min(speeds[g.axes.first_index], speeds[g.axes.second_index]);
    double acceleration = std::min(accelerations[g.axes.first_index], accelerations[g.axes.second_index]);
    speed = std::min(speed, std::sqrt(kNormalShare * acceleration * radius));
    double limit =
        std::min(g.planar > 0 ? speed / g.planar : Machine::kNoLimit, rise > 0 ? speeds[g.axes.normal_index] / rise : Machine::kNoLimit);
    double programmed = programmed_speed(motion, g.length_mm);
    double nominal = programmed > 0 ? std::min(programmed, limit) : limit;
    double bend = nominal * g.planar * nominal * g.planar / (radius * acceleration);  // share of the acceleration that curvature takes
    double along = acceleration * std::sqrt(std::max(0.25, 1 - bend * bend));
    double tangential = std::min(g.planar > 0 ? along / g.planar : Machine::kNoLimit,
                                 rise > 0 ? accelerations[g.axes.normal_index] / rise : Machine::kNoLimit);
    add_piece({g.start_unit, g.end_unit, g.length_mm, nominal, tangential});
}

// Speed that the junctions between equal chords allow in any direction, and that 15 of them in the buffer allow for a stop.
double JunctionModel::chord_speed_limit(const Motion& motion, double chord_mm, double chord_rad) const {
    ArcAxes shape = axes_of(motion.plane);
    double acceleration = std::min(limits_.acceleration_mm_per_s2[shape.first_index], limits_.acceleration_mm_per_s2[shape.second_index]);
    double sine = std::cos(0.5 * chord_rad);
    double junction_2 = acceleration * machine_.junction_deviation_mm * sine / std::max(1 - sine, 1e-12);
    double window_2 = 2 * acceleration * (kGrblBlocks - 1) * chord_mm;
    return std::sqrt(std::min(junction_2, window_2));
}

// GRBL's mc_arc: chords within the arc tolerance, at the radius of the start; each is a block of the buffer.
void JunctionModel::add_arc_as_chords(const Motion& motion) {
    ArcAxes shape = axes_of(motion.plane);
    double u = motion.from.*shape.first - motion.centre.*shape.first, v = motion.from.*shape.second - motion.centre.*shape.second;
    double radius = std::hypot(u, v), tolerance = machine_.arc_tolerance_mm;
    double sagitta_2 = tolerance * (2 * radius - tolerance);
    double wanted = sagitta_2 > 0 ? std::floor(std::abs(0.5 * motion.sweep_rad * radius) / std::sqrt(sagitta_2)) : 1;
    double chords = std::max(1.0, std::isfinite(wanted) ? wanted : 1.0);
    double mm = path_length_mm(motion);
    move_ = delivery_.open(motion, mm);
    if (!(mm > 0)) return;

    double chord_rad = motion.sweep_rad / chords, chord_mm = mm / chords;
    bool split = chords > 2 * kEndChords + 1;
    int pieces = split ? 2 * kEndChords + 1 : static_cast<int>(chords);
    double middle_chords = chords - 2 * kEndChords;
    // G93 in this firmware: F times the number of chords, read as mm/min.
    double programmed = motion.feed_mode == FeedMode::kInverseTime ? motion.feed * chords / 60 : programmed_speed(motion, mm);
    double done = 0;  // chords
    Vec3 here = to_steps(motion.from);
    for (int i = 0; i < pieces; ++i) {
        bool middle = split && i == kEndChords;
        double first_rad = done * chord_rad;
        done += middle ? middle_chords : 1;
        double angle = done * chord_rad, cosine = std::cos(angle), sine = std::sin(angle);
        Vec3 next = motion.to;
        if (i + 1 < pieces) {
            next.*shape.first = motion.centre.*shape.first + u * cosine - v * sine;
            next.*shape.second = motion.centre.*shape.second + u * sine + v * cosine;
            next.*shape.normal = motion.from.*shape.normal + (motion.to.*shape.normal - motion.from.*shape.normal) * (done / chords);
        }
        next = to_steps(next);
        if (middle) {
            auto tangent = [&](double rad) {
                Vec3 unit;
                double side = motion.sweep_rad > 0 ? radius : -radius, c = std::cos(rad), s = std::sin(rad);
                unit.*shape.first = -(u * s + v * c) / side, unit.*shape.second = (u * c - v * s) / side;
                return unit;
            };
            double limit = std::min({chord_speed_limit(motion, chord_mm, chord_rad), limits_.speed_mm_per_s[shape.first_index],
                                     limits_.speed_mm_per_s[shape.second_index]});
            double acceleration =
                std::min(limits_.acceleration_mm_per_s2[shape.first_index], limits_.acceleration_mm_per_s2[shape.second_index]);
            add_piece({tangent(first_rad + 0.5 * chord_rad), tangent(angle - 0.5 * chord_rad), middle_chords * chord_mm,
                       programmed > 0 ? std::min(programmed, limit) : limit, acceleration});
        } else {
            Vec3 delta = next - here;
            double piece_mm = length(delta);
            if (piece_mm > 0) {
                Vec3 unit = (1 / piece_mm) * delta;
                double limit = limits_.speed_along(unit);
                add_piece({unit, unit, piece_mm, programmed > 0 ? std::min(programmed, limit) : limit, limits_.acceleration_along(unit)});
            }
        }
        here = next;
    }
}

}  // namespace proveout
