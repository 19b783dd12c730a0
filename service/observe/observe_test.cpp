#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <thread>

#include "observe/log_line.h"
#include "observe/metrics.h"

namespace proveout {

namespace {

using Json = nlohmann::json;

using Fields = std::initializer_list<LogField>;
std::string json_line(int64_t now_ms, LogLevel level, std::string_view message, Fields fields) {
    return proveout::json_line(now_ms, level, message, std::span(fields.begin(), fields.size()));
}
std::string text_line(int64_t now_ms, LogLevel level, std::string_view message, Fields fields) {
    return proveout::text_line(now_ms, level, message, std::span(fields.begin(), fields.size()));
}

TEST(Log, JsonLineHasTheContractsFields) {
    std::string line =
        json_line(1'500'000'000'250, LogLevel::kInfo, "run finished",
                  {{"sim_id", std::string("sim_1")}, {"duration_ms", 12.34567}, {"collision_count", int64_t{3}}, {"ok", true}});
    EXPECT_EQ(line, R"({"ts":"2017-07-14T02:40:00.250Z","level":"info","msg":"run finished","sim_id":"sim_1","duration_ms":12.346,)"
                    R"("collision_count":3,"ok":true})");
}

TEST(Log, NothingBreaksOut) {
    const std::string hostile[] = {"a\nb",
                                   "\r\n{\"level\":\"error\"}",
                                   "\x1b]52;c;x\x07",
                                   "\"quote\\",
                                   std::string("nul\0nul", 7),
                                   "\xff\xfe",
                                   "\xc2\x9b"
                                   "31m",
                                   "\u2028",
                                   "\x7f",
                                   std::string(1'000'000, 'x')};
    for (const std::string& text : hostile) {
        for (bool json : {true, false}) {
            std::string line =
                json ? json_line(0, LogLevel::kError, text, {{"path", text}}) : text_line(0, LogLevel::kError, text, {{"path", text}});
            EXPECT_LT(line.size(), 14'000u);
            for (char c : line) EXPECT_TRUE((c >= ' ' && c <= '~') || c == '\x7f') << int(c);
            if (!json) continue;
            Json parsed = Json::parse(line, nullptr, false);
            ASSERT_TRUE(parsed.is_object());
            EXPECT_EQ(parsed.size(), 4u);
            EXPECT_EQ(parsed["level"], "error");
        }
    }
}

TEST(Log, TextLineQuotesWhatIsNoWord) {
    EXPECT_EQ(text_line(0, LogLevel::kWarning, "slow disk",
                        {{"path", std::string("/a b")}, {"tenant", std::string("acme")}, {"n", int64_t{1}}, {"e", std::string()}}),
              "1970-01-01T00:00:00.000Z warning slow disk path=\"/a b\" tenant=acme n=1 e=\"\"");
}

TEST(Log, NumbersThatAreNone) {
    EXPECT_NE(json_line(0, LogLevel::kInfo, "m", {{"x", std::numeric_limits<double>::quiet_NaN()}}).find("\"x\":null"), std::string::npos);
}

TEST(Log, LeavesOutWhatIsBelowTheLevel) {
    testing::internal::CaptureStderr();
    Log log("warning", "json");
    log.info("hidden");
    log.write(LogLevel::kDebug, "hidden too");
    log.warning("shown", {{"n", int64_t{1}}});
    log.error("shown {} %s");
    std::string text = testing::internal::GetCapturedStderr();
    EXPECT_EQ(text.find("hidden"), std::string::npos);
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
    EXPECT_NE(text.find("\"msg\":\"shown {} %s\""), std::string::npos);
}

TEST(Log, LinesOfThreadsStayWhole) {
    testing::internal::CaptureStderr();
    Log log("info", "json");
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&log] {
            for (int k = 0; k < 200; ++k) log.info("line", {{"filler", std::string(300, 'f')}});
        });
    for (std::thread& thread : threads) thread.join();
    std::istringstream lines(testing::internal::GetCapturedStderr());
    int count = 0;
    for (std::string line; std::getline(lines, line); ++count) EXPECT_TRUE(Json::accept(line));
    EXPECT_EQ(count, 800);
}

// Name and labels as in the text format -> value.
std::map<std::string, double> samples(const std::string& text) {
    std::map<std::string, double> out;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.empty() || line[0] == '#') continue;
        size_t gap = line.rfind(' ');
        out[line.substr(0, gap)] = std::strtod(line.c_str() + gap, nullptr);
    }
    return out;
}

TEST(Metrics, StandAtZeroFromTheStart) {
    auto values = samples(Metrics().text());
    for (const char* name :
         {"proveout_runs_started_total", "proveout_runs_succeeded_total", "proveout_runs_failed_total", "proveout_timeouts_total",
          "proveout_collisions_detected_total", "proveout_queue_depth", "proveout_running_jobs"}) {
        ASSERT_EQ(values.count(name), 1u) << name;
        EXPECT_EQ(values[name], 0);
    }
    for (const char* stage : {"prepare", "simulate", "encode", "upload", "done"})
        EXPECT_EQ(values.count("proveout_stage_duration_seconds_count{stage=\"" + std::string(stage) + "\"}"), 1u) << stage;
}

TEST(Metrics, Count) {
    Metrics metrics;
    metrics.run_started();
    metrics.run_started();
    metrics.run_succeeded();
    metrics.run_failed();
    metrics.timeout();
    metrics.collisions(7);
    metrics.collisions(0);
    metrics.collisions(-1);
    metrics.queue_depth(5);
    metrics.running_jobs(2);
    metrics.event_streams(3);
    metrics.stage_duration("encode", 1.5);
    metrics.stage_duration("nonsense", 1.5);
    metrics.http_request("GET", 200, 0.002);
    metrics.http_request("BREW", 9999, 0.002);
    auto values = samples(metrics.text());
    EXPECT_EQ(values["proveout_runs_started_total"], 2);
    EXPECT_EQ(values["proveout_runs_succeeded_total"], 1);
    EXPECT_EQ(values["proveout_runs_failed_total"], 1);
    EXPECT_EQ(values["proveout_timeouts_total"], 1);
    EXPECT_EQ(values["proveout_collisions_detected_total"], 7);
    EXPECT_EQ(values["proveout_queue_depth"], 5);
    EXPECT_EQ(values["proveout_running_jobs"], 2);
    EXPECT_EQ(values["proveout_event_streams"], 3);
    EXPECT_EQ(values["proveout_stage_duration_seconds_sum{stage=\"encode\"}"], 1.5);
    EXPECT_EQ(values["proveout_http_requests_total{method=\"GET\",status=\"200\"}"], 1);
    EXPECT_EQ(values["proveout_http_requests_total{method=\"other\",status=\"other\"}"], 1);
    EXPECT_EQ(metrics.text().find("BREW"), std::string::npos);
}

}  // namespace

}  // namespace proveout
