// Control flow: O-words (LinuxCNC, grblHAL), M98/M99, parameters. Backward jumps and calls are paid from budgets.
#include <algorithm>
#include <cmath>

#include "interp/interpreter.h"

namespace proveout::interp {

namespace {

using gcode::Block;
using gcode::Flow;

constexpr int kFlowSyntax = 81, kNotWritable = 39;
constexpr int kMaxArguments = 30;
constexpr size_t kMaxLoops = 1000;      // nested; beyond, jumps out of loops have left them open
constexpr int64_t kLinesPerBlock = 16;  // lines passed over that cost as much of the budget as one block
constexpr size_t kMaxJumps = 100000;    // remembered targets
constexpr double kMaxRepeat = 1e12;

bool is_one_of(Flow flow, std::initializer_list<Flow> list) { return std::find(list.begin(), list.end(), flow) != list.end(); }

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return result;
}

}  // namespace

bool Interpreter::condition(std::string_view& text, double& value) {
    gcode::ValueReader reader{grammar_, parameters_, refusal_};
    if (!reader.bracket(text, value)) return false;
    if (reader.vacant) value = 0;
    return true;
}

// Passes over lines up to an O-word with this label and one of these keywords; reading goes on behind it.
bool Interpreter::skip_to(std::string_view label_view, std::initializer_list<Flow> stops, Block& found) {
    std::string label(label_view);  // the parser's buffer is about to change
    gcode::LineCursor& cursor = sources_[source_].cursor;
    std::pair<size_t, size_t> from{source_, cursor.offset()};
    auto known = jumps_.find(from);
    if (known != jumps_.end()) cursor.seek(known->second.first, known->second.second);
    int64_t passed = 0;
    while (!cursor.at_end()) {
        size_t offset = cursor.offset();
        int64_t line = cursor.line();
        std::string_view text = cursor.next();
        if (++passed % kLinesPerBlock == 0 && offset < high_water_ && !spend()) return false;
        if (!parser_.parse_flow(text, found)) continue;
        if (found.flow == Flow::kSub && is_one_of(Flow::kEndsub, stops) && is(Dialect::kLinuxcnc)) {
            line_text_ = text;
            line_ = cursor.line();
            return refuse(kFlowSyntax, "a subprogram is defined inside o" + label + " sub");
        }
        if (found.label != label || !is_one_of(found.flow, stops)) continue;
        if (jumps_.size() < kMaxJumps) jumps_[from] = {offset, line};
        line_text_ = text;
        line_ = cursor.line();
        line_offset_ = offset;
        if (source_ == 0) high_water_ = std::max(high_water_, offset + 1), lines_ = std::max(lines_, line_);
        return true;
    }
    if (source_ == 0) high_water_ = std::max(high_water_, cursor.offset()), lines_ = std::max(lines_, cursor.line());
    return refuse(kFlowSyntax, "the end of o" + label + " is missing");
}

bool Interpreter::do_flow(const Block& block, std::string_view) {
    if (is(Dialect::kGrblhal)) return do_hal_flow(block);
    switch (block.flow) {
        case Flow::kSub:
            if (is(Dialect::kLinuxcnc) && calls_.empty() && opened_.count({source_, std::string(block.label)}))
                return refuse(kFlowSyntax,
                              "o" + std::string(block.label) + " sub stands where it is reached a second time, or is defined twice");
            return once(block) && skip_to(block.label, {Flow::kEndsub}, skip_block_);
        case Flow::kEndsub:
            return do_return(block, true);
        case Flow::kReturn:
            return do_return(block, true);
        case Flow::kCall:
            return do_call(block);
        case Flow::kIf:
        case Flow::kElseif:
        case Flow::kElse:
        case Flow::kEndif:
            return do_if(block);
        case Flow::kWhile:
        case Flow::kDo:
        case Flow::kRepeat:
            return do_loop(block);
        case Flow::kEndwhile:
        case Flow::kEndrepeat:
            return do_end_loop(block);
        case Flow::kBreak:
        case Flow::kContinue:
            return do_break(block);
        case Flow::kMacroIf:
        case Flow::kMacroGoto:
        case Flow::kMacroWhile:
        case Flow::kMacroDo:
        case Flow::kMacroEnd:
            return do_macro_statement(block);
        case Flow::kNone:
        case Flow::kProgram:
            break;
    }
    return true;
}

