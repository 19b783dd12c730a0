// Tools of a job document.
#include "job/read_parts.h"
#include "job/validate.h"

namespace proveout {

namespace {

const std::vector<std::string> kTypes{"flat",  "ball",  "bull",     "vbit",     "chamfer", "drill",
                                      "taper", "tslot", "dovetail", "lollipop", "face",    "form"};

Range positive_length(double unit_mm) { return {0, kMaxLength_mm, true, unit_mm, " mm"}; }

void read_holder(Fields& tool, double unit_mm, Tool& out, Faults& faults) {
    const Json* value = tool.find("holder");
    if (!value) return;
    if (!value->is_array() || value->size() > kMaxHolderSegments)
        return tool.fault("holder",
                          "is not a list of segments; allowed: up to " + std::to_string(kMaxHolderSegments) +
                              " objects {height, lower_diameter, upper_diameter}, from the nose up; an empty list means no holder");
    for (size_t i = 0; i < value->size(); ++i) {
        Fields fields((*value)[i], pointer_to(tool.at("holder"), std::to_string(i)), faults);
        HolderSegment segment;
        fields.number("height", positive_length(unit_mm), segment.height_mm);
        fields.number("lower_diameter", positive_length(unit_mm), segment.lower_diameter_mm);
        fields.number("upper_diameter", positive_length(unit_mm), segment.upper_diameter_mm);
        fields.finish();
        out.holder.push_back(segment);
    }
}

void read_profile(Fields& tool, double unit_mm, Tool& out) {
    const Json* value = tool.find("profile");
    if (!value) return;
    const std::string allowed =
        "; allowed: 2 to " + std::to_string(kMaxProfilePoints) + " pairs [radius, height] from the tip outward and up";
    if (!value->is_array() || value->size() < 2 || value->size() > kMaxProfilePoints)
        return tool.fault("profile", "is not a profile" + allowed);
    for (const Json& point : *value) {
        if (!point.is_array() || point.size() != 2 || !point[0].is_number() || !point[1].is_number())
            return tool.fault("profile", "has a point that is no pair of numbers" + allowed);
        out.profile.push_back({point[0].get<double>() * unit_mm, point[1].get<double>() * unit_mm});
    }
    out.type = ToolType::kForm;
    double widest = 0;
    for (const auto& point : out.profile) widest = std::max(widest, point[0]);
    if (out.diameter_mm == 0) out.diameter_mm = 2 * widest;
    if (out.flute_length_mm == 0) out.flute_length_mm = out.profile.back()[1];
}

void read_lengths(Fields& fields, double unit_mm, Tool& tool) {
    Range length = positive_length(unit_mm), zero_too = length;
    zero_too.open_low = false;
    fields.number("diameter", length, tool.diameter_mm);
    fields.number("corner_radius", zero_too, tool.corner_radius_mm);
    fields.number("tip_diameter", zero_too, tool.tip_diameter_mm);
    fields.number("neck_diameter", length, tool.neck_diameter_mm);
    fields.number("flute_length", length, tool.flute_length_mm);
    fields.number("shank_diameter", length, tool.shank_diameter_mm);
    fields.number("stickout", length, tool.stickout_mm);
    fields.number("length_offset", {-kMaxLength_mm, kMaxLength_mm, false, unit_mm, " mm"}, tool.length_offset_mm);
    fields.number("included_angle_deg", {0, 180, true, 1, " degrees"}, tool.included_angle_deg);
    fields.number("taper_angle_deg", {0, 90, true, 1, " degrees"}, tool.taper_angle_deg);
}

}  // namespace

double read_units(Fields& fields) {
    auto units = fields.word("units", {"mm", "inch"});
    return units && *units == "inch" ? kMmPerInch : 1;
}

Tool read_tool(const Json& value, const std::string& pointer, Faults& faults) {
    Fields fields(value, pointer, faults);
    Tool tool;
    tool.number = 0;
    if (!fields.valid()) return tool;
    fields.integer("number", 1, kMaxToolNumber, tool.number);
    if (tool.number == 0) fields.fault("number", "missing; allowed: 1 to " + std::to_string(kMaxToolNumber));
    auto type = fields.word("type", kTypes);
    double unit_mm = read_units(fields);
    read_lengths(fields, unit_mm, tool);
    if (type) tool.type = *tool_type_from(*type);
    read_profile(fields, unit_mm, tool);
    if (!type && !fields.has("profile") && !fields.has("type"))
        fields.fault("type", "missing; allowed: flat ball bull vbit chamfer drill taper tslot dovetail lollipop face, or a profile");
    read_holder(fields, unit_mm, tool, faults);
    fields.integer("flutes", 1, 100, tool.flutes);
    fields.number("max_rpm", {0, kMaxRpm, true, 1, " rev/min"}, tool.max_rpm);
    fields.number("feed_mm_per_min", {0, kMaxFeed_mm_per_min, false, 1, " mm/min"}, tool.feed_mm_per_min);
    fields.number("spindle_rpm", {0, kMaxRpm, false, 1, " rev/min"}, tool.spindle_rpm);
    tool.center_cutting = tool.type != ToolType::kFace;
    fields.boolean("center_cutting", tool.center_cutting);
    fields.text("comment", 1000, tool.comment);
    fields.finish();
    if (tool.type == ToolType::kDrill && tool.included_angle_deg == 0) tool.included_angle_deg = kDefaultDrillAngle_deg;
    bool broken_profile = fields.has("profile") && tool.type != ToolType::kForm;
    if (!broken_profile) validate_tool(tool, pointer, faults);
    return tool;
}

std::vector<Tool> read_tools(const Json& value, const std::string& pointer, Faults& faults) {
    std::vector<Tool> tools;
    if (!value.is_array() || value.size() > kMaxTools) {
        faults.add(pointer, "is not a list of tools; allowed: up to " + std::to_string(kMaxTools) + " objects, or \"auto\"");
        return tools;
    }
    for (size_t i = 0; i < value.size(); ++i) {
        std::string at = pointer_to(pointer, std::to_string(i));
        Tool tool = read_tool(value[i], at, faults);
        for (const Tool& other : tools)
            if (tool.number > 0 && other.number == tool.number)
                faults.add(at + "/number",
                           "is " + std::to_string(tool.number) + ", which another tool of the list has; numbers must differ");
        tools.push_back(std::move(tool));
    }
    std::stable_sort(tools.begin(), tools.end(), [](const Tool& a, const Tool& b) { return a.number < b.number; });
    return tools;
}

}  // namespace proveout
