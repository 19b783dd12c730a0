// solids.h -- fixtures and tools as shaded triangles, and their rasterisation. Convex faces are few and drawn once, so triangles do.
#pragma once

#include <vector>

#include "proveout/body.h"
#include "proveout/setup.h"
#include "render/shade.h"

namespace proveout {

struct Facet {
    Vec3 corner[3];
    Vec3 normal[3];  // unit, outward
};

std::vector<Facet> facets_of(const Solid& solid);

// One convex body of revolution about the Z axis, tip at the origin.
void append_facets(const ConvexBody& body, std::vector<Facet>& out);

struct ScreenFacet {
    float x[3], y[3], depth[3];  // pixels, pixels, mm
    Normal normal[3];
};
// False if the facet looks away from the camera.
bool to_screen(const Facet& facet, const Camera& camera, const Studio& studio, ScreenFacet& out);

// Calls put(i, j, depth, normal) for each pixel (i, j) of width x height whose sample (i + shift_x, j + shift_y) the facet covers.
template <class Put>
void rasterize(const ScreenFacet& f, int width, int height, float shift_x, float shift_y, const Put& put) {
    float x0 = f.x[0], y0 = f.y[0], x1 = f.x[1], y1 = f.y[1], x2 = f.x[2], y2 = f.y[2];
    float area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0);
    if (std::abs(area) < 1e-9f) return;
    int j_low = std::max(0, static_cast<int>(std::ceil(std::clamp(std::min({y0, y1, y2}) - shift_y, -1e6f, 1e6f))));
    int j_high = std::min(height - 1, static_cast<int>(std::floor(std::clamp(std::max({y0, y1, y2}) - shift_y, -1e6f, 1e6f))));
    int i_low = std::max(0, static_cast<int>(std::ceil(std::clamp(std::min({x0, x1, x2}) - shift_x, -1e6f, 1e6f))));
    int i_high = std::min(width - 1, static_cast<int>(std::floor(std::clamp(std::max({x0, x1, x2}) - shift_x, -1e6f, 1e6f))));
    for (int j = j_low; j <= j_high; ++j) {
        float y = j + shift_y;
        for (int i = i_low; i <= i_high; ++i) {
            float x = i + shift_x;
            float a = ((x1 - x) * (y2 - y) - (x2 - x) * (y1 - y)) / area;
            float b = ((x2 - x) * (y0 - y) - (x0 - x) * (y2 - y)) / area;
            float c = 1 - a - b;
            if (a < -1e-5f || b < -1e-5f || c < -1e-5f) continue;
            Normal n{a * f.normal[0].x + b * f.normal[1].x + c * f.normal[2].x, a * f.normal[0].y + b * f.normal[1].y + c * f.normal[2].y,
                     a * f.normal[0].z + b * f.normal[1].z + c * f.normal[2].z};
            put(i, j, a * f.depth[0] + b * f.depth[1] + c * f.depth[2], n);
        }
    }
}

inline Normal unit(Normal n) {
    float k = 1 / std::sqrt(std::max(dot(n, n), 1e-12f));
    return {n.x * k, n.y * k, n.z * k};
}

}  // namespace proveout