// LinuxCNC: a label opens one thing only in a file.
bool Interpreter::once(const Block& block) {
    if (!is(Dialect::kLinuxcnc)) return true;
    std::string label(block.label);
    auto [at, is_new] = opened_.try_emplace({source_, label}, line_);
    if (is_new || at->second == line_) return true;
    return refuse(kFlowSyntax, "duplicate O-word label o" + label + ": it stands in line " + std::to_string(at->second) + " already");
}

bool Interpreter::do_if(const Block& block) {
    size_t floor = calls_.empty() ? 0 : calls_.back().loops;
    if (block.flow == Flow::kIf) {
        if (!once(block)) return false;
        double value = 0;
        std::string_view text = block.rest;
        if (!condition(text, value)) return false;
        if (loops_.size() >= kMaxLoops) return refuse(kFlowSyntax, "o-words are nested too deeply");
        loops_.push_back({LoopKind::kIf, std::string(block.label), 0, line_ - 1, 0, value != 0});
        if (value != 0) return true;
        return next_branch();
    }
    bool open = loops_.size() > floor && loops_.back().kind == LoopKind::kIf && loops_.back().label == block.label;
    if (!open) return refuse(kFlowSyntax, "o" + std::string(block.label) + " closes or divides no \"if\" that is open");
    if (block.flow != Flow::kEndif && !skip_to(block.label, {Flow::kEndif}, skip_block_)) return false;
    loops_.pop_back();
    return true;
}

// From a condition that is false to the next one that is true, or behind the endif.
bool Interpreter::next_branch() {
    for (;;) {
        std::string label = loops_.back().label;
        if (!skip_to(label, {Flow::kElseif, Flow::kElse, Flow::kEndif}, skip_block_)) return false;
        if (skip_block_.flow == Flow::kEndif) {
            loops_.pop_back();
            return true;
        }
        if (skip_block_.flow == Flow::kElse) return loops_.back().taken = true;
        double value = 0;
        std::string_view text = skip_block_.rest;
        if (!condition(text, value)) return false;
        if (value != 0) return loops_.back().taken = true;
    }
}

bool Interpreter::do_loop(const Block& block) {
    gcode::LineCursor& cursor = sources_[source_].cursor;
    size_t floor = calls_.empty() ? 0 : calls_.back().loops;
    bool closes_do =
        block.flow == Flow::kWhile && loops_.size() > floor && loops_.back().kind == LoopKind::kDo && loops_.back().label == block.label;
    if (!closes_do && !once(block)) return false;
    Loop* top = loops_.size() > floor ? &loops_.back() : nullptr;
    double value = 0;
    std::string_view text = block.rest;
    if (block.flow != Flow::kDo && !condition(text, value)) return false;
    if (closes_do) {
        if (value != 0)
            cursor.seek(top->offset, top->line);
        else
            loops_.pop_back();
        return true;
    }
    bool again = top && top->kind == LoopKind::kWhile && top->label == block.label && top->offset == line_offset_;
    if (!again && loops_.size() >= kMaxLoops) return refuse(kFlowSyntax, "o-words are nested too deeply");
    if (block.flow == Flow::kDo) {
        loops_.push_back({LoopKind::kDo, std::string(block.label), cursor.offset(), line_});
        return true;
    }
    bool repeat = block.flow == Flow::kRepeat;
    int64_t times = repeat ? static_cast<int64_t>(std::clamp(std::floor(value + 0.5), 0.0, kMaxRepeat)) : 0;
    if (repeat ? times == 0 : value == 0) {
        if (again) loops_.pop_back();
        return skip_to(block.label, {repeat ? Flow::kEndrepeat : Flow::kEndwhile}, skip_block_);
    }
    if (repeat)
        loops_.push_back({LoopKind::kRepeat, std::string(block.label), cursor.offset(), line_, times});
    else if (!again)
        loops_.push_back({LoopKind::kWhile, std::string(block.label), line_offset_, line_ - 1});
    return true;
}

