// kernel_impl.h -- compiled once per instruction set, inside a namespace of its own. Includes nothing that has inline functions, so that no
// code of the wider instruction set can be linked into the narrower. Eight lanes, written with the compiler's vector types.

namespace {

typedef float F8 __attribute__((vector_size(32)));
typedef int I8 __attribute__((vector_size(32)));
typedef double D8 __attribute__((vector_size(64)));
typedef long long L8 __attribute__((vector_size(64)));

constexpr int kLanes = 8;
constexpr float kOutside = __builtin_inff();

#define PROVEOUT_INLINE static inline __attribute__((always_inline))

PROVEOUT_INLINE F8 all(float x) { return F8{x, x, x, x, x, x, x, x}; }
PROVEOUT_INLINE D8 all_double(double x) { return D8{x, x, x, x, x, x, x, x}; }

// a < b ? a : b and a > b ? a : b per lane, the second operand where they are unordered: what the machine's minimum and maximum do.
#if defined(__AVX__)
PROVEOUT_INLINE F8 low_of(F8 a, F8 b) { return __builtin_ia32_minps256(a, b); }
PROVEOUT_INLINE F8 high_of(F8 a, F8 b) { return __builtin_ia32_maxps256(a, b); }
PROVEOUT_INLINE F8 root(F8 x) { return __builtin_ia32_sqrtps256(x); }
#else
PROVEOUT_INLINE F8 low_of(F8 a, F8 b) { return a < b ? a : b; }
PROVEOUT_INLINE F8 high_of(F8 a, F8 b) { return a > b ? a : b; }
PROVEOUT_INLINE F8 root(F8 x) {
    F8 r;
    for (int l = 0; l < kLanes; ++l) r[l] = __builtin_sqrtf(x[l]);
    return r;
}
#endif
PROVEOUT_INLINE F8 high_of(float a, F8 b) { return high_of(all(a), b); }

PROVEOUT_INLINE D8 root(D8 x) {
    D8 r;
    for (int l = 0; l < kLanes; ++l) r[l] = __builtin_sqrt(x[l]);
    return r;
}

PROVEOUT_INLINE F8 load(const float* from) {
    F8 x;
    __builtin_memcpy(&x, from, sizeof x);
    return x;
}
PROVEOUT_INLINE void store(float* to, F8 x) { __builtin_memcpy(to, &x, sizeof x); }

// Height of the shape's lower surface above its lowest point at squared distance rho2 from the axis.
template <KernelShape shape>
PROVEOUT_INLINE F8 rise(const KernelSweep& k, F8 rho2) {
    if constexpr (shape == KernelShape::kFlat) return all(0);
    if constexpr (shape == KernelShape::kBall) return k.ball - root(high_of(0.0f, k.ball_squared - rho2));
    if constexpr (shape == KernelShape::kCone) return k.cone * high_of(0.0f, root(rho2) - k.flat);
    if constexpr (shape == KernelShape::kBull) {
        F8 q = high_of(0.0f, root(rho2) - k.flat);
        return k.ball - root(high_of(0.0f, k.ball_squared - q * q));
    }
}

template <KernelShape shape>
PROVEOUT_INLINE F8 level_row(const KernelSweep& k, F8 x, F8 y) {
    F8 s = x * k.ux + y * k.uy, d = y * k.ux - x * k.uy;
    F8 along = s + k.s_offset;
    F8 beyond = along - low_of(high_of(along, all(0)), all(k.length));
    F8 rho2 = d * d + beyond * beyond;
    F8 h = k.base + rise<shape>(k, rho2);
    return rho2 <= k.radius_squared ? h : all(kOutside);
}

// |w| of the unclamped minimiser for a torus: solve q^2 (rho^2 - d^2) = m^2 rho^2 (1 - q^2), rho = flat + corner q, by bisection. The
// height is stationary there, so that an error of 2^-16 in q is far below a float step in the height.
PROVEOUT_INLINE F8 bull_minimiser(const KernelSweep& k, F8 d2) {
    float m2 = k.slope * k.slope;
    F8 low = high_of(0.0f, (root(d2) - k.flat) / k.ball), high = all(1);
    for (int step = 0; step < 18; ++step) {
        F8 q = 0.5f * (low + high);
        F8 rho = k.flat + k.ball * q;
        F8 rho2 = rho * rho;
        I8 below = q * q * (rho2 - d2) < m2 * rho2 * (1 - q * q);
        low = below ? q : low;
        high = below ? high : q;
    }
    F8 rho = k.flat + k.ball * high;
    return root(high_of(0.0f, rho * rho - d2));
}

template <KernelShape shape>
PROVEOUT_INLINE F8 best_w(const KernelSweep& k, F8 d2, F8 reach) {
    if constexpr (shape == KernelShape::kFlat) return reach;
    if constexpr (shape == KernelShape::kBall) return k.w_factor * reach;  // the sphere is as wide as the body: reach^2 = R^2 - d^2
    if constexpr (shape == KernelShape::kCone)
        return k.w_factor < 0 ? reach : low_of(high_of(root(high_of(0.0f, k.flat * k.flat - d2)), k.w_factor * root(d2)), reach);
    if constexpr (shape == KernelShape::kBull) return low_of(bull_minimiser(k, d2), reach);
}

template <KernelShape shape>
PROVEOUT_INLINE F8 sloped_row(const KernelSweep& k, F8 x, F8 y) {
    F8 s = x * k.ux + y * k.uy, d = y * k.ux - x * k.uy;
    F8 d2 = d * d, room = k.radius_squared - d2;
    F8 reach = root(high_of(0.0f, room));
    F8 best = best_w<shape>(k, d2, reach);
    // a: way along the track from the reference point, clamped to the ends exactly, so that steep moves keep their end heights.
    F8 a_low = high_of(all(-k.s_offset), s - reach), a_high = low_of(all(k.length - k.s_offset), s + reach);
    F8 wish = k.slope < 0 ? s + best : s - best;
    F8 a = low_of(high_of(wish, a_low), a_high);
    F8 w = s - a;
    F8 rho2 = low_of(w * w + d2, all(k.radius_squared));
    F8 h = k.base + k.slope * a + rise<shape>(k, rho2);
    I8 covered = (room >= 0) & (a_low <= a_high);
    return covered ? h : all(kOutside);
}

// Squared distance to the tip's arc, in double: the centre may be far away.
PROVEOUT_INLINE F8 arc_distance_squared(const KernelSweep& k, F8 x, F8 y) {
    D8 px = __builtin_convertvector(x, D8), py = __builtin_convertvector(y, D8);
    D8 ax = px - k.from_x, ay = py - k.from_y, bx = px - k.to_x, by = py - k.to_y;
    D8 from2 = ax * ax + ay * ay, to2 = bx * bx + by * by;
    px -= k.centre_x;
    py -= k.centre_y;
    D8 gap = root(px * px + py * py) - k.arc_radius;
    D8 gap2 = gap * gap;
    if (k.arc_kind != 2) {
        L8 after_start = k.arc_sign * (k.start_x * py - k.start_y * px) >= 0;
        L8 before_end = k.arc_sign * (px * k.end_y - py * k.end_x) >= 0;
        L8 inside = k.arc_kind == 0 ? (after_start & before_end) : (after_start | before_end);
        D8 ends = from2 < to2 ? from2 : to2;
        gap2 = inside ? gap2 : ends;
    }
    return __builtin_convertvector(gap2, F8);
}

template <KernelShape shape, KernelPath path>
PROVEOUT_INLINE F8 row_heights(const KernelSweep& k, const KernelTile& tile, int u, int v) {
    // Arcs keep tile coordinates; straight sweeps count from their reference point.
    F8 x = load(tile.column_x + u) + (tile.row_dx[v] - (path == KernelPath::kArc ? 0.0f : k.ref_x));
    F8 y = load(tile.column_dy + u) + (tile.row_y[v] - (path == KernelPath::kArc ? 0.0f : k.ref_y));
    if constexpr (path == KernelPath::kLevel) return level_row<shape>(k, x, y);
    if constexpr (path == KernelPath::kSloped) return sloped_row<shape>(k, x, y);
    F8 rho2 = arc_distance_squared(k, x, y);
    F8 h = k.base + rise<shape>(k, rho2);
    return rho2 <= k.radius_squared ? h : all(kOutside);
}

struct HeightsJob {
    float* out;
    template <KernelShape shape, KernelPath path>
    void run(const KernelSweep& k, const KernelTile& tile, int bu, int bv) {
        for (int row = 0; row < kLanes; ++row)
            store(out + row * kLanes, row_heights<shape, path>(k, tile, bu * kLanes, bv * kLanes + row));
    }
};

// Running sums of one block: removed, deepest, highest afterwards.
struct BlockSums {
    F8 removed = all(0), depth = all(0), top = all(-kOutside);

