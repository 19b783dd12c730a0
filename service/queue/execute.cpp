#include "queue/execute.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "domain/ids.h"
#include "domain/job_refs.h"
#include "queue/publish.h"
#include "runner/attempt.h"

namespace proveout {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr double kFirstPause_s = 0.25, kLongestPause_s = 3;
constexpr int64_t kEarlierFences = 16;  // whose staged files are looked for
constexpr double kUploadPercent = 97;

class Execution {
  public:
    Execution(const Workshop& shop, const ClaimedRun& claimed, ActiveRun& active)
        : shop_(shop),
          claimed_(claimed),
          active_(active),
          folder_(run_folder(shop.options.object_prefix, claimed.run.sim_id)),
          workspace_(shop.options.workspace_root + "/" + claimed.run.sim_id + "-" + std::to_string(claimed.fence)) {}

    void run() {
        if (claimed_.run.attempt <= 1) shop_.metrics.run_started();
        Status prepared = prepare();
        if (prepared.ok()) {
            result_ = attempt();
            for (const StageTime& stage : result_.outcome.stages) shop_.metrics.stage_duration(stage.stage, stage.seconds);
            conclude();
        } else {
            conclude_unprepared(prepared.error());
        }
        (void)shop_.store.discard(folder_, claimed_.fence);
        for (int64_t fence = std::max<int64_t>(1, claimed_.fence - kEarlierFences); fence < claimed_.fence; ++fence)
            (void)shop_.store.discard(folder_, fence);
        if (!remove_folder(workspace_)) shop_.log.warning("a workspace cannot be removed", {{"sim_id", claimed_.run.sim_id}});
    }

  private:
    // Tries until it works, the patience is at its end, or the run must be left.
    Status patiently(const std::function<Status()>& action) {
        int64_t deadline_ms = steady_ms() + static_cast<int64_t>(shop_.options.store_patience_s * 1000);
        for (double pause_s = kFirstPause_s;; pause_s = std::min(2 * pause_s, kLongestPause_s)) {
            Status done = action();
            if (done.ok() || active_.leave() != Leave::kNone || steady_ms() > deadline_ms) return done;
            std::this_thread::sleep_for(std::chrono::duration<double>(pause_s));
        }
    }

    Status prepare() {
        remove_folder(workspace_);
        for (const char* folder : {"", "/in"})
            if (::mkdir((workspace_ + folder).c_str(), 0700) != 0)
                return make_error(ErrorCode::kIo, "SIM_TMP_DIR cannot be written: " + std::string(std::strerror(errno)));
        std::ofstream file(workspace_ + "/job.json", std::ios::binary);
        file << claimed_.job_json;
        file.close();
        if (!file) return make_error(ErrorCode::kIo, "SIM_TMP_DIR cannot be written");
        JobRefs refs = refs_of(claimed_.job_json);
        for (const std::string& id : refs.uploads)
            TRY(patiently([&] { return shop_.store.get(upload_key(shop_.options.object_prefix, id), workspace_ + "/in/" + id); }));
        program_name_ = "program";
        if (refs.program.empty()) return Unit{};
        auto upload = shop_.database.get_upload(claimed_.run.tenant, refs.program);
        if (upload && *upload && !(*upload)->filename.empty()) program_name_ = (*upload)->filename;
        return Unit{};
    }

    AttemptResult attempt() {
        AttemptSpec spec;
        spec.binary = shop_.options.binary;
        spec.workspace = workspace_;
        spec.sim_id = claimed_.run.sim_id;
        spec.path_prefix = folder_ + "/";
        spec.program_name = program_name_;
        spec.timeout_s = std::min(claimed_.timeout_s, shop_.options.timeout_max_s);
        spec.threads = shop_.options.threads_per_run;
        spec.memory_bytes = shop_.memory_bytes;
        spec.ffmpeg = shop_.options.ffmpeg;
        spec.camotics = shop_.options.camotics;
        timeout_s_ = spec.timeout_s;
        AttemptEvents events;
        events.progress = [&](std::string_view stage, double percent) {
            if (auto known = stage_from(stage)) active_.progress(*known, percent);
        };
        return run_attempt(spec, events, active_.stop);
    }

