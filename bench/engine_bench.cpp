// engine_bench.cpp -- what one stage does alone, without files or children: cutting, reading, planning. `bench/run` calls it.
//
//   proveout_bench              every workload, a row each: name, amount per second, unit
//   proveout_bench cut          only those whose name begins so
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "proveout/cut.h"
#include "proveout/interpret.h"
#include "proveout/plan.h"

using namespace proveout;

namespace {

constexpr int kRuns = 3;  // the best counts: the others were disturbed

double best_seconds(const std::function<void()>& work) {
    double best = 1e9;
    for (int run = 0; run < kRuns; ++run) {
        const auto start = std::chrono::steady_clock::now();
        work();
        best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return best;
}

void row(const std::string& name, double per_second, const char* unit) {
    std::printf("%-52s %12.3f %s\n", name.c_str(), per_second, unit);
    std::fflush(stdout);
}

Tool ball_tool() {
    Tool tool;
    tool.type = ToolType::kBall;
    tool.diameter_mm = 6;
    tool.flute_length_mm = 20;
    tool.shank_diameter_mm = 6;
    tool.stickout_mm = 35;
    tool.holder = {{30, 20, 32}};
    return tool;
}

// A finishing raster in 0.5 mm moves, 0.2 mm stepover, over a wavy surface 100 mm x 60 mm.
std::vector<Sweep> raster(bool checked, double raised_mm = 0) {
    std::vector<Sweep> sweeps;
    const auto surface = [raised_mm](double x, double y) { return raised_mm - 3 + 1.5 * std::sin(x / 7) * std::cos(y / 9); };
    for (int lane = 0; lane <= 300; ++lane) {
        const double y = lane * 0.2;
        for (int step = 0; step < 200; ++step) {
            const double x0 = lane % 2 ? 100 - step * 0.5 : step * 0.5;
            const double x1 = lane % 2 ? x0 - 0.5 : x0 + 0.5;
            Sweep sweep;
            sweep.from = {x0, y, surface(x0, y)};
            sweep.to = {x1, y, surface(x1, y)};
            sweep.owner = static_cast<int32_t>(sweeps.size());
            sweep.checks_flutes = checked;
            sweeps.push_back(sweep);
        }
    }
    return sweeps;
}

// allowance_mm: what an earlier roughing left above the surface; 0: the raster cuts from the full block.
void bench_cut(const std::string& name, double cell_mm, bool checked, int threads, double allowance_mm = 0) {
    Solid stock;
    stock.dims_mm = {100, 60, 20};
    stock.origin_mm = {0, 0, -20};
    DexelSpec spec;
    spec.cell_mm = cell_mm;
    const std::vector<ToolAssembly> assemblies{make_assembly(ball_tool())};
    const std::vector<Sweep> sweeps = raster(checked);
    CutOptions options;
    options.check_contacts = checked;
    Context context;
    context.threads = threads;
    Result<DexelGrid> grid = make_grid(stock, spec, 2e9);
    CHECK(grid.ok());
    if (allowance_mm > 0) {
        const std::vector<Sweep> rough = raster(false, allowance_mm);
        cut_batch(*grid, assemblies, rough, static_cast<int32_t>(rough.size()), options, context);
    }
    const DexelGrid fresh = *grid;
    double removed_mm3 = 0;
    // Batches of the size the pipeline uses; copying the fresh stock back is not timed work of a run, but too little to matter.
    const double seconds = best_seconds([&] {
        *grid = fresh;
        removed_mm3 = 0;
        constexpr size_t kBatch = 8192;
        for (size_t begin = 0; begin < sweeps.size(); begin += kBatch) {
            std::vector<Sweep> batch(sweeps.begin() + begin, sweeps.begin() + std::min(sweeps.size(), begin + kBatch));
            for (size_t i = 0; i < batch.size(); ++i) batch[i].owner = static_cast<int32_t>(i);
            const CutResult result = cut_batch(*grid, assemblies, batch, static_cast<int32_t>(batch.size()), options, context);
            for (const Cut& cut : result.cuts) removed_mm3 += cut.removed_mm3;
        }
    });
    CHECK(removed_mm3 > 0);
    row(name, sweeps.size() / seconds / 1e6, "M moves/s");
}

// A plain 3D program: one G1 with three words a line.
std::string plain_program(size_t lines) {
    std::string text = "G21 G90 G54\nT1 M6\nS12000 M3\nG0 X0 Y0 Z5\nG1 F2000\n";
    char line[80];
    for (size_t i = 0; i < lines; ++i) {
        const double t = 0.01 * static_cast<double>(i);
        const double x = 50 * std::cos(t), y = 50 * std::sin(t), z = -1 - 0.5 * std::sin(t / 9);
        text.append(line, std::snprintf(line, sizeof line, "G1X%.3fY%.3fZ%.4f\n", x, y, z));
    }
    return text + "M5\nM30\n";
}

// Every block works out its words: parameters, functions, a loop's counter.
std::string expression_program(size_t lines, Dialect dialect) {
    std::string text = "G21 G90 G54\nG1 F2000. X0. Y0. Z0.\n#100=0\n#101=0.5\n";
    const char* line = dialect == Dialect::kFanuc ? "#100=#100+0.01\nG1 X[50.*COS[#100]] Y[50.*SIN[#100]] Z[-1.-#101*SIN[#100/9.]]\n"
                                                  : "#100=[#100+0.01]\nG1 X[50*COS[#100]] Y[50*SIN[#100]] Z[-1-#101*SIN[#100/9]]\n";
    for (size_t i = 0; i < lines; i += 2) text += line;
    return text + "M30\n";
}

struct Count : MotionObserver {
    int64_t motions = 0;
    std::function<void(const Motion&)> also;
    bool on_motion(const Motion& motion) override {
        ++motions;
        if (also) also(motion);
        return true;
    }
};

void bench_read(const std::string& text, Dialect dialect, const std::string& name) {
    const Tool tool = ball_tool();
    const std::vector<Tool> tools{tool};
    InterpretOptions options;
    options.dialect = dialect;
    options.tools = &tools;
    const double seconds = best_seconds([&] {
        Count count;
        const Result<ProgramEnd> end = interpret({text, "bench", {}}, options, count, Context{});
        CHECK(end.ok());
        CHECK(count.motions > 0);
    });
    row(name, text.size() / seconds / 1e6, "MB/s");
}

void bench_blocks(const std::string& text, Dialect dialect, const std::string& name) {
    InterpretOptions options;
    options.dialect = dialect;
    int64_t blocks = 0;
    const double seconds = best_seconds([&] {
        Count count;
        const Result<ProgramEnd> end = interpret({text, "bench", {}}, options, count, Context{});
        CHECK(end.ok());
        blocks = end->blocks;
    });
    row(name, static_cast<double>(blocks) / seconds / 1e6, "M blocks/s");
}

void bench_plan(const std::string& text, const char* profile) {
    const std::vector<Tool> tools{ball_tool()};
    InterpretOptions options;
    options.dialect = Dialect::kLinuxcnc;
    options.tools = &tools;
    std::vector<Motion> motions;
    Count collect;
    collect.also = [&](const Motion& motion) { motions.push_back(motion); };
    const Result<ProgramEnd> end = interpret({text, "bench", {}}, options, collect, Context{});
    CHECK(end.ok());
    const double seconds = best_seconds([&] {
        Planner planner(*machine_profile(profile), [](const TimedMotion&) { return true; });
        for (const Motion& motion : motions) planner.push(motion);
        planner.finish();
        CHECK(planner.totals().total_s() > 0);
    });
    row(std::string("plan, profile ") + profile, motions.size() / seconds / 1e6, "M moves/s");
}

}  // namespace

int main(int argc, char** argv) {
    const char* wanted = argc > 1 ? argv[1] : "";
    const auto is_wanted = [&](const char* name) { return std::strncmp(name, wanted, std::strlen(wanted)) == 0; };
    if (is_wanted("cut")) {
        for (int threads : {1, 2}) {
            const std::string suffix = threads == 1 ? ", 1 thread" : ", 2 threads";
            bench_cut("cut, ball D6, 0.5 mm moves, 0.1 mm cells" + suffix, 0.1, false, threads);
            bench_cut("the same with shank, holder and flute checks" + suffix, 0.1, true, threads);
            bench_cut("the same, checked, 0.3 mm left by roughing" + suffix, 0.1, true, threads, 0.3);
        }
    }
    if (is_wanted("read") || is_wanted("plan")) {
        const std::string text = plain_program(2'000'000);
        if (is_wanted("read")) {
            bench_read(text, Dialect::kLinuxcnc, "read and interpret, plain G1, linuxcnc");
            bench_read(text, Dialect::kGrbl, "read and interpret, plain G1, grbl");
            bench_read(text, Dialect::kFanuc, "read and interpret, plain G1, fanuc");
            for (Dialect dialect : {Dialect::kLinuxcnc, Dialect::kFanuc})
                bench_blocks(expression_program(400'000, dialect), dialect, "blocks with expressions, " + std::string(name_of(dialect)));
        }
        if (is_wanted("plan")) {
            for (const char* profile : {"generic", "grbl", "linuxcnc"}) bench_plan(text, profile);
        }
    }
    return 0;
}
