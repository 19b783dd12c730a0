// kernel_impl.h -- compiled once per instruction set, inside a namespace of its own. Includes nothing that has inline functions, so that no
// code of the wider instruction set can be linked into the narrower. Written with the compiler's vector types.
//
// V is as many rows of eight rays as a register holds. F is several of them worked on in step, as many as there are registers for: the
// roots of one are waited for while the others go on.

namespace {

typedef float V4 __attribute__((vector_size(16)));
typedef int M4 __attribute__((vector_size(16)));
typedef float V8 __attribute__((vector_size(32)));
typedef double D8 __attribute__((vector_size(64)));
typedef long long L8 __attribute__((vector_size(64)));
#if defined(__AVX512F__)
typedef float V __attribute__((vector_size(64)));
typedef int M __attribute__((vector_size(64)));
constexpr int kRowsInV = 2, kGroups = 4;
#else
typedef float V __attribute__((vector_size(32)));
typedef int M __attribute__((vector_size(32)));
constexpr int kRowsInV = 1, kGroups = 2;
#endif

struct F {
    V at[kGroups];
};
struct I {
    M at[kGroups];
};

constexpr int kRows = kRowsInV * kGroups;
constexpr int kLanes = 8;    // rays in a row of a block, blocks in a row of a tile
constexpr int kStride = 64;  // rays in a row of a tile
constexpr float kOutside = __builtin_inff();

#define PROVEOUT_INLINE static inline __attribute__((always_inline))

PROVEOUT_INLINE V spread(float x) { return x - V{}; }
PROVEOUT_INLINE V4 first_half(V8 x) { return __builtin_shufflevector(x, x, 0, 1, 2, 3); }
PROVEOUT_INLINE V4 second_half(V8 x) { return __builtin_shufflevector(x, x, 4, 5, 6, 7); }

// low_of, high_of: a < b ? a : b and a > b ? a : b per lane, the second operand where they are unordered: what the machine's minimum and
// maximum do. bits_of: one bit a lane of a comparison.
#if defined(__AVX512F__)
PROVEOUT_INLINE V low_of(V a, V b) { return (V)_mm512_min_ps((__m512)a, (__m512)b); }
PROVEOUT_INLINE V high_of(V a, V b) { return (V)_mm512_max_ps((__m512)a, (__m512)b); }
PROVEOUT_INLINE V root(V x) { return (V)_mm512_sqrt_ps((__m512)x); }
PROVEOUT_INLINE D8 root(D8 x) { return (D8)_mm512_sqrt_pd((__m512d)x); }
PROVEOUT_INLINE uint64_t bits_of(M x) { return _mm512_movepi32_mask((__m512i)x); }
PROVEOUT_INLINE M less(V a, V b) { return a < b; }
PROVEOUT_INLINE M not_more(V a, V b) { return a <= b; }
PROVEOUT_INLINE V pick(M which, V yes, V no) { return which ? yes : no; }
PROVEOUT_INLINE V8 row_of(V x, int row) {
    return row == 0 ? (V8)_mm512_castps512_ps256((__m512)x) : (V8)_mm512_extractf32x8_ps((__m512)x, 1);
}
PROVEOUT_INLINE V rows(V8 first, V8 second) { return (V)_mm512_insertf32x8(_mm512_castps256_ps512((__m256)first), (__m256)second, 1); }
// fill(row) for the rows of one V.
template <class Fill>
PROVEOUT_INLINE V rows_from(int row, Fill fill) {
    return rows(fill(row), fill(row + 1));
}
#else
#if defined(__AVX__)
PROVEOUT_INLINE V low_of(V a, V b) { return __builtin_ia32_minps256(a, b); }
PROVEOUT_INLINE V high_of(V a, V b) { return __builtin_ia32_maxps256(a, b); }
PROVEOUT_INLINE V root(V x) { return __builtin_ia32_sqrtps256(x); }
PROVEOUT_INLINE uint64_t bits_of(M x) { return static_cast<uint32_t>(__builtin_ia32_movmskps256((V)x)); }
PROVEOUT_INLINE M less(V a, V b) { return a < b; }
PROVEOUT_INLINE M not_more(V a, V b) { return a <= b; }
PROVEOUT_INLINE V pick(M which, V yes, V no) { return which ? yes : no; }
#else
// Four lanes are what the processor has: comparisons of eight would be taken apart lane by lane.
PROVEOUT_INLINE M both(M4 first, M4 second) { return __builtin_shufflevector(first, second, 0, 1, 2, 3, 4, 5, 6, 7); }
PROVEOUT_INLINE M less(V a, V b) { return both(first_half(a) < first_half(b), second_half(a) < second_half(b)); }
PROVEOUT_INLINE M not_more(V a, V b) { return both(first_half(a) <= first_half(b), second_half(a) <= second_half(b)); }
PROVEOUT_INLINE V pick(M which, V yes, V no) { return (V)((which & (M)yes) | (~which & (M)no)); }
PROVEOUT_INLINE V low_of(V a, V b) { return pick(less(a, b), a, b); }
PROVEOUT_INLINE V high_of(V a, V b) { return pick(less(b, a), a, b); }
#if defined(__SSE2__)
PROVEOUT_INLINE V root(V x) {
    return __builtin_shufflevector(__builtin_ia32_sqrtps(first_half(x)), __builtin_ia32_sqrtps(second_half(x)), 0, 1, 2, 3, 4, 5, 6, 7);
}
PROVEOUT_INLINE uint64_t bits_of(M x) {
    return static_cast<uint32_t>(__builtin_ia32_movmskps(first_half((V)x)) | __builtin_ia32_movmskps(second_half((V)x)) << 4);
}
#else
PROVEOUT_INLINE V root(V x) {
    V r;
    for (int l = 0; l < kLanes; ++l) r[l] = __builtin_sqrtf(x[l]);
    return r;
}
PROVEOUT_INLINE uint64_t bits_of(M x) {
    uint64_t bits = 0;
    for (int l = 0; l < kLanes; ++l) bits |= static_cast<uint64_t>(x[l] & 1) << l;
    return bits;
}
#endif
#endif
PROVEOUT_INLINE D8 root(D8 x) {
    D8 r;
    for (int l = 0; l < kLanes; ++l) r[l] = __builtin_sqrt(x[l]);
    return r;
}
PROVEOUT_INLINE V8 row_of(V x, int) { return x; }
template <class Fill>
PROVEOUT_INLINE V rows_from(int row, Fill fill) {
    return fill(row);
}
#endif

// The same for every V of an F, written out, so that all of them stay in registers.
template <int... g>
struct Groups {};
#if defined(__AVX512F__)
typedef Groups<0, 1, 2, 3> AllGroups;
#else
typedef Groups<0, 1> AllGroups;
#endif
template <class R, class Work, int... g>
PROVEOUT_INLINE R each(Groups<g...>, Work work) {
    return {{work(g)...}};
}
#define PROVEOUT_EACH(type, term) \
    each<type>(                   \
        AllGroups{}, [&](int g) __attribute__((always_inline)) { return term; })

PROVEOUT_INLINE F all(float x) { return PROVEOUT_EACH(F, (static_cast<void>(g), spread(x))); }
PROVEOUT_INLINE F operator+(F a, F b) { return PROVEOUT_EACH(F, a.at[g] + b.at[g]); }
PROVEOUT_INLINE F operator-(F a, F b) { return PROVEOUT_EACH(F, a.at[g] - b.at[g]); }
PROVEOUT_INLINE F operator*(F a, F b) { return PROVEOUT_EACH(F, a.at[g] * b.at[g]); }
PROVEOUT_INLINE F operator/(F a, float b) { return PROVEOUT_EACH(F, a.at[g] / b); }
PROVEOUT_INLINE F operator-(F a) { return PROVEOUT_EACH(F, -a.at[g]); }
PROVEOUT_INLINE F operator+(F a, float b) { return a + all(b); }
PROVEOUT_INLINE F operator+(float a, F b) { return all(a) + b; }
PROVEOUT_INLINE F operator-(F a, float b) { return a - all(b); }
PROVEOUT_INLINE F operator-(float a, F b) { return all(a) - b; }
PROVEOUT_INLINE F operator*(F a, float b) { return a * all(b); }
PROVEOUT_INLINE F operator*(float a, F b) { return all(a) * b; }
PROVEOUT_INLINE F low_of(F a, F b) { return PROVEOUT_EACH(F, low_of(a.at[g], b.at[g])); }
PROVEOUT_INLINE F high_of(F a, F b) { return PROVEOUT_EACH(F, high_of(a.at[g], b.at[g])); }
PROVEOUT_INLINE F high_of(float a, F b) { return high_of(all(a), b); }
PROVEOUT_INLINE F root(F x) { return PROVEOUT_EACH(F, root(x.at[g])); }
PROVEOUT_INLINE I operator<(F a, F b) { return PROVEOUT_EACH(I, less(a.at[g], b.at[g])); }
PROVEOUT_INLINE I operator<=(F a, F b) { return PROVEOUT_EACH(I, not_more(a.at[g], b.at[g])); }
PROVEOUT_INLINE I operator&(I a, I b) { return PROVEOUT_EACH(I, a.at[g] & b.at[g]); }
PROVEOUT_INLINE F choose(I which, F yes, F no) { return PROVEOUT_EACH(F, pick(which.at[g], yes.at[g], no.at[g])); }

PROVEOUT_INLINE uint64_t bits_of(I x) {
    uint64_t bits = 0;
    for (int g = 0; g < kGroups; ++g) bits |= bits_of(x.at[g]) << (g * kLanes * kRowsInV);
    return bits;
}

PROVEOUT_INLINE V8 load_row(const float* from) {
    V8 x;
    __builtin_memcpy(&x, from, sizeof x);
    return x;
}

// kRows rows that stand `stride` apart in memory; 0: the same eight numbers in each.
PROVEOUT_INLINE F load(const float* from, int stride) {
    return PROVEOUT_EACH(F, rows_from(g * kRowsInV, [&](int row) { return load_row(from + row * stride); }));
}

// One number a row.
PROVEOUT_INLINE F per_row(const float* from) {
    return PROVEOUT_EACH(F, rows_from(g * kRowsInV, [&](int row) { return from[row] - V8{}; }));
}

PROVEOUT_INLINE void store(float* to, int stride, const F& x) {
    for (int row = 0; row < kRows; ++row) {
        V8 one = row_of(x.at[row / kRowsInV], row % kRowsInV);
        __builtin_memcpy(to + row * stride, &one, sizeof one);
    }
}

// Height of the shape's lower surface above its lowest point at squared distance rho2 from the axis.
template <KernelShape shape>
PROVEOUT_INLINE F rise(const KernelSweep& k, F rho2) {
    if constexpr (shape == KernelShape::kFlat) return all(0);
    if constexpr (shape == KernelShape::kBall) return k.ball - root(high_of(0.0f, k.ball_squared - rho2));
    if constexpr (shape == KernelShape::kCone) return k.cone * high_of(0.0f, root(rho2) - k.flat);
    if constexpr (shape == KernelShape::kBull) {
        F q = high_of(0.0f, root(rho2) - k.flat);
        return k.ball - root(high_of(0.0f, k.ball_squared - q * q));
    }
}

template <KernelShape shape>
PROVEOUT_INLINE F level_row(const KernelSweep& k, F x, F y) {
    F s = x * k.ux + y * k.uy, d = y * k.ux - x * k.uy;
    F along = s + k.s_offset;
    F beyond = along - low_of(high_of(along, all(0)), all(k.length));
    F rho2 = d * d + beyond * beyond;
    F h = k.base + rise<shape>(k, rho2);
    return choose(rho2 <= all(k.radius_squared), h, all(kOutside));
}

// |w| of the unclamped minimiser for a torus: solve q^2 (rho^2 - d^2) = m^2 rho^2 (1 - q^2), rho = flat + corner q, by bisection. The
// height is stationary there, so that an error of 2^-16 in q is far below a float step in the height.
PROVEOUT_INLINE F bull_minimiser(const KernelSweep& k, F d2) {
    float m2 = k.slope * k.slope;
    F low = high_of(0.0f, (root(d2) - k.flat) / k.ball), high = all(1);
    for (int step = 0; step < 18; ++step) {
        F q = 0.5f * (low + high);
        F rho = k.flat + k.ball * q;
        F rho2 = rho * rho;
        I below = q * q * (rho2 - d2) < m2 * rho2 * (1 - q * q);
        low = choose(below, q, low);
        high = choose(below, high, q);
    }
    F rho = k.flat + k.ball * high;
    return root(high_of(0.0f, rho * rho - d2));
}

template <KernelShape shape>
PROVEOUT_INLINE F best_w(const KernelSweep& k, F d2, F reach) {
    if constexpr (shape == KernelShape::kFlat) return reach;
    if constexpr (shape == KernelShape::kBall) return k.w_factor * reach;  // the sphere is as wide as the body: reach^2 = R^2 - d^2
    if constexpr (shape == KernelShape::kCone)
        return k.w_factor < 0 ? reach : low_of(high_of(root(high_of(0.0f, k.flat * k.flat - d2)), k.w_factor * root(d2)), reach);
    if constexpr (shape == KernelShape::kBull) return low_of(bull_minimiser(k, d2), reach);
}

template <KernelShape shape>
PROVEOUT_INLINE F sloped_row(const KernelSweep& k, F x, F y) {
    F s = x * k.ux + y * k.uy, d = y * k.ux - x * k.uy;
    F d2 = d * d, room = k.radius_squared - d2;
    F reach = root(high_of(0.0f, room));
    F best = best_w<shape>(k, d2, reach);
    // a: way along the track from the reference point, clamped to the ends exactly, so that steep moves keep their end heights.
    F a_low = high_of(all(-k.s_offset), s - reach), a_high = low_of(all(k.length - k.s_offset), s + reach);
    F wish = k.slope < 0 ? s + best : s - best;
    F a = low_of(high_of(wish, a_low), a_high);
    F w = s - a;
    F rho2 = low_of(w * w + d2, all(k.radius_squared));
    F h = k.base + k.slope * a + rise<shape>(k, rho2);
    return choose((all(0) <= room) & (a_low <= a_high), h, all(kOutside));
}

// Squared distance to the tip's arc, in double: the centre may be far away.
PROVEOUT_INLINE V8 arc_distance_squared_8(const KernelSweep& k, V8 x, V8 y) {
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
    return __builtin_convertvector(gap2, V8);
}

PROVEOUT_INLINE F arc_distance_squared(const KernelSweep& k, const F& x, const F& y) {
    return PROVEOUT_EACH(F, rows_from(0, [&](int row) { return arc_distance_squared_8(k, row_of(x.at[g], row), row_of(y.at[g], row)); }));
}

// Heights of kRows rows of eight rays from ray (u, v) of the tile on.
template <KernelShape shape, KernelPath path>
PROVEOUT_INLINE F row_heights(const KernelSweep& k, const KernelTile& tile, int u, int v) {
    // Arcs keep tile coordinates; straight sweeps count from their reference point.
    float from_x = path == KernelPath::kArc ? 0.0f : k.ref_x, from_y = path == KernelPath::kArc ? 0.0f : k.ref_y;
    F x = load(tile.column_x + u, 0) + (per_row(tile.row_dx + v) - from_x);
    F y = load(tile.column_dy + u, 0) + (per_row(tile.row_y + v) - from_y);
    if constexpr (path == KernelPath::kLevel) return level_row<shape>(k, x, y);
    if constexpr (path == KernelPath::kSloped) return sloped_row<shape>(k, x, y);
    F rho2 = arc_distance_squared(k, x, y);
    F h = k.base + rise<shape>(k, rho2);
    return choose(rho2 <= all(k.radius_squared), h, all(kOutside));
}

struct HeightsJob {
    int bu, bv;
    float* out;
    template <KernelShape shape, KernelPath path>
    void run(const KernelSweep& k, const KernelTile& tile) {
        for (int row = 0; row < kLanes; row += kRows)
            store(out + row * kLanes, kLanes, row_heights<shape, path>(k, tile, bu * kLanes, bv * kLanes + row));
    }
};

PROVEOUT_INLINE V4 higher(V4 a, V4 b) { return a > b ? a : b; }

PROVEOUT_INLINE float highest(const F& x) {
    V a = x.at[0];
    for (int g = 1; g < kGroups; ++g) a = high_of(a, x.at[g]);
    V4 top = higher(first_half(row_of(a, 0)), second_half(row_of(a, 0)));
    if constexpr (kRowsInV == 2) top = higher(top, higher(first_half(row_of(a, 1)), second_half(row_of(a, 1))));
    top = higher(top, __builtin_shufflevector(top, top, 2, 3, 0, 1));
    return top[0] > top[1] ? top[0] : top[1];
}

// Rays of one row that were cut take the tool's colour.
PROVEOUT_INLINE void paint_row(uint8_t* colour, uint8_t slot, uint64_t cut_bits) {
    constexpr uint64_t kBytes = 0x0101010101010101ull;
    uint64_t chosen = ((((cut_bits * kBytes) & 0x8040201008040201ull) + 0x7f * kBytes) >> 7 & kBytes) * 0xff, old;
    __builtin_memcpy(&old, colour, sizeof old);
    old = (old & ~chosen) | (slot * kBytes & chosen);
    __builtin_memcpy(colour, &old, sizeof old);
}

// Running sums of one block: removed, deepest, highest afterwards. What is removed is summed row by row and then over the eight columns,
// whatever the number of lanes.
struct BlockSums {
    V8 removed = V8{};
    F depth = all(0), top = all(-kOutside);

