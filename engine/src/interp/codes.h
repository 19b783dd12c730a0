// codes.h -- what every G and M code means to every dialect: the one table that drives the interpreter (and the dialect documentation).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proveout/setup.h"

namespace proveout::interp {

enum class Group : uint8_t {
    kNonModal,
    kMotion,
    kPlane,
    kDistance,
    kArcDistance,
    kFeedMode,
    kUnits,
    kCutterSide,
    kToolLength,
    kRetract,
    kWorkOffset,
    kPathMode,
    kSpindleMode,
    kDiameterMode,
    kScaling,
    kMirror,
    kRotation,
    kMacroModal,
    kPolar,
    kOtherG,
    kStop,
    kToolChange,
    kSpindle,
    kCoolant,
    kOverride,
    kSubprogram,
    kModalState,
    kOtherM
};

enum class Action : uint8_t {
    kUnknown,  // the controller does not know the code
    kDone,     // carried out
    kIgnored,  // accepted; nothing that a simulation shows
    kNoted,    // accepted with a warning, once per code: its effect is not simulated
    kRefused   // the controller has it, this reader does not: refused with that reason
};

struct CodeRule {
    char letter;
    int16_t number;  // ten times the code
    Group group;
    std::string_view actions;  // one character per dialect, in the order linuxcnc grbl grblhal fanuc haas mach3: - + i n r
    std::string_view meaning;
};

const CodeRule* rule_of(char letter, int number);  // nullptr: in no dialect
Action action_of(const CodeRule& rule, Dialect dialect);
const CodeRule* code_rules_begin();
const CodeRule* code_rules_end();

// "G59.1" of ('G', 591).
std::string spelling(char letter, int number);

}  // namespace proveout::interp
