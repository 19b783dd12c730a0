#include <map>
#include <string>

#include "import/machine_settings.h"
#include "import/machine_text.h"

namespace proveout {

namespace {

// Limits beyond which a value is a mistake and no machine: mm/min, mm/s2, mm, steps/mm.
constexpr double kMostSpeed_mm_per_min = 1e6;
constexpr double kMostAcceleration_mm_per_s2 = 1e6;
constexpr double kMostTravel_mm = 1e5;
constexpr double kMostSteps_per_mm = 1e6;
constexpr double kMostTolerance_mm = 10;
constexpr double kMostRpm = 1e6;

struct Settings {
    std::map<int, double> values;
    std::optional<Vec3> g28_mm;
    std::vector<Fault> faults;

    // Sets `target` if the dump has the setting; a value outside (least, most] is a fault.
    void take(int number, double least, double most, double& target) {
        auto at = values.find(number);
        if (at == values.end()) return;
        if (at->second > least && at->second <= most)
            target = at->second;
        else
            faults.push_back({"$" + std::to_string(number), "value " + std::to_string(at->second) +
                                                                " is not possible; allowed is more than " + std::to_string(least) +
                                                                " up to " + std::to_string(most)});
    }
    bool on(int number) const {
        auto at = values.find(number);
        return at != values.end() && at->second != 0;
    }
};

void read_setting(std::string_view line, Settings& settings) {
    std::string_view rest = line.substr(1);
    int number = 0;
    auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc{}) return;  // $N0=..., $I
    rest = trimmed(rest.substr(static_cast<size_t>(end - rest.data())));
    if (rest.empty() || rest[0] != '=') return;
    rest.remove_prefix(1);
    if (std::optional<double> value = take_number(rest))
        settings.values[number] = *value;
    else
        settings.faults.push_back({"$" + std::to_string(number), "is not a number; allowed is what `$$` prints"});
}

// [G28:x,y,z] of `$#`, machine coordinates.
void read_g28(std::string_view line, Settings& settings) {
    std::string_view rest = line.substr(5);
    std::array<double, 3> p{};
    for (size_t i = 0; i < 3; ++i) {
        std::optional<double> value = take_number(rest);
        if (!value || rest.empty()) return;
        p[i] = *value;
        rest.remove_prefix(1);  // comma or bracket
    }
    settings.g28_mm = Vec3{p[0], p[1], p[2]};
}

Settings read_dump(std::string_view text) {
    Settings settings;
    while (!text.empty()) {
        std::string_view line = trimmed(next_line(text));
        if (line.starts_with('$')) read_setting(line, settings);
        if (line.starts_with("[G28:")) read_g28(line, settings);
    }
    return settings;
}

}  // namespace

Result<Machine> machine_from_grbl_settings(std::string_view text) {
    Settings s = read_dump(text);
    if (s.values.empty())
        return make_error(ErrorCode::kInvalidInput, "no GRBL setting was found; give the output of `$$`, lines like $110=5000");
    if (!s.values.contains(100) || !s.values.contains(110))
        return make_error(ErrorCode::kInvalidInput,
                          "the settings lack $100 or $110, as GRBL 0.8's do; give the output of `$$` of GRBL 1.1 or grblHAL");
    Machine m = *machine_profile("grbl");
    std::array<double, 3> steps{}, travel{};
    for (int i = 0; i < 3; ++i) {
        size_t k = static_cast<size_t>(i);
        s.take(100 + i, 0, kMostSteps_per_mm, steps[k]);
        s.take(110 + i, 0, kMostSpeed_mm_per_min, m.max_feed_mm_per_min[k]);
        s.take(120 + i, 0, kMostAcceleration_mm_per_s2, m.acceleration_mm_per_s2[k]);
        s.take(130 + i, 0, kMostTravel_mm, travel[k]);
        if (travel[k] > 0 && (s.on(20) || s.on(22))) m.travel_mm[k] = {-travel[k], 0};
    }
    s.take(11, 0, kMostTolerance_mm, m.junction_deviation_mm);
    s.take(12, 0, kMostTolerance_mm, m.arc_tolerance_mm);
    s.take(30, 0, kMostRpm, m.max_rpm);
    if (steps[0] == steps[1] && steps[0] == steps[2]) m.steps_per_mm = steps[0];
    m.home_mm = s.g28_mm;
    if (s.faults.empty()) return m;
    Error error = make_error(ErrorCode::kInvalidInput, "the GRBL settings hold impossible values");
    error.faults = std::move(s.faults);
    return error;
}

}  // namespace proveout
