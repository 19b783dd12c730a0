#include "mesh/contour.h"

#include <algorithm>
#include <map>

#include "base/parallel.h"
#include "mesh/contour_table.h"
#include "mesh/qef.h"

namespace proveout {

namespace {

// Vertices keep this share of a cell from the faces of their cell, so that neighbours never coincide as floats.
constexpr double kMargin_cells = 1e-4;
constexpr double kMargin_ulps = 8;
// An edge of the part may pass just outside the cell that knows both its planes. The vertex may follow it so far, if its faces stay
// unfolded.
constexpr double kReach_cells = 1.0;
constexpr double kMissed_cells = 1e-3;
constexpr double kMoved_cells = 0.02;
constexpr double kLookAround_cells = 0.01;
// Creases sharper than about 12 degrees stay creases; on a curved surface the tangent planes of one cell differ by less and the vertex
// stays at the mean of the crossings. Where a face folds over, its vertices fall back to the calm rank.
constexpr double kSharpRank = 0.01;
constexpr double kCalmRank = 0.1;
constexpr double kFolded = 0.3;    // cosine of a face against its plane
constexpr double kUnfolded = 0.5;  // cosine of a face against its plane

struct ActiveCell {
    int k;
    uint8_t inside;         // corner mask
    uint32_t first_vertex;  // of its components
};

struct Contouring {
    const TriRays& rays;
    const Lattice& lattice;
    int nx, ny, nz;
    std::vector<uint8_t> inside;                   // lattice points, (j * nx + i) * nz + k
    std::vector<std::vector<ActiveCell>> columns;  // cells of column (i, j), rising k; j * (nx - 1) + i
    double margin[3];

