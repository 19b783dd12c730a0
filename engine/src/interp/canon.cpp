// The NIST canonical calls, spelt as LinuxCNC's `rs274 -g` prints them (without the leading counter). Nothing is done unless they are
// wanted.
#include <cmath>
#include <cstdarg>
#include <cstdio>

#include "interp/interpreter.h"

namespace proveout::interp {

namespace {

constexpr char kNumber[] = "N..... ";
constexpr size_t kMaxCall = 1024;
constexpr double kLeastInverseRate = 0.1;  // rs274: a feed made from G93 is not slower

bool starts_as(std::string_view text, std::string_view word) {
    size_t at = 0;
    while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
    for (char c : word) {
        while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
        if (at >= text.size() || (text[at] & ~0x20) != (c & ~0x20)) return false;
        ++at;
    }
    return true;
}

}  // namespace

void Interpreter::canon(const char* format, ...) {
    if (!options_.want_canon || quiet_canon_) return;
    char text[kMaxCall];
    va_list arguments;
    va_start(arguments, format);
    int length = std::snprintf(text, sizeof text, "%s", kNumber);
    length += std::vsnprintf(text + length, sizeof text - static_cast<size_t>(length), format, arguments);
    va_end(arguments);
    say(std::string_view(text, std::min(static_cast<size_t>(length), sizeof text - 1)));
}

void Interpreter::say(std::string_view call) {
    if (!comp_holds_call(call)) observer_.on_canon(call);
}

void Interpreter::state_word(const std::string& word) {
    if (options_.want_states) observer_.on_state(report_line(), word);
}

void Interpreter::canon_start() {
    canon("USE_LENGTH_UNITS(CANON_UNITS_%s)", state_.inches ? "INCHES" : "MM");
    canon_frame(true);
    canon("SET_FEED_REFERENCE(CANON_XYZ)");
    canon("ON_RESET()");
}

// finished: M2 or M30; otherwise the closing "%".
void Interpreter::canon_end(bool finished) {
    if (!options_.want_canon) return;
    if (!finished) {
        canon("FINISH()");
        canon("ON_RESET()");
        return;
    }
    const Axes& origin = state_.origin;
    canon("SET_G5X_OFFSET(1, %.4f, %.4f, %.4f, %.4f, %.4f, %.4f)", origin[0], origin[1], origin[2], origin[3], origin[4], origin[5]);
    canon("SET_XY_ROTATION(%.4f)", state_.rotation_deg);
    if (canon_plane_ != ArcPlane::kXY) canon("SELECT_PLANE(CANON_PLANE_XY)");
    canon("SET_FEED_MODE(0, 0)");
    canon("SET_FEED_RATE(0.0000)");
    if (!state_.feed_override) canon("ENABLE_FEED_OVERRIDE()");
    canon("STOP_SPINDLE_TURNING(0)");
    canon("SET_SPINDLE_MODE(0 0.0000)");
    if (canon_mist_) canon("MIST_OFF()");
    if (canon_flood_) canon("FLOOD_OFF()");
    if (canon_pallet_) canon("PALLET_SHUTTLE()");
    canon("PROGRAM_END()");
    if (percent_mode_) {
        bool closed = false;
        gcode::LineCursor rest = sources_[0].cursor;
        if (source_ == 0)
            while (!closed && !rest.at_end()) closed = rest.next().find('%') != std::string_view::npos;
        if (!closed) canon("COMMENT(\"interpreter: percent sign missing from end of file\")");
    }
    canon("ON_RESET()");
}

void Interpreter::canon_move(const char* name, const Axes& target) {
    canon("%s(%.4f, %.4f, %.4f, %.4f, %.4f, %.4f)", name, target[0], target[1], target[2], target[3], target[4], target[5]);
}

void Interpreter::canon_arc(const Axes& target, const Arc& arc) {
    if (!options_.want_canon) return;
    int first, second, normal;
    axes_of_plane(first, second, normal);
    canon("ARC_FEED(%.4f, %.4f, %.4f, %.4f, %d, %.4f, %.4f, %.4f, %.4f)", target[static_cast<size_t>(first)],
          target[static_cast<size_t>(second)], arc.centre_first, arc.centre_second, arc.turns, target[static_cast<size_t>(normal)],
          target[3], target[4], target[5]);
}

// The feed that makes a move take 1/F minutes.
void Interpreter::canon_inverse_rate(const Axes& target, double sweep_rad, double radius, int normal) {
    double length = 0;
    if (sweep_rad > 0) {
        length = std::hypot(sweep_rad * radius, target[static_cast<size_t>(normal)] - state_.position[static_cast<size_t>(normal)]);
    } else {
        length = std::sqrt((target[0] - state_.position[0]) * (target[0] - state_.position[0]) +
                           (target[1] - state_.position[1]) * (target[1] - state_.position[1]) +
                           (target[2] - state_.position[2]) * (target[2] - state_.position[2]));
        if (length == 0)
            length = std::sqrt((target[3] - state_.position[3]) * (target[3] - state_.position[3]) +
                               (target[4] - state_.position[4]) * (target[4] - state_.position[4]) +
                               (target[5] - state_.position[5]) * (target[5] - state_.position[5]));
    }
    inverse_rate_ = std::max(kLeastInverseRate, length * state_.feed);
    canon("SET_FEED_RATE(%.4f)", inverse_rate_);
}

void Interpreter::canon_frame(bool with_shift) {
    if (!options_.want_canon) return;
    const Axes& origin = state_.origin;
    canon("SET_G5X_OFFSET(%d, %.4f, %.4f, %.4f, %.4f, %.4f, %.4f)", state_.work_offset + 1, origin[0], origin[1], origin[2], origin[3],
          origin[4], origin[5]);
    if (with_shift) canon_shift();
    canon("SET_XY_ROTATION(%.4f)", state_.rotation_deg);
}

void Interpreter::canon_shift() {
    const Axes& shift = state_.shift;
    canon("SET_G92_OFFSET(%.4f, %.4f, %.4f, %.4f, %.4f, %.4f)", shift[0], shift[1], shift[2], shift[3], shift[4], shift[5]);
}

void Interpreter::canon_length() {
    const Axes& o = state_.length_offset;
    canon("USE_TOOL_LENGTH_OFFSET(%.4f %.4f %.4f, %.4f %.4f %.4f, %.4f %.4f %.4f)", o[0], o[1], o[2], o[3], o[4], o[5], o[6], o[7], o[8]);
}

void Interpreter::canon_path_mode() {
    if (state_.path_mode == PathMode::kContinuous) {
        canon("SET_MOTION_CONTROL_MODE(CANON_CONTINUOUS, %.6f)", state_.path_tolerance);
        canon("SET_NAIVECAM_TOLERANCE(%.4f)", state_.naive_tolerance);
    } else {
        canon("SET_MOTION_CONTROL_MODE(CANON_EXACT_%s)", state_.path_mode == PathMode::kExactPath ? "PATH" : "STOP");
    }
}

void Interpreter::canon_comment(const gcode::Block& block) {
    if (!block.has_comment || block.comment.empty() || block.flow == gcode::Flow::kProgram || !options_.want_canon || quiet_canon_) return;
    std::string_view text = block.comment;
    std::string call;
    if (starts_as(text, "MSG,") || starts_as(text, "DEBUG,")) {
        bool debug = !starts_as(text, "MSG,");
        text.remove_prefix(text.find(',') + 1);
        call = std::string(kNumber) + "MESSAGE(\"" + (debug ? with_values(text) : std::string(text)) + "\")";
    } else if (starts_as(text, "PRINT,") || starts_as(text, "LOG")) {
        return;
    } else {
        while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
        call = std::string(kNumber) + "COMMENT(\"" + std::string(text) + "\")";
    }
    say(call);
}

// The text of (DEBUG,...) with parameters replaced by their values.
std::string Interpreter::with_values(std::string_view text) const {
    std::string result;
    for (size_t at = 0; at < text.size();) {
        if (text[at] != '#' || at + 1 >= text.size()) {
            result += text[at++];
            continue;
        }
        size_t end = at + 1;
        std::optional<double> value;
        if (text[end] == '<') {
            while (end < text.size() && text[end] != '>') ++end;
            std::string name;
            for (size_t i = at + 2; i < end; ++i)
                if (text[i] != ' ') name += static_cast<char>(text[i] >= 'a' && text[i] <= 'z' ? text[i] - 32 : text[i]);
            end = std::min(end + 1, text.size());
            value = parameters_.named(name);
        } else {
            int index = 0;
            while (end < text.size() && gcode::is_digit(text[end]) && index < 100000) index = index * 10 + (text[end++] - '0');
            if (end > at + 1) value = parameters_.number(index);
        }
        char number[64];
        if (value && std::isfinite(*value))
            std::snprintf(number, sizeof number, "%f", *value), result += number;
        else
            result += end == at + 1 ? "#" : "######";
        at = std::max(end, at + 1);
    }
    return result;
}

}  // namespace proveout::interp
