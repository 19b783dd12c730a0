#include "mesh/cutting.h"

#include <algorithm>

#include "base/parallel.h"
#include "mesh/ray_body.h"

namespace proveout {

namespace {

constexpr int kRowsPerBand = 8;  // one piece of work: neighbouring rows of one family
constexpr int kTopTile = 8;      // rays per side of a square whose highest material is known
constexpr size_t kSweepsPerRound = 4096;

// One convex body in one move.
struct Stroke {
    const BodyChain* body;
    RayMove move, mirror;
    Box3 box;
    uint8_t colour;
};

struct IndexRange {
    int first, last;
    bool empty() const { return first > last; }
};

IndexRange indices(const Lattice& lattice, int axis, double low, double high) {
    double first = std::ceil((low - lattice.origin[axis]) / lattice.cell[axis]);
    double last = std::floor((high - lattice.origin[axis]) / lattice.cell[axis]);
    return {static_cast<int>(std::clamp(first, 0.0, double(lattice.points[axis]))),
            static_cast<int>(std::clamp(last, -1.0, double(lattice.points[axis] - 1)))};
}

// Highest material over each tile of Z rays at the start of a round. Material only shrinks, so it stays a bound during the round.
struct Tops {
    int tiles_x, tiles_y;
    std::vector<double> top;

