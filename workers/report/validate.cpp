// The gate: JSON Schema by valijson, then what a schema cannot say.
#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "report/report.h"

namespace proveout {

namespace {

using nlohmann::json;
using valijson::adapters::NlohmannJsonAdapter;

constexpr size_t kMaxFaults = 100;

// valijson writes "<root>[notes][0]"; RFC 6901 wants "/notes/0".
std::string pointer_of(const std::string& context) {
    std::string pointer;
    for (size_t open = context.find('['); open != std::string::npos; open = context.find('[', open + 1)) {
        size_t close = context.find(']', open);
        if (close == std::string::npos) break;
        pointer += '/';
        for (char c : context.substr(open + 1, close - open - 1)) pointer += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    }
    return pointer;
}

void check_schema(const json& report, std::vector<Fault>& faults) {
    static const json kSchemaDocument = json::parse(report_schema());
    valijson::Schema schema;
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    parser.populateSchema(NlohmannJsonAdapter(kSchemaDocument), schema);
    valijson::Validator validator(valijson::Validator::kStrongTypes);
    valijson::ValidationResults results;
    if (validator.validate(schema, NlohmannJsonAdapter(report), &results)) return;
    valijson::ValidationResults::Error error;
    while (faults.size() < kMaxFaults && results.popError(error)) {
        std::string context;
        for (const std::string& part : error.context) context += part;
        faults.push_back({pointer_of(context), error.description});
    }
}

int rank(const json& severity) { return severity == "error" ? 2 : severity == "warning" ? 1 : 0; }

// REQUIRES: the schema holds.
void check_consistency(const json& report, std::vector<Fault>& faults) {
    const json& notes = report["notes"];
    int worst = 0, verdict = rank(report["verdict"]);
    for (const json& note : notes) worst = std::max(worst, rank(note["severity"]));
    if (worst > verdict) faults.push_back({"/verdict", "better than the worst note"});
    if (!report.contains("collisions")) return;

    size_t listed = report["collisions"].size();
    bool complete = report.value("notes_complete", true);
    auto count = report["collision_count"].get<uint64_t>();
    if (complete ? count != listed : count < listed) faults.push_back({"/collision_count", "differs from the list of collisions"});
    if (count > 0 && verdict == 0) faults.push_back({"/verdict", "ok in spite of collisions"});
    // Each collision stands in notes too, in the same order.
    size_t note = 0;
    auto is_same = [&](const json& a, const json& b) {
        return a["code"] == b["code"] && a["message"] == b["message"] && (!b.contains("line") || a["line"] == b["line"]);
    };
    for (size_t i = 0; i < listed; ++i) {
        while (note < notes.size() && !is_same(report["collisions"][i], notes[note])) ++note;
        if (note == notes.size()) {
            faults.push_back({"/collisions/" + std::to_string(i), "is not in notes"});
            return;
        }
        ++note;
    }
}

Error gate_error(std::vector<Fault> faults) {
    Error error = make_error(ErrorCode::kEngineFailed, "the report does not follow its schema: ");
    error.message += faults[0].pointer + ": " + faults[0].detail;
    error.faults = std::move(faults);
    return error;
}

}  // namespace

Status validate_report(std::string_view text) {
    std::vector<Fault> faults;
    json report = json::parse(text, nullptr, false);
    if (report.is_discarded())
        faults.push_back({"", "is not JSON"});
    else
        check_schema(report, faults);
    if (faults.empty()) check_consistency(report, faults);
    if (!faults.empty()) return gate_error(std::move(faults));
    return Unit{};
}

}  // namespace proveout
