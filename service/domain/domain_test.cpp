#include <gtest/gtest.h>

#include <set>

#include "domain/clock.h"
#include "domain/ids.h"
#include "domain/run.h"

namespace proveout {

TEST(Ids, RiseAndDiffer) {
    std::string last = new_id("sim");
    for (int i = 0; i < 10'000; ++i) {
        std::string next = new_id("sim");
        ASSERT_LT(last, next);
        last = next;
    }
    EXPECT_TRUE(is_id("sim", last));
}

TEST(Ids, OthersAreRefused) {
    std::string id = new_id("upl");
    EXPECT_TRUE(is_id("upl", id));
    EXPECT_FALSE(is_id("sim", id));
    EXPECT_FALSE(is_id("upl", id + "0"));
    EXPECT_FALSE(is_id("upl", id.substr(0, id.size() - 1)));
    for (char bad : {'i', 'I', 'L', 'O', 'U', '/', '.', '\0'}) {
        std::string other = id;
        other.back() = bad;
        EXPECT_FALSE(is_id("upl", other)) << bad;
    }
}

TEST(Ids, UuidsAreOfVersion4) {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        std::string uuid = new_uuid();
        EXPECT_EQ(uuid.size(), 36u);
        EXPECT_EQ(uuid[14], '4');
        EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos);
        EXPECT_TRUE(seen.insert(uuid).second);
    }
}

TEST(Times, ThereAndBack) {
    EXPECT_EQ(rfc3339(0), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(rfc3339(1'614'265'330'250), "2021-02-25T15:02:10.250Z");
    for (int64_t ms : {0ll, 951'782'400'123ll, 4'102'444'799'999ll}) EXPECT_EQ(parse_time(rfc3339(ms)), ms);
    EXPECT_EQ(parse_time("2021-02-25T17:02:10.25+02:00"), 1'614'265'330'250);
    EXPECT_EQ(parse_time("2024-02-29"), parse_time("2024-02-29T00:00:00Z"));
    for (const char* bad : {"", "2023-02-29", "2023-13-01", "2023-01-01T", "2023-01-01T24:00:00Z", "2023-01-01T00:00:00", "2023-1-1", "x",
                            "2023-01-01T00:00:00.Z", "2023-01-01T00:00:00Zx", "2023-01-01T00:60:00Z"})
        EXPECT_FALSE(parse_time(bad)) << bad;
    EXPECT_EQ(utc_month(1'614'265'330'250), "2021-02");
}

TEST(Runs, NamesGoThereAndBack) {
    for (int i = 0; i < 6; ++i) EXPECT_EQ(run_status_from(name_of(static_cast<RunStatus>(i))), static_cast<RunStatus>(i));
    for (int i = 1; i < 6; ++i) EXPECT_EQ(stage_from(name_of(static_cast<Stage>(i))), static_cast<Stage>(i));
    EXPECT_FALSE(stage_from(""));
    EXPECT_FALSE(run_status_from("done"));
    EXPECT_FALSE(run_error("TIMEOUT", "late").next_steps.empty());
}

}  // namespace proveout
