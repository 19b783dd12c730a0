#include "job/spec.h"

#include <vector>

#include "job/faults.h"
#include "job/lengths.h"
#include "job/read_parts.h"
#include "job/validate.h"

namespace proveout {

namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (size_t at = 0; at <= text.size();) {
        size_t end = std::min(text.find(separator, at), text.size());
        parts.push_back(trimmed(text.substr(at, end - at)));
        at = end + 1;
    }
    return parts;
}

std::string flag_text(const char* flag, std::string_view spec) { return std::string(flag) + " " + std::string(spec.substr(0, 200)); }

Error spec_error(const char* flag, std::string_view spec, std::string detail) {
    Faults faults;
    faults.add(flag_text(flag, spec), std::move(detail));
    return faults_error(std::move(faults), std::string(flag) + " is not valid");
}

struct LengthKey {
    const char* name;
    const char* long_name;
    double Tool::*field;
};
constexpr LengthKey kLengthKeys[] = {
    {"d", "diameter", &Tool::diameter_mm},
    {"r", "corner_radius", &Tool::corner_radius_mm},
    {"tip", "tip_diameter", &Tool::tip_diameter_mm},
    {"neck", "neck_diameter", &Tool::neck_diameter_mm},
    {"flute", "flute_length", &Tool::flute_length_mm},
    {"shank", "shank_diameter", &Tool::shank_diameter_mm},
    {"stickout", "stickout", &Tool::stickout_mm},
    {"h", "length_offset", &Tool::length_offset_mm},
};
constexpr LengthKey kNumberKeys[] = {
    {"angle", "included_angle_deg", &Tool::included_angle_deg},
    {"taper", "taper_angle_deg", &Tool::taper_angle_deg},
    {"rpm", "max_rpm", &Tool::max_rpm},
    {"feed", "feed_mm_per_min", &Tool::feed_mm_per_min},
    {"speed", "spindle_rpm", &Tool::spindle_rpm},
};
constexpr std::string_view kToolKeys = "d r tip angle taper neck flute shank stickout holder flutes rpm cc h";

// H/LOWER/UPPER+H/LOWER/UPPER..., from the nose up; UPPER may be left out.
std::optional<std::string> read_holder(std::string_view text, Tool& tool) {
    for (std::string_view part : split(text, '+')) {
        std::vector<std::string_view> numbers = split(part, '/');
        HolderSegment segment;
        bool good = numbers.size() == 2 || numbers.size() == 3;
        double* fields[] = {&segment.height_mm, &segment.lower_diameter_mm, &segment.upper_diameter_mm};
        for (size_t i = 0; good && i < numbers.size(); ++i) {
            auto value = parse_length(numbers[i]);
            good = value && *value > 0;
            if (good) *fields[i] = *value;
        }
        if (!good) return "holder=" + std::string(text) + " is not HEIGHT/LOWER/UPPER+HEIGHT/LOWER/UPPER... (diameters, from the nose up)";
        if (numbers.size() == 2) segment.upper_diameter_mm = segment.lower_diameter_mm;
        tool.holder.push_back(segment);
    }
    return std::nullopt;
}

// One key=value; otherwise what is wrong.
std::optional<std::string> read_tool_key(std::string_view key, std::string_view value, Tool& tool) {
    const std::string what = std::string(key) + "=" + std::string(value);
    for (const LengthKey& entry : kLengthKeys) {
        if (key != entry.name && key != entry.long_name) continue;
        auto number = parse_length(value);
        bool zero_allowed =
            entry.field == &Tool::length_offset_mm || entry.field == &Tool::corner_radius_mm || entry.field == &Tool::tip_diameter_mm;
        if (!number) return what + " is not a length; allowed: a number in mm, or with in (0.25in, 1/4in)";
        if (*number < 0 && entry.field != &Tool::length_offset_mm) return what + " is negative; allowed: more than 0";
        if (*number == 0 && !zero_allowed) return what + " is 0; allowed: more than 0, up to " + number_text(kMaxLength_mm) + " mm";
        tool.*entry.field = *number;
        return std::nullopt;
    }
    for (const LengthKey& entry : kNumberKeys) {
        if (key != entry.name && key != entry.long_name) continue;
        auto number = parse_number(value);
        if (!number || *number <= 0) return what + " is not valid; allowed: a number more than 0";
        tool.*entry.field = *number;
        return std::nullopt;
    }
    if (key == "holder") return read_holder(value, tool);
    if (key == "flutes") {
        auto number = parse_number(value);
        if (!number || *number < 1 || *number > 100 || *number != std::floor(*number))
            return what + " is not valid; allowed: a whole number, 1 to 100";
        tool.flutes = static_cast<int>(*number);
        return std::nullopt;
    }
    if (key == "cc" || key == "center_cutting") {
        if (value != "0" && value != "1") return what + " is not valid; allowed: cc=1 (cuts at its centre), cc=0";
        tool.center_cutting = value == "1";
        return std::nullopt;
    }
    return std::string(key) + " is unknown; allowed: " + std::string(kToolKeys);
}

