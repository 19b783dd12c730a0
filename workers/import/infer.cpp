#include "import/infer.h"

#include <algorithm>
#include <cmath>

#include "job/faults.h"
#include "job/lengths.h"

namespace proveout {

namespace {

// Below the deepest cut an inferred stock goes on by this share of the depth of cut, and at least by this much: with a floor at the deepest
// cut every contour would cut a loose piece, which is no fact of the program.
constexpr double kFloorShare = 0.05, kLeastFloor_mm = 1;
constexpr double kLeastCut_mm = 1e-6;

std::string rounded(double value) {
    double r = std::round(value * 1000) / 1000;
    return number_text(r == 0 ? 0 : r);
}

std::string point_text(Vec3 p) { return rounded(p.x) + ", " + rounded(p.y) + ", " + rounded(p.z); }

void insert_tool(const Tool& tool, std::vector<Tool>& tools) {
    auto at =
        std::lower_bound(tools.begin(), tools.end(), tool.number, [](const Tool& other, int number) { return other.number < number; });
    tools.insert(at, tool);
}

Error undefined_tool(int number, const ProgramScan& scan, const ProgramNotes& notes) {
    std::string reason;
    for (const auto& [unclear, why] : notes.unclear_tools)
        if (reason.empty() && (unclear == number || number == 0)) reason = "; its comments could not be used: " + why;
    int example = number > 0 ? number : 1;
    std::string what = number > 0 ? "tool " + std::to_string(number) + " is called, but nothing describes it"
                                  : "nothing describes the tool of this program";
    std::string advice = "; give --tool " + std::to_string(example) + ":flat,d=6 (with its true type and diameter) or --tools FILE";
    Error error = make_error(ErrorCode::kInvalidInput, "TOOL_UNDEFINED: " + what + reason + advice);
    for (const ScanToolWord& word : scan.tool_words) {
        if (word.number != number || number == 0) continue;
        error.line = word.line;
        break;
    }
    error.faults.push_back({"/tools", what + reason + "; every tool that the program calls is needed"});
    return error;
}

// The first tool that the program names; 0: none.
int first_tool(const Survey& survey, const ProgramScan& scan) {
    for (int number : survey.tools_used)
        if (number > 0) return number;
    for (const ScanToolWord& word : scan.tool_words)
        if (word.number > 0) return word.number;
    return 0;
}

double radius_of(const Setup& setup, int number) {
    const Tool* tool = find_tool(setup.tools, number);
    if (!tool && !setup.tools.empty()) tool = &setup.tools.front();
    return tool ? tool->diameter_mm / 2 : 0;
}

// Box of everything that feed moves sweep, and how the top was chosen.
Status infer_stock(const Survey& survey, Setup& setup, std::vector<std::string>& assumptions) {
    Box3 cut = survey.cutting_bounds_mm;
    if (cut.empty()) {
        Error error =
            make_error(ErrorCode::kInvalidInput, "the program has no cutting move from which the stock could be inferred; give --stock");
        error.faults.push_back({"/stock", "cannot be inferred: the program has no cutting move; give its shape, dims and origin"});
        return error;
    }
    Box3 box;
    for (const auto& [number, bounds] : survey.cutting_bounds_by_tool_mm) {
        if (bounds.empty()) continue;
        double radius = radius_of(setup, number);
        box.add(bounds.low - Vec3{radius, radius, 0});
        box.add(bounds.high + Vec3{radius, radius, 0});
    }
    if (box.empty()) box = cut;
    bool below_zero = cut.low.z < -kLeastCut_mm;
    double top = below_zero ? 0 : cut.high.z;
    double floor = cut.low.z - std::max(kLeastFloor_mm, kFloorShare * (top - cut.low.z));
    Stock stock;
    stock.solid.origin_mm = {box.low.x, box.low.y, floor};
    stock.solid.dims_mm = {box.high.x - box.low.x, box.high.y - box.low.y, top - floor};
    for (size_t axis = 0; axis < 2; ++axis) stock.solid.dims_mm[axis] = std::max(stock.solid.dims_mm[axis], kLeastFloor_mm);
    double largest = std::max({stock.solid.dims_mm[0], stock.solid.dims_mm[1], stock.solid.dims_mm[2]});
    if (!(largest <= kMaxLength_mm)) {
        Error error = make_error(ErrorCode::kInvalidInput, "the cutting moves span " + rounded(largest) + " mm, more than any stock (" +
                                                               number_text(kMaxLength_mm) + " mm); check the units, or give --stock");
        error.faults.push_back({"/stock", "cannot be inferred: the cutting moves span " + rounded(largest) + " mm; allowed: up to " +
                                              number_text(kMaxLength_mm) + " mm"});
        return error;
    }
    assumptions.push_back("stock: not given; inferred from the motion: " + describe(stock.solid) +
                          " (cutting moves grown by the tool's radius; top at " +
                          (below_zero ? "Z0, below which the program cuts" : "the highest feed move, since nothing cuts below Z0") +
                          "; floor " + rounded(cut.low.z - floor) + " mm below the deepest cut)");
    setup.stock = std::move(stock);
    return Unit{};
}

void note_stock_far_away(const Survey& survey, const Setup& setup, std::vector<std::string>& assumptions) {
    Box3 stock = bounds_of(setup.stock->solid), cut = survey.cutting_bounds_mm;
    if (cut.empty()) return;
    bool apart = cut.low.x > stock.high.x || cut.high.x < stock.low.x || cut.low.y > stock.high.y || cut.high.y < stock.low.y ||
                 cut.low.z > stock.high.z;
    if (!apart) return;
    assumptions.push_back("check: no cutting move lies within the stock (moves from " + point_text(cut.low) + " to " +
                          point_text(cut.high) + ", stock from " + point_text(stock.low) + " to " + point_text(stock.high) +
                          "): are units, work offset and stock right?");
}

}  // namespace

std::string describe(const Tool& tool) {
    std::string text = std::string(name_of(tool.type)) + ", diameter " + rounded(tool.diameter_mm) + " mm";
    if (tool.corner_radius_mm > 0) text += ", corner radius " + rounded(tool.corner_radius_mm) + " mm";
    if (tool.tip_diameter_mm > 0) text += ", tip " + rounded(tool.tip_diameter_mm) + " mm";
    if (tool.included_angle_deg > 0) text += ", " + rounded(tool.included_angle_deg) + " degrees";
    if (tool.taper_angle_deg > 0) text += ", taper " + rounded(tool.taper_angle_deg) + " degrees per side";
    return text;
}

std::string describe(const Solid& solid) {
    const auto& d = solid.dims_mm;
    std::string at = " at " + point_text(solid.origin_mm);
    switch (solid.shape) {
        case StockShape::kBox:
            return "box " + rounded(d[0]) + " x " + rounded(d[1]) + " x " + rounded(d[2]) + " mm with its low corner" + at;
        case StockShape::kCylinder:
            return "cylinder of diameter " + rounded(d[0]) + " mm, height " + rounded(d[1]) + " mm, centre of its bottom" + at;
        case StockShape::kTube:
            return "tube " + rounded(d[0]) + "/" + rounded(d[1]) + " mm, height " + rounded(d[2]) + " mm, centre of its bottom" + at;
        case StockShape::kMesh:
            break;
    }
    return "mesh of " + std::to_string(solid.mesh.size()) + " triangles";
}

void use_notes(const ProgramNotes& notes, const Given& given, Setup& setup, std::vector<std::string>& assumptions) {
    for (const NotedTool& noted : notes.tools) {
        if (given.tools_are_complete) break;
        Tool tool = noted.tool;
        if (tool.number == 0) tool.number = 1;
        if (find_tool(setup.tools, tool.number)) continue;
        assumptions.push_back("tool " + std::to_string(tool.number) + ": " + describe(tool) + ", from the comment in line " +
                              std::to_string(noted.line) + " (\"" + noted.comment + "\")" +
                              (noted.assumed.empty() ? "" : "; " + noted.assumed) +
                              (tool.flute_length_mm > 0 ? "" : "; shank and holder not stated: none"));
        insert_tool(tool, setup.tools);
    }
    if (!setup.stock && !given.stock && notes.stock) {
        Stock stock = *notes.stock;
        stock.solid.origin_mm = stock.solid.origin_mm + setup.work_offsets[0];
        assumptions.push_back("stock: " + describe(stock.solid) + ", from the " + notes.stock_reason);
        setup.stock = std::move(stock);
    }
}

namespace {

// Without a flute length a tool cuts along its whole reach, which hides every collision of its shank: that must be said.
void note_unknown_flutes(const Survey& survey, const Setup& setup, std::vector<std::string>& assumptions) {
    for (const Tool& tool : setup.tools) {
        bool used = std::find(survey.tools_used.begin(), survey.tools_used.end(), tool.number) != survey.tools_used.end();
        if (!used || tool.flute_length_mm > 0) continue;
        bool disc = is_undercutting(tool.type);
        if (!disc)
            assumptions.push_back("tool " + std::to_string(tool.number) +
                                  ": flute length not given; taken to cut along its whole reach, so that its shank is not checked");
    }
}

}  // namespace

Status check_called_tools(const Survey& survey, const ProgramScan& scan, const ProgramNotes& notes, const Setup& setup) {
    for (const auto& [number, line] : survey.tools_called)
        if (number > 0 && !find_tool(setup.tools, number)) return undefined_tool(number, scan, notes);
    return Unit{};
}

Status fill_from_survey(const Survey& survey, const ProgramScan& scan, const ProgramNotes& notes, Setup& setup,
                        std::vector<std::string>& assumptions) {
    if (setup.tools.empty()) return undefined_tool(first_tool(survey, scan), scan, notes);
    for (int number : survey.tools_used)
        if (number > 0 && !find_tool(setup.tools, number)) return undefined_tool(number, scan, notes);
    note_unknown_flutes(survey, setup, assumptions);
    if (!survey.end.units_given) assumptions.push_back("units: the program has no G20 or G21 before its first move; mm assumed");
    if (setup.stock) {
        note_stock_far_away(survey, setup, assumptions);
        return Unit{};
    }
    return infer_stock(survey, setup, assumptions);
}

}  // namespace proveout