bool Interpreter::do_end_loop(const Block& block) {
    gcode::LineCursor& cursor = sources_[source_].cursor;
    size_t floor = calls_.empty() ? 0 : calls_.back().loops;
    LoopKind kind = block.flow == Flow::kEndwhile ? LoopKind::kWhile : LoopKind::kRepeat;
    if (loops_.size() <= floor || loops_.back().kind != kind || loops_.back().label != block.label)
        return refuse(kFlowSyntax, "o" + std::string(block.label) + " closes no loop that is open");
    Loop& loop = loops_.back();
    if (kind == LoopKind::kWhile || --loop.left > 0)
        cursor.seek(loop.offset, loop.line);
    else
        loops_.pop_back();
    return true;
}

bool Interpreter::do_break(const Block& block) {
    gcode::LineCursor& cursor = sources_[source_].cursor;
    size_t floor = calls_.empty() ? 0 : calls_.back().loops;
    size_t at = loops_.size();
    while (at > floor && (loops_[at - 1].label != block.label || loops_[at - 1].kind == LoopKind::kIf)) --at;
    if (at == floor) return refuse(kFlowSyntax, "o" + std::string(block.label) + " is no loop that is open");
    if (loops_[at - 1].kind == LoopKind::kRepeat && is(Dialect::kLinuxcnc))
        return refuse(kFlowSyntax, "break and continue work in while and do loops only, not in repeat");
    loops_.resize(at);
    Loop loop = loops_.back();
    Flow end = loop.kind == LoopKind::kRepeat ? Flow::kEndrepeat : loop.kind == LoopKind::kDo ? Flow::kWhile : Flow::kEndwhile;
    if (block.flow == Flow::kBreak) {
        loops_.pop_back();
        return skip_to(loop.label, {end}, skip_block_);
    }
    if (loop.kind == LoopKind::kWhile) {
        cursor.seek(loop.offset, loop.line);
        return true;
    }
    if (!skip_to(loop.label, {end}, skip_block_)) return false;
    if (loop.kind == LoopKind::kRepeat) {
        if (--loops_.back().left > 0)
            cursor.seek(loop.offset, loop.line);
        else
            loops_.pop_back();
    } else {
        cursor.seek(line_offset_, line_ - 1);  // the "while" of the "do" decides
    }
    return true;
}

void Interpreter::index_labels(Source& source) {
    source.labels_known = true;
    gcode::LineCursor cursor(source.cursor.text());
    Block block;
    while (!cursor.at_end()) {
        std::string_view text = cursor.next();
        if (!parser_.parse_flow(text, block) || (block.flow != Flow::kSub && block.flow != Flow::kProgram)) continue;
        std::string key = (block.flow == Flow::kSub ? "s" : "p") + std::string(block.label);
        source.labels.emplace(std::move(key), std::make_pair(cursor.offset(), cursor.line()));  // the first of several counts
    }
}

// Place behind the line that opens a subprogram: in this file, else in a file of its own.
bool Interpreter::find_label(std::string_view label, bool m98, size_t& source, size_t& offset, int64_t& line) {
    std::string key = (m98 ? "p" : "s") + std::string(label);
    for (size_t k : {source_, size_t{0}}) {
        if (!sources_[k].labels_known) index_labels(sources_[k]);
        auto at = sources_[k].labels.find(key);
        if (at == sources_[k].labels.end()) continue;
        source = k, offset = at->second.first, line = at->second.second;
        return true;
    }
    if (!find_file(lower(label), m98, source)) return false;
    if (!sources_[source].labels_known) index_labels(sources_[source]);
    auto at = sources_[source].labels.find(key);
    bool found = at != sources_[source].labels.end();
    if (!found && !m98) return false;
    offset = found ? at->second.first : 0, line = found ? at->second.second : 0;
    return true;
}

