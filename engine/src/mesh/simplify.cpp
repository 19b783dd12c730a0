#include "mesh/simplify.h"

#include <algorithm>

#include "mesh/collapse.h"

namespace proveout {

namespace {

constexpr double kSamePlaneCosine = 0.99999;  // of exact normals: 0.26 degrees
constexpr double kFlatTurnCosine = 0.999;     // of a merged triangle against its plane; keeps slivers from standing on edge
constexpr double kSmoothTurnCosine = 0.7;
constexpr double kLeastAltitude_cells = 2e-3;  // thinner triangles would lose their area in float vertices
constexpr uint32_t kNone = 0xFFFFFFFF;

double least_altitude(const Surface& s, double cell_mm) {
    double far = 0;
    for (const Vec3& v : s.vertices) far = std::max({far, std::abs(v.x), std::abs(v.y), std::abs(v.z)});
    return std::max(kLeastAltitude_cells * cell_mm, far * 1e-6);
}

// ---- flats --------------------------------------------------------------------------------------------------------------------------

bool lies_in(const Surface& s, uint32_t triangle, const FacePlane& plane) {
    const FacePlane& own = s.planes[triangle];
    if (own.colour != plane.colour || dot(own.normal, plane.normal) < kSamePlaneCosine) return false;
    const auto& t = s.triangles[triangle];
    for (uint32_t v : t)
        if (std::abs(dot(s.vertices[v] - plane.point, plane.normal)) > kFlat_mm) return false;
    return dot(cross(s.vertices[t[1]] - s.vertices[t[0]], s.vertices[t[2]] - s.vertices[t[0]]), plane.normal) > 0;
}

// Number of the plane region of each triangle; regions grow from the first triangle over shared vertices and never drift from its plane.
std::vector<uint32_t> find_regions(const CollapsibleSurface& mesh) {
    const Surface& s = mesh.surface;
    std::vector<uint32_t> region(s.triangles.size(), kNone), open;
    uint32_t next = 0;
    for (uint32_t seed = 0; seed < s.triangles.size(); ++seed) {
        if (region[seed] != kNone) continue;
        region[seed] = next;
        if (lies_in(s, seed, s.planes[seed])) open.push_back(seed);
        while (!open.empty()) {
            uint32_t t = open.back();
            open.pop_back();
            for (uint32_t v : s.triangles[t])
                for (uint32_t other : mesh.faces_of[v])
                    if (region[other] == kNone && lies_in(s, other, s.planes[seed])) region[other] = next, open.push_back(other);
        }
        ++next;
    }
    return region;
}

class FlatMerger {
  public:
    FlatMerger(Surface& s, double cell_mm) : mesh_(s), region_(find_regions(mesh_)), altitude_(least_altitude(s, cell_mm)) {}

    void run() {
        std::vector<uint32_t> candidates;
        for (uint32_t v = 0; v < mesh_.faces_of.size(); ++v)
            if (regions_at(v) <= 2) candidates.push_back(v);
        std::vector<uint32_t> touched(mesh_.faces_of.size(), 0);
        for (uint32_t pass = 1;; ++pass) {
            size_t before = candidates.size();
            std::erase_if(candidates, [&](uint32_t v) { return touched[v] != pass && try_collapse(v, pass, touched); });
            if (candidates.size() == before) break;
        }
        mesh_.compact();
    }

  private:
    // 1 or 2 regions meet at v; 3 stands for more.
    int regions_at(uint32_t v) const {
        uint32_t first = kNone, second = kNone;
        for (uint32_t t : mesh_.faces_of[v]) {
            uint32_t r = region_[t];
            if (first == kNone || r == first)
                first = r;
            else if (second == kNone || r == second)
                second = r;
            else
                return 3;
        }
        return second == kNone ? 1 : 2;
    }

    // Neighbours of v over edges between two regions.
    void border_neighbours(uint32_t v, std::vector<uint32_t>& out) const {
        out.clear();
        for (uint32_t n : ring_) {
            uint32_t first = kNone;
            for (uint32_t t : mesh_.faces_of[v]) {
                if (!mesh_.has(t, n)) continue;
                if (first == kNone)
                    first = region_[t];
                else if (region_[t] != first)
                    out.push_back(n);
            }
        }
    }

    bool straight(uint32_t a, uint32_t v, uint32_t b) const {
        const auto& p = mesh_.surface.vertices;
        Vec3 along = p[b] - p[a];
        double size = length(along);
        if (!(size > 0)) return false;
        double at = dot(p[v] - p[a], along) / size;
        return at > 0 && at < size && length(cross(p[v] - p[a], along)) / size <= kFlat_mm;
    }

    bool try_collapse(uint32_t v, uint32_t pass, std::vector<uint32_t>& touched) {
        int regions = regions_at(v);
        if (regions > 2) return false;
        mesh_.neighbours(v, ring_);
        if (regions == 1) {
            targets_ = ring_;
        } else {
            border_neighbours(v, targets_);
            if (targets_.size() != 2 || !straight(targets_[0], v, targets_[1])) return false;
        }
        double best_shape = 0;
        uint32_t best = kNone;
        for (uint32_t u : targets_) {
            double shape = mesh_.shape_after(v, u, kFlatTurnCosine, altitude_);
            if (shape > best_shape && mesh_.keeps_manifold(v, u)) best_shape = shape, best = u;
        }
        if (best == kNone) return false;
        mesh_.collapse(v, best);
        for (uint32_t n : ring_) touched[n] = pass;
        return true;
    }

