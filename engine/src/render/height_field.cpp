#include "render/height_field.h"

namespace proveout {

namespace {

constexpr int kCompare = 16; // columns per side of a block of the comparison; divides kTile
constexpr int kSamples = 20;

// FNV-1a over everything that `top` and `colour` do not say of the rays of one block.
uint64_t hash_details(const DexelGrid& grid, int u_low, int u_high, int v_low, int v_high) {
    uint64_t hash = 14695981039346656037ull;
    auto add = [&](const void* data, size_t bytes) {
        for (size_t i = 0; i < bytes; ++i) hash = (hash ^ static_cast<const uint8_t*>(data)[i]) * 1099511628211ull;
    };
    const DexelTile& tile = grid.tile_of(u_low, v_low);
    for (int v = v_low; v <= v_high; ++v) {
        if (!tile.bottom.empty()) add(&tile.bottom[DexelGrid::local(u_low, v)], sizeof(float) * (u_high - u_low + 1));
        if (tile.more.empty()) continue;
        for (int u = u_low; u <= u_high; ++u) {
            auto more = tile.more.find(DexelGrid::local(u, v));
            if (more == tile.more.end()) continue;
            add(&u, sizeof u);
            add(more->second.data(), more->second.size() * sizeof(Interval));
        }
    }
    return hash;
}

struct Difference {
    int u_low = 1 << 30, u_high = -1, v_low = 1 << 30, v_high = -1;
    float z_low = 1e30f, z_high = -1e30f;
    void add(int u, int v) {
        u_low = std::min(u_low, u), u_high = std::max(u_high, u);
        v_low = std::min(v_low, v), v_high = std::max(v_high, v);
    }
};

// Copies one block of the comparison and says what changed in it.
Difference take_block(HeightField& field, int u_low, int u_high, int v_low, int v_high) {
    const DexelGrid& grid = *field.grid;
    const DexelTile& tile = grid.tile_of(u_low, v_low);
    Difference difference;
    bool plain = tile.bottom.empty() && tile.more.empty();
    float floor = static_cast<float>(grid.floor_mm);
    for (int v = v_low; v <= v_high; ++v) {
        float* mine = &field.top[field.index(u_low, v)];
        uint8_t* my_colour = &field.colour[field.index(u_low, v)];
        const float* theirs = &tile.top[DexelGrid::local(u_low, v)];
        const float* bottom = tile.bottom.empty() ? nullptr : &tile.bottom[DexelGrid::local(u_low, v)];
        const uint8_t* their_colour = tile.colour.empty() ? nullptr : &tile.colour[DexelGrid::local(u_low, v)];
        for (int i = 0; i <= u_high - u_low; ++i) {
            float now = theirs[i] > (bottom ? bottom[i] : floor) ? theirs[i] : kEmptyTop;
            uint8_t colour = their_colour ? their_colour[i] : 0;
            if (now == mine[i] && colour == my_colour[i]) continue;
            difference.add(u_low + i, v);
            difference.z_low = std::min(difference.z_low, now);
            difference.z_high = std::max({difference.z_high, mine[i], now});
            mine[i] = now, my_colour[i] = colour;
        }
    }
    uint64_t& hash = field.detail_hash[(v_low / kCompare) * ((field.count_u + kCompare - 1) / kCompare) + u_low / kCompare];
    uint64_t hash_now = plain ? 0 : hash_details(grid, u_low, u_high, v_low, v_high);
    if (hash_now == hash) return difference;
    hash = hash_now;
    for (int v = v_low; v <= v_high; ++v)
        for (int u = u_low; u <= u_high; ++u) {
            bool several = grid.bottom(u, v) > grid.floor_mm || tile.more.count(DexelGrid::local(u, v)) > 0;
            field.several[field.index(u, v)] = several;
        }
    difference.add(u_low, v_low), difference.add(u_high, v_high);
    difference.z_low = static_cast<float>(grid.floor_mm), difference.z_high = static_cast<float>(grid.ceiling_mm);
    return difference;
}

void rebuild_block_top(HeightField& field, int block_u, int block_v) {
    float highest = kEmptyTop;
    for (int v = block_v * kBlockSide; v < std::min(field.count_v, block_v * kBlockSide + kBlockSide); ++v)
        for (int u = block_u * kBlockSide; u < std::min(field.count_u, block_u * kBlockSide + kBlockSide); ++u)
            highest = std::max(highest, field.top[field.index(u, v)]);
    field.block_top[block_v * field.blocks_u + block_u] = highest;
}

// The heights between which a changed patch can alter a pixel: the removed material itself, all surfaces below its old top that it shaded,
// the slopes that lean on it, and the walls that stand behind it (their colour and the shade at their foot come from the column in front).
ChangedPatch patch_of(const HeightField& field, const Difference& d) {
    float cell = static_cast<float>(std::max(field.grid->cell_u, field.grid->cell_v));
    float z_low = d.z_low, z_high = d.z_high + kSteepest * cell;
    int reach = kOcclusionRadius;
    for (int v = std::max(0, d.v_low - reach); v <= std::min(field.count_v - 1, d.v_high + reach); ++v)
        for (int u = std::max(0, d.u_low - reach); u <= std::min(field.count_u - 1, d.u_high + reach); ++u)
            z_low = std::min(z_low, field.top[field.index(u, v)]);
    for (int v = d.v_low - 1; v <= d.v_high + 1; ++v)
        for (int u = d.u_low - 1; u <= d.u_high + 1; ++u) z_high = std::max(z_high, field.top[field.index(u, v)]);
    float floor = static_cast<float>(field.grid->floor_mm), ceiling = static_cast<float>(field.grid->ceiling_mm);
    return {d.u_low, d.u_high, d.v_low, d.v_high, std::clamp(z_low, floor, ceiling), std::clamp(z_high, floor, ceiling)};
}

// A spiral over the disc of kOcclusionRadius columns: every sample has its own distance and direction, so that the edges of the shade at
// walls do not show as bands.
void place_samples(HeightField& field) {
    double cell_u = field.grid->cell_u, cell_v = field.grid->cell_v;
    for (int i = 0; i < kSamples; ++i) {
        double radius = kOcclusionRadius * std::sqrt((i + 0.7) / kSamples), angle = i * 2.39996322972865332;
        int u = static_cast<int>(std::lround(radius * std::cos(angle))), v = static_cast<int>(std::lround(radius * std::sin(angle)));
        if (std::max(std::abs(u), std::abs(v)) > kOcclusionRadius || (u == 0 && v == 0)) continue;
        double distance = std::hypot(u * cell_u, v * cell_v);
        field.samples.push_back({v * field.stride + u, static_cast<float>(1 / distance), static_cast<float>(u * cell_u / distance),
                                 static_cast<float>(v * cell_v / distance), static_cast<float>(1.4 - radius / kOcclusionRadius)});
    }
}

}  // namespace

HeightField make_height_field(const DexelGrid& grid, const Camera& camera) {
    HeightField field;
    field.grid = &grid;
    field.count_u = grid.count_u, field.count_v = grid.count_v;
    field.stride = grid.count_u + 2 * kPad;
    size_t cells = static_cast<size_t>(field.stride) * (grid.count_v + 2 * kPad);
    field.top.assign(cells, kEmptyTop);
    field.colour.assign(cells, 0);
    field.several.assign(cells, 0);
    field.blocks_u = (grid.count_u + kBlockSide - 1) / kBlockSide, field.blocks_v = (grid.count_v + kBlockSide - 1) / kBlockSide;
    field.block_top.assign(static_cast<size_t>(field.blocks_u) * field.blocks_v, kEmptyTop);
    field.detail_hash.assign(static_cast<size_t>((grid.count_u + kCompare - 1) / kCompare) * ((grid.count_v + kCompare - 1) / kCompare), 0);
    field.du = static_cast<float>(camera.forward.x / grid.cell_u), field.dv = static_cast<float>(camera.forward.y / grid.cell_v);
    field.dz = static_cast<float>(camera.forward.z);
    field.inv_du = 1 / field.du, field.inv_dv = 1 / field.dv;
    field.step_u = field.du > 0 ? 1 : -1, field.step_v = field.dv > 0 ? 1 : -1;
    place_samples(field);
    return field;
}

void update(HeightField& field, const Box3& changed, std::vector<ChangedPatch>& patches) {
    if (changed.empty()) return;
    const DexelGrid& grid = *field.grid;
    auto column = [](double x, double low, double cell, int count) {
        return static_cast<int>(std::clamp(std::floor((x - low) / cell), -1e6, static_cast<double>(count) + 1));
    };
    int u_low = std::max(0, column(changed.low.x, grid.u0, grid.cell_u, grid.count_u) - 1);
    int u_high = std::min(grid.count_u - 1, column(changed.high.x, grid.u0, grid.cell_u, grid.count_u) + 1);
    int v_low = std::max(0, column(changed.low.y, grid.v0, grid.cell_v, grid.count_v) - 1);
    int v_high = std::min(grid.count_v - 1, column(changed.high.y, grid.v0, grid.cell_v, grid.count_v) + 1);
    std::vector<Difference> differences;
    for (int v = v_low / kCompare * kCompare; v <= v_high; v += kCompare)
        for (int u = u_low / kCompare * kCompare; u <= u_high; u += kCompare) {
            int u_end = std::min(u + kCompare, grid.count_u) - 1, v_end = std::min(v + kCompare, grid.count_v) - 1;
            Difference difference = take_block(field, u, u_end, v, v_end);
            if (difference.u_high < 0) continue;
            differences.push_back(difference);
            for (int bv = v / kBlockSide; bv <= v_end / kBlockSide; ++bv)
                for (int bu = u / kBlockSide; bu <= u_end / kBlockSide; ++bu) rebuild_block_top(field, bu, bv);
        }
    for (const Difference& difference : differences) patches.push_back(patch_of(field, difference));
    if (differences.empty()) return;
    field.highest = kEmptyTop;
    for (float top : field.block_top) field.highest = std::max(field.highest, top);
}

namespace {

struct Ray {
    const HeightField& f;
    float su, sv, sz;
    float at_u(int k) const { return (static_cast<float>(k) - su) * f.inv_du; }
    float at_v(int k) const { return (static_cast<float>(k) - sv) * f.inv_dv; }
    int leave_u(int u) const { return f.du > 0 ? u + 1 : u; }
    int leave_v(int v) const { return f.dv > 0 ? v + 1 : v; }
    int enter_u(int u) const { return f.du > 0 ? u : u + 1; }
    int enter_v(int v) const { return f.dv > 0 ? v : v + 1; }
    // Column at t, exactly as stepping from boundary to boundary would have found it.
    int column_u(float t) const {
        int u = std::min(static_cast<int>(std::max(0.0f, su + t * f.du)), f.count_u - 1);
        while (u > 0 && u < f.count_u - 1 && at_u(enter_u(u)) > t) u -= f.step_u;
        while (u + f.step_u >= 0 && u + f.step_u < f.count_u && at_u(leave_u(u)) <= t) u += f.step_u;
        return u;
    }
    int column_v(float t) const {
        int v = std::min(static_cast<int>(std::max(0.0f, sv + t * f.dv)), f.count_v - 1);
        while (v > 0 && v < f.count_v - 1 && at_v(enter_v(v)) > t) v -= f.step_v;
        while (v + f.step_v >= 0 && v + f.step_v < f.count_v && at_v(leave_v(v)) <= t) v += f.step_v;
        return v;
    }
};

// The intervals of one column between the heights z_in and z_out; true if one is met, and whether from above.
bool meets_column(const HeightField& field, int u, int v, float z_in, float z_out, float& z_hit, bool& from_above) {
    auto meets = [&](float low, float high) {
        from_above = z_in > high;
        z_hit = from_above ? high : z_in;
        return from_above ? z_out <= high : z_in >= low;
    };
    float top = field.top[field.index(u, v)];
    if (!field.several[field.index(u, v)]) return meets(static_cast<float>(field.grid->floor_mm), top);
    if (top == kEmptyTop) return false;
    if (meets(field.grid->bottom(u, v), top)) return true;
    const DexelTile& tile = field.grid->tile_of(u, v);
    auto more = tile.more.find(DexelGrid::local(u, v));
    if (more == tile.more.end()) return false;
    for (const Interval& interval : more->second)
        if (meets(interval.low, interval.high)) return true;
    return false;
}

}  // namespace

RayHit cast(const HeightField& field, float start_u, float start_v, float start_z, const BlockBox& free_before) {
    Ray ray{field, start_u, start_v, start_z};
    RayHit hit;
    float cell = static_cast<float>(std::max(field.grid->cell_u, field.grid->cell_v));
    float t_u = ray.at_u(field.du > 0 ? 0 : field.count_u), t_v = ray.at_v(field.dv > 0 ? 0 : field.count_v);
    float t_z = (field.highest + cell - start_z) / field.dz;  // a little above the highest column
    float t = std::max({t_u, t_v, t_z});
    float t_floor = (static_cast<float>(field.grid->floor_mm) - start_z) / field.dz;
    float t_end = std::min({ray.at_u(field.du > 0 ? field.count_u : 0), ray.at_v(field.dv > 0 ? field.count_v : 0), t_floor});
    int axis = t == t_z ? 2 : t == t_u ? 0 : 1;
    if (!free_before.empty()) {  // as if blocks had been left one by one until the ray enters the box
        int edge_u = field.du > 0 ? free_before.u_low * kBlockSide : std::min((free_before.u_high + 1) * kBlockSide, field.count_u);
        int edge_v = field.dv > 0 ? free_before.v_low * kBlockSide : std::min((free_before.v_high + 1) * kBlockSide, field.count_v);
        float enter_u = ray.at_u(edge_u), enter_v = ray.at_v(edge_v), enter = std::max(enter_u, enter_v);
        if (enter > t) t = enter, axis = enter_u >= enter_v ? 0 : 1;
    }
    if (!(t < t_end)) return hit;
    int u = ray.column_u(t), v = ray.column_v(t);
    int front_u = axis == 0 ? u - field.step_u : u, front_v = axis == 1 ? v - field.step_v : v;
    while (true) {
        int block_u = u / kBlockSide, block_v = v / kBlockSide;
        int edge_u = field.du > 0 ? std::min((block_u + 1) * kBlockSide, field.count_u) : block_u * kBlockSide;
        int edge_v = field.dv > 0 ? std::min((block_v + 1) * kBlockSide, field.count_v) : block_v * kBlockSide;
        float leave_u = ray.at_u(edge_u), leave_v = ray.at_v(edge_v), leave = std::min(leave_u, leave_v);
        if (start_z + leave * field.dz > field.block_top[block_v * field.blocks_u + block_u]) {
            if (leave >= t_end) return hit;
            t = leave;
            axis = leave_u <= leave_v ? 0 : 1;
            u = leave_u <= leave ? (field.du > 0 ? edge_u : edge_u - 1) : ray.column_u(t);
            v = leave_v <= leave ? (field.dv > 0 ? edge_v : edge_v - 1) : ray.column_v(t);
            front_u = axis == 0 ? u - field.step_u : u, front_v = axis == 1 ? v - field.step_v : v;
            continue;
        }
        while (u / kBlockSide == block_u && v / kBlockSide == block_v) {
            float out_u = ray.at_u(ray.leave_u(u)), out_v = ray.at_v(ray.leave_v(v)), out = std::min({out_u, out_v, t_end});
            float z_in = start_z + t * field.dz, z_out = start_z + out * field.dz, z_hit;
            bool from_above;
            if (z_out <= field.top[field.index(u, v)] && meets_column(field, u, v, z_in, z_out, z_hit, from_above)) {
                hit = {t, z_hit, u, v, front_u, front_v, static_cast<int8_t>(from_above ? 2 : axis)};
                if (from_above) hit.t = (z_hit - start_z) / field.dz;
                return hit;
            }
            if (out >= t_end) return hit;
            t = out;
            front_u = u, front_v = v;
            if (out_v <= out) v += field.step_v, axis = 1;
            if (out_u <= out) u += field.step_u, axis = 0;
            if (axis == 0) front_v = v; else front_u = u;
        }
    }
}

namespace {

// Slope between neighbours where they are one surface; at a step the other side counts alone.
float slope(float before, float here, float after, float cell) {
    float rise_0 = here - before, rise_1 = after - here, limit = kSteepest * cell;
    bool smooth_0 = std::abs(rise_0) < limit, smooth_1 = std::abs(rise_1) < limit;
    if (smooth_0 && smooth_1) return (rise_0 + rise_1) / (2 * cell);
    return smooth_0 ? rise_0 / cell : smooth_1 ? rise_1 / cell : 0;
}

Normal floor_normal(const HeightField& field, int u, int v) {
    const float* h = &field.top[field.index(u, v)];
    float gu = slope(h[-1], h[0], h[1], static_cast<float>(field.grid->cell_u));
    float gv = slope(h[-field.stride], h[0], h[field.stride], static_cast<float>(field.grid->cell_v));
    float k = 1 / std::sqrt(1 + gu * gu + gv * gv);
    return {-gu * k, -gv * k, k};
}

// Rough direction away from the material at height z: the centre of what is filled around the column.
void rough_normal(const float* tops, int stride, float z, float& nu, float& nv) {
    constexpr int kAround = 3;
    nu = nv = 0;
    for (int v = -kAround; v <= kAround; ++v)
        for (int u = -kAround; u <= kAround; ++u) {
            float filled = tops[v * stride + u] > z ? 1.0f : 0.0f;
            nu -= filled * static_cast<float>(u), nv -= filled * static_cast<float>(v);
        }
}

// How far the material reaches outward from the column, row by row along a wall; `reach` is that of the row before. False: a corner.
bool follow(const float* row, int outward, float z, int& reach) {
    constexpr int kStep = 3;
    int start = reach;
    if (row[reach * outward] > z) {
        while (row[(reach + 1) * outward] > z)
            if (++reach - start > kStep) return false;
    } else {
        do {
            if (start - --reach > kStep) return false;
        } while (row[reach * outward] <= z);
    }
    return std::abs(reach) <= kWallWalk;
}

// Slope of a wall against its rows by least squares over what following it to both sides finds. False: too little of it.
bool wall_slope(const float* tops, int outward, int along, float z, float& slope) {
    int reaches[2 * kWallWalk + 1];
    int* reach = reaches + kWallWalk;
    int here = 0, count[2] = {0, 0};
    if (!follow(tops, outward, z, here)) return false;
    reach[0] = here;
    for (int side = 0; side < 2; ++side) {
        int at = here, sign = side == 0 ? -1 : 1;
        for (int k = 1; k <= kWallWalk && follow(tops + sign * k * along, outward, z, at); ++k) reach[sign * k] = at, count[side] = k;
    }
    // Equal lengths on a curve; near a corner all there is on the longer side.
    if (std::min(count[0], count[1]) >= 5) count[0] = count[1] = std::min(count[0], count[1]);
    int n = count[0] + count[1] + 1;
    if (n < 3) return false;
    int sum_k = 0, sum_kk = 0, sum_r = 0, sum_kr = 0;
    for (int k = -count[0]; k <= count[1]; ++k) sum_k += k, sum_kk += k * k, sum_r += reach[k], sum_kr += k * reach[k];
    slope = static_cast<float>(n * sum_kr - sum_k * sum_r) / static_cast<float>(n * sum_kk - sum_k * sum_k);
    return true;
}

// Away from the material at height z. The outline at that height is followed over some columns, so that steps of single columns do not
// show and corners stay sharp.
Normal wall_normal(const HeightField& field, const RayHit& hit) {
    const float* tops = &field.top[field.index(hit.u, hit.v)];
    float z = hit.z - 1e-4f, nu, nv;
    Normal along = hit.axis == 0 ? Normal{static_cast<float>(-field.step_u), 0, 0} : Normal{0, static_cast<float>(-field.step_v), 0};
    rough_normal(tops, field.stride, z, nu, nv);
    float small = std::min(std::abs(nu), std::abs(nv)), large = std::max(std::abs(nu), std::abs(nv));
    bool by_rows = small > 0.5f * large || large == 0 ? hit.axis == 0 : std::abs(nu) > std::abs(nv);  // the wall runs along v
    int outward = by_rows ? (nu == 0 ? -field.step_u : nu > 0 ? 1 : -1) : (nv == 0 ? -field.step_v : nv > 0 ? 1 : -1);
    float slope;
    if (!wall_slope(tops, by_rows ? outward : outward * field.stride, by_rows ? field.stride : 1, z, slope)) return along;
    float cell_u = static_cast<float>(field.grid->cell_u), cell_v = static_cast<float>(field.grid->cell_v);
    slope *= by_rows ? cell_u / cell_v : cell_v / cell_u;
    float k = 1 / std::sqrt(1 + slope * slope);
    Normal n = by_rows ? Normal{static_cast<float>(outward) * k, -slope * k, 0} : Normal{-slope * k, static_cast<float>(outward) * k, 0};
    return n.x * field.du + n.y * field.dv < 0 ? n : along;  // what is seen looks back
}

float occlusion_of(const HeightField& field, const RayHit& hit, Normal n, bool wall) {
    const float* h = &field.top[field.index(hit.u, hit.v)];
    // A wall does not shade itself: only samples well before it count.
    float clear_mm = 2 * static_cast<float>(std::max(field.grid->cell_u, field.grid->cell_v));
    float sum = 0, total = 0;
    for (const HeightField::Sample& sample : field.samples) {
        if (wall && sample.dx * n.x + sample.dy * n.y < clear_mm * sample.per_mm) continue;
        total += sample.weight;
        sum += sample.weight * std::clamp((h[sample.offset] - hit.z) * sample.per_mm, 0.0f, 1.0f);
    }
    return total > 0 ? 1 - 0.80f * sum / total : 1.0f;
}

}  // namespace

Surface surface_at(const HeightField& field, const RayHit& hit) {
    bool outside = hit.front_u < 0 || hit.front_v < 0 || hit.front_u >= field.count_u || hit.front_v >= field.count_v;
    int here = field.index(hit.u, hit.v);
    float cell = static_cast<float>(std::max(field.grid->cell_u, field.grid->cell_v));
    bool wall = hit.axis != 2;
    float front_top = outside ? kEmptyTop : field.top[field.index(hit.front_u, hit.front_v)];
    // The side of a small step belongs to a slope.
    if (wall && field.top[here] - front_top < kSteepest * cell) wall = false;
    if (!wall) {
        Normal n = floor_normal(field, hit.u, hit.v);
        return {n, occlusion_of(field, hit, n, false), field.colour[here]};
    }
    Normal n = wall_normal(field, hit);
    float occlusion = occlusion_of(field, hit, n, true);
    // The foot of a wall is darker: the floor before it hides half of the light.
    float rise = (hit.z - front_top) / (kOcclusionRadius * cell);
    if (rise < 1) occlusion *= 0.72f + 0.28f * std::max(0.0f, rise);
    int slot = outside ? 0 : field.colour[field.index(hit.front_u, hit.front_v)];
    return {n, occlusion, slot};
}

}  // namespace proveout
