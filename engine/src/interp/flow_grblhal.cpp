// O-words as grblHAL carries them out: one stack, lines passed over while a condition is false, subprograms known once they have been
// passed, and any fault of an O-word empties the stack.
#include <algorithm>
#include <cmath>

#include "interp/interpreter.h"

namespace proveout::interp {

namespace {

using gcode::Block;
using gcode::Flow;

constexpr int kFlowSyntax = 81, kStackFull = 82, kNoFile = 84, kNoExpression = 20;
constexpr size_t kHalStack = 20;
constexpr int kHalArguments = 30;
constexpr double kMostRepeats = 4294967295.0;

bool is_name(std::string_view label) { return !label.empty() && !gcode::is_digit(label.front()); }
bool is_if(Flow flow) { return flow == Flow::kIf || flow == Flow::kElseif; }

}  // namespace

bool Interpreter::hal_skips() const { return hal_skip_sub_ || (!hal_stack_.empty() && hal_stack_.back().skip); }

bool Interpreter::do_hal_flow(const Block& block) {
    bool done = hal_statement(block);
    if (!done) {
        while (!hal_stack_.empty()) hal_pop();
        hal_subs_.clear();
        hal_skip_sub_ = false;
    }
    return done;
}

bool Interpreter::hal_condition(std::string_view text, double& value) {
    if (text.empty() || text.front() != '[') return refuse(kNoExpression, "an O-word without its expression");
    return condition(text, value);
}

bool Interpreter::hal_push(const Block& block, Flow flow) {
    if (hal_stack_.size() + 1 >= kHalStack) return refuse(kStackFull, "O-words are nested too deeply");
    HalEntry entry;
    entry.label = std::string(block.label);
    entry.flow = flow;
    entry.source = source_;
    entry.offset = sources_[source_].cursor.offset();
    entry.line = line_;
    hal_stack_.push_back(std::move(entry));
    return true;
}

void Interpreter::hal_pop() {
    if (hal_stack_.back().flow == Flow::kCall) parameters_.pop();
    hal_stack_.pop_back();
}

bool Interpreter::hal_statement(const Block& block) {
    bool skipping = hal_skips();
    Flow last = hal_stack_.empty() ? Flow::kNone : hal_stack_.back().flow;
    bool same = !hal_stack_.empty() && hal_stack_.back().label == block.label;
    double value = 0;
    auto misplaced = [&] { return skipping || refuse(kFlowSyntax, "o" + std::string(block.label) + " belongs to nothing that is open"); };
    switch (block.flow) {
        case Flow::kIf:
            if (skipping) return true;
            if (!hal_condition(block.rest, value) || !hal_push(block, Flow::kIf)) return false;
            hal_stack_.back().skip = value == 0;
            hal_stack_.back().handled = value != 0;
            return true;
        case Flow::kElseif:
            if (!is_if(last)) return misplaced();
            if (!same) return true;
            hal_stack_.back().skip = hal_stack_.back().handled;
            if (hal_stack_.back().handled) return true;
            if (!hal_condition(block.rest, value)) return false;
            hal_stack_.back().skip = value == 0;
            if (value != 0) hal_stack_.back().flow = Flow::kElseif, hal_stack_.back().handled = true;
            return true;
        case Flow::kElse:
            if (!is_if(last)) return misplaced();
            if (!same) return true;
            hal_stack_.back().skip = hal_stack_.back().handled;
            if (!hal_stack_.back().skip) hal_stack_.back().flow = Flow::kElse;
            return true;
        case Flow::kEndif:
            if (!is_if(last) && last != Flow::kElse) return misplaced();
            if (same) hal_pop();
            return true;
        case Flow::kDo:
            return skipping || hal_push(block, Flow::kDo);
        case Flow::kWhile:
        case Flow::kRepeat:
            return hal_loop(block, skipping, last, same);
        case Flow::kEndwhile:
        case Flow::kEndrepeat:
            return hal_end_loop(block, skipping, last, same);
        case Flow::kBreak:
        case Flow::kContinue:
            return skipping || hal_break(block);
        case Flow::kSub:
            if (is_name(block.label)) {
                bool own = std::any_of(hal_subs_.begin(), hal_subs_.end(),
                                       [&](const HalSub& sub) { return sub.label == block.label && sub.source == source_; });
                return own || refuse(kFlowSyntax, "a named subprogram belongs into a file of its own");
            }
            hal_subs_.push_back({std::string(block.label), source_, sources_[source_].cursor.offset(), line_});
            hal_skip_sub_ = true;
            return true;
        case Flow::kEndsub:
            if (!hal_skip_sub_) hal_return(block);
            hal_skip_sub_ = false;
            return true;
        case Flow::kReturn:
            if (!skipping) hal_return(block);
            return true;
        case Flow::kCall:
            return skipping || hal_call(block);
        default:
            return true;
    }
}

bool Interpreter::hal_loop(const Block& block, bool skipping, Flow last, bool same) {
    if (!hal_stack_.empty() && hal_stack_.back().broken && block.flow == Flow::kWhile) {
        if (last == Flow::kDo && same) hal_pop();
        return true;
    }
    double value = 0;
    if (skipping) return true;
    if (!hal_condition(block.rest, value)) return false;
    if (block.flow == Flow::kWhile && last == Flow::kDo && same) {
        if (value != 0)
            hal_seek(hal_stack_.back());
        else
            hal_pop();
        return true;
    }
    std::string expression(block.rest);
    if (!hal_push(block, block.flow)) return false;
    HalEntry& entry = hal_stack_.back();
    entry.expression = std::move(expression);
    if (block.flow == Flow::kRepeat) {
        entry.repeats = static_cast<int64_t>(std::clamp(std::nearbyint(value), 0.0, kMostRepeats));
        value = static_cast<double>(entry.repeats);
    }
    entry.skip = value == 0;
    return true;
}

void Interpreter::hal_seek(const HalEntry& entry) {
    source_ = entry.source;
    sources_[source_].cursor.seek(entry.offset, entry.line);
}

// The condition of the loop again; true: one more pass.
bool Interpreter::hal_again(HalEntry& entry, bool& again) {
    double value = 0;
    if (!entry.skip && !hal_condition(entry.expression, value)) return false;
    again = !entry.skip && value != 0;
    if (again)
        hal_seek(entry);
    else
        entry.skip = true;
    return true;
}

bool Interpreter::hal_end_loop(const Block& block, bool skipping, Flow last, bool same) {
    bool repeat = block.flow == Flow::kEndrepeat;
    if (last != (repeat ? Flow::kRepeat : Flow::kWhile))
        return skipping || refuse(kFlowSyntax, "o" + std::string(block.label) + " closes no loop that is open");
    if (!same) return true;
    HalEntry& entry = hal_stack_.back();
    if (repeat) {
        if (!skipping && entry.repeats > 0 && --entry.repeats > 0)
            hal_seek(entry);
        else
            hal_pop();
        return true;
    }
    bool again = false;
    if (!skipping && !hal_again(entry, again)) return false;
    if (entry.skip) hal_pop();
    return true;
}

bool Interpreter::hal_break(const Block& block) {
    while (!hal_stack_.empty() && hal_stack_.back().label != block.label) hal_pop();
    Flow flow = hal_stack_.empty() ? Flow::kNone : hal_stack_.back().flow;
    if (flow != Flow::kDo && flow != Flow::kWhile && flow != Flow::kRepeat)
        return refuse(kFlowSyntax, "o" + std::string(block.label) + " is no loop that is open");
    HalEntry& entry = hal_stack_.back();
    if (block.flow == Flow::kBreak) {
        entry.repeats = 0;
        entry.broken = entry.skip = entry.handled = true;
        return true;
    }
    bool again = false;
    if (flow == Flow::kWhile) return hal_again(entry, again);
    if (flow == Flow::kDo || (entry.repeats > 0 && --entry.repeats > 0))
        hal_seek(entry);
    else
        entry.skip = true;
    return true;
}

bool Interpreter::hal_call(const Block& block) {
    std::string label(block.label);
    HalSub sub;
    if (is_name(label)) {
        size_t source = 0;
        std::string file = label;
        for (char& c : file) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        if (!find_file(file, false, source)) return refuse(kNoFile, "the file of subprogram " + label + " is not found");
        sub = {label, source, 0, 0};
        hal_subs_.push_back(sub);
    } else {
        auto known = std::find_if(hal_subs_.begin(), hal_subs_.end(),
                                  [&](const HalSub& candidate) { return candidate.label == label && candidate.source == source_; });
        if (known == hal_subs_.end()) return refuse(kFlowSyntax, "subprogram " + label + " is not known yet");
        sub = *known;
    }
    std::array<double, kHalArguments> arguments{};
    for (int i = 0; i < kHalArguments; ++i) arguments[static_cast<size_t>(i)] = parameters_.number(i + 1).value_or(0);
    std::string_view text = block.rest;
    for (size_t count = 0; !text.empty() && count < arguments.size(); ++count) {
        if (text.front() != '[') return refuse(kNoExpression, "unexpected text behind \"call\"");
        if (!condition(text, arguments[count])) return false;
    }
    if (source_ == 0) call_line_ = line_;
    if (!hal_push(block, Flow::kCall)) return false;
    parameters_.push(true);
    for (int i = 0; i < kHalArguments; ++i) parameters_.set(i + 1, arguments[static_cast<size_t>(i)]);
    parameters_.set_named("_VALUE", 0);
    parameters_.set_named("_VALUE_RETURNED", 0);
    source_ = sub.source;
    sources_[source_].cursor.seek(sub.offset, sub.line);
    return true;
}

// "endsub", "return": back to the call with this label, if there is one.
void Interpreter::hal_return(const Block& block) {
    double value = 0;
    bool has_value = !block.rest.empty() && hal_condition(block.rest, value);
    refusal_ = {};
    while (!hal_stack_.empty() && (hal_stack_.back().label != block.label || hal_stack_.back().flow != Flow::kCall)) hal_pop();
    if (!hal_stack_.empty()) hal_leave();
    parameters_.set_named("_VALUE", value);
    parameters_.set_named("_VALUE_RETURNED", has_value ? 1 : 0);
}

void Interpreter::hal_leave() {
    hal_seek(hal_stack_.back());
    hal_pop();
}

// The end of a subprogram's own file. False: there is nothing to return to.
bool Interpreter::hal_end_of_file() {
    auto call = std::find_if(hal_stack_.rbegin(), hal_stack_.rend(), [](const HalEntry& entry) { return entry.flow == Flow::kCall; });
    if (source_ == 0 || call == hal_stack_.rend()) return false;
    while (hal_stack_.back().flow != Flow::kCall) hal_pop();
    hal_leave();
    return true;
}

}  // namespace proveout::interp
