#include "proveout/finding.h"

#include <gtest/gtest.h>

#include <set>

namespace proveout {

// Severities and collision codes that outside users rely on.
TEST(FindingRules, HoldTheContract) {
    for (const char* code : {"RAPID_IN_STOCK", "SHANK_COLLISION", "HOLDER_COLLISION", "FIXTURE_COLLISION", "TABLE_COLLISION"}) {
        ASSERT_NE(find_rule(code), nullptr) << code;
        EXPECT_TRUE(find_rule(code)->is_collision) << code;
        EXPECT_EQ(find_rule(code)->severity, Severity::kError) << code;
    }
    for (const char* code :
         {"SPINDLE_OFF_IN_CUT", "SPINDLE_REVERSED", "PLUNGE_NOT_CENTER_CUTTING", "FEED_MISSING", "OVERTRAVEL", "TOOL_OFFSET_MISMATCH"}) {
        ASSERT_NE(find_rule(code), nullptr) << code;
        EXPECT_EQ(find_rule(code)->severity, Severity::kError) << code;
    }
    for (const char* code : {"FLUTE_LENGTH_EXCEEDED", "UNITS_MISSING", "NO_PROGRAM_END", "UNSUPPORTED_CODE", "LOOSE_PIECE", "NEAR_MISS"}) {
        ASSERT_NE(find_rule(code), nullptr) << code;
        EXPECT_EQ(find_rule(code)->severity, Severity::kWarning) << code;
    }
    ASSERT_NE(find_rule("HOME_EXCURSION"), nullptr);
    EXPECT_EQ(find_rule("HOME_EXCURSION")->severity, Severity::kInfo);
    EXPECT_EQ(find_rule("no such code"), nullptr);
}

TEST(FindingRules, AreUniqueAndComplete) {
    std::set<std::string_view> seen;
    int collisions = 0;
    for (const FindingRule* rule = rules_begin(); rule != rules_end(); ++rule) {
        EXPECT_TRUE(seen.insert(rule->code).second) << rule->code;
        EXPECT_FALSE(rule->title.empty() || rule->meaning.empty() || rule->what_to_do.empty()) << rule->code;
        EXPECT_EQ(find_rule(rule->code), rule);
        collisions += rule->is_collision;
    }
    EXPECT_EQ(collisions, 5);
}

}  // namespace proveout
