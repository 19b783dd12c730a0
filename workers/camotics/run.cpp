// The whole second engine: project, uncut stock, cut part, film steps; with one retry where another try may end otherwise.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "camotics/camotics.h"
#include "camotics/camsim.h"
#include "media/process.h"

namespace proveout {

namespace {

namespace fs = std::filesystem;

constexpr double kProbe_s = 20;                       // camsim answers --version at once
constexpr double kCoarserRetry = 1.5;                 // of the cell, after camsim ran out of memory: less than a third of the cells
constexpr double kFilmCells = 2.5e5;                  // CAMotics' "medium": a picture shows no more
constexpr double kUncutShare = 0.2, kCutShare = 0.6;  // of the progress; film steps take the rest

ErrorCode code_of(CamsimFault fault) {
    if (fault == CamsimFault::kOutOfMemory) return ErrorCode::kResourceLimit;
    return fault == CamsimFault::kDisk ? ErrorCode::kIo : ErrorCode::kEngineFailed;
}

std::string advice_for(CamsimFault fault) {
    switch (fault) {
        case CamsimFault::kOutOfMemory:
            return "; give a coarser --resolution";
        case CamsimFault::kDisk:
            return "; free some space in SIM_TMP_DIR";
        case CamsimFault::kNotStarted:
            return "; set CAMOTICS_BIN to the path of camsim";
        default:
            return "; what it said is in logs/camsim.log";
    }
}

Finding note(std::string_view code, std::string message, int64_t line) {
    const FindingRule* rule = find_rule(code);
    CHECK(rule);
    Finding out;
    out.code = rule->code;
    out.severity = rule->severity;
    out.line = line;
    out.message = std::move(message);
    return out;
}

// The N word of a line of the flattened program tells the line that it comes from. 0: none found.
int64_t source_line(const std::string& path, int64_t line) {
    std::FILE* file = std::fopen(path.c_str(), "rb");
    if (!file) return 0;
    int64_t at = 1, source = 0, number = 0;
    bool start = true, digits = false;
    for (int c; at <= line && (c = std::fgetc(file)) != EOF;) {
        if (c == '\n') {
            if (digits) source = number;
            ++at, start = true, digits = false;
        } else if (start && c == 'N') {
            start = false, digits = true, number = 0;
        } else if (digits && c >= '0' && c <= '9') {
            number = number * 10 + (c - '0');
        } else {
            if (digits) source = number;
            start = digits = false;
        }
    }
    std::fclose(file);
    return source;
}

class Runner {
  public:
    Runner(const CamoticsOptions& options, const WrittenProject& project, const Box3& stock, CamsimRecord& record, const Context& context)
        : options_(options), project_(project), stock_(stock), record_(record), context_(context) {
        cell_ = project.resolution_mm;
    }

    double cell_mm() const { return cell_; }

    // from..to: its share of the stage.
    Result<CamsimRun> run(const std::string& project, const std::string& output, bool whole_stock, double from, double to) {
        CamsimJob job = base_job(cell_);
        job.project = project;
        job.output = options_.directory + "/" + output;
        job.whole_stock = whole_stock;
        for (int attempt = 0;; ++attempt) {
            std::error_code ignored;
            fs::remove(job.output, ignored);
            ++record_.attempts;
            CamsimRun run = TRY(run_camsim(
                job, [&](double f) { report(from + (to - from) * f); }, context_));
            record_.exit_code = run.exit_code;
            record_.duration_s += run.duration_s;
            record_.resolution_mm = job.resolution_mm;
            if (run.fault == CamsimFault::kNone) return run;
            if (!is_transient(run.fault) || attempt >= options_.retries || !may_retry(run.fault, job))
                return make_error(code_of(run.fault), run.reason + advice_for(run.fault), line_of(run));
            record_.retry_reason = run.reason;
        }
    }

    void report(double fraction) {
        reached_ = std::max(reached_, fraction);
        context_.report("simulate", reached_);
    }

    CamsimJob base_job(double cell_mm) const {
        CamsimJob job;
        job.camsim = options_.camsim;
        job.directory = options_.directory;
        job.log_path = record_.log_path;
        job.resolution_mm = cell_mm;
        job.threads = context_.threads;
        job.moves = project_.moves;
        job.cells = project_.cells * std::pow(project_.resolution_mm / cell_mm, 3);
        job.memory_limit_bytes = options_.memory_limit_bytes;
        job.stock_mm = stock_;
        job.may_warn = options_.raw;
        return job;
    }

    // A parse error's line is where camsim's tokenizer stopped: one behind.
    int64_t line_of(const CamsimRun& run) const {
        if (run.log.errors.empty() || run.log.errors[0].file != "program.nc" || run.log.errors[0].line <= 0) return 0;
        int64_t line = run.log.errors[0].line;
        return options_.raw ? std::max<int64_t>(1, line - 1) : source_line(options_.directory + "/program.nc", line);
    }

  private:
    bool may_retry(CamsimFault fault, CamsimJob& job) {
        if (fault != CamsimFault::kOutOfMemory) return true;
        if (options_.resolution_mm > 0) return false;  // that cell was asked for
        cell_ *= kCoarserRetry;
        job.cells /= std::pow(kCoarserRetry, 3);
        job.resolution_mm = cell_;
        return true;
    }