    Tops(const RayFamily& z) : tiles_x((z.columns + kTopTile - 1) / kTopTile), tiles_y((z.rows + kTopTile - 1) / kTopTile) {
        top.assign(static_cast<size_t>(tiles_x) * tiles_y, -std::numeric_limits<double>::infinity());
        for (int r = 0; r < z.rows; ++r)
            for (int c = 0; c < z.columns; ++c)
                if (const Ray& ray = z.at(r, c); !ray.empty()) {
                    double& t = top[static_cast<size_t>(r / kTopTile) * tiles_x + c / kTopTile];
                    t = std::max(t, ray.back().high.at);
                }
    }
    double highest(IndexRange x, IndexRange y) const {
        double highest = -std::numeric_limits<double>::infinity();
        for (int ty = y.first / kTopTile; ty <= y.last / kTopTile; ++ty)
            for (int tx = x.first / kTopTile; tx <= x.last / kTopTile; ++tx)
                highest = std::max(highest, top[static_cast<size_t>(ty) * tiles_x + tx]);
        return highest;
    }
};

// The lattice's Z rays see no material that lies wholly between them; X and Y rays through such material stand at most a cell away, and are
// lost when their top is clipped. One cell of margin keeps what they see.
void clip_to_tops(Stroke& stroke, const Lattice& lattice, const Tops& tops) {
    auto near = [&](int axis, double low, double high) {
        return indices(lattice, axis, low - lattice.cell[axis], high + lattice.cell[axis]);
    };
    IndexRange x = near(0, stroke.box.low.x, stroke.box.high.x), y = near(1, stroke.box.low.y, stroke.box.high.y);
    if (x.empty() || y.empty()) {
        stroke.box = {};
        return;
    }
    stroke.box.high.z = std::min(stroke.box.high.z, tops.highest(x, y) + lattice.cell[2]);
}

std::vector<Stroke> strokes_of(const Lattice& lattice, const Tops& tops, const std::vector<std::vector<BodyChain>>& chains,
                               std::span<const Sweep> sweeps) {
    std::vector<Stroke> strokes;
    for (const Sweep& sweep : sweeps) {
        CHECK(sweep.assembly >= 0 && sweep.assembly < static_cast<int>(chains.size()));
        for (const BodyChain& body : chains[sweep.assembly]) {
            RayMove move = move_of(sweep);
            Stroke stroke{&body, move, mirrored(move), swept_box(body, move), sweep.colour};
            clip_to_tops(stroke, lattice, tops);
            if (!stroke.box.empty()) strokes.push_back(stroke);
        }
    }
    return strokes;
}

RayEnd material_end(double at, Vec3 body_normal, uint8_t colour, bool exchange) {
    Vec3 n = -1.0 * body_normal;
    if (exchange) std::swap(n.x, n.y);
    return {at, static_cast<float>(n.x), static_cast<float>(n.y), static_cast<float>(n.z), colour};
}

bool meets(const Ray& ray, double low, double high) {
    size_t first = first_above(ray, low);
    return first < ray.size() && ray[first].low.at < high;
}

// The part of row `y` (in x) under which a straight stroke can be.
IndexRange clip_row(const Stroke& stroke, const Lattice& lattice, double y) {
    double low = stroke.box.low.x, high = stroke.box.high.x;
    const RayMove& move = stroke.move;
    double radius = stroke.body->radius;
    if (!move.arc && std::abs(move.by.y) > radius) {
        double s0 = (y - radius - move.from.y) / move.by.y, s1 = (y + radius - move.from.y) / move.by.y;
        s0 = std::clamp(s0, 0.0, 1.0), s1 = std::clamp(s1, 0.0, 1.0);
        double x0 = move.from.x + s0 * move.by.x, x1 = move.from.x + s1 * move.by.x;
        low = std::min(x0, x1) - radius, high = std::max(x0, x1) + radius;
    }
    return indices(lattice, 0, low, high);
}

void cut_z_rows(RayFamily& family, const Lattice& lattice, const Stroke& stroke, IndexRange rows) {
    Stretch out;
    for (int r = rows.first; r <= rows.last; ++r) {
        double y = lattice.at(1, r);
        IndexRange columns = clip_row(stroke, lattice, y);
        for (int c = columns.first; c <= columns.last; ++c) {
            Ray& ray = family.at(r, c);
            if (!meets(ray, stroke.box.low.z, stroke.box.high.z)) continue;
            if (!meet_z_ray(*stroke.body, stroke.move, lattice.at(0, c), y, ray.back().high.at, out)) continue;
            take_out(ray, material_end(out.low, out.low_normal, stroke.colour, false),
                     material_end(out.high, out.high_normal, stroke.colour, false));
        }
    }
}

// Rays along X; rays along Y are cut as X rays of the mirrored stroke.
void cut_level_rows(RayFamily& family, const Lattice& lattice, const Stroke& stroke, IndexRange rows) {
    bool exchange = family.axis == 1;
    double low = exchange ? stroke.box.low.y : stroke.box.low.x, high = exchange ? stroke.box.high.y : stroke.box.high.x;
    IndexRange columns = indices(lattice, 2, stroke.box.low.z, stroke.box.high.z);
    Stretch out[kMaxStretches];
    for (int r = rows.first; r <= rows.last; ++r) {
        double across = lattice.at(row_axis(family.axis), r);
        for (int c = columns.first; c <= columns.last; ++c) {
            Ray& ray = family.at(r, c);
            if (!meets(ray, low, high)) continue;
            int count = meet_x_ray(*stroke.body, exchange ? stroke.mirror : stroke.move, across, lattice.at(2, c), out);
            for (int i = 0; i < count; ++i)
                take_out(ray, material_end(out[i].low, out[i].low_normal, stroke.colour, exchange),
                         material_end(out[i].high, out[i].high_normal, stroke.colour, exchange));
        }
    }
}

IndexRange rows_of(const Stroke& stroke, const Lattice& lattice, int family_axis) {
    return row_axis(family_axis) == 0 ? indices(lattice, 0, stroke.box.low.x, stroke.box.high.x)
                                      : indices(lattice, 1, stroke.box.low.y, stroke.box.high.y);
}

void cut_round(TriRays& rays, const Lattice& lattice, const std::vector<std::vector<BodyChain>>& chains, std::span<const Sweep> sweeps,
               int threads) {
    std::vector<Stroke> strokes = strokes_of(lattice, Tops(rays[2]), chains, sweeps);
    std::array<int, 4> first_band{};
    for (int axis = 0; axis < 3; ++axis) first_band[axis + 1] = first_band[axis] + (rays[axis].rows + kRowsPerBand - 1) / kRowsPerBand;
    std::vector<std::vector<uint32_t>> of_band(first_band[3]);
    for (uint32_t i = 0; i < strokes.size(); ++i)
        for (int axis = 0; axis < 3; ++axis) {
            IndexRange rows = rows_of(strokes[i], lattice, axis);
            if (rows.empty()) continue;
            for (int band = rows.first / kRowsPerBand; band <= rows.last / kRowsPerBand; ++band)
                of_band[first_band[axis] + band].push_back(i);
        }
    parallel_for(threads, first_band[3], [&](int task) {
        int axis = task < first_band[1] ? 0 : task < first_band[2] ? 1 : 2, band = task - first_band[axis];
        for (uint32_t i : of_band[task]) {
            IndexRange rows = rows_of(strokes[i], lattice, axis);
            rows.first = std::max(rows.first, band * kRowsPerBand), rows.last = std::min(rows.last, (band + 1) * kRowsPerBand - 1);
            if (axis == 2)
                cut_z_rows(rays[2], lattice, strokes[i], rows);
            else
                cut_level_rows(rays[axis], lattice, strokes[i], rows);
        }
    });
}

}  // namespace

void cut_rays(TriRays& rays, const Lattice& lattice, std::span<const ToolAssembly> assemblies, std::span<const Sweep> sweeps,
              const Context& context) {
    std::vector<std::vector<BodyChain>> chains;
    for (const ToolAssembly& assembly : assemblies) {
        chains.emplace_back();
        for (const ConvexBody& body : assembly.cutter) chains.back().push_back(make_chain(body));
    }
    for (size_t from = 0; from < sweeps.size() && context.stop_reason() == StopReason::kNone; from += kSweepsPerRound)
        cut_round(rays, lattice, chains, sweeps.subspan(from, std::min(kSweepsPerRound, sweeps.size() - from)), context.threads);
}

}  // namespace proveout
