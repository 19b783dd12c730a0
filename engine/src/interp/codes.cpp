// The code table. Sources: LinuxCNC code reference 2.9; GRBL 1.1 and grblHAL as measured; Fanuc 0i-MF; Haas mill; Mach3 reference.
#include "interp/codes.h"

#include <array>
#include <string>

#include "proveout/result.h"

namespace proveout::interp {

namespace {

// Dialects in each string: linuxcnc grbl grblhal fanuc haas mach3.
constexpr CodeRule kRules[] = {
    {'G', 0, Group::kMotion, "++++++", "rapid"},
    {'G', 10, Group::kMotion, "++++++", "straight feed"},
    {'G', 20, Group::kMotion, "++++++", "arc, clockwise"},
    {'G', 30, Group::kMotion, "++++++", "arc, counter-clockwise"},
    {'G', 40, Group::kNonModal, "++++++", "dwell"},
    {'G', 50, Group::kMotion, "+-rn--", "cubic spline; Fanuc: high-speed cutting"},
    {'G', 51, Group::kMotion, "+-rn--", "quadratic spline; Fanuc: look-ahead"},
    {'G', 52, Group::kMotion, "+-----", "NURBS block"},
    {'G', 53, Group::kNonModal, "+-----", "end of NURBS block"},
    {'G', 70, Group::kDiameterMode, "+-----", "lathe diameter mode"},
    {'G', 80, Group::kDiameterMode, "+--n--", "lathe radius mode; Fanuc: look-ahead"},
    {'G', 90, Group::kNonModal, "---iin", "exact stop, this block"},
    {'G', 100, Group::kNonModal, "++++++", "set offsets"},
    {'G', 110, Group::kNonModal, "---ii-", "end of data input"},
    {'G', 120, Group::kNonModal, "----++", "circular pocket, clockwise"},
    {'G', 130, Group::kNonModal, "----++", "circular pocket, counter-clockwise"},
    {'G', 150, Group::kPolar, "---+++", "polar coordinates off"},
    {'G', 160, Group::kPolar, "---+++", "polar coordinates"},
    {'G', 170, Group::kPlane, "++++++", "plane XY"},
    {'G', 171, Group::kPlane, "r-----", "plane UV"},
    {'G', 180, Group::kPlane, "++++++", "plane ZX"},
    {'G', 181, Group::kPlane, "r-----", "plane WU"},
    {'G', 190, Group::kPlane, "++++++", "plane YZ"},
    {'G', 191, Group::kPlane, "r-----", "plane VW"},
    {'G', 200, Group::kUnits, "++++++", "inch"},
    {'G', 210, Group::kUnits, "++++++", "millimetre"},
    {'G', 280, Group::kNonModal, "++++++", "to the first reference point"},
    {'G', 281, Group::kNonModal, "+++--r", "set the first reference point"},
    {'G', 290, Group::kNonModal, "---++-", "back from the reference point"},
    {'G', 300, Group::kNonModal, "++++++", "to the second reference point"},
    {'G', 301, Group::kNonModal, "+++--r", "set the second reference point"},
    {'G', 310, Group::kNonModal, "---++r", "skip move: as programmed"},
    {'G', 330, Group::kMotion, "+-----", "spindle-synchronised move"},
    {'G', 331, Group::kMotion, "+-----", "rigid tap"},
    {'G', 382, Group::kMotion, "+++---", "probe: as programmed"},
    {'G', 383, Group::kMotion, "+++---", "probe: as programmed"},
    {'G', 384, Group::kMotion, "+++---", "probe: as programmed"},
    {'G', 385, Group::kMotion, "+++---", "probe: as programmed"},
    {'G', 400, Group::kCutterSide, "++++++", "cutter compensation off"},
    {'G', 410, Group::kCutterSide, "+--+++", "cutter compensation, left"},
    {'G', 411, Group::kCutterSide, "+-----", "cutter compensation, left, dynamic"},
    {'G', 420, Group::kCutterSide, "+--+++", "cutter compensation, right"},
    {'G', 421, Group::kCutterSide, "+-----", "cutter compensation, right, dynamic"},
    {'G', 430, Group::kToolLength, "+--+++", "tool length offset"},
    {'G', 431, Group::kToolLength, "+++---", "tool length offset, given"},
    {'G', 432, Group::kToolLength, "+-----", "tool length offset, added"},
    {'G', 440, Group::kToolLength, "---++-", "tool length offset, negative"},
    {'G', 470, Group::kNonModal, "----r-", "engraving"},
    {'G', 490, Group::kToolLength, "++++++", "tool length offset off"},
    {'G', 500, Group::kScaling, "--++++", "scaling off"},
    {'G', 501, Group::kMirror, "---++-", "mirror image off"},
    {'G', 510, Group::kScaling, "--++++", "scaling"},
    {'G', 511, Group::kMirror, "---++-", "mirror image"},
    {'G', 520, Group::kNonModal, "+--+++", "local work offset"},
    {'G', 530, Group::kNonModal, "++++++", "machine coordinates, this block"},
    {'G', 540, Group::kWorkOffset, "++++++", "work offset 1"},
    {'G', 541, Group::kWorkOffset, "---++-", "additional work offset"},
    {'G', 550, Group::kWorkOffset, "++++++", "work offset 2"},
    {'G', 560, Group::kWorkOffset, "++++++", "work offset 3"},
    {'G', 570, Group::kWorkOffset, "++++++", "work offset 4"},
    {'G', 580, Group::kWorkOffset, "++++++", "work offset 5"},
    {'G', 590, Group::kWorkOffset, "++++++", "work offset 6"},
    {'G', 591, Group::kWorkOffset, "+-+--r", "work offset 7"},
    {'G', 592, Group::kWorkOffset, "+-+--r", "work offset 8"},
    {'G', 593, Group::kWorkOffset, "+-+--r", "work offset 9"},
    {'G', 600, Group::kOtherG, "---rr-", "one-direction positioning"},
    {'G', 610, Group::kPathMode, "++++++", "exact path"},
    {'G', 611, Group::kPathMode, "+-----", "exact stop"},
    {'G', 620, Group::kPathMode, "---n--", "automatic corner override"},
    {'G', 630, Group::kPathMode, "---n--", "tapping mode"},
    {'G', 640, Group::kPathMode, "+--+++", "continuous path"},
    {'G', 650, Group::kNonModal, "--+++-", "macro call"},
    {'G', 660, Group::kMacroModal, "--r++-", "modal macro call"},
    {'G', 670, Group::kMacroModal, "--i++-", "modal macro call off"},
    {'G', 680, Group::kRotation, "---+++", "rotation"},
    {'G', 690, Group::kRotation, "---+++", "rotation off"},
    {'G', 700, Group::kUnits, "-----+", "inch (Mach3); LinuxCNC, Haas: cycle"},
    {'G', 710, Group::kUnits, "-----+", "millimetre (Mach3)"},
    {'G', 730, Group::kMotion, "+-++++", "high-speed peck drilling"},
    {'G', 740, Group::kMotion, "+--++-", "left-hand tapping"},
    {'G', 760, Group::kMotion, "+--++-", "threading (LinuxCNC), fine boring (Fanuc, Haas)"},
    {'G', 800, Group::kMotion, "++++++", "no motion mode, cycle off"},
    {'G', 810, Group::kMotion, "+-++++", "drilling"},
    {'G', 820, Group::kMotion, "+-++++", "drilling with dwell"},
    {'G', 830, Group::kMotion, "+-++++", "peck drilling"},
    {'G', 840, Group::kMotion, "+--+++", "tapping"},
    {'G', 850, Group::kMotion, "+-++++", "boring, feed out"},
    {'G', 860, Group::kMotion, "+-++++", "boring, spindle stop, rapid out"},
    {'G', 870, Group::kMotion, "+--++r", "back boring"},
    {'G', 880, Group::kMotion, "+--++r", "boring, manual out"},
    {'G', 890, Group::kMotion, "+-++++", "boring, dwell, feed out"},
    {'G', 900, Group::kDistance, "++++++", "absolute"},
    {'G', 901, Group::kArcDistance, "+----+", "absolute arc centres"},
    {'G', 910, Group::kDistance, "++++++", "incremental"},
    {'G', 911, Group::kArcDistance, "+++--+", "incremental arc centres"},
    {'G', 920, Group::kNonModal, "++++++", "shift of the coordinate systems"},
    {'G', 921, Group::kNonModal, "+++--+", "cancel the shift"},
    {'G', 922, Group::kNonModal, "+-+--+", "suspend the shift"},
    {'G', 923, Group::kNonModal, "+-+--+", "restore the shift"},
    {'G', 930, Group::kFeedMode, "++++++", "inverse-time feed"},
    {'G', 940, Group::kFeedMode, "++++++", "feed per minute"},
    {'G', 950, Group::kFeedMode, "+--+++", "feed per revolution"},
    {'G', 960, Group::kSpindleMode, "+--++-", "constant surface speed"},
    {'G', 970, Group::kSpindleMode, "+--++-", "spindle speed in rev/min"},
    {'G', 980, Group::kRetract, "+-++++", "cycle returns to the initial level"},
    {'G', 990, Group::kRetract, "+-++++", "cycle returns to R"},
    {'G', 1000, Group::kMirror, "----+-", "mirror image off"},
    {'G', 1010, Group::kMirror, "----+-", "mirror image about zero"},
    {'G', 1030, Group::kNonModal, "----i-", "limit look-ahead"},
    {'G', 1100, Group::kWorkOffset, "----+-", "work offset 7"},
    {'G', 1110, Group::kWorkOffset, "----+-", "work offset 8"},
    {'G', 1120, Group::kWorkOffset, "----+-", "work offset 9"},
    {'G', 1130, Group::kWorkOffset, "----+-", "work offset 10"},
    {'G', 1140, Group::kWorkOffset, "----+-", "work offset 11"},
    {'G', 1150, Group::kWorkOffset, "----+-", "work offset 12"},
    {'G', 1160, Group::kWorkOffset, "----+-", "work offset 13"},
    {'G', 1170, Group::kWorkOffset, "----+-", "work offset 14"},
    {'G', 1180, Group::kWorkOffset, "----+-", "work offset 15"},
    {'G', 1190, Group::kWorkOffset, "----+-", "work offset 16"},
    {'G', 1200, Group::kWorkOffset, "----+-", "work offset 17"},
    {'G', 1210, Group::kWorkOffset, "----+-", "work offset 18"},
    {'G', 1220, Group::kWorkOffset, "----+-", "work offset 19"},
    {'G', 1230, Group::kWorkOffset, "----+-", "work offset 20"},
    {'G', 1240, Group::kWorkOffset, "----+-", "work offset 21"},
    {'G', 1250, Group::kWorkOffset, "----+-", "work offset 22"},
    {'G', 1260, Group::kWorkOffset, "----+-", "work offset 23"},
    {'G', 1270, Group::kWorkOffset, "----+-", "work offset 24"},
    {'G', 1280, Group::kWorkOffset, "----+-", "work offset 25"},
    {'G', 1290, Group::kWorkOffset, "----+-", "work offset 26"},
    {'G', 1430, Group::kOtherG, "----r-", "five-axis tool length offset"},
    {'G', 1500, Group::kOtherG, "----n-", "general pocket: is not cut"},
    {'G', 1540, Group::kWorkOffset, "----+-", "additional work offset"},
    {'G', 1870, Group::kNonModal, "----i-", "smoothness"},
    {'M', 0, Group::kStop, "++++++", "program stop"},
    {'M', 10, Group::kStop, "++++++", "optional stop"},
    {'M', 20, Group::kStop, "++++++", "program end"},
    {'M', 30, Group::kSpindle, "++++++", "spindle clockwise"},
    {'M', 40, Group::kSpindle, "++++++", "spindle counter-clockwise"},
    {'M', 50, Group::kSpindle, "++++++", "spindle stop"},
    {'M', 60, Group::kToolChange, "++++++", "tool change"},
    {'M', 70, Group::kCoolant, "+-++++", "mist"},
    {'M', 80, Group::kCoolant, "++++++", "flood"},
    {'M', 90, Group::kCoolant, "++++++", "coolant off"},
    {'M', 100, Group::kOtherM, "---iii", "clamp"},
    {'M', 110, Group::kOtherM, "---iii", "unclamp"},
    {'M', 130, Group::kSpindle, "---++-", "spindle clockwise and coolant"},
    {'M', 140, Group::kSpindle, "---++-", "spindle counter-clockwise and coolant"},
    {'M', 190, Group::kOtherM, "+--iii", "orient the spindle"},
    {'M', 290, Group::kOtherM, "---i--", "rigid tapping"},
    {'M', 300, Group::kStop, "++++++", "program end and rewind"},
    {'M', 480, Group::kOverride, "+-iiii", "overrides on"},
    {'M', 490, Group::kOverride, "+-iiii", "overrides off"},
    {'M', 500, Group::kOverride, "+-i---", "feed override control"},
    {'M', 510, Group::kOverride, "+-i---", "speed override control"},
    {'M', 520, Group::kOverride, "+-----", "adaptive feed"},
    {'M', 530, Group::kOverride, "+-i---", "feed stop control"},
    {'M', 600, Group::kStop, "+-+---", "pallet change and stop"},
    {'M', 610, Group::kOtherM, "+-+---", "set the tool number"},
    {'M', 620, Group::kOtherM, "+-----", "output, with motion"},
    {'M', 630, Group::kOtherM, "+-----", "output, with motion"},
    {'M', 640, Group::kOtherM, "+-----", "output"},
    {'M', 650, Group::kOtherM, "+-----", "output"},
    {'M', 660, Group::kOtherM, "n-----", "wait for input: not waited for"},
    {'M', 670, Group::kOtherM, "+-----", "analogue output, with motion"},
    {'M', 680, Group::kOtherM, "+-----", "analogue output"},
    {'M', 700, Group::kModalState, "+-+---", "save the modal state"},
    {'M', 710, Group::kModalState, "+-+---", "forget the saved modal state"},
    {'M', 720, Group::kModalState, "+-+---", "restore the modal state"},
    {'M', 730, Group::kModalState, "+-+---", "save, restore at return"},
    {'M', 970, Group::kSubprogram, "---+++", "local subprogram"},
    {'M', 980, Group::kSubprogram, "+-++++", "subprogram call"},
    {'M', 1980, Group::kSubprogram, "---+--", "subprogram call, from another device"},
    {'M', 990, Group::kSubprogram, "+-++++", "subprogram end"},
};

constexpr int kMaxNumber = 2000;  // ten times the largest code in the table, and one

constexpr auto make_index() {
    std::array<std::array<int16_t, kMaxNumber>, 2> index{};
    for (auto& letters : index)
        for (auto& entry : letters) entry = -1;
    int16_t at = 0;
    for (const CodeRule& rule : kRules) index[rule.letter == 'M'][static_cast<size_t>(rule.number)] = at++;
    return index;
}
constexpr auto kIndex = make_index();

}  // namespace

const CodeRule* rule_of(char letter, int number) {
    if (number < 0 || number >= kMaxNumber) return nullptr;
    int at = kIndex[letter == 'M'][static_cast<size_t>(number)];
    return at < 0 ? nullptr : &kRules[at];
}

Action action_of(const CodeRule& rule, Dialect dialect) {
    CHECK(dialect != Dialect::kAuto);
    switch (rule.actions[static_cast<size_t>(dialect) - static_cast<size_t>(Dialect::kLinuxcnc)]) {
        case '+': return Action::kDone;
        case 'i': return Action::kIgnored;
        case 'n': return Action::kNoted;
        case 'r': return Action::kRefused;
        default: return Action::kUnknown;
    }
}

const CodeRule* code_rules_begin() { return kRules; }
const CodeRule* code_rules_end() { return kRules + std::size(kRules); }

std::string spelling(char letter, int number) {
    std::string text = letter + std::to_string(number / 10);
    if (number % 10) text += "." + std::to_string(number % 10);
    return text;
}

}  // namespace proveout::interp
