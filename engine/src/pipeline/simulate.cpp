// simulate(): a pass over the program that cuts and checks, and a second one if pieces came loose.
#include "proveout/simulate.h"

#include <algorithm>
#include <cstdio>

#include "base/parallel.h"
#include "pipeline/loose_search.h"
#include "pipeline/motion_source.h"
#include "pipeline/tally.h"
#include "verify/check.h"
#include "verify/loose.h"

namespace proveout {

namespace {

// Share of the progress bar that the checks take; the rest is the search for loose pieces.
constexpr double kCheckShare = 0.9;
constexpr int64_t kProgressInterval = 4096;

struct Outcome {
    StreamEnd end;
    int early_tool = 0;
    Simulation simulation;             // all but findings and loose pieces
    std::vector<LoosePiece> loose;
};

class CheckPass : public MotionSink {
  public:
    CheckPass(const Setup& setup, const Toolbox& toolbox, DexelGrid& grid, EventLog& log, const SimulateOptions& options,
              const Context& context)
        : log_(log),
          tally(setup.machine, options.want_timeline),
          checker(
              setup, toolbox, grid, log, [this](const TimedMotion& move, const Cut& cut) { tally.add(move, cut); }, context),
          context_(context),
          expected_(options.survey_moves) {}

    bool on_motion(const TimedMotion& move) override {
        if (++seen_ % kProgressInterval == 0 && expected_ > 0)
            context_.report("simulate", kCheckShare * std::min(1.0, static_cast<double>(seen_) / static_cast<double>(expected_)));
        if (move.motion.kind == MotionKind::kToolChange) tool_changed_ = true;
        if (!tool_changed_ && early_tool == 0 && is_move(move.motion)) early_tool = move.motion.tool;
        status = checker.push(move);
        return status.ok();
    }
    void on_finding(Finding finding) override {
        if (finding.code == "FEED_MISSING") checker.leave_feed_to_interpreter();
        log_.add(std::move(finding));
    }

  private:
    EventLog& log_;

  public:
    Tally tally;
    Checker checker;
    Status status = Unit{};
    int early_tool = 0;                // in the spindle at the first move, before any change; 0: none