    Contouring(const TriRays& r, const Lattice& l) : rays(r), lattice(l), nx(l.points[0]), ny(l.points[1]), nz(l.points[2]) {
        inside.assign(static_cast<size_t>(nx) * ny * nz, 0);
        columns.resize(static_cast<size_t>(nx - 1) * (ny - 1));
        for (int a = 0; a < 3; ++a) {
            double far = std::max(std::abs(l.at(a, 0)), std::abs(l.at(a, l.points[a] - 1)));
            margin[a] = std::min(0.25 * l.cell[a], std::max(kMargin_cells * l.cell[a], kMargin_ulps * far * 6e-8));
        }
    }
    bool is_inside(int i, int j, int k) const { return inside[(static_cast<size_t>(j) * nx + i) * nz + k]; }
    bool is_inside(const std::array<int, 3>& p) const { return is_inside(p[0], p[1], p[2]); }
    std::vector<ActiveCell>& column(int i, int j) { return columns[static_cast<size_t>(j) * (nx - 1) + i]; }
    const std::vector<ActiveCell>& column(int i, int j) const { return columns[static_cast<size_t>(j) * (nx - 1) + i]; }
    const ActiveCell& cell(const std::array<int, 3>& c) const {
        const auto& list = column(c[0], c[1]);
        return *std::lower_bound(list.begin(), list.end(), c[2], [](const ActiveCell& a, int k) { return a.k < k; });
    }
    const Ray& ray_along(int axis, const std::array<int, 3>& p) const { return rays[axis].at(p[row_axis(axis)], p[column_axis(axis)]); }
};

void mark_inside(Contouring& c, int j) {
    for (int i = 0; i < c.nx; ++i) {
        uint8_t* line = &c.inside[(static_cast<size_t>(j) * c.nx + i) * c.nz];
        for (const RaySpan& span : c.rays[2].at(j, i)) {
            int first = std::max(1, static_cast<int>(std::ceil((span.low.at - c.lattice.origin[2]) / c.lattice.cell[2])));
            for (int k = first; k < c.nz - 1 && c.lattice.at(2, k) < span.high.at; ++k) line[k] = c.lattice.at(2, k) > span.low.at;
        }
    }
}

void find_cells(Contouring& c, int j) {
    for (int i = 0; i < c.nx - 1; ++i) {
        const uint8_t* line[4];  // lattice points above the cell's four lower corners, in the order of the corner bits
        for (int corner = 0; corner < 4; ++corner)
            line[corner] = &c.inside[(static_cast<size_t>(j + (corner >> 1)) * c.nx + i + (corner & 1)) * c.nz];
        auto layer = [&](int k) { return line[0][k] | line[1][k] << 1 | line[2][k] << 2 | line[3][k] << 3; };
        int below = layer(0);
        for (int k = 0; k < c.nz - 1; ++k) {
            int above = layer(k + 1), mask = below | above << 4;
            if (mask != 0 && mask != 255) c.column(i, j).push_back({k, static_cast<uint8_t>(mask), 0});
            below = above;
        }
    }
}

uint32_t number_vertices(Contouring& c) {
    uint32_t next = 0;
    for (auto& column : c.columns)
        for (ActiveCell& cell : column) {
            cell.first_vertex = next;
            next += contour_table()[cell.inside].components;
        }
    return next;
}

struct Crossing {
    Vec3 point, normal;
    uint8_t colour;
};

// Where the surface crosses the lattice edge from p along +axis. The ray's own stretches give place and normal; if they do not know of this
// crossing (two families may differ by rounding), the nearest end of the right kind, held to the edge.
Crossing crossing_of(const Contouring& c, int axis, const std::array<int, 3>& p) {
    bool leaves = c.is_inside(p);  // material below, air above
    double low = c.lattice.at(axis, p[axis]), high = c.lattice.at(axis, p[axis] + 1);
    const RayEnd* best = nullptr;
    double best_miss = c.lattice.cell[axis];
    for (const RaySpan& span : c.ray_along(axis, p)) {
        const RayEnd& end = leaves ? span.high : span.low;
        double miss = std::max({low - end.at, end.at - high, 0.0});
        if (miss < best_miss || (miss == best_miss && miss == 0 && !leaves)) best = &end, best_miss = miss;
    }
    Crossing crossing{{}, {axis == 0 ? 1.0 : 0, axis == 1 ? 1.0 : 0, axis == 2 ? 1.0 : 0}, 0};
    if (!leaves) crossing.normal = -1.0 * crossing.normal;
    double at = 0.5 * (low + high);
    if (best) {
        at = std::clamp(best->at, low, high);
        crossing.normal = {best->nx, best->ny, best->nz};
        crossing.colour = best->colour;
    }
    std::array<double, 3> place{c.lattice.at(0, p[0]), c.lattice.at(1, p[1]), c.lattice.at(2, p[2])};
    place[axis] = at;
    crossing.point = {place[0], place[1], place[2]};
    return crossing;
}

// Another place for a vertex, to be judged when its faces are known: outside its cell, where it fits better, or where it is calmer.
struct Wish {
    uint32_t vertex;
    Vec3 place;
    bool calm;
};

void place_vertices(const Contouring& c, int i, int j, std::vector<Vec3>& vertices, std::vector<Wish>& wishes) {
    for (const ActiveCell& cell : c.column(i, j)) {
        const CellPattern& pattern = contour_table()[cell.inside];
        std::array<PlaneFit, kMaxComponents> fits;
        for (int e = 0; e < 12; ++e) {
            if (pattern.component[e] < 0) continue;
            std::array<int, 3> start{i, j, cell.k};
            add_edge_start(e, start);
            Crossing crossing = crossing_of(c, e / 4, start);
            fits[pattern.component[e]].add(crossing.normal, crossing.point);
        }
        const Lattice& l = c.lattice;
        Vec3 low{l.at(0, i) + c.margin[0], l.at(1, j) + c.margin[1], l.at(2, cell.k) + c.margin[2]};
        Vec3 high{l.at(0, i + 1) - c.margin[0], l.at(1, j + 1) - c.margin[1], l.at(2, cell.k + 1) - c.margin[2]};
        Vec3 reach{kReach_cells * l.cell[0], kReach_cells * l.cell[1], kReach_cells * l.cell[2]};
        for (int n = 0; n < pattern.components; ++n) {
            Vec3& vertex = vertices[cell.first_vertex + n];
            vertex = fits[n].solve(low, high, kSharpRank);
            if (fits[n].worst(vertex) > kMissed_cells * l.cell[0]) {
                Vec3 beyond = fits[n].solve(low - reach, high + reach, kSharpRank);
                if (fits[n].worst(beyond) <= kMissed_cells * l.cell[0]) wishes.push_back({cell.first_vertex + n, beyond, false});
            }
            Vec3 calm = fits[n].solve(low, high, kCalmRank);
            if (length(calm - vertex) > kMoved_cells * l.cell[0]) wishes.push_back({cell.first_vertex + n, calm, true});
        }
    }
}

// ---- faces --------------------------------------------------------------------------------------------------------------------------

Vec3 triangle_normal(const Surface& s, uint32_t a, uint32_t b, uint32_t c) {
    return cross(s.vertices[b] - s.vertices[a], s.vertices[c] - s.vertices[a]);
}

// Cosine between a triangle and the exact surface; a triangle without area counts as turned over.
double agreement(const Surface& s, uint32_t a, uint32_t b, uint32_t c, Vec3 normal) {
    Vec3 n = triangle_normal(s, a, b, c);
    double size = length(n);
    return size > 0 ? dot(n, normal) / size : -1;
}

class FaceMaker {
  public:
    FaceMaker(const Contouring& c, Surface& surface) : c_(c), surface_(surface) {}