    void conclude() {
        // A cancel that was accepted wins over an end that came at the same moment.
        if (!active_.still_ours() || result_.end == AttemptEnd::kCancelled) return conclude_left();
        switch (result_.end) {
            case AttemptEnd::kFinished:
                if (!result_.outcome.error_code.empty()) return conclude_failed();
                return publish_and_finish();
            case AttemptEnd::kTimeout:
                return fail(run_error("TIMEOUT", "the run took longer than its limit of " + seconds_text(timeout_s_) + " s"));
            case AttemptEnd::kCrashed:
                return release(ReleaseReason::kCrash,
                               run_error("WORKER_CRASH_LIMIT", "the process of the run died each time it was tried, at last: " +
                                                                   (result_.how.empty() ? "no reason is known" : result_.how)));
            case AttemptEnd::kCancelled:
                break;
        }
    }

    static std::string seconds_text(double seconds) {
        char text[40];
        std::snprintf(text, sizeof text, "%g", seconds);
        return text;
    }

    // Cancelled, lost to another owner, or the service stops.
    void conclude_left() {
        if (active_.leave() == Leave::kCancelled) {
            FinalRun final_run;
            final_run.status = RunStatus::kCancelled;
            final_run.error = cancelled();
            return finish(final_run, 0);
        }
        if (active_.leave() == Leave::kShutdown) return release(ReleaseReason::kShutdown, {});
        if (active_.leave() == Leave::kNone) return fail(run_error("CANCELLED", "the run was ended from outside"));
        tell_lost();
    }

    static RunError cancelled() { return run_error("CANCELLED", "the run was cancelled"); }

    // The run is another's now, whose end alone is told and counted.
    void tell_lost() {
        shop_.log.warning("a run was taken over by another attempt", {{"sim_id", claimed_.run.sim_id}, {"fence", claimed_.fence}});
    }

    void tell_not_stored() { shop_.log.error("the end of a run could not be stored", {{"sim_id", claimed_.run.sim_id}}); }

    void conclude_unprepared(const Error& error) {
        if (active_.leave() != Leave::kNone) return conclude_left();
        result_.log = error.message + "\n";
        release(ReleaseReason::kTransient, run_error("STORAGE_FAILED", "the inputs of the run could not be read: " + error.message));
    }

    void conclude_failed() {
        const AttemptOutcome& outcome = result_.outcome;
        static const char* kCodes[] = {"ENGINE_FAILED",  "UNPROCESSABLE_GCODE", "INVALID_PROJECT", "ENCODING_FAILED",
                                       "STORAGE_FAILED", "RESOURCE_LIMIT",      "INTERNAL"};
        bool known = std::any_of(std::begin(kCodes), std::end(kCodes), [&](const char* code) { return outcome.error_code == code; });
        RunError error = run_error(known ? outcome.error_code : "INTERNAL", outcome.error_message);
        if (outcome.transient) return release(ReleaseReason::kTransient, error);
        fail(error);
    }

    std::string log_text(const std::string& end) const {
        std::string text = result_.log;
        if (!text.empty() && text.back() != '\n') text += '\n';
        return text + "attempt " + std::to_string(claimed_.run.attempt) + ": " + end + "; " + seconds_text(result_.wall_s) + " s, " +
               std::to_string(result_.peak_memory_bytes >> 20) + " MiB\n";
    }

    // Staged under the fence, then under the final names.
    Status publish(const Harvest& harvest) {
        std::vector<std::string> names;
        for (size_t k = 0; k < harvest.artefacts.size(); ++k) {
            const StoredArtefact& artefact = harvest.artefacts[k];
            names.push_back(artefact.name);
            TRY(patiently([&] {
                return shop_.store.stage(folder_, claimed_.fence, artefact.name, harvest.files[k], artefact.sha256, artefact.content_type);
            }));
        }
        if (!active_.still_ours()) return make_error(ErrorCode::kCancelled, "the run is no longer ours");
        return patiently([&] { return shop_.store.publish(folder_, claimed_.fence, names); });
    }