  private:
    const Context& context_;
    bool tool_changed_ = false;
    int64_t expected_, seen_ = 0;
};

Result<DexelGrid> grid_for(const Setup& setup, double cell_mm, const SimulateOptions& options) {
    DexelSpec spec;
    spec.cell_mm = cell_mm;
    return make_grid(setup.stock->solid, spec, options.memory_limit_bytes);
}

// Can a piece have come loose at all? Only where a cutter went down to the bottom of the stock, or under something.
bool may_be_loose(const Setup& setup, const Simulation& simulation) {
    bool undercuts = std::any_of(setup.tools.begin(), setup.tools.end(), [](const Tool& tool) {
        return is_undercutting(tool.type) || tool.type == ToolType::kForm;
    });
    double bottom = bounds_of(setup.stock->solid).low.z;
    bool box = setup.stock->solid.shape == StockShape::kBox || setup.stock->solid.shape == StockShape::kCylinder;
    return undercuts || !box || simulation.motion_bounds_mm.low.z <= bottom + kTouch_mm;
}

// One pass. Everything but the interpreter's findings is delivered in batches, in program order.
Result<Outcome> run_pass(const Program& program, const Setup& setup, double cell_mm, const SimulateOptions& options, EventLog& log,
                         const Context& context) {
    DexelGrid grid = TRY(grid_for(setup, cell_mm, options));
    Toolbox toolbox = make_toolbox(setup.tools);
    Outcome outcome;
    Simulation& out = outcome.simulation;
    out.stock_volume_mm3 = volume_mm3(grid);
    out.resolution_mm = std::max(grid.cell_u, grid.cell_v);
    CheckPass pass(setup, toolbox, grid, log, options, context);
    outcome.end = TRY(stream_motions(program, setup, pass, context, options.survey_dialect.dialect));
    if (options.survey_dialect.dialect != Dialect::kAuto) outcome.end.program.dialect_reason = options.survey_dialect.reason;
    TRY(std::move(pass.status));
    TRY(pass.checker.flush());
    outcome.early_tool = pass.early_tool;
    log.finish();
    pass.tally.finish(out);
    // Three looks at every ray that is left.
    const bool may_be = may_be_loose(setup, out);
    parallel_for(context.threads, 3, [&](int look) {
        if (look == 0 && may_be) outcome.loose = loose_pieces(grid, setup.fixtures);
        if (look == 1) out.removed_error_mm3 = volume_error_mm3(grid);
        if (look == 2) out.removed_mm3 = std::max(0.0, out.stock_volume_mm3 - volume_mm3(grid));
    });
    return outcome;
}

void fill_totals(const Setup& setup, const StreamEnd& end, Simulation& out) {
    out.time = end.time;
    out.time_error_s = time_error_s(setup.machine, end.time);
    out.lines = end.program.lines;
    out.blocks = end.program.blocks;
    out.dialect = end.program.dialect;
    if (setup.dialect == Dialect::kAuto)
        out.assumptions.push_back("dialect " + std::string(name_of(end.program.dialect)) +
                                  (end.program.dialect_reason.empty() ? "" : ": " + end.program.dialect_reason));
    if (end.program.start_assumed) {
        char text[160];
        std::snprintf(text, sizeof text, "the tool starts at X%.3f Y%.3f Z%.3f, clear above everything (machine.home is not given)",
                      end.program.start_mm.x, end.program.start_mm.y, end.program.start_mm.z);
        out.assumptions.push_back(text);
    }
    if (setup.resolution_mm <= 0) {
        char text[80];
        std::snprintf(text, sizeof text, "resolution %.4g mm, chosen from the stock's size and the program's length", out.resolution_mm);
        out.assumptions.push_back(text);
    }
}

void fill_findings(const Program& program, EventLog& log, Simulation& out) {
    out.findings = log.take();
    fill_blocks(program.text, out.findings);
    out.collision_count = log.collision_count();
    out.error_count = log.count(Severity::kError);
    out.warning_count = log.count(Severity::kWarning);
    out.info_count = log.count(Severity::kInfo);
    out.verdict = out.error_count > 0 ? Severity::kError : out.warning_count > 0 ? Severity::kWarning : Severity::kInfo;
}

Error with_block(const Program& program, Error error) {
    if (error.line <= 0 || !error.block.empty()) return error;
    std::vector<Finding> place(1);
    place[0].line = error.line;
    fill_blocks(program.text, place);
    error.block = place[0].block;
    return error;
}

Result<Simulation> simulate_checked(const Program& program, const Setup& setup, const SimulateOptions& options, const Context& context) {
    double cell_mm = setup.resolution_mm > 0 ? setup.resolution_mm : automatic_cell_mm(setup, options);
    context.report("simulate", 0);
    EventLog log(setup);
    Outcome outcome = TRY(run_pass(program, setup, cell_mm, options, log, context));
    if (!outcome.loose.empty()) {
        std::vector<Finding> found = TRY(find_loose(program, setup, cell_mm, outcome.loose, options, context));
        for (Finding& finding : found) log.add(std::move(finding));
    }
    Simulation out = std::move(outcome.simulation);
    fill_totals(setup, outcome.end, out);
    if (outcome.early_tool > 0)
        out.assumptions.push_back("tool " + std::to_string(outcome.early_tool) +
                                  " is in the spindle at the first move, before any tool change");
    fill_findings(program, log, out);
    context.report("simulate", 1);
    return out;
}

}  // namespace

Result<Simulation> simulate(const Program& program, const Setup& setup, const SimulateOptions& options, const Context& context) {
    if (!setup.stock) return make_error(ErrorCode::kInvalidInput, "no stock is given and none could be inferred; describe it with --stock");
    Result<Simulation> result = simulate_checked(program, setup, options, context);
    if (!result.ok()) return with_block(program, result.error());
    return result;
}

}  // namespace proveout
