#include "import/comments.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "import/quantities.h"
#include "job/faults.h"
#include "job/lengths.h"
#include "job/validate.h"

namespace proveout {

namespace {

constexpr int kUnnumbered = -1;
constexpr int64_t kTouchingLines = 3;  // a T word this close behind a comment is what the comment speaks of
constexpr double kSameLength_mm = 0.002;
constexpr double kLeastCommentDiameter_mm = 0.01, kMostCommentDiameter_mm = 500;

struct Shape {
    std::optional<ToolType> type;  // none: cannot be built from a comment
    bool needs_angle = false;
    std::string assumed;
};

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

template <size_t N>
bool contains_any(std::string_view text, const std::array<std::string_view, N>& parts) {
    return std::any_of(parts.begin(), parts.end(), [&](std::string_view part) { return contains(text, part); });
}

// Shape by the words of a tool's description, most telling word first.
Shape shape_of(std::string_view lower) {
    static constexpr std::array<std::string_view, 12> kNotBuildable{
        "dovetail", "t-slot", "tslot", "slot mill", "lollipop", "undercut", "thread", "form ", "radius mill", "slitting", "probe", "taper"};
    if (contains_any(lower, kNotBuildable)) return {};
    if (contains(lower, "chamfer") || contains(lower, "countersink") || contains(lower, "counter sink"))
        return {ToolType::kChamfer, true, ""};
    if (contains(lower, "v-bit") || contains(lower, "vbit") || contains(lower, "v bit") || has_word(lower, "vee") ||
        contains(lower, "'v'") || contains(lower, "engrav") || contains(lower, "conical"))
        return {ToolType::kVbit, true, ""};
    if (contains(lower, "center drill") || contains(lower, "centre drill")) return {ToolType::kDrill, true, ""};
    if (contains(lower, "spot drill") || contains(lower, "spotdrill")) return {ToolType::kDrill, true, ""};
    if (contains(lower, "drill")) return {ToolType::kDrill, false, ""};
    if (contains(lower, "bull") || contains(lower, "corner rad")) return {ToolType::kBull, false, ""};
    if (contains(lower, "ball") || contains(lower, "spher")) return {ToolType::kBall, false, ""};
    if (contains(lower, "face")) return {ToolType::kFace, false, ""};
    if (has_word(lower, "tap") || contains(lower, "tap ") || contains(lower, "ream") || has_word(lower, "boring") ||
        contains(lower, "counterbore") || contains(lower, "counter bore"))
        return {ToolType::kFlat, false, "taken as a plain cylinder"};
    if (contains(lower, "flat") || contains(lower, "end mill") || contains(lower, "endmill") || contains(lower, "end_mill") ||
        has_word(lower, "em") || contains(lower, "square"))
        return {ToolType::kFlat, false, ""};
    return {ToolType::kFlat, false, "shape not stated: taken as a flat end mill"};
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "T12 ...", "(TOOL: T1 = ...", "tool 4 is", "tool #3": the number; kUnnumbered if there is none. A number with a unit or a fraction is
// none.
int number_in(std::string_view lower) {
    for (std::string_view key : {std::string_view("t"), std::string_view("tool")}) {
        for (size_t at = lower.find(key); at != std::string_view::npos; at = lower.find(key, at + 1)) {
            if (at > 0 && lower[at - 1] >= 'a' && lower[at - 1] <= 'z') continue;
            size_t from = at + key.size();
            while (from < lower.size() && (lower[from] == ' ' || lower[from] == '#')) ++from;
            size_t end = from;
            while (end < lower.size() && is_digit(lower[end]) && end - from < 6) ++end;
            if (end == from || (key == "t" && from != at + 1)) continue;
            std::string_view behind = lower.substr(end);
            char next = behind.empty() ? ' ' : behind[0];
            bool is_name = next == ' ' || next == ':' || next == '|' || next == ',' || next == '=' || next == '-' || next == ')';
            std::string_view word = trimmed(behind);
            if (!is_name || word.substr(0, 2) == "mm" || word.substr(0, 2) == "in" || word.substr(0, 3) == "dia" ||
                word.substr(0, 5) == "flute")
                continue;
            int number = 0;
            for (size_t i = from; i < end; ++i) number = number * 10 + (lower[i] - '0');
            if (number >= 1 && number <= kMaxToolNumber) return number;
        }
    }
    return kUnnumbered;
}

// Fills type and angle; false with `why` if the comment does not say enough.
bool apply_shape(const Shape& shape, std::optional<double> included_deg, NotedTool& out, std::string& why) {
    if (!shape.type) {
        why = "its shape cannot be built from a comment";
        return false;
    }
    out.tool.type = *shape.type;
    out.assumed = shape.assumed;
    out.tool.center_cutting = *shape.type != ToolType::kFace;
    if (included_deg && (*shape.type == ToolType::kVbit || *shape.type == ToolType::kChamfer || *shape.type == ToolType::kDrill))
        out.tool.included_angle_deg = *included_deg;
    if (shape.needs_angle && out.tool.included_angle_deg == 0) {
        why = "its angle is not stated";
        return false;
    }
    if (*shape.type == ToolType::kDrill && out.tool.included_angle_deg == 0) {
        out.tool.included_angle_deg = 118;
        out.assumed = "point angle not stated: 118 degrees";
    }
    return true;
}

// Corner radius against diameter decides between flat, bull and ball.
bool apply_corner(double corner_mm, NotedTool& out, std::string& why) {
    Tool& tool = out.tool;
    if (tool.type == ToolType::kBall) return true;
    if (tool.type == ToolType::kBull && corner_mm <= 0) {
        why = "its corner radius is not stated";
        return false;
    }
    if (corner_mm <= 0 || (tool.type != ToolType::kFlat && tool.type != ToolType::kBull && tool.type != ToolType::kFace)) return true;
    if (tool.type != ToolType::kFace)
        tool.type = std::abs(corner_mm - tool.diameter_mm / 2) <= kSameLength_mm ? ToolType::kBall : ToolType::kBull;
    if (tool.type != ToolType::kBall) tool.corner_radius_mm = corner_mm;
    return true;
}

// Fusion/HSM: "T1 D=3.175 CR=0. TAPER=45deg - ZMIN=-4.2 - flat end mill". TAPER is per side for cutters and the point angle for drills.
bool read_hsm(const ScanComment& comment, std::string_view lower, NotedTool& out, std::string& why) {
    double corner = value_of_key(lower, "cr").value_or(0);
    auto taper = value_of_key(lower, "taper");
    size_t dash = lower.rfind(" - ");
    std::string_view description = dash == std::string_view::npos ? lower : lower.substr(dash + 3);
    if (contains(description, "zmin") || contains(description, "d=")) description = lower.substr(0, lower.find("d="));
    out.tool.diameter_mm = *value_of_key(lower, "d") * comment.unit_mm;
    Shape shape = shape_of(description);
    bool drill = shape.type == ToolType::kDrill;
    std::optional<double> included = taper && *taper > 0 ? std::optional<double>(drill ? *taper : 2 * *taper) : std::nullopt;
    if (taper && *taper > 0 && shape.type && *shape.type != ToolType::kDrill && *shape.type != ToolType::kChamfer &&
        *shape.type != ToolType::kVbit) {
        why = "a tapered mill needs its flute length";
        return false;
    }
    return apply_shape(shape, included, out, why) && apply_corner(corner * comment.unit_mm, out, why);
}

// CutViewer: TOOL/MILL, diameter, corner radius, height, taper per side; TOOL/DRILL, diameter, point angle, height; TOOL/CHAMFER, diameter,
// angle, height.
bool read_cutviewer(const ScanComment& comment, std::string_view lower, NotedTool& out, std::string& why) {
    std::vector<double> values;
    size_t comma = lower.find(',');
    std::string_view kind = trimmed(lower.substr(5, comma == std::string_view::npos ? std::string_view::npos : comma - 5));
    while (comma != std::string_view::npos) {
        size_t next = lower.find(',', comma + 1);
        auto value =
            parse_number(trimmed(lower.substr(comma + 1, next == std::string_view::npos ? std::string_view::npos : next - comma - 1)));
        if (!value) break;
        values.push_back(*value);
        comma = next;
    }
    values.resize(4, 0);
    Tool& tool = out.tool;
    tool.diameter_mm = values[0] * comment.unit_mm;
    if (kind == "drill" || kind == "chamfer") {
        tool.type = kind == "drill" ? ToolType::kDrill : ToolType::kChamfer;
        tool.included_angle_deg = values[1] > 0 ? values[1] : kind == "drill" ? 118 : 0;
        tool.flute_length_mm = values[2] * comment.unit_mm;
        why = "its angle is not stated";
        return tool.included_angle_deg > 0;
    }
    why = "TOOL/" + std::string(kind) + " is not known";
    if (kind != "mill") return false;
    tool.flute_length_mm = values[2] * comment.unit_mm;
    if (values[3] > 0) {  // engraving cone: the diameter is that of its tip
        why = "a tapered mill needs its height";
        if (values[2] <= 0 || values[3] >= 90) return false;
        tool.type = ToolType::kVbit;
        tool.tip_diameter_mm = tool.diameter_mm;
        tool.included_angle_deg = 2 * values[3];
        tool.diameter_mm += 2 * tool.flute_length_mm * std::tan(values[3] * kPi / 180);
        return true;
    }
    tool.type = ToolType::kFlat;
    return apply_corner(values[1] * comment.unit_mm, out, why);
}

// The number at `begin` is that of "tool 8" or "tool #8".
bool is_tool_number(std::string_view lower, size_t begin) {
    std::string_view before = lower.substr(0, begin);
    while (!before.empty() && (before.back() == ' ' || before.back() == '#')) before.remove_suffix(1);
    return before.size() >= 4 && before.substr(before.size() - 4) == "tool";
}

// The one diameter that a comment in plain words states. Marked ones ("dia") win over ones with a unit, these over bare numbers beside a T
// number.
std::optional<double> plain_diameter(std::string_view lower, const std::vector<Quantity>& quantities, bool numbered, double unit_mm) {
    static constexpr std::array<std::string_view, 17> kOtherThings{"step",  "offset",    "position",  "retract",   "feed",      "depth",
                                                                   "pass",  "change at", "height",    "length",    "clearance", "size of",
                                                                   "below", "above",     "more than", "less than", "at least"};
    std::vector<double> candidates[3];
    for (const Quantity& quantity : quantities) {
        if (quantity.kind != QuantityKind::kBare && quantity.kind != QuantityKind::kLength) continue;
        double mm = quantity.kind == QuantityKind::kLength ? quantity.value : quantity.value * unit_mm;
        int rank = quantity.marked_diameter ? 0 : quantity.kind == QuantityKind::kLength ? 1 : 2;
        if (rank > 0 && contains_any(lower, kOtherThings)) continue;
        if (rank == 2 && (!numbered || is_tool_number(lower, quantity.begin))) continue;
        bool known = std::any_of(candidates[rank].begin(), candidates[rank].end(),
                                 [&](double other) { return std::abs(other - mm) < kSameLength_mm; });
        if (!known) candidates[rank].push_back(mm);
    }
    for (const auto& rank : candidates)
        if (!rank.empty()) return rank.size() == 1 ? std::optional<double>(rank[0]) : std::nullopt;
    return std::nullopt;
}

bool names_a_tool(std::string_view lower) {
    static constexpr std::array<std::string_view, 9> kNouns{"tool",     "endmill",   "end mill", "end_mill", "cutter",
                                                            "ballnose", "ball nose", "v-bit",    "vbit"};
    static constexpr std::array<std::string_view, 14> kOthers{"hole",  "circle", "bolt",   "disk",   "encoder", "track",   "mount",
                                                              "shank", " tip",   "debug,", "print,", "log,",    "must be", "#<"};
    if (contains_any(lower, kOthers)) return false;
    return contains_any(lower, kNouns) || has_word(lower, "bit") || has_word(lower, "em") || has_word(lower, "drill");
}

bool read_plain(const ScanComment& comment, std::string_view lower, NotedTool& out, std::string& why) {
    if (!names_a_tool(lower)) return false;
    std::vector<Quantity> quantities = quantities_of(lower);
    auto diameter = plain_diameter(lower, quantities, out.tool.number != kUnnumbered, comment.unit_mm);
    if (!diameter) return false;
    out.tool.diameter_mm = *diameter;
    std::optional<double> included;
    for (const Quantity& quantity : quantities)
        if (quantity.kind == QuantityKind::kAngle) included = quantity.value;
    return apply_shape(shape_of(lower), included, out, why) && apply_corner(0, out, why);
}

bool same_tool(const Tool& a, const Tool& b) {
    return a.type == b.type && std::abs(a.diameter_mm - b.diameter_mm) < kSameLength_mm &&
           std::abs(a.corner_radius_mm - b.corner_radius_mm) < kSameLength_mm &&
           std::abs(a.included_angle_deg - b.included_angle_deg) < 1e-6 && std::abs(a.tip_diameter_mm - b.tip_diameter_mm) < kSameLength_mm;
}

// Which T an unnumbered comment speaks of: the T word just behind it, else the tool in the spindle, else the next one, else 0 (the program
// has none).
int number_for(int64_t line, const std::vector<ScanToolWord>& words) {
    const ScanToolWord* before = nullptr;
    for (const ScanToolWord& word : words) {
        if (word.line >= line) {
            if (word.number > 0 && (word.line <= line + kTouchingLines || !before)) return word.number;
            break;
        }
        if (word.number > 0) before = &word;
    }
    return before ? before->number : 0;
}

void add_tool(NotedTool found, ProgramNotes& notes, std::map<int, std::string>& unclear) {
    int number = found.tool.number;
    auto same_number = [&](const NotedTool& other) { return other.tool.number == number; };
    auto at = std::find_if(notes.tools.begin(), notes.tools.end(), same_number);
    if (at == notes.tools.end()) {
        if (!unclear.count(number)) notes.tools.push_back(std::move(found));
        return;
    }
    if (same_tool(at->tool, found.tool)) return;
    // A list of tools in a post's own form is worth more than a remark that leaves the shape open.
    if (at->assumed.empty() && !found.assumed.empty() && std::abs(at->tool.diameter_mm - found.tool.diameter_mm) < kSameLength_mm) return;
    unclear[number] = "lines " + std::to_string(at->line) + " and " + std::to_string(found.line) + " describe different tools: \"" +
                      at->comment + "\", \"" + found.comment + "\"";
    notes.tools.erase(at);
}

// Three lengths behind `key` in a comment: "stockMin:0.00mm, 0.00mm, -12.70mm".
std::optional<std::array<double, 3>> three_lengths(std::string_view text, double unit_mm) {
    std::array<double, 3> out;
    for (double& value : out) {
        size_t comma = text.find(',');
        auto length = parse_length(text.substr(0, std::min(comma, text.size())), unit_mm);
        if (!length) return std::nullopt;
        value = *length;
        text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    }
    return out;
}

void set_box(std::array<double, 3> low, std::array<double, 3> size, std::string reason, ProgramNotes& notes) {
    Stock stock;
    stock.solid.dims_mm = size;
    stock.solid.origin_mm = {low[0], low[1], low[2]};
    Faults faults;
    validate_solid(stock.solid, "", faults);
    if (!faults.none()) return;
    notes.stock = std::move(stock);
    notes.stock_reason = std::move(reason);
}

void read_stock(const ProgramScan& scan, ProgramNotes& notes) {
    std::optional<std::array<double, 3>> low, high;
    int64_t low_line = 0;
    for (const ScanComment& comment : scan.comments) {
        std::string lower = lower_case(comment.text);
        std::string_view text = lower;
        if (text.substr(0, 9) == "stockmin:") low = three_lengths(text.substr(9), comment.unit_mm), low_line = comment.line;
        if (text.substr(0, 9) == "stockmax:") high = three_lengths(text.substr(9), comment.unit_mm);
        if (text.substr(0, 11) == "stock/block" && !notes.stock) {
            size_t comma = text.find(',');
            if (comma == std::string_view::npos) continue;
            auto size = three_lengths(text.substr(comma + 1), comment.unit_mm);
            for (int skip = 0; skip < 3 && comma != std::string_view::npos; ++skip) comma = text.find(',', comma + 1);
            if (!size || comma == std::string_view::npos) continue;
            // Its origin is the program's zero seen from the stock's low corner.
            auto zero = three_lengths(text.substr(comma + 1), comment.unit_mm);
            if (zero)
                set_box({-(*zero)[0], -(*zero)[1], -(*zero)[2]}, *size, "comment STOCK/BLOCK in line " + std::to_string(comment.line),
                        notes);
        }
        if (low && high && !notes.stock)
            set_box(*low, {(*high)[0] - (*low)[0], (*high)[1] - (*low)[1], (*high)[2] - (*low)[2]},
                    "comments stockMin and stockMax from line " + std::to_string(low_line), notes);
    }
}

}  // namespace

std::optional<NotedTool> tool_from_comment(const ScanComment& comment, std::string& why) {
    why.clear();
    std::string lower = lower_case(comment.text);
    NotedTool out;
    out.line = comment.line;
    out.comment = comment.text.substr(0, 120);
    out.tool.number = number_in(lower);
    out.tool.comment = out.comment;
    bool good;
    if (lower.rfind("tool/", 0) == 0)
        out.tool.number = kUnnumbered, good = read_cutviewer(comment, lower, out, why);
    else if (value_of_key(lower, "d") && (value_of_key(lower, "cr") || contains(lower, " - ")))
        good = read_hsm(comment, lower, out, why);
    else
        good = read_plain(comment, lower, out, why);
    if (!good) return std::nullopt;
    why.clear();
    Tool checked = out.tool;
    checked.number = 1;
    Faults faults;
    validate_tool(checked, "", faults);
    if (!(out.tool.diameter_mm >= kLeastCommentDiameter_mm && out.tool.diameter_mm <= kMostCommentDiameter_mm) || !faults.none()) {
        why = faults.none() ? "its diameter is out of range" : faults.list[0].pointer.substr(1) + " " + faults.list[0].detail;
        return std::nullopt;
    }
    return out;
}

ProgramNotes read_notes(const ProgramScan& scan) {
    ProgramNotes notes;
    std::map<int, std::string> unclear;
    for (const ScanComment& comment : scan.comments) {
        std::string why;
        auto found = tool_from_comment(comment, why);
        if (found) {
            if (found->tool.number == kUnnumbered) found->tool.number = number_for(comment.line, scan.tool_words);
            add_tool(std::move(*found), notes, unclear);
        } else if (!why.empty()) {
            int number = number_in(lower_case(comment.text));
            if (number == kUnnumbered) number = number_for(comment.line, scan.tool_words);
            unclear.try_emplace(number, "line " + std::to_string(comment.line) + " (" + comment.text.substr(0, 120) + "): " + why);
        }
    }
    for (auto& [number, reason] : unclear) {
        bool described =
            std::any_of(notes.tools.begin(), notes.tools.end(), [n = number](const NotedTool& noted) { return noted.tool.number == n; });
        if (!described) notes.unclear_tools.emplace_back(number, std::move(reason));
    }
    std::sort(notes.tools.begin(), notes.tools.end(), [](const NotedTool& a, const NotedTool& b) { return a.tool.number < b.tool.number; });
    read_stock(scan, notes);
    return notes;
}

}  // namespace proveout
