#include "stock/tile_cutter.h"

#include <algorithm>
#include <cmath>

#include "stock/contact.h"
#include "stock/ray_edit.h"

namespace proveout {

namespace {

constexpr int kBlocksAcross = kTile / kBlock;
// Differences below this are rounding of heights in float, never a contact.
constexpr double kHeightNoise_mm = 2e-5;
constexpr double kBoundMargin = 1.0002;
// A plunge is judged by what it removes within this share of the cutter's radius.
constexpr double kCentreShare = 0.3;
// A way down with less than this share of it to the side is a plunge: no ramp is as steep.
constexpr double kPlungeSlope = 0.05;

class TileCutter {
  public:
    TileCutter(DexelGrid& grid, const TileGeometry& geometry, int index, const CutOptions& options)
        : grid_(grid), tile_(grid.tiles[index]), options_(options), tile_u_(index % grid.tiles_u), tile_v_(index / grid.tiles_u) {
        x0_ = grid.u0 + tile_u_ * kTile * grid.cell_u;
        y0_ = grid.v0 + tile_v_ * kTile * grid.cell_v;
        size_u_ = kTile * grid.cell_u;
        size_v_ = kTile * grid.cell_v;
        rays_.column_x = geometry.column_x.data();
        rays_.row_y = geometry.row_y.data();
        rays_.column_dy = geometry.column_dy.data() + tile_u_ * kTile;
        rays_.row_dx = geometry.row_dx.data() + tile_v_ * kTile;
        rays_.floor = static_cast<float>(grid.floor_mm);
        half_tile_ = 0.5 * std::hypot(size_u_, size_v_);
        half_diagonal_ = 0.5 * kBlock * std::hypot(grid.cell_u, grid.cell_v);
    }

    void run(const SweepPlan& sweep) {
        meet_and_cut(sweep);
        previous_ = &sweep;
    }

    TileResult take() { return std::move(result_); }

  private:
    void meet_and_cut(const SweepPlan& sweep) {
        double z_low, z_high;
        double reach = sweep.assembly->largest_radius + half_tile_;
        tip_heights_near(sweep, x0_ + 0.5 * size_u_, y0_ + 0.5 * size_v_, reach, z_low, z_high);
        if (z_low - options_.clearance_mm >= tile_.tile_top) return;
        lines_ready_ = false;
        if (options_.check_contacts) check_all(sweep, z_low);
        if (!sweep.sweep->cuts) return;
        for (const BodyPlan& cutter : sweep.assembly->cutters)
            if (z_low + cutter.base < tile_.tile_top) cut_body(sweep, cutter, z_low);
    }

    void check_all(const SweepPlan& sweep, double z_low) {
        auto each = [&](std::span<const CheckPlan> list) {
            for (const CheckPlan& check : list)
                if (z_low + check.plan.base < tile_.tile_top) check_body(sweep, check, z_low);
        };
        const AssemblyPlan& assembly = *sweep.assembly;
        each(assembly.always);
        if (sweep.sweep->forbids_cutting && sweep.sweep->cuts) each(assembly.forbidden);
        if (sweep.sweep->checks_flutes) each(assembly.flutes);
        if (assembly.near.empty() || !sweep.sweep->cuts) return;
        // A cutter that goes straight up or down is beside the walls of its own cut: only a rapid across can come too near.
        bool across = sweep.sweep->forbids_cutting && sweep.line.length > 0;
        std::span<const CheckPlan> near(assembly.near);
        each(across ? near : near.first(assembly.near_always));
    }

