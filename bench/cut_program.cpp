// cut_program.cpp -- a whole program, cutting alone: what engines that only cut are compared with. `bench/run` calls it.
//
//   proveout_cut_bench PROGRAM JOB CELL_MM      seconds: one thread, two threads, one thread with all checks
//
// Reading, planning and making the grid are not timed. JOB is a job document with tools and stock.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "job/job.h"
#include "proveout/cut.h"
#include "proveout/interpret.h"

using namespace proveout;

namespace {

constexpr int kRuns = 5;         // the best counts: the others were disturbed
constexpr size_t kBatch = 4096;  // motions, as the pipeline cuts them
constexpr double kMemory_bytes = 4e9;

[[noreturn]] void fail(const std::string& what) {
    std::fprintf(stderr, "%s\n", what.c_str());
    std::exit(2);
}

template <class T>
T must(Result<T> result) {
    if (!result) fail(result.error().message);
    return std::move(*result);
}

std::string read_file(const char* path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) fail(std::string("cannot read ") + path);
    return {std::istreambuf_iterator<char>(file), {}};
}

struct Collect : MotionObserver {
    std::vector<Motion> motions;
    bool on_motion(const Motion& motion) override {
        if (is_move(motion))
            motions.push_back(motion);
        return true;
    }
};

int32_t slot_of(const std::vector<Tool>& tools, int number) {
    for (size_t i = 0; i < tools.size(); ++i)
        if (tools[i].number == number) return static_cast<int32_t>(i);
    return -1;
}

struct Batch {
    std::vector<Sweep> sweeps;
    int32_t owners = 0;
};

std::vector<Batch> batches_of(const std::vector<Motion>& motions, const std::vector<Tool>& tools) {
    std::vector<Batch> batches;
    for (size_t i = 0; i < motions.size(); ++i) {
        if (i % kBatch == 0) batches.emplace_back();
        Batch& batch = batches.back();
        const int32_t slot = slot_of(tools, motions[i].tool);
        if (slot < 0) fail("the job has no tool " + std::to_string(motions[i].tool));
        size_t first = batch.sweeps.size();
        append_sweeps(motions[i], slot, batch.owners++, batch.sweeps);
        for (; first < batch.sweeps.size(); ++first) {
            batch.sweeps[first].forbids_cutting = motions[i].kind == MotionKind::kRapid;
            batch.sweeps[first].checks_flutes = motions[i].kind != MotionKind::kRapid;
        }
    }
    return batches;
}

double seconds(const DexelGrid& fresh, const std::vector<ToolAssembly>& assemblies, const std::vector<Batch>& batches, bool checked,
               int threads) {
    CutOptions options;
    options.check_contacts = checked;
    Context context;
    context.threads = threads;
    double best = 1e9;
    for (int run = 0; run < kRuns; ++run) {
        DexelGrid grid = fresh;
        const auto start = std::chrono::steady_clock::now();
        for (const Batch& batch : batches) cut_batch(grid, assemblies, batch.sweeps, batch.owners, options, context);
        best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return best;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) fail("usage: proveout_cut_bench PROGRAM JOB CELL_MM");
    const Job job = must(read_job(read_file(argv[2]), JobRules{}));
    if (!job.setup.stock) fail("the job has no stock");
    const std::string text = read_file(argv[1]);
    InterpretOptions options;
    options.tools = &job.setup.tools;
    Collect collect;
    must(interpret({text, argv[1], {}, {}}, options, collect, Context{}));
    std::vector<ToolAssembly> assemblies;
    for (const Tool& tool : job.setup.tools) assemblies.push_back(make_assembly(tool));
    DexelSpec spec;
    spec.cell_mm = std::strtod(argv[3], nullptr);
    const DexelGrid fresh = must(make_grid(job.setup.stock->solid, spec, kMemory_bytes));
    const std::vector<Batch> batches = batches_of(collect.motions, job.setup.tools);
    std::printf("%.6f %.6f %.6f\n", seconds(fresh, assemblies, batches, false, 1), seconds(fresh, assemblies, batches, false, 2),
                seconds(fresh, assemblies, batches, true, 1));
    return 0;
}
