// Fixtures and table against brute force and against answers known by hand.
#include "verify/obstacles.h"

#include <random>

#include "verify/gjk.h"
#include "verify/verify_test_helpers.h"

namespace proveout {

namespace {

Setup setup_of(Tool tool, std::vector<Fixture> fixtures) {
    Setup setup;
    setup.tools = {tool};
    setup.fixtures = std::move(fixtures);
    return setup;
}

std::vector<ContactSpan> spans_of(const Setup& setup, Vec3 from, Vec3 to, MotionKind kind = MotionKind::kRapid) {
    Toolbox toolbox = make_toolbox(setup.tools);
    Obstacles obstacles(setup, toolbox);
    Path path(from);
    std::vector<ContactSpan> spans;
    obstacles.check(path.next(kind, to), 0, spans);
    return spans;
}

std::vector<Triangle> mesh_box(Vec3 low, Vec3 size) {
    Vec3 p[8];
    for (int i = 0; i < 8; ++i) p[i] = low + Vec3{i & 1 ? size.x : 0, i & 2 ? size.y : 0, i & 4 ? size.z : 0};
    int quads[6][4] = {{0, 2, 3, 1}, {4, 5, 7, 6}, {0, 1, 5, 4}, {2, 6, 7, 3}, {0, 4, 6, 2}, {1, 3, 7, 5}};
    std::vector<Triangle> out;
    for (auto& q : quads) out.push_back({p[q[0]], p[q[1]], p[q[2]]}), out.push_back({p[q[0]], p[q[2]], p[q[3]]});
    return out;
}

// Greatest overlap along Z of a cylinder tool with a box, by dense sampling of the path.
double sampled_overlap(const ConvexBody& body, const Prism& prism, Vec3 a, Vec3 b) {
    double best = -1;
    for (int i = 0; i <= 20000; ++i) {
        Vec3 p = a + (i / 20000.0) * (b - a);
        double rho = footprint_distance(prism, p.x, p.y);
        if (rho > body.radius_mm) continue;
        best = std::max(best, std::min(p.z + upper_height(body, rho), prism.high) - std::max(p.z + lower_height(body, rho), prism.low));
    }
    return best;
}

}  // namespace

TEST(Obstacles, ThinClampIsHitByALongRapid) {
    auto setup = setup_of(flat(6, 20), {{"clamp", box(50, -1, 0, 0.01, 2, 10)}});
    auto spans = spans_of(setup, {0, 0, 5}, {100, 0, 5});
    ASSERT_EQ(spans.size(), 1u);
    EXPECT_EQ(spans[0].part, Part::kCutter);
}

TEST(Obstacles, DepthAndPlaceAreExact) {
    auto setup = setup_of(flat(6, 20), {{"clamp", box(50, -5, 0, 10, 10, 10)}});
    auto spans = spans_of(setup, {0, 0, 7}, {100, 0, 7});
    ASSERT_EQ(spans.size(), 1u);
    EXPECT_NEAR(spans[0].fraction_0, 0.47, 1e-4);
    EXPECT_NEAR(spans[0].fraction_1, 0.63, 1e-4);
    EXPECT_NEAR(spans[0].depth_mm, 3, 1e-9);
    EXPECT_NEAR(spans[0].point.x, 50, 1e-9);
}

TEST(Obstacles, ATouchIsNoContact) {
    auto setup = setup_of(flat(6, 20), {{"clamp", box(50, -5, 0, 10, 10, 10)}});
    EXPECT_TRUE(spans_of(setup, {0, 0, 10}, {100, 0, 10}).empty());
    EXPECT_TRUE(spans_of(setup, {0, 0, 9.999}, {100, 0, 9.999}).empty());
    EXPECT_FALSE(spans_of(setup, {0, 0, 9.99}, {100, 0, 9.99}).empty());
    EXPECT_TRUE(spans_of(setup, {0, 8, 5}, {100, 8, 5}).empty());           // the side just touches
    EXPECT_TRUE(spans_of(setup, {0, 7.999, 5}, {100, 7.999, 5}).empty());
    EXPECT_FALSE(spans_of(setup, {0, 7.99, 5}, {100, 7.99, 5}).empty());
}

TEST(Obstacles, HolderAloneHitsTheClamp) {
    auto setup = setup_of(flat(6, 20, 30, 40), {{"clamp", box(15, -5, 0, 10, 10, 40)}});
    auto spans = spans_of(setup, {0, -50, 5}, {0, 50, 5}, MotionKind::kFeed);
    ASSERT_EQ(spans.size(), 1u);
    EXPECT_EQ(spans[0].part, Part::kHolder);
    EXPECT_NEAR(spans[0].depth_mm, 5, 1e-9);
}

TEST(Obstacles, PrismAgreesWithSampling) {
    std::mt19937 random(7);
    std::uniform_real_distribution<double> place(-20, 20);
    Tool ball = flat(8, 20, 25, 20);
    ball.type = ToolType::kBall;
    ToolAssembly assembly = make_assembly(ball);
    int hits = 0;
    for (int i = 0; i < 300; ++i) {
        Solid solid = box(place(random), place(random), place(random), 1 + std::abs(place(random)), 1 + std::abs(place(random)), 4);
        if (i % 3 == 1) solid.shape = StockShape::kCylinder;
        Prism prism = prisms_of(solid).front();
        Vec3 a{place(random), place(random), place(random)}, b{place(random), place(random), place(random)};
        for (const ConvexBody& body : {assembly.cutter.front(), assembly.holder.front()}) {
            double truth = sampled_overlap(body, prism, a, b);
            auto passage = pass(body, prism, a, b);
            if (truth > 0.01) {
                ASSERT_TRUE(passage.has_value()) << i;
                EXPECT_NEAR(passage->depth_mm, truth, 0.01) << i;
                EXPECT_GE(passage->depth_mm, truth - 1e-9) << i;
                ++hits;
            } else if (truth < 0 && passage) {
                EXPECT_LT(passage->depth_mm, 0.01) << i;
            }
        }
    }
    EXPECT_GT(hits, 50);
}

TEST(Obstacles, MeshAgreesWithBox) {
    std::mt19937 random(11);
    std::uniform_real_distribution<double> place(-20, 20);
    Tool tool = flat(8, 20, 25, 20);
    tool.type = ToolType::kBall;
    int hits = 0, total = 0;
    for (int i = 0; i < 200; ++i) {
        Vec3 low{place(random), place(random), place(random)}, size{2 + std::abs(place(random)), 2 + std::abs(place(random)), 6};
        Fixture as_box{"f", box(low.x, low.y, low.z, size.x, size.y, size.z)}, as_mesh{"f", {}};
        as_mesh.solid.shape = StockShape::kMesh;
        as_mesh.solid.mesh = mesh_box(low, size);
        Vec3 a{place(random), place(random), place(random) - 10}, b{place(random), place(random), place(random) - 10};
        auto of_box = spans_of(setup_of(tool, {as_box}), a, b), of_mesh = spans_of(setup_of(tool, {as_mesh}), a, b);
        for (Part part : {Part::kCutter, Part::kShank, Part::kHolder}) {
            double depth[2] = {0, 0}, first[2] = {2, 2}, last[2] = {-1, -1};
            int k = 0;
            for (const auto* list : {&of_box, &of_mesh}) {
                for (const ContactSpan& span : *list)
                    if (span.part == part) {
                        depth[k] = std::max(depth[k], span.depth_mm);
                        first[k] = std::min(first[k], span.fraction_0), last[k] = std::max(last[k], span.fraction_1);
                    }
                ++k;
            }
            ++total;
            if (depth[0] < 0.02) continue;
            ++hits;
            EXPECT_NEAR(first[1], first[0], 1e-3) << i << name_of(part);
            EXPECT_NEAR(last[1], last[0], 1e-3) << i << name_of(part);
        }
    }
    EXPECT_GT(hits, 40);
    EXPECT_GT(total, hits);
}

TEST(Obstacles, InsideAMeshIsContact) {
    Fixture mesh{"f", {}};
    mesh.solid.shape = StockShape::kMesh;
    mesh.solid.mesh = mesh_box({0, 0, 0}, {100, 100, 100});
    auto spans = spans_of(setup_of(flat(6, 20, 25), {mesh}), {20, 50, 40}, {70, 50, 40});
    double covered = 0;
    for (const ContactSpan& span : spans)
        if (span.part == Part::kCutter) covered += span.fraction_1 - span.fraction_0;
    EXPECT_NEAR(covered, 1, 1e-6);
}

TEST(Obstacles, TheHoleOfATubeIsFree) {
    Solid ring;
    ring.shape = StockShape::kTube;
    ring.dims_mm = {60, 40, 10};
    auto setup = setup_of(flat(6, 20), {{"ring", ring}});
    EXPECT_TRUE(spans_of(setup, {0, 0, 50}, {0, 0, 1}).empty());
    EXPECT_TRUE(spans_of(setup, {0, 0, 1}, {16.99, 0, 1}).empty());
    auto spans = spans_of(setup, {0, 0, 1}, {18, 0, 1});
    ASSERT_FALSE(spans.empty());
    double first = 2;
    for (const ContactSpan& span : spans) first = std::min(first, span.fraction_0);
    EXPECT_NEAR(first * 18, 17, 0.004);
    // A full circle at 16.99 keeps clear, at 17.01 does not.
    for (double radius : {16.99, 17.01}) {
        Toolbox toolbox = make_toolbox(setup.tools);
        Obstacles obstacles(setup, toolbox);
        Path path({radius, 0, 1});
        path.arc(radius, 0, 1, 0, 0, 2 * kPi);
        std::vector<ContactSpan> found;
        obstacles.check(path.moves[0].motion, 0, found);
        EXPECT_EQ(found.empty(), radius < 17) << radius;
    }
}

TEST(Obstacles, TableIsHitBelowItsTop) {
    auto setup = setup_of(flat(6, 20, 30, 40), {});
    setup.machine.table_z_mm = -10;
    EXPECT_TRUE(spans_of(setup, {0, 0, 5}, {0, 0, -10}).empty());
    EXPECT_TRUE(spans_of(setup, {0, 0, 5}, {0, 0, -10.001}).empty());
    auto spans = spans_of(setup, {0, 0, 5}, {0, 0, -11});
    ASSERT_EQ(spans.size(), 1u);
    EXPECT_EQ(spans[0].code, "TABLE_COLLISION");
    EXPECT_NEAR(spans[0].depth_mm, 1, 1e-9);
    EXPECT_NEAR(spans[0].fraction_0, 15.002 / 16, 1e-6);
}

TEST(Obstacles, DoglegGoesRoundTheCorner) {
    auto setup = setup_of(flat(2, 20), {{"clamp", box(45, 15, 0, 10, 10, 10)}});
    EXPECT_FALSE(spans_of(setup, {0, 0, 5}, {100, 40, 5}).empty());   // straight: through the clamp
    setup.machine.rapid = RapidMode::kDogleg;
    EXPECT_TRUE(spans_of(setup, {0, 0, 5}, {100, 40, 5}).empty());    // 45 degrees to (40, 40), then along X
    setup.fixtures[0].solid.origin_mm = {15, 15, 0};
    EXPECT_FALSE(spans_of(setup, {0, 0, 5}, {100, 40, 5}).empty());
}

TEST(Obstacles, ClearanceFindsNearMisses) {
    auto setup = setup_of(flat(6, 20), {{"clamp", box(50, -5, 0, 10, 10, 10)}});
    setup.clearance_mm = 1;
    auto spans = spans_of(setup, {0, 0, 10.5}, {100, 0, 10.5});
    ASSERT_EQ(spans.size(), 1u);
    EXPECT_EQ(spans[0].code, "NEAR_MISS");
    EXPECT_TRUE(spans_of(setup, {0, 0, 11.5}, {100, 0, 11.5}).empty());
}

TEST(Gjk, SupportIsTheFarthestPointOfTheProfile) {
    Tool tool = flat(10, 20);
    tool.type = ToolType::kBull;
    tool.corner_radius_mm = 2;
    ConvexBody body = make_assembly(tool).cutter.front();
    std::mt19937 random(3);
    std::uniform_real_distribution<double> unit(-1, 1);
    for (int i = 0; i < 200; ++i) {
        Vec3 d{unit(random), unit(random), unit(random)};
        double best = -1e300;
        for (int k = 0; k <= 5000; ++k) {
            double rho = body.radius_mm * k / 5000, r = std::hypot(d.x, d.y);
            best = std::max({best, r * rho + d.z * lower_height(body, rho), r * rho + d.z * upper_height(body, rho)});
        }
        EXPECT_NEAR(dot(support_of(body, d), d), best, 1e-3);
        EXPECT_GE(dot(support_of(body, d), d), best - 1e-9);
    }
}

}  // namespace proveout
