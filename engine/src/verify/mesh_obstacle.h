// mesh_obstacle.h -- a tool body moving in a straight line past a closed triangle mesh.
//
// Each triangle is convex, so the stretch of the move in which the swept body meets it is one interval, found by bisection over swept
// hulls (gjk.h). Moves are halved down to kEventGap_mm; pieces whose box meets no triangle are passed over, and inside the mesh, where no
// triangle is met, the parity of a vertical ray tells.
#pragma once

#include <cstdint>
#include <vector>

#include "proveout/body.h"
#include "proveout/geometry.h"
#include "verify/prism.h"

namespace proveout {

class MeshObstacle {
  public:
    explicit MeshObstacle(const std::vector<Triangle>& triangles);
    const Box3& box() const { return box_; }
    // Appends the stretches of contact, pieces of at most kEventGap_mm in rising order; depth_mm is that of `full` (the body unshrunk).
    void pass(const ConvexBody& body, const ConvexBody& full, Vec3 a, Vec3 b, std::vector<Passage>& out) const;
    bool contains(Vec3 point) const;

  private:
    struct Node {
        Box3 box;
        int32_t first = 0, count = 0;  // leaf: triangles; else: children at first, first + 1
        bool leaf = false;
    };
    void build(int32_t node, int32_t first, int32_t count);
    template <class Visit>
    void visit(const Box3& box, Visit&& on_triangle) const;
    void piece(const ConvexBody& body, const ConvexBody& full, Vec3 a, Vec3 b, double t_0, double t_1, std::vector<Passage>& out) const;
    double depth_of(const ConvexBody& full, Vec3 a, Vec3 b) const;

    std::vector<Triangle> triangles_;
    std::vector<Node> nodes_;
    Box3 box_;
};

}  // namespace proveout
