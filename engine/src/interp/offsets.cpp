// Work offsets (G54, G10, G92, G52), tool length offsets (G43) and reference points (G28, G30). Setting an offset moves no axis.
#include <cmath>

#include "interp/interpreter.h"

namespace proveout::interp {

namespace {

using gcode::bit;
using gcode::bits;
using gcode::Block;

constexpr char kLetters[] = "XYZABCUVW";
constexpr int kMaxToolNumber = 99999;

}  // namespace

Axes Interpreter::origin_units(int index) const {
    Axes origin = work_offset_mm_[static_cast<size_t>(index)];
    for (size_t i = 0; i < kAxes; ++i)
        if (!is_rotary(static_cast<int>(i))) origin[i] /= state_.unit_mm();
    return origin;
}

// Takes new offsets into force. The machine stays where it is, the programmed position changes.
void Interpreter::change_frame(const Axes& origin, const Axes& shift, const Axes& length, double rotation_deg) {
    bool rotated = state_.rotation_deg != 0 || rotation_deg != 0 || state_.transform.active;
    Axes machine = rotated ? machine_of(state_.position) : Axes{};
    if (!rotated)
        for (size_t i = 0; i < kAxes; ++i)
            state_.position[i] += (state_.origin[i] - origin[i]) + (state_.shift[i] - shift[i]) + (state_.length_offset[i] - length[i]);
    state_.origin = origin;
    state_.shift = shift;
    state_.length_offset = length;
    state_.rotation_deg = rotation_deg;
    refresh_frame();
    if (rotated) state_.position = position_of(machine);
}

void Interpreter::use_work_offset(int index) {
    state_.work_offset = index;
    change_frame(origin_units(index), state_.shift, state_.length_offset, work_rotation_deg_[static_cast<size_t>(index)]);
}

// An offset in force moves with its value at once.
void Interpreter::set_work_offset(int index, int axis, double value_mm) {
    work_offset_mm_[static_cast<size_t>(index)][static_cast<size_t>(axis)] = value_mm;
    if (index == state_.work_offset) use_work_offset(index);
}

// G54.1 P1 ... P300, Haas: G154 P1 ... P99 and G110 ... G129, which are P1 ... P20.
bool Interpreter::do_more_work_offset(const Block& block, int code) {
    double p = code >= 1100 && code < 1300 ? (code - 1100) / 10 + 1 : block.get_or('P', 0);
    double most = is(Dialect::kHaas) ? 99 : kMoreWorkOffsets;
    if (!(p >= 1 && p <= most) || p != std::floor(p))
        return refuse(29, spelling('G', code) + " needs P, 1 to " + std::to_string(static_cast<int>(most)));
    use_work_offset(kWorkOffsets + static_cast<int>(p) - 1);
    return true;
}

bool Interpreter::do_work_offset(const Block& block, int code) {
    if (code == 541 || code >= 1100) return do_more_work_offset(block, code);
    int index = code >= 590 ? 5 + (code - 590) : (code - 540) / 10;
    if (index == state_.work_offset && is(Dialect::kLinuxcnc)) {
        canon("COMMENT(\"interpreter: continuing to use same coordinate system\")");
        return true;
    }
    use_work_offset(index);
    canon_frame(true);
    return true;
}

double Interpreter::length_of(int tool) const {
    auto changed = changed_length_mm_.find(tool);
    if (changed != changed_length_mm_.end()) return changed->second;
    const Tool* known = options_.tools && !options_.zero_start ? find_tool(*options_.tools, tool) : nullptr;
    return known ? known->length_offset_mm : 0;
}

bool Interpreter::do_tool_length(const Block& block, int code) {
    if (is(Dialect::kLinuxcnc)) return do_linuxcnc_tool_length(block, code);
    Axes length{};
    int number = -1;
    bool active = true;
    if (code == 490) {
        active = false;
    } else if (code == 430 || code == 440) {
        if (block.has('H'))
            number = static_cast<int>(block.get('H') + 0.5);
        else if (fanuc_family() || is(Dialect::kMach3))
            number = state_.length_number >= 0 ? state_.length_number : (is(Dialect::kMach3) ? state_.tool : 0);
        else
            number = state_.tool;
        if (number > kMaxToolNumber) return refuse(38, "H is out of range");
        double value = length_of(number) / state_.unit_mm();
        length[kZ] = code == 440 ? -value : value;
    } else {  // G43.1: the words are the offsets
        length = state_.length_offset;
        for (size_t i = 0; i < kAxes; ++i)
            if (block.has(kLetters[i])) length[i] = block.get(kLetters[i]);
    }
    state_.length_number = number;
    state_.length_active = active;
    length_checked_ = false;
    change_frame(state_.origin, state_.shift, length, state_.rotation_deg);
    canon_length();
    return true;
}

bool Interpreter::do_non_modal(const Block& block, const Request& request) {
    switch (request.non_modal) {
        case 53:
            return end_nurbs();
        case 100:
            return do_set_offsets(block);
        case 280:
        case 300:
            return do_reference(block, request.non_modal);
        case 281:
            home_mm_ = machine_of(state_.position), home_known_ = true;
            return true;
        case 301:
            second_home_mm_ = machine_of(state_.position);
            return true;
        case 520:
            return do_local_offset(block);
        case 920:
        case 921:
        case 922:
        case 923:
            return do_shift(block, request.non_modal);
        case 120:
        case 130:
            return do_circular_pocket(block, request.non_modal == 120);
        case 290:
            return do_return_from_reference(block);
        case 310:
            return do_skip_move(block);
        case 650:
            return do_macro_call(block);
        default:
            return true;
    }
}

// G31: a move that a signal may end; simulated to its end.
bool Interpreter::do_skip_move(const Block& block) {
    if (!feed_for_move(block)) return false;
    refresh_motion();
    Axes target;
    if (!target_of(block, target)) return false;
    return probe_move(target, "G31 is simulated to its programmed end, as if no signal came");
}

// G28, G30: by way of the programmed point to the reference point, in the axes that are named (none named: all).
bool Interpreter::do_reference(const Block& block, int code) {
    uint32_t mask = 0;
    for (int axis = 0; axis < kAxes; ++axis)
        if (block.has(kLetters[axis])) mask |= 1u << (axis >= kU && fanuc_family() ? axis - kU : axis);
    Axes by_way;
    if (!comp_pause() || !target_of(block, by_way)) return false;
    motion_.reference_return = true;
    bool done = straight(MotionKind::kRapid, by_way);
    motion_.reference_return = false;
    if (!done) return false;
    by_way_mm_ = machine_of(by_way);
    if (mask == 0) mask = (1u << kAxes) - 1;
    const Axes& home = code == 280 ? home_mm_ : second_home_mm_;
    if (!move_to_machine(home, mask, MotionKind::kRapid, true)) return false;
    std::string where = code == 280 ? "the reference point (G28)" : "the second reference point (G30)";
    find("HOME_EXCURSION", "return to " + where + (home_known_ ? "" : ", which is taken to lie clear above the work"));
    return true;
}

// G29: by way of the point that the last G28 or G30 came by, to the programmed one, in the axes that are named.
bool Interpreter::do_return_from_reference(const Block& block) {
    uint32_t mask = 0;
    for (int axis = 0; axis < kAxes; ++axis)
        if (block.has(kLetters[axis])) mask |= 1u << (axis >= kU && fanuc_family() ? axis - kU : axis);
    if (mask == 0) return refuse(26, "G29 without axis words");
    Axes machine = machine_of(state_.position);
    for (size_t i = 0; i < kAxes; ++i)
        if (mask & (1u << i)) machine[i] = by_way_mm_[i];
    if (!straight(MotionKind::kRapid, position_of(machine))) return false;
    Axes target;
    return target_of(block, target) && straight(MotionKind::kRapid, target);
}

bool Interpreter::do_set_offsets(const Block& block) {
    if (!block.has('L')) {
        if (fanuc_family()) return refuse(28, "G10 without L cannot be simulated");
        return refuse(28, "G10 needs an L word");
    }
    int l = static_cast<int>(block.get('L'));
    if (l == 2 || l == 20) return do_set_work_offset(block, l);
    if (!grbl_family() && (l == 1 || (l >= 10 && l <= 13))) return do_set_tool_offset(block, l);
    return refuse(20, "G10 L" + std::to_string(l) + " is not known");
}

// Fanuc, Haas: absolute values, in G91 increments.
bool Interpreter::set_offset_values(const Block& block, int index) {
    for (int axis = 0; axis < kAxes; ++axis) {
        if (!block.has(kLetters[axis])) continue;
        double value = block.get(kLetters[axis]) * (is_rotary(axis) ? 1 : state_.unit_mm());
        if (state_.incremental) value += work_offset_mm_[static_cast<size_t>(index)][static_cast<size_t>(axis)];
        set_work_offset(index, axis, value);
    }
    return true;
}

bool Interpreter::do_set_work_offset(const Block& block, int l) {
    double p = block.get_or('P', 0);
    if (fanuc_family() && l == 20) {  // G54.1 P...
        if (!(p >= 1 && p <= kMoreWorkOffsets)) return refuse(29, "G10 L20 needs P, 1 to " + std::to_string(kMoreWorkOffsets));
        return set_offset_values(block, kWorkOffsets + static_cast<int>(p) - 1);
    }
    int highest = is(Dialect::kGrbl) || fanuc_family() ? 6 : 9;
    if (!(p >= 0 && p < highest + 1)) return refuse(29, "G10 P must be 0 to " + std::to_string(highest));
    if (is(Dialect::kLinuxcnc) && p != std::floor(p)) return refuse(29, "G10 P is not whole");
    if (p < 1 && fanuc_family() && l == 2) return refuse(29, "G10 L2 P0 (external work offset) cannot be simulated");
    int index = p < 1 ? state_.work_offset : static_cast<int>(p) - 1;
    if (fanuc_family()) return set_offset_values(block, index);
    Axes& origin = work_offset_mm_[static_cast<size_t>(index)];
    double unit = state_.unit_mm();
    double rotation = work_rotation_deg_[static_cast<size_t>(index)];
    if (block.has('R')) {
        if (grbl_family()) return refuse(20, "G10 with R is not supported");
        if (l == 20 && is(Dialect::kLinuxcnc)) return refuse(36, "R word with G10 L20");
        rotation = block.get('R');
    }
    Axes machine = machine_of(state_.position);
    Axes value{};
    for (size_t i = 0; i < kAxes; ++i) value[i] = block.get_or(kLetters[i], 0);
    if (l == 20) {
        double angle = rotation * kPi / 180, c = rotation == 0 ? 1 : std::cos(angle), s = rotation == 0 ? 0 : std::sin(angle);
        // The words are the coordinates that the present place shall have in that system; those not given keep theirs.
        Axes wanted = machine;
        for (size_t i = 0; i < kAxes; ++i)
            wanted[i] = (machine[i] - origin[i]) / (is_rotary(static_cast<int>(i)) ? 1 : unit) - state_.length_offset[i];
        double u = wanted[kX], v = wanted[kY];
        wanted[kX] = c * u + s * v, wanted[kY] = -s * u + c * v;
        for (size_t i = 0; i < kAxes; ++i)
            if (block.has(kLetters[i])) wanted[i] = value[i] + state_.shift[i] + state_.local[i];
        double x = wanted[kX], y = wanted[kY];
        wanted[kX] = c * x - s * y, wanted[kY] = s * x + c * y;
        bool turned = rotation != 0 && block.has_any(bits("XY"));
        for (size_t i = 0; i < kAxes; ++i) {
            if (!block.has(kLetters[i]) && !(turned && i <= kY)) continue;
            double scale = is_rotary(static_cast<int>(i)) ? 1 : unit;
            origin[i] = machine[i] - (state_.length_offset[i] + wanted[i]) * scale;
        }
    } else {
        for (size_t i = 0; i < kAxes; ++i) {
            if (!block.has(kLetters[i])) continue;
            double scale = is_rotary(static_cast<int>(i)) ? 1 : unit;
            origin[i] = value[i] * scale;
        }
    }
    work_rotation_deg_[static_cast<size_t>(index)] = rotation;
    if (index != state_.work_offset) {
        canon("COMMENT(\"interpreter: setting coordinate system origin\")");
        return true;
    }
    change_frame(origin_units(index), state_.shift, state_.length_offset, rotation);
    canon_frame(false);
    return true;
}

// L1: the value itself. L10, L11: so that the present Z becomes the value (LinuxCNC). Fanuc, Haas: L10 geometry, L11 wear, with R.
bool Interpreter::do_set_tool_offset(const Block& block, int l) {
    if (is(Dialect::kLinuxcnc)) return do_set_tool_entry(block, l);
    if (!block.has('P')) return refuse(28, "G10 needs P, the number of the tool or offset");
    int tool = static_cast<int>(std::fabs(block.get('P')) + 0.5);
    if (tool > kMaxToolNumber) return refuse(29, "G10 P is out of range");
    double unit = state_.unit_mm();
    if (fanuc_family()) {
        double value = block.get_or('R', 0) * unit;
        if (l >= 12) {  // L12 geometry, L13 wear, of the radius
            bool adds = l == 13 || state_.incremental;
            auto known = changed_radius_mm_.find(tool);
            const Tool* in_list = options_.tools ? find_tool(*options_.tools, tool) : nullptr;
            double before = known != changed_radius_mm_.end() ? known->second : in_list ? in_list->diameter_mm / 2 : 0;
            changed_radius_mm_[tool] = value + (adds ? before : 0);
            return true;
        }
        changed_length_mm_[tool] = l == 11 || state_.incremental ? length_of(tool) + value : value;
        return true;
    }
    if (!block.has('Z')) return true;
    double value = block.get('Z');
    if (l == 1) {
        changed_length_mm_[tool] = value * unit;
    } else {
        double origin = l == 11 ? work_offset_mm_[8][kZ] / unit : state_.origin[kZ];
        double machine = machine_of(state_.position)[kZ] / unit;
        double shift = l == 11 ? 0 : state_.shift[kZ];
        changed_length_mm_[tool] = (machine - origin - shift - value) * unit;
    }
    if (state_.length_active && state_.length_number == tool) {
        Axes length = state_.length_offset;
        length[kZ] = length_of(tool) / unit;
        change_frame(state_.origin, state_.shift, length, state_.rotation_deg);
        canon_length();
    }
    return true;
}

bool Interpreter::do_shift(const Block& block, int code) {
    Axes shift = state_.shift;
    state_.shift_active = code == 920 || code == 923;
    if (code == 920) {
        if (!block.has_any(bits("XYZABCUVW"))) {
            if (fanuc_family() && block.has('S')) return true;  // spindle speed limit
            return refuse(26, "G92 without axis words");
        }
        for (size_t i = 0; i < kAxes; ++i)
            if (block.has(kLetters[i])) shift[i] = state_.position[i] + state_.shift[i] - block.get(kLetters[i]);
        change_frame(state_.origin, shift, state_.length_offset, state_.rotation_deg);
        for (size_t i = 0; i < kAxes; ++i)
            if (block.has(kLetters[i])) state_.position[i] = block.get(kLetters[i]);
        state_.kept_shift = shift;
    } else {
        if (code == 923)
            shift = state_.kept_shift;
        else
            shift = {};
        if (code == 921) state_.kept_shift = {};
        change_frame(state_.origin, shift, state_.length_offset, state_.rotation_deg);
    }
    canon_shift();
    return true;
}

// G52. LinuxCNC keeps it in the same place as G92; the others have a zero of its own.
bool Interpreter::do_local_offset(const Block& block) {
    if (!block.has_any(bits("XYZABCUVW"))) return refuse(26, "G52 without axis words");
    if (is(Dialect::kLinuxcnc)) {
        Axes shift = state_.shift;
        for (size_t i = 0; i < kAxes; ++i)
            if (block.has(kLetters[i])) shift[i] = block.get(kLetters[i]);
        change_frame(state_.origin, shift, state_.length_offset, state_.rotation_deg);
        state_.kept_shift = shift;
        state_.shift_active = true;
        canon_shift();
        return true;
    }
    Axes machine = machine_of(state_.position);
    for (size_t i = 0; i < kAxes; ++i) {
        if (!block.has(kLetters[i])) continue;
        state_.position[i] += state_.local[i] - block.get(kLetters[i]);
        state_.local[i] = block.get(kLetters[i]);
    }
    refresh_frame();
    if (state_.transform.active) state_.position = position_of(machine);
    return true;
}

}  // namespace proveout::interp
