#include <map>
#include <string>

#include "import/machine_settings.h"
#include "import/machine_text.h"

namespace proveout {

namespace {

// Limits beyond which a value is a mistake and no machine, after conversion to mm: mm/s, mm/s2, mm, rev/min.
constexpr double kMostSpeed_mm_per_s = 2e4;
constexpr double kMostAcceleration_mm_per_s2 = 1e6;
constexpr double kMostTravel_mm = 1e5;
constexpr double kMostTolerance_mm = 10;
constexpr double kMostRpm = 1e6;

std::string upper(std::string_view s) {
    std::string out(s);
    for (char& c : out) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    return out;
}

// "[SECTION] KEY" -> value; the first of a repeated key counts, as in LinuxCNC.
using Ini = std::map<std::string, std::string>;

Ini read_ini(std::string_view text) {
    Ini ini;
    std::string section;
    while (!text.empty()) {
        std::string_view line = trimmed(next_line(text));
        if (line.empty() || line[0] == '#' || line[0] == ';') continue;
        if (line[0] == '[') {
            section = upper(trimmed(line.substr(1, line.find(']') - 1)));
            continue;
        }
        size_t equals = line.find('=');
        if (equals == std::string_view::npos) continue;
        ini.emplace("[" + section + "] " + upper(trimmed(line.substr(0, equals))), trimmed(line.substr(equals + 1)));
    }
    return ini;
}

struct Reader {
    Ini ini;
    double mm_per_unit = 1;
    std::vector<Fault> faults;

