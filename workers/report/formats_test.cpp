// SARIF, JUnit, timeline and page: shape, limits, and text that tries to break out of each.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <pugixml.hpp>
#include <set>

#include "report/report.h"
#include "report/sample_run.h"
#include "report/text.h"

namespace proveout {
namespace {

using nlohmann::json;

// What a program's comments and names may hold: ends of every construct, control characters, Latin-1, a null, U+FFFE, entities.
const std::string kHostile =
    std::string("</script></style></pre>]]>--><img src=x onerror=alert(1)>\"'&amp;&#0; \x01\x0b\x1b[31m\x7f \xfc\xff \xef\xbf\xbe ") +
    std::string("\0", 1) + "\r\nT\u00e4st";

void make_hostile(SampleRun& run) {
    for (Finding& finding : run.simulation.findings) finding.message = kHostile, finding.block = kHostile, finding.partner = kHostile;
    run.setup.tools[0].comment = kHostile;
    run.setup.fixtures[0].name = kHostile;
    run.setup.stock->material = kHostile;
    run.input.program_name = kHostile + ".nc";
    run.simulation.assumptions = {kHostile};
    run.program = "(" + kHostile + ")\nG0 X" + kHostile + "\n" + run.program;
    run.input.program_text = run.program;
    run.input.sim_id = "<b>";
    run.input.artefacts[0].name = kHostile;
}

bool has_forbidden_bytes(const std::string& text) {
    for (char c : text)
        if (static_cast<unsigned char>(c) < 0x20 && c != '\n') return true;
    return clean_utf8(text) != text || text.find('\x7f') != std::string::npos;
}

TEST(Hostile, EveryFormatStaysWellFormed) {
    SampleRun run;
    make_hostile(run);
    std::string report = report_json(run.input);
    EXPECT_TRUE(validate_report(report).ok());
    EXPECT_EQ(clean_utf8(report), report);
    std::string sarif = sarif_text(run.input);
    EXPECT_TRUE(json::accept(sarif));
    EXPECT_EQ(clean_utf8(sarif), sarif);
    std::string junit = junit_text(run.input, Severity::kError);
    EXPECT_FALSE(has_forbidden_bytes(junit));
    pugi::xml_document document;
    EXPECT_TRUE(document.load_string(junit.c_str(), pugi::parse_full));
    std::string page = report_html(run.input, "png");
    EXPECT_FALSE(has_forbidden_bytes(page));
    EXPECT_EQ(page.find("<img src=x"), std::string::npos);
    EXPECT_EQ(page.find("</script"), std::string::npos);
    EXPECT_EQ(page.find("<b>\""), std::string::npos);
    EXPECT_NE(page.find("&lt;/script&gt;"), std::string::npos);
    EXPECT_NE(page.find("T\u00e4st"), std::string::npos);
}

TEST(Sarif, HasTheShapeThatCodeScanningReads) {
    SampleRun run;
    json sarif = json::parse(sarif_text(run.input));
    EXPECT_EQ(sarif["version"], "2.1.0");
    ASSERT_EQ(sarif["runs"].size(), 1u);
    const json& driver = sarif["runs"][0]["tool"]["driver"];
    EXPECT_EQ(driver["name"], "proveout");
    std::set<std::string> ids;
    for (const json& rule : driver["rules"]) {
        EXPECT_TRUE(ids.insert(rule["id"]).second);
        EXPECT_FALSE(rule["shortDescription"]["text"].get<std::string>().empty());
        EXPECT_TRUE(rule["defaultConfiguration"]["level"] == "error" || rule["defaultConfiguration"]["level"] == "warning" ||
                    rule["defaultConfiguration"]["level"] == "note");
    }
    const json& results = sarif["runs"][0]["results"];
    ASSERT_EQ(results.size(), 3u);
    for (const json& result : results) {
        EXPECT_EQ(driver["rules"][result["ruleIndex"].get<size_t>()]["id"], result["ruleId"]);
        const json& place = result["locations"][0]["physicalLocation"];
        EXPECT_EQ(place["artifactLocation"]["uri"], "parts/bracket%20left.nc");
        EXPECT_GE(place["region"]["startLine"], 1);
        EXPECT_TRUE(result["partialFingerprints"].contains("primaryLocationLineHash"));
    }
    EXPECT_EQ(results[0]["level"], "error");
    EXPECT_EQ(results[2]["level"], "warning");
    EXPECT_EQ(results[0]["locations"][0]["physicalLocation"]["region"]["endLine"], 11);
}

TEST(Sarif, FingerprintsOfRepeatsDifferAndIgnoreTheLine) {
    SampleRun run;
    run.simulation.findings = {run.simulation.findings[2], run.simulation.findings[2]};
    auto hashes = [&] {
        std::vector<std::string> out;
        json sarif = json::parse(sarif_text(run.input));
        for (const json& result : sarif["runs"][0]["results"]) out.push_back(result["partialFingerprints"]["primaryLocationLineHash"]);
        return out;
    };
    auto before = hashes();
    EXPECT_NE(before[0], before[1]);
    run.simulation.findings[0].line += 100;
    EXPECT_EQ(hashes(), before);
}

TEST(Junit, OneCasePerRuleAndTheRightOnesFail) {
    SampleRun run;
    auto parse = [&](std::optional<Severity> fail_on) {
        auto document = std::make_unique<pugi::xml_document>();
        EXPECT_TRUE(document->load_string(junit_text(run.input, fail_on).c_str(), pugi::parse_full));
        return document;
    };
    auto document = parse(Severity::kError);
    pugi::xml_node suite = document->child("testsuites").child("testsuite");
    EXPECT_STREQ(suite.attribute("name").value(), "parts/bracket left.nc");
    int cases = 0, failures = 0;
    for (pugi::xml_node test : suite.children("testcase")) ++cases, failures += !test.child("failure").empty();
    // All but those that were not looked for: no clearance, no target, and an undefined tool is a refusal.
    EXPECT_EQ(cases, rules_end() - rules_begin() - 4);
    EXPECT_FALSE(suite.find_child_by_attribute("testcase", "name", "GOUGE"));
    EXPECT_EQ(suite.attribute("tests").as_int(), cases);
    EXPECT_EQ(failures, 2);
    EXPECT_EQ(suite.attribute("failures").as_int(), 2);
    pugi::xml_node holder = suite.find_child_by_attribute("testcase", "name", "HOLDER_COLLISION");
    EXPECT_EQ(holder.attribute("line").as_int(), 10);
    EXPECT_NE(std::string(holder.child("failure").attribute("message").value()).find("line 10"), std::string::npos);
    EXPECT_EQ(parse(Severity::kWarning)->child("testsuites").attribute("failures").as_int(), 3);
    auto never = parse(std::nullopt);
    EXPECT_EQ(never->child("testsuites").attribute("failures").as_int(), 0);
    EXPECT_FALSE(never->child("testsuites")
                     .child("testsuite")
                     .find_child_by_attribute("testcase", "name", "HOLDER_COLLISION")
                     .child("system-out")
                     .empty());
}

TEST(Timeline, ChunksCanBeReadAlone) {
    SampleRun run;
    TimelineEntry entry = run.simulation.timeline[1];
    double start_s = 0;
    run.simulation.timeline.clear();
    for (int i = 0; i < 2500; ++i) {
        entry.line = entry.last_line = i + 1, entry.start_s = start_s, entry.duration_s = 0.1, entry.from_mm = entry.to_mm,
        entry.to_mm.x = i;
        start_s += 0.1;
        run.simulation.timeline.push_back(entry);
    }
    std::string text = timeline_json(run.input);
    json timeline = json::parse(text);
    EXPECT_EQ(timeline["records"], 2500);
    ASSERT_EQ(timeline["index"].size(), 3u);
    ASSERT_EQ(timeline["chunks"].size(), 3u);
    size_t base = text.find('\n') + 1, records = 0;
    for (size_t i = 0; i < 3; ++i) {
        const json& index = timeline["index"][i];
        json chunk = json::parse(text.substr(base + index[2].get<size_t>(), index[3].get<size_t>()));
        EXPECT_EQ(chunk, timeline["chunks"][i]);
        EXPECT_EQ(chunk[0][4], index[0]);
        EXPECT_EQ(chunk[0][0], index[1]);
        EXPECT_EQ(chunk[0].size(), timeline["columns"].size());
        EXPECT_EQ(chunk[1].size(), 12u);
        records += chunk.size();
    }
    EXPECT_EQ(records, 2500u);
}

TEST(Timeline, NamesTheStartWhereItIsNotTheLastEnd) {
    SampleRun run;
    json timeline = json::parse(timeline_json(run.input));
    const json& chunk = timeline["chunks"][0];
    ASSERT_EQ(chunk.size(), 5u);
    EXPECT_EQ(chunk[2], json::parse("[7,2,1,1,6.75,8.25,40,0,-3,1000,300,8000]"));
    EXPECT_EQ(chunk[4].size(), 15u);
    EXPECT_EQ(chunk[4][14], -10);
    EXPECT_EQ(timeline["kinds"][chunk[3][2].get<size_t>()], "tool_change");
}

TEST(Timeline, IsValidWithoutRecords) {
    SampleRun run;
    run.simulation.timeline.clear();
    json timeline = json::parse(timeline_json(run.input));
    EXPECT_EQ(timeline["chunks"], json::array());
    EXPECT_EQ(timeline["index"], json::array());
}

// The page as an XML tree: void elements closed, so that a strict parser finds every unclosed or crossed tag.
std::string as_xml(std::string page) {
    page = page.substr(page.find("<html"));
    for (const char* tag : {"<meta", "<img", "<br"})
        for (size_t at = page.find(tag); at != std::string::npos; at = page.find(tag, at + 1)) page.insert(page.find('>', at), "/");
    return page;
}

TEST(Page, IsSelfContainedAndWellFormed) {
    SampleRun run;
    std::string page = report_html(run.input, "\x89PNG");
    EXPECT_EQ(page, report_html(run.input, "\x89PNG"));
    for (const char* outside : {"http://", "https://", "//cdn", "<script", "<link", "@import", "url(", "src=\"/", "onload"})
        EXPECT_EQ(page.find(outside), std::string::npos) << outside;
    EXPECT_NE(page.find("src=\"data:image/png;base64,iVBORw==\""), std::string::npos);
    pugi::xml_document document;
    pugi::xml_parse_result parsed = document.load_string(as_xml(page).c_str(), pugi::parse_full);
    EXPECT_TRUE(parsed) << parsed.description() << " near " << as_xml(page).substr(static_cast<size_t>(parsed.offset), 80);
}

TEST(Page, FindingsJumpToTheirLines) {
    SampleRun run;
    std::string page = report_html(run.input, "");
    for (const char* line : {"10", "11", "12"}) {
        EXPECT_NE(page.find("href=\"#L" + std::string(line) + "\""), std::string::npos) << line;
        EXPECT_NE(page.find("id=\"L" + std::string(line) + "\""), std::string::npos) << line;
    }
    EXPECT_NE(page.find("</i>G1 Z-20</span>"), std::string::npos);
    EXPECT_EQ(page.find("id=\"L1\""), std::string::npos);  // too far from any finding
    EXPECT_NE(page.find("<svg"), std::string::npos);
    run.input.program_text = {};
    EXPECT_EQ(report_html(run.input, "").find("href=\"#L"), std::string::npos);
}

TEST(Page, StaysSmallForALongRun) {
    SampleRun run;
    TimelineEntry entry = run.simulation.timeline[2];
    run.simulation.timeline.clear();
    for (size_t i = 0; i < 100'000; ++i) {
        entry.start_s = 0.01 * static_cast<double>(i), entry.duration_s = 0.01, entry.from_mm = entry.to_mm;
        entry.to_mm.z = static_cast<double>(i % 50);
        run.simulation.timeline.push_back(entry);
    }
    EXPECT_LT(report_html(run.input, "").size(), 100'000u);
}

TEST(Page, SaysSoWhenNothingWasFound) {
    SampleRun run;
    Simulation clean;
    run.input.simulation = &clean;
    std::string page = report_html(run.input, "");
    EXPECT_NE(page.find("Nothing found."), std::string::npos);
    EXPECT_NE(page.find("class=\"verdict ok\""), std::string::npos);
}

}  // namespace
}  // namespace proveout
