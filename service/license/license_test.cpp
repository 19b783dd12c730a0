#include "license/license.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "auth/auth.h"
#include "auth/key_pair.h"

namespace proveout {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr int64_t kNow_s = 1'800'000'000, kHour_s = 3600, kDay_s = 86400;

License good_license() {
    License license;
    license.organisation = "Acme Tools";
    license.id = "lic-1";
    license.issued_s = license.not_before_s = kNow_s - kDay_s;
    license.expires_s = kNow_s + 10 * kDay_s;
    license.entitlements = {"simulations"};
    license.concurrent_runs = 2;
    license.runs_per_month = 1000;
    return license;
}

// A guard over files of its own and clocks that the test moves.
struct Site {
    Site() {
        std::string pattern = (fs::temp_directory_path() / "proveout-license-XXXXXX").string();
        directory = mkdtemp(pattern.data());
        std::ofstream(directory + "/public.pem") << pair.public_pem;
    }
    ~Site() { fs::remove_all(directory); }
    void put(const std::string& text) { std::ofstream(directory + "/license.jwt") << text; }
    void put(const License& license) { put(*issue_license(license, pair.private_pem) + "\n"); }
    // As after a start of the process: the mark is what was stored.
    void start() {
        HighWater high_water{[this] { return mark; }, [this](int64_t ms) { mark = ms, ++saves; }};
        guard = LicenseGuard::open(
            directory + "/license.jwt", directory + "/public.pem", high_water, [this] { return wall_s * 1000; },
            [this] { return steady_s * 1000; });
    }
    void pass(int64_t seconds) { wall_s += seconds, steady_s += seconds; }
    LicenseReason reason() { return guard->check().reason; }

