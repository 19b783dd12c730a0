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
    auto at = [&](double angle) {
        return Vec3{sweep.centre_x + 3 * std::cos(angle), sweep.centre_y + 3 * std::sin(angle), sweep.from.z};
    };
    sweep.from = at(sweep.start_rad);
    sweep.to = at(sweep.start_rad + sweep.sweep_rad);
    return sweep;
}

TEST(Kernels, WideAndBaselineGiveTheSameBits) {
    std::mt19937 random(17);
    if (&kernels() == &baseline_kernels()) GTEST_SKIP() << "this processor or build has no wide kernels";
    for (const Tool& t : {tool(ToolType::kFlat, 0), tool(ToolType::kBall, 0), tool(ToolType::kVbit, 0), tool(ToolType::kBull, 0.7)}) {
        AssemblyPlan assembly = plan_assembly(make_assembly(t), CutOptions{}, 0.1);
        for (int round = 0; round < 300; ++round) {
            Sweep sweep = random_sweep(random, round % 3);
            SweepPlan plan = plan_sweep(sweep, assembly);
            KernelSweep k = kernel_sweep(plan, assembly.cutters[0], 0, 0, 6.4);
            Rays a(random);
            Rays b = a;
            b.tile = {b.column_x.data(), b.column_dy.data(), b.row_y.data(), b.row_dx.data(),
                      b.top.data(),      b.bottom.data(),    b.tile.floor,   b.colour.data(), 7};
            for (int block = 0; block < kBlocksPerTile; ++block) {
                BlockCut wide, narrow;
                kernels().cut(k, a.tile, block % 8, block / 8, wide);
                baseline_kernels().cut(k, b.tile, block % 8, block / 8, narrow);
                ASSERT_EQ(std::memcmp(&wide, &narrow, sizeof wide), 0);
            }
            ASSERT_EQ(std::memcmp(a.top.data(), b.top.data(), kRays * sizeof(float)), 0);
            ASSERT_EQ(a.colour, b.colour);
        }
    }
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
            for (int bv = 0; bv < 8; ++bv) {
                float tops[8], heights[64];
                uint32_t reached = 0;
                for (int bu = 0; bu < 8; ++bu) {
                    kernels().heights(k, rays.tile, bu, bv, heights);
                    float lowest = INFINITY;
                    for (float h : heights) lowest = std::min(lowest, h);
                    // The block's rays all stand just above the body's lowest point there.
                    tops[bu] = std::isinf(lowest) ? -100 : lowest + 1e-4f;
                    if (!std::isinf(lowest)) reached |= 1u << bu;
                }
                double ux = std::abs(plan.line.ux), uy = std::abs(plan.line.uy);
                BlockRow row{0.4f, 0.8f, (bv + 0.5f) * 0.8f, 0.57f, static_cast<float>(0.401 * (ux + uy)),
                             static_cast<float>(0.401 * (ux + uy)), tops, static_cast<float>(plan.z_low)};
                EXPECT_EQ(kernels().candidates(k, row) & reached, reached) << name_of(t.type) << " round " << round;
            }
        }
    }
}

}  // namespace
}  // namespace proveout
