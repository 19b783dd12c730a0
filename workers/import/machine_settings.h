// machine_settings.h -- a Machine from what the controller itself stores: GRBL's `$$` dump, LinuxCNC's INI file.
//
//   Machine machine = TRY(machine_from_grbl_settings(text));
//
// What the text does not tell keeps the profile's default (machine_profile). Errors: kInvalidInput with one Fault per bad value; its
// pointer is the setting ("$110", "[AXIS_X] MAX_VELOCITY").
#pragma once

#include <string_view>

#include "proveout/result.h"
#include "proveout/setup.h"

namespace proveout {

// `$n=value` lines of GRBL 1.1 or grblHAL, anything after the value and every other line ignored; lines of `$#` may follow (G28 point).
// $11 $12 $30 $100-102 $110-112 $120-122 $130-132; travel is [-$13x, 0] where homing ($22) or soft limits ($20) are on.
// steps_per_mm is set when all three axes have the same. GRBL 0.8 dumps, whose numbers mean other things, are refused.
Result<Machine> machine_from_grbl_settings(std::string_view text);

// INI of LinuxCNC 2.7 and later ([AXIS_X], [JOINT_0]) or older ([AXIS_0]); lengths in [TRAJ] LINEAR_UNITS, speeds per second.
// G64 P of RS274NGC_STARTUP_CODE is the path tolerance.
Result<Machine> machine_from_linuxcnc_ini(std::string_view text);

}  // namespace proveout