    KeyPair pair = *make_key_pair();
    std::string directory;
    int64_t wall_s = kNow_s, steady_s = 1000;
    std::optional<int64_t> mark;
    int saves = 0;
    std::unique_ptr<LicenseGuard> guard;
};

TEST(License, WhatIsIssuedIsRead) {
    Site site;
    std::string text = *issue_license(good_license(), site.pair.private_pem);
    EXPECT_EQ(text.find('\n'), std::string::npos);
    EXPECT_EQ(*from_base64url(text.substr(0, text.find('.'))), R"({"alg":"EdDSA","typ":"proveout-license+jwt"})");
    auto license = read_license("  " + text + "\r\n", site.pair.public_pem);
    ASSERT_TRUE(license) << license.error().message;
    EXPECT_EQ(license->organisation, "Acme Tools");
    EXPECT_EQ(license->expires_s, kNow_s + 10 * kDay_s);
    EXPECT_EQ(license->concurrent_runs, 2);
    EXPECT_EQ(license->runs_per_month, 1000);
    Json claims = Json::parse(*show_license(text));
    EXPECT_EQ(claims, Json::parse(R"({"sub":"Acme Tools","jti":"lic-1","iat":1799913600,"nbf":1799913600,"exp":1800864000,
        "entitlements":["simulations"],"limits":{"concurrent_runs":2,"runs_per_month":1000}})"));
}

TEST(License, OfAnotherKeyOrKindIsRefused) {
    Site site, other;
    std::string text = *issue_license(good_license(), site.pair.private_pem);
    EXPECT_FALSE(read_license(text, other.pair.public_pem));
    EXPECT_FALSE(read_license(text, site.pair.private_pem));
    EXPECT_FALSE(read_license(text, ""));
    std::string payload = *show_license(text);
    for (const char* header : {R"({"alg":"EdDSA","typ":"JWT"})", R"({"alg":"EdDSA"})", R"({"alg":"none","typ":"proveout-license+jwt"})",
                               R"({"alg":"EdDSA","typ":"proveout-license+jwt","crit":["exp"]})"})
        EXPECT_FALSE(read_license(*sign_jws(header, payload, site.pair.private_pem), site.pair.public_pem)) << header;
    for (const char* bad : {"", "x", "..", "a.b.c", "{}"}) {
        EXPECT_FALSE(read_license(bad, site.pair.public_pem));
        EXPECT_FALSE(show_license(bad));
    }
}

struct ClaimCase {
    const char* change;  // a JSON merge patch
    bool good;
};
class LicenseClaims : public testing::TestWithParam<ClaimCase> {};
TEST_P(LicenseClaims, AreChecked) {
    Site site;
    Json claims = Json::parse(*show_license(*issue_license(good_license(), site.pair.private_pem)));
    claims.merge_patch(Json::parse(GetParam().change));
    auto license = read_license(*sign_jws(R"({"alg":"EdDSA","typ":"proveout-license+jwt"})", claims.dump(), site.pair.private_pem),
                                site.pair.public_pem);
    EXPECT_EQ(bool(license), GetParam().good) << GetParam().change;
}
INSTANTIATE_TEST_SUITE_P(
    Table, LicenseClaims,
    testing::Values(ClaimCase{"{}", true}, ClaimCase{R"({"limits":null})", true}, ClaimCase{R"({"limits":{"concurrent_runs":null}})", true},
                    ClaimCase{R"({"nbf":null})", true}, ClaimCase{R"({"jti":null})", true}, ClaimCase{R"({"exp":null})", false},
                    ClaimCase{R"({"exp":"1900000000"})", false}, ClaimCase{R"({"exp":-1})", false}, ClaimCase{R"({"exp":1e300})", false},
                    ClaimCase{R"({"sub":null})", false}, ClaimCase{R"({"sub":1})", false}, ClaimCase{R"({"entitlements":null})", false},
                    ClaimCase{R"({"entitlements":"simulations"})", false}, ClaimCase{R"({"entitlements":[1]})", false},
                    ClaimCase{R"({"limits":5})", false}, ClaimCase{R"({"limits":{"concurrent_runs":-1}})", false},
                    ClaimCase{R"({"limits":{"runs_per_month":"many"}})", false}, ClaimCase{R"({"limits":{"runs_per_month":1.5}})", false},
                    ClaimCase{R"({"limits":{"runs_per_month":0}})", true}, ClaimCase{R"({"more":1})", true}));

TEST(License, IsNotIssuedWithoutSense) {
    Site site;
    License license = good_license();
    license.expires_s = license.not_before_s;
    EXPECT_FALSE(issue_license(license, site.pair.private_pem));
    license = good_license();
    license.organisation = "";
    EXPECT_FALSE(issue_license(license, site.pair.private_pem));
    EXPECT_FALSE(issue_license(good_license(), site.pair.public_pem));
}

TEST(Guard, EveryReason) {
    Site site;
    site.start();
    EXPECT_EQ(site.reason(), LicenseReason::kMissing);
    site.pass(2);
    site.put("nonsense");
    EXPECT_EQ(site.reason(), LicenseReason::kInvalid);
    site.pass(2);
    site.put(good_license());
    LicenseAnswer answer = site.guard->check();
    EXPECT_TRUE(answer.valid()) << answer.message;
    EXPECT_EQ(answer.license.runs_per_month, 1000);
    EXPECT_EQ(site.guard->check("milling").reason, LicenseReason::kNotEntitled);
    License later = good_license();
    later.not_before_s = kNow_s + kDay_s;
    site.pass(2);
    site.put(later);
    EXPECT_EQ(site.reason(), LicenseReason::kNotYetValid);
    site.pass(kDay_s);
    EXPECT_EQ(site.reason(), LicenseReason::kValid);
    site.pass(10 * kDay_s);
    EXPECT_EQ(site.reason(), LicenseReason::kExpired);
    fs::remove(site.directory + "/license.jwt");
    site.pass(2);
    EXPECT_EQ(site.reason(), LicenseReason::kMissing);
    site.put(good_license());
    fs::remove(site.directory + "/public.pem");
    site.pass(2);
    EXPECT_EQ(site.reason(), LicenseReason::kInvalid);
}

TEST(Guard, BeginsAndEndsToTheSecond) {
    Site site;
    License license = good_license();
    license.not_before_s = kNow_s, license.expires_s = kNow_s + 10;
    EXPECT_EQ(judge_license(license, "simulations", kNow_s * 1000 - 1).reason, LicenseReason::kNotYetValid);
    EXPECT_EQ(judge_license(license, "simulations", kNow_s * 1000).reason, LicenseReason::kValid);
    EXPECT_EQ(judge_license(license, "simulations", kNow_s * 1000 + 9'999).reason, LicenseReason::kValid);
    EXPECT_EQ(judge_license(license, "simulations", kNow_s * 1000 + 10'000).reason, LicenseReason::kExpired);
}

TEST(Guard, MessagesSayWhatToDo) {
    Site site;
    site.put(good_license());
    site.start();
    site.pass(11 * kDay_s);
    LicenseAnswer answer = site.guard->check();
    EXPECT_NE(answer.message.find("Acme Tools"), std::string::npos);
    EXPECT_NE(answer.message.find("2027-01-25T08:00:00.000Z"), std::string::npos) << answer.message;
    EXPECT_NE(answer.message.find("LICENSE_FILE"), std::string::npos);
}

// Wall clock steps of a running process and over restarts: {step of the wall clock, monotonic time passed, restarted} -> expected.
struct Step {
    int64_t wall_s, passed_s;
    bool restart;
    LicenseReason expected;
};
struct ClockCase {
    const char* name;
    std::vector<Step> steps;
};
class GuardClock : public testing::TestWithParam<ClockCase> {};
TEST_P(GuardClock, NothingIsRevived) {
    Site site;
    site.put(good_license());  // ends in 10 days
    site.start();
    ASSERT_EQ(site.reason(), LicenseReason::kValid);
    for (const Step& step : GetParam().steps) {
        site.pass(step.passed_s);
        site.wall_s += step.wall_s;
        if (step.restart) site.start();
        EXPECT_EQ(site.reason(), step.expected) << "step " << &step - GetParam().steps.data();
    }
}
constexpr LicenseReason kValid = LicenseReason::kValid, kExpired = LicenseReason::kExpired;
INSTANTIATE_TEST_SUITE_P(
    Table, GuardClock,
    testing::Values(
        ClockCase{"time_passes", {{0, 9 * kDay_s, false, kValid}, {0, kDay_s, false, kExpired}}},
        ClockCase{"set_back_before_the_end_running", {{-5 * kDay_s, 9 * kDay_s, false, kValid}, {0, kDay_s, false, kExpired}}},
        ClockCase{"set_back_after_the_end_running", {{0, 10 * kDay_s, false, kExpired}, {-20 * kDay_s, 1, false, kExpired}}},
        ClockCase{"set_back_an_hour_after_the_end", {{0, 10 * kDay_s, false, kExpired}, {-kHour_s, 1, true, kExpired}}},
        ClockCase{"set_back_over_a_restart", {{0, 10 * kDay_s, false, kExpired}, {-400 * kDay_s, 5, true, kExpired}}},
        ClockCase{"set_back_again_and_again",
                  {{0, 4 * kDay_s, false, kValid},
                   {-4 * kDay_s, 0, true, kValid},
                   {0, 4 * kDay_s, false, kValid},
                   {-4 * kDay_s, 0, true, kValid},
                   {0, 2 * kDay_s, false, kExpired}}},
        ClockCase{"expired_while_off", {{100 * kDay_s, 0, true, kExpired}, {-100 * kDay_s, 1, true, kExpired}}},
        ClockCase{"time_server_wrong_for_a_minute", {{3650 * kDay_s, 60, false, kExpired}, {-3650 * kDay_s, 60, false, kValid}}},
        ClockCase{"time_server_wrong_for_a_minute_then_restart",
                  {{3650 * kDay_s, 60, false, kExpired}, {-3650 * kDay_s, 60, false, kValid}, {0, 60, true, kValid}}},
        ClockCase{"far_ahead_for_hours_is_the_time",
                  {{3650 * kDay_s, 60, false, kExpired}, {0, 2 * kHour_s, false, kExpired}, {-3650 * kDay_s, 60, true, kExpired}}},
        ClockCase{"daylight_steps", {{-kHour_s, 1, false, kValid}, {kHour_s, 1, false, kValid}, {-1, 1, true, kValid}}}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(Guard, MarkIsStoredAtOnceAndThenOnceAMinute) {
    Site site;
    site.put(good_license());
    site.start();
    for (int i = 0; i < 600; ++i) site.pass(1), site.reason();
    EXPECT_EQ(site.saves, 10);
    EXPECT_GE(*site.mark, (kNow_s + 540) * 1000);
}

TEST(Guard, ClockBehindTheMarkIsSaid) {
    Site site;
    site.put(good_license());
    site.start();
    site.pass(11 * kDay_s);
    site.reason();
    site.wall_s -= 5 * kDay_s;
    EXPECT_NE(site.guard->check().message.find("clock"), std::string::npos);
}

TEST(Guard, WithoutAFile) {
    auto guard = LicenseGuard::open("", "", {});
    EXPECT_EQ(guard->check().reason, LicenseReason::kMissing);
    EXPECT_EQ(name_of(LicenseReason::kMissing), "missing");
    EXPECT_EQ(name_of(LicenseReason::kLimitReached), "limit_reached");
}

TEST(DevLicense, IsMadeAndKeptAndRenewed) {
    Site site;
    auto made = make_dev_license(site.directory, kNow_s * 1000);
    ASSERT_TRUE(made);
    site.wall_s = kNow_s;
    auto content = [&] {
        std::stringstream text;
        text << std::ifstream(made->license_file).rdbuf();
        return text.str();
    };
    std::string first = content();
    auto guard = LicenseGuard::open(made->license_file, made->public_key_file, {}, [] { return kNow_s * 1000; });
    EXPECT_EQ(guard->check().reason, LicenseReason::kValid);
    ASSERT_TRUE(make_dev_license(site.directory, (kNow_s + kDay_s) * 1000));
    EXPECT_EQ(content(), first);
    ASSERT_TRUE(make_dev_license(site.directory, (kNow_s + 350 * kDay_s) * 1000));
    EXPECT_NE(content(), first);
}

}  // namespace

}  // namespace proveout