    // The face dual to the crossed lattice edge from p along axis.
    void add_face(int axis, const std::array<int, 3>& p) {
        int b = (axis + 1) % 3, d = (axis + 2) % 3;
        constexpr int kSteps[4][2] = {{-1, -1}, {0, -1}, {0, 0}, {-1, 0}};
        std::array<std::array<int, 3>, 4> cells;
        std::array<int, 4> edges;
        std::array<uint32_t, 4> corner;
        for (int m = 0; m < 4; ++m) {
            cells[m] = p;
            cells[m][b] += kSteps[m][0], cells[m][d] += kSteps[m][1];
            edges[m] = axis * 4 - kSteps[m][0] - 2 * kSteps[m][1];
            const ActiveCell& cell = c_.cell(cells[m]);
            corner[m] = cell.first_vertex + contour_table()[cell.inside].component[edges[m]];
        }
        bool leaves = c_.is_inside(p);
        Crossing crossing = crossing_of(c_, axis, p);
        std::vector<uint32_t> outline;
        for (int m = 0; m < 4; ++m) {
            outline.push_back(corner[m]);
            int next = (m + 1) % 4;
            // Cells m and m + 1 share a face across axis b (between 0-1 and 2-3) or d.
            int across = m % 2 == 0 ? b : d;
            if (int64_t extra = split_point(cells[m], cells[next], across, axis, p); extra >= 0)
                outline.push_back(static_cast<uint32_t>(extra));
        }
        if (!leaves) std::reverse(outline.begin(), outline.end());
        if (outline.size() == 4)
            add_quad(outline, crossing);
        else
            add_fan(outline, crossing);
    }

  private:
    void add_triangle(uint32_t a, uint32_t b, uint32_t c, const Crossing& x) {
        surface_.triangles.push_back({a, b, c});
        surface_.planes.push_back({x.normal, x.point, x.colour});
    }

    void add_quad(const std::vector<uint32_t>& q, const Crossing& x) {
        double first = std::min(agreement(surface_, q[0], q[1], q[2], x.normal), agreement(surface_, q[0], q[2], q[3], x.normal));
        double second = std::min(agreement(surface_, q[1], q[2], q[3], x.normal), agreement(surface_, q[1], q[3], q[0], x.normal));
        bool by_first = first > second + 1e-9;
        if (std::abs(first - second) <= 1e-9)
            by_first =
                length(surface_.vertices[q[0]] - surface_.vertices[q[2]]) <= length(surface_.vertices[q[1]] - surface_.vertices[q[3]]);
        int o = by_first ? 0 : 1;
        add_triangle(q[o], q[o + 1], q[o + 2], x);
        add_triangle(q[o], q[o + 2], q[(o + 3) % 4], x);
    }

