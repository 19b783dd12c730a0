// The child's side of an attempt: reads the workspace, runs the job, writes how it ended.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <new>
#include <nlohmann/json.hpp>
#include <thread>

#include "files/files.h"
#include "runner/attempt.h"
#include "runner/job_input.h"
#include "runner/limits.h"
#include "runner/run_job.h"
#include "runner/supervisor.h"

namespace proveout {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr double kAnyTimeout_s = 1e9;  // what may be asked for was decided when the job was accepted
constexpr auto kProgressInterval = std::chrono::milliseconds(200);

std::atomic<int> g_stop{0};
extern "C" void stop_run(int) {
    int none = 0;
    g_stop.compare_exchange_strong(none, static_cast<int>(StopReason::kCancelled));
}

// Memory that cannot be had ends the run with a result that is ready before it is needed.
char g_memory_result[512];
char g_result_path[4096];
void no_memory() {
    int file = ::open(g_result_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool good = file >= 0 && write_all(file, g_memory_result);
    ::_exit(good ? 0 : 1);
}

void prepare_for_no_memory(const std::string& workspace) {
    AttemptOutcome outcome;
    outcome.error_code = "RESOURCE_LIMIT";
    outcome.error_message = "the run was ended because it took more memory than a run may have";
    std::snprintf(g_memory_result, sizeof g_memory_result, "%s", to_json(outcome).c_str());
    std::snprintf(g_result_path, sizeof g_result_path, "%s/%s", workspace.c_str(), kOutcomeFile);
    std::set_new_handler(no_memory);
}

// Progress on standard output, and how long each stage took.
class Reporter {
  public:
    void report(std::string_view stage, double fraction) {
        std::lock_guard lock(mutex_);
        auto now = Clock::now();
        bool entered = stage != stage_;
        if (entered) close_stage(now), stage_ = std::string(stage), entered_ = now;
        if (!entered && fraction < 1 && now - told_ < kProgressInterval) return;
        told_ = now;
        double low = stage == "prepare" ? 0 : stage == "simulate" ? kPreparePercent : kSimulatePercent;
        double high = stage == "prepare" ? kPreparePercent : stage == "simulate" ? kSimulatePercent : kEncodePercent;
        double percent = low + (high - low) * std::clamp(fraction, 0.0, 1.0);
        char line[128];
        int bytes = std::snprintf(line, sizeof line, "{\"stage\":\"%s\",\"percent\":%.2f}\n", stage_.c_str(), percent);
        write_all(STDOUT_FILENO, std::string_view(line, static_cast<size_t>(bytes)));
    }
    std::vector<StageTime> stages() {
        std::lock_guard lock(mutex_);
        close_stage(Clock::now());
        return times_;
    }

  private:
    void close_stage(Clock::time_point now) {
        if (!stage_.empty()) times_.push_back({stage_, std::chrono::duration<double>(now - entered_).count()});
        stage_.clear();
    }
    std::mutex mutex_;
    std::string stage_;
    Clock::time_point entered_, told_;
    std::vector<StageTime> times_;
};

std::string_view code_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::kInvalidInput:
            return "INVALID_PROJECT";
        case ErrorCode::kUnprocessableGcode:
            return "UNPROCESSABLE_GCODE";
        case ErrorCode::kTooLarge:
        case ErrorCode::kResourceLimit:
            return "RESOURCE_LIMIT";
        case ErrorCode::kTimeout:
            return "TIMEOUT";
        case ErrorCode::kCancelled:
            return "CANCELLED";
        case ErrorCode::kEngineFailed:
            return "ENGINE_FAILED";
        case ErrorCode::kEncodingFailed:
            return "ENCODING_FAILED";
        case ErrorCode::kIo:
            return "STORAGE_FAILED";
    }
    return "INTERNAL";
}

std::string text_of(const Error& error) {
    std::string text = error.line > 0 ? "line " + std::to_string(error.line) + ": " + error.message : error.message;
    if (!error.block.empty()) text += " (" + error.block.substr(0, 200) + ")";
    for (size_t k = 0; k < error.faults.size() && k < 10; ++k) text += "; " + error.faults[k].pointer + " " + error.faults[k].detail;
    return text;
}

void set_error(const Error& error, AttemptOutcome& outcome) {
    outcome.status = "failed";
    outcome.error_code = code_of(error.code);
    outcome.error_message = text_of(error);
    outcome.transient = error.code == ErrorCode::kIo;
}

class JobRun {
  public:
    JobRun(const std::string& workspace, const AttemptSettings& settings, const Context& context)
        : workspace_(workspace), settings_(settings), context_(context) {}

    AttemptOutcome run() {
        auto output = StagedOutput::create(workspace_ + "/out");
        if (!output) {
            set_error(output.error(), outcome_);
            return outcome_;
        }
        Status done = simulate_into(*output);
        if (!done.ok()) {
            Error error = done.error();
            if (context_.stop_reason() != StopReason::kNone) error = stop_error(context_.stop_reason());
            if (error.code == ErrorCode::kUnprocessableGcode) add_dialect_hint(input_, "dialect", error);
            set_error(error, outcome_);
        }
        Status kept = output->commit();  // of a failed run: what there is
        if (done.ok() && !kept.ok()) set_error(kept.error(), outcome_);
        return outcome_;
    }

