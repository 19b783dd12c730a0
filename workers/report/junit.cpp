// JUnit XML as CI servers read it: one suite for the program, one case per rule.
#include <map>
#include <vector>

#include "report/report.h"
#include "report/text.h"

namespace proveout {

namespace {

using FindingsByCode = std::map<std::string_view, std::vector<const Finding*>>;

std::string attribute(std::string_view name, std::string_view value) {
    return " " + std::string(name) + "=\"" + escape_markup(value) + "\"";
}

std::string line_of(const Finding& finding) {
    std::string text = std::string(name_of(finding.severity)) + ": ";
    if (finding.line > 0) text += "line " + std::to_string(finding.line) + ": ";
    text += finding.message.empty() ? std::string(finding.code) : finding.message;
    if (!finding.block.empty()) text += " [" + finding.block + "]";
    return text;
}

bool fails(const std::vector<const Finding*>& findings, std::optional<Severity> fail_on) {
    for (const Finding* finding : findings)
        if (fail_on && finding->severity >= *fail_on) return true;
    return false;
}

std::string case_xml(const ReportInput& input, std::string_view code, const std::vector<const Finding*>& findings, bool failed) {
    std::string xml = "    <testcase" + attribute("name", code) + attribute("classname", input.program_name);
    if (!findings.empty()) {
        xml += attribute("file", input.program_name);
        if (findings[0]->line > 0) xml += attribute("line", std::to_string(findings[0]->line));
    }
    xml += " time=\"0\"";
    if (findings.empty()) return xml + "/>\n";
    xml += ">\n";
    std::string body;
    for (const Finding* finding : findings) body += escape_markup(line_of(*finding)) + "\n";
    if (failed) {
        std::string message = line_of(*findings[0]);
        if (findings.size() > 1) message += " (and " + std::to_string(findings.size() - 1) + " more)";
        xml += "      <failure" + attribute("type", code) + attribute("message", message) + ">" + body + "</failure>\n";
    } else {
        xml += "      <system-out>" + body + "</system-out>\n";
    }
    return xml + "    </testcase>\n";
}

std::string properties_xml(const ReportInput& input) {
    const Simulation& simulation = *input.simulation;
    Severity verdict = verdict_of(input);
    auto property = [](std::string_view name, std::string_view value) {
        return "      <property" + attribute("name", name) + attribute("value", value) + "/>\n";
    };
    return "    <properties>\n" + property("verdict", verdict == Severity::kInfo ? "ok" : name_of(verdict)) +
           property("collision_count", std::to_string(simulation.collision_count)) +
           property("removed_volume_mm3", number(simulation.removed_mm3, 3)) +
           property("est_time_s", number(simulation.time.total_s(), 3)) + "    </properties>\n";
}

// A case that cannot fail would be no test: targets are not compared, an undefined tool is a refusal, and a near miss needs a clearance.
bool was_looked_for(const ReportInput& input, std::string_view code) {
    if (code == "GOUGE" || code == "EXCESS" || code == "TOOL_UNDEFINED") return false;
    return code != "NEAR_MISS" || input.setup->clearance_mm > 0;
}

}  // namespace

std::string junit_text(const ReportInput& input, std::optional<Severity> fail_on) {
    CHECK(input.simulation);
    FindingsByCode by_code;
    for (const Finding& finding : input.simulation->findings) by_code[finding.code].push_back(&finding);
    for (const Finding& finding : input.host_findings) by_code[finding.code].push_back(&finding);
    // Every rule that was looked for is a case, found or not; then codes that the table does not know.
    std::vector<std::string_view> codes;
    for (const FindingRule* rule = rules_begin(); rule != rules_end(); ++rule)
        if (was_looked_for(input, rule->code)) codes.push_back(rule->code);
    for (const auto& [code, findings] : by_code)
        if (!find_rule(code)) codes.push_back(code);

    std::string cases;
    size_t failures = 0;
    for (std::string_view code : codes) {
        const auto& findings = by_code[code];
        bool failed = fails(findings, fail_on);
        failures += failed;
        cases += case_xml(input, code, findings, failed);
    }
    std::string counts = attribute("tests", std::to_string(codes.size())) + attribute("failures", std::to_string(failures)) +
                         " errors=\"0\" skipped=\"0\" time=\"0\"";
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"proveout\"" + counts + ">\n  <testsuite" +
           attribute("name", input.program_name) + counts + ">\n" + properties_xml(input) + cases + "  </testsuite>\n</testsuites>\n";
}

}  // namespace proveout
