// Laws of the swept volume: on every ray it contains what the body covers at every moment, and nothing beyond the greatest of these; the
// normals tell how the ends move from ray to ray.
#include "mesh/ray_body.h"

#include <gtest/gtest.h>

#include <random>

#include "mesh/test_bodies.h"

namespace proveout {
namespace {

using namespace test;

constexpr double kEverywhere = 1e9;  // material as high as that: no stretch is left out

struct Case {
    const char* name;
    ConvexBody body;
};

std::vector<Case> bodies() {
    return {{"flat", flat(3, 12)},           {"ball", ball(3, 12)},
            {"bull", bull(3, 1, 12)},        {"vbit", cone(0, 3, 4, 9)},
            {"chamfer", cone(1, 4, 3, 3.5)}, {"lollipop", lollipop(2.5)},
            {"dovetail", dovetail(4, 2, 3)}, {"bull nearly ball", bull(3, 2.9, 12)}};
}

// What the body at `tip` covers of a Z ray (X ray), from the profile alone.
bool covered_z(const ConvexBody& body, Vec3 tip, double x, double y, double& low, double& high) {
    double rho = std::hypot(x - tip.x, y - tip.y);
    for (bool lower : {true, false}) {
        bool found = false;
        for (const ProfilePiece& p : lower ? body.lower : body.upper) {
            if (rho < p.rho_0 || rho > p.rho_1) continue;
            double h = p.rho_1 > p.rho_0 ? p.height_0 + (rho - p.rho_0) / (p.rho_1 - p.rho_0) * (p.height_1 - p.height_0) : p.height_0;
            if (p.arc)
                h = p.centre_height +
                    (lower ? -1 : 1) * std::sqrt(std::max(0.0, p.arc_radius * p.arc_radius - std::pow(rho - p.centre_rho, 2)));
            (lower ? low : high) = tip.z + h;
            found = true;
            break;
        }
        if (!found) return false;
    }
    return low < high;
}

bool covered_x(const ConvexBody& body, Vec3 tip, double y, double z, double& low, double& high) {
    // Largest rho whose column contains the height, by bisection on the two envelopes.
    double height = z - tip.z;
    auto contains = [&](double rho) {
        double a, b;
        return covered_z(body, {}, rho, 0, a, b) && a <= height && height <= b;
    };
    double near = 0;
    if (!contains(0)) return false;  // convex and of revolution: every section contains the axis
    double far = body.radius_mm;
    if (contains(far)) near = far;
    for (int i = 0; i < 60; ++i) (contains(0.5 * (near + far)) ? near : far) = 0.5 * (near + far);
    double c2 = near * near - (y - tip.y) * (y - tip.y);
    if (c2 <= 0) return false;
    low = tip.x - std::sqrt(c2), high = tip.x + std::sqrt(c2);
    return true;
}

class Straight : public testing::TestWithParam<int> {};

TEST_P(Straight, EndsAreTheExtremesOverTheMove) {
    Case c = bodies()[GetParam()];
    BodyChain chain = make_chain(c.body);
    std::mt19937 random(GetParam());
    std::uniform_real_distribution<double> unit(-1, 1);
    int met = 0;
    for (int trial = 0; trial < 150; ++trial) {
        RayMove move{{unit(random), unit(random), unit(random)}, {6 * unit(random), 6 * unit(random), 5 * unit(random)}};
        if (trial % 5 == 1) move.by.z = 0;
        if (trial % 5 == 2) move.by.x = move.by.y = 0;
        if (trial % 5 == 3) move.by.x = 0;
        if (trial % 5 == 4) move.by.z *= 0.01;
        bool along_z = trial & 1;
        Vec3 at = move.from + 0.5 * (1 + unit(random)) * move.by + Vec3{3.2 * unit(random), 3.2 * unit(random), 5 + 6 * unit(random)};
        double low = 1e9, high = -1e9;
        constexpr int kSteps = 2000;
        for (int i = 0; i <= kSteps; ++i) {
            Vec3 tip = move.from + (i / double(kSteps)) * move.by;
            double a, b;
            if (along_z ? covered_z(c.body, tip, at.x, at.y, a, b) : covered_x(c.body, tip, at.y, at.z, a, b))
                low = std::min(low, a), high = std::max(high, b);
        }
        Stretch out[kMaxStretches];
        int count = along_z ? meet_z_ray(chain, move, at.x, at.y, kEverywhere, out[0]) : meet_x_ray(chain, move, at.y, at.z, out);
        std::string what = std::string(c.name) + (along_z ? " z" : " x") + " trial " + std::to_string(trial);
        if (low >= high) {
            // A sampled sweep may miss a grazing ray, but not more than that.
            if (count && !along_z) {
                EXPECT_LT(out[0].high - out[0].low, 1.0) << what;
            }
            continue;
        }
        ASSERT_EQ(count, 1) << what;
        ++met;
        EXPECT_LE(out[0].low, low + 1e-9) << what;
        EXPECT_GE(out[0].high, high - 1e-9) << what;
        // Samples are at most 5e-4 of 10 mm apart; at a rim the extreme itself may fall between two samples.
        EXPECT_NEAR(out[0].low, low, 0.12) << what;
        EXPECT_NEAR(out[0].high, high, 0.12) << what;
        for (const Vec3& n : {out[0].low_normal, out[0].high_normal}) EXPECT_NEAR(length(n), 1, 1e-9) << what;
    }
    EXPECT_GT(met, 50);
}

// Moving the ray sideways by e moves its end by -e * (n_side / n_along).
TEST_P(Straight, NormalsAreThoseOfTheSweptSurface) {
    Case c = bodies()[GetParam()];
    BodyChain chain = make_chain(c.body);
    std::mt19937 random(99 + GetParam());
    std::uniform_real_distribution<double> unit(-1, 1);
    int checked = 0;
    for (int trial = 0; trial < 600; ++trial) {
        RayMove move{{unit(random), unit(random), unit(random)}, {6 * unit(random), 6 * unit(random), trial % 3 ? 4 * unit(random) : 0}};
        bool along_z = trial & 1;
        Vec3 at = move.from + 0.5 * (1 + unit(random)) * move.by + Vec3{2.5 * unit(random), 2.5 * unit(random), 5 + 5 * unit(random)};
        auto ends = [&](double e, double f, Stretch& s) {
            Stretch out[kMaxStretches];
            int count = along_z ? meet_z_ray(chain, move, at.x + e, at.y + f, kEverywhere, out[0])
                                : meet_x_ray(chain, move, at.y + e, at.z + f, out);
            s = out[0];
            return count == 1;
        };
        constexpr double kStep = 1e-5;
        Stretch s, e0, e1, f0, f1;
        if (!ends(0, 0, s) || !ends(-kStep, 0, e0) || !ends(kStep, 0, e1) || !ends(0, -kStep, f0) || !ends(0, kStep, f1)) continue;
        for (bool low : {true, false}) {
            auto value = [&](const Stretch& st) { return low ? st.low : st.high; };
            Vec3 n = low ? s.low_normal : s.high_normal;
            double along = along_z ? n.z : n.x, first = along_z ? n.x : n.y, second = along_z ? n.y : n.z;
            EXPECT_TRUE(low ? along <= 1e-9 : along >= -1e-9) << c.name << trial;
            double de = (value(e1) - value(e0)) / (2 * kStep), df = (value(f1) - value(f0)) / (2 * kStep);
            // Where one-sided slopes differ the ray stands on an edge of the swept surface.
            double bend = std::abs(value(e1) + value(e0) - 2 * value(s)) + std::abs(value(f1) + value(f0) - 2 * value(s));
            if (bend > 1e-6 || std::abs(along) < 0.1) continue;
            ++checked;
            EXPECT_NEAR(de, -first / along, 1e-3) << c.name << trial << (along_z ? " z" : " x") << low;
            EXPECT_NEAR(df, -second / along, 1e-3) << c.name << trial << (along_z ? " z" : " x") << low;
        }
    }
    EXPECT_GT(checked, 500);
}

TEST_P(Straight, ArcsCoverWhatTheBodyCoversOnTheWay) {
    Case c = bodies()[GetParam()];
    BodyChain chain = make_chain(c.body);
    std::mt19937 random(7 + GetParam());
    std::uniform_real_distribution<double> unit(-1, 1);
    for (int trial = 0; trial < 60; ++trial) {
        RayMove move{{0, 0, unit(random)}, {}, true, unit(random), unit(random), 4.5 + 4 * unit(random), 4 * unit(random),
                     6.28 * unit(random)};
        Vec3 at{9 * unit(random), 9 * unit(random), 5 + 6 * unit(random)};
        Stretch out[kMaxStretches];
        int count = meet_x_ray(chain, move, at.y, at.z, out);
        Stretch column;
        int z_count = meet_z_ray(chain, move, at.x, at.y, kEverywhere, column);
        double covered = 0, low_z = 1e9, high_z = -1e9;
        std::vector<std::pair<double, double>> parts;
        constexpr int kSteps = 1500;
        for (int i = 0; i <= kSteps; ++i) {
            double angle = move.start_rad + i / double(kSteps) * move.sweep_rad, a, b;
            Vec3 tip{move.centre_x + move.arc_radius * std::cos(angle), move.centre_y + move.arc_radius * std::sin(angle), move.from.z};
            if (covered_x(c.body, tip, at.y, at.z, a, b)) parts.push_back({a, b});
            if (covered_z(c.body, tip, at.x, at.y, a, b)) low_z = std::min(low_z, a), high_z = std::max(high_z, b);
        }
        std::sort(parts.begin(), parts.end());
        double reached = -1e9;
        for (auto [a, b] : parts) covered += std::max(0.0, b - std::max(a, reached)), reached = std::max(reached, b);
        double exact = 0;
        for (int i = 0; i < count; ++i) {
            exact += out[i].high - out[i].low;
            if (i > 0) {
                EXPECT_GT(out[i].low, out[i - 1].high);
            }
        }
        EXPECT_NEAR(exact, covered, 0.35) << c.name << trial;  // grazing rays: a chord of sqrt(8 r d) for a sampling distance d
        EXPECT_GE(exact, covered - 1e-9) << c.name << trial;
        if (low_z < high_z) {
            ASSERT_EQ(z_count, 1);
            EXPECT_NEAR(column.low, low_z, 0.2) << c.name << trial;
            EXPECT_LE(column.low, low_z + 1e-9);
            EXPECT_GE(column.high, high_z - 1e-9);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Bodies, Straight, testing::Range(0, 8));

TEST(Mirrored, YRaysAreXRaysOfTheMirroredMove) {
    BodyChain chain = make_chain(flat(2, 10));
    RayMove quarter{{5, 0, 0}, {}, true, 0, 0, 5, 0, kPi / 2};
    RayMove m = mirrored(quarter);
    Stretch out[kMaxStretches];
    // The ray along Y at x = 5: the quarter turn from (5,0) to (0,5) reaches down to y = -2.
    ASSERT_EQ(meet_x_ray(chain, m, 5, 1, out), 1);
    EXPECT_NEAR(out[0].low, -2, 1e-12);
    EXPECT_NEAR(out[0].high, std::sqrt(49 - 25), 1e-12);
    Box3 box = swept_box(chain, quarter);
    EXPECT_NEAR(box.low.x, -2, 1e-12);
    EXPECT_NEAR(box.high.y, 7, 1e-12);
}

}  // namespace
}  // namespace proveout