    __attribute__((always_inline)) void lower_rows(const KernelTile& tile, int at, F target) {
        F before = load(tile.top + at, kStride);
        F floor = tile.bottom ? load(tile.bottom + at, kStride) : all(tile.floor);
        F now = low_of(before, high_of(target, floor));
        F gone = before - now;
        for (int row = 0; row < kRows; ++row) removed += row_of(gone.at[row / kRowsInV], row % kRowsInV);
        depth = high_of(depth, gone);
        top = high_of(top, now);
        store(tile.top + at, kStride, now);
        if (!tile.colour) return;
        uint64_t cut_bits = bits_of(all(0) < gone);
        for (int row = 0; row < kRows; ++row) paint_row(tile.colour + at + row * kStride, tile.slot, cut_bits >> (row * kLanes) & 0xff);
    }

    __attribute__((always_inline)) BlockCut result() const {
        float sum = 0;
        for (int l = 0; l < kLanes; ++l) sum += removed[l];
        return {sum, highest(depth), highest(top)};
    }
};

struct CutJob {
    uint64_t blocks;
    BlockCut* out;
    template <KernelShape shape, KernelPath path>
    void run(const KernelSweep& sweep, const KernelTile& rays) {
        // Copies: stores to the rays cannot change them, so that they stay in registers.
        const KernelSweep k = sweep;
        const KernelTile tile = rays;
        for (uint64_t left = blocks; left; left &= left - 1) {
            int block = __builtin_ctzll(left), u = block % kLanes * kLanes, v = block / kLanes * kLanes;
            BlockSums sums;
            for (int row = 0; row < kLanes; row += kRows)
                sums.lower_rows(tile, (v + row) * kStride + u, row_heights<shape, path>(k, tile, u, v + row));
            *out++ = sums.result();
        }
    }
};

template <KernelShape shape, class Job>
PROVEOUT_INLINE void for_path(const KernelSweep& k, const KernelTile& tile, Job job) {
    switch (k.path) {
        case KernelPath::kLevel:
            job.template run<shape, KernelPath::kLevel>(k, tile);
            break;
        case KernelPath::kSloped:
            job.template run<shape, KernelPath::kSloped>(k, tile);
            break;
        case KernelPath::kArc:
            job.template run<shape, KernelPath::kArc>(k, tile);
            break;
    }
}

template <class Job>
PROVEOUT_INLINE void for_shape(const KernelSweep& k, const KernelTile& tile, Job job) {
    switch (k.shape) {
        case KernelShape::kFlat:
            for_path<KernelShape::kFlat>(k, tile, job);
            break;
        case KernelShape::kBall:
            for_path<KernelShape::kBall>(k, tile, job);
            break;
        case KernelShape::kCone:
            for_path<KernelShape::kCone>(k, tile, job);
            break;
        case KernelShape::kBull:
            for_path<KernelShape::kBull>(k, tile, job);
            break;
    }
}

// Least of g(w) = -|m| w + f over all w, at distance d from the track: the unclamped minimum, a lower bound of every clamped one.
template <KernelShape shape>
PROVEOUT_INLINE F least_g(const KernelSweep& k, F d) {
    float m = k.slope < 0 ? -k.slope : k.slope;
    F d2 = d * d;
    if constexpr (shape == KernelShape::kBall) return k.ball - root(high_of(0.0f, k.ball_squared - d2) * (1 + m * m));
    F reach = root(high_of(0.0f, k.radius_squared - d2));
    if constexpr (shape == KernelShape::kCone)
        if (m < k.cone) return d * __builtin_sqrtf(k.cone * k.cone - m * m) - k.cone * k.flat;
    return -m * reach;
}

// How far ahead of a ray the tip is where it is lowest above it, counted along the track, for rays that lie from `off` to `far` beside it:
// never less than the truth.
template <KernelShape shape>
PROVEOUT_INLINE F farthest_ahead(const KernelSweep& k, F off, F far) {
    constexpr bool ball = shape == KernelShape::kBall;
    if (k.path == KernelPath::kLevel || (k.slope >= 0 && !ball)) return all(0);
    F side = k.slope < 0 ? off : far;
    F reach = root(high_of(0.0f, k.radius_squared - side * side));
    return ball ? (k.slope < 0 ? k.w_factor : -k.w_factor) * reach : reach;
}

// The blocks of kRows block rows from v on that the body may reach.
template <KernelShape shape>
PROVEOUT_INLINE uint64_t reached_rows(const KernelSweep& k, const BlockBounds& bounds, int v) {
    static constexpr float kMiddle[kLanes] = {0.5f, 1.5f, 2.5f, 3.5f, 4.5f, 5.5f, 6.5f, 7.5f};
    F x = load(kMiddle, 0) * bounds.block_u, y = per_row(kMiddle + v) * bounds.block_v;
    // rho2: at least so far, squared, is every ray of the block from the tip's path.
    F rho2, above = all(bounds.z_low), ahead = all(1);
    if (k.path == KernelPath::kArc) {
        F distance = high_of(0.0f, root(arc_distance_squared(k, x, y)) - bounds.half_diagonal);
        rho2 = distance * distance;
    } else {
        F dx = x - k.ref_x, dy = y - k.ref_y;
        F s = dx * k.ux + dy * k.uy, d = dy * k.ux - dx * k.uy;
        F along = s + k.s_offset, side = high_of(d, -d);
        F beyond = along - low_of(high_of(along, all(0)), all(k.length));
        // The block's half widths along and across the track.
        F off = high_of(0.0f, side - bounds.half_across), past = high_of(0.0f, high_of(beyond, -beyond) - bounds.half_along);
        rho2 = off * off + past * past;
        if (k.path == KernelPath::kSloped) {
            float m = k.slope < 0 ? -k.slope : k.slope;
            above = high_of(above, (k.base + k.slope * s - m * bounds.half_along) + least_g<shape>(k, low_of(off, all(k.radius))));
        }
        if (k.continues) ahead = along + bounds.half_along + farthest_ahead<shape>(k, off, side + bounds.half_across);
    }
    F bound = high_of(bounds.z_low + rise<shape>(k, rho2), above);
    return bits_of((rho2 <= all(k.radius_squared)) & (bound < load(bounds.block_top + v * kLanes, kLanes)) & (all(0) < ahead));
}

template <KernelShape shape>
uint64_t reached_by(const KernelSweep& sweep, const BlockBounds& tile) {
    const KernelSweep k = sweep;
    const BlockBounds bounds = tile;
    uint64_t blocks = 0;
    for (int v = bounds.v_low & ~(kRows - 1); v <= bounds.v_high; v += kRows) blocks |= reached_rows<shape>(k, bounds, v) << (v * kLanes);
    return blocks;
}

uint64_t reached(const KernelSweep& k, const BlockBounds& bounds) {
    switch (k.shape) {
        case KernelShape::kFlat:
            return reached_by<KernelShape::kFlat>(k, bounds);
        case KernelShape::kBall:
            return reached_by<KernelShape::kBall>(k, bounds);
        case KernelShape::kCone:
            return reached_by<KernelShape::kCone>(k, bounds);
        case KernelShape::kBull:
            return reached_by<KernelShape::kBull>(k, bounds);
    }
    return ~0ull;
}

void heights(const KernelSweep& k, const KernelTile& tile, int bu, int bv, float* out) { for_shape(k, tile, HeightsJob{bu, bv, out}); }

void cut(const KernelSweep& k, const KernelTile& tile, uint64_t blocks, BlockCut* results) { for_shape(k, tile, CutJob{blocks, results}); }

void lower(const float* h, const KernelTile& tile, int bu, int bv, BlockCut& result) {
    BlockSums sums;
    for (int row = 0; row < kLanes; row += kRows)
        sums.lower_rows(tile, (bv * kLanes + row) * kStride + bu * kLanes, load(h + row * kLanes, kLanes));
    result = sums.result();
}

}  // namespace
