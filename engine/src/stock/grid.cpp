// Making grids from solids, and what can be asked of a grid as a whole.
#include <cmath>
#include <cstring>

#include "proveout/dexel.h"
#include "stock/mesh_rays.h"
#include "stock/ray_edit.h"

namespace proveout {

namespace {

// Fractional parts of multiples of these are the shifts of rows and columns: both badly approximable, so that no wall direction with a
// small rational slope falls in step with them.
constexpr double kRowRatio = 0.61803398874989485;     // golden ratio - 1
constexpr double kColumnRatio = 0.41421356237309505;  // square root of 2 - 1
// Bytes per ray beside `top`: block tops and overhead.
constexpr double kBytesPerRay = 4.2;
// The error of a sum of wall cells is stated as this many standard deviations.
constexpr double kErrorSigmas = 6;

double along(Vec3 p, int axis) { return axis == 0 ? p.x : axis == 1 ? p.y : p.z; }

std::vector<float> shifts(int count, double ratio, bool jitter) {
    std::vector<float> out(count, 0.0f);
    if (!jitter) return out;
    for (int i = 0; i < count; ++i) {
        double x = (i + 0.5) * ratio;
        // Kept strictly inside the cell.
        out[i] = static_cast<float>(0.998 * (x - std::floor(x) - 0.5));
    }
    return out;
}

int cell_count(double size, double cell) { return std::max(1, static_cast<int>(std::ceil(size / cell - 1e-9))); }

// Material of a round solid along the ray through (u, v); axis 2 only sees discs, axes 0 and 1 see chords.
void round_intervals(const Solid& solid, int axis, double u, double v, std::vector<Interval>& out) {
    bool tube = solid.shape == StockShape::kTube;
    double outer = solid.dims_mm[0] / 2, inner = tube ? solid.dims_mm[1] / 2 : 0, height = solid.dims_mm[tube ? 2 : 1];
    const Vec3& o = solid.origin_mm;
    auto push = [&](double low, double high) {
        if (high > low) out.push_back({static_cast<float>(low), static_cast<float>(high)});
    };
    if (axis == 2) {
        double rho = std::hypot(u - o.x, v - o.y);
        if (rho <= outer && rho >= inner) push(o.z, o.z + height);
        return;
    }
    double z = axis == 0 ? v : u, across = axis == 0 ? u - o.y : v - o.x, middle = axis == 0 ? o.x : o.y;
    if (z < o.z || z > o.z + height || std::abs(across) >= outer) return;
    double far = std::sqrt(outer * outer - across * across);
    double near = std::abs(across) < inner ? std::sqrt(inner * inner - across * across) : 0;
    if (near > 0) {
        push(middle + near, middle + far);
        push(middle - far, middle - near);
    } else {
        push(middle - far, middle + far);
    }
}

void set_ray(DexelGrid& grid, int u, int v, const std::vector<Interval>& highest_first) {
    DexelTile& tile = grid.tile_of(u, v);
    int at = DexelGrid::local(u, v);
    float floor = static_cast<float>(grid.floor_mm);
    if (highest_first.empty()) {
        tile.top[at] = floor;
        return;
    }
    tile.top[at] = highest_first[0].high;
    if (highest_first[0].low > floor && tile.bottom.empty()) tile.bottom.assign(kTile * kTile, floor);
    if (!tile.bottom.empty()) tile.bottom[at] = highest_first[0].low;
    if (highest_first.size() > 1) tile.more[at].assign(highest_first.begin() + 1, highest_first.end());
}

void fill_round(DexelGrid& grid, const Solid& solid) {
    std::vector<Interval> ray;
    for (int v = 0; v < grid.count_v; ++v)
        for (int u = 0; u < grid.count_u; ++u) {
            ray.clear();
            round_intervals(solid, grid.axis, grid.ray_u(u, v), grid.ray_v(u, v), ray);
            set_ray(grid, u, v, ray);
        }
}

void fill_mesh(DexelGrid& grid, const Solid& solid) {
    for_each_mesh_ray(grid, solid.mesh, [&](int u, int v, const std::vector<Interval>& ray) { set_ray(grid, u, v, ray); });
}

}  // namespace

void update_tops(DexelTile& tile) {
    tile.tile_top = -std::numeric_limits<float>::infinity();
    for (int b = 0; b < kBlocksPerTile; ++b) {
        int at = (b / (kTile / kBlock)) * kBlock * kTile + (b % (kTile / kBlock)) * kBlock;
        float top = tile.top[at];
        for (int v = 0; v < kBlock; ++v)
            for (int u = 0; u < kBlock; ++u) top = std::max(top, tile.top[at + v * kTile + u]);
        tile.block_top[b] = top;
        tile.tile_top = std::max(tile.tile_top, top);
    }
}

GridEstimate estimate_grid(const Box3& bounds, const DexelSpec& spec) {
    Vec3 size = bounds.size();
    int u_axis = (spec.axis + 1) % 3, v_axis = (spec.axis + 2) % 3;
    long double rays = (std::ceil(static_cast<long double>(along(size, u_axis)) / spec.cell_mm / kTile) + 1) * kTile;
    rays *= (std::ceil(static_cast<long double>(along(size, v_axis)) / spec.cell_mm / kTile) + 1) * kTile;
    GridEstimate estimate;
    estimate.rays = static_cast<double>(rays);
    estimate.bytes = static_cast<double>(rays * (kBytesPerRay + (spec.keep_colour ? 1 : 0)));
    return estimate;
}

Result<DexelGrid> make_grid(const Solid& solid, const DexelSpec& spec, double limit_bytes) {
    Box3 box = bounds_of(solid);
    Vec3 size = box.size();
    if (box.empty() || !(size.x > 0 && size.y > 0 && size.z > 0))
        return make_error(ErrorCode::kInvalidInput, "the stock has no volume; give it a size above zero in x, y and z");
    GridEstimate estimate = estimate_grid(box, spec);
    if (!(estimate.bytes <= limit_bytes)) {
        char text[200];
        double fits = spec.cell_mm * std::sqrt(estimate.bytes / limit_bytes) * 1.02;
        std::snprintf(text, sizeof text, "%.3g cells of %.4g mm need %.3g MB and the limit is %.0f MB; a resolution of %.2g mm fits",
                      estimate.rays, spec.cell_mm, estimate.bytes / 1e6, limit_bytes / 1e6, fits);
        return make_error(ErrorCode::kTooLarge, text);
    }
    DexelGrid grid;
    grid.axis = spec.axis;
    int u_axis = (spec.axis + 1) % 3, v_axis = (spec.axis + 2) % 3;
    grid.u0 = along(box.low, u_axis);
    grid.v0 = along(box.low, v_axis);
    grid.count_u = cell_count(along(size, u_axis), spec.cell_mm);
    grid.count_v = cell_count(along(size, v_axis), spec.cell_mm);
    grid.cell_u = along(size, u_axis) / grid.count_u;
    grid.cell_v = along(size, v_axis) / grid.count_v;
    grid.floor_mm = along(box.low, spec.axis);
    grid.ceiling_mm = along(box.high, spec.axis);
    grid.tiles_u = (grid.count_u + kTile - 1) / kTile;
    grid.tiles_v = (grid.count_v + kTile - 1) / kTile;
    // Rounded up to whole tiles so that a tile's lanes can always be read.
    grid.shift_u = shifts(grid.tiles_v * kTile, kRowRatio, spec.jitter);
    grid.shift_v = shifts(grid.tiles_u * kTile, kColumnRatio, spec.jitter);
    grid.tiles.resize(static_cast<size_t>(grid.tiles_u) * grid.tiles_v);
    float floor = static_cast<float>(grid.floor_mm), ceiling = static_cast<float>(grid.ceiling_mm);
    for (DexelTile& tile : grid.tiles) {
        tile.top.assign(kTile * kTile, floor);
        if (spec.keep_colour) tile.colour.assign(kTile * kTile, 0);
    }
    if (solid.shape == StockShape::kBox) {
        for (int v = 0; v < grid.count_v; ++v)
            for (int u = 0; u < grid.count_u; ++u) grid.tile_of(u, v).top[DexelGrid::local(u, v)] = ceiling;
    } else if (solid.shape == StockShape::kMesh) {
        fill_mesh(grid, solid);
    } else {
        fill_round(grid, solid);
    }
    for (DexelTile& tile : grid.tiles) update_tops(tile);
    return grid;
}

void intervals_of(const DexelGrid& grid, int u, int v, std::vector<Interval>& out) {
    out.clear();
    float top = grid.top(u, v), bottom = grid.bottom(u, v);
    if (top > bottom) out.push_back({bottom, top});
    const DexelTile& tile = grid.tile_of(u, v);
    if (tile.more.empty()) return;
    auto at = tile.more.find(DexelGrid::local(u, v));
    if (at != tile.more.end()) out.insert(out.end(), at->second.begin(), at->second.end());
}

double volume_mm3(const DexelGrid& grid) {
    double total = 0;
    float floor = static_cast<float>(grid.floor_mm);
    for (const DexelTile& tile : grid.tiles) {
        double sum = 0;
        for (int i = 0; i < kTile * kTile; ++i) {
            double height = static_cast<double>(tile.top[i]) - (tile.bottom.empty() ? floor : tile.bottom[i]);
            sum += std::max(0.0, height);
        }
        for (const auto& [at, intervals] : tile.more)
            for (const Interval& interval : intervals) sum += static_cast<double>(interval.high) - interval.low;
        total += sum;
    }
    return total * grid.cell_area_mm2();
}

double volume_error_mm3(const DexelGrid& grid) {
    // A ray stands for its cell. Where a neighbour differs by a jump J the true edge lies anywhere in the cell: an error of J * area *
    // uniform(-1/2, 1/2), independent from cell to cell to good approximation because rays are stratified; variance J^2 area^2 / 12 each.
    double squares = 0;
    for (int v = 0; v < grid.count_v; ++v)
        for (int u = 0; u < grid.count_u; ++u) {
            double here = grid.top(u, v) - grid.bottom(u, v);
            if (u + 1 < grid.count_u) {
                double jump = here - (grid.top(u + 1, v) - grid.bottom(u + 1, v));
                squares += jump * jump;
            }
            if (v + 1 < grid.count_v) {
                double jump = here - (grid.top(u, v + 1) - grid.bottom(u, v + 1));
                squares += jump * jump;
            }
        }
    double area = grid.cell_area_mm2(), height = grid.ceiling_mm - grid.floor_mm;
    double float_steps = std::max(std::abs(grid.floor_mm), std::abs(grid.ceiling_mm)) * 6e-8;
    double footprint = area * grid.count_u * grid.count_v;
    return kErrorSigmas * std::sqrt(squares / 12) * area + float_steps * footprint + 2 * area * height;
}

uint64_t hash_of(const DexelGrid& grid) {
    uint64_t hash = 14695981039346656037ull;
    auto add = [&hash](float value) {
        uint32_t bits;
        std::memcpy(&bits, &value, sizeof bits);
        for (int byte = 0; byte < 4; ++byte) hash = (hash ^ ((bits >> (8 * byte)) & 255)) * 1099511628211ull;
    };
    std::vector<Interval> ray;
    for (int v = 0; v < grid.count_v; ++v)
        for (int u = 0; u < grid.count_u; ++u) {
            intervals_of(grid, u, v, ray);
            for (const Interval& interval : ray) add(interval.low), add(interval.high);
        }
    return hash;
}

}  // namespace proveout