// A subprogram's own file, read when it is called first. Numbers are also sought with four or five digits: O0042.
bool Interpreter::find_file(const std::string& label, bool m98, size_t& source) {
    std::vector<std::string> names{label};
    for (size_t digits : {size_t{4}, size_t{5}})
        if (m98 && label.size() < digits) names.push_back(std::string(digits - label.size(), '0') + label);
    for (const std::string& name : names) {
        auto same_name =
            std::find_if(sources_.begin() + 1, sources_.end(), [&](const Source& candidate) { return candidate.name == name; });
        source = static_cast<size_t>(same_name - sources_.begin());
        if (same_name != sources_.end()) return true;
    }
    for (const std::string& name : names) {
        std::optional<std::string_view> text = program_.subprogram ? program_.subprogram(name) : std::nullopt;
        if (!text) continue;
        source = sources_.size();
        sources_.push_back({name, gcode::LineCursor(*text), {}, false});
        return true;
    }
    return false;
}

bool Interpreter::enter(std::string_view label_view, Call call) {
    std::string label(label_view);
    if (calls_.size() >= static_cast<size_t>(kMaxCallDepth)) {
        fatal_ = error_here(ErrorCode::kUnprocessableGcode, "calls are nested deeper than " + std::to_string(kMaxCallDepth), line_text_);
        return refuse(kFlowSyntax, fatal_->message);
    }
    size_t source = 0;
    if (!find_label(label, call.m98, source, call.start_offset, call.start_line))
        return refuse(kFlowSyntax, "subprogram " + label + " is not found");
    if (is(Dialect::kLinuxcnc) && !call.m98) opened_.try_emplace({source, label}, call.start_line);
    if (source_ == 0) call_line_ = line_;
    call.source = source_;
    call.offset = sources_[source_].cursor.offset();
    call.line = sources_[source_].cursor.line();
    call.loops = loops_.size();
    call.label = label;
    call.own_source = source;
    source_ = source;
    sources_[source_].cursor.seek(call.start_offset, call.start_line);
    calls_.push_back(std::move(call));
    return true;
}

void Interpreter::leave() {
    Call& call = calls_.back();
    loops_.resize(std::min(loops_.size(), call.loops));
    if (call.repeats > 0) {
        --call.repeats;
        sources_[source_].cursor.seek(call.start_offset, call.start_line);
        return;
    }
    if (call.locals) parameters_.pop();
    auto state = saved_states_.find(calls_.size());
    bool restore = call.restore_state && state != saved_states_.end();
    State saved = restore ? state->second : State{};
    if (state != saved_states_.end()) saved_states_.erase(state);
    source_ = call.source;
    sources_[source_].cursor.seek(call.offset, call.line);
    calls_.pop_back();
    if (restore) restore_modes(saved);
}

bool Interpreter::do_call(const Block& block) {
    std::array<double, kMaxArguments> arguments{};
    size_t count = 0;
    std::string_view text = block.rest;
    while (!text.empty()) {
        if (text.front() != '[') return refuse(kFlowSyntax, "unexpected text behind \"call\"");
        if (count >= arguments.size()) return refuse(kFlowSyntax, "a call has more than 30 arguments");
        if (!condition(text, arguments[count++])) return false;
    }
    Call call;
    call.locals = true;
    std::string label(block.label);
    if (!enter(label, std::move(call))) return false;
    parameters_.push(true);
    for (size_t i = 0; i < count; ++i) parameters_.set(static_cast<int>(i) + 1, arguments[i]);
    parameters_.set_named("_VALUE", 0);
    parameters_.set_named("_VALUE_RETURNED", 0);
    return true;
}

bool Interpreter::do_return(const Block& block, bool with_value) {
    if (calls_.empty() || calls_.back().m98) {
        if (block.flow == Flow::kReturn && calls_.empty()) return refuse(kFlowSyntax, "\"return\" outside of a subprogram");
        return refuse(kFlowSyntax, "\"endsub\" outside of a subprogram called by \"call\"");
    }
    if (with_value && !block.rest.empty()) {
        double value = 0;
        std::string_view text = block.rest;
        if (!condition(text, value)) return false;
        parameters_.set_named("_VALUE", value);
        parameters_.set_named("_VALUE_RETURNED", 1);
    }
    leave();
    return true;
}

