// geometry.h -- points and boxes. Right-handed, Z up the spindle, millimetres.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

namespace proveout {

constexpr double kPi = 3.14159265358979323846;
constexpr double kMmPerInch = 25.4;

// A contact with less overlap than this is a touch and no collision (contract, "What the geometry means").
constexpr double kTouch_mm = 0.002;

struct Vec3 {
    double x = 0, y = 0, z = 0;
    friend Vec3 operator+(Vec3 a, Vec3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
    friend Vec3 operator-(Vec3 a, Vec3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
    friend Vec3 operator*(double k, Vec3 a) { return {k * a.x, k * a.y, k * a.z}; }
    friend bool operator==(Vec3 a, Vec3 b) { return a.x == b.x && a.y == b.y && a.z == b.z; }
};

inline double dot(Vec3 a, Vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline Vec3 cross(Vec3 a, Vec3 b) { return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x}; }
inline double length(Vec3 a) { return std::sqrt(dot(a, a)); }

// Axis-aligned box; empty while low > high (the default).
struct Box3 {
    Vec3 low{std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity(),
             std::numeric_limits<double>::infinity()};
    Vec3 high{-std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(),
              -std::numeric_limits<double>::infinity()};
    bool empty() const { return !(low.x <= high.x && low.y <= high.y && low.z <= high.z); }
    void add(Vec3 p) {
        low = {std::min(low.x, p.x), std::min(low.y, p.y), std::min(low.z, p.z)};
        high = {std::max(high.x, p.x), std::max(high.y, p.y), std::max(high.z, p.z)};
    }
    void add(const Box3& b) {
        if (!b.empty()) add(b.low), add(b.high);
    }
    Vec3 size() const { return high - low; }
    Vec3 centre() const { return 0.5 * (low + high); }
};

struct Triangle {
    Vec3 a, b, c;  // counter-clockwise seen from outside
};

}  // namespace proveout