    const std::string* find(const std::string& key) const {
        auto at = ini.find(key);
        return at == ini.end() ? nullptr : &at->second;
    }
    std::optional<double> number(const std::string& key, double factor, double least, double most) {
        const std::string* text = find(key);
        if (text == nullptr) return std::nullopt;
        std::string_view rest = *text;
        std::optional<double> value = take_number(rest);
        if (value && *value * factor >= least && *value * factor <= most) return *value * factor;
        faults.push_back({key, "value \"" + *text + "\" is not possible; allowed are numbers that come to " + std::to_string(least) +
                                   " to " + std::to_string(most) + " in mm and s"});
        return std::nullopt;
    }
    // The first of the sections that has the key.
    std::optional<double> first_number(const std::vector<std::string>& sections, const char* key, double least, double most) {
        for (const std::string& section : sections) {
            std::string full = "[" + section + "] " + key;
            if (find(full)) return number(full, mm_per_unit, least, most);
        }
        return std::nullopt;
    }
};

std::optional<double> units_of(const std::string* text) {
    std::string unit = text ? upper(trimmed(*text)) : "MM";
    if (unit == "MM" || unit == "METRIC" || unit == "1" || unit == "1.0") return 1;
    if (unit == "INCH" || unit == "IN" || unit == "IMPERIAL" || unit == "INCHES") return kMmPerInch;
    return std::nullopt;
}

// Index of the joint that moves axis `letter`: its place in COORDINATES (XYYZ: a gantry's second Y counts too).
size_t joint_of(const std::string& coordinates, char letter) {
    size_t joint = 0;
    for (char c : coordinates) {
        if (c == letter) return joint;
        if (c >= 'A' && c <= 'Z') ++joint;
    }
    return static_cast<size_t>(letter - 'X');
}

// P of the last G64 in the start-up code, in the units that code sets (G20, G21), else the machine's.
std::optional<double> startup_tolerance_mm(const std::string& code, double mm_per_unit) {
    std::string text = upper(code);
    if (text.find("G20") != std::string::npos) mm_per_unit = kMmPerInch;
    if (text.find("G21") != std::string::npos) mm_per_unit = 1;
    size_t at = text.rfind("G64");
    if (at == std::string::npos) return std::nullopt;
    std::string_view rest = std::string_view(text).substr(at + 3);
    rest = rest.substr(0, rest.find('G'));
    size_t p = rest.find('P');
    if (p == std::string_view::npos) return 0;
    rest.remove_prefix(p + 1);
    std::optional<double> value = take_number(rest);
    if (!value || !(*value >= 0) || *value * mm_per_unit > kMostTolerance_mm) return std::nullopt;
    return *value * mm_per_unit;
}

void read_axis(Reader& in, size_t i, const std::string& coordinates, Machine& m) {
    char letter = static_cast<char>('X' + i);
    const std::vector<std::string> sections{std::string("AXIS_") + letter, "JOINT_" + std::to_string(joint_of(coordinates, letter)),
                                            "AXIS_" + std::to_string(i)};
    std::optional<double> speed = in.first_number(sections, "MAX_VELOCITY", 1e-3, kMostSpeed_mm_per_s);
    if (!speed) speed = in.first_number({"TRAJ"}, "MAX_LINEAR_VELOCITY", 1e-3, kMostSpeed_mm_per_s);
    if (!speed) speed = in.first_number({"TRAJ"}, "MAX_VELOCITY", 1e-3, kMostSpeed_mm_per_s);
    if (speed) m.max_feed_mm_per_min[i] = *speed * 60;
    std::optional<double> acceleration = in.first_number(sections, "MAX_ACCELERATION", 1e-3, kMostAcceleration_mm_per_s2);
    if (!acceleration) acceleration = in.first_number({"TRAJ"}, "MAX_LINEAR_ACCELERATION", 1e-3, kMostAcceleration_mm_per_s2);
    if (acceleration) m.acceleration_mm_per_s2[i] = *acceleration;
    std::optional<double> low = in.first_number(sections, "MIN_LIMIT", -kMostTravel_mm, kMostTravel_mm);
    std::optional<double> high = in.first_number(sections, "MAX_LIMIT", -kMostTravel_mm, kMostTravel_mm);
    if (low && high && !(*low < *high)) in.faults.push_back({"[" + sections[0] + "] MIN_LIMIT", "must be below MAX_LIMIT"});
    if (low) m.travel_mm[i][0] = *low;
    if (high) m.travel_mm[i][1] = *high;
}

}  // namespace

Result<Machine> machine_from_linuxcnc_ini(std::string_view text) {
    Reader in;
    in.ini = read_ini(text);
    const char* const known[] = {"[AXIS_X] MAX_VELOCITY", "[JOINT_0] MAX_VELOCITY", "[AXIS_0] MAX_VELOCITY", "[TRAJ] MAX_LINEAR_VELOCITY"};
    if (std::none_of(std::begin(known), std::end(known), [&](const char* key) { return in.find(key) != nullptr; }))
        return make_error(ErrorCode::kInvalidInput,
                          "no axis limits were found; give a LinuxCNC INI file with [AXIS_X] MAX_VELOCITY or [JOINT_0] MAX_VELOCITY");
    const std::string* units_text = in.find("[TRAJ] LINEAR_UNITS");
    std::optional<double> units = units_of(units_text);
    if (!units) in.faults.push_back({"[TRAJ] LINEAR_UNITS", "value \"" + *units_text + "\" is not known; allowed are mm and inch"});
    in.mm_per_unit = units.value_or(1);

    Machine m = *machine_profile("linuxcnc");
    const std::string* coordinates = in.find("[TRAJ] COORDINATES");
    for (size_t i = 0; i < 3; ++i) read_axis(in, i, upper(coordinates ? *coordinates : "XYZ"), m);
    if (const std::string* code = in.find("[RS274NGC] RS274NGC_STARTUP_CODE"))
        m.path_tolerance_mm = startup_tolerance_mm(*code, in.mm_per_unit).value_or(0);
    if (auto rpm = in.number("[SPINDLE_0] MAX_FORWARD_VELOCITY", 1, 0, kMostRpm)) m.max_rpm = *rpm;
    if (in.faults.empty()) return m;
    Error error = make_error(ErrorCode::kInvalidInput, "the LinuxCNC INI holds impossible values");
    error.faults = std::move(in.faults);
    return error;
}

}  // namespace proveout
