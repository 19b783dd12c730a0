// shapes.h -- a tool as CAMotics can describe it. CAMotics has five shapes (cylindrical, conical, ballnose, spheroid, snubnose) and nothing
// above their cutting length; it removes whatever any move of any tool sweeps. So a shape that it lacks is built of several that it has,
// stacked: each follows the same path, raised by its own offset.
#pragma once

#include <string>
#include <vector>

#include "proveout/result.h"
#include "proveout/setup.h"

namespace proveout {

enum class CamShape : uint8_t { kCylindrical, kConical, kBallnose, kSpheroid, kSnubnose };
std::string_view name_of(CamShape shape);  // CAMotics' own word

struct CamPiece {
    CamShape shape = CamShape::kCylindrical;
    double length_mm = 0, diameter_mm = 0, snub_diameter_mm = 0;
    double offset_mm = 0;  // of its tip above the tool's
};

struct CamTool {
    int number = 0;
    std::vector<CamPiece> pieces;  // at least one
    double deviation_mm = 0;       // greatest distance between the cutter's profile and the pieces'
    bool approximated = false;     // CAMotics has no one shape that is this cutter
    std::string how;               // "3 stacked shapes", for the note; empty unless approximated
};

// CAMotics' search boxes break down for thinner tools: they cut nothing.
constexpr double kThinnestCamTool_mm = 0.125;

// single: one shape only, the nearest one (for programs that run as they are). Error kInvalidInput: thinner than CAMotics can cut with.
Result<CamTool> cam_tool(const Tool& tool, bool single);

}  // namespace proveout
