#include "verify/events.h"

#include "proveout/report.h"
#include "verify/verify_test_helpers.h"

namespace proveout {

namespace {

ContactSpan span(std::string_view code, double from, double to, Part part = Part::kHolder, Partner partner = kStockPartner) {
    ContactSpan out;
    out.code = code;
    out.part = part;
    out.partner = partner;
    out.fraction_0 = from, out.fraction_1 = to;
    return out;
}

struct Story {
    TestSetup setup;
    Path path{{0, 0, 0}};
    EventLog log{setup};
    // A move of `length` along X with the given contacts.
    void move(double length, std::vector<ContactSpan> spans) {
        path.cut(path.at.x + length, 0, 0);
        log.motion(path.moves.back(), spans);
    }
    std::vector<Finding> tell() {
        log.finish();
        return log.take();
    }
};

}  // namespace

TEST(Events, EndAfterOneMillimetreWithoutContact) {
    Story story;
    story.move(10, {span("HOLDER_COLLISION", 0.5, 0.95)});   // ends at 9.5
    story.move(0.4, {});
    story.move(1, {span("HOLDER_COLLISION", 0.05, 0.1)});    // begins at 10.45: 0.95 later
    story.move(1, {});
    story.move(1, {span("HOLDER_COLLISION", 0.2, 0.3)});     // begins at 12.6: 2.1 after 10.5
    auto findings = story.tell();
    ASSERT_EQ(findings.size(), 2u);
    EXPECT_EQ(findings[0].line, 1);
    EXPECT_EQ(findings[0].last_line, 3);
    EXPECT_NEAR(findings[0].time_s, 0.5, 1e-6);
    EXPECT_NEAR(findings[0].duration_s, 1.05 - 0.5, 1e-6);
    EXPECT_EQ(findings[1].line, 5);
    EXPECT_EQ(story.log.collision_count(), 2);
}

TEST(Events, DifferentPartnersPartsAndCodesAreDifferentEvents) {
    Story story;
    story.setup.fixtures.resize(2);
    story.move(5, {span("FIXTURE_COLLISION", 0, 1, Part::kHolder, 2), span("FIXTURE_COLLISION", 0, 1, Part::kHolder, 3),
                   span("FIXTURE_COLLISION", 0, 1, Part::kShank, 2), span("HOLDER_COLLISION", 0, 1),
                   span("SPINDLE_OFF_IN_CUT", 0, 1, Part::kCutter)});
    EXPECT_EQ(story.tell().size(), 5u);
    EXPECT_EQ(story.log.collision_count(), 4);
    EXPECT_EQ(story.log.count(Severity::kError), 5);
}

TEST(Events, OneMoveMayHoldSeveral) {
    Story story;
    story.move(100, {span("HOLDER_COLLISION", 0.5, 0.52), span("HOLDER_COLLISION", 0.1, 0.12), span("HOLDER_COLLISION", 0.125, 0.13)});
    auto findings = story.tell();
    ASSERT_EQ(findings.size(), 2u);
    EXPECT_NEAR(findings[0].time_s, 1, 1e-6);
    EXPECT_NEAR(findings[1].time_s, 5, 1e-6);
}

TEST(Events, CountersAreExactWhereTheListIsCut) {
    Story story;
    for (int i = 0; i < 3000; ++i) {
        story.move(2, {span("HOLDER_COLLISION", 0, 0.1), span("NEAR_MISS", 0, 0.1, Part::kCutter)});
        story.move(2, {});
    }
    auto findings = story.tell();
    EXPECT_EQ(findings.size(), kMaxFindings);
    EXPECT_EQ(story.log.collision_count(), 3000);
    EXPECT_EQ(story.log.count(Severity::kWarning), 3000);
    for (const Finding& finding : findings) EXPECT_EQ(finding.severity, Severity::kError);  // errors stay when a list is cut
}

TEST(Events, ANearMissThatBecomesACollisionIsThatCollision) {
    Story story;
    story.move(5, {span("NEAR_MISS", 0.5, 1)});
    story.move(5, {span("HOLDER_COLLISION", 0.05, 0.95)});
    story.move(5, {span("NEAR_MISS", 0, 0.1)});
    story.move(50, {});
    story.move(5, {span("NEAR_MISS", 0, 0.1)});
    auto findings = story.tell();
    ASSERT_EQ(findings.size(), 2u);
    EXPECT_EQ(findings[0].code, "HOLDER_COLLISION");
    EXPECT_EQ(findings[1].code, "NEAR_MISS");
    EXPECT_EQ(findings[1].line, 5);
}

TEST(Events, BlocksComeFromTheText) {
    std::vector<Finding> findings(3);
    findings[0].line = 3, findings[1].line = 1, findings[2].line = 9;
    fill_blocks("G21\r\nG0 X1\n  G1 Y2 (cut)\r\nM30", findings);
    EXPECT_EQ(findings[0].block, "G1 Y2 (cut)");
    EXPECT_EQ(findings[1].block, "G21");
    EXPECT_EQ(findings[2].block, "");
}

}  // namespace proveout
