// Reading line by line, the fast path for plain moves, refusals and the end of the program. See interpreter.h.
#include "interp/interpreter.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "gcode/number.h"

namespace proveout::interp {

namespace {

constexpr int64_t kLinesPerCheck = 1024;  // between two looks at Context::stop
constexpr size_t kMaxBlockText = 256;     // of a line in findings and errors (finding.h)
constexpr int64_t kPilotBlocks = 10000;   // to find the first programmed X and Y; beyond, zero is taken
constexpr double kFastLimit = 1e6;        // program units; larger coordinates go the general way, which checks them
constexpr size_t kFastLine = 79;          // bytes; every dialect takes lines of that length, longer ones go the general way
constexpr int kErrorLetter = 1, kErrorFeed = 22, kErrorSetting = 3, kErrorHoming = 5, kErrorJog = 16;

bool is_blank(char c) { return static_cast<unsigned char>(c) <= ' '; }

// M6 outside of comments. "M06" too, "M61" or "M6.1" not.
bool line_changes_tool(std::string_view line) {
    bool comment = false;
    for (size_t at = 0; at < line.size(); ++at) {
        char c = line[at];
        if (c == ';') return false;
        comment = c == '(' ? true : c == ')' ? false : comment;
        if (comment || (c != 'M' && c != 'm')) continue;
        size_t p = at + 1;
        while (p < line.size() && (line[p] == ' ' || line[p] == '0')) ++p;
        if (p < line.size() && line[p] == '6' && (p + 1 >= line.size() || (!gcode::is_digit(line[p + 1]) && line[p + 1] != '.')))
            return true;
    }
    return false;
}

bool has_tool_change(std::string_view text) {
    size_t at = 0;
    while (at < text.size()) {
        // To the next line with an M. Most lines of long programs have none.
        const void* upper = std::memchr(text.data() + at, 'M', text.size() - at);
        size_t found = upper ? static_cast<size_t>(static_cast<const char*>(upper) - text.data()) : text.size();
        if (const void* lower = std::memchr(text.data() + at, 'm', found - at))
            found = static_cast<size_t>(static_cast<const char*>(lower) - text.data());
        if (found == text.size()) return false;
        size_t begin = text.substr(at, found - at).rfind('\n');
        begin = begin == std::string_view::npos ? at : at + begin + 1;
        size_t end = std::min(text.find('\n', found), text.size());
        if (line_changes_tool(text.substr(begin, end - begin))) return true;
        at = end + 1;
    }
    return false;
}

// Commands and settings that GRBL 1.1 knows. `text` is upper case without blanks and begins with "$".
bool is_setting(const std::string& text) {
    for (const char* command : {"$", "$$", "$#", "$G", "$I", "$N", "$C", "$X", "$H", "$SLP", "$RST=$", "$RST=#", "$RST=*"})
        if (text == command) return true;
    if (text.rfind("$I=", 0) == 0 || text.rfind("$N0=", 0) == 0 || text.rfind("$N1=", 0) == 0) return true;
    size_t at = 1;
    int number = 0;
    while (at < text.size() && at < 6 && gcode::is_digit(text[at])) number = number * 10 + (text[at++] - '0');
    if (at == 1 || at >= text.size() || text[at] != '=') return false;
    for (int first : {100, 110, 120, 130})
        if (number >= first && number < first + 3) return true;
    return number <= 6 || (number >= 10 && number <= 13) || (number >= 20 && number <= 27) || (number >= 30 && number <= 32);
}

}  // namespace

Interpreter::Interpreter(const Program& program, const InterpretOptions& options, MotionObserver& observer, const Context& context,
                         Dialect dialect)
    : program_(program),
      options_(options),
      observer_(observer),
      context_(context),
      dialect_(dialect),
      grammar_(gcode::grammar_of(dialect)),
      parameters_(grammar_),
      parser_(grammar_, parameters_),
      tool_used_(1000, false) {
    parameters_.system_number = [this](int index) { return system_number(index); };
    parameters_.system_named = [this](std::string_view name) { return system_named(name); };
}

Result<ProgramEnd> Interpreter::run(std::string dialect_reason) {
    start();
    while (!over_ && step()) {
    }
    if (fatal_) return *fatal_;
    return finish(std::move(dialect_reason));
}

void Interpreter::start() {
    if (grammar_.max_digits > 0) fast_digits_ = grammar_.max_digits;
    counts_whole_numbers_ = fanuc_family() && !options_.machine.calculator_input;
    sources_.push_back({"", gcode::LineCursor(program_.text), {}, false});
    has_tool_change_ = has_tool_change(program_.text);
    for (size_t k = 0; k < work_offset_mm_.size(); ++k) {
        Vec3 zero = (k < kWorkOffsets ? options_.work_offsets[k] : Vec3{}) - options_.machine.zero_mm;
        work_offset_mm_[k] = {zero.x, zero.y, zero.z};
    }
    state_.inches = false;
    state_.path_tolerance = 0;
    state_.incremental = false;
    if (grbl_family()) state_.path_mode = PathMode::kContinuous;
    state_.initial_level = !is(Dialect::kLinuxcnc);  // LinuxCNC starts with G99, the others with G98
    state_.motion = is(Dialect::kLinuxcnc) ? kNoMotion : 0;
    state_.origin = origin_units(0);
    if (!options_.zero_start && options_.tools && !options_.tools->empty()) put_in_spindle(options_.tools->front().number, false);
    start_pose();
    refresh_frame();
    refresh_motion();
    canon_start();
    if (sources_[0].cursor.has_mark()) {
        line_ = 1;
        find("BYTE_ORDER_MARK", "the file begins with a byte-order mark; it is skipped here, but some controllers stop at it");
    }
}

// Position before the first block: the reference point if it is known, else clear above everything at the first programmed X and Y.
void Interpreter::start_pose() {
    Vec3 machine;
    if (options_.machine.home_mm) {
        machine = *options_.machine.home_mm;
        home_known_ = true;
    } else if (!options_.zero_start) {
        Vec3 tip = pilot();
        tip.z = options_.clear_z_mm;
        machine = tip - options_.machine.zero_mm + Vec3{0, 0, tool_length_mm_};
        end_.start_assumed = true;
    }
    if (options_.zero_start) home_known_ = true;
    home_mm_ = second_home_mm_ = {machine.x, machine.y, machine.z};
    refresh_frame();
    state_.position = position_of(home_mm_);
    tip_ = tip_of(state_.position);
    end_.start_mm = tip_;
}

namespace {

// Notes where X and Y are first programmed.
struct PilotObserver final : MotionObserver {
    bool on_motion(const Motion& motion) override {
        if (motion.kind > MotionKind::kArc) return true;
        if (motion.machine_coordinates || motion.reference_return) return true;
        if (!has_x && motion.to.x != motion.from.x) has_x = true, at.x = motion.to.x;
        if (!has_y && motion.to.y != motion.from.y) has_y = true, at.y = motion.to.y;
        return !(has_x && has_y) && ++moves < kPilotBlocks;
    }
    Vec3 at;
    bool has_x = false, has_y = false;
    int64_t moves = 0;
};

}  // namespace

// A run from a far place, so that every programmed coordinate is a move.
Vec3 Interpreter::pilot() const {
    constexpr double kFarAway_mm = 54321.0;
    InterpretOptions options = options_;
    options.machine.home_mm = Vec3{kFarAway_mm, kFarAway_mm, kFarAway_mm};
    options.want_canon = options.want_comments = options.want_states = false;
    PilotObserver observer;
    Interpreter run(program_, options, observer, context_, dialect_);
    run.block_limit_ = kPilotBlocks;
    (void)run.run("");  // a refusal will come again
    Vec3 zero = options_.work_offsets[0];
    bool far_x = std::fabs(observer.at.x) > kFarAway_mm / 2,
         far_y = std::fabs(observer.at.y) > kFarAway_mm / 2;  // incremental: no place known
    return {observer.has_x && !far_x ? observer.at.x : zero.x, observer.has_y && !far_y ? observer.at.y : zero.y, 0};
}

bool Interpreter::step() {
    if (--until_check_ <= 0) {
        until_check_ = kLinesPerCheck;
        StopReason reason = context_.stop_reason();
        if (reason != StopReason::kNone) {
            fatal_ = stop_error(reason);
            return false;
        }
        if (blocks_ > block_limit_) return false;
        if (source_ == 0 && program_.passed) program_.passed(sources_[0].cursor.offset());
    }
    gcode::LineCursor& cursor = sources_[source_].cursor;
    if (cursor.at_end()) return end_of_source();
    size_t offset = cursor.offset();
    line_text_ = cursor.next();
    line_ = cursor.line();
    line_offset_ = offset;
    if (source_ == 0 && offset >= high_water_) {
        high_water_ = offset + 1;
        lines_ = std::max(lines_, line_);
    } else if (!spend()) {
        return false;
    }
    if (fast_ready_ && fast_block(line_text_)) {
        ++blocks_;
        return !over_;
    }
    bool done = general_block(line_text_);
    if (fatal_) return false;
    if (!done && !handle_refusal(line_text_)) return false;
    return !over_;
}

bool Interpreter::spend(int64_t blocks) {
    repeated_ += blocks;
    if (repeated_ <= options_.max_executed_blocks) return true;
    fatal_ = error_here(
        ErrorCode::kUnprocessableGcode,
        "loops and calls executed more than " + std::to_string(options_.max_executed_blocks) + " blocks; the program seems not to end",
        line_text_);
    return false;
}

// Plain "N.. G0|G1 X.. Y.. Z.. F.." in a state where nothing else can happen. False: not such a block, nothing has been done.
bool Interpreter::fast_block(std::string_view line) {
    const char* p = line.data();
    const char* end = p + line.size();
    if (line.size() > kFastLine) return false;
    double value[4] = {0, 0, 0, 0};  // X Y Z F
    unsigned seen = 0;
    int motion = state_.motion;
    bool g_seen = false;
    if (p < end && (*p == 'N' || *p == 'n')) {
        const char* digits = ++p;
        while (p < end && gcode::is_digit(*p)) ++p;
        if (p == digits || p - digits > 8) return false;
        if (p < end && *p == '.') return false;
    }
    while (p < end) {
        char letter = *p++;
        if (letter == ' ' || letter == '\t') continue;
        letter = static_cast<char>(letter & ~0x20);
        unsigned slot = 0;
        switch (letter) {
            case 'X':
                slot = 0;
                break;
            case 'Y':
                slot = 1;
                break;
            case 'Z':
                slot = 2;
                break;
            case 'F':
                slot = 3;
                break;
            case 'G': {
                if (g_seen || p >= end) return false;
                if (*p == '0' && p + 1 < end && gcode::is_digit(p[1])) ++p;
                if (*p != '0' && *p != '1') return false;
                motion = (*p++ - '0') * 10;
                if (p < end && (gcode::is_digit(*p) || *p == '.')) return false;
                g_seen = true;
                continue;
            }
            default:
                return false;
        }
        if (seen & (1u << slot)) return false;
        gcode::NumberEnd number = gcode::read_number(p, end, value[slot]);
        if (!number.at || number.digits > fast_digits_ || std::fabs(value[slot]) > kFastLimit) return false;
        if (counts_whole_numbers_ && !number.point && slot < 3 && value[slot] != 0) return false;
        p = number.at;
        seen |= 1u << slot;
    }
    if ((seen & 7u) == 0 || (motion != 0 && motion != 10)) return false;
    double feed = (seen & 8u) ? value[3] : state_.feed;
    if (feed < 0 || (motion == 10 && !(feed > 0)) || ((seen & 8u) && !(feed > 0))) return false;
    line_text_ = line;
    if (seen & 8u) {
        state_.feed = feed;
        motion_.feed = feed * scale_;
        if (options_.want_canon) canon("SET_FEED_RATE(%.4f)", feed);
    }
    state_.motion = motion;
    Axes target = state_.position;
    for (int axis = 0; axis < 3; ++axis)
        if (seen & (1u << axis))
            target[static_cast<size_t>(axis)] = state_.incremental ? target[static_cast<size_t>(axis)] + value[axis] : value[axis];
    if (!straight(motion == 0 ? MotionKind::kRapid : MotionKind::kFeed, target))
        fatal_ = error_here(ErrorCode::kUnprocessableGcode, refusal_.message, line);
    return true;
}

bool Interpreter::general_block(std::string_view line) {
    refusal_ = {};
    fast_ready_ = false;
    std::vector<std::string> before = options_.want_states ? modal_codes() : std::vector<std::string>{};
    bool done = execute_line(line);
    refresh_motion();
    if (options_.want_states) tell_states(before);
    fast_ready_ = done && state_.has_moved && length_checked_ && state_.feed_mode == FeedMode::kPerMinute && !state_.cycle.active &&
                  !modal_macro_.on && !state_.polar.on && comp_.side == 0 && !comp_.straight_next && !state_.diameter && !hal_skips();
    return done;
}

bool Interpreter::execute_line(std::string_view line) {
    if (is(Dialect::kGrblhal) && hal_skips()) {
        bool flow = parser_.parse_flow(line, block_);
        return flow ? do_hal_flow(block_) : true;
    }
    if (sender_line(line)) return refusal_.message.empty();
    bool parsed = parser_.parse(line, block_);
    if (block_.has_comment && options_.want_comments && source_ == 0) observer_.on_comment(line_, block_.comment);
    if (options_.want_comments && source_ == 0) {
        size_t semicolon = line.find(';');
        if (semicolon != std::string_view::npos && line.substr(0, semicolon).find('(') == std::string_view::npos)
            observer_.on_comment(line_, line.substr(semicolon + 1));
    }
    if (parsed && block_.percent) return percent_line();
    if (block_.deleted && options_.block_delete) return true;
    if (!parsed && fanuc_family() && !line.empty() && line.find_first_not_of(" \t") != std::string_view::npos &&
        line[line.find_first_not_of(" \t")] == '%')
        return percent_line();                                                        // text behind the % is a label of the tape
    if (!parsed && fanuc_family() && percent_mode_ && !seen_text_ && source_ == 0) {  // before the first block
        find("UNSUPPORTED_CODE", "the line is no block; at the head of the program it is taken for a title: " + parser_.refusal().message);
        return true;
    }
    if (!parsed && fanuc_family() && output_statement(line)) return true;
    if (!parsed && !grbl_family()) {
        refusal_ = parser_.refusal();
        return false;
    }
    if (counts_whole_numbers_) count_whole_numbers(block_);
    if (parsed && block_.empty() && block_.assignment_count == 0) {
        canon_comment(block_);
        return true;
    }
    seen_text_ = true;
    ++blocks_;
    if (block_.real_time && !real_time_noted_) {
        real_time_noted_ = true;
        find("NOT_EXECUTED",
             "real-time characters (? ! ~ and bytes above 0x7f) act at once in the firmware and never reach the program; they are not "
             "executed");
    }
    bool is_program = parsed && block_.flow == gcode::Flow::kProgram;
    if (is_program && is(Dialect::kGrblhal)) return refuse(36, "nothing in the block uses the word O");
    if (is_program && state_.has_moved && calls_.empty() && !is(Dialect::kLinuxcnc)) {  // the next program of the tape
        over_ = true;
        return true;
    }
    if (block_.flow == gcode::Flow::kProgram && fanuc_family() && calls_.empty())
        std::from_chars(block_.label.data(), block_.label.data() + block_.label.size(), program_number_);
    return run_block(parsed, line);
}

// Carries out block_, or nothing of it.
bool Interpreter::run_block(bool parsed, std::string_view line) {
    before_ = state_;
    Motion before_motion = motion_;
    Vec3 before_tip = tip_;
    pending_.clear();
    in_general_ = true;
    grbl_tool_change_ = false;
    if (block_.has('X') && is(Dialect::kLinuxcnc)) {
        bool diameter = block_.has_g(70) || (state_.diameter && !block_.has_g(80));
        if (diameter) block_.set('X', block_.get('X') / 2);
    }
    bool done = true;
    if (grbl_family() && block_.flow == gcode::Flow::kNone) done = is(Dialect::kGrbl) ? check_grbl_words(block_) : check_hal_words(block_);
    if (done && !parsed) {
        refusal_ = parser_.refusal();
        done = false;
    }
    bool assign_first = is(Dialect::kLinuxcnc);  // but the words of the block have been read before
    if (done && assign_first) done = apply_assignments(block_);
    if (done) done = block_.flow != gcode::Flow::kNone && block_.flow != gcode::Flow::kProgram ? do_flow(block_, line) : execute(block_);
    if (done && !assign_first) done = apply_assignments(block_);
    if (!done) {
        pending_.clear();
        state_ = before_;
        motion_ = before_motion;
        tip_ = before_tip;
        refresh_frame();
    }
    if (!done && grbl_tool_change_) done = sender_tool_change();
    commit();
    in_general_ = false;
    return done;
}

// M6 in GRBL: the firmware refuses the block, senders stop there and make the change.
bool Interpreter::sender_tool_change() {
    find("BLOCK_REFUSED", Severity::kWarning, refusal_.message, refusal_.code);
    refusal_ = {};
    if (block_.has('T') && block_.get('T') >= 0 && block_.get('T') <= 99999) state_.selected_tool = static_cast<int>(block_.get('T'));
    return do_tool_change();
}

// Modes that the block has changed. Spindle and tool are told where they change, with speed and number; the motion mode is seen in the
// moves.
void Interpreter::tell_states(const std::vector<std::string>& before) {
    std::vector<std::string> now = modal_codes();
    for (size_t i = 1; i < now.size(); ++i) {
        if (now[i] == "M3" || now[i] == "M4" || now[i] == "M5") continue;
        if (std::find(before.begin(), before.end(), now[i]) == before.end()) state_word(now[i]);
    }
}

// GRBL: "$" lines are for the sender or the settings; real-time characters never reach the parser.
bool Interpreter::sender_line(std::string_view line) {
    if (!grbl_family()) return false;
    size_t at = 0;
    while (at < line.size() && is_blank(line[at])) ++at;
    if (at >= line.size() || line[at] != '$') return false;
    std::string text;
    for (char c : line.substr(at, kMaxBlockText))
        if (!is_blank(c)) text += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    if (is(Dialect::kGrbl) && text.rfind("$J=", 0) == 0) {
        if (!check_jog(text.substr(3))) return true;
        find("NOT_EXECUTED", "a jog is for a person at the machine; it is not executed");
        return true;
    }
    if (is(Dialect::kGrbl) && text == "$H") return refuse(kErrorHoming, "homing ($H) is not enabled in GRBL's default settings"), true;
    if (is(Dialect::kGrbl) && !is_setting(text)) return refuse(kErrorSetting, "GRBL does not know this \"$\" command or setting"), true;
    find("NOT_EXECUTED", "a \"$\" line is a setting or a command to the firmware; it is not executed");
    return true;
}

// $J=: G20 G21 G90 G91 G53, axis words and F only.
bool Interpreter::check_jog(const std::string& text) {
    gcode::Block jog;
    if (!parser_.parse(text, jog)) {
        refusal_ = parser_.refusal();
        return false;
    }
    for (int i = 0; i < jog.g_count; ++i) {
        int g = jog.g[static_cast<size_t>(i)];
        if (g != 200 && g != 210 && g != 900 && g != 910 && g != 530)
            return refuse(kErrorJog, "a jog takes G20 G21 G90 G91 G53, axis words and F only");
    }
    if (jog.m_count > 0 || (jog.words & ~gcode::bits("XYZFN")))
        return refuse(kErrorJog, "a jog takes G20 G21 G90 G91 G53, axis words and F only");
    return jog.has('F') || refuse(kErrorFeed, "a jog needs F");
}

// "%" alone in a line: begin and end of a program on tape.
bool Interpreter::percent_line() {
    if (is(Dialect::kGrblhal)) return true;
    if (is(Dialect::kGrbl)) {
        find("BLOCK_REFUSED", options_.dialect == Dialect::kAuto ? Severity::kInfo : Severity::kWarning,
             "GRBL answers error 1 to \"%\"; senders leave the line out", kErrorLetter);
        return true;
    }
    if (source_ != 0) return seen_text_ ? (leave(), true) : true;
    if (!seen_text_ && !percent_mode_) {
        percent_mode_ = true;
        return true;
    }
    if (is(Dialect::kLinuxcnc) && !percent_mode_) return refuse(kErrorLetter, "bad character \"%\": the program does not begin with \"%\"");
    end_.ended = true;
    over_ = true;
    canon_end(false);
    return true;
}

bool Interpreter::end_of_source() {
    if (is(Dialect::kGrblhal) && hal_end_of_file()) return true;
    if (!calls_.empty()) {
        const Call& call = calls_.back();
        if (call.own_source != 0 && source_ == call.own_source) {
            leave();
            return true;
        }
        fatal_ = error_here(ErrorCode::kUnprocessableGcode, "the file ends inside subprogram " + call.label, line_text_);
        return false;
    }
    if (!loops_.empty() && !grbl_family()) {
        fatal_ =
            error_here(ErrorCode::kUnprocessableGcode,
                       "the file ends inside o" + loops_.back().label + " (opened in line " + std::to_string(loops_.back().line + 1) + ")",
                       line_text_);
        return false;
    }
    over_ = true;
    return false;
}

bool Interpreter::handle_refusal(std::string_view line) {
    int code = refusal_.code;
    if (grbl_family()) {
        if (code == kErrorFeed)
            find("FEED_MISSING", Severity::kError, refusal_.message, code);
        else
            find("BLOCK_REFUSED", Severity::kError, refusal_.message + "; nothing of the block is executed", code);
        return true;
    }
    fatal_ = error_here(ErrorCode::kUnprocessableGcode, refusal_.message, line);
    return false;
}

bool Interpreter::refuse(int code, std::string message) {
    refusal_.code = code;
    refusal_.message = std::move(message);
    return false;
}

int64_t Interpreter::report_line() const { return held_line_ > 0 ? held_line_ : source_ == 0 ? line_ : call_line_; }

Error Interpreter::error_here(ErrorCode code, std::string message, std::string_view line) const {
    Error error = make_error(code, std::move(message), report_line());
    if (source_ != 0) error.message += " (in " + sources_[source_].name + " line " + std::to_string(line_) + ")";
    error.block = std::string(line.substr(0, kMaxBlockText));
    return error;
}

void Interpreter::find(std::string_view code, std::string message) {
    const FindingRule* rule = find_rule(code);
    CHECK(rule != nullptr);
    find(code, rule->severity, std::move(message));
}

void Interpreter::find(std::string_view code, Severity severity, std::string message, int controller_error) {
    const FindingRule* rule = find_rule(code);
    CHECK(rule != nullptr);
    Finding finding;
    finding.code = rule->code;
    finding.severity = severity;
    finding.line = finding.last_line = report_line();
    finding.block = std::string(line_text_.substr(0, kMaxBlockText));
    finding.message = std::move(message);
    finding.controller_error = controller_error;
    if (state_.tool > 0) finding.tool = state_.tool;
    observer_.on_finding(std::move(finding));
}

void Interpreter::note_once(char letter, int number, std::string message) {
    size_t at = static_cast<size_t>(std::clamp(number, 0, 19999)) + (letter == 'M' ? 20000 : 0);
    if (noted_[at]) return;
    noted_[at] = true;
    find("UNSUPPORTED_CODE", std::move(message));
}

ProgramEnd Interpreter::finish(std::string dialect_reason) {
    end_.dialect = dialect_;
    end_.dialect_reason = std::move(dialect_reason);
    end_.lines = lines_;
    end_.last_line = source_ == 0 ? line_ : call_line_;
    end_.blocks = blocks_;
    if (!end_.ended && !observer_stopped_ && !grbl_family() && blocks_ > 0)
        find("NO_PROGRAM_END", "the program ends without M2, M30 or %");
    else if (!end_.ended && !observer_stopped_ && blocks_ > 0)
        find("NO_PROGRAM_END", "the program ends without M2 or M30");
    end_.inches = state_.inches;
    double unit = state_.unit_mm();
    Axes machine = machine_of(state_.position);
    end_.position_mm = {state_.position[kX] * unit, state_.position[kY] * unit, state_.position[kZ] * unit};
    end_.machine_position_mm = {machine[kX], machine[kY], machine[kZ]};
    end_.modal = modal_codes();
    std::sort(tools_used_.begin(), tools_used_.end());
    end_.tools_used = tools_used_;
    return end_;
}

std::vector<std::string> Interpreter::modal_codes() const {
    std::vector<std::string> codes;
    codes.push_back(spelling('G', state_.motion));
    constexpr int kOffsets[kWorkOffsets] = {540, 550, 560, 570, 580, 590, 591, 592, 593};
    if (state_.work_offset < kWorkOffsets)
        codes.push_back(spelling('G', kOffsets[state_.work_offset]));
    else
        codes.push_back((is(Dialect::kHaas) ? "G154 P" : "G54.1 P") + std::to_string(state_.work_offset - kWorkOffsets + 1));
    codes.push_back(state_.plane == ArcPlane::kXY ? "G17" : state_.plane == ArcPlane::kZX ? "G18" : "G19");
    codes.push_back(state_.inches ? "G20" : "G21");
    codes.push_back(state_.incremental ? "G91" : "G90");
    codes.push_back(state_.feed_mode == FeedMode::kInverseTime ? "G93" : state_.feed_mode == FeedMode::kPerMinute ? "G94" : "G95");
    if (!is(Dialect::kGrbl)) codes.push_back(state_.initial_level ? "G98" : "G99");
    if (!grbl_family())
        codes.push_back(state_.path_mode == PathMode::kContinuous ? "G64" : state_.path_mode == PathMode::kExactPath ? "G61" : "G61.1");
    codes.push_back(!state_.length_active ? "G49" : state_.length_number >= 0 ? "G43" : "G43.1");
    codes.push_back(comp_.side == 0 ? "G40" : comp_.side > 0 ? "G41" : "G42");
    const Transform& map = state_.transform;
    if (map.scaling) codes.push_back("G51");
    if (map.mirrored[0] || map.mirrored[1] || map.mirrored[2]) codes.push_back(is(Dialect::kHaas) ? "G101" : "G51.1");
    if (map.rotating) codes.push_back("G68");
    if (state_.polar.on) codes.push_back("G16");
    codes.push_back(state_.spindle > 0 ? "M3" : state_.spindle < 0 ? "M4" : "M5");
    if (state_.mist) codes.push_back("M7");
    if (state_.flood) codes.push_back("M8");
    if (!state_.mist && !state_.flood) codes.push_back("M9");
    return codes;
}

}  // namespace proveout::interp
