// Fusion 360 / HSM tool libraries.
#include <zlib.h>

#include <algorithm>
#include <cmath>

#include "import/tools.h"
#include "job/fields.h"
#include "job/validate.h"

namespace proveout {

namespace {

constexpr int kMaxLibraryDepth = 64;
constexpr size_t kMaxLibraryBytes = size_t{64} << 20;

struct FusionType {
    std::string_view words;  // of the library's `type`
    ToolType type;
    bool approximate;  // our shape is not quite theirs
};
constexpr FusionType kTypes[] = {
    {"flat end mill", ToolType::kFlat, false},
    {"ball end mill", ToolType::kBall, false},
    {"bull nose end mill", ToolType::kBull, false},
    {"chamfer mill", ToolType::kChamfer, false},
    {"face mill", ToolType::kFace, false},
    {"spot drill", ToolType::kDrill, false},
    {"center drill", ToolType::kDrill, true},
    {"counter sink", ToolType::kChamfer, false},
    {"tapered mill", ToolType::kTaper, false},
    {"dovetail mill", ToolType::kDovetail, false},
    {"slot mill", ToolType::kTslot, false},
    {"lollipop mill", ToolType::kLollipop, false},
    {"drill", ToolType::kDrill, false},
    {"engrave", ToolType::kVbit, false},
    {"tap right hand", ToolType::kFlat, true},
    {"tap left hand", ToolType::kFlat, true},
    {"reamer", ToolType::kFlat, true},
    {"boring bar", ToolType::kFlat, true},
    {"counter bore", ToolType::kFlat, true},
    {"thread mill", ToolType::kTslot, true},
};

const FusionType* find_type(std::string_view words) {
    for (const FusionType& entry : kTypes)
        if (entry.words == words) return &entry;
    return nullptr;
}

std::string text_of(const Json& object, const char* member) {
    auto at = object.find(member);
    return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

const Json& object_of(const Json& object, const char* member) {
    static const Json kEmpty = Json::object();
    auto at = object.find(member);
    return at != object.end() && at->is_object() ? *at : kEmpty;
}

// A number, or a string that holds one ("6", "6 mm"); 0 if it is neither.
double number_of(const Json& object, const char* member, double unit_mm) {
    auto at = object.find(member);
    if (at == object.end()) return 0;
    if (at->is_number()) return std::isfinite(at->get<double>()) ? at->get<double>() * unit_mm : 0;
    if (at->is_string()) return parse_length(at->get<std::string>(), unit_mm).value_or(0);
    return 0;
}

double unit_of(const Json& tool) {
    std::string unit = text_of(tool, "unit");
    if (unit.empty()) unit = text_of(object_of(tool, "expressions"), "tool_unit");
    return unit.find("inch") != std::string::npos ? kMmPerInch : 1;
}

void read_holder(const Json& entry, double unit_mm, Tool& tool) {
    const Json& holder = object_of(entry, "holder");
    auto segments = holder.find("segments");
    if (segments == holder.end() || !segments->is_array()) return;
    for (const Json& value : *segments) {
        if (!value.is_object() || tool.holder.size() >= kMaxHolderSegments) continue;
        HolderSegment segment{number_of(value, "height", unit_mm), number_of(value, "lower-diameter", unit_mm),
                              number_of(value, "upper-diameter", unit_mm)};
        if (segment.height_mm > 0 && segment.lower_diameter_mm > 0 && segment.upper_diameter_mm > 0) tool.holder.push_back(segment);
    }
}

void read_geometry(const Json& entry, double unit_mm, Tool& tool) {
    const Json& geometry = object_of(entry, "geometry");
    tool.diameter_mm = number_of(geometry, "DC", unit_mm);
    tool.flute_length_mm = number_of(geometry, "LCF", unit_mm);
    tool.shank_diameter_mm = number_of(geometry, "SFDM", unit_mm);
    tool.stickout_mm = number_of(geometry, "LB", unit_mm);
    double corner = number_of(geometry, "RE", unit_mm), point = number_of(geometry, "SIG", 1), taper = number_of(geometry, "TA", 1);
    if (tool.type == ToolType::kBull || tool.type == ToolType::kFace) tool.corner_radius_mm = corner;
    double tip = number_of(geometry, "tip-diameter", unit_mm);
    if (tool.type == ToolType::kDrill) tool.included_angle_deg = point > 0 ? point : 118;
    if (tool.type == ToolType::kChamfer || tool.type == ToolType::kVbit || tool.type == ToolType::kDovetail) {
        tool.included_angle_deg = taper > 0 ? 2 * taper : point;
        if (tool.type != ToolType::kDovetail) tool.tip_diameter_mm = tip;
    }
    if (tool.type == ToolType::kTaper) {  // DC is the diameter at the tip
        tool.taper_angle_deg = taper;
        tool.tip_diameter_mm = tool.diameter_mm;
        tool.diameter_mm += 2 * tool.flute_length_mm * std::tan(taper * kPi / 180);
    }
    if (is_undercutting(tool.type))
        tool.neck_diameter_mm = number_of(geometry, "shoulder-diameter", unit_mm);
    int flutes = static_cast<int>(std::clamp(number_of(geometry, "NOF", 1), 0.0, 100.0));
    if (flutes > 0) tool.flutes = flutes;
}

void read_presets(const Json& entry, Tool& tool) {
    const Json& start = object_of(entry, "start-values");
    auto presets = start.find("presets");
    if (presets == start.end() || !presets->is_array() || presets->empty() || !(*presets)[0].is_object()) return;
    tool.spindle_rpm = std::clamp(number_of((*presets)[0], "n", 1), 0.0, kMaxRpm);
}

// A tool, or a line for `assumptions` that says why not.
void read_entry(const Json& entry, const std::string& at, ImportedTools& out, Faults& faults) {
    std::string type_words = text_of(entry, "type"), label = text_of(entry, "description");
    if (type_words == "holder") return;
    const FusionType* type = find_type(type_words);
    std::string name = "tool library " + at + (label.empty() ? "" : " (" + label.substr(0, 80) + ")");
    if (!type) {
        out.assumptions.push_back(name + ": type \"" + type_words.substr(0, 40) + "\" cannot be simulated and is left out");
        return;
    }
    Tool tool;
    tool.type = type->type;
    tool.center_cutting = tool.type != ToolType::kFace;
    double number = number_of(object_of(entry, "post-process"), "number", 1);
    tool.number = number >= 1 && number <= kMaxToolNumber ? static_cast<int>(number) : 0;
    tool.comment = label.substr(0, 200);
    double unit_mm = unit_of(entry);
    read_geometry(entry, unit_mm, tool);
    read_holder(entry, unit_mm, tool);
    read_presets(entry, tool);
    if (!tool.holder.empty() && tool.stickout_mm == 0)
        tool.holder.clear(), out.assumptions.push_back(name + ": body length (LB) missing: holder left out");
    if (tool.stickout_mm > 0 && tool.stickout_mm < tool.flute_length_mm) {
        out.assumptions.push_back(name + ": flutes (" + number_text(tool.flute_length_mm) +
                                  " mm) reach into the holder: flute length taken as " + number_text(tool.stickout_mm) + " mm");
        tool.flute_length_mm = tool.stickout_mm;
    }
    if (type->approximate)
        out.assumptions.push_back(name + ": " + type_words + " taken as a " + std::string(name_of(tool.type)) + " cutter of its diameter");
    if (tool.number == 0) {
        out.assumptions.push_back(name + ": no tool number, left out");
        return;
    }
    validate_tool(tool, at, faults);
    auto same = [&](const Tool& other) { return other.number == tool.number; };
    if (std::any_of(out.tools.begin(), out.tools.end(), same)) {
        out.assumptions.push_back(name + ": number " + std::to_string(tool.number) + " is taken already in this library, left out");
        return;
    }
    if (out.tools.size() < kMaxTools)
        out.tools.push_back(std::move(tool));
    else
        faults.add("/data", "has more than " + std::to_string(kMaxTools) + " tools");
}

uint32_t little_endian(std::string_view bytes, size_t at, int count) {
    uint32_t value = 0;
    for (int i = 0; i < count && at + i < bytes.size(); ++i)
        value |= static_cast<uint32_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
    return value;
}

}  // namespace

Result<ImportedTools> read_fusion_library(std::string_view text) {
    Faults faults;
    ImportedTools out;
    auto document = parse_json(text, kMaxLibraryDepth, faults);
    if (document && (!document->is_object() || !document->contains("data") || !(*document)["data"].is_array()))
        faults.add("/data", "missing; a Fusion tool library has a list \"data\"");
    if (document && faults.none()) {
        const Json& data = (*document)["data"];
        for (size_t i = 0; i < data.size(); ++i) {
            std::string at = "/data/" + std::to_string(i);
            if (data[i].is_object())
                read_entry(data[i], at, out, faults);
            else
                faults.add(at, "is not an object");
        }
    }
    if (!faults.none()) return faults_error(std::move(faults), "the tool library is not valid");
    std::sort(out.tools.begin(), out.tools.end(), [](const Tool& a, const Tool& b) { return a.number < b.number; });
    return out;
}

Result<std::string> unzip_library(std::string_view bytes) {
    // ZIP (APPNOTE 6.3, 4.3.7 and 4.3.12): the central directory holds the true sizes.
    constexpr size_t kEndBytes = 22, kCentralBytes = 46, kLocalBytes = 30;
    Error bad =
        make_error(ErrorCode::kInvalidInput, "the tool library is not a readable ZIP file; export it from Fusion again, or as JSON");
    size_t end = bytes.rfind("PK\x05\x06");
    if (end == std::string_view::npos || end + kEndBytes > bytes.size()) return bad;
    size_t central = little_endian(bytes, end + 16, 4);
    int members = static_cast<int>(little_endian(bytes, end + 10, 2));
    for (int i = 0; i < members && central + kCentralBytes <= bytes.size(); ++i) {
        if (bytes.substr(central, 4) != "PK\x01\x02") return bad;
        uint32_t method = little_endian(bytes, central + 10, 2), packed = little_endian(bytes, central + 20, 4),
                 size = little_endian(bytes, central + 24, 4);
        size_t name_bytes = little_endian(bytes, central + 28, 2), local = little_endian(bytes, central + 42, 4);
        std::string name = lower_case(bytes.substr(std::min(central + kCentralBytes, bytes.size()), name_bytes));
        central += kCentralBytes + name_bytes + little_endian(bytes, central + 30, 2) + little_endian(bytes, central + 32, 2);
        if (name.size() < 5 || name.substr(name.size() - 5) != ".json") continue;
        size_t data = local + kLocalBytes + little_endian(bytes, local + 26, 2) + little_endian(bytes, local + 28, 2);
        if (local + kLocalBytes > bytes.size() || data > bytes.size() || packed > bytes.size() - data || size > kMaxLibraryBytes)
            return bad;
        if (method == 0) return std::string(bytes.substr(data, packed));
        std::string out(size, '\0');
        z_stream stream{};
        stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data() + data));
        stream.avail_in = packed;
        stream.next_out = reinterpret_cast<Bytef*>(out.data());
        stream.avail_out = size;
        if (method != 8 || inflateInit2(&stream, -MAX_WBITS) != Z_OK) return bad;
        int status = inflate(&stream, Z_FINISH);
        inflateEnd(&stream);
        if (status != Z_STREAM_END || stream.total_out != size) return bad;
        return out;
    }
    return bad;
}

}  // namespace proveout