// M98, M97, M99.
bool Interpreter::do_subprogram(const Block& block, const Request& request) {
    int code = request[Group::kSubprogram];
    if (code < 0) return true;
    if (code == 990) {
        if (calls_.empty()) {
            if (is(Dialect::kGrblhal)) return true;
            if (block.has('P') && fanuc_family()) return go_to(static_cast<int64_t>(block.get('P')));
            note_once('M', 990, "M99 in the main program starts it again without end; one pass is simulated");
            end_.ended = over_ = true;
            canon_end(true);
            return true;
        }
        bool jump = block.has('P') && fanuc_family();
        if (jump) calls_.back().repeats = 0;
        leave();
        return !jump || go_to(static_cast<int64_t>(block.get('P')));
    }
    if (!block.has('P') || block.get('P') < 0) return refuse(28, spelling('M', code) + " needs P, the number of the subprogram");
    int64_t number = static_cast<int64_t>(block.get('P') + 0.5);
    double repeats = block.get_or('L', 1);
    if (fanuc_family() && !block.has('L') && number > 9999 && code == 980) repeats = static_cast<double>(number / 10000), number %= 10000;
    if (!(repeats >= 0 && repeats <= 1e9)) return refuse(39, "the number of repeats is out of range");
    if (repeats < 1) return true;
    if (code == 1980) code = 980;  // from another device: the same programs
    Call call;
    call.m98 = true;
    call.repeats = static_cast<int64_t>(repeats) - 1;
    if (code == 980)
        return enter(std::to_string(number), std::move(call)) ||
               refuse(is(Dialect::kGrblhal) ? kNotWritable : 0, "subprogram O" + std::to_string(number) + " is not found");
    // M97: a subprogram that begins at a line number of this file.
    if (calls_.size() >= static_cast<size_t>(kMaxCallDepth)) return refuse(0, "calls are nested too deeply");
    gcode::LineCursor& cursor = sources_[source_].cursor;
    call.source = call.own_source = source_;
    call.offset = cursor.offset(), call.line = cursor.line();
    call.loops = loops_.size();
    call.label = "N" + std::to_string(number);
    if (!go_to(number)) return false;
    call.start_offset = cursor.offset(), call.start_line = cursor.line();
    calls_.push_back(std::move(call));
    return true;
}

// To the block with this N number: onward from here, then from the start of the file.
bool Interpreter::go_to(int64_t number) {
    gcode::LineCursor& cursor = sources_[source_].cursor;
    std::pair<size_t, int64_t> key{source_, number};
    auto known = numbered_.find(key);
    if (known != numbered_.end()) {
        cursor.seek(known->second.first, known->second.second);
        return true;
    }
    gcode::LineCursor search(cursor.text());
    search.seek(cursor.offset(), cursor.line());
    int64_t passed = 0;
    for (int pass = 0; pass < 2; ++pass) {
        while (!search.at_end()) {
            size_t offset = search.offset();
            int64_t line = search.line();
            std::string_view text = search.next();
            if (++passed % kLinesPerBlock == 0 && !spend()) return false;
            size_t at = text.find_first_not_of(" \t/");
            if (at == std::string_view::npos || (text[at] != 'N' && text[at] != 'n')) continue;
            int64_t value = 0;
            size_t digit = at + 1;
            while (digit < text.size() && digit < at + 10 && gcode::is_digit(text[digit])) value = value * 10 + (text[digit++] - '0');
            if (digit == at + 1 || value != number) continue;
            if (numbered_.size() < kMaxJumps) numbered_[key] = {offset, line};
            if (source_ == 0) high_water_ = std::max(high_water_, std::min(offset, cursor.offset()));
            cursor.seek(offset, line);
            return true;
        }
        search.seek(0, 0);
    }
    return refuse(0, "block N" + std::to_string(number) + " is not found");
}