    Alert collision_alert() const {
        Alert alert;
        alert.code = "COLLISION_DETECTED";
        alert.severity = "error";
        alert.message = result_.outcome.collision_message;
        alert.count = result_.outcome.collision_count;
        return alert;
    }

    void publish_and_finish() {
        active_.progress(Stage::kUpload, kEncodePercent);
        int64_t start_ms = steady_ms();
        auto found = harvest(workspace_, result_.log, true);
        if (!found) return fail(run_error("INTERNAL", "the files of the run are not as they should be: " + found.error().message));
        Status published = publish(*found);
        if (active_.leave() == Leave::kCancelled || active_.leave() == Leave::kLost) return conclude_left();
        if (!published.ok() && active_.leave() != Leave::kNone) return conclude_left();
        if (!published.ok())
            return release(ReleaseReason::kTransient,
                           run_error("STORAGE_FAILED", "the artefact store could not be written: " + published.error().message));
        active_.progress(Stage::kUpload, kUploadPercent);
        upload_s_ = static_cast<double>(steady_ms() - start_ms) / 1000;
        shop_.metrics.stage_duration("upload", upload_s_);
        FinalRun final_run;
        final_run.status = result_.outcome.collision_count > 0 ? RunStatus::kWarning : RunStatus::kSucceeded;
        final_run.report_json = std::move(found->report_json);
        final_run.artefacts = found->artefacts;
        if (result_.outcome.collision_count > 0) final_run.alerts.push_back(collision_alert());
        finish(final_run, found->bytes);
    }

    // What there is of a failed run is kept for diagnosis; a store that is away does not keep the run from its end.
    Harvest keep_what_there_is(const std::string& end) {
        auto found = harvest(workspace_, log_text(end), false);
        if (found && publish(*found).ok()) return std::move(*found);
        return {};
    }

    void fail(const RunError& error) {
        Harvest kept = keep_what_there_is(error.code + ": " + error.message);
        FinalRun final_run;
        final_run.status = RunStatus::kFailed;
        final_run.error = error;
        final_run.artefacts = kept.artefacts;
        if (result_.outcome.collision_count > 0) final_run.alerts.push_back(collision_alert());
        finish(final_run, kept.bytes);
    }

    void release(ReleaseReason reason, const RunError& error) {
        // Nothing is published by an attempt that another one follows.
        bool last = reason != ReleaseReason::kShutdown && claimed_.crashes + 1 > shop_.options.retry_max;
        Harvest kept;
        if (last) kept = keep_what_there_is(error.message);
        Result<std::optional<RunStatus>> now = std::optional<RunStatus>();
        (void)until_stored([&]() -> Status {
            now = shop_.database.release(claimed_.run.sim_id, claimed_.fence, reason, shop_.options.retry_max, error, kept.artefacts);
            return now ? Status(Unit{}) : Status(now.error());
        });
        if (!now.ok()) return tell_not_stored();
        if (!*now) return tell_lost();
        if (is_final(**now)) {
            if (**now == RunStatus::kCancelled) kept = {};
            if (kept.artefacts.empty()) (void)shop_.store.remove_folder(folder_);
            return tell_end(**now, **now == RunStatus::kCancelled ? cancelled() : error, kept.bytes);
        }
        shop_.log.warning("a run goes back to the queue",
                          {{"sim_id", claimed_.run.sim_id},
                           {"attempt", int64_t{claimed_.run.attempt}},
                           {"reason", reason == ReleaseReason::kShutdown ? "the service stops" : error.message}});
    }

