#include "camotics/step_film.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace proveout {

namespace {

constexpr double kCellsAcross = 700;  // of the stock's longest side: about a pixel of a film
constexpr double kCoarser = 1.25;
constexpr double kCutCells = 1;  // of CAMotics, below the stock's top: the surface was cut, and is not a bevelled edge

DexelSpec picture_spec(const Box3& stock, double limit_bytes) {
    Vec3 size = stock.size();
    DexelSpec spec;
    spec.jitter = false;
    spec.keep_colour = true;
    spec.cell_mm = std::max({size.x, size.y, size.z}) / kCellsAcross;
    while (estimate_grid(stock, spec).bytes > limit_bytes / 2) spec.cell_mm *= kCoarser;
    return spec;
}

void colour_cuts(DexelGrid& grid, double below) {
    for (DexelTile& tile : grid.tiles)
        for (size_t i = 0; i < tile.colour.size(); ++i) tile.colour[i] = tile.top[i] < below ? 1 : 0;
}

// The tip on CAMotics' clock, straight between samples.
PathSample sample_at(const std::vector<PathSample>& samples, double time_s) {
    auto after = std::lower_bound(samples.begin(), samples.end(), time_s, [](const PathSample& s, double t) { return s.time_s < t; });
    if (after == samples.end()) return samples.back();
    if (after == samples.begin() || after->tool != (after - 1)->tool) return *after;
    const PathSample& before = *(after - 1);
    PathSample out = *after;
    double span = after->time_s - before.time_s;
    out.tip = before.tip + (span > 0 ? (time_s - before.time_s) / span : 1) * (after->tip - before.tip);
    return out;
}

SceneState state_at(const Setup& setup, const std::vector<PathSample>& samples, double time_s) {
    SceneState state;
    state.time_s = time_s;
    if (samples.empty()) return state;
    PathSample at = sample_at(samples, time_s);
    state.tip_mm = at.tip;
    state.line = at.line;
    state.tool = at.tool;
    for (size_t k = 0; k < setup.tools.size(); ++k)
        if (setup.tools[k].number == at.tool) state.assembly = static_cast<int>(k);
    if (const Tool* tool = find_tool(setup.tools, at.tool)) {
        char text[64];
        std::snprintf(text, sizeof text, "D%.4g %s", tool->diameter_mm, std::string(name_of(tool->type)).c_str());
        state.tool_name = text;
    }
    return state;
}

}  // namespace

Result<DexelGrid> picture_grid_of(const Mesh& mesh, const Box3& stock, double memory_limit_bytes) {
    Solid solid;
    solid.shape = StockShape::kMesh;
    solid.mesh = triangles_of(mesh);
    DexelGrid grid = TRY(make_grid(solid, picture_spec(stock, memory_limit_bytes), memory_limit_bytes));
    colour_cuts(grid, stock.high.z - kCutCells * mesh.tolerance_mm);
    return grid;
}

Result<FilmResult> make_step_film(const Setup& setup, const Simulation& simulation, const CamoticsPart& part, const FilmOptions& options,
                                  const FrameSink& sink, const Context& context) {
    CHECK(setup.stock);
    Box3 stock = bounds_of(setup.stock->solid);
    std::vector<ToolAssembly> assemblies;
    for (const Tool& tool : setup.tools) assemblies.push_back(make_assembly(tool));
    double total_s = part.steps.empty() ? 0 : part.steps.back().time_s;
    int frames = film_frames(options), frame = 0;
    SceneOptions scene = options.scene;
    scene.title += ", cut by CAMotics in " + std::to_string(part.steps.size()) + " steps";
    FilmResult out;
    Frame picture;
    // State -1 is the stock; state k holds from its own time to the next one's.
    for (int step = -1; step < static_cast<int>(part.steps.size()); ++step) {
        bool last = step + 1 == static_cast<int>(part.steps.size());
        DexelGrid grid;
        if (step < 0)
            grid = TRY(make_grid(setup.stock->solid, picture_spec(stock, options.memory_limit_bytes), options.memory_limit_bytes));
        else
            grid = TRY(picture_grid_of(last ? part.mesh : part.steps[step].mesh, stock, options.memory_limit_bytes));
        Renderer renderer(grid, assemblies, setup.fixtures, stock, scene);
        Box3 changed = stock;
        for (; frame < frames; ++frame) {
            double time_s = total_s * frame / std::max(1, frames - 1);
            if (!last && time_s >= part.steps[step + 1].time_s && frame < frames - 1) break;
            if (!last && frame == frames - 1) break;
            renderer.draw(state_at(setup, part.samples, time_s), changed, picture, context);
            changed = {};
            ++out.frames;
            if (!sink(picture, frame)) return out;
            context.report("encode", static_cast<double>(frame + 1) / frames);
            if (context.stop_reason() != StopReason::kNone) return stop_error(context.stop_reason());
        }
        if (!last) continue;
        SceneState finished;
        for (const Finding& finding : simulation.findings) {
            const FindingRule* rule = find_rule(finding.code);
            if (rule && rule->is_collision && finding.has_point) finished.collisions.push_back(finding.point_mm);
        }
        renderer.draw(finished, stock, out.snapshot, context);
    }
    return out;
}

}  // namespace proveout
