// collapse.h -- a triangle surface that vertices can be taken out of: vertex v goes onto its neighbour u, two triangles vanish.
#pragma once

#include "mesh/contour.h"

namespace proveout {

class CollapsibleSurface {
  public:
    explicit CollapsibleSurface(Surface& surface);

    Surface& surface;
    std::vector<std::vector<uint32_t>> faces_of;  // live triangles of each vertex; empty: the vertex is gone

    // Neighbours of v, rising.
    void neighbours(uint32_t v, std::vector<uint32_t>& out) const;
    // True if taking v onto u keeps a manifold: the two have exactly the corners of their two triangles in common.
    bool keeps_manifold(uint32_t v, uint32_t u);
    // Worst shape of the triangles that v leaves behind when it goes onto u, 0..1 (altitude by longest side); negative: one turns by more
    // than max_turn (cosine against its plane), gets an altitude below least_altitude_mm, or u gets too many triangles.
    double shape_after(uint32_t v, uint32_t u, double max_turn, double least_altitude_mm) const;
    void collapse(uint32_t v, uint32_t u);
    // Drops dead triangles and vertices; order is kept.
    void compact();

    bool has(uint32_t triangle, uint32_t vertex) const {
        const auto& t = surface.triangles[triangle];
        return t[0] == vertex || t[1] == vertex || t[2] == vertex;
    }

  private:
    std::vector<uint8_t> dead_;  // triangles
    std::vector<uint32_t> first_ring_, second_ring_;
};

}  // namespace proveout
