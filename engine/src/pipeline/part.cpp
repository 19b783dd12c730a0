// The finished part as a mesh: one more pass over the motions, cutting three ray families instead of the grid of the checks.
#include <algorithm>

#include "pipeline/motion_source.h"
#include "proveout/simulate.h"

namespace proveout {

namespace {

// Automatic cell: so many along the stock's longest side, more where a cutter is so thin that its grooves would hold too few.
constexpr double kPartCells = 300;
constexpr double kMostPartCells = 450;
constexpr double kCellsPerCutter = 8;        // across the diameter of the thinnest cutter
constexpr double kCoarserStep = 1.1;         // until the estimate fits the memory limit
constexpr size_t kSweepsPerCut = 4096;       // bounds memory; the part does not depend on it

Box3 stock_box(const Setup& setup) { return bounds_of(setup.stock->solid); }

double automatic_part_cell_mm(const Setup& setup, const Toolbox& toolbox) {
    Vec3 size = stock_box(setup).size();
    double longest = std::max({size.x, size.y, size.z}), cell = longest / kPartCells;
    for (const ToolAssembly& assembly : toolbox.assemblies)
        if (assembly.cutter_radius_mm > 0) cell = std::min(cell, 2 * assembly.cutter_radius_mm / kCellsPerCutter);
    return std::max(cell, longest / kMostPartCells);
}

Result<PartBuilder> make_builder(const Setup& setup, const PartOptions& options, const Toolbox& toolbox) {
    if (options.cell_mm > 0) return PartBuilder::create(setup.stock->solid, options.cell_mm, options.memory_limit_bytes);
    Vec3 size = stock_box(setup).size();
    double coarsest = std::max({size.x, size.y, size.z});
    for (double cell = automatic_part_cell_mm(setup, toolbox);; cell *= kCoarserStep) {
        Result<PartBuilder> builder = PartBuilder::create(setup.stock->solid, cell, options.memory_limit_bytes);
        if (builder.ok() || builder.error().code != ErrorCode::kTooLarge || cell > coarsest) return builder;
    }
}

class PartPass : public MotionSink {
  public:
    PartPass(const Machine& machine, const Toolbox& toolbox, PartBuilder& builder, const Context& context)
        : machine_(machine), toolbox_(toolbox), builder_(builder), context_(context) {}

    bool on_motion(const TimedMotion& move) override {
        append_motion_sweeps(machine_, move.motion, toolbox_.slot_of(move.motion.tool), 0, sweeps_);
        if (sweeps_.size() >= kSweepsPerCut) flush();
        return true;
    }

    void flush() {
        builder_.cut(toolbox_.assemblies, sweeps_, context_);
        sweeps_.clear();
    }

  private:
    const Machine& machine_;
    const Toolbox& toolbox_;
    PartBuilder& builder_;
    const Context& context_;
    std::vector<Sweep> sweeps_;
};

}  // namespace

Result<Mesh> make_part(const Program& program, const Setup& setup, const PartOptions& options, const Context& context) {
    if (!setup.stock) return make_error(ErrorCode::kInvalidInput, "a part needs stock to be cut from; give --stock or stock in the job");
    Toolbox toolbox = make_toolbox(setup.tools);
    PartBuilder builder = TRY(make_builder(setup, options, toolbox));
    PartPass pass(setup.machine, toolbox, builder, context);
    TRY(stream_untimed(program, setup, pass, context, options.dialect));
    pass.flush();
    return builder.build(options.max_triangles, context);
}

}  // namespace proveout
