#include "verify/obstacles.h"

#include <algorithm>
#include <cmath>

namespace proveout {

namespace {

bool overlap(const Box3& a, const Box3& b) {
    return a.low.x <= b.high.x && b.low.x <= a.high.x && a.low.y <= b.high.y && b.low.y <= a.high.y && a.low.z <= b.high.z &&
           b.low.z <= a.high.z;
}

Box3 grown_box(Box3 box, double radius, double below, double above) {
    box.low = box.low + Vec3{-radius, -radius, below};
    box.high = box.high + Vec3{radius, radius, above};
    return box;
}

}  // namespace

Obstacles::Obstacles(const Setup& setup, const Toolbox& toolbox) : machine_(setup.machine), clearance_mm_(setup.clearance_mm) {
    for (const Fixture& fixture : setup.fixtures) {
        Obstacle obstacle;
        obstacle.box = bounds_of(fixture.solid);
        if (fixture.solid.shape == StockShape::kMesh)
            obstacle.mesh = std::make_unique<MeshObstacle>(fixture.solid.mesh);
        else
            obstacle.prisms = prisms_of(fixture.solid);
        for (const Prism& prism : obstacle.prisms) obstacle.box.add(prism.box());
        all_.add(obstacle.box);
        obstacles_.push_back(std::move(obstacle));
    }
    for (const ToolAssembly& assembly : toolbox.assemblies) {
        std::vector<Bodies> parts;
        for (const auto* list : {&assembly.cutter, &assembly.shank, &assembly.holder}) {
            if (list->empty()) continue;
            Bodies bodies{list->front().part, *list, {}, {}, 1e300, -1e300, 0};
            for (const ConvexBody& body : *list) {
                bodies.shrunk.push_back(offset_body(body, -kTouch_mm));
                if (clearance_mm_ > 0) bodies.grown.push_back(offset_body(body, clearance_mm_));
                bodies.low_mm = std::min(bodies.low_mm, body.low_mm);
                bodies.high_mm = std::max(bodies.high_mm, body.high_mm);
                bodies.radius_mm = std::max(bodies.radius_mm, body.radius_mm);
            }
            parts.push_back(std::move(bodies));
        }
        assemblies_.push_back(std::move(parts));
    }
}

std::vector<Obstacles::Chord> Obstacles::chords_of(const Motion& motion) const {
    std::vector<Chord> chords;
    if (is_dogleg(machine_, motion)) {
        Legs legs = dogleg(machine_, motion);
        for (int i = 0; i < legs.count; ++i) chords.push_back({legs.fraction[i], legs.fraction[i + 1], legs.points[i], legs.points[i + 1]});
        return chords;
    }
    int count = 1;
    if (motion.kind == MotionKind::kArc) {
        double radius = path_length_mm(motion) / std::abs(motion.sweep_rad);  // not less than the radius
        double step = 2 * std::acos(1 - std::min(1.0, kObstacleChord_mm / radius));
        count = std::max(1, static_cast<int>(std::ceil(std::abs(motion.sweep_rad) / step)));
    }
    Vec3 from = motion.from;
    for (int i = 0; i < count; ++i) {
        double low = static_cast<double>(i) / count, high = static_cast<double>(i + 1) / count;
        Vec3 to = point_at(motion, high);
        chords.push_back({low, high, from, to});
        from = to;
    }
    return chords;
}

void Obstacles::check(const Motion& motion, int32_t slot, std::vector<ContactSpan>& out) const {
    if (!is_move(motion) || slot < 0) return;
    const std::vector<Bodies>& parts = assemblies_[slot];
    Box3 tip = bounds_of(motion), reach;
    for (const Bodies& bodies : parts)
        reach.add(grown_box(tip, bodies.radius_mm + clearance_mm_, bodies.low_mm - clearance_mm_, bodies.high_mm + clearance_mm_));
    bool near_table = machine_.table_z_mm && reach.low.z < *machine_.table_z_mm;
    bool near_fixture = !all_.empty() && overlap(reach, all_);
    if (!near_table && !near_fixture) return;
    std::vector<Chord> chords = chords_of(motion);
    if (near_table) check_table(chords, parts, out);
    for (size_t i = 0; near_fixture && i < obstacles_.size(); ++i) {
        if (!overlap(reach, obstacles_[i].box)) continue;
        for (const Bodies& bodies : parts) check_fixture(kFirstFixture + static_cast<Partner>(i), chords, bodies, out);
    }
}

void Obstacles::check_table(const std::vector<Chord>& chords, const std::vector<Bodies>& parts, std::vector<ContactSpan>& out) const {
    double table = *machine_.table_z_mm;
    for (const Bodies& bodies : parts) {
        bool collides = false;
        for (double margin : {-kTouch_mm, clearance_mm_}) {
            if (margin > 0 ? collides : margin == 0) break;
            for (const Chord& chord : chords) {
                // Distance of the part's lowest point above the limit, linear along the chord.
                double d0 = chord.from.z + bodies.low_mm - table - margin, d1 = chord.to.z + bodies.low_mm - table - margin;
                if (d0 >= 0 && d1 >= 0) continue;
                double t0 = d0 < 0 ? 0 : d0 / (d0 - d1), t1 = d1 < 0 ? 1 : d0 / (d0 - d1);
                double width = chord.fraction_1 - chord.fraction_0;
                ContactSpan span;
                span.code = margin < 0 ? "TABLE_COLLISION" : "NEAR_MISS";
                span.part = bodies.part;
                span.partner = kTablePartner;
                span.fraction_0 = chord.fraction_0 + t0 * width;
                span.fraction_1 = chord.fraction_0 + t1 * width;
                span.has_point = true;
                span.point = chord.from + t0 * (chord.to - chord.from);
                span.point.z = table;
                if (margin < 0) {
                    span.depth_mm = std::min(table - bodies.low_mm - std::min(chord.from.z, chord.to.z), bodies.high_mm - bodies.low_mm);
                    collides = true;
                }
                out.push_back(span);
            }
        }
    }
}

void Obstacles::check_fixture(Partner partner, const std::vector<Chord>& chords, const Bodies& bodies,
                              std::vector<ContactSpan>& out) const {
    const Obstacle& obstacle = obstacles_[partner - kFirstFixture];
    bool collides = false;
    for (const Chord& chord : chords)
        for (size_t i = 0; i < bodies.full.size(); ++i)
            collides |= meet(obstacle, chord, bodies.shrunk[i], bodies.full[i], "FIXTURE_COLLISION", bodies.part, partner, out);
    if (collides || clearance_mm_ <= 0) return;
    for (const Chord& chord : chords)
        for (const ConvexBody& body : bodies.grown) meet(obstacle, chord, body, body, "NEAR_MISS", bodies.part, partner, out);
}

bool Obstacles::meet(const Obstacle& obstacle, const Chord& chord, const ConvexBody& body, const ConvexBody& full, std::string_view code,
                     Part part, Partner partner, std::vector<ContactSpan>& out) const {
    Box3 tip;
    tip.add(chord.from), tip.add(chord.to);
    Box3 reach = grown_box(tip, body.radius_mm, body.low_mm, body.high_mm);
    if (body.radius_mm <= 0 || !overlap(reach, obstacle.box)) return false;
    bool near = code == std::string_view("NEAR_MISS"), met = false;
    auto add = [&](const Passage& passage) {
        double width = chord.fraction_1 - chord.fraction_0;
        out.push_back({code, part, partner, chord.fraction_0 + passage.t_0 * width, chord.fraction_0 + passage.t_1 * width, true,
                       passage.point, near ? 0 : passage.depth_mm, 0});
        met = true;
    };
    for (const Prism& prism : obstacle.prisms) {
        if (!overlap(reach, prism.box())) continue;
        std::optional<Passage> passage = pass(body, prism, chord.from, chord.to);
        if (!passage) continue;
        if (!near)
            if (std::optional<Passage> whole = pass(full, prism, chord.from, chord.to)) passage->depth_mm = whole->depth_mm;
        add(*passage);
    }
    if (obstacle.mesh) {
        std::vector<Passage> passages;
        obstacle.mesh->pass(body, full, chord.from, chord.to, passages);
        for (const Passage& passage : passages) add(passage);
    }
    return met;
}

}  // namespace proveout