    const CamoticsOptions& options_;
    const WrittenProject& project_;
    Box3 stock_;
    CamsimRecord& record_;
    const Context& context_;
    double cell_ = 0, reached_ = 0;
};

// What camsim says of a program that it reads itself.
void add_raw_notes(const CamsimLog& log, CamoticsPart& part) {
    auto add = [&](const CamMessage& message, int64_t behind) {
        int64_t line = message.file == "program.nc" ? std::max<int64_t>(0, message.line - behind) : 0;
        part.notes.push_back(note("CAMOTICS_WARNING", "CAMotics: " + message.text.substr(0, 300), line));
    };
    for (const CamMessage& message : log.errors) add(message, 1);
    for (const CamMessage& message : log.warnings) add(message, 0);
}

Status check_closed(const Surface& surface, CamoticsPart& part) {
    if (surface.open_edges == 0) return Unit{};
    if (surface.open_edges > static_cast<int64_t>(surface.mesh.triangles.size()) / 1000)
        return make_error(ErrorCode::kEngineFailed,
                          "camsim's surface has " + std::to_string(surface.open_edges) + " open edges: no volume");
    part.notes.push_back(note("CAMOTICS_WARNING", "CAMotics' surface has " + std::to_string(surface.open_edges) + " open edges", 0));
    return Unit{};
}

Status cut_film_steps(Runner& runner, const CamoticsOptions& options, const WrittenProject& project, double volume, CamoticsPart& part,
                      const Context& context) {
    double cell = std::max(part.resolution_mm, std::cbrt(volume / kFilmCells));
    for (int k = 1; k <= options.film_steps && project.time_s > 0; ++k) {
        CamsimJob job = runner.base_job(cell);
        job.project = project.project_path;
        job.output = options.directory + "/step" + std::to_string(k) + ".stl";
        job.time_s = project.time_s * k / options.film_steps;
        double from = kUncutShare + kCutShare, share = (1 - from) / options.film_steps;
        auto progress = [&](double f) { runner.report(from + share * (k - 1 + f)); };
        CamsimRun run = TRY(run_camsim(job, progress, context));
        if (run.fault != CamsimFault::kNone) {
            part.assumptions.push_back("film: step " + std::to_string(k) + " of CAMotics is missing, " + run.reason);
            continue;
        }
        part.steps.push_back({job.time_s, std::move(run.surface.mesh)});
        std::error_code ignored;
        fs::remove(job.output, ignored);
    }
    return Unit{};
}

}  // namespace

Result<std::string> find_camsim(const std::string& configured) {
    if (configured.empty())
        return make_error(ErrorCode::kInvalidInput, "CAMotics is not configured; set CAMOTICS_BIN to the path of camsim");
    std::error_code ignored;
    std::string path = configured;
    if (fs::is_directory(path, ignored)) path = (fs::path(path) / "camsim").string();
    if (!fs::is_regular_file(path, ignored) || access(path.c_str(), X_OK) != 0)
        return make_error(ErrorCode::kInvalidInput, "CAMOTICS_BIN is " + configured + ", where no program camsim is");
    return fs::absolute(path).string();
}

Result<std::string> probe_camsim(const std::string& camsim, const Context& context) {
    auto version = run_child({camsim, "--version"}, kProbe_s, context);
    if (!version && context.stop_reason() != StopReason::kNone) return version.error();
    std::string text = version ? version->errors + version->output : "";  // it answers on stderr
    text = text.substr(0, text.find('\n'));
    if (!version || !version->ok || text.empty() || text.size() > 40)
        return make_error(ErrorCode::kEngineFailed,
                          camsim + " does not answer --version: " + (version ? version->how : version.error().message));
    return text;
}

Result<CamoticsPart> run_camotics(const Program& program, const Setup& setup, const CamoticsOptions& options, CamsimRecord& record,
                                  const Context& context) {
    record.version = TRY(probe_camsim(options.camsim, context));
    if (record.log_path.empty()) record.log_path = options.directory + "/camsim.log";
    WrittenProject project = TRY(write_camotics_project(program, setup, options, context));
    record.project_path = project.project_path;
    Box3 stock = bounds_of(setup.stock->solid);
    Runner runner(options, project, stock, record, context);

    CamoticsPart part;
    part.notes = std::move(project.notes);
    part.assumptions = std::move(project.assumptions);
    part.samples = std::move(project.samples);
    part.tool_deviation_mm = project.tool_deviation_mm;
    double cut_end = options.film_steps > 0 ? kUncutShare + kCutShare : 1;
    CamsimRun uncut, cut;
    do {  // both with the same cell: running out of memory makes it coarser
        part.resolution_mm = runner.cell_mm();
        uncut = TRY(runner.run(project.uncut_project_path, "uncut.stl", true, 0, kUncutShare));
        if (runner.cell_mm() == part.resolution_mm) cut = TRY(runner.run(project.project_path, "part.stl", false, kUncutShare, cut_end));
    } while (runner.cell_mm() != part.resolution_mm);
    TRY(check_closed(uncut.surface, part));
    TRY(check_closed(cut.surface, part));
    if (options.raw) add_raw_notes(cut.log, part);
    part.stock_volume_mm3 = uncut.surface.volume_mm3;
    part.removed_mm3 = std::max(0.0, uncut.surface.volume_mm3 - cut.surface.volume_mm3);
    part.removed_error_mm3 = volume_difference_error_mm3(uncut.surface, cut.surface, part.resolution_mm);
    part.mesh = std::move(cut.surface.mesh);
    Vec3 size = stock.size();
    TRY(cut_film_steps(runner, options, project, size.x * size.y * size.z, part, context));
    runner.report(1);
    return part;
}

}  // namespace proveout
