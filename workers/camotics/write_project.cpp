// From our job to a project that CAMotics runs: explicit bounds, manual resolution, every used tool, a parked start, and our own flattened
// program unless the client's text is asked for.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "camotics/camotics.h"
#include "job/lengths.h"

namespace proveout {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// camsim's memory, a fit to runs of 1.3: a base, every cell of the grid whether full or empty, every triangle, every move.
constexpr double kBase_bytes = 10e6, kCell_bytes = 86, kTriangle_bytes = 200, kMove_bytes = 450;
constexpr double kGridMargin = 0.9;      // cells around the stock
constexpr double kTrianglesPerFace = 4;  // per cell of the stock's surface: two where it is flat, twice as many where it is cut
constexpr double kShareOfMemory = 0.8;
constexpr double kCoarser = 1.1;          // step while a cell is looked for that fits
constexpr double kCoarsestShare = 0.125;  // of the stock's shortest side: coarser, and the picture says nothing
constexpr double kParkAbove_mm = 100;
constexpr double kCarveMargin_mm = 1;
constexpr double kCarveChord_mm = 0.002;

struct CellChoice {
    double cell_mm = 0, cells = 0, bytes = 0;
};

CellChoice estimate(const Box3& stock, double cell_mm, int64_t moves) {
    Vec3 size = stock.size();
    auto count = [&](double side) { return std::ceil(side / cell_mm + 2 * kGridMargin); };
    CellChoice out{cell_mm, count(size.x) * count(size.y) * count(size.z), 0};
    double faces = 2 * (size.x * size.y + size.y * size.z + size.z * size.x) / (cell_mm * cell_mm);
    out.bytes =
        kBase_bytes + kCell_bytes * out.cells + kTriangle_bytes * kTrianglesPerFace * faces + kMove_bytes * static_cast<double>(moves);
    return out;
}

double machine_memory_bytes() {
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGE_SIZE);
    return pages > 0 && page > 0 ? static_cast<double>(pages) * static_cast<double>(page) * kShareOfMemory : 2e9;
}

std::string rounded_text(double value, int decimals) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", decimals, value);
    return text;
}

// The wished cell if it fits, the nearest coarser one if none was wished. Error kTooLarge.
Result<CellChoice> choose_cell(const Box3& stock, const CamoticsOptions& options, int64_t moves, std::vector<std::string>& assumptions) {
    Vec3 size = stock.size();
    double limit = options.memory_limit_bytes > 0 ? options.memory_limit_bytes : machine_memory_bytes();
    double wished = options.resolution_mm > 0 ? options.resolution_mm : std::cbrt(size.x * size.y * size.z / kHighCells);
    CellChoice choice = estimate(stock, wished, moves), first = choice;
    double coarsest = std::max(wished, kCoarsestShare * std::min({size.x, size.y, size.z}));
    while (choice.bytes > limit && choice.cell_mm * kCoarser <= coarsest) choice = estimate(stock, choice.cell_mm * kCoarser, moves);
    bool fits = choice.bytes <= limit;
    if (!fits || (options.resolution_mm > 0 && choice.cell_mm > wished)) {
        std::string message = "camsim would need " + rounded_text(first.bytes / 1e9, 2) + " GB for " + rounded_text(first.cells, 0) +
                              " cells of " + rounded_text(wished, 4) + " mm, the limit is " + rounded_text(limit / 1e9, 2) + " GB; ";
        message += fits ? "a resolution of " + rounded_text(choice.cell_mm, 3) + " mm fits" : "use engine native";
        return make_error(ErrorCode::kTooLarge, message);
    }
    if (choice.cell_mm > wished)
        assumptions.push_back("camotics: cell " + rounded_text(choice.cell_mm, 3) + " mm in place of " + rounded_text(wished, 3) +
                              " mm, to fit camsim into the memory");
    return choice;
}

Status write_text(const std::string& path, std::string_view text) {
    std::ofstream file(path, std::ios::binary);
    file << text << std::flush;
    if (!file) return make_error(ErrorCode::kIo, "cannot write " + path);
    return Unit{};
}

std::string place(Vec3 p) { return " X" + rounded_text(p.x, 4) + " Y" + rounded_text(p.y, 4) + " Z" + rounded_text(p.z, 4); }

Vec3 park_place(const Box3& stock) {
    Vec3 centre = stock.centre();
    return {centre.x, centre.y, stock.high.z + kParkAbove_mm};
}

// Rapids without a tool do not cut: the phantom gouge from machine zero is gone.
std::string park_program(const Box3& stock, const Setup& setup, bool raw) {
    std::string out = "G21 G90\nG0" + place(park_place(stock)) + "\n";
    for (size_t k = 0; raw && k < setup.work_offsets.size(); ++k)
        if (!(setup.work_offsets[k] == Vec3{})) out += "G10 L2 P" + std::to_string(k + 1) + place(setup.work_offsets[k]) + "\n";
    return out;
}

