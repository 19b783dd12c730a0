// qef.h -- the point nearest to a set of tangent planes, held inside a box.
#pragma once

#include <array>

#include "proveout/geometry.h"

namespace proveout {

// Sums of planes (unit normal n through p): minimises the sum of (n . (x - p))^2 about the mean of the p, where the planes leave x free.
class PlaneFit {
  public:
    void add(Vec3 normal, Vec3 point);
    // The minimiser in [low, high]. A direction whose planes are all but parallel to it keeps the mean: a flat spot has no corner.
    // `rank`: singular values below this share of the largest count as none.
    Vec3 solve(Vec3 low, Vec3 high, double rank) const;
    double worst(Vec3 x) const;  // root of the sum of squared distances of x from the planes
    Vec3 mean() const { return (1.0 / count_) * sum_; }

  private:
    std::array<double, 6> a_{};  // sum of n n^T: xx xy xz yy yz zz
    double c_ = 0;               // sum of (n . p)^2
    Vec3 b_;                     // sum of n (n . p), p relative to the first point
    Vec3 sum_, first_;
    int count_ = 0;
};

}  // namespace proveout
