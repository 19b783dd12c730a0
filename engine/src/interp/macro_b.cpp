// Fanuc macro B: IF, GOTO, WHILE, DO, END; calls with arguments (G65, G66); system variables; output statements.
#include <cmath>

#include "interp/interpreter.h"

namespace proveout::interp {

namespace {

using gcode::Block;
using gcode::Flow;

constexpr size_t kMaxMacroLoops = 1000;  // nested; beyond, jumps out of loops have left them open
constexpr double kMaxCalls = 1e9;
// Local variable of each argument letter; 0: no argument.
constexpr int kVariable[26] = {1, 2, 3, 7, 8, 9, 0, 11, 4, 5, 6, 0, 13, 0, 0, 0, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26};
constexpr int kLastArgument = 33;

}  // namespace

bool Interpreter::do_macro_statement(const Block& block) {
    gcode::LineCursor& cursor = sources_[source_].cursor;
    std::string_view text = block.rest;
    gcode::ValueReader reader{grammar_, parameters_, refusal_};
    double value = 0;
    if (block.flow == Flow::kMacroIf) {
        if (!condition(text, value)) return false;
        bool jump = text.substr(0, 4) == "GOTO", then = text.substr(0, 4) == "THEN";
        if (!jump && !then) return refuse(0, "GOTO or THEN is missing behind IF");
        if (value == 0) return true;
        text.remove_prefix(4);
        if (then) {
            if (!parser_.parse_words(text, block_)) {
                refusal_ = parser_.refusal();
                return false;
            }
            return block_.words == 0 && block_.g_count == 0 && block_.m_count == 0 ? true : refuse(0, "behind THEN only #n=... can stand");
        }
        if (!reader.open_expression(text, value)) return false;
        return go_to(static_cast<int64_t>(value));
    }
    if (block.flow == Flow::kMacroGoto) {
        if (!reader.open_expression(text, value)) return false;
        return go_to(static_cast<int64_t>(value));
    }
    std::string label(block.label);
    if (label.empty()) return refuse(0, "DO without its number");
    size_t floor = calls_.empty() ? 0 : calls_.back().loops;
    size_t at = loops_.size();
    while (at > floor && !(loops_[at - 1].label == label && (block.flow == Flow::kMacroEnd || loops_[at - 1].offset == line_offset_))) --at;
    if (block.flow == Flow::kMacroEnd) {
        if (at == floor) return refuse(0, "END" + label + " closes no loop that is open");
        loops_.resize(at);
        cursor.seek(loops_.back().offset, loops_.back().line);
        return true;
    }
    value = 1;
    if (block.flow == Flow::kMacroWhile && !condition(text, value)) return false;
    if (value == 0) {
        if (at > floor) loops_.resize(at - 1);
        return skip_to(label, {Flow::kMacroEnd}, skip_block_);
    }
    if (at > floor) {
        loops_.resize(at);
        return true;
    }
    if (loops_.size() >= kMaxMacroLoops) return refuse(0, "loops are nested too deeply");
    loops_.push_back({LoopKind::kWhile, label, line_offset_, line_ - 1});
    return true;
}

bool Interpreter::macro_number(const Block& block, ModalMacro& macro) {
    if (!block.has('P')) return refuse(28, "a macro call needs P, the number of the macro");
    double repeats = block.get_or('L', 1);
    if (!(repeats >= 1 && repeats <= kMaxCalls)) return refuse(39, "the number of repeats is out of range");
    if (!(block.get('P') >= 0 && block.get('P') < kMaxCalls)) return refuse(39, "P of a macro call is out of range");
    macro.number = static_cast<int64_t>(block.get('P') + 0.5);
    macro.repeats = static_cast<int64_t>(repeats);
    macro.arguments = block;
    return true;
}

// G65: once, with the words as arguments.
bool Interpreter::do_macro_call(const Block& block) {
    ModalMacro macro;
    return macro_number(block, macro) && call_macro(macro);
}

// G66: after every block with a move, until G67.
bool Interpreter::do_modal_macro(const Block& block) {
    if (!macro_number(block, modal_macro_)) return false;
    modal_macro_.on = true;
    modal_macro_.level = calls_.size();
    return true;
}

// I J K may stand several times: the second I is #7, and so on.
bool Interpreter::call_macro(const ModalMacro& macro) {
    Call call;
    call.m98 = call.locals = true;
    call.repeats = macro.repeats - 1;
    const Block arguments = macro.arguments;  // the parser's views in it are not used
    if (!enter(std::to_string(macro.number), std::move(call)))
        return is(Dialect::kGrblhal) ? refuse(39, "macro " + std::to_string(macro.number) + " is not found") : false;
    parameters_.push(true);
    for (char letter = 'A'; letter <= 'Z'; ++letter) {
        int variable = kVariable[letter - 'A'];
        if (variable > 0 && arguments.has(letter)) parameters_.set(variable, arguments.get(letter));
    }
    int seen[3] = {0, 0, 0};
    for (int k = 0; k < arguments.centre_count; ++k) {
        const gcode::CentreWord& word = arguments.centre[static_cast<size_t>(k)];
        int which = word.letter - 'I', variable = 4 + which + 3 * seen[which]++;
        if (variable <= kLastArgument) parameters_.set(variable, word.value);
    }
    return true;
}

// POPEN, PCLOS, BPRNT, DPRNT, SETVN write to a port or name a variable.
bool Interpreter::output_statement(std::string_view line) {
    std::string text;
    for (char c : line.substr(0, 64))
        if (static_cast<unsigned char>(c) > ' ') text += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    size_t at = 0;
    while (at < text.size() && (text[at] == 'N' || text[at] == '/' || gcode::is_digit(text[at]))) ++at;
    for (std::string_view word : {"POPEN", "PCLOS", "BPRNT[", "DPRNT[", "SETVN"})
        if (text.compare(at, word.size(), word) == 0) {
            if (!output_noted_)
                find("NOT_EXECUTED", std::string(word.substr(0, 5)) + " writes to a port or names a variable; nothing is written");
            output_noted_ = true;
            return true;
        }
    return false;
}

// Modal information, positions, offsets. nullopt: an ordinary variable.
std::optional<double> Interpreter::fanuc_variable(int index) const {
    double unit = state_.unit_mm();
    auto tool_radius = [&](int number) {
        const Tool* tool = options_.tools ? find_tool(*options_.tools, number) : nullptr;
        return tool ? tool->diameter_mm / 2 / unit : 0.0;
    };
    if (index > 2000 && index <= 2200) return length_of(index - 2000) / unit;
    if (index > 11000 && index < 12000) return length_of(index - 11000) / unit;
    if (index > 13000 && index < 14000) return tool_radius(index - 13000);
    if ((index > 10000 && index < 11000) || (index > 12000 && index < 13000)) return 0;  // wear
    if (index > 4000 && index <= 4130) return modal_variable(index - 4000);
    int axis = index % 10 - 1;
    if (axis < 0 || axis > 2 || index < 5000 || index > 5206) {
        if (index <= 7000 || index > 7000 + 20 * kMoreWorkOffsets) return std::nullopt;
        int more = (index - 7001) / 20, place = (index - 7001) % 20;
        if (place >= kAxes) return std::nullopt;
        return work_offset_mm_[static_cast<size_t>(kWorkOffsets + more)][static_cast<size_t>(place)] / (is_rotary(place) ? 1 : unit);
    }
    size_t i = static_cast<size_t>(axis);
    switch (index / 10) {
        case 500:
        case 504:
            return work_position(state_.position)[i];
        case 502:
            return machine_of(state_.position)[i] / unit;
        case 506:
            return probed_[i];
        case 508:
            return state_.length_offset[i];
        case 520:
            return 0;  // external offset: G10 L2 P0 is refused
        default:
            return std::nullopt;
    }
}

// #4001 ...: the code in force of each group; #4109 F, #4111 H, #4115 program, #4119 S, #4120 T.
std::optional<double> Interpreter::modal_variable(int group) const {
    const State& s = state_;
    bool cycle = s.motion >= 730 && s.motion != kNoMotion;
    switch (group) {
        case 1:
            return cycle || s.motion == kNoMotion ? 0 : s.motion / 10;
        case 2:
            return s.plane == ArcPlane::kXY ? 17 : s.plane == ArcPlane::kZX ? 18 : 19;
        case 3:
            return s.incremental ? 91 : 90;
        case 5:
            return s.feed_mode == FeedMode::kInverseTime ? 93 : s.feed_mode == FeedMode::kPerMinute ? 94 : 95;
        case 6:
            return s.inches ? 20 : 21;
        case 7:
            return 40;
        case 8:
            return s.length_active ? 43 : 49;
        case 9:
            return cycle ? s.motion / 10 : 80;
        case 10:
            return s.initial_level ? 98 : 99;
        case 11:
            return s.transform.scaling ? 51 : 50;
        case 12:
            return modal_macro_.on ? 66 : 67;
        case 14:
            return s.work_offset < 6 ? 54 + s.work_offset : 54.1;
        case 16:
            return s.transform.rotating ? 68 : 69;
        case 109:
            return s.feed;
        case 111:
            return s.length_number < 0 ? 0 : s.length_number;
        case 115:
            return program_number_;
        case 119:
            return s.speed;
        case 120:
            return s.selected_tool;
        case 130:
            return s.work_offset >= kWorkOffsets ? s.work_offset - kWorkOffsets + 1 : 0;
        default:
            return std::nullopt;
    }
}

// Programmed coordinates with scaling, mirror image and rotation applied, as the control displays them.
Axes Interpreter::work_position(const Axes& position) const {
    Axes result = position;
    if (!state_.transform.active) return result;
    std::array<double, 3> q = state_.transform.apply(position[kX], position[kY], position[kZ]);
    for (size_t i = 0; i < 3; ++i) result[i] = q[i];
    return result;
}

// What an assignment to a system variable does besides keeping the value. False: refused.
bool Interpreter::assign_fanuc(int number, double value) {
    if (number == 3000)
        return refuse(0, "the program raises alarm " + std::to_string(static_cast<int64_t>(std::isfinite(value) ? value : 0)) + " (#3000)");
    if (number == 3006) {
        emit_event(MotionKind::kPause);
        find("PROGRAM_PAUSE", "#3006 stops with a message for the operator");
        return true;
    }
    if (!std::isfinite(value)) return true;
    double unit = state_.unit_mm();
    if (number > 2000 && number <= 2200) changed_length_mm_[number - 2000] = value * unit;
    if (number > 11000 && number < 12000) changed_length_mm_[number - 11000] = value * unit;
    int more = number - 7001;
    if (more < 0 || more >= 20 * kMoreWorkOffsets || more % 20 >= kAxes) return true;
    set_work_offset(kWorkOffsets + more / 20, more % 20, value * (is_rotary(more % 20) ? 1 : unit));
    return true;
}

}  // namespace proveout::interp