Error no_such_stock(const char* what) {
    Error error = make_error(ErrorCode::kInvalidInput, "CAMotics cannot cut this stock");
    error.faults.push_back({"/stock/shape", std::string("is ") + what + "; engines camotics and both know box, cylinder and tube"});
    return error;
}

// CAMotics has boxes only. A cylinder is a box whose corners are cut away first, by a wide cylinder that is led around; a tube's bore is
// one plunge. The same is done to the stock that is not cut, so that removed volumes are the program's own.
struct Carving {
    std::string text;
    std::vector<CamSlot> slots;
};

void carve_outside(const Solid& solid, const Box3& box, int number, Carving& out) {
    double radius = solid.dims_mm[0] / 2, cutter = radius, track = radius + cutter;
    out.slots.push_back({number, {CamShape::kCylindrical, box.size().z + 2 * kCarveMargin_mm, 2 * cutter, 0, 0}, "makes the stock round"});
    // The chords stand outside of the circle by half of what they may be off.
    int chords = std::max(12, static_cast<int>(std::ceil(kPi / std::acos(1 - kCarveChord_mm / track))));
    out.text += "#5400=-1\n";
    for (int k = 0; k <= chords; ++k) {
        double angle = 2 * kPi * k / chords, reach = track + kCarveChord_mm / 2;
        Vec3 at{solid.origin_mm.x + reach * std::cos(angle), solid.origin_mm.y + reach * std::sin(angle), box.low.z - kCarveMargin_mm};
        if (k == 0) out.text += "G0" + place(at) + "\nT" + std::to_string(number) + " M6\nG1 F1000";
        out.text += place(at) + "\n";
    }
}

void carve_bore(const Solid& solid, const Box3& box, int number, Carving& out) {
    out.slots.push_back({number, {CamShape::kCylindrical, box.size().z + 2 * kCarveMargin_mm, solid.dims_mm[1], 0, 0}, "bores the stock"});
    Vec3 above{solid.origin_mm.x, solid.origin_mm.y, box.high.z + 2 * kCarveMargin_mm}, below = above;
    below.z = box.low.z - kCarveMargin_mm;
    out.text += "#5400=-1\nG0" + place(above) + "\nT" + std::to_string(number) + " M6\nG1 F1000" + place(below) + "\n";
}

Result<Carving> carve(const Solid& solid, int first_number) {
    Carving out;
    Box3 box = bounds_of(solid);
    if (solid.shape == StockShape::kBox) return out;
    if (solid.shape == StockShape::kMesh) return no_such_stock("a mesh");
    if (solid.shape == StockShape::kTube && solid.dims_mm[1] < kThinnestCamTool_mm)
        return no_such_stock("a tube with a bore below 0.125 mm");
    carve_outside(solid, box, first_number, out);
    if (solid.shape == StockShape::kTube) carve_bore(solid, box, first_number + 1, out);
    out.text = "G21 G90 G17\n" + out.text + "#5400=-1\nG0" + place(park_place(box)) + "\n";
    return out;
}

Json tool_json(const CamSlot& slot) {
    Json out = {
        {"units", "metric"}, {"shape", name_of(slot.piece.shape)}, {"length", slot.piece.length_mm}, {"diameter", slot.piece.diameter_mm}};
    if (slot.piece.shape == CamShape::kSnubnose) out["snub_diameter"] = slot.piece.snub_diameter_mm;
    out["description"] = slot.description;
    return out;
}

