// The report and its gate: a small run by hand, its golden text, and every way in which a document can break the contract.
#include "report/report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>

#include "files/content_type.h"
#include "files/digest.h"
#include "report/sample_run.h"
#include "report/text.h"

namespace proveout {
namespace {

using nlohmann::json;

std::string read_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// Compares with a file of the tree; with PROVEOUT_REBASELINE=1 it writes the file instead.
void expect_same_as_file(const std::string& text, const std::string& relative) {
    std::string path = std::string(PROVEOUT_SOURCE_DIR) + "/" + relative;
    if (const char* rebaseline = std::getenv("PROVEOUT_REBASELINE"); rebaseline && std::string(rebaseline) == "1") {
        std::ofstream(path, std::ios::binary) << text;
        return;
    }
    std::string expected = read_text(path);
    auto first_difference = std::mismatch(expected.begin(), expected.end(), text.begin(), text.end()).first;
    EXPECT_TRUE(expected == text) << relative << ":" << 1 + std::count(expected.begin(), first_difference, '\n')
                                  << " is not current; PROVEOUT_REBASELINE=1 writes it anew";
}

TEST(Report, HasEveryRequiredMemberWhenNothingWasFound) {
    Simulation simulation;
    proveout::Setup setup;
    ReportInput input;
    input.simulation = &simulation, input.setup = &setup, input.sim_id = "sim_x";
    std::string text = report_json(input);
    Status status = validate_report(text);
    ASSERT_TRUE(status.ok()) << status.error().message;
    json report = json::parse(text);
    EXPECT_EQ(report["schema"], "sim_report/v1");
    EXPECT_EQ(report["verdict"], "ok");
    EXPECT_EQ(report["collision_count"], 0);
    EXPECT_EQ(report["removed_volume_mm3"], 0);
    EXPECT_EQ(report["est_time_s"], 0);
    EXPECT_TRUE(report["sim_video_path"].is_null());
    EXPECT_TRUE(report["sim_snapshot_path"].is_null());
    for (const char* list : {"notes", "collisions", "tools", "assumptions", "artefacts"}) EXPECT_EQ(report[list], json::array()) << list;
    EXPECT_EQ(report["time"]["by_tool"], json::array());
    EXPECT_TRUE(report["bounds_mm"].is_null());
}

TEST(Report, SmallRunIsTheGoldenText) {
    SampleRun run;
    std::string text = report_json(run.input);
    Status status = validate_report(text);
    ASSERT_TRUE(status.ok()) << status.error().message;
    EXPECT_EQ(text, report_json(run.input));
    expect_same_as_file(text, "workers/report/testdata/small_report.json");
}

TEST(Report, CollisionsStandOnceInBothLists) {
    SampleRun run;
    json report = json::parse(report_json(run.input));
    ASSERT_EQ(report["collisions"].size(), 2u);
    EXPECT_EQ(report["collision_count"], 2);
    int in_notes = 0;
    for (const json& note : report["notes"]) in_notes += note["code"] == "HOLDER_COLLISION" || note["code"] == "FIXTURE_COLLISION";
    EXPECT_EQ(in_notes, 2);
    EXPECT_EQ(report["notes"].size(), 3u);
    for (const char* member : {"code", "severity", "line", "last_line", "block", "time_s", "duration_s", "tool", "part", "partner",
                               "point_mm", "depth_mm", "volume_mm3", "message"})
        EXPECT_TRUE(report["collisions"][0].contains(member)) << member;
    const json& unsupported = report["notes"][2];
    for (const char* absent : {"time_s", "tool", "part", "point_mm", "depth_mm", "controller_error"})
        EXPECT_FALSE(unsupported.contains(absent)) << absent;
}

TEST(Report, HostFindingsCountForTheVerdict) {
    Simulation simulation;
    proveout::Setup setup;
    ReportInput input;
    input.simulation = &simulation, input.setup = &setup, input.sim_id = "sim_x";
    Finding encoding;
    encoding.code = "ENCODING_FAILED", encoding.severity = Severity::kWarning, encoding.message = "no film: ffmpeg is not installed";
    input.host_findings.push_back(encoding);
    json report = json::parse(report_json(input));
    EXPECT_EQ(report["verdict"], "warning");
    EXPECT_EQ(report["counts"]["warning"], 1);
    EXPECT_EQ(report["notes"][0]["code"], "ENCODING_FAILED");
    EXPECT_TRUE(validate_report(report.dump()).ok());
}

TEST(Report, CutListsKeepExactCounters) {
    SampleRun run;
    run.simulation.collision_count = 70000, run.simulation.error_count = 70000;
    std::string text = report_json(run.input);
    json report = json::parse(text);
    EXPECT_EQ(report["collision_count"], 70000);
    EXPECT_EQ(report["notes_complete"], false);
    EXPECT_TRUE(validate_report(text).ok());
}

TEST(Report, NumbersThatAreNoneBecomeZero) {
    SampleRun run;
    run.simulation.removed_mm3 = std::nan("");
    run.simulation.removed_error_mm3 = INFINITY;
    run.simulation.tools[0].max_depth_mm = -0.0;
    run.simulation.findings[0].point_mm.x = -INFINITY;
    std::string text = report_json(run.input);
    EXPECT_TRUE(validate_report(text).ok());
    EXPECT_EQ(text.find("null,\n    \"error"), std::string::npos);
    EXPECT_EQ(json::parse(text)["removed_volume_mm3"], 0);
    EXPECT_EQ(text.find("-0.0"), std::string::npos);
}

TEST(Report, SmallVolumesKeepTheirDigitsAndTheBandHoldsTheTruth) {
    SampleRun run;
    for (double value : {0.0025000123, 1.23456789e-9, 12.3456789, 123456.7891234}) {
        run.simulation.removed_mm3 = value, run.simulation.removed_error_mm3 = 1e-7 * value;
        json report = json::parse(report_json(run.input));
        double printed = report["removed_volume_mm3"], band = report["removed_volume_error_mm3"];
        EXPECT_NEAR(printed, value, 5e-6 * value);
        EXPECT_LE(std::abs(printed - value), band) << value;
        EXPECT_LE(band, 1e-5 * value);
    }
}

TEST(Report, LeavesTheProgramOut) {
    SampleRun run;
    run.input.job_json = R"({"inline_gcode":"G1 SECRET","dialect":"auto"})";
    std::string text = report_json(run.input);
    EXPECT_EQ(text.find("SECRET"), std::string::npos);
    EXPECT_EQ(json::parse(text)["job"]["dialect"], "auto");
}

struct Broken {
    const char* pointer;  // of the fault
    std::function<void(json&)> damage;
};

TEST(Gate, RefusesEveryBrokenDocument) {
    SampleRun run;
    json good = json::parse(report_json(run.input));
    for (const char* member : {"schema", "sim_id", "verdict", "collision_count", "removed_volume_mm3", "est_time_s", "sim_video_path",
                               "sim_snapshot_path", "notes"}) {
        json report = good;
        report.erase(member);
        EXPECT_FALSE(validate_report(report.dump()).ok()) << "without " << member;
        report[member] = json::array({json::array()});
        EXPECT_FALSE(validate_report(report.dump()).ok()) << member << " of another type";
    }
    const Broken cases[] = {
        {"/schema", [](json& r) { r["schema"] = "sim_report/v2"; }},
        {"/verdict", [](json& r) { r["verdict"] = "fine"; }},
        {"/collision_count", [](json& r) { r["collision_count"] = -1; }},
        {"/collision_count", [](json& r) { r["collision_count"] = 1.5; }},
        {"/collision_count", [](json& r) { r["collision_count"] = "2"; }},
        {"/removed_volume_mm3", [](json& r) { r["removed_volume_mm3"] = -0.1; }},
        {"/est_time_s", [](json& r) { r["est_time_s"] = nullptr; }},
        {"/notes/0", [](json& r) { r["notes"][0].erase("code"); }},
        {"/notes/0/severity", [](json& r) { r["notes"][0]["severity"] = "fatal"; }},
        {"/notes/0/line", [](json& r) { r["notes"][0]["line"] = 0; }},
        {"/notes/0/message", [](json& r) { r["notes"][0]["message"] = ""; }},
        {"/collisions/0", [](json& r) { r["collisions"][0].erase("depth_mm"); }},
        {"/collisions/0/code", [](json& r) { r["collisions"][0]["code"] = "NEAR_MISS"; }},
        {"/collisions/0/point_mm",
         [](json& r) {
             r["collisions"][0]["point_mm"] = json::array({1, 2});
         }},
        {"/time", [](json& r) { r["time"].erase("rapid_s"); }},
        {"/tools/0", [](json& r) { r["tools"][0].erase("removed_mm3"); }},
        {"/tools/0/type", [](json& r) { r["tools"][0]["type"] = "laser"; }},
        {"/stock/shape", [](json& r) { r["stock"]["shape"] = "cone"; }},
        {"/artefacts/0/sha256", [](json& r) { r["artefacts"][0]["sha256"] = "ABC"; }},
        {"/video/frames", [](json& r) { r["video"]["frames"] = -1; }},
        {"/assumptions/0", [](json& r) { r["assumptions"][0] = 5; }},
        // What the schema cannot say.
        {"/verdict", [](json& r) { r["verdict"] = "warning"; }},
        {"/collision_count", [](json& r) { r["collision_count"] = 1; }},
        {"/collisions/1", [](json& r) { r["notes"].erase(1); }},
    };
    for (const Broken& broken : cases) {
        json report = good;
        broken.damage(report);
        Status status = validate_report(report.dump());
        ASSERT_FALSE(status.ok()) << broken.pointer;
        EXPECT_EQ(status.error().code, ErrorCode::kEngineFailed);
        bool named = false;
        std::string faults;
        for (const Fault& fault : status.error().faults) {
            named |= fault.pointer == broken.pointer;
            faults += fault.pointer + ": " + fault.detail + "\n";
        }
        EXPECT_TRUE(named) << broken.pointer << " is not among\n" << faults;
    }
}

TEST(Gate, RefusesWhatIsNoJson) {
    EXPECT_FALSE(validate_report("").ok());
    EXPECT_FALSE(validate_report("{").ok());
    EXPECT_FALSE(validate_report("[]").ok());
    EXPECT_FALSE(validate_report("null").ok());
}

TEST(Gate, AcceptsTheShortestReportAndAdditions) {
    json shortest = {{"schema", "sim_report/v1"}, {"sim_id", "sim_1"}, {"verdict", "ok"},           {"collision_count", 0},
                     {"removed_volume_mm3", 0},   {"est_time_s", 0},   {"sim_video_path", nullptr}, {"sim_snapshot_path", "a"},
                     {"notes", json::array()},    {"later", 1}};
    Status status = validate_report(shortest.dump());
    EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().message);
}

TEST(Gate, SchemaIsTheFileInTheTree) {
    EXPECT_EQ(report_schema(), read_text(std::string(PROVEOUT_SOURCE_DIR) + "/workers/camotics.output.schema.json"));
    json schema = json::parse(report_schema());
    EXPECT_EQ(schema["$schema"], "http://json-schema.org/draft-07/schema#");
}

TEST(Artefacts, AreHashedAndTyped) {
    // FIPS 180-4 examples.
    EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    std::string path = testing::TempDir() + "artefact.mp4", bytes(600'000, 'x');
    std::ofstream(path, std::ios::binary) << bytes;
    auto artefact = describe_artefact(path, "out.mp4");
    ASSERT_TRUE(artefact.ok());
    EXPECT_EQ(artefact->size_bytes, 600'000);
    EXPECT_EQ(artefact->sha256, sha256_hex(bytes));
    EXPECT_EQ(artefact->content_type, "video/mp4");
    std::remove(path.c_str());
    auto missing = describe_artefact(path, "out.mp4");
    ASSERT_FALSE(missing.ok());
    EXPECT_EQ(missing.error().code, ErrorCode::kIo);
    EXPECT_EQ(content_type_of("logs/run.log"), "text/plain; charset=utf-8");
    EXPECT_EQ(content_type_of("noending"), "application/octet-stream");
}

TEST(Artefacts, SimIdDependsOnBothTextsOnly) {
    std::string id = content_sim_id("G0 X1", "{}");
    EXPECT_EQ(id, content_sim_id("G0 X1", "{}"));
    EXPECT_EQ(id.size(), 30u);
    EXPECT_EQ(id.substr(0, 4), "sim_");
    EXPECT_LE(id[4], '7');
    EXPECT_NE(id, content_sim_id("G0 X1{", "}"));
    EXPECT_NE(id, content_sim_id("G0 X2", "{}"));
    EXPECT_EQ(id.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 4), std::string::npos);
}

TEST(Findings, DocumentIsCurrent) {
    std::string text = findings_markdown();
    for (const FindingRule* rule = rules_begin(); rule != rules_end(); ++rule) {
        std::string heading = "### " + std::string(rule->code) + "\n";
        size_t at = text.find(heading);
        ASSERT_NE(at, std::string::npos) << rule->code;
        EXPECT_EQ(text.find(heading, at + 1), std::string::npos) << rule->code << " stands twice";
        EXPECT_FALSE(rule->meaning.empty() || rule->what_to_do.empty() || rule->title.empty()) << rule->code;
    }
    expect_same_as_file(text, "docs/findings.md");
}

TEST(Text, NumbersAreShortAndExact) {
    EXPECT_EQ(number(12.5, 3), "12.5");
    EXPECT_EQ(number(-0.00001, 3), "0");
    EXPECT_EQ(number(100, 0), "100");
    EXPECT_EQ(number(0.1 + 0.2, 4), "0.3");
    EXPECT_EQ(number(std::nan(""), 3), "0");
    EXPECT_EQ(number(1e300, 3).size(), 301u);
    EXPECT_EQ(number(-INFINITY, 3), "0");
    EXPECT_EQ(number(-0.05, 3), "-0.05");
    EXPECT_EQ(number(-7.0004, 3), "-7");
    EXPECT_EQ(number(1200, 2), "1200");
    EXPECT_EQ(number(0.000001, 6), "0.000001");
    for (int i = -3000; i <= 3000; ++i)
        EXPECT_EQ(json::parse(number(0.0137 * i, 4)).get<double>(), json::parse(std::to_string(0.0137 * i)).get<double>()) << i;
    EXPECT_EQ(grouped(1234567.25, 2), "1,234,567.25");
    EXPECT_EQ(grouped(-999, 0), "-999");
    EXPECT_EQ(grouped(-1000, 0), "-1,000");
    EXPECT_EQ(duration_text(8.44), "8.4 s");
    EXPECT_EQ(duration_text(761.2), "12 min 41 s");
    EXPECT_EQ(duration_text(3725), "1 h 02 min");
}

TEST(Text, Base64IsThatOfRfc4648) {
    const char* cases[][2] = {
        {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
    for (const auto& c : cases) EXPECT_EQ(base64(c[0]), c[1]);
}

TEST(Text, Utf8IsMadeValid) {
    const std::string kBad = "\xEF\xBF\xBD";
    EXPECT_EQ(clean_utf8("Fräser Ø6 \xE2\x82\xAC \xF0\x9F\x94\xA9"), "Fräser Ø6 \xE2\x82\xAC \xF0\x9F\x94\xA9");
    EXPECT_EQ(clean_utf8("\xFC"), kBad);                                   // Latin-1
    EXPECT_EQ(clean_utf8("\xC0\xAF"), kBad + kBad);                        // overlong
    EXPECT_EQ(clean_utf8("\xED\xA0\x80"), kBad + kBad + kBad);             // surrogate
    EXPECT_EQ(clean_utf8("\xF4\x90\x80\x80"), kBad + kBad + kBad + kBad);  // above U+10FFFF
    EXPECT_EQ(clean_utf8("a\xE2\x82"), "a" + kBad + kBad);                 // cut off
}

}  // namespace
}  // namespace proveout