// "x,y,z" as lengths; false: it is not.
bool read_point(std::string_view text, Vec3& out) {
    std::vector<std::string_view> parts = split(text, ',');
    if (parts.size() != 3) return false;
    double* fields[] = {&out.x, &out.y, &out.z};
    for (size_t i = 0; i < 3; ++i) {
        auto value = parse_length(parts[i]);
        if (!value) return false;
        *fields[i] = *value;
    }
    return true;
}

// "d=50,h=20" for cyl:, "d=50,i=30,h=20" for tube:.
std::optional<std::string> read_round(std::string_view text, bool tube, Solid& solid) {
    solid.shape = tube ? StockShape::kTube : StockShape::kCylinder;
    solid.dims_mm = {0, 0, 0};
    for (std::string_view part : split(text, ',')) {
        size_t equals = part.find('=');
        std::string key = lower_case(trimmed(part.substr(0, equals)));
        auto value = equals == std::string_view::npos ? std::nullopt : parse_length(part.substr(equals + 1));
        int slot = key == "d" || key == "diameter" || key == "outer" ? 0
                   : tube && (key == "i" || key == "inner")          ? 1
                   : key == "h" || key == "height"                   ? (tube ? 2 : 1)
                                                                     : -1;
        if (slot < 0 || !value)
            return "\"" + std::string(part) +
                   "\" is not valid; allowed: " + (tube ? "tube:d=OUTER,i=INNER,h=HEIGHT@x,y,z" : "cyl:d=DIAMETER,h=HEIGHT@x,y,z");
        solid.dims_mm[slot] = *value;
    }
    return std::nullopt;
}

std::optional<std::string> read_box(std::string_view text, Solid& solid) {
    std::vector<std::string_view> parts = split(text, text.find('X') != std::string_view::npos ? 'X' : 'x');
    for (size_t i = 0; i < 3 && parts.size() == 3; ++i) {
        auto value = parse_length(parts[i]);
        if (!value) return "\"" + std::string(parts[i]) + "\" is not a length; allowed: a number in mm, or with in";
        solid.dims_mm[i] = *value;
    }
    if (parts.size() != 3)
        return "is not a stock; allowed: 60x40x10@-30,-20,-10 (size @ low corner), cyl:d=50,h=20@0,0,-20, tube:d=50,i=30,h=20@0,0,0, "
               "part.stl, auto";
    return std::nullopt;
}

bool is_stl_name(std::string_view name) { return name.size() > 4 && lower_case(name.substr(name.size() - 4)) == ".stl"; }

Result<StockSpec> read_stock_mesh(std::string_view spec, std::string_view name, Vec3 origin_mm, const MeshReader& read_mesh) {
    StockSpec out;
    out.mesh_ref = std::string(name);
    Stock stock;
    stock.solid.shape = StockShape::kMesh;
    stock.solid.origin_mm = origin_mm;
    auto mesh =
        read_mesh ? read_mesh(name) : Result<std::vector<Triangle>>(make_error(ErrorCode::kInvalidInput, "meshes cannot be read here"));
    if (!mesh) return spec_error("--stock", spec, mesh.error().message);
    stock.solid.mesh = std::move(*mesh);
    for (Triangle& t : stock.solid.mesh) t.a = t.a + origin_mm, t.b = t.b + origin_mm, t.c = t.c + origin_mm;
    Faults faults;
    validate_solid(stock.solid, "", faults);
    if (!faults.none()) return spec_error("--stock", spec, faults.list[0].detail);
    out.stock = std::move(stock);
    return out;
}

}  // namespace