    void finish(FinalRun& final_run, int64_t bytes) {
        bytes_uploaded_ = bytes;
        final_run.object_folder = folder_;
        final_run.metrics_json = metrics_json();
        final_run.timings_json = timings_json();
        Result<FenceAnswer> answer = FenceAnswer::kLost;
        Status stored = until_stored([&]() -> Status {
            answer = shop_.database.finish(claimed_.run.sim_id, claimed_.fence, final_run);
            return answer ? Status(Unit{}) : Status(answer.error());
        });
        if (!stored.ok()) {
            tell_not_stored();
        } else if (*answer == FenceAnswer::kCancelRequested) {
            active_.ask_to_leave(Leave::kCancelled);
            conclude_left();
        } else if (*answer == FenceAnswer::kLost) {
            active_.ask_to_leave(Leave::kLost);
            conclude_left();
        } else {
            if (final_run.artefacts.empty()) (void)shop_.store.remove_folder(folder_);  // of whatever attempt it is
            tell_end(final_run.status, final_run.error.value_or(RunError{}), bytes);
        }
    }

    // The database comes back, or the service stops for good.
    Status until_stored(const std::function<Status()>& action) {
        for (double pause_s = kFirstPause_s;; pause_s = std::min(2 * pause_s, kLongestPause_s)) {
            Status done = action();
            if (done.ok() || active_.shut_down() || active_.leave() == Leave::kLost) return done;
            std::this_thread::sleep_for(std::chrono::duration<double>(pause_s));
        }
    }

    void tell_end(RunStatus status, const RunError& error, int64_t bytes) {
        if (status == RunStatus::kSucceeded || status == RunStatus::kWarning) shop_.metrics.run_succeeded();
        if (status == RunStatus::kFailed) shop_.metrics.run_failed();
        if (status == RunStatus::kFailed && error.code == "TIMEOUT") shop_.metrics.timeout();
        shop_.metrics.collisions(result_.outcome.collision_count);
        auto duration_ms = static_cast<double>(steady_ms() - start_ms_);
        const AttemptOutcome& outcome = result_.outcome;
        std::vector<LogField> fields{{"job_id", claimed_.run.job_id},
                                     {"sim_id", claimed_.run.sim_id},
                                     {"status", std::string(name_of(status))},
                                     {"error", error.code},
                                     {"duration_ms", duration_ms},
                                     {"frames_count", outcome.frames_count},
                                     {"bytes_uploaded", bytes},
                                     {"collision_count", outcome.collision_count}};
        if (!outcome.cmx_path.empty()) {
            fields.push_back({"cmx_path", outcome.cmx_path});
            fields.push_back({"camotics_exit_code", int64_t{outcome.camotics_exit_code}});
        }
        shop_.log.write(LogLevel::kInfo, "run finished", fields);
    }

    std::string metrics_json() const {
        return Json{{"collision_count", result_.outcome.collision_count},
                    {"frames_count", result_.outcome.frames_count},
                    {"bytes_uploaded", bytes_uploaded_},
                    {"peak_memory_bytes", result_.peak_memory_bytes},
                    {"attempts", claimed_.run.attempt}}
            .dump();
    }

    std::string timings_json() const {
        Json out = Json::object();
        for (const StageTime& stage : result_.outcome.stages)
            if (stage_from(stage.stage)) out[stage.stage + "_s"] = stage.seconds;
        if (upload_s_ > 0) out["upload_s"] = upload_s_;
        out["attempt_s"] = static_cast<double>(steady_ms() - start_ms_) / 1000;
        return out.dump();
    }

    const Workshop& shop_;
    const ClaimedRun& claimed_;
    ActiveRun& active_;
    const std::string folder_, workspace_;
    const int64_t start_ms_ = steady_ms();
    std::string program_name_;
    double timeout_s_ = 0, upload_s_ = 0;
    int64_t bytes_uploaded_ = 0;
    AttemptResult result_;
};

}  // namespace

void execute(const Workshop& shop, const ClaimedRun& claimed, ActiveRun& active) { Execution(shop, claimed, active).run(); }

}  // namespace proveout
