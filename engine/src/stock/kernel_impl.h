// kernel_impl.h -- compiled once per instruction set, inside a namespace of its own. Includes nothing that has inline functions, so that no
// code of the wider instruction set can be linked into the narrower.

namespace {

constexpr int kLanes = 8;
constexpr float kOutside = __builtin_inff();

#define PROVEOUT_LANES for (int l = 0; l < kLanes; ++l)
#define PROVEOUT_INLINE static inline __attribute__((always_inline))

PROVEOUT_INLINE float low_of(float a, float b) { return a < b ? a : b; }
PROVEOUT_INLINE float high_of(float a, float b) { return a > b ? a : b; }
PROVEOUT_INLINE double low_of(double a, double b) { return a < b ? a : b; }

// Height of the shape's lower surface above its lowest point at squared distance rho2 from the axis.
template <KernelShape shape>
PROVEOUT_INLINE float rise(const KernelSweep& k, float rho2) {
    if constexpr (shape == KernelShape::kFlat) return 0;
    if constexpr (shape == KernelShape::kBall) return k.ball - __builtin_sqrtf(high_of(0.0f, k.ball_squared - rho2));
    if constexpr (shape == KernelShape::kCone) return k.cone * high_of(0.0f, __builtin_sqrtf(rho2) - k.flat);
    if constexpr (shape == KernelShape::kBull) {
        float q = high_of(0.0f, __builtin_sqrtf(rho2) - k.flat);
        return k.ball - __builtin_sqrtf(high_of(0.0f, k.ball_squared - q * q));
    }
}

template <KernelShape shape>
PROVEOUT_INLINE void level_row(const KernelSweep& k, const float* x, const float* y, float* out) {
    PROVEOUT_LANES {
        float s = x[l] * k.ux + y[l] * k.uy, d = y[l] * k.ux - x[l] * k.uy;
        float along = s + k.s_offset;
        float beyond = along - low_of(high_of(along, 0.0f), k.length);
        float rho2 = d * d + beyond * beyond;
        float h = k.base + rise<shape>(k, rho2);
        out[l] = rho2 <= k.radius_squared ? h : kOutside;
    }
}

// |w| of the unclamped minimiser for a torus: solve q^2 (rho^2 - d^2) = m^2 rho^2 (1 - q^2), rho = flat + corner q, by bisection. The height
// is stationary there, so that an error of 2^-16 in q is far below a float step in the height.
PROVEOUT_INLINE void bull_minimiser(const KernelSweep& k, const float* d2, float* w) {
    float low[kLanes], high[kLanes];
    float m2 = k.slope * k.slope;
    PROVEOUT_LANES {
        low[l] = high_of(0.0f, (__builtin_sqrtf(d2[l]) - k.flat) / k.ball);
        high[l] = 1;
    }
    for (int step = 0; step < 18; ++step) {
        PROVEOUT_LANES {
            float q = 0.5f * (low[l] + high[l]);
            float rho = k.flat + k.ball * q;
            float rho2 = rho * rho;
            bool below = q * q * (rho2 - d2[l]) < m2 * rho2 * (1 - q * q);
            low[l] = below ? q : low[l];
            high[l] = below ? high[l] : q;
        }
    }
    PROVEOUT_LANES {
        float rho = k.flat + k.ball * high[l];
        w[l] = __builtin_sqrtf(high_of(0.0f, rho * rho - d2[l]));
    }
}

template <KernelShape shape>
PROVEOUT_INLINE void sloped_row(const KernelSweep& k, const float* x, const float* y, float* out) {
    float d2[kLanes], reach[kLanes], best[kLanes], s[kLanes], room[kLanes];
    PROVEOUT_LANES {
        s[l] = x[l] * k.ux + y[l] * k.uy;
        float d = y[l] * k.ux - x[l] * k.uy;
        d2[l] = d * d;
        room[l] = k.radius_squared - d2[l];
        reach[l] = __builtin_sqrtf(high_of(0.0f, room[l]));
    }
    if constexpr (shape == KernelShape::kFlat) PROVEOUT_LANES best[l] = reach[l];
    if constexpr (shape == KernelShape::kBall)
        PROVEOUT_LANES best[l] = k.w_factor * __builtin_sqrtf(high_of(0.0f, k.ball_squared - d2[l]));
    if constexpr (shape == KernelShape::kCone)
        PROVEOUT_LANES best[l] =
            high_of(__builtin_sqrtf(high_of(0.0f, k.flat * k.flat - d2[l])), k.w_factor * __builtin_sqrtf(d2[l]));
    if constexpr (shape == KernelShape::kBull) bull_minimiser(k, d2, best);
    float sign = k.slope < 0 ? -1.0f : 1.0f;
    PROVEOUT_LANES {
        // a: way along the track from the reference point, clamped to the ends exactly, so that steep moves keep their end heights.
        float a_low = high_of(-k.s_offset, s[l] - reach[l]), a_high = low_of(k.length - k.s_offset, s[l] + reach[l]);
        float a = low_of(high_of(s[l] - sign * low_of(best[l], reach[l]), a_low), a_high);
        float w = s[l] - a;
        float rho2 = low_of(w * w + d2[l], k.radius_squared);
        float h = k.base + k.slope * a + rise<shape>(k, rho2);
        out[l] = room[l] >= 0 && a_low <= a_high ? h : kOutside;
    }
}

template <KernelShape shape>
PROVEOUT_INLINE void arc_row(const KernelSweep& k, const float* x, const float* y, float* out) {
    float rho2s[kLanes];
    PROVEOUT_LANES {
        double px = x[l] - k.centre_x, py = y[l] - k.centre_y;
        double gap = __builtin_sqrt(px * px + py * py) - k.arc_radius;
        double after_start = k.arc_sign * (k.start_x * py - k.start_y * px);
        double before_end = k.arc_sign * (px * k.end_y - py * k.end_x);
        bool inside = k.arc_kind == 2 || (k.arc_kind == 0 ? (after_start >= 0 && before_end >= 0) : (after_start >= 0 || before_end >= 0));
        double ax = x[l] - k.from_x, ay = y[l] - k.from_y, bx = x[l] - k.to_x, by = y[l] - k.to_y;
        double ends = low_of(ax * ax + ay * ay, bx * bx + by * by);
        rho2s[l] = static_cast<float>(inside ? gap * gap : ends);
    }
    PROVEOUT_LANES {
        float h = k.base + rise<shape>(k, rho2s[l]);
        out[l] = rho2s[l] <= k.radius_squared ? h : kOutside;
    }
}

template <KernelShape shape, KernelPath path>
PROVEOUT_INLINE void block_heights(const KernelSweep& k, const KernelTile& tile, int block_u, int block_v, float* heights) {
    int u = block_u * kLanes;
    for (int row = 0; row < kLanes; ++row) {
        int v = block_v * kLanes + row;
        float x[kLanes], y[kLanes];
        // Arcs keep tile coordinates; straight sweeps count from their reference point.
        float dx = tile.row_dx[v] - (path == KernelPath::kArc ? 0.0f : k.ref_x);
        float dy = tile.row_y[v] - (path == KernelPath::kArc ? 0.0f : k.ref_y);
        PROVEOUT_LANES {
            x[l] = tile.column_x[u + l] + dx;
            y[l] = tile.column_dy[u + l] + dy;
        }
        if constexpr (path == KernelPath::kLevel) level_row<shape>(k, x, y, heights + row * kLanes);
        if constexpr (path == KernelPath::kSloped) sloped_row<shape>(k, x, y, heights + row * kLanes);
        if constexpr (path == KernelPath::kArc) arc_row<shape>(k, x, y, heights + row * kLanes);
    }
}

template <KernelShape shape>
PROVEOUT_INLINE void shape_heights(const KernelSweep& k, const KernelTile& tile, int bu, int bv, float* out) {
    switch (k.path) {
        case KernelPath::kLevel: block_heights<shape, KernelPath::kLevel>(k, tile, bu, bv, out); break;
        case KernelPath::kSloped: block_heights<shape, KernelPath::kSloped>(k, tile, bu, bv, out); break;
        case KernelPath::kArc: block_heights<shape, KernelPath::kArc>(k, tile, bu, bv, out); break;
    }
}

// Least of g(w) = -|m| w + f over all w, at distance d from the track: the unclamped minimum, a lower bound of every clamped one.
PROVEOUT_INLINE float least_g(const KernelSweep& k, float d) {
    float m = k.slope < 0 ? -k.slope : k.slope;
    float reach = __builtin_sqrtf(high_of(0.0f, k.radius_squared - d * d));
    if (k.shape == KernelShape::kBall)
        return k.ball - __builtin_sqrtf(high_of(0.0f, k.ball_squared - d * d) * (1 + m * m));
    if (k.shape == KernelShape::kCone)
        return m >= k.cone ? k.cone * (__builtin_sqrtf(k.radius_squared) - k.flat) - m * reach
                           : d * __builtin_sqrtf(k.cone * k.cone - m * m) - k.cone * k.flat;
    return -m * reach;
}

template <KernelShape shape>
PROVEOUT_INLINE uint32_t shape_candidates(const KernelSweep& k, const BlockRow& row) {
    float bound[kLanes];
    float m = k.slope < 0 ? -k.slope : k.slope;
    PROVEOUT_LANES {
        float x = row.first_x + l * row.step_x, y = row.y, distance, above = row.z_low;
        if (k.path == KernelPath::kArc) {
            double px = x - k.centre_x, py = y - k.centre_y;
            double gap = __builtin_sqrt(px * px + py * py) - k.arc_radius;
            double after_start = k.arc_sign * (k.start_x * py - k.start_y * px);
            double before_end = k.arc_sign * (px * k.end_y - py * k.end_x);
            bool inside =
                k.arc_kind == 2 || (k.arc_kind == 0 ? (after_start >= 0 && before_end >= 0) : (after_start >= 0 || before_end >= 0));
            double ax = x - k.from_x, ay = y - k.from_y, bx = x - k.to_x, by = y - k.to_y;
            double ends = low_of(ax * ax + ay * ay, bx * bx + by * by);
            distance = static_cast<float>(__builtin_sqrt(inside ? gap * gap : ends));
        } else {
            float dx = x - k.ref_x, dy = y - k.ref_y;
            float s = dx * k.ux + dy * k.uy, d = dy * k.ux - dx * k.uy;
            float along = s + k.s_offset;
            float beyond = along - low_of(high_of(along, 0.0f), k.length);
            distance = __builtin_sqrtf(d * d + beyond * beyond);
            if (k.path == KernelPath::kSloped) {
                float off = high_of(0.0f, (d < 0 ? -d : d) - row.half_diagonal);
                float unclamped = k.base + k.slope * s - m * row.half_diagonal + least_g(k, low_of(off, k.radius));
                above = high_of(row.z_low, unclamped);
            }
        }
        float rho = high_of(0.0f, distance - row.half_diagonal);
        float h = row.z_low + rise<shape>(k, rho * rho);
        bound[l] = rho <= k.radius ? high_of(h, above) : kOutside;
    }
    uint32_t mask = 0;
    PROVEOUT_LANES mask |= static_cast<uint32_t>(bound[l] < row.block_top[l]) << l;
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

void heights(const KernelSweep& k, const KernelTile& tile, int bu, int bv, float* out) {
    switch (k.shape) {
        case KernelShape::kFlat: shape_heights<KernelShape::kFlat>(k, tile, bu, bv, out); break;
        case KernelShape::kBall: shape_heights<KernelShape::kBall>(k, tile, bu, bv, out); break;
        case KernelShape::kCone: shape_heights<KernelShape::kCone>(k, tile, bu, bv, out); break;
        case KernelShape::kBull: shape_heights<KernelShape::kBull>(k, tile, bu, bv, out); break;
    }
}

void lower(const float* h, const KernelTile& tile, int bu, int bv, BlockCut& result) {
    float removed[kLanes] = {}, depth[kLanes] = {}, top[kLanes];
    PROVEOUT_LANES top[l] = -kOutside;
    for (int row = 0; row < kLanes; ++row) {
        int at = (bv * kLanes + row) * (kLanes * kLanes) + bu * kLanes;
        float* tops = tile.top + at;
        const float* target = h + row * kLanes;
        float now[kLanes], gone[kLanes];
        if (tile.bottom) {
            PROVEOUT_LANES now[l] = low_of(tops[l], high_of(target[l], tile.bottom[at + l]));
        } else {
            PROVEOUT_LANES now[l] = low_of(tops[l], high_of(target[l], tile.floor));
        }
        PROVEOUT_LANES {
            gone[l] = tops[l] - now[l];
            removed[l] += gone[l];
            depth[l] = high_of(depth[l], gone[l]);
            top[l] = high_of(top[l], now[l]);
            tops[l] = now[l];
        }
        if (tile.colour) PROVEOUT_LANES tile.colour[at + l] = gone[l] > 0 ? tile.slot : tile.colour[at + l];
    }
    float sum = 0, deepest = 0, highest = -kOutside;
    PROVEOUT_LANES {
        sum += removed[l];
        deepest = high_of(deepest, depth[l]);
        highest = high_of(highest, top[l]);
    }
    result = {sum, deepest, highest};
}

void cut(const KernelSweep& k, const KernelTile& tile, int bu, int bv, BlockCut& result) {
    float h[kLanes * kLanes];
    heights(k, tile, bu, bv, h);
    lower(h, tile, bu, bv, result);
}

}  // namespace
