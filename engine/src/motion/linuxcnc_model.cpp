#include "motion/linuxcnc_model.h"

namespace proveout {

namespace {

// ARC_BLEND_OPTIMIZATION_DEPTH 50; planned in groups, so the depth lies between 50 and 60.
constexpr int kDepth = 60, kGroup = 10;
// The naive CAM detector merges at most this many lines.
constexpr size_t kMostChained = 100;
// Motions without segments that may wait.
constexpr size_t kMostWaiting = 4096;

Joint joint_of(const Motion& motion) {
    switch (motion.path_mode) {
        case PathMode::kExactPath:
            return Joint::kExact;
        case PathMode::kExactStop:
            return Joint::kStop;
        case PathMode::kContinuous:
            break;
    }
    return Joint::kParabolic;
}

}  // namespace

LinuxcncModel::LinuxcncModel(const Machine& machine, Delivery& delivery)
    : machine_(machine), limits_(machine), delivery_(delivery), look_ahead_(kDepth, kGroup) {}

// G64 P and Q; a program that sets no P has the start-up code's, and Q with it.
LinuxcncModel::Tolerance LinuxcncModel::tolerance_of(const Motion& motion) const {
    if (motion.path_mode != PathMode::kContinuous) return {0, 0};
    if (!(motion.path_tolerance_mm > 0)) return {machine_.path_tolerance_mm, machine_.path_tolerance_mm};
    return {motion.path_tolerance_mm, motion.naive_cam_tolerance_mm};
}

auto LinuxcncModel::give() {
    return [this](const QueuedSegment& s, double enter, double leave, QueuedSegment* next) { time(s, enter, leave, next); };
}

TpSegment LinuxcncModel::line(Vec3 from, Vec3 to, const Motion& motion) const {
    TpSegment s;
    Vec3 delta = to - from;
    s.length_mm = s.whole_mm = length(delta);
    s.start_unit = s.end_unit = (1 / s.length_mm) * delta;
    s.rapid = motion.kind == MotionKind::kRapid;
    s.most_mm_per_s = limits_.speed_along(s.start_unit);
    double programmed = s.rapid ? 0 : programmed_speed(motion, s.length_mm);
    s.wanted_mm_per_s = programmed > 0 ? std::min(programmed, s.most_mm_per_s) : s.most_mm_per_s;
    s.axes_mm_per_s2 = limits_.acceleration_along(s.start_unit);
    s.joint = joint_of(motion);
    s.tolerance_mm = tolerance_of(motion).path_mm;
    s.limit_speed();
    return s;
}

// Speed and acceleration: the slower of the plane (either axis may need all of it; curvature) and of the straight way from start to end.
TpSegment LinuxcncModel::arc(const Motion& motion) const {
    ArcGeometry g = geometry_of(motion);
    TpSegment s;
    s.arc = true;
    s.length_mm = s.whole_mm = g.length_mm;
    if (!(g.length_mm > 0)) return s;
    s.start_unit = g.start_unit, s.end_unit = g.end_unit;
    s.start_to_centre = g.start_to_centre, s.end_to_centre = g.end_to_centre;
    s.plane_normal.*g.axes.normal = 1;
    s.start_radius_mm = g.start_radius_mm, s.end_radius_mm = g.end_radius_mm;
    double radius = std::max(g.least_radius_mm(), 1e-6);
    // The planner takes the whole rise of a helix, not that of a radian, into the radius that limits its speed.
    double rise_mm = g.rise * g.length_mm;
    s.radius_mm = radius + rise_mm * rise_mm / radius;
    s.angle_rad = std::abs(motion.sweep_rad);

    const double moved[3] = {std::abs(motion.to.x - motion.from.x), std::abs(motion.to.y - motion.from.y),
                             std::abs(motion.to.z - motion.from.z)};
    double seconds = 0, seconds_2 = 0;
    for (size_t i = 0; i < 3; ++i) {
        seconds = std::max(seconds, moved[i] * limits_.inverse_speed[i]);
        seconds_2 = std::max(seconds_2, moved[i] * limits_.inverse_acceleration[i]);
    }
    const auto &v = limits_.speed_mm_per_s, &a = limits_.acceleration_mm_per_s2;
    double speed = std::min(v[g.axes.first_index], v[g.axes.second_index]);
    double acceleration = std::min(a[g.axes.first_index], a[g.axes.second_index]);
    speed = std::min(speed, std::sqrt(kLinuxcncNormalShare * acceleration * radius));
    s.most_mm_per_s = g.length_mm / std::max(seconds, g.along_mm / speed);
    s.axes_mm_per_s2 = g.length_mm / std::max(seconds_2, g.along_mm / acceleration);
    double programmed = programmed_speed(motion, g.length_mm);
    s.wanted_mm_per_s = programmed > 0 ? std::min(programmed, s.most_mm_per_s) : s.most_mm_per_s;
    s.joint = joint_of(motion);
    s.tolerance_mm = tolerance_of(motion).path_mm;
    s.limit_speed();
    return s;
}

void LinuxcncModel::add(const Motion& motion) {
    bool isolated = motion.probe || motion.spindle_synchronized;
    if (isolated) stop();
    double mm = path_length_mm(motion);
    if (!(mm > 0)) {
        delivery_.close(delivery_.open(motion, 0));
    } else if (motion.kind == MotionKind::kFeed && tolerance_of(motion).naive_mm > 0) {
        if (!chain_points_.empty() && !linkable(motion)) flush_chain();
        chain(motion, delivery_.open(motion, mm));
    } else {
        flush_chain();
        TpSegment s = motion.kind == MotionKind::kArc ? arc(motion) : line(motion.from, motion.to, motion);
        s.first_move = s.last_move = delivery_.open(motion, mm);
        queue(s);
    }
    if (isolated) stop();
    while (delivery_.waiting() > kMostWaiting && !look_ahead_.empty()) look_ahead_.release_one(give());
    if (delivery_.waiting() > kMostWaiting) stop();
}

void LinuxcncModel::stop() {
    flush_chain();
    if (has_last_) {
        give_out(segments_[last_]);
        close_moves(segments_[last_]);
        has_last_ = false;
    }
    look_ahead_.stop(give());
    entry_cap_2_ = 0;
}

void LinuxcncModel::chain(const Motion& motion, int64_t move) {
    if (chain_points_.empty()) {
        chain_motion_ = motion;
        chain_first_ = move;
    }
    chain_last_ = move;
    chain_points_.push_back(motion.to);
}

bool LinuxcncModel::linkable(const Motion& motion) const {
    const Motion& first = chain_motion_;
    if (chain_points_.size() > kMostChained || motion.feed != first.feed || motion.feed_mode != first.feed_mode ||
        motion.path_mode != first.path_mode || motion.path_tolerance_mm != first.path_tolerance_mm)
        return false;
    Vec3 along = motion.to - first.from;
    double length_2 = dot(along, along), tolerance = tolerance_of(motion).naive_mm;
    if (!(length_2 > 0)) return false;
    for (Vec3 p : chain_points_) {
        Vec3 offset = p - first.from;
        double t = std::clamp(dot(along, offset) / length_2, 0.0, 1.0);
        if (length(offset - t * along) > tolerance) return false;
    }
    return true;
}

void LinuxcncModel::flush_chain() {
    if (chain_points_.empty()) return;
    TpSegment s = line(chain_motion_.from, chain_points_.back(), chain_motion_);
    s.first_move = chain_first_;
    s.last_move = chain_last_;
    chain_points_.clear();
    queue(s);
}

void LinuxcncModel::queue(const TpSegment& segment) {
    TpSegment& next = has_last_ ? segments_[1 - last_] : segments_[last_];
    next = segment;
    if (has_last_) {
        TpSegment &before = segments_[last_], between;
        Blend blend = join(before, next, limits_, between);
        before.limit_curve();
        if (blend != Blend::kConsume) give_out(before);
        if (blend != Blend::kNone) {
            between.first_move = blend == Blend::kConsume ? before.first_move : before.last_move;
            between.last_move = before.last_move;
            give_out(between);
        }
        close_moves(before);
        last_ = 1 - last_;
    }
    has_last_ = true;
}

void LinuxcncModel::close_moves(const TpSegment& s) {
    for (int64_t move = s.first_move; move <= s.last_move; ++move) delivery_.close(move);
}

// The segment is final. Its successor's entry speed is capped by its joint.
void LinuxcncModel::give_out(TpSegment& s) {
    s.finish();
    s.entry_cap_2 = std::min(entry_cap_2_, s.speed_mm_per_s * s.speed_mm_per_s);
    double leave = s.joint == Joint::kTangent ? s.speed_mm_per_s : 0;
    if (s.joint == Joint::kTangent && s.kink_mm_per_s >= 0) leave = std::min(leave, s.kink_mm_per_s);
    entry_cap_2_ = leave * leave;
    for (int64_t move = s.first_move; move <= s.last_move; ++move) delivery_.expect_piece(move);
    look_ahead_.add(s, give());
}

// A parabolic blend: while this segment slows down from the blend speed, the next one already moves. This one keeps its whole time,
// the next begins at the speed and with the way that it has when this one has come to rest.
void LinuxcncModel::time(const QueuedSegment& s, double enter, double leave, QueuedSegment* next) {
    double reach_2 = enter * enter + 2 * s.acceleration_mm_per_s2 * s.length_mm;
    if (leave * leave > reach_2) look_ahead_.set_speed(leave = std::sqrt(reach_2));
    time_moves(s, enter, leave);
    if (s.joint != Joint::kParabolic || next == nullptr) return;
    BlendSpeeds speeds = parabolic_speeds(s, *next);
    double from = std::min(speeds.from_mm_per_s, speed_law(s, enter, leave).peak_mm_per_s);
    if (!(from > 0) || !(speeds.from_mm_per_s > 0)) return;
    double to = speeds.to_mm_per_s * from / speeds.from_mm_per_s, overlap_s = from / s.acceleration_mm_per_s2;
    double done_mm = std::min(0.5 * to * overlap_s, 0.999 * next->length_mm);
    next->length_mm -= done_mm;
    look_ahead_.set_speed(to);
}

// Time of a segment, shared among the moves it was merged from at their own lengths.
void LinuxcncModel::time_moves(const QueuedSegment& s, double enter, double leave) {
    SpeedLaw law = speed_law(s, enter, leave);
    double a = s.acceleration_mm_per_s2, length_mm = s.length_mm;
    if (s.first_move == s.last_move) {
        delivery_.time_piece(length_mm, law.duration_s, enter, law.peak_mm_per_s, leave, a);
        return;
    }
    double programmed_mm = 0;
    for (int64_t move = s.first_move; move <= s.last_move; ++move) programmed_mm += delivery_.length_mm(move);
    double at_mm = 0, speed = enter;
    Segment part = s;
    part.speed_mm_per_s = law.peak_mm_per_s;
    int64_t first = s.first_move, last = s.last_move;
    for (int64_t move = first; move <= last; ++move) {
        part.length_mm = length_mm * (delivery_.length_mm(move) / programmed_mm);
        at_mm += part.length_mm;
        double left_mm = std::max(0.0, length_mm - at_mm);
        double next_speed = move == last ? leave
                                         : std::sqrt(std::min({law.peak_mm_per_s * law.peak_mm_per_s, enter * enter + 2 * a * at_mm,
                                                               leave * leave + 2 * a * left_mm}));
        SpeedLaw own = speed_law(part, speed, next_speed);
        delivery_.time_piece(part.length_mm, own.duration_s, speed, own.peak_mm_per_s, next_speed, a);
        speed = next_speed;
    }
}

}  // namespace proveout
