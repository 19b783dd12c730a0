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
    float x0 = f.x[0] - shift_x, y0 = f.y[0] - shift_y, x1 = f.x[1] - shift_x, y1 = f.y[1] - shift_y, x2 = f.x[2] - shift_x,
          y2 = f.y[2] - shift_y;
    float area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0);
    if (!(std::abs(area) >= 1e-9f)) return;
    int j_low = std::max(0, static_cast<int>(std::ceil(std::clamp(std::min({y0, y1, y2}), -1e6f, 1e6f))));
    int j_high = std::min(height - 1, static_cast<int>(std::floor(std::clamp(std::max({y0, y1, y2}), -1e6f, 1e6f))));
    // Barycentric coordinates a, b are linear in x and y.
    float a_x = (y1 - y2) / area, a_y = (x2 - x1) / area, a_0 = (x1 * y2 - x2 * y1) / area;
    float b_x = (y2 - y0) / area, b_y = (x0 - x2) / area, b_0 = (x2 * y0 - x0 * y2) / area;
    constexpr float kRim = -1e-5f;  // neighbours overlap rather than leave a gap
    for (int j = j_low; j <= j_high; ++j) {
        float a_row = a_0 + a_y * j, b_row = b_0 + b_y * j;
        // The span in which a, b and 1 - a - b are not below kRim; widened by a pixel, the exact test follows.
        float low = 0, high = static_cast<float>(width - 1);
        auto clip = [&](float value, float step) {
            if (step > 0) low = std::max(low, (kRim - value) / step - 1);
            else if (step < 0) high = std::min(high, (kRim - value) / step + 1);
            else if (value < kRim) high = -1;
        };
        clip(a_row, a_x), clip(b_row, b_x), clip(1 - a_row - b_row, -a_x - b_x);
        if (!(low <= high)) continue;
        for (int i = static_cast<int>(low); i <= static_cast<int>(high); ++i) {
            float a = a_row + a_x * i, b = b_row + b_x * i, c = 1 - a - b;
            if (a < kRim || b < kRim || c < kRim) continue;
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
