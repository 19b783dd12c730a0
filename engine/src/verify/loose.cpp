#include "verify/loose.h"

#include <algorithm>
#include <cmath>

#include "proveout/result.h"
#include "verify/prism.h"

namespace proveout {

namespace {

// Union-find over the intervals of two neighbouring rows; a node is made per run of rays, not per ray.
struct Piece {
    int32_t parent;
    int64_t core = 0;          // rays joined to their left and lower neighbours
    double length = 0;         // sum of interval lengths, mm
    bool held = false;
    int64_t first_ray = 0;
    Vec3 point;
    Box3 box;
};

class Pieces {
  public:
    int32_t find(int32_t i) {
        while (list[i].parent != i) i = list[i].parent = list[list[i].parent].parent;
        return i;
    }
    int32_t make() {
        auto id = static_cast<int32_t>(list.size());
        list.emplace_back();
        list.back().parent = id;
        return id;
    }
    // The older piece keeps its place: it holds the first ray.
    int32_t join(int32_t a, int32_t b) {
        a = find(a), b = find(b);
        if (a == b) return a;
        if (list[b].first_ray < list[a].first_ray) std::swap(a, b);
        Piece &into = list[a], &from = list[b];
        from.parent = a;
        into.core += from.core;
        into.length += from.length;
        into.held |= from.held;
        into.box.add(from.box);
        return a;
    }
    std::vector<Piece> list;
};

struct Cell {
    Interval interval;
    int32_t piece;
};

// Intervals of one ray in a row: cells[start[u] .. start[u + 1]).
struct Row {
    std::vector<Cell> cells;
    std::vector<int32_t> start;
};

bool overlap(const Interval& a, const Interval& b) {
    return std::min(a.high, b.high) - std::max(a.low, b.low) > static_cast<float>(kTouch_mm);
}

// Whether any fixture touches the interval of a ray; fixtures as prisms, meshes as their boxes (a mesh's box holds more, never less).
class Grip {
  public:
    Grip(const std::vector<Fixture>& fixtures, double reach) : reach_(reach) {
        for (const Fixture& fixture : fixtures) {
            if (fixture.solid.shape != StockShape::kMesh) {
                for (Prism& prism : prisms_of(fixture.solid)) prisms_.push_back(std::move(prism));
                continue;
            }
            Solid box;
            Box3 bounds = bounds_of(fixture.solid);
            box.origin_mm = bounds.low;
            box.dims_mm = {bounds.size().x, bounds.size().y, bounds.size().z};
            prisms_.push_back(prisms_of(box).front());
        }
        for (const Prism& prism : prisms_) boxes_.push_back(prism.box()), all_.add(boxes_.back());
    }
    bool empty() const { return prisms_.empty(); }
    bool holds(double x, double y, const Interval& interval) const {
        if (!near(all_, x, y, interval)) return false;
        for (size_t i = 0; i < prisms_.size(); ++i)
            if (near(boxes_[i], x, y, interval) && footprint_distance(prisms_[i], x, y) <= reach_) return true;
        return false;
    }

  private:
    bool near(const Box3& box, double x, double y, const Interval& interval) const {
        return x >= box.low.x - reach_ && x <= box.high.x + reach_ && y >= box.low.y - reach_ && y <= box.high.y + reach_ &&
               interval.low <= box.high.z + kTouch_mm && interval.high >= box.low.z - kTouch_mm;
    }
    double reach_;
    std::vector<Prism> prisms_;
    std::vector<Box3> boxes_;
    Box3 all_;
};

void read_row(const DexelGrid& grid, int v, Row& row) {
    row.cells.clear();
    row.cells.reserve(grid.count_u);
    row.start.resize(grid.count_u + 1);
    std::vector<Interval> intervals;
    auto floor = static_cast<float>(grid.floor_mm);
    for (int u = 0; u < grid.count_u; ++u) {
        row.start[u] = static_cast<int32_t>(row.cells.size());
        const DexelTile& tile = grid.tile_of(u, v);
        if (tile.more.empty()) {
            int ray = DexelGrid::local(u, v);
            float top = tile.top[ray], bottom = tile.bottom.empty() ? floor : tile.bottom[ray];
            if (top > bottom) row.cells.push_back({{bottom, top}, -1});
            continue;
        }
        intervals_of(grid, u, v, intervals);
        for (const Interval& interval : intervals)
            if (interval.high > interval.low) row.cells.push_back({interval, -1});
    }
    row.start[grid.count_u] = static_cast<int32_t>(row.cells.size());
}

// Joins `cell` to the overlapping cells of a neighbouring ray; true if there was one.
bool join_with(Pieces& pieces, const Row& row, int u, Cell& cell) {
    bool joined = false;
    for (int32_t i = row.start[u]; i < row.start[u + 1]; ++i) {
        const Cell& other = row.cells[i];
        if (!overlap(cell.interval, other.interval)) continue;
        joined = true;
        if (cell.piece < 0)
            cell.piece = other.piece;
        else if (cell.piece != other.piece)
            cell.piece = pieces.join(cell.piece, other.piece);
    }
    return joined;
}

// Neighbouring rays of a row in one piece, added up before the piece is looked up.
struct Run {
    int32_t piece = -1;
    int u_first = 0, u_last = 0;
    int64_t core = 0;
    double length = 0;
    float low = 0, high = 0;
    bool held = false;
};

class Labeller {
  public:
    Labeller(const DexelGrid& grid, const Grip& grip) : grid_(grid), grip_(grip), gripping_(!grip.empty()) {}

