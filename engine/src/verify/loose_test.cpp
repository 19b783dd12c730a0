#include "verify/loose.h"

#include "verify/verify_test_helpers.h"

namespace proveout {

namespace {

// A block with a square groove around its middle, open downwards to `floor`; optionally with a bridge (tab) over it.
std::vector<LoosePiece> after_groove(double floor, bool tab, std::vector<Fixture> fixtures = {}) {
    TestSetup setup;
    setup.tools = {flat(4, 25)};
    setup.stock = Stock{box(0, 0, -10, 60, 60, 10), ""};
    Path path({10, 10, 20});
    path.rapid(10, 10, 5).cut(10, 10, floor).cut(50, 10, floor).cut(50, 50, floor);
    if (tab) path.cut(32, 50, floor).cut(32, 50, -4).cut(26, 50, -4).cut(26, 50, floor);
    path.cut(10, 50, floor).cut(10, 10, floor);
    auto grid = make_grid(setup.stock->solid, {2, 0.2, true, false}, 1e9);
    EXPECT_TRUE(grid.ok());
    Toolbox toolbox = make_toolbox(setup.tools);
    std::vector<Sweep> sweeps;
    for (const TimedMotion& move : path.moves) append_motion_sweeps(setup.machine, move.motion, 0, 0, sweeps);
    cut_batch(*grid, toolbox.assemblies, sweeps, 1, {}, {});
    return loose_pieces(*grid, fixtures);
}

}  // namespace

TEST(Loose, TheCutOutIsLooseTheFrameStays) {
    auto pieces = after_groove(-10.5, false);
    ASSERT_EQ(pieces.size(), 1u);
    EXPECT_NEAR(pieces[0].volume_mm3, 36 * 36 * 10, 0.01 * 36 * 36 * 10);
}

TEST(Loose, AFloorOrATabHolds) {
    EXPECT_TRUE(after_groove(-9.9, false).empty());
    EXPECT_TRUE(after_groove(-10.5, true).empty());
}

TEST(Loose, AClampHoldsWhatItTouches) {
    Fixture inner{"clamp", box(25, 25, 0, 10, 10, 10)}, outer{"clamp", box(0, 20, 0, 5, 5, 10)};
    ASSERT_EQ(after_groove(-10.5, false, {outer}).size(), 1u);
    EXPECT_TRUE(after_groove(-10.5, false, {inner, outer}).empty());
    auto frame = after_groove(-10.5, false, {inner});
    ASSERT_EQ(frame.size(), 1u);   // only the middle is held: the frame falls
    EXPECT_NEAR(frame[0].volume_mm3, (60 * 60 - 44 * 44) * 10, 0.02 * 60 * 60 * 10);
}

}  // namespace proveout