    // Blocks that the body may reach: bit 8 v + u.
    uint64_t reached_blocks(const SweepPlan& sweep, const BodyPlan& body, const KernelSweep& kernel, double z_low) const {
        double radius = body.body.radius_mm;
        auto index = [](double x) { return std::clamp(static_cast<int>(std::floor(x)), 0, kBlocksAcross - 1); };
        double block_u = kBlock * grid_.cell_u, block_v = kBlock * grid_.cell_v;
        int u_low = index((sweep.x_low - radius - x0_) / block_u), u_high = index((sweep.x_high + radius - x0_) / block_u);
        BlockBounds bounds;
        bounds.v_low = index((sweep.y_low - radius - y0_) / block_v);
        bounds.v_high = index((sweep.y_high + radius - y0_) / block_v);
        bounds.block_u = static_cast<float>(block_u);
        bounds.block_v = static_cast<float>(block_v);
        // A little more than the block, for the rounding of the bound itself.
        double ux = std::abs(sweep.line.ux), uy = std::abs(sweep.line.uy);
        bounds.half_diagonal = static_cast<float>(half_diagonal_ * kBoundMargin);
        bounds.half_along = static_cast<float>(0.5 * (block_u * ux + block_v * uy) * kBoundMargin);
        bounds.half_across = static_cast<float>(0.5 * (block_u * uy + block_v * ux) * kBoundMargin);
        bounds.block_top = tile_.block_top;
        bounds.z_low = static_cast<float>(z_low + body.base);
        uint64_t columns = ((2u << u_high) - (1u << u_low)) * 0x0101010101010101ull;
        return kernels().reached(kernel, bounds) & columns;
    }

    // Visits the blocks, row by row, as (block_u, block_v).
    template <class Visit>
    static void for_each_block(uint64_t blocks, Visit visit) {
        for (; blocks; blocks &= blocks - 1) {
            int block = __builtin_ctzll(blocks);
            visit(block % kBlocksAcross, block / kBlocksAcross);
        }
    }

    KernelSweep kernel_for(const SweepPlan& sweep, const BodyPlan& body) const {
        KernelSweep kernel = kernel_sweep(sweep, body, x0_, y0_, std::max(size_u_, size_v_));
        if (!body.closed_form) {  // only the bound is used: a disc at the lowest height
            kernel.shape = KernelShape::kFlat;
        }
        return kernel;
    }

    KernelTile rays() {
        rays_.top = tile_.top.data();
        rays_.bottom = tile_.bottom.empty() ? nullptr : tile_.bottom.data();
        rays_.colour = tile_.colour.empty() ? nullptr : tile_.colour.data();
        return rays_;
    }

    void block_heights(const SweepPlan& sweep, const BodyPlan& body, const KernelSweep& kernel, int bu, int bv, float* heights) {
        if (body.closed_form) return kernels().heights(kernel, rays(), bu, bv, heights);
        for (int i = 0; i < kBlock * kBlock; ++i) {
            double x, y, low, high;
            place(bu * kBlock + i % kBlock, bv * kBlock + i / kBlock, x, y);
            bool hit = swept_interval(*sweep.sweep, body.body, x, y, low, high);
            heights[i] = hit ? static_cast<float>(low) : std::numeric_limits<float>::infinity();
        }
    }

    void place(int u, int v, double& x, double& y) const {
        x = x0_ + rays_.column_x[u] + rays_.row_dx[v];
        y = y0_ + rays_.row_y[v] + rays_.column_dy[u];
    }

    bool real(int u, int v) const { return tile_u_ * kTile + u < grid_.count_u && tile_v_ * kTile + v < grid_.count_v; }

    void cut_body(const SweepPlan& sweep, const BodyPlan& body, double z_low) {
        double down = sweep.line.from.z - sweep.line.to.z;
        bool plunges = !sweep.assembly->center_cutting && !sweep.sweep->arc && down > 0 && sweep.line.length <= kPlungeSlope * down;
        bool continuing = body.closed_form && z_low + body.upper_low >= tile_.tile_top && tile_.more.empty() && continues(sweep);
        if (continuing && is_behind(sweep, body)) return;
        KernelSweep kernel = kernel_for(sweep, body);
        kernel.continues = continuing;
        uint64_t left = reached_blocks(sweep, body, kernel, z_low);
        if (!left) return;
        CutSums sums;
        if (plunges) for_each_block(left, [&](int bu, int bv) { sums.plunge = std::max(sums.plunge, centre_depth(sweep, body, bu, bv)); });
        while (left) {
            uint64_t blocks = leading_whole_blocks(left, z_low + body.upper_low);
            if (!blocks) blocks = left & -left;
            BlockCut cuts[kBlocksPerTile];
            cut_blocks(sweep, body, kernel, blocks, z_low, cuts);
            add_blocks(sweep, blocks, cuts, sums);
            left &= ~blocks;
        }
        if (!sums.changed) return;
        if (sums.highest >= tile_.tile_top) tile_.tile_top = highest_block();
        record(sweep.sweep->owner, sums.removed * grid_.cell_area_mm2(), sums.depth, first_fraction(sweep, body, sums), sums.plunge);
    }

