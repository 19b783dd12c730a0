// The cell that is chosen when none is given. docs/decisions has the figures behind the constants.
#include <algorithm>
#include <cmath>

#include "proveout/dexel.h"
#include "proveout/simulate.h"

namespace proveout {

namespace {

// Rays over the stock's footprint for a short program: making and reading the grid takes some tenths of a second, and the error of a volume
// is far below 0.1 % for features of ordinary size.
constexpr double kFineRays = 8e6;
// Never fewer: 500 x 500 rays are what a picture needs, whatever the length of the program.
constexpr double kLeastRays = 2.5e5;
// Rays that all moves together may pass over: a few seconds on two cores.
constexpr double kWorkRays = 4e9;
// The thinnest tool's diameter holds at least this many cells, while the memory and kMostRays allow it.
constexpr double kCellsPerDiameter = 8;
constexpr double kMostRays = 5e7;
// A wall of kThinWall_mm that the thinnest tool crosses is met by at least this many rays, within the same bounds.
constexpr double kThinWall_mm = 0.05, kRaysInWall = 6;
// Cells are rounded up to these steps (R10 series of ISO 3), and kept within what a job document may ask for.
constexpr double kSteps[] = {1, 1.25, 1.6, 2, 2.5, 3.2, 4, 5, 6.3, 8, 10};
constexpr double kLeastCell_mm = 0.005, kMostCell_mm = 10;
// A second grid is made while loose pieces are looked for, and rays with several intervals need more than the estimate says.
constexpr double kMemoryShare = 0.4;

double rounded_up(double cell) {
    double decade = std::pow(10.0, std::floor(std::log10(cell)));
    for (double step : kSteps)
        if (step * decade >= cell * (1 - 1e-9)) return step * decade;
    return 10 * decade;
}

}  // namespace

double automatic_cell_mm(const Setup& setup, const SimulateOptions& options) {
    if (!setup.stock) return 0.1;
    Vec3 size = bounds_of(setup.stock->solid).size();
    double footprint = size.x * size.y;
    if (!(footprint > 0) || !std::isfinite(footprint)) return 0.1;
    double mean_diameter = 0, least_diameter = 1e300;
    for (const Tool& tool : setup.tools) {
        mean_diameter += tool.diameter_mm / static_cast<double>(setup.tools.size());
        if (tool.diameter_mm > 0) least_diameter = std::min(least_diameter, tool.diameter_mm);
    }
    double cell = std::sqrt(footprint / kFineRays);
    if (least_diameter < 1e300) {
        double wall = std::sqrt(kThinWall_mm * least_diameter / kRaysInWall);
        cell = std::max(std::min({cell, least_diameter / kCellsPerDiameter, wall}), std::sqrt(footprint / kMostRays));
    }
    // What the tools pass over: the band of each move and the disc at its end.
    double swept = options.survey_feed_length_mm * mean_diameter +
                   static_cast<double>(options.survey_moves) * kPi / 4 * mean_diameter * mean_diameter;
    cell = std::max(cell, std::min(std::sqrt(swept / kWorkRays), std::sqrt(footprint / kLeastRays)));
    DexelSpec spec;
    spec.cell_mm = cell;
    double bytes = estimate_grid(bounds_of(setup.stock->solid), spec).bytes;
    double limit = options.memory_limit_bytes * kMemoryShare;
    if (bytes > limit) cell *= std::sqrt(bytes / limit);
    return std::clamp(rounded_up(cell), kLeastCell_mm, kMostCell_mm);
}

}  // namespace proveout
