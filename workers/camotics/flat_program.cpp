#include "camotics/flat_program.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>

namespace proveout {

namespace {

constexpr int kDecimals = 5;
constexpr double kSamePlace_mm = 1e-6;
constexpr size_t kFlushBytes = 1 << 20;
constexpr size_t kMostSamples = 20000;
// Moves of a tool of several shapes are repeated for each shape after so many: on CAMotics' clock its shapes stay close together.
constexpr size_t kChunkMoves = 256;
// Arcs are cut into pieces, so that no rounding can turn a short arc into a full circle, and chords where CAMotics would warn of the radii.
constexpr double kArcPiece_rad = kPi / 2;
constexpr double kFlatArc_mm = 0.0005;  // an arc this close to its chord is written as the chord
constexpr double kSameRadius_mm = 0.002;
constexpr double kSpiralChord_mm = 0.002;
constexpr double kCamArcError_mm = 0.01;  // CAMotics' own chords

std::string fixed(double value) {
    char text[400];
    auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, kDecimals).ptr;
    while (end > text && end[-1] == '0') --end;
    if (end > text && end[-1] == '.') --end;
    std::string out(text, end);
    return out == "-0" ? "0" : out;
}

double radius_at(const Motion& arc, Vec3 p) {
    switch (arc.plane) {
        case ArcPlane::kXY:
            return std::hypot(p.x - arc.centre.x, p.y - arc.centre.y);
        case ArcPlane::kZX:
            return std::hypot(p.z - arc.centre.z, p.x - arc.centre.x);
        case ArcPlane::kYZ:
            return std::hypot(p.y - arc.centre.y, p.z - arc.centre.z);
    }
    return 0;
}

double rise_of(ArcPlane plane, Vec3 way) { return plane == ArcPlane::kXY ? way.z : plane == ArcPlane::kZX ? way.y : way.x; }

double feed_of(const Motion& motion) {
    double feed = motion.feed;
    if (motion.feed_mode == FeedMode::kInverseTime) feed *= path_length_mm(motion);
    if (motion.feed_mode == FeedMode::kPerRevolution) feed *= std::abs(motion.spindle_rpm);
    return feed > 1e-3 && std::isfinite(feed) ? feed : kUnknownFeed_mm_per_min;
}

}  // namespace

struct FlatProgram::State {
    std::ofstream file;
    std::string text;
    std::vector<CamTool> tools;
    std::vector<std::vector<CamSlot>> slots;

    // What the written text has set.
    Vec3 at{std::nan(""), 0, 0};
    int tool = -1;
    int64_t line = 0;
    double feed = 0;
    int mode = -1, plane = 17;

    std::vector<Motion> chunk;  // of a tool of several shapes, not yet written
    size_t chunk_tool = 0;
    int64_t moves = 0, cutting = 0, last_sample = 0, sample_stride = 1;
    double time_s = 0;
    std::vector<PathSample> samples;

    size_t index_of(int number) const {
        auto at = std::lower_bound(tools.begin(), tools.end(), number, [](const CamTool& t, int n) { return t.number < n; });
        return at != tools.end() && at->number == number ? static_cast<size_t>(at - tools.begin()) : tools.size();
    }

    void word(char letter, double value) { text += letter, text += fixed(value), text += ' '; }

    void set_mode(int wanted) {
        if (mode != wanted) text += 'G', text += std::to_string(wanted), text += ' ';
        mode = wanted;
    }

    void end_block(double length_mm, double feed_mm_per_min) {
        text.back() = '\n';
        ++moves;
        time_s += length_mm / feed_mm_per_min * 60;
        if (text.size() < kFlushBytes) return;
        file << text;
        text.clear();
    }

    void begin_block(int64_t source_line) {
        if (source_line != line && source_line > 0) text += 'N', text += std::to_string(source_line), text += ' ';
        line = source_line;
    }

    void coordinates(Vec3 to) {
        if (!(std::abs(to.x - at.x) < kSamePlace_mm)) word('X', to.x);
        if (!(std::abs(to.y - at.y) < kSamePlace_mm)) word('Y', to.y);
        if (!(std::abs(to.z - at.z) < kSamePlace_mm)) word('Z', to.z);
    }

    // The tool gets to `to` without cutting: CAMotics ignores rapids without a tool.
    void jump(Vec3 to) {
        if (length(to - at) < kSamePlace_mm) return;
        if (tool >= 0) text += "#5400=-1\n";
        tool = -1;
        mode = 0;
        text += "G0 ";
        word('X', to.x), word('Y', to.y), word('Z', to.z);
        end_block(std::isnan(at.x) ? 0 : length(to - at), kCamRapid_mm_per_min);
        at = to;
    }

    void take_tool(int number) {
        if (tool == number) return;
        text += "T" + std::to_string(number) + " M6\n";
        tool = number;
    }

    void straight(Vec3 to, bool rapid, double feed_wanted) {
        if (length(to - at) < kSamePlace_mm) return;
        set_mode(rapid ? 0 : 1);
        coordinates(to);
        if (!rapid && feed != feed_wanted) word('F', feed_wanted), feed = feed_wanted;
        end_block(length(to - at), rapid ? kCamRapid_mm_per_min : feed_wanted);
        at = to;
    }

