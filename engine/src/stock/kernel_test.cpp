// The wide kernels and the baseline give the same bits.
#include "stock/kernel.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "stock/plans.h"

namespace proveout {
namespace {

constexpr int kRays = kTile * kTile;

struct Rays {
    std::vector<float> column_x, column_dy, row_y, row_dx, top, bottom;
    std::vector<uint8_t> colour;
    KernelTile tile{};

    explicit Rays(std::mt19937& random) : top(kRays), bottom(kRays), colour(kRays, 0) {
        std::uniform_real_distribution<float> shift(-0.05f, 0.05f), height(-1, 3);
        for (int i = 0; i < kTile; ++i) {
            column_x.push_back((i + 0.5f) * 0.1f);
            row_y.push_back((i + 0.5f) * 0.1f);
            column_dy.push_back(shift(random));
            row_dx.push_back(shift(random));
        }
        for (int i = 0; i < kRays; ++i) {
            top[i] = height(random);
            bottom[i] = top[i] - 1;
        }
        tile = {column_x.data(), column_dy.data(), row_y.data(), row_dx.data(), top.data(), bottom.data(), -2, colour.data(), 7};
    }
};

Tool tool(ToolType type, double corner) {
    Tool t;
    t.type = type;
    t.diameter_mm = 4;
    t.corner_radius_mm = corner;
    t.flute_length_mm = 20;
    t.stickout_mm = 30;
    return t;
}

Sweep random_sweep(std::mt19937& random, int kind) {
    std::uniform_real_distribution<double> place(-4, 10), height(-1, 2);
    Sweep sweep;
    sweep.from = {place(random), place(random), height(random)};
    sweep.to = {place(random), place(random), kind == 0 ? sweep.from.z : height(random)};
    if (kind != 2) return sweep;
    sweep.arc = true;
    sweep.centre_x = place(random);
    sweep.centre_y = place(random);
    sweep.arc_radius = 3;
    sweep.start_rad = place(random);
    sweep.sweep_rad = place(random) > 3 ? 2.5 : -4.5;
    auto at = [&](double angle) { return Vec3{sweep.centre_x + 3 * std::cos(angle), sweep.centre_y + 3 * std::sin(angle), sweep.from.z}; };
    sweep.from = at(sweep.start_rad);
    sweep.to = at(sweep.start_rad + sweep.sweep_rad);
    return sweep;
}

struct KernelsTest : ::testing::TestWithParam<InstructionSet> {
    void SetUp() override {
        wide = kernels_of(GetParam());
        if (!wide) GTEST_SKIP() << "this processor or build has no such kernels";
    }
    const Kernels* wide = nullptr;
};

INSTANTIATE_TEST_SUITE_P(Sets, KernelsTest, ::testing::Values(InstructionSet::kAvx2, InstructionSet::kAvx512));

TEST_P(KernelsTest, WideAndBaselineGiveTheSameBits) {
    std::mt19937 random(17);
    const Kernels& narrow = *kernels_of(InstructionSet::kBaseline);
    for (const Tool& t : {tool(ToolType::kFlat, 0), tool(ToolType::kBall, 0), tool(ToolType::kVbit, 0), tool(ToolType::kBull, 0.7)}) {
        AssemblyPlan assembly = plan_assembly(make_assembly(t), CutOptions{}, 0.1);
        for (int round = 0; round < 300; ++round) {
            Sweep sweep = random_sweep(random, round % 3);
            SweepPlan plan = plan_sweep(sweep, assembly);
            KernelSweep k = kernel_sweep(plan, assembly.cutters[0], 0, 0, 6.4);
            Rays a(random);
            Rays b = a;
            b.tile = {b.column_x.data(), b.column_dy.data(), b.row_y.data(),
                      b.row_dx.data(),   b.top.data(),       b.bottom.data(),
                      b.tile.floor,      b.colour.data(),    7};
            const uint64_t blocks = round % 2 ? ~0ull : 0x5a00ff013c5a7e81ull;
            BlockCut wide_cuts[kBlocksPerTile] = {}, narrow_cuts[kBlocksPerTile] = {};
            wide->cut(k, a.tile, blocks, wide_cuts);
            narrow.cut(k, b.tile, blocks, narrow_cuts);
            ASSERT_EQ(std::memcmp(wide_cuts, narrow_cuts, sizeof wide_cuts), 0);
            ASSERT_EQ(std::memcmp(a.top.data(), b.top.data(), kRays * sizeof(float)), 0);
            ASSERT_EQ(a.colour, b.colour);
            float wide_heights[64], narrow_heights[64];
            wide->heights(k, a.tile, round % 8, 3, wide_heights);
            narrow.heights(k, b.tile, round % 8, 3, narrow_heights);
            ASSERT_EQ(std::memcmp(wide_heights, narrow_heights, sizeof wide_heights), 0);
        }
    }
}

// The bounds of all 64 blocks of 8 x 8 rays 0.1 mm apart.
BlockBounds bounds_of_blocks(const SweepPlan& plan, const float* tops) {
    float half = static_cast<float>(0.401 * (std::abs(plan.line.ux) + std::abs(plan.line.uy)));
    return {0.8f, 0.8f, 0.57f, half, half, tops, static_cast<float>(plan.z_low), 0, 7};
}

TEST(Kernels, TheBoundNeverSkipsABlockThatTheBodyReaches) {
    std::mt19937 random(23);
    for (const Tool& t : {tool(ToolType::kFlat, 0), tool(ToolType::kBall, 0), tool(ToolType::kVbit, 0), tool(ToolType::kBull, 0.7)}) {
        AssemblyPlan assembly = plan_assembly(make_assembly(t), CutOptions{}, 0.1);
        for (int round = 0; round < 600; ++round) {
            Sweep sweep = random_sweep(random, round % 3);
            SweepPlan plan = plan_sweep(sweep, assembly);
            KernelSweep k = kernel_sweep(plan, assembly.cutters[0], 0, 0, 6.4);
            Rays rays(random);
            float tops[kBlocksPerTile], heights[64];
            uint64_t reached = 0;
            for (int block = 0; block < kBlocksPerTile; ++block) {
                kernels().heights(k, rays.tile, block % 8, block / 8, heights);
                float lowest = INFINITY;
                for (float h : heights) lowest = std::min(lowest, h);
                // The block's rays all stand just above the body's lowest point there.
                tops[block] = std::isinf(lowest) ? -100 : lowest + 1e-4f;
                if (!std::isinf(lowest)) reached |= 1ull << block;
            }
            EXPECT_EQ(kernels().reached(k, bounds_of_blocks(plan, tops)) & reached, reached) << name_of(t.type) << " round " << round;
        }
    }
}

// Rays cut at the end of one sweep are skipped by the next that starts there; whatever it would still lower it must be sent to.
TEST(Kernels, ASweepThatContinuesSkipsOnlyWhatIsCutAlready) {
    std::mt19937 random(29);
    constexpr float kNoise_mm = 1e-3f;  // near the equator of a ball a float step of the distance is so much height
    int64_t all = 0, sent = 0;
    for (const Tool& t : {tool(ToolType::kFlat, 0), tool(ToolType::kBall, 0), tool(ToolType::kVbit, 0), tool(ToolType::kBull, 0.7)}) {
        AssemblyPlan assembly = plan_assembly(make_assembly(t), CutOptions{}, 0.1);
        for (int round = 0; round < 600; ++round) {
            Sweep before = random_sweep(random, round % 3), after = random_sweep(random, round / 3 % 2);
            if (!before.arc && round % 2) before.to.z = before.from.z + 0.1 * (before.to.z - before.from.z);
            after.from = before.to;
            if (round / 3 % 2 == 0) after.to.z = after.from.z;
            SweepPlan first = plan_sweep(before, assembly), second = plan_sweep(after, assembly);
            Rays rays(random);
            BlockCut cuts[kBlocksPerTile];
            kernels().cut(kernel_sweep(first, assembly.cutters[0], 0, 0, 6.4), rays.tile, ~0ull, cuts);
            float tops[kBlocksPerTile];
            for (int block = 0; block < kBlocksPerTile; ++block) tops[block] = cuts[block].top;
            KernelSweep k = kernel_sweep(second, assembly.cutters[0], 0, 0, 6.4);
            all += __builtin_popcountll(kernels().reached(k, bounds_of_blocks(second, tops)));
            k.continues = true;
            const uint64_t reached = kernels().reached(k, bounds_of_blocks(second, tops));
            sent += __builtin_popcountll(reached);
            kernels().cut(k, rays.tile, ~0ull, cuts);
            for (int block = 0; block < kBlocksPerTile; ++block)
                ASSERT_LE(reached >> block & 1 ? 0 : cuts[block].depth, kNoise_mm) << name_of(t.type) << " round " << round;
        }
    }
    EXPECT_LT(sent, all);
}

}  // namespace
}  // namespace proveout
