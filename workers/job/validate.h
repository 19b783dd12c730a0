// validate.h -- the rules of contract sections 2 and 2b for tools, solids and machines, wherever they come from (document, flag, import).
//
// All functions add faults under `pointer` ("/tools/0" or "--tool 1:flat") and return nothing else. Member names are those of the document.
#pragma once

#include <string>

#include "job/faults.h"
#include "proveout/setup.h"

namespace proveout {

constexpr size_t kMaxTools = 1000;
constexpr int kMaxToolNumber = 99999;
constexpr size_t kMaxFixtures = 1000;
constexpr size_t kMaxHolderSegments = 100;
constexpr size_t kMaxProfilePoints = 1000;
constexpr double kMaxRpm = 1e6;                     // air spindles reach 200,000
constexpr double kMaxFeed_mm_per_min = 1e6;         // 1 km/min
constexpr double kMaxAcceleration_mm_per_s2 = 1e6;  // 100 g

// Numbers within range, and a shape that can exist: a diameter, angles that its type needs, no holder below the flutes.
void validate_tool(const Tool& tool, const std::string& pointer, Faults& faults);

// Positive dims within the limit; for a mesh: closed, and it encloses a volume.
void validate_solid(const Solid& solid, const std::string& pointer, Faults& faults);

}  // namespace proveout