    void add_fan(const std::vector<uint32_t>& outline, const Crossing& x) {
        uint32_t middle = static_cast<uint32_t>(surface_.vertices.size());
        surface_.vertices.push_back(x.point);
        for (size_t i = 0; i < outline.size(); ++i) add_triangle(outline[i], outline[(i + 1) % outline.size()], middle, x);
    }

    // The extra point on the surface edge between two cells whose shared face is crossed twice and joined on both sides; -1: none needed.
    int64_t split_point(const std::array<int, 3>& cell, const std::array<int, 3>& next, int across, int axis, const std::array<int, 3>& p) {
        bool rising = next[across] > cell[across];
        const auto& low = rising ? cell : next;
        const auto& high = rising ? next : cell;
        if (!contour_table()[c_.cell(low).inside].joined[across * 2 + 1] || !contour_table()[c_.cell(high).inside].joined[across * 2])
            return -1;
        // The two sheets in the face go around its two inside corners.
        std::array<int, 3> inside = p;
        if (!c_.is_inside(p)) ++inside[axis];
        auto [at, is_new] = split_.try_emplace({high, across, inside}, static_cast<uint32_t>(surface_.vertices.size()));
        if (is_new) surface_.vertices.push_back(sheet_point(high, across, inside));
        return at->second;
    }

    // Middle of the two crossings next to an inside corner of the face on the low side of `cell` across an axis.
    Vec3 sheet_point(const std::array<int, 3>& cell, int across, const std::array<int, 3>& corner) const {
        Vec3 sum;
        for (int step = 1; step <= 2; ++step) {
            int axis = (across + step) % 3;
            std::array<int, 3> start = corner;
            start[axis] = cell[axis];
            sum = sum + crossing_of(c_, axis, start).point;
        }
        return 0.5 * sum;
    }

    const Contouring& c_;
    Surface& surface_;
    std::map<std::tuple<std::array<int, 3>, int, std::array<int, 3>>, uint32_t> split_;
};

// The triangles at some vertices of a surface.
class FacesAt {
  public:
    FacesAt(const Surface& s, const std::vector<uint32_t>& vertices) : slot_(s.vertices.size(), 0) {
        for (uint32_t v : vertices)
            if (!slot_[v]) faces_.emplace_back(), slot_[v] = static_cast<uint32_t>(faces_.size());
        for (uint32_t t = 0; t < s.triangles.size(); ++t)
            for (uint32_t v : s.triangles[t])
                if (slot_[v]) faces_[slot_[v] - 1].push_back(t);
    }
    const std::vector<uint32_t>& of(uint32_t vertex) const { return faces_[slot_[vertex] - 1]; }