    __attribute__((always_inline)) void lower_row(const KernelTile& tile, int at, F8 target) {
        F8 before = load(tile.top + at);
        F8 floor = tile.bottom ? load(tile.bottom + at) : all(tile.floor);
        F8 now = low_of(before, high_of(target, floor));
        F8 gone = before - now;
        removed += gone;
        depth = high_of(depth, gone);
        top = high_of(top, now);
        store(tile.top + at, now);
        if (tile.colour)
            for (int l = 0; l < kLanes; ++l) tile.colour[at + l] = gone[l] > 0 ? tile.slot : tile.colour[at + l];
    }

    __attribute__((always_inline)) BlockCut result() const {
        float sum = 0, deepest = 0, highest = -kOutside;
        for (int l = 0; l < kLanes; ++l) {
            sum += removed[l];
            deepest = depth[l] > deepest ? depth[l] : deepest;
            highest = top[l] > highest ? top[l] : highest;
        }
        return {sum, deepest, highest};
    }
};

struct CutJob {
    BlockCut& out;
    template <KernelShape shape, KernelPath path>
    void run(const KernelSweep& sweep, const KernelTile& rays, int bu, int bv) {
        // Copies: stores to the rays cannot change them, so that they stay in registers.
        const KernelSweep k = sweep;
        const KernelTile tile = rays;
        BlockSums sums;
        for (int row = 0; row < kLanes; ++row) {
            int v = bv * kLanes + row;
            sums.lower_row(tile, v * kLanes * kLanes + bu * kLanes, row_heights<shape, path>(k, tile, bu * kLanes, v));
        }
        out = sums.result();
    }
};

template <KernelShape shape, class Job>
PROVEOUT_INLINE void for_path(const KernelSweep& k, const KernelTile& tile, int bu, int bv, Job job) {
    switch (k.path) {
        case KernelPath::kLevel: job.template run<shape, KernelPath::kLevel>(k, tile, bu, bv); break;
        case KernelPath::kSloped: job.template run<shape, KernelPath::kSloped>(k, tile, bu, bv); break;
        case KernelPath::kArc: job.template run<shape, KernelPath::kArc>(k, tile, bu, bv); break;
    }
}

template <class Job>
PROVEOUT_INLINE void for_shape(const KernelSweep& k, const KernelTile& tile, int bu, int bv, Job job) {
    switch (k.shape) {
        case KernelShape::kFlat: for_path<KernelShape::kFlat>(k, tile, bu, bv, job); break;
        case KernelShape::kBall: for_path<KernelShape::kBall>(k, tile, bu, bv, job); break;
        case KernelShape::kCone: for_path<KernelShape::kCone>(k, tile, bu, bv, job); break;
        case KernelShape::kBull: for_path<KernelShape::kBull>(k, tile, bu, bv, job); break;
    }
}

// Least of g(w) = -|m| w + f over all w, at distance d from the track: the unclamped minimum, a lower bound of every clamped one.
template <KernelShape shape>
PROVEOUT_INLINE F8 least_g(const KernelSweep& k, F8 d) {
    float m = k.slope < 0 ? -k.slope : k.slope;
    F8 d2 = d * d;
    if constexpr (shape == KernelShape::kBall) return k.ball - root(high_of(0.0f, k.ball_squared - d2) * (1 + m * m));
    F8 reach = root(high_of(0.0f, k.radius_squared - d2));
    if constexpr (shape == KernelShape::kCone)
        if (m < k.cone) return d * __builtin_sqrtf(k.cone * k.cone - m * m) - k.cone * k.flat;
    return -m * reach;
}

template <KernelShape shape>
PROVEOUT_INLINE uint32_t shape_candidates(const KernelSweep& k, const BlockRow& row) {
    // distance: at least this far is every ray of the block from the tip's path.
    F8 x = row.first_x + row.step_x * F8{0, 1, 2, 3, 4, 5, 6, 7}, y = all(row.y), distance, above = all(row.z_low);
    if (k.path == KernelPath::kArc) {
        distance = high_of(0.0f, root(arc_distance_squared(k, x, y)) - row.half_diagonal);
    } else {
        F8 dx = x - k.ref_x, dy = y - k.ref_y;
        F8 s = dx * k.ux + dy * k.uy, d = dy * k.ux - dx * k.uy;
        F8 along = s + k.s_offset;
        F8 beyond = along - low_of(high_of(along, all(0)), all(k.length));
        // The block's half widths along and across the track.
        F8 off = high_of(0.0f, high_of(d, -d) - row.half_across), past = high_of(0.0f, high_of(beyond, -beyond) - row.half_along);
        distance = root(off * off + past * past);
        if (k.path == KernelPath::kSloped) {
            float m = k.slope < 0 ? -k.slope : k.slope;
            above = high_of(above, (k.base + k.slope * s - m * row.half_along) + least_g<shape>(k, low_of(off, all(k.radius))));
        }
    }
    F8 bound = high_of(row.z_low + rise<shape>(k, distance * distance), above);
    I8 reached = (distance <= k.radius) & (bound < load(row.block_top));
    uint32_t mask = 0;
    for (int l = 0; l < kLanes; ++l) mask |= static_cast<uint32_t>(reached[l] & 1) << l;
    return mask;
}

uint32_t candidates(const KernelSweep& k, const BlockRow& row) {
    switch (k.shape) {
        case KernelShape::kFlat: return shape_candidates<KernelShape::kFlat>(k, row);
        case KernelShape::kBall: return shape_candidates<KernelShape::kBall>(k, row);
        case KernelShape::kCone: return shape_candidates<KernelShape::kCone>(k, row);
        case KernelShape::kBull: return shape_candidates<KernelShape::kBull>(k, row);
    }
    return 255;
}

void heights(const KernelSweep& k, const KernelTile& tile, int bu, int bv, float* out) { for_shape(k, tile, bu, bv, HeightsJob{out}); }

void cut(const KernelSweep& k, const KernelTile& tile, int bu, int bv, BlockCut& result) { for_shape(k, tile, bu, bv, CutJob{result}); }

void lower(const float* h, const KernelTile& tile, int bu, int bv, BlockCut& result) {
    BlockSums sums;
    for (int row = 0; row < kLanes; ++row)
        sums.lower_row(tile, (bv * kLanes + row) * kLanes * kLanes + bu * kLanes, load(h + row * kLanes));
    result = sums.result();
}

}  // namespace
