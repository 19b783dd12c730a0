// native_cut.h -- the part of a CAMotics project by our own engine, at camsim's terms: its resolution modes, its automatic workpiece, its
// clock. For `proveout camsim`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proveout/mesh.h"
#include "proveout/simulate.h"

namespace proveout {

// Cells that a resolution mode divides the stock's volume into ("low" "medium" "high" "very_high"); none: not a mode.
std::optional<double> cells_of_mode(std::string_view mode);
double cell_of_cells_mm(const Box3& stock, double cells);

// CAMotics' automatic workpiece: what the feeds sweep, from the tools' radii, grown by a percentage on X, Y and below; its top is Z0 if
// anything is cut below that, and it is at least 2 mm thick. Empty if nothing is cut.
Box3 automatic_workpiece(const std::vector<Survey>& surveys, const Setup& setup, double margin_percent);

struct NativeCut {
    Mesh mesh;
    double end_s = 0;  // of CAMotics' clock
};

// Runs the programs one after the other in one controller (position and tool carry over, each end of program ends its own file only) and
// cuts until `time_s` of CAMotics' clock (0: the end). REQUIRES: setup.stock. Error's line is of program *failed if that is given.
Result<NativeCut> cut_natively(const std::vector<Program>& programs, const Setup& setup, double cell_mm, double time_s,
                               double memory_limit_bytes, size_t* failed, const Context& context);

// "5 mins 0 secs", as CAMotics writes a duration.
std::string camotics_duration_text(double seconds);

}  // namespace proveout