bool Interpreter::apply_assignments(const Block& block) {
    for (int i = 0; i < block.assignment_count; ++i) {
        const gcode::Assignment& assignment = block.assignment[static_cast<size_t>(i)];
        if (assignment.number < 0) {
            if (!parameters_.set_named(assignment.name, assignment.value))
                return refuse(0, "there are more than " + std::to_string(Parameters::kMaxNames) + " named parameters");
            continue;
        }
        if (fanuc_family() && !assign_fanuc(assignment.number, assignment.value)) return false;
        if (fanuc_family() && assignment.number >= Parameters::kCount) continue;  // an offset: it has no other place
        if (!parameters_.writable(assignment.number))
            return refuse(kNotWritable, "parameter #" + std::to_string(assignment.number) + " cannot be written");
        parameters_.set(assignment.number, assignment.value);
        int offset = assignment.number - 5221;
        if (offset >= 0 && offset < 180 && offset % 20 < kAxes && std::isfinite(assignment.value)) {
            double value = assignment.value * (is_rotary(offset % 20) ? 1 : state_.unit_mm());
            if (fanuc_family())
                set_work_offset(offset / 20, offset % 20, value);
            else
                work_offset_mm_[static_cast<size_t>(offset / 20)][static_cast<size_t>(offset % 20)] = value;
        }
    }
    return true;
}

std::optional<double> Interpreter::system_number(int index) const {
    auto axis_value = [&](const Axes& values, int axis, double divisor) {
        return values[static_cast<size_t>(axis)] / (is_rotary(axis) ? 1 : divisor);
    };
    double unit = state_.unit_mm();
    if (fanuc_family())
        if (auto value = fanuc_variable(index)) return value;
    if (index < 5000 || index > 5500) return std::nullopt;
    if (fanuc_family() && (index < 5221 || index > 5400)) return std::nullopt;
    if (index >= 5061 && index <= 5070) return probed_[static_cast<size_t>(index - 5061)];
    if (index >= 5161 && index <= 5169) return axis_value(home_mm_, index - 5161, unit);
    if (index >= 5181 && index <= 5189) return axis_value(second_home_mm_, index - 5181, unit);
    if (index == 5210) return state_.shift_active ? 1 : 0;
    if (index >= 5211 && index <= 5219 && is(Dialect::kLinuxcnc)) return state_.kept_shift[static_cast<size_t>(index - 5211)];
    if (index >= 5211 && index <= 5219) return state_.shift[static_cast<size_t>(index - 5211)];
    if (index == 5220) return state_.work_offset + 1;
    if (index >= 5221 && index < 5401) {
        int k = (index - 5221) / 20, axis = (index - 5221) % 20;
        if (axis == 9) return work_rotation_deg_[static_cast<size_t>(k)];
        if (axis < kAxes) return axis_value(work_offset_mm_[static_cast<size_t>(k)], axis, unit);
        return std::nullopt;
    }
    if (index == 5400) return state_.tool;
    if (index >= 5401 && index <= 5409 && is(Dialect::kLinuxcnc)) {                     // the table's, in force or not
        bool first = options_.want_canon && state_.tool == 0 && !end_.has_tool_change;  // see do_set_tool_entry
        return axis_value(tool_entry(first ? 1 : state_.tool).offset_mm, index - 5401, unit);
    }
    if (index >= 5401 && index <= 5409) return state_.length_offset[static_cast<size_t>(index - 5401)];
    if (index == 5410) {
        const Tool* tool = options_.tools ? find_tool(*options_.tools, state_.tool) : nullptr;
        return tool ? tool->diameter_mm / unit : 0;
    }
    if (index >= 5420 && index <= 5428) return state_.position[static_cast<size_t>(index - 5420)];
    return std::nullopt;
}

