// What grblHAL accepts and refuses, with its error numbers, in its order: word by word, then the block as a whole. A machine with three
// axes, tool table and spindle encoder absent, expressions on.
#include <cmath>

#include "interp/interpreter.h"

namespace proveout::interp {

namespace {

using gcode::bit;
using gcode::bits;
using gcode::Block;

constexpr uint32_t kAxisWords = bits("XYZ"), kSpline = bits("IJPQ");
constexpr double kMaxLineNumber = 10'000'000, kMaxMacro = 65535;
constexpr int kLastPlainM = 99;  // M codes up to it have no decimals
constexpr int kWorkSystems = 9;

bool whole(double value) { return value == std::floor(value); }
bool is_cycle(int motion) { return motion == 730 || (motion >= 810 && motion <= 890); }
bool is_arc(int motion) { return motion == 20 || motion == 30; }
bool is_probe(int motion) { return motion >= 382 && motion <= 385; }
bool is_synchronised(int motion) { return motion == 330 || motion == 331; }

// The firmware's modal groups, where they are not ours. -1: none.
int group_of(const CodeRule& rule) {
    if (rule.letter == 'M') {
        if (rule.number >= 700 && rule.number <= 730) return -1;
        if (rule.number == 990) return static_cast<int>(Group::kStop);
        if (rule.number == 610) return static_cast<int>(Group::kToolChange);
    }
    if (rule.letter == 'G' && rule.group == Group::kMacroModal) return static_cast<int>(Group::kSubprogram);
    if (rule.letter == 'G' && rule.number == 650) return static_cast<int>(Group::kSubprogram);
    return static_cast<int>(rule.group);
}

// Codes whose decimals the firmware looks at before it knows the code: else it complains that the number is not whole.
bool decimals_decide(int code) {
    return code == 5 || code == 28 || code == 30 || code == 38 || code == 43 || code == 49 || code == 59 || code == 61 || code == 65 ||
           code == 90 || code == 91 || code == 92;
}

}  // namespace

// Who claims the axis words.
enum class HalUser { kNone, kMotion, kNonModal, kLength, kScaling };

struct HalWords {
    uint32_t groups = 0;  // bits of Group
    uint32_t letters = 0;
    HalUser user = HalUser::kNone;
};

namespace {

HalUser user_of(const CodeRule& rule) {
    if (rule.letter != 'G') return HalUser::kNone;
    if (rule.group == Group::kMotion && rule.number != kNoMotion) return HalUser::kMotion;
    if (rule.number == 100 || rule.number == 280 || rule.number == 300 || rule.number == 920) return HalUser::kNonModal;
    if (rule.number == 431) return HalUser::kLength;
    return rule.group == Group::kScaling ? HalUser::kScaling : HalUser::kNone;
}

HalUser user_of(const Block& block) {
    HalUser user = HalUser::kNone;
    for (int i = 0; i < block.g_count; ++i)
        if (const CodeRule* rule = rule_of('G', block.g[static_cast<size_t>(i)]))
            if (HalUser wanted = user_of(*rule); wanted != HalUser::kNone) user = wanted;
    return user;
}

}  // namespace

bool Interpreter::check_hal_code(char letter, int number, HalWords& seen) {
    const CodeRule* rule = rule_of(letter, number);
    Action action = rule ? action_of(*rule, dialect_) : Action::kUnknown;
    if (action == Action::kUnknown || action == Action::kRefused) {
        bool tenths = number % 10 != 0;
        if (tenths && letter == 'M' && number / 10 <= kLastPlainM) return refuse(23, "M codes have no decimals: " + spelling('M', number));
        const CodeRule* integer = rule_of(letter, number / 10 * 10);
        bool known = integer && action_of(*integer, dialect_) != Action::kUnknown;
        if (tenths && letter == 'G' && known && !decimals_decide(number / 10)) return refuse(23, "unknown code " + spelling('G', number));
        return refuse(20, spelling(letter, number) + " is not supported");
    }
    HalUser user = user_of(*rule);
    if (user == HalUser::kScaling) {
        seen.user = user;  // whoever claimed the words before
    } else if (user != HalUser::kNone) {
        if (seen.user != HalUser::kNone)
            return refuse(24, "two codes of the block want the axis words (" + spelling(letter, number) + " is the second)");
        seen.user = user;
    }
    int group = group_of(*rule);
    if (group < 0) return true;
    if (seen.groups & (1u << group)) return refuse(21, "two codes of one modal group (" + spelling(letter, number) + " is the second)");
    seen.groups |= 1u << group;
    return true;
}

// Faults that the firmware meets while it reads the words one after the other.
bool Interpreter::check_hal_words(const Block& block) {
    HalWords seen;
    int g = 0, m = 0;
    for (int i = 0; i < block.order_count; ++i) {
        char letter = block.order[static_cast<size_t>(i)];
        if (letter == 'G' || letter == 'M') {
            int& index = letter == 'G' ? g : m;
            if (index >= (letter == 'G' ? block.g_count : block.m_count)) break;  // the number behind it is at fault
            if (!check_hal_code(letter, (letter == 'G' ? block.g : block.m)[static_cast<size_t>(index++)], seen)) return false;
            continue;
        }
        bool number = letter == 'N';
        if (!number && !block.has(letter)) break;  // its number is at fault
        if (!number && !(grammar_.letters & bit(letter))) return refuse(20, std::string("the word ") + letter + " is not supported");
        double value = number ? block.number : block.get(letter);
        if (letter == 'L' && !whole(value)) return refuse(23, "L is not whole");
        if (seen.letters & bit(letter)) return refuse(25, std::string("the word ") + letter + " stands twice in the block");
        if ((number || letter == 'L') && value < 0) return refuse(4, std::string("negative ") + letter + " word");
        seen.letters |= bit(letter);
    }
    return true;
}

bool Interpreter::check_hal_block(const Block& block, const Request& request) {
    HalUser user = user_of(block);
    uint32_t left = block.words, axes = block.words & kAxisWords;
    if (request[Group::kSubprogram] == 980 || request.non_modal == 650) {
        if (!block.has('P')) return refuse(28, "the call needs P, the number of the subprogram");
        if (block.get('P') > kMaxMacro) return refuse(39, "P, the number of the subprogram, is out of range");
        if (request.non_modal == 650) return true;  // all words are its arguments
        left &= ~bits("PL");
    }
    if (axes && user == HalUser::kNone) user = HalUser::kMotion;
    if (block.has_number && block.number > kMaxLineNumber) return refuse(27, "the line number is above 10000000");
    for (char letter : {'T', 'H'}) {
        if (!block.has(letter)) continue;
        if (!whole(block.get(letter))) return refuse(23, std::string(1, letter) + " is not whole");
        if (block.get(letter) < 0) return refuse(4, std::string("negative ") + letter + " word");
    }
    int motion = request[Group::kMotion] >= 0 ? request[Group::kMotion] : state_.motion;
    bool inverse = request[Group::kFeedMode] >= 0 ? request[Group::kFeedMode] == 930 : state_.feed_mode == FeedMode::kInverseTime;
    bool needs_feed = motion != 0 && motion != kNoMotion && !is_synchronised(motion);
    if (inverse && !block.has('F') && user == HalUser::kMotion && needs_feed)
        return refuse(22, "every block with a feed move needs F in G93");
    for (char letter : {'F', 'S'})
        if (block.get_or(letter, 0) < 0) return refuse(4, std::string("negative ") + letter + " word");
    if (is_synchronised(motion)) left &= ~(motion == 330 ? bits("K") : bits("IK"));
    if (!check_hal_m_words(block, request, left)) return false;
    if (request[Group::kScaling] == 510) {
        if (axes == 0) return refuse(26, "G51 needs axis words, the factors");
        axes = 0;
        left &= ~kAxisWords;
    }
    if (request[Group::kToolLength] == 431 && axes == 0) return refuse(37, "G43.1 needs an axis word");
    if (!check_hal_non_modal(block, request, left)) return false;
    if (motion == kNoMotion) {
        if (axes && user != HalUser::kNonModal) return refuse(31, "axis words without a motion mode (G80)");
    } else if (user == HalUser::kMotion && motion != 0 && !check_hal_motion(block, request, motion, left)) {
        return false;
    }
    left &= ~bits("FST");
    if (user != HalUser::kNone) left &= ~kAxisWords;
    if (left == 0) return true;
    for (char letter = 'A'; letter <= 'Z'; ++letter)
        if (left & bit(letter)) return refuse(36, std::string("nothing in the block uses the word ") + letter);
    return true;
}

// Words of M61, overrides and dwell.
bool Interpreter::check_hal_m_words(const Block& block, const Request& request, uint32_t& left) {
    if (request[Group::kOtherM] == 610) {
        if (!block.has('Q')) return refuse(28, "M61 needs Q, the number of the tool");
        if (!whole(block.get('Q'))) return refuse(23, "Q, the number of the tool, is not whole");
        left &= ~bit('Q');
    }
    bool override = block.has_m(500) || block.has_m(510) || block.has_m(530) || block.has_m(480) || block.has_m(490);
    if (request.dwell && !block.has('P')) return refuse(28, "G4 needs P, the seconds");
    if (!override && !request.dwell) return true;
    if (block.get_or('P', 0) < 0) return refuse(4, "negative P word");
    left &= ~bit('P');
    return true;
}

bool Interpreter::check_hal_non_modal(const Block& block, const Request& request, uint32_t& left) {
    bool axes = block.has_any(kAxisWords);
    if (request.non_modal == 100) {
        int l = static_cast<int>(block.get_or('L', 0));
        if (l > 0) {
            if (!axes && (l == 20 || !block.has('R'))) return refuse(26, "G10 needs axis words");
            if (block.get_or('P', 0) < 0) return refuse(4, "negative P word");
        }
        if (l != 2 && l != 20) return refuse(20, "G10 knows L2 and L20");
        if (l == 2 && block.has('R')) return refuse(20, "G10 L2 with R is not supported");
        if (std::trunc(block.get_or('P', 0)) > kWorkSystems) return refuse(29, "there is no such work offset (G10 P)");
        left &= ~bits("PL");
        return true;
    }
    if (request.non_modal == 920 && !axes) return refuse(26, "G92 needs axis words");
    if (!request.machine_coordinates) return true;
    int motion = request[Group::kMotion] >= 0 ? request[Group::kMotion] : state_.motion;
    return motion == 0 || motion == 10 || refuse(30, "G53 needs G0 or G1");
}

bool Interpreter::check_hal_motion(const Block& block, const Request& request, int motion, uint32_t& left) {
    if (is_synchronised(motion)) return refuse(20, "the spindle has no encoder");
    bool same_mode = request[Group::kFeedMode] < 0 || (request[Group::kFeedMode] == 930) == (state_.feed_mode == FeedMode::kInverseTime);
    double feed = block.has('F') ? block.get('F') : same_mode ? state_.feed : 0;
    if (feed == 0) return refuse(22, "the feed is missing");
    if (is_cycle(motion)) return check_hal_cycle(block, request, motion, left);
    uint32_t axes = block.words & kAxisWords;
    if (is_arc(motion)) return check_hal_arc(block, request, left);
    if (motion == 50 || motion == 51) {
        if (plane_code(request) != 170) return refuse(42, "a spline lies in the plane XY (G17)");
        if (axes & ~bits("XY")) return refuse(24, "a spline takes X and Y only");
        bool changed = motion != state_.motion, both = block.has('I') && block.has('J');
        if (motion == 50 && !(block.has('P') && block.has('Q'))) return refuse(28, "G5 needs P and Q");
        if ((motion == 51 || changed) && !both) return refuse(28, "the spline needs I and J");
        if (motion == 51 && block.get('I') == 0) return refuse(39, "I of G5.1 must not be 0");
        left &= ~(motion == 50 ? kSpline : bits("IJ"));
        return true;
    }
    if (!is_probe(motion)) return true;
    if (axes == 0) return refuse(26, "a probing move needs axis words");
    left &= ~bit('P');
    return true;
}

bool Interpreter::check_hal_arc(const Block& block, const Request& request, uint32_t& left) {
    int plane = plane_code(request);
    uint32_t in_plane = plane == 170 ? bits("XY") : plane == 180 ? bits("XZ") : bits("YZ");
    uint32_t centre = plane == 170 ? bits("IJ") : plane == 180 ? bits("IK") : bits("JK");
    if (block.has('R')) {
        if (!block.has_any(kAxisWords)) return refuse(26, "an arc with R needs axis words");
        if (!block.has_any(in_plane)) return refuse(32, "an arc with R needs an axis word of its plane");
    }
    if (block.has('P')) {
        if (!whole(block.get('P'))) return refuse(23, "P, the number of turns, is not whole");
        if (block.get('P') == 0) return refuse(39, "P, the number of turns, is 0");
        left &= ~bit('P');
    }
    if (block.has('R'))
        left &= ~bit('R');
    else if (!block.has_any(centre))
        return refuse(35, "an arc needs R or a centre in its plane (I J K)");
    else
        left &= ~bits("IJK");
    return check_grbl_arc(block, request);
}

bool Interpreter::check_hal_cycle(const Block& block, const Request& request, int motion, uint32_t& left) {
    bool changed = request[Group::kMotion] >= 0 && motion != state_.motion;
    int plane = plane_code(request);
    char bottom = plane == 170 ? 'Z' : plane == 180 ? 'Y' : 'X';
    if (changed) {
        if (state_.feed_mode == FeedMode::kInverseTime) return refuse(3, "a canned cycle cannot be used with inverse-time feed (G93)");
        if (!block.has('R')) return refuse(28, "the cycle needs R");
        if (!block.has(bottom)) return refuse(28, std::string("the cycle needs ") + bottom);
    }
    if (block.has('L') && block.get('L') <= 0) return refuse(19, "L of a cycle must be above 0");
    left &= ~bits("RL");
    if (motion == 820 || motion == 840 || motion == 860 || motion == 890) {
        if (block.get_or('P', 0) < 0) return refuse(4, "negative P word");
        if (!block.has('P') && changed) return refuse(28, "the cycle needs P, the dwell");
        left &= ~bit('P');
    }
    if (motion == 730 || motion == 830) {
        if (block.has('Q') && block.get('Q') <= 0) return refuse(4, "Q, the depth of a peck, must be above 0");
        if (!block.has('Q') && changed) return refuse(28, "the cycle needs Q, the depth of a peck");
        left &= ~bit('Q');
    }
    return true;
}

}  // namespace proveout::interp
