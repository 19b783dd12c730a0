// Is the block one that the controller would carry out? Codes sorted by group, the user of the axis words decided, words matched to codes.
#include <cmath>

#include "interp/interpreter.h"

namespace proveout::interp {

namespace {

using gcode::bit;
using gcode::bits;
using gcode::Block;

constexpr uint32_t kAxisLetters = bits("XYZABCUVW");

constexpr double kMaxRate = 1e12;  // F and S: later arithmetic stays finite

bool is_cycle(int motion) { return (motion >= 730 && motion <= 760) || (motion >= 810 && motion <= 890); }
bool is_arc(int motion) { return motion == 20 || motion == 30; }
bool is_probe(int motion) { return motion >= 382 && motion <= 385; }

// Non-modal codes that use the axis words of their block.
bool takes_axes(int code) {
    return code == 100 || code == 280 || code == 300 || code == 520 || code == 920 || code == 310 || code == 290 || code == 120 ||
           code == 130 || code == 650;
}

}  // namespace

bool Interpreter::place_code(char letter, int number, Request& request) {
    const CodeRule* rule = rule_of(letter, number);
    Action action = rule ? action_of(*rule, dialect_) : Action::kUnknown;
    if (action == Action::kUnknown) {
        if (letter == 'M' && (fanuc_family() || is(Dialect::kMach3))) {  // the machine's builder defines them
            note_once('M', number,
                      spelling('M', number) + " is not known to proveout; it is taken for a function of the machine without motion");
            return true;
        }
        if (letter == 'M' && is(Dialect::kLinuxcnc) && number >= 2000)
            return refuse(20, "M code greater than 199: " + spelling('M', number));
        return refuse(20, std::string("unknown ") + letter + " code: " + spelling(letter, number));
    }
    if (action == Action::kRefused)
        return refuse(20, spelling(letter, number) + " (" + std::string(rule->meaning) + ") cannot be simulated");
    if (action == Action::kNoted)
        note_once(letter, number,
                  spelling(letter, number) + " (" + std::string(rule->meaning) + ") is accepted, its effect is not simulated");
    if (action == Action::kIgnored && rule->group != Group::kStop) return true;
    if (action == Action::kNoted && (rule->group == Group::kMotion || rule->group == Group::kPathMode)) return true;  // no mode of ours
    if (number == 40 && letter == 'G') {
        request.dwell = true;
        return true;
    }
    if (number == 530 && letter == 'G') {
        request.machine_coordinates = true;
        return true;
    }
    if (rule->group == Group::kNonModal) {
        if (request.non_modal >= 0 && is(Dialect::kLinuxcnc))
            return refuse(21, "two G codes of one group: " + spelling('G', request.non_modal) + " and " + spelling('G', number));
        request.non_modal = number;
        return true;
    }
    int16_t& slot = request.code[static_cast<size_t>(rule->group)];
    bool strict = is(Dialect::kLinuxcnc);
    if (rule->group == Group::kMotion &&
        (slot == kNoMotion || (slot >= 0 && number == kNoMotion))) {  // G80 beside a motion code counts for nothing
        if (slot == kNoMotion) slot = static_cast<int16_t>(number);
        return true;
    }
    if (slot >= 0 && strict && rule->group != Group::kOtherM &&
        !(rule->group == Group::kCoolant && slot != number && slot != 90 && number != 90))
        return refuse(21,
                      std::string("two ") + letter + " codes of one group: " + spelling(letter, slot) + " and " + spelling(letter, number));
    slot = static_cast<int16_t>(number);
    return true;
}

bool Interpreter::sort_codes(const Block& block, Request& request) {
    request.code.fill(-1);
    for (int i = 0; i < block.g_count; ++i)
        if (!place_code('G', block.g[static_cast<size_t>(i)], request)) return false;
    for (int i = 0; i < block.m_count; ++i)
        if (!place_code('M', block.m[static_cast<size_t>(i)], request)) return false;
    request.stop = request[Group::kStop];
    request.axis_words = block.words & kAxisLetters;
    if (block.polar()) {
        if (block.has_any(bits("XY"))) return refuse(0, "polar words (@ ^) beside X or Y");
        request.axis_words |= bits("XY");
    }
    if (request.dwell && fanuc_family()) request.axis_words = 0;  // X and U are the time
    request.words_taken = request[Group::kScaling] == 510 || request[Group::kMirror] >= 0 || request[Group::kRotation] == 680;
    if (request.words_taken) request.axis_words = 0;  // centres, factors, names of axes
    return true;
}

// Who uses the axis words: a non-modal code, an explicit motion code, or the motion mode.
bool Interpreter::decide_motion(const Block& block, Request& request) {
    if (is(Dialect::kLinuxcnc)) return decide_linuxcnc_motion(block, request);
    int explicit_motion = request[Group::kMotion];
    bool axes_taken = takes_axes(request.non_modal) && (request.axis_words != 0 || request.non_modal != 310);
    uint32_t moving = request.axis_words;
    if (moving == 0 && block.has_any(kAxisLetters)) return true;  // the words are taken already
    int length = request[Group::kToolLength];
    if (length == 431 || length == 432) axes_taken = true;  // the words are the offsets
    if (grbl_family() && length == 431) axes_taken = true;
    if (axes_taken && explicit_motion >= 0 && explicit_motion != kNoMotion && is(Dialect::kLinuxcnc))
        return refuse(24, "two G codes use the axis words: " + spelling('G', explicit_motion) + " and " +
                              spelling('G', request.non_modal >= 0 ? request.non_modal : length));
    if (axes_taken) return true;
    if (explicit_motion == kNoMotion) {
        if (moving == 0) return true;
        if (is(Dialect::kLinuxcnc) || grbl_family()) return refuse(31, "axis words with G80, which uses none");
        request.motion = state_.cycle.active || state_.motion == kNoMotion ? 0 : state_.motion;  // Fanuc: group 01 goes back to G0
        return true;
    }
    if (explicit_motion >= 0) {
        bool arc_without_axes = is_arc(explicit_motion) && block.has_any(bits("IJKR"));
        bool repeat = is_cycle(explicit_motion);
        bool straight_mode = is(Dialect::kLinuxcnc) && (explicit_motion == 0 || explicit_motion == 10);  // a move to where it is
        if (straight_mode || moving != 0 || arc_without_axes || repeat || is_probe(explicit_motion)) request.motion = explicit_motion;
        return true;
    }
    bool others = request.dwell || request.words_taken || request.non_modal >= 0 || request[Group::kSubprogram] >= 0;
    bool arc_words = is_arc(state_.motion) && block.has_any(bits("IJKR")) && !others && !grbl_family();
    bool cycle_words = is_cycle(state_.motion) && block.has_any(bits("LK")) && !others && fanuc_family();
    if (moving == 0 && !arc_words && !cycle_words) return true;
    if (request.machine_coordinates && state_.motion == kNoMotion) return refuse(30, "G53 needs G0 or G1");
    if (is(Dialect::kGrbl) && length == 490) return true;  // the firmware drops the words
    if (state_.motion == kNoMotion && (is(Dialect::kLinuxcnc) || grbl_family()))
        return refuse(31, "axis words without a G code that uses them (the motion mode is G80)");
    request.motion = state_.motion == kNoMotion ? 0 : state_.motion;
    return true;
}

// LinuxCNC refuses words that nothing in the block uses. The others read over them.
bool Interpreter::check_words(const Block& block, const Request& request) {
    return !is(Dialect::kLinuxcnc) || check_linuxcnc_words(block, request);
}

bool Interpreter::check_values(const Block& block) {
    double limit = kMaxCoordinate_mm / state_.unit_mm();
    uint32_t meant = grbl_family() ? bits("XYZIJKLPQRFS") : ~0u;  // grblHAL refuses the others by other reasons
    for (char letter = 'A'; letter <= 'Z'; ++letter)
        if (block.has(letter) && (meant & bit(letter)) &&
            !(std::fabs(block.get(letter)) <= (letter == 'F' || letter == 'S' ? kMaxRate : limit)))
            return refuse(38, std::string("the value of ") + letter + " is out of range");
    if (grbl_family()) return true;
    for (char letter : {'F', 'S', 'T', 'D', 'H'}) {
        if (!block.has(letter) || block.get(letter) >= 0) continue;
        if ((letter == 'S' || letter == 'D') && is(Dialect::kLinuxcnc)) continue;
        return refuse(4, std::string("negative ") + letter + " word");
    }
    for (char letter : {'T', 'H', 'D'}) {
        if (!block.has(letter)) continue;
        if (letter == 'D' && (is(Dialect::kLinuxcnc) || fanuc_family())) continue;
        double value = block.get(letter);
        if (std::fabs(value - std::round(value)) > 1e-4) return refuse(23, std::string("the value of ") + letter + " is not whole");
    }
    return true;
}

}  // namespace proveout::interp
