#include "import/project.h"

#include <algorithm>
#include <cmath>
#include <pugixml.hpp>

#include "job/fields.h"
#include "job/validate.h"

namespace proveout {

namespace {

constexpr int kMaxProjectDepth = 32;
constexpr double kDefaultLength_mm = 10, kDefaultDiameter_mm = 2;  // CAMotics' own defaults for a tool

// A tool as CAMotics describes it, in mm.
struct ProjectTool {
    int number = 0;
    std::string shape = "cylindrical";
    double length_mm = kDefaultLength_mm, diameter_mm = kDefaultDiameter_mm, snub_diameter_mm = 0;
    std::string description;
};

bool is_inch(std::string_view units) {
    std::string lower = lower_case(units);
    return lower == "imperial" || lower == "inch";
}

// The same shape among ours; false if there is none.
bool convert(const ProjectTool& from, Tool& tool) {
    tool.number = from.number;
    tool.diameter_mm = from.diameter_mm;
    tool.flute_length_mm = from.length_mm;
    tool.comment = from.description.substr(0, 200);
    std::string shape = lower_case(from.shape);
    double half_angle = from.length_mm > 0 ? std::atan((from.diameter_mm - from.snub_diameter_mm) / 2 / from.length_mm) * 180 / kPi : 0;
    if (shape == "cylindrical" || shape == "cylinder") {
        tool.type = ToolType::kFlat;
    } else if (shape == "ballnose") {
        tool.type = ToolType::kBall;
    } else if (shape == "conical" || shape == "cone") {
        tool.type = ToolType::kVbit;
        tool.included_angle_deg = 2 * half_angle;
    } else if (shape == "snubnose") {
        tool.type = ToolType::kVbit;
        tool.tip_diameter_mm = from.snub_diameter_mm;
        tool.included_angle_deg = 2 * half_angle;
    } else if ((shape == "spheroid" || shape == "sphere") && std::abs(from.length_mm - from.diameter_mm) < 1e-6) {
        tool.type = ToolType::kLollipop;  // a sphere on a thin neck: nothing stands above it in CAMotics
        tool.neck_diameter_mm = from.diameter_mm / 100;
    } else {
        return false;
    }
    return true;
}

void add_tool(const ProjectTool& from, const std::string& pointer, Project& project, Faults& faults) {
    Tool tool;
    if (!convert(from, tool)) {
        faults.add(pointer + "/shape", "is \"" + from.shape.substr(0, 40) + "\" (length " + number_text(from.length_mm) +
                                           " mm); allowed: cylindrical conical ballnose snubnose, or spheroid with length = diameter");
        return;
    }
    validate_tool(tool, pointer, faults);
    auto same = [&](const Tool& other) { return other.number == tool.number; };
    if (std::any_of(project.tools.begin(), project.tools.end(), same))
        return faults.add(pointer, "number " + std::to_string(tool.number) + " stands twice");
    project.tools.push_back(std::move(tool));
}

std::string text_of(const Json& object, const char* member, const char* otherwise) {
    auto at = object.find(member);
    return at != object.end() && at->is_string() ? at->get<std::string>() : std::string(otherwise);
}

void read_length(const Json& object, const char* member, const std::string& pointer, double unit_mm, double& out_mm, Faults& faults) {
    auto at = object.find(member);
    if (at == object.end()) return;
    if (at->is_number() && std::isfinite(at->get<double>()))
        out_mm = at->get<double>() * unit_mm;
    else
        faults.add(pointer + "/" + member, "is not a number; CAMotics would take its default silently");
}

void read_json_tools(const Json& tools, Project& project, Faults& faults) {
    if (!tools.is_object()) return faults.add("/tools", "is not an object of tools by number");
    for (const auto& [key, value] : tools.items()) {
        std::string pointer = pointer_to("/tools", key);
        auto number = parse_number(value.is_object() && value.contains("number") && value["number"].is_number()
                                       ? number_text(value["number"].get<double>())
                                       : key);
        if (!value.is_object() || !number || *number < 0 || *number > kMaxToolNumber || *number != std::floor(*number)) {
            faults.add(pointer, "is not a tool; allowed: numbers 0 to " + std::to_string(kMaxToolNumber));
            continue;
        }
        if (*number == 0) continue;
        ProjectTool tool;
        tool.number = static_cast<int>(*number);
        tool.shape = text_of(value, "shape", "cylindrical");
        tool.description = text_of(value, "description", "");
        double unit_mm = is_inch(text_of(value, "units", "metric")) ? kMmPerInch : 1;
        read_length(value, "length", pointer, unit_mm, tool.length_mm, faults);
        read_length(value, "diameter", pointer, unit_mm, tool.diameter_mm, faults);
        read_length(value, "snub_diameter", pointer, unit_mm, tool.snub_diameter_mm, faults);
        add_tool(tool, pointer, project, faults);
    }
}

void set_bounds(Vec3 low, Vec3 high, Project& project, Faults& faults) {
    Solid box;
    Vec3 size = high - low;
    box.dims_mm = {size.x, size.y, size.z};
    box.origin_mm = low;
    Faults own;
    validate_solid(box, "/workpiece/bounds", own);
    if (!own.none()) return faults.add("/workpiece/bounds", "is no box: " + own.list[0].detail);
    Box3 bounds;
    bounds.add(low);
    bounds.add(high);
    project.bounds_mm = bounds;
}

void read_json_workpiece(const Json& workpiece, Project& project, Faults& faults) {
    if (!workpiece.is_object()) return faults.add("/workpiece", "is not an object");
    auto automatic = workpiece.find("automatic");
    bool is_automatic = automatic == workpiece.end() || !automatic->is_boolean() || automatic->get<bool>();
    auto bounds = workpiece.find("bounds");
    if (bounds == workpiece.end()) return;
    Fields fields(*bounds, "/workpiece/bounds", faults);
    double low[3], high[3];
    Range place{-kMaxLength_mm, kMaxLength_mm, false, 1, " mm"};
    bool has_low = fields.numbers("min", 3, place, low), has_high = fields.numbers("max", 3, place, high);
    if (!has_low || !has_high) return faults.add("/workpiece/bounds", "needs min and max, three numbers each");
    set_bounds({low[0], low[1], low[2]}, {high[0], high[1], high[2]}, project, faults);
    if (is_automatic) project.assumptions.push_back("stock: the project's workpiece is automatic; its stored bounds are used");
}

Result<Project> read_json_project(std::string_view text) {
    Faults faults;
    Project project;
    auto document = parse_json(text, kMaxProjectDepth, faults);
    if (document && !document->is_object()) faults.add("", "is not an object");
    if (document && faults.none()) {
        if (document->contains("tools")) read_json_tools((*document)["tools"], project, faults);
        if (document->contains("workpiece")) read_json_workpiece((*document)["workpiece"], project, faults);
        if (text_of(*document, "resolution-mode", "") == "manual")
            read_length(*document, "resolution", "", 1, project.resolution_mm, faults);
        if (auto files = document->find("files"); files != document->end() && files->is_array()) {
            for (const Json& file : *files)
                if (file.is_string()) project.files.push_back(file.get<std::string>());
        }
    }
    if (!faults.none()) return faults_error(std::move(faults), "the CAMotics project is not valid");
    return project;
}

std::string value_of(const pugi::xml_node& root, const char* name) { return root.child(name).attribute("v").value(); }

// "(0,0,-12)"
std::optional<Vec3> read_triple(std::string_view text) {
    text = trimmed(text);
    if (text.size() < 2 || text.front() != '(' || text.back() != ')') return std::nullopt;
    text = text.substr(1, text.size() - 2);
    double values[3];
    for (double& value : values) {
        size_t comma = text.find(',');
        auto number = parse_number(trimmed(text.substr(0, comma)));
        if (!number) return std::nullopt;
        value = *number;
        text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    }
    return Vec3{values[0], values[1], values[2]};
}

// File names are separated by spaces and %XX-encoded.
std::vector<std::string> split_files(std::string_view text) {
    std::vector<std::string> out;
    auto hex = [](char c) {
        return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    };
    for (text = trimmed(text); !text.empty();) {
        size_t end = std::min(text.find_first_of(" \t\r\n"), text.size());
        std::string name;
        for (size_t i = 0; i < end; ++i) {
            if (text[i] == '%' && i + 2 < end && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
                name += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
                i += 2;
            } else {
                name += text[i];
            }
        }
        out.push_back(std::move(name));
        text = trimmed(text.substr(end));
    }
    return out;
}

void read_xml_tools(const pugi::xml_node& table, Project& project, Faults& faults) {
    for (const pugi::xml_node& node : table.children("tool")) {
        ProjectTool tool;
        auto number = parse_number(node.attribute("number").value());
        std::string pointer = "/tool_table/" + std::string(node.attribute("number").value());
        if (!number || *number < 0 || *number > kMaxToolNumber || *number != std::floor(*number)) {
            faults.add(pointer, "is not a tool; allowed: numbers 0 to " + std::to_string(kMaxToolNumber));
            continue;
        }
        if (*number == 0) continue;
        tool.number = static_cast<int>(*number);
        if (node.attribute("shape")) tool.shape = node.attribute("shape").value();
        double unit_mm = is_inch(node.attribute("units").value()) ? kMmPerInch : 1;
        auto length = [&](const char* name, double factor, double& out) {
            if (auto value = parse_number(node.attribute(name).value())) out = *value * factor * unit_mm;
        };
        length("length", 1, tool.length_mm);
        length("radius", 2, tool.diameter_mm);
        length("diameter", 1, tool.diameter_mm);
        length("snub_diameter", 1, tool.snub_diameter_mm);
        add_tool(tool, pointer, project, faults);
    }
}

Result<Project> read_xml_project(std::string_view text) {
    pugi::xml_document document;
    pugi::xml_parse_result parsed = document.load_buffer(text.data(), text.size());
    pugi::xml_node root = document.child("camotics");
    if (!root) root = document.child("openscam");
    if (!parsed || !root) {
        std::string why = parsed ? "no <camotics> element" : parsed.description();
        return make_error(ErrorCode::kInvalidInput, "the CAMotics project is not valid XML: " + why);
    }
    Faults faults;
    Project project;
    read_xml_tools(root.child("tool_table"), project, faults);
    auto low = read_triple(value_of(root, "workpiece-min")), high = read_triple(value_of(root, "workpiece-max"));
    if (low && high) {
        set_bounds(*low, *high, project, faults);
        if (lower_case(value_of(root, "automatic-workpiece")) == "true")
            project.assumptions.push_back("stock: the project's workpiece is automatic; its stored bounds are used");
    }
    if (lower_case(value_of(root, "resolution-mode")) == "manual")
        project.resolution_mm = parse_number(value_of(root, "resolution")).value_or(0);
    project.files = split_files(root.child("nc-files").child_value());
    if (!faults.none()) return faults_error(std::move(faults), "the CAMotics project is not valid");
    return project;
}

}  // namespace

bool is_project_name(std::string_view name) {
    auto ends_with = [&](std::string_view suffix) {
        return name.size() > suffix.size() && lower_case(name.substr(name.size() - suffix.size())) == suffix;
    };
    return ends_with(".camotics") || ends_with(".xml");
}

Result<Project> read_project(std::string_view bytes, std::string_view name) {
    std::string_view start = trimmed(bytes.substr(0, std::min<size_t>(bytes.size(), 4096)));
    if (start.empty()) return make_error(ErrorCode::kInvalidInput, std::string(name) + " is empty; a CAMotics project is needed");
    auto project = start[0] == '<' ? read_xml_project(bytes) : read_json_project(bytes);
    if (!project) return project;
    std::sort(project->tools.begin(), project->tools.end(), [](const Tool& a, const Tool& b) { return a.number < b.number; });
    if (!project->tools.empty())
        project->assumptions.push_back(
            "tools: from the CAMotics project, which knows no shank and no holder: only their cutters are checked");
    return project;
}

}  // namespace proveout
