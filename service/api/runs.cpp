// Runs: submit, read, list, cancel, delete.
#include <algorithm>
#include <cmath>
#include <map>

#include "api/state.h"
#include "domain/ids.h"
#include "domain/job_refs.h"
#include "files/digest.h"
#include "job/fields.h"

namespace proveout {

namespace {

constexpr double kQueueFullRetry_s = 30;
constexpr size_t kMaxIdempotencyKeyBytes = 255;

// A submit on its way: gives its idempotency key back unless it comes to a run.
struct Submit {
    ApiState& state;
    Call& call;
    std::string key;  // empty: none
    bool kept = false;
    ~Submit() {
        if (!key.empty() && !kept) (void)state.parts.database->abort_idempotent(call.identity.tenant, key);
    }
};

// The key bare or quoted (draft-ietf-httpapi-idempotency-key-header). nullopt: not well formed.
std::optional<std::string> idempotency_key(std::string_view field) {
    if (field.size() >= 2 && field.front() == '"' && field.back() == '"') field = field.substr(1, field.size() - 2);
    bool printable = std::all_of(field.begin(), field.end(), [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
    if (field.empty() || field.size() > kMaxIdempotencyKeyBytes || !printable) return std::nullopt;
    return std::string(field);
}

HttpResponse accepted(const std::string& sim_id, const std::string& job_id, bool replayed) {
    HttpResponse response = json_response(202, {{"sim_id", sim_id}, {"job_id", job_id}, {"status", "queued"}});
    response.headers.emplace_back("Location", "/simulations/" + sim_id);
    if (replayed) response.headers.emplace_back("Idempotency-Replayed", "true");
    return response;
}

// Where the bytes of an upload can be read while `request` is under way.
Result<std::string> upload_file(ApiState& state, const std::string& upload_id) {
    std::string path = state.parts.spool_dir + "/check-" + random_hex(8);
    if (Status got = state.parts.store->get(state.key_of(upload_id), path); !got) {
        ::remove(path.c_str());
        return got.error();
    }
    return path;
}

HttpResponse license_refusal(Call& call, const LicenseAnswer& answer) {
    Problem out;
    out.code = "LICENSE_REQUIRED";
    out.detail = answer.message;
    out.extra_json = dump(Json{{"reason", name_of(answer.reason)}});
    return problem(call, std::move(out));
}

std::optional<HttpResponse> check_license(ApiState& state, Call& call, SubmitLimits& limits) {
    LicenseAnswer answer = state.parts.guard->check();
    if (!answer.valid()) return license_refusal(call, answer);
    if (!answer.license.runs_per_month) return std::nullopt;
    limits.runs_per_month = std::max<int64_t>(*answer.license.runs_per_month, 0);
    auto count = state.parts.database->runs_this_month();
    if (!count) return unavailable(call, count.error());
    if (*count < limits.runs_per_month) return std::nullopt;
    answer.reason = LicenseReason::kLimitReached;
    answer.message = "the licence allows " + std::to_string(limits.runs_per_month) +
                     " runs a month, and this month's are used up; wait for the next month or ask for a larger licence";
    return license_refusal(call, answer);
}

HttpResponse queue_full(Call& call, int64_t queued) {
    Problem out;
    out.code = "QUEUE_FULL";
    out.detail = std::to_string(queued) + " runs are waiting, and no more are taken";
    out.retry_after_s = kQueueFullRetry_s;
    return problem(call, std::move(out));
}

HttpResponse check_refusal(Call& call, const CheckAnswer& answer) {
    if (answer.kind == CheckAnswer::Kind::kInvalid) {
        std::vector<Fault> faults = answer.faults;
        if (faults.empty()) faults.push_back({"", answer.message});
        return invalid(call, std::move(faults));
    }
    Problem out;
    out.detail = answer.message;
    if (answer.kind == CheckAnswer::Kind::kTooLarge) {
        out.code = "SIMULATION_TOO_LARGE";
        const GridTooLarge& e = answer.estimate;
        out.extra_json = dump(Json{{"estimate",
                                    {{"cells", std::round(e.cells)},
                                     {"bytes", std::round(e.bytes)},
                                     {"limit_bytes", e.limit_bytes},
                                     {"resolution_mm", e.resolution_mm}}}});
        return problem(call, std::move(out));
    }
    out.code = "UNPROCESSABLE_GCODE";
    Json diagnostics = Json::array();
    for (const Diagnostic& at : answer.diagnostics)
        diagnostics.push_back({{"line", at.line}, {"code", at.code}, {"message", at.message}, {"block", at.block}});
    out.extra_json = dump(Json{{"diagnostics", diagnostics}});
    return problem(call, std::move(out));
}

// Reads document and program in a child process. The answer if the job is refused.
std::optional<HttpResponse> check_job_of(ApiState& state, Call& call, const Json& job, NewRun& run) {
    JobRefs refs = refs_of_document(job);
    CheckRequest request;
    request.job_json = run.job_json;
    request.timeout_max_s = state.parts.config->number("SIM_TIMEOUT_S");
    request.camotics_configured = !state.parts.config->get("CAMOTICS_BIN").empty();
    struct Files {
        std::map<std::string, std::string, std::less<>>& list;
        ~Files() {
            for (const auto& [id, path] : list) ::remove(path.c_str());
        }
    } files{request.files};
    for (const std::string& ref : refs.uploads) {
        auto upload = state.parts.database->get_upload(call.identity.tenant, ref);
        if (!upload) return unavailable(call, upload.error());
        if (!*upload) continue;
        auto path = upload_file(state, ref);
        if (!path) return unavailable(call, path.error());
        request.files[ref] = *path;
        if (ref == refs.program) request.program_name = (*upload)->filename;
        run.upload_refs.push_back(ref);
    }
    auto answer = state.checker->check(request);
    if (!answer) {
        state.parts.log->error("job could not be checked", {{"tenant", call.identity.tenant}});
        if (answer.error().code == ErrorCode::kResourceLimit) return unavailable(call, answer.error());
        return invalid(call, {{"", "the job could not be checked: " + answer.error().message}});
    }
    if (answer->kind != CheckAnswer::Kind::kOk) return check_refusal(call, *answer);
    run.timeout_s = answer->timeout_s;
    return std::nullopt;
}

HttpResponse cancel_conflict(const Call& call, const RunRecord& run) {
    return problem(call, "CONFLICT", "the run is " + std::string(name_of(run.status)) + " already");
}

}  // namespace

HttpResponse submit_run(ApiState& state, Call& call) {
    Database& database = *state.parts.database;
    const std::string& tenant = call.identity.tenant;
    if (state.draining()) return unavailable(call, make_error(ErrorCode::kIo, "it is stopping"));
    Faults faults;
    std::optional<Json> document = parse_json(call.request.body, kMaxJobDepth, faults);
    Submit submit{state, call, {}};
    bool has_key = std::any_of(call.request.headers.begin(), call.request.headers.end(),
                               [](const auto& header) { return header.first == "idempotency-key"; });
    if (has_key) {
        std::string_view field = call.request.header("idempotency-key");
        auto key = idempotency_key(field);
        if (!key) return invalid(call, {{"/Idempotency-Key", "is not 1 to 255 printable characters"}});
        auto begun = TRY_DB(database.begin_idempotent(tenant, *key, sha256_hex(document ? dump(*document) : call.request.body)));
        if (begun.outcome == Idempotency::kReplay) return accepted(begun.sim_id, begun.job_id, true);
        if (begun.outcome == Idempotency::kConflict)
            return problem(call, "CONFLICT", "this Idempotency-Key belongs to another request, or its first request is still under way");
        submit.key = *key;
    }
    SubmitLimits limits;
    limits.queue_max = static_cast<int64_t>(state.parts.config->number("QUEUE_MAX"));
    if (auto refusal = check_license(state, call, limits)) return *refusal;
    int64_t queued = TRY_DB(database.queued_runs());
    if (queued >= limits.queue_max) return queue_full(call, queued);
    if (!document) return invalid(call, faults.list);

    // A job that names no engine runs with the configured one.
    std::string job_json = call.request.body;
    const std::string& engine = state.parts.config->get("SIM_ENGINE");
    if (engine != "native" && document->is_object() && !document->contains("/options/engine"_json_pointer)) {
        if (!document->contains("options")) (*document)["options"] = Json::object();
        if ((*document)["options"].is_object()) (*document)["options"]["engine"] = engine;
        job_json = dump(*document);
    }

    NewRun run;
    run.job_json = std::move(job_json);
    if (auto refusal = check_job_of(state, call, *document, run)) return *refusal;
    run.sim_id = new_id("sim");
    run.job_id = new_id("job");
    run.tenant = tenant;
    run.idempotency_key = submit.key;
    switch (TRY_DB(database.submit(run, limits))) {
        case SubmitOutcome::kAccepted:
            break;
        case SubmitOutcome::kQueueFull:
            return queue_full(call, limits.queue_max);
        case SubmitOutcome::kMonthLimit:
            if (auto refusal = check_license(state, call, limits)) return *refusal;
            return queue_full(call, limits.queue_max);
    }
    submit.kept = true;
    return accepted(run.sim_id, run.job_id, false);
}

HttpResponse get_run(ApiState& state, Call& call) {
    auto run = TRY_DB(state.parts.database->get_run(call.identity.tenant, call.params[0]));
    if (!run) return not_found(call, "run");
    HttpResponse response;
    response.body = run_text(state, *run, true);
    return response;
}

HttpResponse list_runs(ApiState& state, Call& call) {
    std::vector<Fault> errors;
    PageQuery query = page_query(call, errors);
    std::vector<RunStatus> statuses;
    if (auto text = call.request.query_value("status")) {
        for (size_t at = 0; at <= text->size();) {
            size_t end = std::min(text->find(',', at), text->size());
            auto status = run_status_from(std::string_view(*text).substr(at, end - at));
            if (status)
                statuses.push_back(*status);
            else if (errors.empty() || errors.back().pointer != "/status")
                errors.push_back({"/status", "has an unknown word; allowed: queued running succeeded warning failed cancelled"});
            at = end + 1;
        }
    }
    if (!errors.empty()) return invalid(call, errors);
    auto page = TRY_DB(state.parts.database->list_runs(call.identity.tenant, statuses, query.limit, query.cursor));
    if (!page) return invalid(call, {{"/cursor", "is no cursor of an earlier page"}});
    std::string items;
    for (const RunRecord& run : page->items) items += (items.empty() ? "" : ",") + run_text(state, run, false);
    HttpResponse response;
    response.body =
        "{\"items\":[" + items + "],\"next_cursor\":" + (page->next_cursor.empty() ? "null" : dump(Json(page->next_cursor))) + "}";
    return response;
}

HttpResponse cancel_run(ApiState& state, Call& call) {
    auto answer = TRY_DB(state.parts.database->request_cancel(call.identity.tenant, call.params[0]));
    if (!answer) return not_found(call, "run");
    if (!answer->accepted) return cancel_conflict(call, answer->run);
    state.parts.cancel_asked();
    HttpResponse response;
    response.status = 202;
    response.body = run_text(state, answer->run, true);
    return response;
}

HttpResponse delete_run(ApiState& state, Call& call) {
    auto outcome = TRY_DB(state.parts.database->delete_run(call.identity.tenant, call.params[0]));
    if (outcome == Database::DeleteOutcome::kNotFound) return not_found(call, "run");
    if (outcome == Database::DeleteOutcome::kNotFinal) return problem(call, "CONFLICT", "the run is not finished; cancel it first");
    // What cannot be removed now is removed by the clean-up: no record points to it any more.
    if (auto removed = state.parts.store->remove_folder(state.folder_of(call.params[0])); !removed)
        state.parts.log->warning("artefacts of a deleted run are still there", {{"sim_id", call.params[0]}});
    return empty_response(204);
}

HttpResponse get_job(ApiState& state, Call& call) {
    auto run = TRY_DB(state.parts.database->get_run_by_job(call.identity.tenant, call.params[0]));
    if (!run) return not_found(call, "job");
    return json_response(200, {{"job_id", run->job_id},
                               {"sim_id", run->sim_id},
                               {"status", name_of(run->status)},
                               {"stage", run->stage == Stage::kNone ? Json(nullptr) : Json(name_of(run->stage))},
                               {"progress", run->progress},
                               {"attempt", run->attempt}});
}

}  // namespace proveout
