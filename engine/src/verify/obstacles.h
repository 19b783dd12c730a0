// obstacles.h -- fixtures and the table: exact and continuous along the move, for every part of the tool assembly, rapid and feed alike.
#pragma once

#include <memory>
#include <vector>

#include "proveout/setup.h"
#include "verify/events.h"
#include "verify/legs.h"
#include "verify/mesh_obstacle.h"
#include "verify/prism.h"

namespace proveout {

// Longest distance between an arc or helix and its chords here: small against kTouch_mm.
constexpr double kObstacleChord_mm = kTouch_mm / 8;

class Obstacles {
  public:
    Obstacles(const Setup& setup, const Toolbox& toolbox);
    // Appends FIXTURE_COLLISION, TABLE_COLLISION and, with a clearance, NEAR_MISS spans of one motion of tool slot `slot`.
    // Motions that keep away from all fixtures cost one comparison of boxes.
    void check(const Motion& motion, int32_t slot, std::vector<ContactSpan>& out) const;

  private:
    struct Obstacle {
        Box3 box;
        std::vector<Prism> prisms;
        std::unique_ptr<MeshObstacle> mesh;
    };
    struct Chord {
        double fraction_0, fraction_1;
        Vec3 from, to;
    };
    struct Bodies {  // of one assembly and part
        Part part;
        std::vector<ConvexBody> full, shrunk, grown;
        double low_mm, high_mm, radius_mm;
    };
    std::vector<Chord> chords_of(const Motion& motion) const;
    void check_table(const std::vector<Chord>& chords, const std::vector<Bodies>& parts, std::vector<ContactSpan>& out) const;
    void check_fixture(Partner partner, const std::vector<Chord>& chords, const Bodies& bodies, std::vector<ContactSpan>& out) const;
    bool meet(const Obstacle& obstacle, const Chord& chord, const ConvexBody& body, const ConvexBody& full, std::string_view code,
              Part part, Partner partner, std::vector<ContactSpan>& out) const;

    const Machine& machine_;
    double clearance_mm_;
    std::vector<Obstacle> obstacles_;
    std::vector<std::vector<Bodies>> assemblies_;  // per slot
    Box3 all_;                                     // of the fixtures
};

}  // namespace proveout
