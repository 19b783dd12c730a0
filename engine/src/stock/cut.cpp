// Batches of sweeps through a grid: sweeps are sorted into tiles, tiles are worked on independently and each in program order, results are
// added up in the order of the tiles. Nothing depends on the number of threads.
#include "proveout/cut.h"

#include <algorithm>
#include <cmath>

#include "base/parallel.h"
#include "stock/plans.h"
#include "stock/tile_cutter.h"

namespace proveout {

namespace {

constexpr int kMaxKinds = kContactKinds * 4;  // kind x part

// Sweeps by tile, in program order: entries of tile t are ids[first[t] .. first[t + 1]).
struct TileLists {
    std::vector<int32_t> first, ids;
};

struct TileRange {
    int u_low, u_high, v_low, v_high;
};

TileRange range_of(const DexelGrid& grid, const SweepPlan& plan, double radius) {
    double tile_u = grid.cell_u * kTile, tile_v = grid.cell_v * kTile;
    auto index = [](double x, int count) { return static_cast<int>(std::floor(std::clamp(x, -1.0, count + 1.0))); };
    TileRange range;
    range.u_low = std::max(0, index((plan.x_low - radius - grid.u0) / tile_u, grid.tiles_u));
    range.u_high = std::min(grid.tiles_u - 1, index((plan.x_high + radius - grid.u0) / tile_u, grid.tiles_u));
    range.v_low = std::max(0, index((plan.y_low - radius - grid.v0) / tile_v, grid.tiles_v));
    range.v_high = std::min(grid.tiles_v - 1, index((plan.y_high + radius - grid.v0) / tile_v, grid.tiles_v));
    return range;
}

// A long diagonal sweep has a box full of tiles that it never comes near.
bool passes(const DexelGrid& grid, const SweepPlan& plan, int tile_u, int tile_v, double radius) {
    double size_u = grid.cell_u * kTile, size_v = grid.cell_v * kTile;
    double x = grid.u0 + (tile_u + 0.5) * size_u, y = grid.v0 + (tile_v + 0.5) * size_v;
    double reach = radius + 0.5 * std::hypot(size_u, size_v);
    if (plan.sweep->arc) return path_distance(*plan.sweep, x, y) <= reach;
    RayOnLine at = locate(plan.line, x, y);
    double beyond = at.s - std::clamp(at.s, 0.0, plan.line.length);
    return at.d * at.d + beyond * beyond <= reach * reach;
}

double reach_of(const DexelGrid& grid, const SweepPlan& plan) {
    // Shank and holder matter only where they dip below the top of the stock.
    double radius = plan.assembly->cutter_radius;
    auto widen = [&](const std::vector<CheckPlan>& list) {
        for (const CheckPlan& check : list)
            if (plan.z_low + check.plan.base < grid.ceiling_mm) radius = std::max(radius, check.plan.body.radius_mm);
    };
    widen(plan.assembly->always);
    widen(plan.assembly->near);
    if (plan.sweep->checks_flutes) widen(plan.assembly->flutes);
    return radius;
}

TileLists sort_into_tiles(const DexelGrid& grid, const std::vector<SweepPlan>& plans, double clearance_mm) {
    TileLists lists;
    lists.first.assign(grid.tiles.size() + 1, 0);
    std::vector<std::pair<int32_t, int32_t>> pairs;  // tile, sweep
    pairs.reserve(plans.size() * 4);
    for (size_t i = 0; i < plans.size(); ++i) {
        if (plans[i].z_low - clearance_mm >= grid.ceiling_mm) continue;
        double radius = reach_of(grid, plans[i]);
        TileRange range = range_of(grid, plans[i], radius);
        bool large = (range.u_high - range.u_low) > 1 && (range.v_high - range.v_low) > 1;
        for (int v = range.v_low; v <= range.v_high; ++v)
            for (int u = range.u_low; u <= range.u_high; ++u) {
                if (large && !passes(grid, plans[i], u, v, radius)) continue;
                int tile = v * grid.tiles_u + u;
                pairs.emplace_back(tile, static_cast<int32_t>(i));
                ++lists.first[tile + 1];
            }
    }
    for (size_t t = 1; t < lists.first.size(); ++t) lists.first[t] += lists.first[t - 1];
    lists.ids.resize(pairs.size());
    std::vector<int32_t> next(lists.first.begin(), lists.first.end() - 1);
    for (const auto& [tile, sweep] : pairs) lists.ids[next[tile]++] = sweep;
    return lists;
}

// A millimetre as a fraction of each owner's path.
std::vector<double> fractions_per_mm(std::span<const Sweep> sweeps, int32_t owner_count) {
    std::vector<double> way(owner_count, 0.0), share(owner_count, 0.0);
    for (const Sweep& sweep : sweeps) {
        way[sweep.owner] += sweep_length(sweep);
        share[sweep.owner] += static_cast<double>(sweep.fraction_1) - sweep.fraction_0;
    }
    for (int32_t i = 0; i < owner_count; ++i) way[i] = way[i] > 0 ? share[i] / way[i] : 2;
    return way;
}

CutResult add_up(const std::vector<TileResult>& tiles, std::span<const Sweep> sweeps, int32_t owner_count, double cell_mm) {
    CutResult result;
    result.cuts.resize(owner_count);
    for (const TileResult& tile : tiles) {
        for (const TileCut& part : tile.cuts) {
            Cut& cut = result.cuts[part.owner];
            cut.removed_mm3 += part.removed_mm3;
            cut.depth_mm = std::max(cut.depth_mm, part.depth_mm);
            cut.first_fraction = std::min(cut.first_fraction, part.first_fraction);
            cut.plunge_depth_mm = std::max(cut.plunge_depth_mm, part.plunge_depth_mm);
        }
        result.contacts.insert(result.contacts.end(), tile.contacts.begin(), tile.contacts.end());
    }
    auto key = [](const ContactRecord& r) {
        return static_cast<int64_t>(r.owner) * kMaxKinds + static_cast<int>(r.kind) * 4 + static_cast<int>(r.part);
    };
    std::stable_sort(result.contacts.begin(), result.contacts.end(),
                     [&](const ContactRecord& a, const ContactRecord& b) { return key(a) < key(b); });
    if (result.contacts.empty()) return result;
    std::vector<double> per_mm = fractions_per_mm(sweeps, owner_count);
    std::vector<ContactRecord> merged;
    std::vector<Contact> stretches;
    for (size_t i = 0; i < result.contacts.size();) {
        ContactRecord record = result.contacts[i];
        stretches.clear();
        for (; i < result.contacts.size() && key(result.contacts[i]) == key(record); ++i)
            add_stretch(stretches, result.contacts[i].contact, per_mm[record.owner], cell_mm);
        // A shank rubs in a slot or hole of its own width: walls on both sides. Beside one wall it only touches.
        uint8_t sides = 0;
        for (const Contact& contact : stretches) sides |= contact.sides;
        if (record.kind == ContactKind::kRubbing && sides != 3) continue;
        for (const Contact& contact : stretches) merged.push_back({record.owner, record.kind, record.part, contact});
    }
    result.contacts = std::move(merged);
    return result;
}

}  // namespace

CutResult cut_batch(DexelGrid& grid, std::span<const ToolAssembly> assemblies, std::span<const Sweep> sweeps, int32_t owner_count,
                    const CutOptions& options, const Context& context) {
    CHECK(grid.axis == 2);
    std::vector<AssemblyPlan> plans;
    for (const ToolAssembly& assembly : assemblies) plans.push_back(plan_assembly(assembly, options, std::max(grid.cell_u, grid.cell_v)));
    std::vector<SweepPlan> sweep_plans;
    sweep_plans.reserve(sweeps.size());
    for (const Sweep& sweep : sweeps) sweep_plans.push_back(plan_sweep(sweep, plans[sweep.assembly]));
    TileLists lists = sort_into_tiles(grid, sweep_plans, options.clearance_mm);
    // The busiest tiles first: threads finish together.
    std::vector<int32_t> order;
    for (size_t t = 0; t < grid.tiles.size(); ++t)
        if (lists.first[t + 1] > lists.first[t]) order.push_back(static_cast<int32_t>(t));
    std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
        int32_t size_a = lists.first[a + 1] - lists.first[a], size_b = lists.first[b + 1] - lists.first[b];
        return size_a != size_b ? size_a > size_b : a < b;
    });
    std::vector<TileResult> results(grid.tiles.size());
    TileGeometry geometry = tile_geometry(grid);
    parallel_for(context.threads, static_cast<int>(order.size()), [&](int i) {
        int32_t t = order[i];
        std::span<const int32_t> ids(lists.ids.data() + lists.first[t], lists.ids.data() + lists.first[t + 1]);
        results[t] = cut_tile(grid, geometry, t, sweep_plans, ids, options);
    });
    return add_up(results, sweeps, owner_count, std::max(grid.cell_u, grid.cell_v));
}

}  // namespace proveout