    // Eight columns side by side: one after another would be a chain of 64 steps.
    float highest_block() const {
        float top[kBlocksAcross];
        std::copy_n(tile_.block_top, kBlocksAcross, top);
        for (int block = kBlocksAcross; block < kBlocksPerTile; ++block)
            top[block % kBlocksAcross] = std::max(top[block % kBlocksAcross], tile_.block_top[block]);
        return *std::max_element(top, top + kBlocksAcross);
    }

    // What one body takes from the tile on one sweep.
    struct CutSums {
        bool changed = false;
        double removed = 0;
        float depth = 0, plunge = 0;
        float highest = -std::numeric_limits<float>::infinity();   // top of a block that was cut, before that
        double first_s = std::numeric_limits<double>::infinity();  // along-track position of the middle of the first block that was cut
    };

    // Whether the tool has just come to where this straight sweep starts, so that it has cut there already. A steep sweep is taken as a
    // plunge at its start, so that it may not quite have come.
    bool continues(const SweepPlan& sweep) const {
        if (!previous_ || previous_->assembly != sweep.assembly || sweep.line.length == 0) return false;
        const Sweep& before = *previous_->sweep;
        if (!before.cuts) return false;
        bool comes = before.arc || previous_->line.length > 0 || (before.from.x == before.to.x && before.from.y == before.to.y);
        return comes && before.to.x == sweep.sweep->from.x && before.to.y == sweep.sweep->from.y && before.to.z == sweep.sweep->from.z;
    }

    // Whether the tool is lowest at the start of the sweep over all rays of the tile.
    bool is_behind(const SweepPlan& sweep, const BodyPlan& body) const {
        const Line& line = sweep.line;
        double s = (x0_ + 0.5 * size_u_ - line.from.x) * line.ux + (y0_ + 0.5 * size_v_ - line.from.y) * line.uy;
        double half = 0.5 * (size_u_ * std::abs(line.ux) + size_v_ * std::abs(line.uy)) * kBoundMargin;
        return s + half + (line.slope < 0 ? body.body.radius_mm : 0) < 0;
    }

    // Those at the front of `blocks` whose rays are one interval each, no higher than the body.
    uint64_t leading_whole_blocks(uint64_t blocks, double upper_low) const {
        if (!tile_.more.empty()) return 0;
        if (upper_low >= tile_.tile_top) return blocks;
        for (uint64_t left = blocks; left; left &= left - 1)
            if (upper_low < tile_.block_top[__builtin_ctzll(left)]) return blocks & ((left & -left) - 1);
        return blocks;
    }

    // Either whole blocks or one that is not.
    void cut_blocks(const SweepPlan& sweep, const BodyPlan& body, const KernelSweep& kernel, uint64_t blocks, double z_low,
                    BlockCut* cuts) {
        KernelTile tile = rays();
        tile.slot = sweep.sweep->colour;
        bool whole = leading_whole_blocks(blocks, z_low + body.upper_low) == blocks;
        if (whole && body.closed_form) return kernels().cut(kernel, tile, blocks, cuts);
        for_each_block(blocks, [&](int bu, int bv) {
            if (whole) {
                float heights[kBlock * kBlock];
                block_heights(sweep, body, kernel, bu, bv, heights);
                kernels().lower(heights, tile, bu, bv, *cuts++);
            } else {
                *cuts++ = cut_rays(sweep, body, bu, bv);
            }
        });
    }