    void row(int v, Row& row, const Row& below) {
        Run run;
        for (int u = 0; u < grid_.count_u; ++u) {
            for (int32_t i = row.start[u]; i < row.start[u + 1]; ++i) {
                Cell& cell = row.cells[i];
                bool left = true, down = true;
                if (!goes_on(row, below, u, v, i)) {
                    left = u > 0 && join_with(pieces, row, u - 1, cell);
                    down = v > 0 && join_with(pieces, below, u, cell);
                    if (cell.piece < 0) start_piece(u, v, cell);
                }
                if (cell.piece != run.piece) {
                    flush(run, v);
                    run = {cell.piece, u, u, 0, 0, cell.interval.low, cell.interval.high, false};
                }
                run.u_last = u;
                run.core += left && down;
                run.length += static_cast<double>(cell.interval.high) - cell.interval.low;
                run.low = std::min(run.low, cell.interval.low);
                run.high = std::max(run.high, cell.interval.high);
                if (gripping_ && !run.held) run.held = grip_.holds(grid_.ray_u(u, v), grid_.ray_v(u, v), cell.interval);
            }
        }
        flush(run, v);
    }

    Pieces pieces;

  private:
    // Most rays lie within a piece, alone like their left and lower neighbours: joined to both of them at once.
    static bool goes_on(Row& row, const Row& below, int u, int v, int32_t i) {
        if (u == 0 || v == 0 || row.start[u + 1] - i != 1 || i - row.start[u - 1] != 1 || below.start[u + 1] - below.start[u] != 1)
            return false;
        const Cell &left = row.cells[i - 1], &down = below.cells[below.start[u]];
        Cell& cell = row.cells[i];
        if (left.piece != down.piece || !overlap(cell.interval, left.interval) || !overlap(cell.interval, down.interval)) return false;
        cell.piece = left.piece;
        return true;
    }

    void start_piece(int u, int v, Cell& cell) {
        cell.piece = pieces.make();
        Piece& piece = pieces.list[cell.piece];
        piece.first_ray = static_cast<int64_t>(v) * grid_.count_u + u;
        piece.point = {grid_.ray_u(u, v), grid_.ray_v(u, v), 0.5 * (cell.interval.low + cell.interval.high)};
    }

    void flush(const Run& run, int v) {
        if (run.piece < 0) return;
        Piece& piece = pieces.list[pieces.find(run.piece)];
        piece.core += run.core;
        piece.length += run.length;
        piece.held = piece.held || run.held;
        piece.box.add(Vec3{grid_.ray_u(run.u_first, v), grid_.ray_v(run.u_first, v), run.low});
        piece.box.add(Vec3{grid_.ray_u(run.u_last, v), grid_.ray_v(run.u_last, v), run.high});
    }

    const DexelGrid& grid_;
    const Grip& grip_;
    bool gripping_;
};

// Held: what a fixture touches; where fixtures touch nothing, the largest piece.
std::vector<LoosePiece> not_held(const DexelGrid& grid, const Pieces& pieces) {
    std::vector<const Piece*> roots;
    for (size_t i = 0; i < pieces.list.size(); ++i)
        if (pieces.list[i].parent == static_cast<int32_t>(i)) roots.push_back(&pieces.list[i]);
    bool gripped = std::any_of(roots.begin(), roots.end(), [](const Piece* piece) { return piece->held; });
    const Piece* largest = nullptr;
    for (const Piece* piece : roots)
        if (!gripped && (!largest || piece->length > largest->length)) largest = piece;
    std::sort(roots.begin(), roots.end(), [](const Piece* a, const Piece* b) {
        return a->first_ray != b->first_ray ? a->first_ray < b->first_ray : a->point.z > b->point.z;
    });
    std::vector<LoosePiece> loose;
    for (const Piece* piece : roots)
        if (piece != largest && !piece->held && piece->core >= kMinCoreRays)
            loose.push_back({piece->length * grid.cell_area_mm2(), piece->point, piece->box});
    return loose;
}

}  // namespace

std::vector<LoosePiece> loose_pieces(const DexelGrid& grid, const std::vector<Fixture>& fixtures) {
    CHECK(grid.axis == 2);
    // A fixture touches a ray when it comes as near as the ray's own cell reaches.
    Grip grip(fixtures, std::max(grid.cell_u, grid.cell_v));
    Labeller labeller(grid, grip);
    Row below, row;
    below.start.assign(grid.count_u + 1, 0);
    for (int v = 0; v < grid.count_v; ++v) {
        read_row(grid, v, row);
        labeller.row(v, row, below);
        std::swap(below, row);
    }
    return not_held(grid, labeller.pieces);
}

}  // namespace proveout
