// What LinuxCNC refuses before it carries out a block: words that nothing in the block uses, words that a code needs, and codes that do not
// go with cutter radius compensation. Its own list (interp_check, reference of codes), in its order of letters.
#include <cmath>

#include "interp/interpreter.h"

namespace proveout::interp {

namespace {

using gcode::bit;
using gcode::bits;
using gcode::Block;

bool is_one_of(int code, std::initializer_list<int> list) {
    for (int candidate : list)
        if (code == candidate) return true;
    return false;
}

bool has_m_of(const Block& block, std::initializer_list<int> list) {
    for (int code : list)
        if (block.has_m(code)) return true;
    return false;
}

// Letters that a motion code takes beside axis words, F, S, T.
uint32_t words_of_motion(int motion) {
    switch (motion) {
        case 20:
        case 30:
            return bits("IJKRP");
        case 50:
            return bits("IJPQ");
        case 51:
            return bits("IJ");
        case 52:
            return bits("LP");
        case 330:
            return bits("KE");
        case 331:
            return bits("KEI");
        case 730:
            return bits("LRQ");
        case 740:
            return bits("PR");
        case 760:
            return bits("EHIJKLPQR");
        case 830:
            return bits("LRQ");
        case 820:
        case 840:
        case 860:
        case 880:
        case 890:
            return bits("LRP");
        case 870:
            return bits("LRIJK");
        case 810:
        case 850:
            return bits("LR");
        default:
            return 0;
    }
}

uint32_t words_of_m_codes(const Block& block) {
    uint32_t used = 0;
    if (has_m_of(block, {500, 510, 520, 530, 620, 630, 640, 650})) used |= bit('P');
    if (block.has_m(660)) used |= bits("EPLQ");
    if (has_m_of(block, {670, 680})) used |= bits("EQ");
    if (block.has_m(190)) used |= bits("PQR");
    if (block.has_m(610)) used |= bit('Q');
    if (block.has_m(980)) used |= bits("PL");
    return used;
}

}  // namespace

// Who uses the axis words: a code of group 0, the motion code of the block, or the motion mode.
bool Interpreter::decide_linuxcnc_motion(const Block& block, Request& request) {
    int code = request[Group::kMotion], length = request[Group::kToolLength];
    bool axes = request.axis_words != 0, taken = is_one_of(request.non_modal, {100, 280, 300, 520, 920});
    if (block.polar() && state_.plane != ArcPlane::kXY) return refuse(0, "polar words (@ ^) work in the plane XY only (G17)");
    if (block.polar() && taken && request.non_modal == 920) return refuse(0, "polar words (@ ^) are for moves only");
    if (code == kNoMotion) {
        if (axes && !taken) return refuse(31, "axis words with G80, which uses none");
    } else if (code >= 0) {
        if (taken) return refuse(24, "two G codes use the axis words: " + spelling('G', code) + " and " + spelling('G', request.non_modal));
        if (!axes && !is_one_of(code, {0, 10, 20, 30, 52})) return refuse(26, spelling('G', code) + " without axis words");
        request.motion = code;
    } else if (!taken && axes) {
        if (state_.motion == kNoMotion && !is_one_of(length, {431, 432}))
            return refuse(31, "axis words without a G code that uses them (the motion mode is G80)");
        if (length != 431 && state_.motion != kNoMotion) request.motion = state_.motion;
    } else if (!taken && block.has_any(bits("IJK")) && is_one_of(state_.motion, {20, 30})) {
        request.motion = state_.motion;
    }
    if (block.polar() && request.motion < 0) return refuse(0, "polar words (@ ^) are for moves only");
    return true;
}

bool Interpreter::check_linuxcnc_words(const Block& block, const Request& request) {
    int motion = request.motion;
    uint32_t used = bits("XYZABCUVWFST") | words_of_motion(motion) | words_of_m_codes(block);
    if (request.dwell) used |= bit('P');
    if (request.non_modal == 100) used |= bits("PLRIJQ");
    if (request[Group::kPathMode] == 640) used |= bits("PQ");
    if (is_one_of(request[Group::kToolLength], {430, 432})) used |= bit('H');
    int side = request[Group::kCutterSide];
    if (side > 400) used |= bits("DL") | (side % 10 == 1 ? bit('R') : 0u);
    if (request[Group::kSpindleMode] == 960) used |= bit('D');
    for (char letter = 'A'; letter <= 'Z'; ++letter)
        if ((block.words & ~used) & bit(letter)) return refuse(36, std::string("word ") + letter + " with no code to use it");
    if (request[Group::kSpindleMode] == 960 && !block.has('S')) return refuse(28, "G96 needs an S word");
    if (motion == 330 || motion == 331) {
        if (!block.has('K')) return refuse(28, spelling('G', motion) + " needs K, the distance per turn");
        if (block.has('F')) return refuse(36, "F word beside " + spelling('G', motion) + ", which takes its feed from K");
    }
    if (motion == 760 && !(block.has('P') && block.has('I') && block.has('J') && block.has('K')))
        return refuse(28, "G76 needs P, I, J and K");
    if (request.dwell && (motion == 20 || motion == 30)) return refuse(36, "G4 beside an arc: both use P");
    if (block.has('P') && (motion == 20 || motion == 30 || block.has_m(190)) &&
        std::fabs(block.get('P') - std::round(block.get('P'))) > 0.001)
        return refuse(39, "P must be whole here");
    if (block.has_m(190) && block.has('P') && (block.get('P') < -0.5 || block.get('P') >= 2.5))
        return refuse(39, "P of M19 must be 0, 1 or 2");
    if (block.has_m(190) && block.has('R') && !(block.get('R') >= 0 && block.get('R') <= 360))
        return refuse(39, "R of M19 must be 0 to 360");
    if (request.machine_coordinates && motion != 0 && motion != 10) return refuse(30, "G53 needs G0 or G1");
    int distance = request[Group::kDistance];
    if (request.machine_coordinates && (distance == 910 || (distance != 900 && state_.incremental)))
        return refuse(30, "G53 cannot be used in incremental mode (G91)");
    return check_with_comp(block, request);
}

// Compensation that is in force when the block begins; G40 in the block itself comes too late for some of these, as in LinuxCNC.
bool Interpreter::check_with_comp(const Block& block, const Request& request) {
    if (comp_.side == 0) return true;
    if (has_m_of(block, {620, 630, 640, 650, 660, 670, 680})) return without_comp("inputs and outputs (M62 to M68)");
    if (has_m_of(block, {60, 610})) return without_comp("a tool change");
    if (has_m_of(block, {480, 490, 500, 510, 520, 530})) return without_comp("overrides (M48 to M53)");
    int plane = request[Group::kPlane];
    bool same = plane < 0 || (plane == 170 && state_.plane == ArcPlane::kXY) || (plane == 180 && state_.plane == ArcPlane::kZX);
    if (!same) return without_comp("a change of the plane");
    int side = request[Group::kCutterSide];
    if (side > 400) return refuse(0, "cutter radius compensation is on already");
    if (side == 400) return true;
    if (request[Group::kToolLength] >= 0) return without_comp("a change of the tool length offset");
    if (request[Group::kWorkOffset] >= 0) return without_comp("a change of the coordinate system");
    if (request[Group::kPathMode] >= 0) return without_comp("a change of the path mode (G61, G64)");
    if (request[Group::kRetract] >= 0) return without_comp("a change of the retract mode (G98, G99)");
    if (is_one_of(request.non_modal, {280, 300, 281, 301})) return without_comp(spelling('G', request.non_modal));
    if (is_one_of(request.non_modal, {920, 921, 922, 923, 520})) return without_comp("a change of the axis offsets");
    if (request.machine_coordinates) return without_comp("a move in machine coordinates (G53)");
    if (request.motion >= 0 && request.motion != kNoMotion && !is_one_of(request.motion, {0, 10, 20, 30}))
        return without_comp(spelling('G', request.motion));
    return true;
}

}  // namespace proveout::interp