    void add_blocks(const SweepPlan& sweep, uint64_t blocks, const BlockCut* cuts, CutSums& sums) {
        for (; blocks; blocks &= blocks - 1) {
            int block = __builtin_ctzll(blocks);
            const BlockCut& cut = *cuts++;
            float top = tile_.block_top[block];
            tile_.block_top[block] = cut.top;
            if (cut.removed <= 0) continue;
            sums.changed = true;
            sums.removed += cut.removed;
            sums.depth = std::max(sums.depth, cut.depth);
            sums.highest = std::max(sums.highest, top);
            double x = x0_ + (block % kBlocksAcross + 0.5) * kBlock * grid_.cell_u;
            double y = y0_ + (block / kBlocksAcross + 0.5) * kBlock * grid_.cell_v;
            sums.first_s = std::min(sums.first_s, (x - sweep.line.from.x) * sweep.line.ux + (y - sweep.line.from.y) * sweep.line.uy);
        }
    }

    // Rays with overhangs, or material above the flutes: one by one, exact.
    BlockCut cut_rays(const SweepPlan& sweep, const BodyPlan& body, int bu, int bv) {
        double sum = 0;
        BlockCut cut{0, 0, -std::numeric_limits<float>::infinity()};
        for (int i = 0; i < kBlock * kBlock; ++i) {
            int u = bu * kBlock + i % kBlock, v = bv * kBlock + i / kBlock;
            double x, y, low, high;
            place(u, v, x, y);
            if (swept_interval(*sweep.sweep, body.body, x, y, low, high)) {
                double gone = remove_interval(tile_, v * kTile + u, rays_.floor, static_cast<float>(low), static_cast<float>(high),
                                              sweep.sweep->colour);
                sum += gone;
                cut.depth = std::max(cut.depth, static_cast<float>(gone));
            }
            cut.top = std::max(cut.top, tile_.top[v * kTile + u]);
        }
        cut.removed = static_cast<float>(sum);
        return cut;
    }

    float centre_depth(const SweepPlan& sweep, const BodyPlan& body, int bu, int bv) {
        float deepest = 0;
        double limit = kCentreShare * sweep.assembly->cutter_radius;
        for (int i = 0; i < kBlock * kBlock; ++i) {
            int u = bu * kBlock + i % kBlock, v = bv * kBlock + i / kBlock;
            double x, y;
            place(u, v, x, y);
            if (path_distance(*sweep.sweep, x, y) > limit) continue;
            deepest = std::max(deepest, static_cast<float>(tile_.top[v * kTile + u] - std::max(sweep.z_low + body.base, grid_.floor_mm)));
        }
        return deepest;
    }

    // A bound, not later than the truth, for the moment at which the sweep reaches the first block that it cuts.
    float first_fraction(const SweepPlan& sweep, const BodyPlan& body, const CutSums& sums) const {
        double start = sweep.sweep->fraction_0, share = 0, down = sweep.line.from.z - sweep.line.to.z;
        if (!sweep.sweep->arc && sweep.line.length == 0 && down > 0)
            share = std::clamp((sweep.line.from.z + body.base - sums.highest) / down, 0.0, 1.0);
        if (!sweep.sweep->arc && sweep.line.length > 0)
            share = std::clamp((sums.first_s - half_diagonal_ - body.body.radius_mm) / sweep.line.length, 0.0, 1.0);
        return static_cast<float>(start + share * (sweep.sweep->fraction_1 - start));
    }

    void record(int32_t owner, double removed, float depth, float first, float plunge) {
        if (result_.cuts.empty() || result_.cuts.back().owner != owner) result_.cuts.push_back({owner});
        TileCut& cut = result_.cuts.back();
        cut.removed_mm3 += removed;
        cut.depth_mm = std::max(cut.depth_mm, depth);
        cut.first_fraction = std::min(cut.first_fraction, first);
        cut.plunge_depth_mm = std::max(cut.plunge_depth_mm, plunge);
    }