std::optional<double> Interpreter::system_named(std::string_view name) const {
    struct Named {
        std::string_view name;
        double value;
    };
    const State& s = state_;
    const Named kNamed[] = {{"_VMAJOR", 2.9},
                            {"_VMINOR", 0},
                            {"_LINE", static_cast<double>(line_)},
                            {"_TASK", 0},
                            {"_CALL_LEVEL", static_cast<double>(calls_.size())},
                            {"_MOTION_MODE", static_cast<double>(s.motion)},
                            {"_PLANE", s.plane == ArcPlane::kXY   ? 170.0
                                       : s.plane == ArcPlane::kZX ? 180.0
                                                                  : 190.0},
                            {"_CCOMP", comp_.side == 0  ? 400.0
                                       : comp_.side > 0 ? 410.0
                                                        : 420.0},
                            {"_METRIC", s.inches ? 0.0 : 1.0},
                            {"_IMPERIAL", s.inches ? 1.0 : 0.0},
                            {"_ABSOLUTE", s.incremental ? 0.0 : 1.0},
                            {"_INCREMENTAL", s.incremental ? 1.0 : 0.0},
                            {"_INVERSE_TIME", s.feed_mode == FeedMode::kInverseTime ? 1.0 : 0.0},
                            {"_UNITS_PER_MINUTE", s.feed_mode == FeedMode::kPerMinute ? 1.0 : 0.0},
                            {"_UNITS_PER_REV", s.feed_mode == FeedMode::kPerRevolution ? 1.0 : 0.0},
                            {"_COORD_SYSTEM", s.work_offset < 6 ? 540.0 + 10 * s.work_offset : 585.0 + s.work_offset},
                            {"_TOOL_OFFSET", s.length_active ? 1.0 : 0.0},
                            {"_RETRACT_R_PLANE", s.initial_level ? 0.0 : 1.0},
                            {"_RETRACT_OLD_Z", s.initial_level ? 1.0 : 0.0},
                            {"_SPINDLE_RPM_MODE", s.constant_surface_speed ? 0.0 : 1.0},
                            {"_SPINDLE_CSS_MODE", s.constant_surface_speed ? 1.0 : 0.0},
                            {"_IJK_ABSOLUTE_MODE", s.absolute_centres ? 1.0 : 0.0},
                            {"_LATHE_DIAMETER_MODE", s.diameter ? 1.0 : 0.0},
                            {"_LATHE_RADIUS_MODE", s.diameter ? 0.0 : 1.0},
                            {"_SPINDLE_ON", s.spindle != 0 ? 1.0 : 0.0},
                            {"_SPINDLE_CW", s.spindle > 0 ? 1.0 : 0.0},
                            {"_MIST", s.mist ? 1.0 : 0.0},
                            {"_FLOOD", s.flood ? 1.0 : 0.0},
                            {"_SPEED_OVERRIDE", 1},
                            {"_FEED_OVERRIDE", 1},
                            {"_ADAPTIVE_FEED", 0},
                            {"_FEED_HOLD", 1},
                            {"_FEED", s.feed},
                            {"_RPM", s.speed},
                            {"_X", s.position[0]},
                            {"_Y", s.position[1]},
                            {"_Z", s.position[2]},
                            {"_A", s.position[3]},
                            {"_B", s.position[4]},
                            {"_C", s.position[5]},
                            {"_U", s.position[6]},
                            {"_V", s.position[7]},
                            {"_W", s.position[8]},
                            {"_CURRENT_TOOL", static_cast<double>(s.tool)},
                            {"_CURRENT_POCKET", static_cast<double>(s.tool)},
                            {"_SELECTED_TOOL", static_cast<double>(s.selected_tool)},
                            {"_SELECTED_POCKET", -1},
                            {"_VALUE", 0},
                            {"_VALUE_RETURNED", 0}};
    if (name.size() == 6 && name.substr(0, 5) == "_ABS_") {
        size_t axis = std::string_view("XYZABCUVW").find(name[5]);
        if (axis < kAxes) return machine_of(s.position)[axis] / (is_rotary(static_cast<int>(axis)) ? 1 : s.unit_mm());
    }
    for (const Named& candidate : kNamed)
        if (candidate.name == name) return candidate.value;
    return std::nullopt;
}

}  // namespace proveout::interp
