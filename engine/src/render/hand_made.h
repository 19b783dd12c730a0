// hand_made.h -- stock, tools and fixtures for tests of pictures, made by formulas and not by the cutting kernel.
#pragma once

#include <functional>

#include "proveout/frame.h"

namespace proveout {

// A box of stock from the origin; height(x, y) and slot(x, y) say what was cut. Height below 0: cut through.
inline DexelGrid hand_made_grid(double size_x, double size_y, double size_z, double cell) {
    DexelGrid grid;
    grid.count_u = static_cast<int>(std::lround(size_x / cell)), grid.count_v = static_cast<int>(std::lround(size_y / cell));
    grid.cell_u = size_x / grid.count_u, grid.cell_v = size_y / grid.count_v;
    grid.floor_mm = 0, grid.ceiling_mm = size_z;
    grid.tiles_u = (grid.count_u + kTile - 1) / kTile, grid.tiles_v = (grid.count_v + kTile - 1) / kTile;
    grid.shift_u.assign(grid.count_v, 0), grid.shift_v.assign(grid.count_u, 0);
    grid.tiles.resize(static_cast<size_t>(grid.tiles_u) * grid.tiles_v);
    for (DexelTile& tile : grid.tiles) {
        tile.top.assign(kTile * kTile, static_cast<float>(size_z));
        tile.colour.assign(kTile * kTile, 0);
        tile.tile_top = static_cast<float>(size_z);
        for (float& top : tile.block_top) top = static_cast<float>(size_z);
    }
    return grid;
}

// Lowers every ray to height(x, y), where that is lower.
inline void carve(DexelGrid& grid, int slot, const std::function<double(double, double)>& height) {
    for (int v = 0; v < grid.count_v; ++v)
        for (int u = 0; u < grid.count_u; ++u) {
            float h = static_cast<float>(height(grid.ray_u(u, v), grid.ray_v(u, v)));
            DexelTile& tile = grid.tile_of(u, v);
            int local = DexelGrid::local(u, v);
            if (h >= tile.top[local]) continue;
            tile.top[local] = std::max(h, static_cast<float>(grid.floor_mm));
            tile.colour[local] = static_cast<uint8_t>(slot);
        }
}

inline ConvexBody cylinder_body(Part part, double radius, double low, double high, double radius_high = 0) {
    ConvexBody body;
    double r_high = radius_high > 0 ? radius_high : radius;
    body.part = part, body.radius_mm = std::max(radius, r_high), body.low_mm = low, body.high_mm = high;
    body.lower.push_back({0, low, radius, low});
    if (r_high > radius) body.lower.push_back({radius, low, r_high, high});
    body.upper.push_back({0, high, r_high, high});
    if (r_high < radius) body.upper.push_back({r_high, high, radius, low});
    return body;
}

inline ConvexBody ball_body(double radius, double high) {
    ConvexBody body;
    body.part = Part::kCutter, body.radius_mm = radius, body.high_mm = high;
    body.lower.push_back({0, 0, radius, radius, true, 0, radius, radius});
    body.upper.push_back({0, high, radius, high});
    return body;
}

inline ToolAssembly hand_made_tool(double diameter, double flute, double stickout, bool ball) {
    ToolAssembly tool;
    tool.number = 1;
    tool.cutter.push_back(ball ? ball_body(diameter / 2, flute) : cylinder_body(Part::kCutter, diameter / 2, 0, flute));
    tool.shank.push_back(cylinder_body(Part::kShank, diameter / 2, flute, stickout));
    tool.holder.push_back(cylinder_body(Part::kHolder, 10, stickout, stickout + 12, 13));
    tool.holder.push_back(cylinder_body(Part::kHolder, 16, stickout + 12, stickout + 30));
    tool.holder.push_back(cylinder_body(Part::kHolder, 22, stickout + 30, stickout + 40));
    tool.top_mm = stickout + 40;
    return tool;
}

// A plate with a round and a square pocket, holes, a ball-nosed dish, a chamfered edge and a slanted slot.
inline void carve_sample_part(DexelGrid& grid) {
    double w = grid.count_u * grid.cell_u, d = grid.count_v * grid.cell_v, h = grid.ceiling_mm;
    auto dist = [](double x, double y, double cx, double cy) { return std::hypot(x - cx, y - cy); };
    carve(grid, 1, [&](double x, double y) {
        double qx = std::max(0.0, std::abs(x - 0.27 * w) - (0.16 * w - 6)), qy = std::max(0.0, std::abs(y - 0.5 * d) - (0.30 * d - 6));
        return std::hypot(qx, qy) < 6 ? 0.45 * h : 1e9;
    });
    carve(grid, 2, [&](double x, double y) {  // dish by a ball: scallops
        double r = dist(x, y, 0.70 * w, 0.5 * d);
        if (r > 0.17 * w) return 1e9;
        double ball = 26, z = h - 7.5 + ball - std::sqrt(ball * ball - r * r);
        double pitch = 0.9, s = std::fmod(y + 100, pitch) - pitch / 2;
        return z + (3 - std::sqrt(9 - s * s));
    });
    carve(grid, 3, [&](double x, double y) {
        for (double hx : {0.06, 0.94})
            for (double hy : {0.1, 0.9})
                if (dist(x, y, hx * w, hy * d) < 2.6) return -1.0;
        return 1e9;
    });
    carve(grid, 4, [&](double x, double y) {
        double along = (x - 0.50 * w) * 0.94 + (y - 0.5 * d) * 0.34, across = -(x - 0.50 * w) * 0.34 + (y - 0.5 * d) * 0.94;
        double q = std::hypot(std::max(0.0, std::abs(across) - 0.30 * d), along);
        return q < 2 ? 0.6 * h : 1e9;
    });
    carve(grid, 5, [&](double x, double y) {
        double edge = std::min({x, y, w - x, d - y});
        return edge < 1.5 ? h - 1.5 + edge : 1e9;
    });
    carve(grid, 6, [&](double x, double y) { return dist(x, y, 0.27 * w, 0.5 * d) < 5 ? -1.0 : 1e9; });
}

}  // namespace proveout
