// The machine of a job document: a profile and what differs from it.
#include "job/read_parts.h"
#include "job/validate.h"

namespace proveout {

namespace {

constexpr double kMaxPause_s = 3600;

void read_travel(Fields& fields, Machine& machine, Faults& faults) {
    const Json* travel = fields.find("travel");
    if (!travel) return;
    const std::string allowed = "; allowed: [[low, high], [low, high], [low, high]] for X, Y, Z, null for no limit";
    if (!travel->is_array() || travel->size() != 3) return fields.fault("travel", "is not a list of three" + allowed);
    for (size_t axis = 0; axis < 3; ++axis) {
        const Json& limits = (*travel)[axis];
        std::string at = pointer_to(fields.at("travel"), std::to_string(axis));
        if (limits.is_null()) continue;
        if (!limits.is_array() || limits.size() != 2 || !limits[0].is_number() || !limits[1].is_number()) {
            faults.add(at, "is not a pair of numbers" + allowed);
            continue;
        }
        double low = limits[0].get<double>(), high = limits[1].get<double>();
        if (!(low < high) || std::abs(low) > 10 * kMaxLength_mm || std::abs(high) > 10 * kMaxLength_mm)
            faults.add(at, "is [" + number_text(low) + ", " + number_text(high) + "]; allowed: low less than high, within 100000 mm");
        else
            machine.travel_mm[axis] = {low, high};
    }
}

}  // namespace

Machine read_machine(const Json& value, const std::string& pointer, Faults& faults) {
    Fields fields(value, pointer, faults);
    Machine machine;
    if (!fields.valid()) return machine;
    auto profile = fields.word("profile", {"generic", "grbl", "linuxcnc", "haas", "fanuc"});
    if (auto found = machine_profile(profile.value_or("generic"))) machine = *found;
    Range place{-10 * kMaxLength_mm, 10 * kMaxLength_mm, false, 1, " mm"};
    fields.numbers("max_feed", 3, {0, kMaxFeed_mm_per_min, true, 1, " mm/min"}, machine.max_feed_mm_per_min.data());
    fields.numbers("acceleration", 3, {0, kMaxAcceleration_mm_per_s2, true, 1, " mm/s2"}, machine.acceleration_mm_per_s2.data());
    fields.number("junction_deviation", {0, 10, false, 1, " mm"}, machine.junction_deviation_mm);
    fields.number("arc_tolerance", {0, 10, true, 1, " mm"}, machine.arc_tolerance_mm);
    fields.number("steps_per_mm", {0, 1e6, false, 1, ""}, machine.steps_per_mm);
    fields.number("path_tolerance", {0, 100, false, 1, " mm"}, machine.path_tolerance_mm);
    fields.number("tool_change_s", {0, kMaxPause_s, false, 1, " s"}, machine.tool_change_s);
    fields.number("spindle_ramp_s", {0, kMaxPause_s, false, 1, " s"}, machine.spindle_ramp_s);
    fields.number("max_rpm", {0, kMaxRpm, true, 1, " rev/min"}, machine.max_rpm);
    if (auto rapid = fields.word("rapid", {"linear", "dogleg"}))
        machine.rapid = *rapid == "dogleg" ? RapidMode::kDogleg : RapidMode::kLinear;
    fields.boolean("calculator_input", machine.calculator_input);
    double point[3];
    if (fields.numbers("zero", 3, place, point)) machine.zero_mm = {point[0], point[1], point[2]};
    if (fields.numbers("home", 3, place, point)) machine.home_mm = Vec3{point[0], point[1], point[2]};
    double table = NAN;
    fields.number("table_z", place, table);
    if (std::isfinite(table)) machine.table_z_mm = table;
    read_travel(fields, machine, faults);
    fields.finish();
    return machine;
}

}  // namespace proveout