Result<Tool> parse_tool_spec(std::string_view spec) {
    size_t colon = spec.find(':');
    auto number = parse_number(trimmed(spec.substr(0, std::min(colon, spec.size()))));
    if (colon == std::string_view::npos || !number || *number != std::floor(*number) || *number < 1 || *number > kMaxToolNumber)
        return spec_error("--tool", spec, "has no tool number; allowed: NUMBER:TYPE,d=DIAMETER,... for example 1:flat,d=6,flute=20");
    std::vector<std::string_view> parts = split(spec.substr(colon + 1), ',');
    auto type = tool_type_from(lower_case(parts[0]));
    if (!type || *type == ToolType::kForm)
        return spec_error("--tool", spec,
                          "type \"" + std::string(parts[0]) +
                              "\" is unknown; allowed: flat ball bull vbit chamfer drill taper tslot dovetail lollipop face");
    Tool tool;
    tool.number = static_cast<int>(*number);
    tool.type = *type;
    tool.center_cutting = *type != ToolType::kFace;
    std::string wrong;
    for (size_t i = 1; i < parts.size(); ++i) {
        size_t equals = parts[i].find('=');
        std::optional<std::string> fault =
            equals == std::string_view::npos
                ? "\"" + std::string(parts[i]) + "\" is not KEY=VALUE; keys: " + std::string(kToolKeys)
                : read_tool_key(lower_case(trimmed(parts[i].substr(0, equals))), trimmed(parts[i].substr(equals + 1)), tool);
        if (fault) wrong += (wrong.empty() ? "" : "; ") + *fault;
    }
    if (!wrong.empty()) return spec_error("--tool", spec, wrong);
    if (tool.type == ToolType::kDrill && tool.included_angle_deg == 0) tool.included_angle_deg = kDefaultDrillAngle_deg;
    Faults faults;
    validate_tool(tool, "", faults);
    for (const Fault& fault : faults.list) wrong += (wrong.empty() ? "" : "; ") + fault.pointer.substr(1) + " " + fault.detail;
    if (!wrong.empty()) return spec_error("--tool", spec, wrong);
    return tool;
}

Result<StockSpec> parse_stock_spec(std::string_view spec, const MeshReader& read_mesh) {
    std::string_view text = trimmed(spec);
    if (text == "auto") return StockSpec{};
    if (is_stl_name(text)) return read_stock_mesh(spec, text, {}, read_mesh);
    size_t at = text.rfind('@');
    std::string_view shape = trimmed(text.substr(0, std::min(at, text.size())));
    bool placed = at != std::string_view::npos;
    Vec3 origin_mm;
    if (placed && !read_point(text.substr(at + 1), origin_mm))
        return spec_error("--stock", spec, "what follows @ is not x,y,z; allowed: three lengths, for example @-30,-20,-10");
    if (is_stl_name(shape)) return read_stock_mesh(spec, shape, origin_mm, read_mesh);
    Stock stock;
    std::string lower = lower_case(shape.substr(0, 5));
    std::optional<std::string> wrong;
    bool box = false;
    if (lower.rfind("cyl:", 0) == 0)
        wrong = read_round(shape.substr(4), false, stock.solid);
    else if (lower.rfind("tube:", 0) == 0)
        wrong = read_round(shape.substr(5), true, stock.solid);
    else
        box = true, wrong = read_box(shape, stock.solid);
    if (wrong) return spec_error("--stock", spec, *wrong);
    if (!placed)
        return spec_error("--stock", spec,
                          std::string("has no place; add @x,y,z, ") + (box ? "the low corner" : "the centre of the bottom"));
    stock.solid.origin_mm = origin_mm;
    Faults faults;
    validate_solid(stock.solid, "", faults);
    if (!faults.none()) return spec_error("--stock", spec, faults.list[0].pointer.substr(1) + " " + faults.list[0].detail);
    StockSpec out;
    out.stock = std::move(stock);
    return out;
}

Result<WorkOffsetSpec> parse_wcs_spec(std::string_view spec) {
    static constexpr std::string_view kNames[] = {"g54", "g55", "g56", "g57", "g58", "g59", "g59.1", "g59.2", "g59.3"};
    size_t equals = spec.find('=');
    std::string name = lower_case(trimmed(spec.substr(0, std::min(equals, spec.size()))));
    Vec3 point;
    bool good = equals != std::string_view::npos && read_point(spec.substr(equals + 1), point);
    for (int k = 0; k < 9; ++k) {
        if (name != kNames[k]) continue;
        if (!good || std::max({std::abs(point.x), std::abs(point.y), std::abs(point.z)}) > kMaxLength_mm) break;
        return WorkOffsetSpec{k, point};
    }
    return spec_error("--wcs", spec,
                      "is not a work offset; allowed: G54=X,Y,Z with G54 to G59, G59.1 to G59.3, each length within 10000 mm");
}

}  // namespace proveout