    CollapsibleSurface mesh_;
    std::vector<uint32_t> region_;
    double altitude_;
    std::vector<uint32_t> ring_, targets_;
};

// ---- curved surfaces ----------------------------------------------------------------------------------------------------------------

// Sum of squared distances to planes, about a common origin.
struct Quadric {
    double a[6] = {}, b[3] = {}, c = 0;
    void add_plane(Vec3 n, double d) {  // n . x + d
        a[0] += n.x * n.x, a[1] += n.x * n.y, a[2] += n.x * n.z, a[3] += n.y * n.y, a[4] += n.y * n.z, a[5] += n.z * n.z;
        b[0] += d * n.x, b[1] += d * n.y, b[2] += d * n.z, c += d * d;
    }
    void add(const Quadric& q) {
        for (int i = 0; i < 6; ++i) a[i] += q.a[i];
        for (int i = 0; i < 3; ++i) b[i] += q.b[i];
        c += q.c;
    }
    double at(Vec3 p) const {
        return p.x * (a[0] * p.x + 2 * (a[1] * p.y + a[2] * p.z + b[0])) + p.y * (a[3] * p.y + 2 * (a[4] * p.z + b[1])) +
               p.z * (a[5] * p.z + 2 * b[2]) + c;
    }
};

class QuadricSimplifier {
  public:
    QuadricSimplifier(Surface& s, double tolerance_mm, double cell_mm)
        : mesh_(s), square_(tolerance_mm * tolerance_mm), altitude_(least_altitude(s, cell_mm)), quadric_(s.vertices.size()) {
        Box3 box;
        for (const Vec3& v : s.vertices) box.add(v);
        origin_ = box.centre();
        for (const auto& t : s.triangles) {
            Vec3 n = cross(s.vertices[t[1]] - s.vertices[t[0]], s.vertices[t[2]] - s.vertices[t[0]]);
            double size = length(n);
            if (!(size > 0)) continue;
            n = (1 / size) * n;
            for (uint32_t v : t) quadric_[v].add_plane(n, -dot(n, s.vertices[t[0]] - origin_));
        }
    }

    void run() {
        std::vector<uint32_t> candidates(mesh_.faces_of.size());
        for (uint32_t v = 0; v < candidates.size(); ++v) candidates[v] = v;
        std::vector<uint32_t> touched(candidates.size(), 0);
        // A vertex that could not go is looked at again only when its surroundings have changed.
        std::vector<uint8_t> stale(candidates.size(), 1);
        for (uint32_t pass = 1;; ++pass) {
            size_t before = candidates.size();
            std::erase_if(candidates, [&](uint32_t v) { return touched[v] != pass && stale[v] && try_collapse(v, pass, touched, stale); });
            if (candidates.size() == before) break;
        }
        mesh_.compact();
    }

  private:
    // Vertices where colours meet move only along the border between them.
    void find_targets(uint32_t v) {
        targets_.clear();
        bool mixed = false;
        for (uint32_t t : mesh_.faces_of[v]) mixed |= mesh_.surface.planes[t].colour != mesh_.surface.planes[mesh_.faces_of[v][0]].colour;
        if (!mixed) {
            targets_ = ring_;
            return;
        }
        for (uint32_t n : ring_) {
            int first = -1;
            for (uint32_t t : mesh_.faces_of[v]) {
                if (!mesh_.has(t, n)) continue;
                int colour = mesh_.surface.planes[t].colour;
                if (first < 0)
                    first = colour;
                else if (colour != first)
                    targets_.push_back(n);
            }
        }
        if (targets_.size() != 2) targets_.clear();
    }

    bool try_collapse(uint32_t v, uint32_t pass, std::vector<uint32_t>& touched, std::vector<uint8_t>& stale) {
        mesh_.neighbours(v, ring_);
        find_targets(v);
        double best_cost = square_;
        uint32_t best = kNone;
        for (uint32_t u : targets_) {
            Vec3 p = mesh_.surface.vertices[u] - origin_;
            double cost = quadric_[v].at(p) + quadric_[u].at(p);
            if (cost >= best_cost) continue;
            if (mesh_.shape_after(v, u, kSmoothTurnCosine, altitude_) < 0 || !mesh_.keeps_manifold(v, u)) continue;
            best_cost = cost, best = u;
        }
        stale[v] = 0;
        if (best == kNone) return false;
        mesh_.collapse(v, best);
        quadric_[best].add(quadric_[v]);
        for (uint32_t n : ring_) touched[n] = pass, stale[n] = 1;
        return true;
    }

    CollapsibleSurface mesh_;
    double square_, altitude_;
    std::vector<Quadric> quadric_;
    Vec3 origin_;
    std::vector<uint32_t> ring_, targets_;
};

}  // namespace

void merge_flats(Surface& surface, double cell_mm) { FlatMerger(surface, cell_mm).run(); }

void simplify(Surface& surface, double tolerance_mm, double cell_mm) { QuadricSimplifier(surface, tolerance_mm, cell_mm).run(); }

}  // namespace proveout
