// limits.h -- what one run may use.
#pragma once

namespace proveout {

// Grids of the three passes. Film and part are made at the same time, after the first pass has given its memory back.
constexpr double kSimulateMemory_bytes = 2e9;
constexpr double kFilmMemory_bytes = 1e9;
constexpr double kPartMemory_bytes = 1e9;

}  // namespace proveout
