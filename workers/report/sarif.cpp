// SARIF 2.1.0 (OASIS, 2020). GitHub reads level, message, locations[0] and partialFingerprints.primaryLocationLineHash.
#include <map>
#include <nlohmann/json.hpp>

#include "files/digest.h"
#include "report/report.h"
#include "report/text.h"

namespace proveout {

namespace {

using Json = nlohmann::ordered_json;

// What GitHub shows of one run. The lists are cut long before.
constexpr size_t kMaxResults = 5000;
static_assert(kMaxFindings < kMaxResults);

const char* level_of(Severity severity) {
    return severity == Severity::kError ? "error" : severity == Severity::kWarning ? "warning" : "note";
}

// RFC 3986 URI reference of a path.
std::string uri_of(const std::string& path) {
    std::string uri = path.starts_with('/') ? "file://" : "";
    for (char c : path) {
        auto byte = static_cast<unsigned char>(c);
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     std::string_view("-._~/").find(c) != std::string::npos;
        if (plain)
            uri += c;
        else
            uri += '%', uri += "0123456789ABCDEF"[byte >> 4], uri += "0123456789ABCDEF"[byte & 15];
    }
    return uri;
}

Json rules_json() {
    Json rules = Json::array();
    for (const FindingRule* rule = rules_begin(); rule != rules_end(); ++rule)
        rules.push_back({{"id", rule->code},
                         {"shortDescription", {{"text", rule->title}}},
                         {"fullDescription", {{"text", rule->meaning}}},
                         {"help", {{"text", rule->what_to_do}}},
                         {"defaultConfiguration", {{"level", level_of(rule->severity)}}}});
    return rules;
}

// occurrence: how many equal blocks had the same finding before; keeps the fingerprints of repeats apart and stable when lines are
// inserted.
Json result_json(const ReportInput& input, const Finding& finding, int occurrence) {
    Json location = {{"artifactLocation", {{"uri", uri_of(input.program_name)}}}};
    if (finding.line > 0) {
        location["region"]["startLine"] = finding.line;
        if (finding.last_line > finding.line) location["region"]["endLine"] = finding.last_line;
        if (!finding.block.empty()) location["region"]["snippet"]["text"] = finding.block;
    }
    Json result = {{"ruleId", finding.code}};
    if (const FindingRule* rule = find_rule(finding.code)) result["ruleIndex"] = rule - rules_begin();
    result["level"] = level_of(finding.severity);
    result["message"]["text"] = finding.message.empty() ? std::string(finding.code) : finding.message;
    result["locations"] = Json::array();
    result["locations"].push_back(Json::object({{"physicalLocation", std::move(location)}}));
    std::string hash = sha256_hex(std::string(finding.code) + "\n" + finding.block).substr(0, 16);
    result["partialFingerprints"]["primaryLocationLineHash"] = hash + ":" + std::to_string(occurrence);
    Json& properties = result["properties"] = Json::object();
    if (finding.time_s >= 0) properties["time_s"] = rounded(finding.time_s, 3);
    if (finding.tool >= 0) properties["tool"] = finding.tool;
    if (finding.depth_mm > 0) properties["depth_mm"] = rounded(finding.depth_mm, 4);
    return result;
}

}  // namespace

std::string sarif_text(const ReportInput& input) {
    CHECK(input.simulation);
    Json results = Json::array();
    std::map<std::pair<std::string, std::string>, int> seen;
    auto add = [&](const Finding& finding) {
        results.push_back(result_json(input, finding, ++seen[{std::string(finding.code), finding.block}]));
    };
    for (const Finding& finding : input.simulation->findings) add(finding);
    for (const Finding& finding : input.host_findings) add(finding);

    Json driver = {{"name", "proveout"}};
    if (!input.engine_version.empty()) driver["version"] = input.engine_version;
    driver["rules"] = rules_json();
    Json run;
    run["tool"]["driver"] = std::move(driver);
    run["columnKind"] = "utf16CodeUnits";
    run["invocations"].push_back(Json::object({{"executionSuccessful", true}}));
    run["results"] = std::move(results);
    Json out = {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"}, {"version", "2.1.0"}};
    out["runs"].push_back(std::move(run));
    return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace proveout