std::string project_text(const Box3& stock, double cell_mm, const std::vector<CamSlot>& slots, const std::vector<std::string>& files) {
    Json tools = Json::object();
    for (const CamSlot& slot : slots) tools[std::to_string(slot.number)] = tool_json(slot);
    Json out = {{"units", "metric"}, {"resolution-mode", "manual"}, {"resolution", cell_mm}, {"tools", std::move(tools)}};
    out["workpiece"] = {
        {"automatic", false},
        {"margin", 0},
        {"bounds", {{"min", {stock.low.x, stock.low.y, stock.low.z}}, {"max", {stock.high.x, stock.high.y, stock.high.z}}}}};
    out["files"] = files;
    return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string describe_tool(const Tool& tool) {
    return number_text(tool.diameter_mm) + " mm " + std::string(name_of(tool.type)) + (tool.comment.empty() ? "" : ", " + tool.comment);
}

Finding approximated(const CamTool& tool, const Tool& ours) {
    const FindingRule* rule = find_rule("TOOL_APPROXIMATED");
    Finding out;
    out.code = rule->code;
    out.severity = rule->severity;
    out.tool = tool.number;
    out.message = "CAMotics has no shape for tool " + std::to_string(tool.number) + " (" + describe_tool(ours).substr(0, 120) +
                  "): " + tool.how + " stand for it, deviation " + rounded_text(tool.deviation_mm, 4) + " mm";
    return out;
}

struct Shapes {
    std::vector<CamTool> tools;
    std::vector<std::vector<CamSlot>> slots;  // by tool
    std::vector<CamSlot> all;
    int next_number = 1;
};

Result<Shapes> shapes_of(const Setup& setup, const std::vector<int>& used, bool single, WrittenProject& out) {
    Shapes shapes;
    for (const Tool& tool : setup.tools) shapes.next_number = std::max(shapes.next_number, tool.number + 1);
    for (const Tool& tool : setup.tools) {
        if (!std::binary_search(used.begin(), used.end(), tool.number)) continue;
        CamTool shape = TRY(cam_tool(tool, single));
        if (shape.approximated) out.notes.push_back(approximated(shape, tool));
        out.tool_deviation_mm = std::max(out.tool_deviation_mm, shape.deviation_mm);
        std::vector<CamSlot> slots;
        for (size_t k = 0; k < shape.pieces.size(); ++k)
            slots.push_back({k == 0 ? tool.number : shapes.next_number++, shape.pieces[k],
                             describe_tool(tool) + (k == 0 ? "" : ", shape " + std::to_string(k + 1))});
        shapes.all.insert(shapes.all.end(), slots.begin(), slots.end());
        shapes.slots.push_back(std::move(slots));
        shapes.tools.push_back(std::move(shape));
    }
    return shapes;
}

// Comments that write files, and calls that read them. CAMotics is not a sandbox.
Status check_raw(std::string_view text) {
    std::string lower = lower_case(text);
    for (const char* word : {"(log", "( log"})
        if (size_t at = lower.find(word); at != std::string::npos)
            return make_error(ErrorCode::kInvalidInput, "the program has LOG comments, with which CAMotics writes files; run it flattened",
                              1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
    return Unit{};
}

struct Used {
    std::vector<int> tools;
    int64_t moves = 0;
};

Result<Used> used_tools(const Program& program, const Setup& setup, const Context& context) {
    Used used;
    auto visit = [&](const Motion& motion, bool cuts) {
        ++used.moves;
        if (cuts && (used.tools.empty() || used.tools.back() != motion.tool)) {
            auto at = std::lower_bound(used.tools.begin(), used.tools.end(), motion.tool);
            if (at == used.tools.end() || *at != motion.tool) used.tools.insert(at, motion.tool);
        }
        return true;
    };
    TRY(visit_motions(program, setup, visit, context));
    return used;
}

}  // namespace

Result<WrittenProject> write_camotics_project(const Program& program, const Setup& setup, const CamoticsOptions& options,
                                              const Context& context) {
    if (!setup.stock) return make_error(ErrorCode::kInvalidInput, "CAMotics needs explicit stock; give --stock or stock in the job");
    const Solid& solid = setup.stock->solid;
    Box3 stock = bounds_of(solid);
    WrittenProject out;
    Used used = TRY(used_tools(program, setup, context));
    Shapes shapes = TRY(shapes_of(setup, used.tools, options.raw, out));
    Carving carving = TRY(carve(solid, shapes.next_number));
    shapes.all.insert(shapes.all.end(), carving.slots.begin(), carving.slots.end());

    auto in_workspace = [&](const char* name) { return options.directory + "/" + name; };
    std::vector<std::string> files{"park.nc"};
    TRY(write_text(in_workspace("park.nc"), park_program(stock, setup, options.raw)));
    if (!carving.text.empty()) {
        TRY(write_text(in_workspace("stock.nc"), carving.text));
        files.push_back("stock.nc");
    }
    int64_t moves = used.moves;
    if (options.raw) {
        TRY(check_raw(program.text));
        TRY(write_text(in_workspace("program.nc"), program.text));
    } else {
        FlatProgram flat = TRY(FlatProgram::create(in_workspace("program.nc"), shapes.tools, shapes.slots));
        TRY(visit_motions(
            program, setup, [&](const Motion& motion, bool cuts) { return flat.add(motion, cuts), true; }, context));
        TRY(flat.finish());
        moves = flat.moves();
        out.time_s = flat.time_s();
        out.samples = flat.samples();
    }
    CellChoice choice = TRY(choose_cell(stock, options, moves, out.assumptions));
    out.resolution_mm = choice.cell_mm, out.cells = choice.cells, out.bytes = choice.bytes;
    out.moves = moves;
    out.uncut_project_path = in_workspace("uncut.camotics");
    TRY(write_text(out.uncut_project_path, project_text(stock, choice.cell_mm, shapes.all, files)));
    files.push_back("program.nc");
    out.project_path = in_workspace("project.camotics");
    TRY(write_text(out.project_path, project_text(stock, choice.cell_mm, shapes.all, files)));
    return out;
}

}  // namespace proveout
