#include <gtest/gtest.h>

#include "render/hand_made.h"
#include "render/height_field.h"
#include "render/shade.h"

namespace proveout {
namespace {

constexpr double kSizeX = 60, kSizeY = 40, kSizeZ = 16, kCell = 0.15;

uint64_t hash_of(const Frame& frame) {
    uint64_t hash = 14695981039346656037ull;
    for (const std::vector<uint8_t>* plane : {&frame.y, &frame.u, &frame.v})
        for (uint8_t byte : *plane) hash = (hash ^ byte) * 1099511628211ull;
    return hash;
}

struct Stage {
    DexelGrid grid = hand_made_grid(kSizeX, kSizeY, kSizeZ, kCell);
    std::vector<ToolAssembly> tools{hand_made_tool(6, 20, 35, false), hand_made_tool(6, 16, 30, true)};
    std::vector<Fixture> fixtures;
    Box3 bounds{{-8, -4, -2}, {kSizeX + 8, kSizeY + 4, kSizeZ}};
    SceneOptions options{640, 360, "part.nc"};
    Stage() {
        Fixture jaw, pin;
        jaw.solid = {StockShape::kBox, {7, kSizeY, 12}, {-7.5, 0, -2}, {}};
        pin.solid = {StockShape::kTube, {9, 4, 14}, {kSizeX / 2, -6, -2}, {}};
        fixtures = {jaw, pin};
    }
    Renderer renderer() const { return Renderer(grid, tools, fixtures, bounds, options); }
};

SceneState busy_state() {
    SceneState state;
    state.assembly = 1, state.tip_mm = {40, 20, 10}, state.time_s = 75.25, state.line = 42, state.tool = 2, state.tool_name = "D6 ball";
    for (int i = 0; i < 50; ++i) state.trace.push_back({20.0 + 0.4 * i, 20.0 + 5 * std::sin(0.3 * i), 12});
    state.collisions = {{10, 10, kSizeZ}};
    state.caption = "HOLDER_COLLISION line 42";
    return state;
}

struct Colour {
    int y, u, v;
};
Colour colour_at(const Frame& frame, Vec3 point, const Box3& bounds) {
    ScreenPoint p = project(make_camera(bounds, frame.width, frame.height), point);
    int x = static_cast<int>(p.x), y = static_cast<int>(p.y);
    return {frame.y[static_cast<size_t>(y) * frame.width + x], frame.u[static_cast<size_t>(y / 2) * (frame.width / 2) + x / 2],
            frame.v[static_cast<size_t>(y / 2) * (frame.width / 2) + x / 2]};
}

TEST(Render, SameBytesForAnyNumberOfThreads) {
    Stage stage;
    carve_sample_part(stage.grid);
    uint64_t hashes[3];
    int k = 0;
    for (int threads : {1, 2, 4}) {
        Renderer renderer = stage.renderer();
        Context context;
        context.threads = threads;
        Frame frame;
        renderer.draw(busy_state(), {}, frame, context);
        hashes[k++] = hash_of(frame);
    }
    EXPECT_EQ(hashes[0], hashes[1]);
    EXPECT_EQ(hashes[0], hashes[2]);
}

// Cutting step by step and drawing what changed gives, to the bit, what drawing everything anew gives.
TEST(Render, DrawingOnlyWhatChangedIsDrawingEverything) {
    Stage stage;
    Renderer incremental = stage.renderer();
    Frame frame, anew;
    Context context;
    incremental.draw({}, {}, frame, context);
    for (int step = 0; step < 12; ++step) {
        double x = 8 + 4.0 * step, y = 12 + (step % 4) * 5, radius = 1.5 + step % 3;
        double depth = step % 5 == 4 ? -1 : 12 - step;  // some go through
        bool ball = step % 2;
        carve(stage.grid, 1 + step % 8, [&](double px, double py) {
            double r = std::hypot(px - x, py - y);
            if (r >= radius) return 1e9;
            return ball ? depth + radius - std::sqrt(radius * radius - r * r) : depth;
        });
        Box3 changed{{x - radius, y - radius, 0}, {x + radius, y + radius, kSizeZ}};
        SceneState state = busy_state();
        state.tip_mm = {x, y, depth};
        incremental.draw(state, changed, frame, context);
        stage.renderer().draw(state, {}, anew, context);
        ASSERT_EQ(frame.y, anew.y) << "step " << step;
        ASSERT_EQ(frame.u, anew.u) << "step " << step;
        ASSERT_EQ(frame.v, anew.v) << "step " << step;
    }
}

// The same for rays with several intervals: a slot cut from the side.
TEST(Render, UndercutsAreSeenAndKeptUpToDate) {
    Stage stage;
    Renderer incremental = stage.renderer();
    Frame before, after, anew;
    Context context;
    incremental.draw({}, {}, before, context);
    for (int v = 0; v < 30; ++v)
        for (int u = 0; u < stage.grid.count_u; ++u) {
            DexelTile& tile = stage.grid.tile_of(u, v);
            if (tile.bottom.empty()) tile.bottom.assign(kTile * kTile, 0.0f);
            tile.bottom[DexelGrid::local(u, v)] = 10;
            tile.more[DexelGrid::local(u, v)] = {{0, 4}};
        }
    incremental.draw({}, Box3{{0, 0, 0}, {kSizeX, 5, kSizeZ}}, after, context);
    stage.renderer().draw({}, {}, anew, context);
    EXPECT_NE(before.y, after.y);
    EXPECT_EQ(after.y, anew.y);
    // The front face's middle is now in the slot: darker than the face was.
    Vec3 middle{kSizeX * 0.8, 0, 8};
    EXPECT_NE(colour_at(before, middle, stage.bounds).y, colour_at(after, middle, stage.bounds).y);
    // Its lip above the slot is unchanged.
    Vec3 lip{kSizeX * 0.8, 0, 12.5};
    EXPECT_EQ(colour_at(before, lip, stage.bounds).y, colour_at(after, lip, stage.bounds).y);
}

TEST(Render, KnownPixels) {
    Stage stage;
    Frame frame;
    stage.renderer().draw({}, {}, frame, {});
    // Background: light and nearly grey, inside the limited range.
    EXPECT_GT(frame.y[frame.y.size() - 1], 150);
    for (uint8_t y : frame.y) ASSERT_TRUE(y >= 16 && y <= 235);
    // Uncut stock: what the shading of a level face gives, to within its coding.
    Camera camera = make_camera(stage.bounds, frame.width, frame.height);
    uint32_t top = encode(shade(make_studio(camera), stock_material(0), {0, 0, 1}, 1));
    Colour seen = colour_at(frame, {kSizeX / 2, kSizeY / 2, kSizeZ}, stage.bounds);
    EXPECT_NEAR(seen.y, luma_of(top), 1);
    EXPECT_NEAR(seen.u, 128, 6);
    EXPECT_NEAR(seen.v, 128, 6);
    // A face cut by tool 1 is blue, by tool 2 amber.
    carve(stage.grid, 1, [](double x, double) { return x < 30 ? 12.0 : 1e9; });
    carve(stage.grid, 2, [](double x, double) { return x > 40 ? 12.0 : 1e9; });
    stage.renderer().draw({}, {}, frame, {});
    Colour blue = colour_at(frame, {15, 20, 12}, stage.bounds), amber = colour_at(frame, {52, 20, 12}, stage.bounds);
    EXPECT_GT(blue.u, 140);
    EXPECT_LT(blue.v, 120);
    EXPECT_LT(amber.u, 110);
    EXPECT_GT(amber.v, 140);
}

TEST(Render, ToolIsHiddenByTheStockBeforeIt) {
    Stage stage;
    SceneState state;
    state.assembly = 0;
    state.tip_mm = {30, kSizeY + 4.5, 2};  // behind the stock: its tip is hidden, its holder is not
    Frame with, without;
    stage.renderer().draw(state, {}, with, {});
    stage.renderer().draw({}, {}, without, {});
    Vec3 hidden{30, kSizeY - 1, kSizeZ};
    EXPECT_EQ(colour_at(with, hidden, stage.bounds).y, colour_at(without, hidden, stage.bounds).y);
    Vec3 holder{30, kSizeY + 4.5, 2 + 45};
    EXPECT_NE(colour_at(with, holder, stage.bounds).y, colour_at(without, holder, stage.bounds).y);
}

TEST(Render, CollisionMarkersAreRed) {
    Stage stage;
    SceneState state;
    state.collisions = {{45, 10, kSizeZ}};
    Frame frame;
    stage.renderer().draw(state, {}, frame, {});
    Colour c = colour_at(frame, state.collisions[0], stage.bounds);
    EXPECT_GT(c.v, 190);
    EXPECT_LT(c.u, 120);
}

TEST(Render, CodingOfColoursIsBt709) {
    EXPECT_EQ(luma_of(0xffffff), 235);
    EXPECT_EQ(luma_of(0x000000), 16);
    EXPECT_EQ(luma_of(0xff0000), 63);  // BT.601 would give 81
    uint8_t u, v;
    chroma_of(4 * 255, 0, 0, u, v);
    EXPECT_EQ(v, 240);
    EXPECT_EQ(u, 102);
    chroma_of(4 * 90, 4 * 90, 4 * 90, u, v);
    EXPECT_EQ(u, 128);
    EXPECT_EQ(v, 128);
    EXPECT_EQ(blend(0x102030, 0xffffff, 0), 0x102030u);
    EXPECT_EQ(blend(0x102030, 0xff8040, 256), 0xff8040u);
}

// A ray meets the first column whose height it falls below; checked against walking in small steps.
TEST(Render, RaysMeetWhatSmallStepsMeet) {
    Stage stage;
    carve_sample_part(stage.grid);
    Camera camera = make_camera(stage.bounds, 640, 360);
    HeightField field = make_height_field(stage.grid, camera);
    std::vector<ChangedPatch> patches;
    update(field, stage.bounds, patches);
    int hits = 0;
    for (int k = 0; k < 800; ++k) {
        double a = std::fmod(k * 0.754877666, 1.0), b = std::fmod(k * 0.569840291, 1.0);
        Vec3 start = Vec3{a * kSizeX, b * kSizeY, 8} - 60 * camera.forward;
        RayHit hit = cast(field, static_cast<float>(start.x / stage.grid.cell_u), static_cast<float>(start.y / stage.grid.cell_v),
                          static_cast<float>(start.z));
        double found = -1;
        for (double t = 0; t < 120; t += 0.004) {
            Vec3 p = start + t * camera.forward;
            int u = static_cast<int>(std::floor(p.x / stage.grid.cell_u)), v = static_cast<int>(std::floor(p.y / stage.grid.cell_v));
            if (u < 0 || v < 0 || u >= stage.grid.count_u || v >= stage.grid.count_v || p.z < 0) continue;
            if (stage.grid.top(u, v) <= 0 || p.z > stage.grid.top(u, v)) continue;
            found = t;
            break;
        }
        if (found < 0) {
            // Small steps may miss a sliver that the ray only grazes.
            continue;
        }
        ++hits;
        ASSERT_GE(hit.axis, 0);
        EXPECT_LE(hit.t, found + 1e-3);
        EXPECT_GT(hit.t, found - 0.05);
    }
    EXPECT_GT(hits, 500);
}

TEST(Render, WallNormalsDoNotShowTheGrid) {
    DexelGrid grid = hand_made_grid(40, 40, 10, 0.1);
    // A straight wall at 25 degrees to the grid, and a round boss.
    double angle = 25 * kPi / 180;
    carve(grid, 1, [&](double x, double y) { return (x - 20) * std::sin(angle) - (y - 20) * std::cos(angle) > 0 ? 2.0 : 1e9; });
    Camera camera = make_camera({{0, 0, 0}, {40, 40, 10}}, 640, 360);
    HeightField field = make_height_field(grid, camera);
    std::vector<ChangedPatch> patches;
    update(field, {{0, 0, 0}, {40, 40, 10}}, patches);
    int walls = 0;
    for (int k = -60; k <= 60; ++k) {
        Vec3 foot{20 + 0.1234 * k * std::cos(angle), 20 + 0.1234 * k * std::sin(angle), 6};
        Vec3 start = foot - 30 * camera.forward;
        RayHit hit = cast(field, static_cast<float>(start.x / 0.1), static_cast<float>(start.y / 0.1), static_cast<float>(start.z));
        if (hit.axis == 2 || hit.axis < 0) continue;
        ++walls;
        Surface surface = surface_at(field, hit);
        double off = std::acos(std::clamp(surface.normal.x * std::sin(angle) - surface.normal.y * std::cos(angle), -1.0, 1.0));
        EXPECT_LT(off * 180 / kPi, 5);
        EXPECT_EQ(surface.slot, 1);
    }
    EXPECT_GT(walls, 60);
}

}  // namespace
}  // namespace proveout
