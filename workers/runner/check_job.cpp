#include "runner/check_job.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "files/files.h"
#include "import/infer.h"
#include "proveout/dexel.h"
#include "proveout/interpret.h"
#include "proveout/mesh.h"
#include "proveout/simulate.h"
#include "runner/json_member.h"
#include "runner/limits.h"

namespace proveout {

namespace {

using Json = nlohmann::json;

// Reads as far as the check goes, and remembers the first tool that was called and is not described.
class HeadReader : public MotionObserver {
  public:
    HeadReader(const std::vector<Tool>& tools, const Context& context) : tools_(tools), context_(context) {}
    bool on_motion(const Motion& motion) override {
        if (motion.line > kCheckedLines || ++motions_ > kCheckedMotions || context_.stop_reason() != StopReason::kNone) return false;
        bool known = std::any_of(tools_.begin(), tools_.end(), [&](const Tool& tool) { return tool.number == motion.tool; });
        if (!known && motion.tool > 0 && missing_tool == 0) missing_tool = motion.tool, missing_line = motion.line;
        return true;
    }
    int missing_tool = 0;
    int64_t missing_line = 0;

  private:
    const std::vector<Tool>& tools_;
    const Context& context_;
    int64_t motions_ = 0;
};

CheckAnswer invalid(const Error& error) {
    CheckAnswer answer;
    answer.kind = CheckAnswer::Kind::kInvalid;
    answer.message = error.message;
    answer.faults = error.faults;
    return answer;
}

CheckAnswer unprocessable(const Error& error) {
    CheckAnswer answer;
    answer.kind = CheckAnswer::Kind::kUnprocessable;
    answer.message = error.message;
    answer.diagnostics.push_back({error.line, "UNPROCESSABLE_GCODE", error.message, error.block});
    return answer;
}

bool is_short(std::string_view text) {
    return text.size() <= kCheckedLines * 1024 && std::count(text.begin(), text.end(), '\n') <= kCheckedLines;
}

// A short program: all that a run would do before it cuts.
Status complete(const Program& program, Job& job, const Context& context) {
    ProgramScan scan = scan_program(program.text, program.passed);
    ProgramNotes notes = read_notes(scan);
    std::vector<std::string> assumptions;
    Given given{job.tools_are_complete, job.setup.stock.has_value()};
    use_notes(notes, given, job.setup, assumptions);
    Survey survey = TRY(survey_program(program, job.setup, context));
    return fill_from_survey(survey, scan, notes, job.setup, assumptions);
}

// The beginning of a long one.
Status read_head(const Program& program, const Job& job, const Context& context) {
    InterpretOptions options;
    options.dialect = job.setup.dialect;
    options.tools = &job.setup.tools;
    options.work_offsets = job.setup.work_offsets;
    options.machine = job.setup.machine;
    HeadReader reader(job.setup.tools, context);
    TRY(interpret(program, options, reader, context));
    if (!job.tools_are_complete || reader.missing_tool == 0) return Unit{};
    Error error = make_error(ErrorCode::kInvalidInput, "the job document is not valid", reader.missing_line);
    error.faults.push_back({"/tools", "TOOL_UNDEFINED: tool " + std::to_string(reader.missing_tool) + " is called (line " +
                                          std::to_string(reader.missing_line) +
                                          "), but nothing describes it; every tool that the program calls is needed"});
    return error;
}

std::optional<GridTooLarge> too_large(const Setup& setup) {
    if (!setup.stock || setup.resolution_mm <= 0) return std::nullopt;
    DexelSpec spec;
    spec.cell_mm = setup.resolution_mm;
    GridEstimate estimate = estimate_grid(bounds_of(setup.stock->solid), spec);
    if (estimate.bytes <= kSimulateMemory_bytes) return std::nullopt;
    double fits = setup.resolution_mm * std::sqrt(estimate.bytes / kSimulateMemory_bytes) * 1.02;
    return GridTooLarge{estimate.rays, estimate.bytes, kSimulateMemory_bytes, std::ceil(fits * 1000) / 1000};
}

Result<Job> read_document(const CheckRequest& request) {
    JobRules rules;
    rules.require_program = true;
    rules.timeout_max_s = request.timeout_max_s;
    rules.camotics_configured = request.camotics_configured;
    rules.read_mesh = [&](std::string_view ref) -> Result<std::vector<Triangle>> {
        auto file = request.files.find(ref);
        if (file == request.files.end())
            return make_error(ErrorCode::kInvalidInput, "names no upload of yours; POST /uploads gives references");
        auto text = MappedFile::open(file->second);
        if (!text) return text.error();
        return read_stl(text->text());
    };
    rules.program_exists = [&](std::string_view ref) { return request.files.count(ref) > 0; };
    return read_job(request.job_json, rules);
}

}  // namespace

CheckAnswer check_job(const CheckRequest& request, const Context& context) {
    auto job = read_document(request);
    if (!job) return invalid(job.error());
    std::optional<MappedFile> file;
    Program program;
    program.name = request.program_name;
    if (job->inline_gcode) {
        program.text = *job->inline_gcode;
    } else {
        auto opened = MappedFile::open(request.files.find(job->gcode_ref)->second);
        if (!opened) return invalid(opened.error());
        file = std::move(*opened);
        program.text = file->text();
    }
    std::string kind = binary_kind(program.text);
    if (!kind.empty()) return unprocessable(make_error(ErrorCode::kUnprocessableGcode, "this is no G-code program: it is " + kind, 1));
    CheckAnswer answer;
    answer.timeout_s = job->options.timeout_s;
    if (auto estimate = too_large(job->setup)) {
        answer.kind = CheckAnswer::Kind::kTooLarge;
        answer.estimate = *estimate;
        answer.message = "the stock at this resolution needs more memory than a run may have";
        return answer;
    }
    Status read = read_head(program, *job, context);
    if (read && is_short(program.text)) read = complete(program, *job, context);
    if (read || context.stop_reason() != StopReason::kNone) return answer;  // what takes so long is the run's to find out
    if (read.error().code == ErrorCode::kUnprocessableGcode) return unprocessable(read.error());
    return invalid(read.error());
}

std::string to_json(const CheckRequest& request) {
    return dump({{"job", request.job_json},
                 {"files", request.files},
                 {"name", request.program_name},
                 {"timeout_max_s", request.timeout_max_s},
                 {"camotics", request.camotics_configured}});
}

std::optional<CheckRequest> check_request_from(std::string_view json) {
    Json document = Json::parse(json, nullptr, false);
    if (!document.is_object()) return std::nullopt;
    CheckRequest request;
    request.job_json = member<std::string>(document, "job", "");
    if (auto files = document.find("files"); files != document.end() && files->is_object())
        for (const auto& [id, path] : files->items()) request.files[id] = value_or<std::string>(path, "");
    request.program_name = member<std::string>(document, "name", request.program_name);
    request.timeout_max_s = member<double>(document, "timeout_max_s", request.timeout_max_s);
    request.camotics_configured = member<bool>(document, "camotics", false);
    return request;
}

std::string to_json(const CheckAnswer& answer) {
    Json document{{"kind", static_cast<int>(answer.kind)}, {"message", answer.message}, {"timeout_s", answer.timeout_s}};
    document["faults"] = Json::array();
    for (const Fault& fault : answer.faults) document["faults"].push_back(Json::array({fault.pointer, fault.detail}));
    document["diagnostics"] = Json::array();
    for (const Diagnostic& at : answer.diagnostics)
        document["diagnostics"].push_back(Json::array({at.line, at.code, at.message, at.block}));
    const GridTooLarge& e = answer.estimate;
    document["estimate"] = Json::array({Json::array({e.cells, e.bytes, e.limit_bytes, e.resolution_mm})});
    return dump(document);
}

// The process that answers has read untrusted text: what it says is taken for nothing but data.
std::optional<CheckAnswer> check_answer_from(std::string_view json) {
    Json document = Json::parse(json, nullptr, false);
    if (!document.is_object() || !is_table(document, "faults", 2) || !is_table(document, "diagnostics", 4) ||
        !is_table(document, "estimate", 4) || document["estimate"].size() != 1)
        return std::nullopt;
    CheckAnswer answer;
    int kind = member<int>(document, "kind", -1);
    if (kind < 0 || kind > static_cast<int>(CheckAnswer::Kind::kTooLarge)) return std::nullopt;
    answer.kind = static_cast<CheckAnswer::Kind>(kind);
    answer.message = member<std::string>(document, "message", "");
    answer.timeout_s = member<double>(document, "timeout_s", answer.timeout_s);
    auto text = [](const Json& value) { return value_or<std::string>(value, ""); };
    auto number = [](const Json& value) { return value_or<double>(value, 0); };
    for (const Json& fault : document["faults"]) answer.faults.push_back({text(fault[0]), text(fault[1])});
    for (const Json& at : document["diagnostics"])
        answer.diagnostics.push_back({value_or<int64_t>(at[0], 0), text(at[1]), text(at[2]), text(at[3])});
    const Json& e = document["estimate"][0];
    answer.estimate = {number(e[0]), number(e[1]), number(e[2]), number(e[3])};
    return answer;
}

}  // namespace proveout
