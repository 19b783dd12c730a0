// Built-in machines. Each row stands for a class of machine; a user who knows the real limits gives them (job document, $$ dump, INI).
#include "proveout/setup.h"

namespace proveout {

namespace {

// A small vertical mill or a stiff router: 10 m/min and 0.05 g on all axes. Slower than a production machine: times err to the long side.
Machine generic_machine() { return {}; }

// Desktop router on GRBL: belts or light screws in X and Y, a slower Z screw (the limits of CONTRACT.md's example document). $11 and $12
// are the firmware's own defaults. steps_per_mm stays 0: rounding to steps needs the machine's own $100..$102.
Machine grbl_machine() {
    Machine m;
    m.profile = "grbl";
    m.max_feed_mm_per_min = {5000, 5000, 2000};
    m.acceleration_mm_per_s2 = {500, 500, 200};
    m.junction_deviation_mm = 0.010;
    m.arc_tolerance_mm = 0.002;
    m.max_rpm = 0;
    return m;
}

// Retrofitted mill or ball-screw router: 100, 100, 50 mm/s and 500, 500, 300 mm/s2. The controller starts in G64 without a tolerance,
// shops set P0.01 to 0.05 mm in the INI's start-up code; path_tolerance_mm 0 means none.
Machine linuxcnc_machine() {
    Machine m;
    m.profile = "linuxcnc";
    m.max_feed_mm_per_min = {6000, 6000, 3000};
    m.acceleration_mm_per_s2 = {500, 500, 300};
    return m;
}

// VF class machining centre: 25.4 m/min rapids (1000 in/min), about 0.2 g, 4 s tool to tool with the door shut, spindle to speed in 1.5 s.
// 0.02 mm is what the corner rounding of the medium finish setting comes to in use.
Machine haas_machine() {
    Machine m;
    m.profile = "haas";
    m.max_feed_mm_per_min = {25400, 25400, 25400};
    m.acceleration_mm_per_s2 = {2000, 2000, 2000};
    m.junction_deviation_mm = 0.02;
    m.tool_change_s = 4;
    m.spindle_ramp_s = 1.5;
    m.rapid = RapidMode::kDogleg;
    return m;
}

// Drill/tap or mid-range vertical centre on a Fanuc 0i/31i: 36 m/min rapids, 0.3 g, 3 s tool change (chip to chip less
// the moves), 1 s spindle.
Machine fanuc_machine() {
    Machine m;
    m.profile = "fanuc";
    m.max_feed_mm_per_min = {36000, 36000, 36000};
    m.acceleration_mm_per_s2 = {3000, 3000, 3000};
    m.junction_deviation_mm = 0.01;
    m.tool_change_s = 3;
    m.spindle_ramp_s = 1;
    m.rapid = RapidMode::kDogleg;
    return m;
}

}  // namespace

std::optional<Machine> machine_profile(std::string_view name) {
    if (name == "generic") return generic_machine();
    if (name == "grbl") return grbl_machine();
    if (name == "linuxcnc") return linuxcnc_machine();
    if (name == "haas") return haas_machine();
    if (name == "fanuc") return fanuc_machine();
    return std::nullopt;
}

}  // namespace proveout
