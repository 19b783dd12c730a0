// setup.h -- what the shop provides: tools, stock, fixtures, machine. Everything is in millimetres, seconds and the set-up frame.
//
// The set-up frame is where stock, fixtures and table lie. A work offset (G54...) is the place of that work zero in the set-up frame.
// Machine coordinates are those of the tool tip at zero tool length; `machine.zero_mm` is the machine's zero in the set-up frame.
#pragma once

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "proveout/geometry.h"

namespace proveout {

enum class Dialect : uint8_t { kAuto, kLinuxcnc, kGrbl, kGrblhal, kFanuc, kHaas, kMach3 };
std::string_view name_of(Dialect dialect);
std::optional<Dialect> dialect_from(std::string_view name);

enum class ToolType : uint8_t { kFlat, kBall, kBull, kVbit, kChamfer, kDrill, kTaper, kTslot, kDovetail, kLollipop, kFace, kForm };
std::string_view name_of(ToolType type);  // "flat" ... ; kForm is "form" (a tool given by its profile)
std::optional<ToolType> tool_type_from(std::string_view name);
bool is_undercutting(ToolType type);  // tslot dovetail lollipop: the cutter is wider than the neck above it

struct HolderSegment {
    double height_mm = 0;
    double lower_diameter_mm = 0;
    double upper_diameter_mm = 0;
};

// A tool as the job document describes it. Axial positions are measured up from the tip.
struct Tool {
    int number = 1;
    ToolType type = ToolType::kFlat;
    double diameter_mm = 0;          // cutting diameter
    double corner_radius_mm = 0;     // bull
    double tip_diameter_mm = 0;      // vbit chamfer taper drill: flat at the tip
    double included_angle_deg = 0;   // vbit chamfer drill (118) dovetail
    double taper_angle_deg = 0;      // taper, per side
    double neck_diameter_mm = 0;     // undercutters; default: shank diameter
    double flute_length_mm = 0;      // cutting height from the tip; an undercutter's disc height
    double shank_diameter_mm = 0;    // default: diameter
    double stickout_mm = 0;          // tip to holder; 0: no holder known
    std::vector<HolderSegment> holder;            // from the holder's nose up
    std::vector<std::array<double, 2>> profile;   // kForm: [radius, height] from the tip outward and up
    int flutes = 2;
    double max_rpm = 0;              // 0: unknown
    double feed_mm_per_min = 0, spindle_rpm = 0;  // inform only
    bool center_cutting = true;      // default true but for face mills
    double length_offset_mm = 0;     // the tool's H value in the controller
    int lathe_orientation = 0;       // LinuxCNC tool table, Q: edge of a turning tool, 1 to 9; 0: a milling tool
    std::string comment;
};

enum class StockShape : uint8_t { kBox, kCylinder, kTube, kMesh };

struct Solid {                       // shape of stock or fixture
    StockShape shape = StockShape::kBox;
    // box: size x, y, z and low corner; cylinder: diameter, height; tube: outer, inner, height; origin: centre of the bottom.
    std::array<double, 3> dims_mm{0, 0, 0};
    Vec3 origin_mm;
    std::vector<Triangle> mesh;      // kMesh, closed, origin already added
};
Box3 bounds_of(const Solid& solid);

struct Stock {
    Solid solid;
    std::string material;
};

struct Fixture {
    std::string name;
    Solid solid;
};

enum class RapidMode : uint8_t { kLinear, kDogleg };

// Controller profile: how the planner moves and which limits hold. All members have the profile's defaults filled in.
struct Machine {
    std::string profile = "generic";              // generic grbl linuxcnc haas fanuc
    std::array<double, 3> max_feed_mm_per_min{10000, 10000, 10000};  // also the rapid speed of each axis
    std::array<double, 3> acceleration_mm_per_s2{500, 500, 500};
    double junction_deviation_mm = 0.01;          // grbl $11, generic
    double arc_tolerance_mm = 0.002;              // grbl $12
    double steps_per_mm = 0;                      // grbl $100..$102, 0: no rounding to steps
    double path_tolerance_mm = 0;                 // linuxcnc G64 P default
    double tool_change_s = 5;
    double spindle_ramp_s = 1;
    RapidMode rapid = RapidMode::kLinear;
    // [axis][low, high], machine coordinates; infinite: no limit known.
    std::array<std::array<double, 2>, 3> travel_mm{{{-kNoLimit, kNoLimit}, {-kNoLimit, kNoLimit}, {-kNoLimit, kNoLimit}}};
    Vec3 zero_mm;                                 // machine zero in the set-up frame
    std::optional<Vec3> home_mm;                  // G28 point, machine coordinates
    std::optional<double> table_z_mm;             // top of the table; none: no table
    double max_rpm = 0;                           // 0: unknown
    // fanuc, haas: X10 without a point is 10 mm (parameter 3401 DPI, Haas setting 162), not ten of the least increment.
    bool calculator_input = false;

    static constexpr double kNoLimit = std::numeric_limits<double>::infinity();
};

// Built-in machine by profile name; nullopt: unknown name.
std::optional<Machine> machine_profile(std::string_view name);

// Work offset k (0: G54 ... 5: G59, 6: G59.1 ... 8: G59.3) -> its zero in the set-up frame.
using WorkOffsets = std::array<Vec3, 9>;

struct Setup {
    Dialect dialect = Dialect::kAuto;
    std::vector<Tool> tools;                      // sorted by number, unique
    std::optional<Stock> stock;                   // none: infer
    WorkOffsets work_offsets{};
    std::vector<Fixture> fixtures;                // fixture_offset already added
    Machine machine;
    double resolution_mm = 0;                     // 0: automatic
    double clearance_mm = 0;                      // near-miss distance; 0: off
};

const Tool* find_tool(const std::vector<Tool>& tools, int number);

}  // namespace proveout
