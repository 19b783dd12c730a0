// nearest.h -- the distance from a point to a triangle mesh, by a tree of boxes.
#pragma once

#include <cstdint>
#include <vector>

#include "proveout/mesh.h"

namespace proveout {

class NearestTriangle {
  public:
    explicit NearestTriangle(const Mesh& mesh);  // the mesh must outlive it
    // Distance to the nearest triangle. Christer Ericson, "Real-Time Collision Detection", section 5.1.5, for one triangle.
    double distance(Vec3 p) const;

  private:
    struct Node {
        float low[3], high[3];
        uint32_t first, count;  // leaf: triangles; inner: first is the left child (the right one follows it), count 0
    };
    void build(uint32_t node, uint32_t from, uint32_t to);

    const Mesh& mesh_;
    std::vector<Node> nodes_;
    std::vector<uint32_t> order_;
    std::vector<Vec3> centres_;
};

}  // namespace proveout