  private:
    Status simulate_into(StagedOutput& output) {
        context_.report("prepare", 0);
        TRY(read());
        for (std::string& line : unmet_wishes(input_.job)) input_.assumptions.push_back(std::move(line));
        RunJobOptions options;
        options.survey = TRY(complete_job(input_, context_));
        context_.report("prepare", 1);
        options.ffmpeg = settings_.ffmpeg;
        options.camotics = settings_.camotics;
        options.sim_id = settings_.sim_id;
        options.path_prefix = settings_.path_prefix;
        options.assumptions = input_.assumptions;
        options.on_simulated = [&](const Simulation& simulation) { take_collisions(simulation); };
        options.on_camsim = [&](const CamsimRecord& record) {
            outcome_.cmx_path = record.project_path;
            outcome_.camotics_exit_code = record.exit_code.value_or(-1);
        };
        RunJobResult result = TRY(run_job(input_.program.program(), input_.job, options, output, context_));
        if (result.encoding_error) return *result.encoding_error;
        if (result.report_input.video) outcome_.frames_count = result.report_input.video->frames;
        outcome_.status = outcome_.collision_count > 0 ? "warning" : "succeeded";
        return Unit{};
    }

    Status read() {
        MappedFile document = TRY(MappedFile::open(workspace_ + "/job.json"));
        JobRules rules;
        rules.require_program = true;
        rules.timeout_max_s = kAnyTimeout_s;
        rules.camotics_configured = !settings_.camotics.empty();
        rules.read_mesh = [&](std::string_view ref) -> Result<std::vector<Triangle>> {
            if (!is_plain(ref)) return make_error(ErrorCode::kInvalidInput, "names no upload");
            return read_mesh_file(workspace_ + "/in/" + std::string(ref));
        };
        input_.job = TRY(read_job(document.text(), rules));
        if (input_.job.inline_gcode) {
            input_.program = TRY(ProgramFile::from_text(*input_.job.inline_gcode, settings_.program_name));
        } else {
            if (!is_plain(input_.job.gcode_ref)) return make_error(ErrorCode::kInvalidInput, "gcode_ref names no upload");
            input_.program = TRY(ProgramFile::open(workspace_ + "/in/" + input_.job.gcode_ref, workspace_ + "/tmp"));
            input_.program.set_name(settings_.program_name);
        }
        input_.given.tools_are_complete = input_.job.tools_are_complete;
        input_.given.stock = input_.job.setup.stock.has_value();
        input_.scan = scan_program(input_.program.program().text);
        read_comments(input_);
        return Unit{};
    }

    static bool is_plain(std::string_view ref) {
        return !ref.empty() &&
               ref.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == std::string_view::npos;
    }

    void take_collisions(const Simulation& simulation) {
        outcome_.collision_count = simulation.collision_count;
        if (simulation.collision_count == 0) return;
        outcome_.collision_message =
            std::to_string(simulation.collision_count) + (simulation.collision_count == 1 ? " collision" : " collisions");
        for (const Finding& finding : simulation.findings) {
            const FindingRule* rule = find_rule(finding.code);
            if (!rule || !rule->is_collision) continue;
            outcome_.collision_message += (simulation.collision_count == 1 ? ": line " : ", the first in line ") +
                                          std::to_string(finding.line) + ": " + std::string(finding.code) + ": " + finding.message;
            break;
        }
    }

    const std::string& workspace_;
    const AttemptSettings& settings_;
    const Context& context_;
    JobInput input_;
    AttemptOutcome outcome_;
};

// Sets the stop when the time is up. Never ends: the process does.
void watch_time(double timeout_s) {
    std::thread([until = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(timeout_s))] {
        std::this_thread::sleep_until(until);
        int none = 0;
        g_stop.compare_exchange_strong(none, static_cast<int>(StopReason::kTimeout));
    }).detach();
}

int do_job(const std::string& workspace, const AttemptSettings& settings) {
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGXFSZ, SIG_IGN);
    struct sigaction action {};
    action.sa_handler = stop_run;
    ::sigaction(SIGTERM, &action, nullptr);
    prepare_for_no_memory(workspace);
    Reporter reporter;
    Context context;
    context.threads = std::max(1, settings.threads);
    context.stop = &g_stop;
    context.progress = [&](std::string_view stage, double fraction) { reporter.report(stage, fraction); };
    watch_time(settings.timeout_s);
    AttemptOutcome outcome = JobRun(workspace, settings, context).run();
    outcome.stages = reporter.stages();
    Status written = write_file_atomically(workspace + "/" + kOutcomeFile, to_json(outcome));
    if (written.ok()) return 0;
    std::fprintf(stderr, "proveout: %s\n", written.error().message.c_str());
    return 1;
}

}  // namespace

int run_job_process(const std::string& workspace) {
    std::error_code failure;
    std::string folder = fs::canonical(workspace, failure).string();
    auto text = failure ? Result<MappedFile>(make_error(ErrorCode::kIo, failure.message())) : MappedFile::open(folder + "/run.json");
    auto settings = text ? attempt_settings_from(text->text()) : std::nullopt;
    if (!settings) {
        std::fprintf(stderr, "proveout: %s is no workspace of a run\n", workspace.c_str());
        return 2;
    }
    return supervise(folder, *settings, [&] { return do_job(folder, *settings); });
}

}  // namespace proveout
