// LinuxCNC's tool table as the program sees and changes it: G10 L1, L10, L11, and the length offsets taken from it (G43, G43.1, G43.2,
// G49).
#include <cmath>

#include "interp/interpreter.h"

namespace proveout::interp {

namespace {

using gcode::bits;
using gcode::Block;

constexpr char kLetters[] = "XYZABCUVW";
constexpr int kMaxToolNumber = 99999, kMaxEdge = 9;

}  // namespace

ToolEntry Interpreter::tool_entry(int number) const {
    auto changed = tool_entries_.find(number);
    if (changed != tool_entries_.end()) return changed->second;
    ToolEntry entry;
    const Tool* tool = options_.tools ? find_tool(*options_.tools, number) : nullptr;
    if (!tool) return entry;
    entry.offset_mm[kZ] = options_.zero_start && !options_.want_canon ? 0 : tool->length_offset_mm;
    entry.diameter_mm = tool->diameter_mm;
    entry.orientation = tool->lathe_orientation;
    return entry;
}

bool Interpreter::in_tool_table(int number) const {
    return !options_.tools_are_complete || number == 0 || (options_.tools && find_tool(*options_.tools, number));
}

bool Interpreter::do_linuxcnc_tool_length(const Block& block, int code) {
    bool axes = block.has_any(bits("XYZABCUVW"));
    Axes length = code == 431 || code == 432 ? state_.length_offset : Axes{};
    int number = -1;
    if (code == 432 && axes == block.has('H')) return refuse(0, "G43.2 needs either H or axis words");
    if (code == 430 || (code == 432 && block.has('H'))) {
        number = static_cast<int>(std::min(block.get_or('H', 0), double{kMaxToolNumber}) + 0.5);
        if (number == 0) number = state_.tool;
        if (!in_tool_table(number)) return refuse(0, "tool " + std::to_string(number) + " is not in the tool table (H)");
        ToolEntry entry = tool_entry(number);
        for (size_t i = 0; i < kAxes; ++i) length[i] += entry.offset_mm[i] / (is_rotary(static_cast<int>(i)) ? 1 : state_.unit_mm());
    } else if (code != 490) {
        for (size_t i = 0; i < kAxes; ++i)
            if (block.has(kLetters[i])) length[i] = block.get(kLetters[i]) + (code == 432 ? length[i] : 0);
    }
    state_.length_number = code == 430 ? number : -1;
    state_.length_active = code != 490;
    length_checked_ = false;
    change_frame(state_.origin, state_.shift, length, state_.rotation_deg);
    canon_length();
    return true;
}

// L1: the words are the entry. L10, L11: so that the present place has these coordinates, with L11 in G59.3 without G92.
bool Interpreter::do_set_tool_entry(const Block& block, int l) {
    int number = static_cast<int>(block.get_or('P', -1) + 0.5);
    if (!(number >= 1)) return refuse(29, "G10 L" + std::to_string(l) + " needs P, the number of the tool");
    if (number > kMaxToolNumber || !in_tool_table(number))
        return refuse(0, "tool " + std::to_string(number) + " is not in the tool table (P)");
    if (!block.has_any(bits("XYZABCUVWRQIJ"))) return refuse(28, "G10 L" + std::to_string(l) + " without offsets has no effect");
    ToolEntry entry = tool_entry(number);
    double unit = state_.unit_mm();
    Axes value{};
    for (size_t i = 0; i < kAxes; ++i) value[i] = block.get_or(kLetters[i], 0) * (is_rotary(static_cast<int>(i)) ? 1 : unit);
    if (l == 1) {
        for (size_t i = 0; i < kAxes; ++i)
            if (block.has(kLetters[i])) entry.offset_mm[i] = value[i];
    } else {
        measure_tool(block, l == 11 ? 8 : state_.work_offset, l == 10, value, entry);
    }
    if (block.has('R')) entry.diameter_mm = 2 * block.get('R') * unit;
    if (block.has('I')) entry.front_angle_deg = block.get('I');
    if (block.has('J')) entry.back_angle_deg = block.get('J');
    if (block.has('Q')) {
        double edge = std::floor(block.get('Q') + 0.5);
        if (std::fabs(block.get('Q') - edge) >= 1e-4) return refuse(23, "Q of G10 is not whole");
        if (edge > kMaxEdge) return refuse(39, "Q of G10, the edge of a lathe tool, is 0 to 9");
        entry.orientation = static_cast<int>(edge);
    }
    tool_entries_[number] = entry;
    int64_t place = number;
    if (options_.tools && find_tool(*options_.tools, number)) place = find_tool(*options_.tools, number) - options_.tools->data() + 1;
    canon_tool_entry(static_cast<int>(place), number, entry);
    bool first = place == 1 && state_.tool == 0 && !end_.has_tool_change;  // the standalone interpreter starts with it in the spindle
    if (number == state_.tool || first) canon_tool_entry(0, number, entry);
    return true;
}

// The offset that gives the present place the coordinates `value` (mm, degrees) in a work offset.
void Interpreter::measure_tool(const Block& block, int system, bool with_shift, const Axes& value, ToolEntry& entry) const {
    size_t index = static_cast<size_t>(system);
    double angle = work_rotation_deg_[index] * kPi / 180, c = angle == 0 ? 1 : std::cos(angle), s = angle == 0 ? 0 : std::sin(angle);
    Axes place = machine_of(state_.position);
    for (size_t i = 0; i < kAxes; ++i) place[i] -= work_offset_mm_[index][i];
    double x = place[kX], y = place[kY];
    place[kX] = c * x + s * y, place[kY] = -s * x + c * y;
    for (size_t i = 0; i < kAxes && with_shift; ++i) place[i] -= state_.shift[i] * (is_rotary(static_cast<int>(i)) ? 1 : state_.unit_mm());
    for (size_t i = kZ; i < kAxes; ++i)
        if (block.has(kLetters[i])) entry.offset_mm[i] = place[i] - value[i];
    if (!block.has_any(bits("XY"))) return;
    // Along the axes of the rotated system; an axis without a word keeps its part.
    double old_x = c * entry.offset_mm[kX] + s * entry.offset_mm[kY], old_y = -s * entry.offset_mm[kX] + c * entry.offset_mm[kY];
    double u = block.has('X') ? place[kX] - value[kX] : old_x, v = block.has('Y') ? place[kY] - value[kY] : old_y;
    entry.offset_mm[kX] = c * u - s * v;
    entry.offset_mm[kY] = s * u + c * v;
}

// The standalone interpreter's table is in inches.
void Interpreter::canon_tool_entry(int place, int number, const ToolEntry& entry) {
    Axes o = entry.offset_mm;
    for (size_t i = 0; i < kAxes; ++i)
        if (!is_rotary(static_cast<int>(i))) o[i] /= kMmPerInch;
    canon("SET_TOOL_TABLE_ENTRY(%d, %d, %.4f %.4f %.4f %.4f %.4f %.4f %.4f %.4f %.4f, %.4f, %.4f, %d)", place, number, o[0], o[1], o[2],
          o[3], o[4], o[5], o[6], o[7], o[8], entry.front_angle_deg, entry.back_angle_deg, entry.orientation);
}

}  // namespace proveout::interp
