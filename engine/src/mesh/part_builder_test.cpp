// The part's surface against analytic solids: closed, no duplicates, the exact volume within kVolumeShare, vertices on the surface, edges
// sharp; and against random programs, where only the laws are known.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <set>

#include "mesh/test_bodies.h"
#include "proveout/mesh.h"

namespace proveout {
namespace {

using namespace test;

constexpr int kCells = 200;              // along the longest side
constexpr double kVolumeShare = 0.0005;  // of the part's volume: 0.05 %
constexpr double kLimit_bytes = 2e9;

Sweep move(Vec3 from, Vec3 to, int assembly = 0) {
    Sweep sweep;
    sweep.from = from, sweep.to = to, sweep.assembly = assembly, sweep.colour = static_cast<uint8_t>(assembly + 1);
    return sweep;
}

Sweep arc_move(Vec3 centre, double radius, double start, double turn) {
    Sweep sweep = move(centre + Vec3{radius * std::cos(start), radius * std::sin(start), 0},
                       centre + Vec3{radius * std::cos(start + turn), radius * std::sin(start + turn), 0});
    sweep.arc = true, sweep.centre_x = centre.x, sweep.centre_y = centre.y, sweep.arc_radius = radius;
    sweep.start_rad = start, sweep.sweep_rad = turn;
    return sweep;
}

Solid box_stock() {
    Solid box;
    box.dims_mm = {60, 40, 10}, box.origin_mm = {-30, -20, -10};
    return box;
}
constexpr double kBoxVolume = 60 * 40 * 10;

Solid round_stock(double outer, double inner, double height) {
    Solid solid;
    solid.shape = inner > 0 ? StockShape::kTube : StockShape::kCylinder;
    solid.dims_mm = inner > 0 ? std::array<double, 3>{outer, inner, height} : std::array<double, 3>{outer, height, 0};
    solid.origin_mm = {3, 4, -height};
    return solid;
}

Mesh build(const Solid& stock, std::vector<ToolAssembly> tools, const std::vector<Sweep>& moves, double cell, int threads = 2,
           size_t max_triangles = 2'000'000) {
    auto builder = PartBuilder::create(stock, cell, kLimit_bytes);
    EXPECT_TRUE(builder.ok()) << builder.error().message;
    Context context;
    context.threads = threads;
    builder->cut(tools, moves, context);
    auto mesh = builder->build(max_triangles, context);
    EXPECT_TRUE(mesh.ok()) << mesh.error().message;
    return *mesh;
}

void expect_laws(const Mesh& mesh, const std::string& what = "") {
    std::string why;
    EXPECT_TRUE(is_closed(triangles_of(mesh), &why)) << what << why;
    EXPECT_EQ(mesh.colour.size(), mesh.triangles.size()) << what;
    std::set<std::array<uint32_t, 3>> seen;
    for (auto t : mesh.triangles) {
        std::sort(t.begin(), t.end());
        EXPECT_TRUE(seen.insert(t).second) << what << "duplicate triangle";
    }
    auto read_back = read_stl(to_stl(mesh));
    ASSERT_TRUE(read_back.ok()) << what << read_back.error().message;
    EXPECT_EQ(read_back->size(), mesh.triangles.size()) << what;
    EXPECT_TRUE(is_closed(*read_back, &why)) << what << why;
}

double volume(const Mesh& mesh) { return signed_volume_mm3(triangles_of(mesh)); }

double distance_to_triangle(const Triangle& t, Vec3 p) {
    Vec3 n = cross(t.b - t.a, t.c - t.a);
    double size = length(n), nearest = 1e300;
    bool over = size > 0;
    for (auto [from, to] : {std::pair{t.a, t.b}, {t.b, t.c}, {t.c, t.a}}) {
        Vec3 e = to - from;
        if (dot(cross(e, p - from), n) < 0) over = false;
        nearest = std::min(nearest, length(p - from - std::clamp(dot(p - from, e) / dot(e, e), 0.0, 1.0) * e));
    }
    return over ? std::abs(dot(p - t.a, n)) / size : nearest;
}

double distance_to_mesh(const std::vector<Triangle>& mesh, Vec3 p) {
    double nearest = 1e300;
    for (const Triangle& t : mesh) nearest = std::min(nearest, distance_to_triangle(t, p));
    return nearest;
}

// Greatest distance of the mesh from points of the straight edge a-b.
double edge_distance(const Mesh& mesh, Vec3 a, Vec3 b) {
    std::vector<Triangle> triangles = triangles_of(mesh);
    double greatest = 0;
    for (int i = 0; i <= 60; ++i) greatest = std::max(greatest, distance_to_mesh(triangles, a + (i / 60.0) * (b - a)));
    return greatest;
}

// Analytic surfaces: a vertex must lie on at least one of them (distance functions, mm).
using Surfaces = std::vector<std::function<double(Vec3)>>;

double vertex_distance(const Mesh& mesh, const Surfaces& surfaces) {
    double greatest = 0;
    for (const auto& v : mesh.vertices) {
        double nearest = 1e300;
        for (const auto& surface : surfaces) nearest = std::min(nearest, std::abs(surface({v[0], v[1], v[2]})));
        greatest = std::max(greatest, nearest);
    }
    return greatest;
}

Surfaces box_faces() {
    return {[](Vec3 p) { return p.x + 30; }, [](Vec3 p) { return p.x - 30; }, [](Vec3 p) { return p.y + 20; },
            [](Vec3 p) { return p.y - 20; }, [](Vec3 p) { return p.z + 10; }, [](Vec3 p) { return p.z; }};
}

TEST(Part, UncutBoxIsTwelveTriangles) {
    for (int cells : {7, 50, kCells}) {
        Mesh mesh = build(box_stock(), {}, {}, 60.0 / cells);
        expect_laws(mesh);
        EXPECT_EQ(mesh.triangles.size(), 12u);
        EXPECT_NEAR(volume(mesh), kBoxVolume, 1e-6 * kBoxVolume);
        EXPECT_LT(vertex_distance(mesh, box_faces()), 1e-5);
        EXPECT_LT(mesh.tolerance_mm, 0.02 * 60.0 / cells);
        EXPECT_EQ(*std::max_element(mesh.colour.begin(), mesh.colour.end()), 0);
    }
}

TEST(Part, RoundStock) {
    Mesh rod = build(round_stock(50, 0, 20), {}, {}, 50.0 / kCells);
    expect_laws(rod);
    EXPECT_NEAR(volume(rod), kPi * 625 * 20, kVolumeShare * kPi * 625 * 20);
    Surfaces faces{[](Vec3 p) { return std::hypot(p.x - 3, p.y - 4) - 25; }, [](Vec3 p) { return p.z; }, [](Vec3 p) { return p.z + 20; }};
    EXPECT_LT(vertex_distance(rod, faces), 0.02 * 50 / kCells);
    Mesh tube = build(round_stock(50, 30, 20), {}, {}, 50.0 / kCells);
    expect_laws(tube);
    EXPECT_NEAR(volume(tube), kPi * 400 * 20, kVolumeShare * kPi * 400 * 20);
    faces.push_back([](Vec3 p) { return std::hypot(p.x - 3, p.y - 4) - 15; });
    EXPECT_LT(vertex_distance(tube, faces), 0.02 * 50 / kCells);
}

TEST(Part, SlotHasSharpEdges) {
    double cell = 60.0 / kCells;
    Mesh mesh = build(box_stock(), {assembly_of(flat(3, 20))}, {move({-40, 1.3, -4}, {40, 1.3, -4})}, cell);
    expect_laws(mesh);
    EXPECT_NEAR(volume(mesh), kBoxVolume - 60 * 6 * 4, 1e-6 * kBoxVolume);
    Surfaces faces = box_faces();
    faces.push_back([](Vec3 p) { return std::abs(p.y - 1.3) - 3; });
    faces.push_back([](Vec3 p) { return p.z + 4; });
    EXPECT_LT(vertex_distance(mesh, faces), 1e-5);
    for (double y : {-1.7, 4.3})
        for (double z : {0.0, -4.0}) EXPECT_LT(edge_distance(mesh, {-30, y, z}, {30, y, z}), 1e-4);
    EXPECT_LT(mesh.triangles.size(), 60u);
    EXPECT_EQ(*std::max_element(mesh.colour.begin(), mesh.colour.end()), 1);
}

TEST(Part, SlotAtAnAngle) {
    double cell = 60.0 / kCells;
    Vec3 from{-20, -8, -4}, to{18, 9, -4};
    Mesh mesh = build(box_stock(), {assembly_of(flat(3, 20))}, {move(from, to)}, cell);
    expect_laws(mesh);
    double exact = kBoxVolume - 4 * (6 * length(to - from) + kPi * 9);
    EXPECT_NEAR(volume(mesh), exact, kVolumeShare * exact);
    Vec3 along = (1 / length(to - from)) * (to - from), across{-along.y, along.x, 0};
    for (double side : {-3.0, 3.0})
        for (double z : {0.0, 4.0})
            EXPECT_LT(edge_distance(mesh, from + side * across + Vec3{0, 0, z}, to + side * across + Vec3{0, 0, z}), 0.1 * cell);
}

TEST(Part, PocketFloorIsOnePlane) {
    // A pocket in overlapping passes, the floor cut many times: one flat, few triangles.
    std::vector<Sweep> moves;
    for (int i = 0; i <= 8; ++i) moves.push_back(move({-20, -10 + 2.5 * i, -6}, {20, -10 + 2.5 * i, -6}));
    moves.push_back(move({-20, -10, -6}, {-20, 10, -6}));
    moves.push_back(move({20, -10, -6}, {20, 10, -6}));
    double cell = 60.0 / kCells;
    Mesh mesh = build(box_stock(), {assembly_of(flat(2, 20))}, moves, cell);
    expect_laws(mesh);
    double exact = kBoxVolume - 6 * (44 * 24 - (4 - kPi) * 4);
    EXPECT_NEAR(volume(mesh), exact, kVolumeShare * exact);
    EXPECT_LT(mesh.triangles.size(), 1500u);
    EXPECT_LT(edge_distance(mesh, {-20, -12, -6}, {20, -12, -6}), 1e-4);
}

TEST(Part, BallGroove) {
    double cell = 60.0 / kCells;
    Mesh mesh = build(box_stock(), {assembly_of(ball(3, 20))}, {move({-40, 1.3, -4}, {40, 1.3, -4})}, cell);
    expect_laws(mesh);
    double exact = kBoxVolume - 60 * (kPi * 9 / 2 + 6);
    EXPECT_NEAR(volume(mesh), exact, kVolumeShare * exact);
    Surfaces faces = box_faces();
    faces.push_back([](Vec3 p) { return std::hypot(p.y - 1.3, p.z + 1) - 3; });
    faces.push_back([](Vec3 p) { return std::abs(p.y - 1.3) - 3; });
    EXPECT_LT(vertex_distance(mesh, faces), 0.03 * cell);
}

TEST(Part, DrilledHoles) {
    double tip = 4 / std::tan(59 * kPi / 180), cell = 60.0 / kCells;
    Mesh blind = build(box_stock(), {assembly_of(cone(0, 4, tip, 30))}, {move({3.3, 2.1, 5}, {3.3, 2.1, -8})}, cell);
    expect_laws(blind);
    double exact = kBoxVolume - (kPi * 16 * (8 - tip) + kPi * 16 / 3 * tip);
    EXPECT_NEAR(volume(blind), exact, kVolumeShare * exact);
    Surfaces faces = box_faces();
    faces.push_back([](Vec3 p) { return std::hypot(p.x - 3.3, p.y - 2.1) - 4; });
    faces.push_back(
        [](Vec3 p) { return (p.z + 8) * std::sin(59 * kPi / 180) - std::hypot(p.x - 3.3, p.y - 2.1) * std::cos(59 * kPi / 180); });
    EXPECT_LT(vertex_distance(blind, faces), 0.1 * cell);
    // The hole's tip is a point of the mesh.
    EXPECT_LT(distance_to_mesh(triangles_of(blind), {3.3, 2.1, -8}), 0.1 * cell);
    Mesh through = build(box_stock(), {assembly_of(flat(5, 30))}, {move({3.3, 2.1, 5}, {3.3, 2.1, -12})}, cell);
    expect_laws(through);
    EXPECT_NEAR(volume(through), kBoxVolume - kPi * 250, kVolumeShare * kBoxVolume);
}

TEST(Part, TSlotUndercut) {
    double cell = 60.0 / kCells;
    Mesh mesh = build(box_stock(), {assembly_of(flat(3, 20)), assembly_of(flat(6, 2))},
                      {move({-40, 0.7, -7.3}, {40, 0.7, -7.3}), move({-40, 0.7, -7.3}, {40, 0.7, -7.3}, 1)}, cell);
    expect_laws(mesh);
    EXPECT_NEAR(volume(mesh), kBoxVolume - 60 * (6 * 7.3 + 6 * 2), 1e-6 * kBoxVolume);
    for (double y : {-5.3, 6.7}) EXPECT_LT(edge_distance(mesh, {-30, y, -5.3}, {30, y, -5.3}), 1e-4);
    std::set<int> colours(mesh.colour.begin(), mesh.colour.end());
    EXPECT_EQ(colours, (std::set<int>{0, 1, 2}));
}

TEST(Part, DovetailUndercutFollowsTheSlope) {
    double cell = 60.0 / kCells;
    // 5 at the floor, 3 three millimetres higher; a slot of width 6 above it.
    Mesh mesh = build(box_stock(), {assembly_of(flat(3, 20)), assembly_of(dovetail(5, 3, 3))},
                      {move({-40, 0.7, -7.3}, {40, 0.7, -7.3}), move({-40, 0.7, -7.3}, {40, 0.7, -7.3}, 1)}, cell);
    expect_laws(mesh);
    EXPECT_NEAR(volume(mesh), kBoxVolume - 60 * (6 * 7.3 + 2 * 0.5 * 2 * 3), kVolumeShare * kBoxVolume);
    EXPECT_LT(edge_distance(mesh, {-30, 5.7, -7.3}, {30, 5.7, -7.3}), 0.1 * cell);
}

TEST(Part, RampFloorIsSloped) {
    // Leading edge of a flat cutter down a slope of 1:10. At distance d from the middle the floor is reached by the rim ahead.
    double cell = 60.0 / kCells, removed = 0;
    constexpr int kStrips = 4000;
    for (int i = 0; i < kStrips; ++i) {
        double d = -3 + 6 * (i + 0.5) / kStrips, ahead = std::sqrt(9 - d * d);
        removed += 0.5 * (0.1 * ahead + 0.1 * (60 + ahead)) * 60 * 6 / kStrips;
    }
    Mesh mesh = build(box_stock(), {assembly_of(flat(3, 20))}, {move({-60, 0.7, 3}, {60, 0.7, -9})}, cell);
    expect_laws(mesh);
    EXPECT_NEAR(volume(mesh), kBoxVolume - removed, kVolumeShare * (kBoxVolume - removed));
}

TEST(Part, RingsByArcs) {
    double cell = 60.0 / kCells;
    Mesh ring = build(box_stock(), {assembly_of(flat(2, 20))}, {arc_move({1.1, 0.7, -5}, 9, 0.3, 2 * kPi)}, cell);
    expect_laws(ring);
    EXPECT_NEAR(volume(ring), kBoxVolume - 5 * kPi * (121 - 49), kVolumeShare * kBoxVolume);
    Mesh torus = build(box_stock(), {assembly_of(ball(2, 20))}, {arc_move({1.1, 0.7, -5}, 9, 0.3, 2 * kPi)}, cell);
    expect_laws(torus);
    EXPECT_NEAR(volume(torus), kBoxVolume - 2 * kPi * 9 * (2 * kPi + 12), kVolumeShare * kBoxVolume);
    Mesh part = build(box_stock(), {assembly_of(flat(2, 20))}, {arc_move({1.1, 0.7, -5}, 9, 0.3, -2)}, cell);
    expect_laws(part);
    EXPECT_NEAR(volume(part), kBoxVolume - 5 * (2 * 9 * 4 + 4 * kPi), kVolumeShare * kBoxVolume);
}

Solid turned_box(double angle) {
    auto corner = [&](int i) {
        Vec3 v{i & 1 ? 20.0 : -20.0, i & 2 ? 10.0 : -10.0, i & 4 ? 5.0 : -5.0};
        Vec3 w{v.x * std::cos(angle) - v.y * std::sin(angle), v.x * std::sin(angle) + v.y * std::cos(angle), v.z};
        double tilt = 0.6 * angle;
        return Vec3{w.x * std::cos(tilt) - w.z * std::sin(tilt), w.y, w.x * std::sin(tilt) + w.z * std::cos(tilt)};
    };
    Solid solid;
    solid.shape = StockShape::kMesh;
    const int quads[6][4] = {{0, 2, 3, 1}, {4, 5, 7, 6}, {0, 1, 5, 4}, {2, 6, 7, 3}, {0, 4, 6, 2}, {1, 3, 7, 5}};
    for (auto& q : quads) {
        solid.mesh.push_back({corner(q[0]), corner(q[1]), corner(q[2])});
        solid.mesh.push_back({corner(q[0]), corner(q[2]), corner(q[3])});
    }
    return solid;
}

TEST(Part, MeshStockInAnyAttitude) {
    double cell = 0.4;
    for (double angle : {0.0, 0.1, 0.3, 0.5, kPi / 4, 1.2}) {
        Solid stock = turned_box(angle);
        Mesh mesh = build(stock, {}, {}, cell);
        expect_laws(mesh, "angle " + std::to_string(angle));
        EXPECT_NEAR(volume(mesh), 8000, kVolumeShare * 8000) << angle;
        // Worst place of all edges: a corner in a cell whose lattice edges miss one of its planes.
        double greatest = 0, sum = 0;
        int count = 0;
        std::vector<Triangle> triangles = triangles_of(mesh);
        for (const Triangle& t : stock.mesh)
            for (int i = 0; i <= 20; ++i) {
                double d = distance_to_mesh(triangles, t.a + (i / 20.0) * (t.b - t.a));
                greatest = std::max(greatest, d), sum += d, ++count;
            }
        EXPECT_LT(greatest, 0.25 * cell) << angle;
        EXPECT_LT(sum / count, 0.005 * cell) << angle;
        EXPECT_LE(greatest, mesh.tolerance_mm + 0.25 * cell) << angle;
    }
}

TEST(Part, MeshStockIsCutLikeItsBox) {
    Mesh as_mesh = build(turned_box(0), {assembly_of(flat(3, 20))}, {move({-40, 1.3, 1}, {40, 1.3, 1})}, 0.4);
    expect_laws(as_mesh);
    EXPECT_NEAR(volume(as_mesh), 8000 - 40 * 6 * 4, 0.01);
    Mesh again = build(
        [&] {
            Solid solid;
            solid.shape = StockShape::kMesh;
            solid.mesh = triangles_of(as_mesh);  // what was written is stock for the next set-up
            return solid;
        }(),
        {}, {}, 0.37);
    expect_laws(again);
    EXPECT_NEAR(volume(again), 8000 - 40 * 6 * 4, 0.05);
}

TEST(Part, PiecesAndNothing) {
    // Cut in four: four closed shells in one file.
    Mesh four =
        build(box_stock(), {assembly_of(flat(3, 20))}, {move({-40, 3.3, -12}, {40, 3.3, -12}), move({1, -30, -12}, {1, 30, -12})}, 0.3);
    expect_laws(four);
    EXPECT_NEAR(volume(four), 10 * (54 * 34), 1e-5 * kBoxVolume);
    // All cut away: an empty mesh and valid files, no error.
    Mesh nothing = build(box_stock(), {assembly_of(flat(80, 30))}, {move({0, 0, 5}, {0, 0, -12})}, 0.5);
    EXPECT_TRUE(nothing.triangles.empty());
    EXPECT_EQ(to_stl(nothing).size(), 84u);
}

std::vector<Sweep> random_moves(std::mt19937& random, int count, bool round_numbers) {
    std::uniform_real_distribution<double> unit(-1, 1);
    auto number = [&](double size) {
        double value = size * unit(random);
        return round_numbers ? std::round(2 * value) / 2 : value;
    };
    std::vector<Sweep> moves;
    for (int i = 0; i < count; ++i) {
        Vec3 from{number(10), number(8), number(5) - 2}, to{number(10), number(8), number(5) - 2};
        int kind = static_cast<int>(random() % 5);
        if (kind == 0) to.z = from.z;
        if (kind == 1) to.x = from.x, to.y = from.y;
        Sweep sweep = move(from, to);
        if (kind == 2) sweep = arc_move(from, 1 + 4 * (unit(random) + 1), 4 * unit(random), 7 * unit(random));
        sweep.assembly = static_cast<int>(random() % 7);
        sweep.colour = static_cast<uint8_t>(1 + random() % 3);
        moves.push_back(sweep);
    }
    return moves;
}

std::vector<ToolAssembly> all_kinds(double size) {
    return {assembly_of(flat(size, 9)), assembly_of(ball(size, 9)),  assembly_of(bull(1.5, .4, 9)),     assembly_of(cone(0, 2, 3, 6)),
            assembly_of(lollipop(1.2)), assembly_of(flat(2.2, 0.6)), assembly_of(dovetail(2.5, 1, 1.5))};
}

TEST(Part, RandomProgramsAlwaysGiveClosedMeshes) {
    for (unsigned seed = 0; seed < 60; ++seed) {
        std::mt19937 random(seed);
        std::uniform_real_distribution<double> unit(0, 1);
        // Far from the origin floats are coarse: 1000 mm away, 0.00006 mm.
        double away = seed % 5 == 4 ? 1000 : 0;
        Solid stock = seed % 3 == 1 ? round_stock(16, 0, 8) : seed % 3 == 2 ? round_stock(16, 7, 8) : box_stock();
        if (stock.shape == StockShape::kBox) stock.dims_mm = {20, 16, 8}, stock.origin_mm = {-10, -8, -6};
        stock.origin_mm = stock.origin_mm + Vec3{away, 0, 0};
        double cell = 0.35 + unit(random);
        std::vector<Sweep> moves = random_moves(random, 1 + static_cast<int>(random() % 30), seed % 2 == 0);
        for (Sweep& m : moves) m.from.x += away, m.to.x += away, m.centre_x += away;
        Mesh mesh = build(stock, all_kinds(0.3 + 2 * unit(random)), moves, cell);
        if (mesh.triangles.empty()) continue;
        expect_laws(mesh, "seed " + std::to_string(seed) + " ");
        EXPECT_GT(volume(mesh), 0) << seed;
    }
}

TEST(Part, SameBytesForAnyThreads) {
    std::mt19937 random(3);
    std::vector<Sweep> moves = random_moves(random, 60, false);
    Solid stock = box_stock();
    std::string first = to_stl(build(stock, all_kinds(1.7), moves, 0.3, 1));
    EXPECT_GT(first.size(), 1000u);
    for (int threads : {2, 4}) EXPECT_TRUE(first == to_stl(build(stock, all_kinds(1.7), moves, 0.3, threads))) << threads;
    // And for any division of the moves into calls.
    auto builder = PartBuilder::create(stock, 0.3, kLimit_bytes);
    for (const Sweep& m : moves) builder->cut(all_kinds(1.7), {&m, 1}, {});
    EXPECT_TRUE(first == to_stl(*builder->build(2'000'000, {})));
}

TEST(Part, TriangleLimitHolds) {
    std::vector<Sweep> moves;
    for (int i = 0; i < 40; ++i) moves.push_back(move({-30, i - 20.0, -2 + std::sin(0.3 * i)}, {30, i - 20.0, -3 + std::cos(0.4 * i)}));
    Mesh fine = build(box_stock(), {assembly_of(ball(2, 20))}, moves, 0.4);
    ASSERT_GT(fine.triangles.size(), 8000u);
    Mesh coarse = build(box_stock(), {assembly_of(ball(2, 20))}, moves, 0.4, 1, 4000);
    expect_laws(coarse);
    EXPECT_LE(coarse.triangles.size(), 4000u);
    EXPECT_GT(coarse.tolerance_mm, fine.tolerance_mm);
    EXPECT_NEAR(volume(coarse), volume(fine), 0.01 * volume(fine));
}

TEST(Part, RefusesWhatCannotBeBuilt) {
    Solid flat_stock = box_stock();
    flat_stock.dims_mm[2] = 0;
    auto none = PartBuilder::create(flat_stock, 0.3, kLimit_bytes);
    ASSERT_FALSE(none.ok());
    EXPECT_EQ(none.error().code, ErrorCode::kInvalidInput);
    Solid huge = box_stock();
    huge.dims_mm = {10000, 10000, 10000};
    auto too_large = PartBuilder::create(huge, 0.001, kLimit_bytes);
    ASSERT_FALSE(too_large.ok());
    EXPECT_EQ(too_large.error().code, ErrorCode::kTooLarge);
    EXPECT_NE(too_large.error().message.find("mm fits"), std::string::npos);
    std::atomic<int> stop{static_cast<int>(StopReason::kCancelled)};
    Context context;
    context.stop = &stop;
    auto stopped = PartBuilder::create(box_stock(), 0.5, kLimit_bytes)->build(1000, context);
    ASSERT_FALSE(stopped.ok());
    EXPECT_EQ(stopped.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace proveout
