#include "verify/events.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "proveout/report.h"
#include "proveout/result.h"
#include "verify/legs.h"

namespace proveout {

namespace {

// Longest text of a block in a finding (finding.h).
constexpr size_t kMaxBlockBytes = 256;

const char* what_of(std::string_view code) {
    if (code == "RAPID_IN_STOCK") return "rapid move through";
    if (code == "SPINDLE_OFF_IN_CUT") return "cuts with the spindle stopped:";
    if (code == "SPINDLE_REVERSED") return "cuts with the spindle reversed:";
    if (code == "PLUNGE_NOT_CENTER_CUTTING") return "plunges, but does not cut at its centre, into";
    if (code == "FLUTE_LENGTH_EXCEEDED") return "cuts deeper than its flutes in";
    if (code == "NEAR_MISS") return "passes closer than the clearance to";
    return "meets";
}

std::string number(double value) {
    char text[40];
    std::snprintf(text, sizeof text, "%.3f", value);
    return text;
}

}  // namespace

std::string EventLog::partner_name(Partner partner) const {
    if (partner == kStockPartner) return "stock";
    if (partner == kTablePartner) return "table";
    if (partner >= kFirstFixture) {
        const std::string& name = setup_.fixtures[partner - kFirstFixture].name;
        return name.empty() ? "fixture " + std::to_string(partner - kFirstFixture + 1) : name;
    }
    if (partner >= kXAxis && partner < kXAxis + 3) return std::string(1, "XYZ"[partner - kXAxis]) + " axis";
    return "";
}

void EventLog::motion(const TimedMotion& move, std::vector<ContactSpan>& spans) {
    std::stable_sort(spans.begin(), spans.end(), [](const ContactSpan& a, const ContactSpan& b) { return a.fraction_0 < b.fraction_0; });
    const Motion& motion = move.motion;
    for (const ContactSpan& span : spans) {
        const FindingRule* rule = find_rule(span.code);
        CHECK(rule != nullptr);
        double begin_mm = path_mm_ + length_between(setup_.machine, motion, 0, span.fraction_0);
        double end_mm = begin_mm + length_between(setup_.machine, motion, span.fraction_0, span.fraction_1);
        Key key{rule, motion.tool, span.part, span.partner};
        auto at = open_.find(key);
        if (at != open_.end() && begin_mm - at->second.last_path_mm > std::min(at->second.gap_mm, span.gap_mm)) {
            close(key, at->second);
            open_.erase(at);
            at = open_.end();
        }
        if (at == open_.end()) {
            Open open;
            Finding& finding = open.finding;
            finding.code = rule->code;
            finding.severity = rule->severity;
            finding.line = motion.line;
            finding.time_s = move.start_s + elapsed_at(move, span.fraction_0);
            finding.tool = motion.tool;
            finding.part = span.part;
            finding.partner = partner_name(span.partner);
            finding.has_point = span.has_point;
            finding.point_mm = span.point;
            finding.controller_error = 0;
            open.last_path_mm = end_mm;
            open.gap_mm = span.gap_mm;
            at = open_.emplace(key, std::move(open)).first;
        }
        Open& open = at->second;
        open.finding.last_line = motion.line;
        open.finding.depth_mm = std::max(open.finding.depth_mm, span.depth_mm);
        open.finding.volume_mm3 += span.volume_mm3;
        open.gap_mm = std::min(open.gap_mm, span.gap_mm);
        open.last_path_mm = std::max(open.last_path_mm, end_mm);
        open.last_time_s = std::max(open.last_time_s, move.start_s + elapsed_at(move, span.fraction_1));
    }
    if (!spans.empty()) settle_near_misses(motion.tool);
    path_mm_ += length_between(setup_.machine, motion, 0, 1);
}

// A near miss that goes over into a collision of the same part with the same partner, or comes out of one, is that collision.
void EventLog::settle_near_misses(int tool) {
    const FindingRule* near = find_rule("NEAR_MISS");
    for (auto& [key, open] : open_) {
        if (std::get<0>(key) != near || std::get<1>(key) != tool) continue;
        for (const auto& [other, event] : open_)
            if (std::get<0>(other)->is_collision && std::get<1>(other) == tool && std::get<2>(other) == std::get<2>(key) &&
                std::get<3>(other) == std::get<3>(key) && event.last_path_mm >= open.last_path_mm - kEventGap_mm)
                open.dropped = true;
    }
}

void EventLog::close(const Key& key, Open& open) {
    (void)key;
    if (open.dropped) return;
    open.finding.duration_s = std::max(0.0, open.last_time_s - open.finding.time_s);
    add(std::move(open.finding));
}

void EventLog::add(Finding finding) {
    const FindingRule* rule = find_rule(finding.code);
    if (rule) {
        finding.code = rule->code;
        collisions_ += rule->is_collision;
    }
    if (finding.last_line == 0) finding.last_line = finding.line;
    if (finding.message.empty()) finding.message = message_of(finding);
    ++by_code_[finding.code];
    ++counts_[static_cast<int>(finding.severity)];
    auto& list = kept_[static_cast<int>(finding.severity)];
    if (list.size() < kMaxFindings) list.emplace_back(sequence_, std::move(finding));
    ++sequence_;
}

int64_t EventLog::count(std::string_view code) const {
    auto at = by_code_.find(code);
    return at == by_code_.end() ? 0 : at->second;
}

void EventLog::finish() {
    // In order of their beginning, whatever the order of the keys (the keys hold addresses).
    std::vector<std::pair<const Key*, Open*>> rest;
    for (auto& [key, open] : open_) rest.emplace_back(&key, &open);
    std::stable_sort(rest.begin(), rest.end(), [](const auto& a, const auto& b) {
        const Finding &p = a.second->finding, &q = b.second->finding;
        return std::tie(p.time_s, p.line, p.code, p.tool, p.part, p.partner) <
               std::tie(q.time_s, q.line, q.code, q.tool, q.part, q.partner);
    });
    for (auto& [key, open] : rest) close(*key, *open);
    open_.clear();
}

std::vector<Finding> EventLog::take() {
    std::vector<std::pair<int64_t, Finding>> chosen;
    for (int severity = 2; severity >= 0; --severity)
        for (auto& entry : kept_[severity])
            if (chosen.size() < kMaxFindings) chosen.push_back(std::move(entry));
    std::stable_sort(chosen.begin(), chosen.end(), [](const auto& a, const auto& b) {
        const Finding &p = a.second, &q = b.second;
        return std::tie(p.time_s, p.line, p.code, p.tool, p.part, p.partner, a.first) <
               std::tie(q.time_s, q.line, q.code, q.tool, q.part, q.partner, b.first);
    });
    std::vector<Finding> list;
    for (auto& entry : chosen) list.push_back(std::move(entry.second));
    return list;
}

std::string message_of(const Finding& finding) {
    std::string text;
    if (finding.code == "OVERTRAVEL") {
        text = finding.partner + " leaves its travel by " + number(finding.depth_mm) + " mm";
    } else if (finding.code == "LOOSE_PIECE") {
        text = "a piece of " + number(finding.volume_mm3) + " mm3 is loose after this block: nothing in the set-up holds it";
    } else {
        if (finding.part != Part::kNone) text = std::string(name_of(finding.part)) + " of tool " + std::to_string(finding.tool) + " ";
        text += what_of(finding.code);
        text += " " + finding.partner;
        if (finding.depth_mm > 0) text += ", " + number(finding.depth_mm) + " mm deep";
    }
    if (finding.has_point)
        text += ", at X" + number(finding.point_mm.x) + " Y" + number(finding.point_mm.y) + " Z" + number(finding.point_mm.z);
    return text;
}

void fill_blocks(std::string_view text, std::vector<Finding>& findings) {
    std::vector<Finding*> order;
    for (Finding& finding : findings)
        if (finding.line > 0 && finding.block.empty()) order.push_back(&finding);
    std::stable_sort(order.begin(), order.end(), [](const Finding* a, const Finding* b) { return a->line < b->line; });
    int64_t line = 1;
    size_t at = 0;
    for (Finding* finding : order) {
        while (line < finding->line && at < text.size()) {
            const void* end = std::memchr(text.data() + at, '\n', text.size() - at);
            at = end ? static_cast<const char*>(end) - text.data() + 1 : text.size();
            ++line;
        }
        if (line != finding->line) return;
        std::string_view block = text.substr(at, std::min(text.find('\n', at), text.size()) - at).substr(0, kMaxBlockBytes);
        while (!block.empty() && static_cast<unsigned char>(block.back()) <= ' ') block.remove_suffix(1);
        while (!block.empty() && static_cast<unsigned char>(block.front()) <= ' ') block.remove_prefix(1);
        finding->block = block;
    }
}

}  // namespace proveout