    // One piece of an arc, of less than half a turn.
    void arc_piece(const Motion& arc, Vec3 to, Vec3 centre, double turn_rad, double feed_wanted) {
        double radius = radius_at(arc, arc.from);
        if (radius * (1 - std::cos(turn_rad / 2)) < kFlatArc_mm) return straight(to, false, feed_wanted);
        int wanted_plane = arc.plane == ArcPlane::kXY ? 17 : arc.plane == ArcPlane::kZX ? 18 : 19;
        if (plane != wanted_plane) text += 'G', text += std::to_string(wanted_plane), text += ' ';
        plane = wanted_plane;
        set_mode(turn_rad > 0 ? 3 : 2);
        Vec3 offset = centre - at;
        word('X', to.x), word('Y', to.y), word('Z', to.z);
        if (arc.plane != ArcPlane::kYZ) word('I', offset.x);
        if (arc.plane != ArcPlane::kZX) word('J', offset.y);
        if (arc.plane != ArcPlane::kXY) word('K', offset.z);
        if (feed != feed_wanted) word('F', feed_wanted), feed = feed_wanted;
        double chord_rad = 4 * std::atan(std::sqrt(std::min(1.0, kCamArcError_mm / radius)));
        moves += static_cast<int64_t>(std::abs(turn_rad) / chord_rad) + 1;
        end_block(std::hypot(radius * turn_rad, rise_of(arc.plane, to - at)), feed_wanted);
        at = to;
    }

    void arc(const Motion& motion, double offset_mm, double feed_wanted) {
        double radius_from = radius_at(motion, motion.from), radius_to = radius_at(motion, motion.to);
        bool spiral = std::abs(radius_from - radius_to) > kSameRadius_mm;
        double step =
            spiral ? 2 * std::acos(std::max(0.0, 1 - kSpiralChord_mm / std::max(radius_from, 2 * kSpiralChord_mm))) : kArcPiece_rad;
        int pieces = std::max(1, static_cast<int>(std::ceil(std::abs(motion.sweep_rad) / step)));
        Vec3 up{0, 0, offset_mm}, centre = motion.centre + up;
        for (int k = 1; k <= pieces; ++k) {
            Vec3 to = (k == pieces ? motion.to : point_at(motion, static_cast<double>(k) / pieces)) + up;
            if (spiral)
                straight(to, false, feed_wanted);
            else
                arc_piece(motion, to, centre, motion.sweep_rad / pieces, feed_wanted);
        }
    }

    void write_move(const Motion& motion, const CamSlot& slot) {
        Vec3 up{0, 0, slot.piece.offset_mm};
        jump(motion.from + up);
        take_tool(slot.number);
        begin_block(motion.line);
        size_t before = text.size();
        double feed_wanted = feed_of(motion);
        if (motion.kind == MotionKind::kArc)
            arc(motion, slot.piece.offset_mm, feed_wanted);
        else
            straight(motion.to + up, motion.kind == MotionKind::kRapid, feed_wanted);
        if (text.size() == before && !text.empty() && text.back() == ' ') text.back() = '\n';  // nothing but an N word
    }

    void sample(const Motion& motion) {
        if (++last_sample % sample_stride != 0) return;
        samples.push_back({time_s, motion.to, motion.line, motion.tool});
        if (samples.size() < kMostSamples) return;
        for (size_t i = 0; 2 * i + 1 < samples.size(); ++i) samples[i] = samples[2 * i + 1];
        samples.resize(samples.size() / 2);
        sample_stride *= 2;
    }

    void write_chunk() {
        for (const CamSlot& slot : chunk.empty() ? std::vector<CamSlot>() : slots[chunk_tool])
            for (const Motion& motion : chunk) write_move(motion, slot);
        if (!chunk.empty()) sample(chunk.back());
        chunk.clear();
    }
};

double camotics_duration_s(const Motion& motion) {
    return path_length_mm(motion) / (motion.kind == MotionKind::kRapid ? kCamRapid_mm_per_min : feed_of(motion)) * 60;
}

FlatProgram::FlatProgram() : state_(std::make_unique<State>()) {}
FlatProgram::FlatProgram(FlatProgram&&) noexcept = default;
FlatProgram::~FlatProgram() = default;

Result<FlatProgram> FlatProgram::create(const std::string& path, const std::vector<CamTool>& tools,
                                        const std::vector<std::vector<CamSlot>>& slots) {
    FlatProgram out;
    out.state_->file.open(path, std::ios::binary);
    if (!out.state_->file) return make_error(ErrorCode::kIo, "cannot write " + path);
    out.state_->tools = tools;
    out.state_->slots = slots;
    out.state_->text = "G21 G90 G17\n";
    return out;
}

void FlatProgram::add(const Motion& motion, bool cuts) {
    State& s = *state_;
    bool move = is_move(motion);
    size_t index = move && cuts ? s.index_of(motion.tool) : s.tools.size();
    if (index == s.tools.size()) return;  // the next move jumps to where it begins
    ++s.cutting;
    if (s.slots[index].size() == 1) {
        s.write_chunk();
        s.write_move(motion, s.slots[index][0]);
        return s.sample(motion);
    }
    if (s.chunk_tool != index || s.chunk.size() >= kChunkMoves) s.write_chunk();
    s.chunk_tool = index;
    // A gap (a probing move between) must stay one for every shape.
    if (!s.chunk.empty() && length(s.chunk.back().to - motion.from) > kSamePlace_mm) s.write_chunk();
    s.chunk.push_back(motion);
}

Status FlatProgram::finish() {
    State& s = *state_;
    s.write_chunk();
    s.text += "M2\n";
    s.file << s.text;
    s.file.close();
    if (s.file.fail()) return make_error(ErrorCode::kIo, "cannot write the program for CAMotics: no space?");
    return Unit{};
}

int64_t FlatProgram::moves() const { return state_->moves; }
int64_t FlatProgram::cutting_moves() const { return state_->cutting; }
double FlatProgram::time_s() const { return state_->time_s; }
const std::vector<PathSample>& FlatProgram::samples() const { return state_->samples; }

}  // namespace proveout
