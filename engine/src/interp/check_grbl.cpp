// What GRBL 1.1 accepts and refuses, with its error numbers, in its order: word by word, then the block as a whole. Measured from the
// firmware; the meaning of the numbers is in the message.
#include <cmath>

#include "interp/interpreter.h"

namespace proveout::interp {

namespace {

using gcode::bit;
using gcode::bits;
using gcode::Block;

constexpr uint32_t kAxisWords = bits("XYZ"), kCentreWords = bits("IJK");
constexpr double kMaxLineNumber = 10'000'000;
constexpr int kMaxGrblTool = 255;
constexpr int kMaxGrblCode = 255;  // ten times less than in CodeRule: the firmware's limit for any code number

bool is_arc(int motion) { return motion == 20 || motion == 30; }
bool is_probe(int motion) { return motion >= 382 && motion <= 385; }

// Codes that claim the axis words of the block.
enum class AxisUser { kNone, kMotion, kNonModal, kLength };

}  // namespace

struct GrblWords {
    uint32_t groups = 0;  // bits of Group
    uint32_t letters = 0;
    AxisUser user = AxisUser::kNone;
};

bool Interpreter::check_grbl_code(char letter, int number, GrblWords& seen) {
    if (number / 10 > kMaxGrblCode) {  // the firmware keeps eight bits of the number and takes the rest for decimals
        const CodeRule* wrapped = rule_of(letter, (number / 10 & kMaxGrblCode) * 10);
        bool known = letter == 'M' || (wrapped && action_of(*wrapped, dialect_) != Action::kUnknown);
        return refuse(known ? 23 : 20, "unknown code " + spelling(letter, number));
    }
    if (letter == 'G' && number == 430 && seen.user != AxisUser::kNone)
        return refuse(24, "two codes of the block want the axis words (G43 is the second)");
    const CodeRule* rule = rule_of(letter, number);
    Action action = rule ? action_of(*rule, dialect_) : Action::kUnknown;
    if (action == Action::kUnknown || action == Action::kRefused) {
        // The whole number decides whether the decimals or the code are complained of.
        bool tenths = number % 10 != 0;
        const CodeRule* whole = rule_of(letter, number / 10 * 10);
        bool known = whole && action_of(*whole, dialect_) != Action::kUnknown;
        bool decimals_decide =
            letter == 'G' && (number / 10 == 10 || number / 10 == 28 || number / 10 == 30 || number / 10 == 38 || number / 10 == 43 ||
                              number / 10 == 49 || number / 10 == 61 || number / 10 == 90 || number / 10 == 91 || number / 10 == 92);
        if (tenths && letter == 'M') return refuse(23, "M codes have no decimals: " + spelling(letter, number));
        if (tenths && known && !decimals_decide) return refuse(23, "unknown code " + spelling(letter, number));
        return refuse(20, spelling(letter, number) + " is not supported");
    }
    AxisUser user = AxisUser::kNone;
    if (rule->group == Group::kMotion && number != kNoMotion) user = AxisUser::kMotion;
    if (letter == 'G' && (number == 100 || number == 280 || number == 300 || number == 920)) user = AxisUser::kNonModal;
    if (rule->group == Group::kToolLength) user = AxisUser::kLength;
    bool taken = (seen.groups & (1u << static_cast<int>(rule->group))) != 0;
    if (user != AxisUser::kNone) {
        if (seen.user != AxisUser::kNone)
            return refuse(24, "two codes of the block want the axis words (" + spelling(letter, number) + " is the second)");
        seen.user = user;
    }
    uint32_t mask = 1u << static_cast<int>(rule->group);
    if (taken) return refuse(21, "two codes of one modal group (" + spelling(letter, number) + " is the second)");
    seen.groups |= mask;
    return true;
}

// Faults that the firmware meets while it reads the words one after the other.
bool Interpreter::check_grbl_words(const Block& block) {
    GrblWords seen;
    int g = 0, m = 0;
    for (int i = 0; i < block.order_count; ++i) {
        char letter = block.order[static_cast<size_t>(i)];
        if (letter == 'G' || letter == 'M') {
            int& index = letter == 'G' ? g : m;
            if (index >= (letter == 'G' ? block.g_count : block.m_count)) break;  // the number behind it is at fault
            int number = (letter == 'G' ? block.g : block.m)[static_cast<size_t>(index++)];
            if (letter == 'M' && number == 60) {
                grbl_tool_change_ = true;
                return refuse(20, "M6 is not supported by GRBL; senders make the tool change");
            }
            if (!check_grbl_code(letter, number, seen)) return false;
            continue;
        }
        if (letter == 'N') {
            if (seen.letters & bit('N')) return refuse(25, "the word N stands twice in the block");
            seen.letters |= bit('N');
            continue;
        }
        if (!block.has(letter)) break;  // its number is at fault
        if (!(grammar_.letters & bit(letter))) return refuse(20, std::string("the word ") + letter + " is not supported");
        if (seen.letters & bit(letter)) return refuse(25, std::string("the word ") + letter + " stands twice in the block");
        seen.letters |= bit(letter);
        if (letter == 'T' && block.get('T') > kMaxGrblTool) return refuse(38, "tool numbers go up to 255");
        if ((bits("FLPST") & bit(letter)) && block.get(letter) < 0) return refuse(4, std::string("negative ") + letter + " word");
    }
    if (block.has_number && block.number > kMaxLineNumber) return refuse(27, "the line number is above 10000000");
    return true;
}

bool Interpreter::check_grbl_block(const Block& block, const Request& request) {
    uint32_t left = block.words & ~bits("FST");
    uint32_t axes = block.words & kAxisWords;
    FeedMode mode = state_.feed_mode;
    if (request[Group::kFeedMode] >= 0) mode = request[Group::kFeedMode] == 930 ? FeedMode::kInverseTime : FeedMode::kPerMinute;
    int motion = request.motion >= 0 ? request.motion : request[Group::kMotion] >= 0 ? request[Group::kMotion] : state_.motion;
    bool moves = request.motion >= 0 || request[Group::kMotion] >= 0;
    if (mode == FeedMode::kInverseTime && moves && motion != 0 && motion != kNoMotion && !block.has('F') && (request.motion >= 0))
        return refuse(22, "every block with a feed move needs F in G93");
    if (request.dwell) {
        if (!block.has('P')) return refuse(28, "G4 needs P, the seconds");
        left &= ~bit('P');
    }
    if (request[Group::kToolLength] == 431) {
        if (axes & ~bit('Z')) return refuse(37, "G43.1 takes the tool axis Z only");
        if (axes == 0) return refuse(37, "G43.1 needs the tool axis Z");
    }
    if (!check_grbl_non_modal(block, request, left)) return false;
    if (request.machine_coordinates) {
        bool straight_mode = motion == 0 || motion == 10;
        if (!straight_mode) return refuse(30, "G53 needs G0 or G1");
    }
    if (motion == kNoMotion && axes) return refuse(31, "axis words without a motion mode (G80)");  // whoever wants them
    if (!check_grbl_motion(block, request, left)) return false;
    left &= ~axes;
    if (left == 0) return true;
    for (char letter = 'A'; letter <= 'Z'; ++letter)
        if (left & bit(letter)) return refuse(36, std::string("nothing in the block uses the word ") + letter);
    return true;
}

bool Interpreter::check_grbl_non_modal(const Block& block, const Request& request, uint32_t& left) {
    uint32_t axes = block.words & kAxisWords;
    if (request.non_modal == 100) {
        if (axes == 0) return refuse(26, "G10 needs axis words");
        if (!block.has('P') && !block.has('L')) return refuse(28, "G10 needs L and P");
        double p = block.get_or('P', 0);
        if (p >= 7) return refuse(29, "there is no such work offset (G10 P)");
        int l = static_cast<int>(block.get_or('L', 0));
        if (l != 2 && l != 20) return refuse(20, "G10 knows L2 and L20");
        if (l == 2 && block.has('R')) return refuse(20, "G10 L2 with R is not supported");
        left &= ~(bits("PL") | axes);
        return true;
    }
    if (request.non_modal == 920 && axes == 0) return refuse(26, "G92 needs axis words");
    if (request.non_modal == 280 || request.non_modal == 300 || request.non_modal == 920) left &= ~axes;
    return true;
}

bool Interpreter::check_grbl_motion(const Block& block, const Request& request, uint32_t& left) {
    int motion = request.motion >= 0 ? request.motion : request[Group::kMotion];
    if (motion < 0 || motion == kNoMotion) return true;
    uint32_t axes = block.words & kAxisWords;
    bool straight_without_axes = (motion == 0 || motion == 10) && axes == 0;
    double feed = block.has('F') ? block.get('F') : state_.feed;
    FeedMode mode = request[Group::kFeedMode] < 0      ? state_.feed_mode
                    : request[Group::kFeedMode] == 930 ? FeedMode::kInverseTime
                                                       : FeedMode::kPerMinute;
    if (mode != state_.feed_mode && !block.has('F')) feed = 0;
    if (motion != 0 && !(feed > 0)) return refuse(22, "the feed is missing");
    if (straight_without_axes) return true;
    if (is_arc(motion)) {
        uint32_t plane_axes = state_.plane == ArcPlane::kXY ? bits("XY") : state_.plane == ArcPlane::kZX ? bits("ZX") : bits("YZ");
        int plane = request[Group::kPlane];
        if (plane >= 0) plane_axes = plane == 170 ? bits("XY") : plane == 180 ? bits("ZX") : bits("YZ");
        uint32_t centre =
            (plane_axes & bits("X") ? bit('I') : 0u) | (plane_axes & bits("Y") ? bit('J') : 0u) | (plane_axes & bits("Z") ? bit('K') : 0u);
        if (axes == 0) return refuse(26, "an arc needs axis words");
        if ((axes & plane_axes) == 0) return refuse(32, "an arc needs an axis word of its plane");
        if (block.has('R'))
            left &= ~bit('R');
        else if (!block.has_any(centre))
            return refuse(35, "an arc needs R or a centre in its plane (I J K)");
        else
            left &= ~kCentreWords;
        if (!check_grbl_arc(block, request)) return false;
    }
    if (is_probe(motion) && axes == 0) return refuse(26, "a probing move needs axis words");
    return true;
}

}  // namespace proveout::interp
