// Numbers without a decimal point, as Fanuc and Haas count them: X10 is ten of the least increment, X10. ten millimetres (or inches).
#include <cmath>

#include "interp/interpreter.h"

namespace proveout::interp {

namespace {

using gcode::bit;
using gcode::bits;
using gcode::Block;

constexpr double kIncrement_mm = 0.001, kIncrement_inch = 0.0001, kIncrement_deg = 0.001, kIncrement_s = 0.001;  // increment system IS-B
constexpr uint32_t kLengths = bits("XYZUVWIJKRQ"), kAngles = bits("ABC");

// Words whose point is not asked for: many controls allow none there.
constexpr uint32_t kUsuallyWhole = bits("Q");

bool is_cycle(int motion) { return motion >= 730 && motion <= 890 && motion != kNoMotion; }

}  // namespace

// Turns the whole numbers among lengths and angles into the block's units. Values of variables and expressions count as written with a
// point. Repeats (K, L), P, F, S, T, D, H are numbers of their own kind.
void Interpreter::count_whole_numbers(Block& block) {
    uint32_t counted = block.words & ~block.points & (kLengths | kAngles);
    if (counted == 0) return;
    bool cycle = !block.has_g(800) && is_cycle(state_.motion);
    for (int i = 0; i < block.g_count; ++i) cycle = cycle || is_cycle(block.g[static_cast<size_t>(i)]);
    if (cycle) counted &= ~bit('K');
    if (block.has_g(510)) counted &= ~bits("IJK");  // factors
    bool inches = block.has_g(200) || (state_.inches && !block.has_g(210));
    bool polar = state_.polar.on || block.has_g(160), dwell = block.has_g(40), turn = block.has_g(680);
    char angle = state_.plane == ArcPlane::kXY ? 'Y' : state_.plane == ArcPlane::kZX ? 'X' : 'Z';
    for (char letter = 'A'; letter <= 'Z'; ++letter) {
        if (!(counted & bit(letter)) || block.get(letter) == 0) continue;
        bool is_angle = (kAngles & bit(letter)) || (turn && letter == 'R') || (polar && letter == angle);
        double increment = dwell ? kIncrement_s : is_angle ? kIncrement_deg : inches ? kIncrement_inch : kIncrement_mm;
        double written = block.get(letter);
        bool guessed = options_.dialect == Dialect::kAuto || options_.dialect_guessed;
        if (!guessed) block.set(letter, written * increment);
        if (whole_numbers_noted_ || (kUsuallyWhole & bit(letter)) || dwell) continue;
        whole_numbers_noted_ = true;
        char text[200];
        const char* unit = is_angle ? "degrees" : inches ? "in" : "mm";
        if (guessed)
            std::snprintf(text, sizeof text,
                          "%c%g has no decimal point and is read as %g %s, since the control is a guess; one that counts "
                          "least increments reads %g %s: name it with --dialect or dialect",
                          letter, written, written, unit, written * increment, unit);
        else
            std::snprintf(text, sizeof text, "%c%g has no decimal point: the control counts it in the least increment, as %g %s", letter,
                          written, written * increment, unit);
        find("DECIMAL_POINT_MISSING", text);
    }
}

}  // namespace proveout::interp