    void check_body(const SweepPlan& sweep, const CheckPlan& check, double z_low) {
        KernelSweep kernel = kernel_for(sweep, check.plan);
        stretches_.clear();
        for_each_block(reached_blocks(sweep, check.plan, kernel, z_low), [&](int bu, int bv) {
            float heights[kBlock * kBlock];
            block_heights(sweep, check.plan, kernel, bu, bv, heights);
            for (int i = 0; i < kBlock * kBlock; ++i) {
                int u = bu * kBlock + i % kBlock, v = bv * kBlock + i / kBlock;
                if (heights[i] + kHeightNoise_mm < tile_.top[v * kTile + u] && real(u, v) &&
                    !adds_only_volume(sweep, check, u, v, heights[i], z_low))
                    check_ray(sweep, check, u, v);
            }
        });
        for (const Contact& contact : stretches_) result_.contacts.push_back({sweep.sweep->owner, check.kind, check.part, contact});
    }

    // Most rays of a lasting contact lie within a stretch that is known, are not deeper, and the cutter does not come near them: their
    // volume is added and that is all. Exact for a ray of one interval that does not reach above the body.
    bool adds_only_volume(const SweepPlan& sweep, const CheckPlan& check, int u, int v, float height, double z_low) {
        if (stretches_.empty() || sweep.sweep->arc) return false;
        int index = v * kTile + u;
        double top = tile_.top[index], bottom = tile_.bottom.empty() ? grid_.floor_mm : tile_.bottom[index];
        if (top > z_low + check.plan.upper_low || (!tile_.more.empty() && tile_.more.count(index) > 0)) return false;
        double x, y, overlap = top - std::max<double>(bottom, height);
        place(u, v, x, y);
        RayOnLine ray = locate(sweep.line, x, y);
        double way = sweep.line.length, a_low, a_high;
        if (check.credits_cutter) {
            double beyond = ray.s - std::clamp(ray.s, 0.0, way), reach = sweep.assembly->cutter_radius;
            if (ray.d * ray.d + (way > 0 ? beyond * beyond : 0) <= reach * reach) return false;
        }
        if (!cover_range(sweep.line, ray, check.plan.body.radius_mm, a_low, a_high)) return false;
        double f0 = sweep.sweep->fraction_0, scale = (sweep.sweep->fraction_1 - f0) / (way > 0 ? way : 1);
        // Where a contact begins and ends is told to one cell of the way: no ray tells more.
        double cell = scale * std::max(grid_.cell_u, grid_.cell_v);
        for (Contact& known : stretches_) {
            if (f0 + scale * a_low < known.first_fraction - cell || f0 + scale * a_high > known.last_fraction + cell) continue;
            if (overlap + check.shrunk_mm > known.depth_mm + kHeightNoise_mm) return false;
            known.side_mm = std::max(known.side_mm, static_cast<float>(check.plan.body.radius_mm - ray.d));
            known.sides |= side_of(sweep, x, y);
            known.volume_mm3 += std::max(0.0, overlap) * grid_.cell_area_mm2();
            return true;
        }
        return false;
    }

    void check_ray(const SweepPlan& sweep, const CheckPlan& check, int u, int v) {
        if (!lines_ready_) lines_of(*sweep.sweep, lines_);
        lines_ready_ = true;
        intervals_of(grid_, tile_u_ * kTile + u, tile_v_ * kTile + v, material_);
        double x, y;
        place(u, v, x, y);
        double way = sweep_length(*sweep.sweep), per_mm = way > 0 ? 1 / way : 2, cell = std::max(grid_.cell_u, grid_.cell_v);
        double side = check.plan.body.radius_mm - path_side(sweep, x, y);
        double f0 = sweep.sweep->fraction_0, span = sweep.sweep->fraction_1 - f0;
        meet(sweep, lines_, check, material_, x, y, {per_mm * kContactGap_mm, cell, f0, span, stretches_}, met_);
        for (const RayContact& met : met_) {
            if (met.overlap_mm <= kHeightNoise_mm) continue;
            Contact contact;
            contact.depth_mm = static_cast<float>(met.overlap_mm + check.shrunk_mm);
            contact.first_fraction = static_cast<float>(f0 + span * met.first_fraction);
            contact.last_fraction = static_cast<float>(f0 + span * met.last_fraction);
            contact.first_point = {x, y, met.first_height};
            contact.volume_mm3 = met.summed_mm * grid_.cell_area_mm2();
            contact.side_mm = static_cast<float>(std::max(0.0, side));
            contact.sides = side_of(sweep, x, y);
            add_stretch(stretches_, contact, per_mm * span, cell);
        }
    }

