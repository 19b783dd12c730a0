// read_parts.h -- the pieces of a job document. Private to job/ and import/.
#pragma once

#include <string>
#include <vector>

#include "job/fields.h"
#include "job/job.h"

namespace proveout {

constexpr double kDefaultDrillAngle_deg = 118;  // contract, "What the geometry means"

double read_units(Fields& fields);  // member "units": millimetres per unit
Tool read_tool(const Json& value, const std::string& pointer, Faults& faults);
std::vector<Tool> read_tools(const Json& value, const std::string& pointer, Faults& faults);  // sorted by number
Machine read_machine(const Json& value, const std::string& pointer, Faults& faults);

}  // namespace proveout