  private:
    std::vector<uint32_t> slot_;  // 1 + index into faces_; 0: not asked for
    std::vector<std::vector<uint32_t>> faces_;
};

double agreement(const Surface& s, uint32_t t) {
    return agreement(s, s.triangles[t][0], s.triangles[t][1], s.triangles[t][2], s.planes[t].normal);
}

// Wishes beyond the cell where the faces stay unfolded, then calm ones where they are folded.
void grant_wishes(Surface& s, const std::vector<std::vector<Wish>>& wishes) {
    std::vector<uint8_t> folded(s.vertices.size(), 0);
    for (uint32_t t = 0; t < s.triangles.size(); ++t)
        if (agreement(s, t) < kFolded)
            for (uint32_t v : s.triangles[t]) folded[v] = 1;
    std::vector<Wish> open;
    std::vector<uint32_t> vertices;
    for (bool calm : {false, true})
        for (const auto& row : wishes)
            for (const Wish& wish : row)
                if (wish.calm == calm && (!calm || folded[wish.vertex])) open.push_back(wish), vertices.push_back(wish.vertex);
    if (open.empty()) return;
    FacesAt faces(s, vertices);
    auto worst_agreement = [&](uint32_t v) {
        double worst = 1;
        for (uint32_t t : faces.of(v)) worst = std::min(worst, agreement(s, t));
        return worst;
    };
    for (const Wish& wish : open) {
        double before = worst_agreement(wish.vertex);
        if (wish.calm && before >= kFolded) continue;
        Vec3 old = s.vertices[wish.vertex];
        s.vertices[wish.vertex] = wish.place;
        if (worst_agreement(wish.vertex) < (wish.calm ? before : std::max(before, kUnfolded))) s.vertices[wish.vertex] = old;
    }
}

double distance_to(const Surface& s, const std::array<uint32_t, 3>& t, Vec3 p) {
    // Distance to the nearest point of the triangle (Ericson, "Real-Time Collision Detection", 5.1.5, by clamped edges and plane).
    Vec3 a = s.vertices[t[0]], b = s.vertices[t[1]], c = s.vertices[t[2]], n = cross(b - a, c - a);
    double size = length(n);
    bool over = size > 0;
    double nearest = 1e300;
    for (auto [from, to] : {std::pair{a, b}, {b, c}, {c, a}}) {
        Vec3 e = to - from;
        if (dot(cross(e, p - from), n) < 0) over = false;
        double t01 = dot(e, e) > 0 ? std::clamp(dot(p - from, e) / dot(e, e), 0.0, 1.0) : 0;
        nearest = std::min(nearest, length(p - from - t01 * e));
    }
    return over ? std::abs(dot(p - a, n)) / size : nearest;
}

// Distance of the exact point under each face from the surface: from the face's own triangles, and where that is much, from those around.
double measure_deviation(const Surface& s, double cell_mm) {
    struct Far {
        uint32_t triangle;
        double distance;
    };
    std::vector<Far> far;
    std::vector<uint32_t> vertices;
    double greatest = 0;
    for (uint32_t t = 0; t < s.triangles.size();) {
        double nearest = 1e300;
        uint32_t end = t;
        for (; end < s.triangles.size() && s.planes[end].point == s.planes[t].point; ++end)
            nearest = std::min(nearest, distance_to(s, s.triangles[end], s.planes[t].point));
        if (nearest > kLookAround_cells * cell_mm) {
            far.push_back({t, nearest});
            for (uint32_t i = t; i < end; ++i) vertices.insert(vertices.end(), s.triangles[i].begin(), s.triangles[i].end());
        } else {
            greatest = std::max(greatest, nearest);
        }
        t = end;
    }
    if (far.empty()) return greatest;
    FacesAt faces(s, vertices);
    for (const Far& f : far) {
        double nearest = f.distance;
        for (uint32_t v : s.triangles[f.triangle])
            for (uint32_t t : faces.of(v)) nearest = std::min(nearest, distance_to(s, s.triangles[t], s.planes[f.triangle].point));
        greatest = std::max(greatest, nearest);
    }
    return greatest;
}

}  // namespace

Surface contour(const TriRays& rays, const Lattice& lattice, const Context& context) {
    Contouring c(rays, lattice);
    parallel_for(context.threads, c.ny, [&](int j) { mark_inside(c, j); });
    parallel_for(context.threads, c.ny - 1, [&](int j) { find_cells(c, j); });
    Surface surface;
    surface.vertices.resize(number_vertices(c));
    std::vector<std::vector<Wish>> wishes(c.ny - 1);
    parallel_for(context.threads, c.ny - 1, [&](int j) {
        for (int i = 0; i < c.nx - 1; ++i) place_vertices(c, i, j, surface.vertices, wishes[j]);
    });
    FaceMaker faces(c, surface);
    for (int j = 0; j < c.ny - 1; ++j)
        for (int i = 0; i < c.nx - 1; ++i)
            for (const ActiveCell& cell : c.column(i, j))
                for (int axis = 0; axis < 3; ++axis) {
                    // Edges that start at the low corner of an active cell: every crossed edge is one of these.
                    bool start = cell.inside & 1, end = cell.inside >> (1 << axis) & 1;
                    if (start != end) faces.add_face(axis, {i, j, cell.k});
                }
    grant_wishes(surface, wishes);
    surface.deviation_mm = measure_deviation(surface, std::max({lattice.cell[0], lattice.cell[1], lattice.cell[2]}));
    return surface;
}

}  // namespace proveout