    // Distance of the ray from the track, at its nearest.
    double path_side(const SweepPlan& sweep, double x, double y) const {
        return sweep.sweep->arc ? path_distance(*sweep.sweep, x, y) : locate(sweep.line, x, y).d;
    }

    // Contact::sides; a plunge has no track, so the X axis stands for one.
    static uint8_t side_of(const SweepPlan& sweep, double x, double y) {
        if (sweep.sweep->arc) return std::hypot(x - sweep.sweep->centre_x, y - sweep.sweep->centre_y) < sweep.sweep->arc_radius ? 1 : 2;
        const Line& line = sweep.line;
        return (y - line.from.y) * line.ux - (x - line.from.x) * line.uy > 0 ? 1 : 2;
    }

    DexelGrid& grid_;
    DexelTile& tile_;
    const CutOptions& options_;
    int tile_u_, tile_v_;
    double x0_, y0_, size_u_, size_v_, half_tile_, half_diagonal_;
    KernelTile rays_{};
    TileResult result_;
    const SweepPlan* previous_ = nullptr;
    std::vector<Line> lines_;
    bool lines_ready_ = false;
    std::vector<Interval> material_;
    std::vector<RayContact> met_;
    std::vector<Contact> stretches_;
};

}  // namespace

double sweep_length(const Sweep& sweep) { return sweep.arc ? sweep.arc_radius * std::abs(sweep.sweep_rad) : length(sweep.to - sweep.from); }

double contact_gap_mm(double side_mm, double cell_mm) {
    constexpr double kRaysFromGap = 3;
    double strip = side_mm > 0 ? kRaysFromGap * cell_mm * cell_mm / side_mm : kLongestGap_mm;
    return std::clamp(strip, kContactGap_mm, kLongestGap_mm);
}

void add_stretch(std::vector<Contact>& stretches, Contact contact, double fraction_per_mm, double cell_mm) {
    for (size_t i = 0; i < stretches.size();) {
        const Contact& other = stretches[i];
        double gap = fraction_per_mm * contact_gap_mm(std::max(contact.side_mm, other.side_mm), cell_mm);
        if (other.first_fraction - gap > contact.last_fraction || contact.first_fraction - gap > other.last_fraction) {
            ++i;
            continue;
        }
        if (other.first_fraction <= contact.first_fraction) {
            contact.first_fraction = other.first_fraction;
            contact.first_point = other.first_point;
        }
        contact.depth_mm = std::max(contact.depth_mm, other.depth_mm);
        contact.last_fraction = std::max(contact.last_fraction, other.last_fraction);
        contact.side_mm = std::max(contact.side_mm, other.side_mm);
        contact.sides |= other.sides;
        contact.volume_mm3 += other.volume_mm3;
        stretches.erase(stretches.begin() + static_cast<std::ptrdiff_t>(i));
        i = 0;
    }
    auto place = std::lower_bound(stretches.begin(), stretches.end(), contact.first_fraction,
                                  [](const Contact& c, double fraction) { return c.first_fraction < fraction; });
    stretches.insert(place, contact);
}

TileGeometry tile_geometry(const DexelGrid& grid) {
    TileGeometry geometry;
    for (int i = 0; i < kTile; ++i) {
        geometry.column_x.push_back(static_cast<float>((i + 0.5) * grid.cell_u));
        geometry.row_y.push_back(static_cast<float>((i + 0.5) * grid.cell_v));
    }
    for (float shift : grid.shift_v) geometry.column_dy.push_back(static_cast<float>(shift * grid.cell_v));
    for (float shift : grid.shift_u) geometry.row_dx.push_back(static_cast<float>(shift * grid.cell_u));
    return geometry;
}

TileResult cut_tile(DexelGrid& grid, const TileGeometry& geometry, int tile_index, std::span<const SweepPlan> sweeps,
                    std::span<const int32_t> ids, const CutOptions& options) {
    TileCutter cutter(grid, geometry, tile_index, options);
    for (int32_t id : ids) cutter.run(sweeps[id]);
    return cutter.take();
}

}  // namespace proveout
