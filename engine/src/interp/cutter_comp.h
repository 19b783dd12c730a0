// cutter_comp.h -- cutter radius compensation: what is in force, and the moves whose end the next one may still change.
//
// The centre of the cutter runs beside the programmed path. At an inside corner the move before it ends early, so that a move is held
// until the next one in the plane is known; what happens in between (feed, dwell, spindle) waits with it.
// Lengths are in program units, points in the two axes of the plane (XY or ZX).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "interp/state.h"

namespace proveout::interp {

struct PlanePoint {
    double u = 0, v = 0;
};

struct HeldMove {
    enum class Kind : uint8_t { kRapid, kFeed, kArc, kCall, kEvent };
    Kind kind = Kind::kFeed;
    Motion motion;          // what was in force when it was programmed; kEvent: the event itself
    Axes target{};          // where the centre of the cutter ends
    PlanePoint direction;   // of the programmed line; 0, 0: cannot be reversed by cutting it short
    PlanePoint centre;      // kArc
    int turns = 0;          // kArc, as in ARC_FEED
    double sweep_rad = 0;   // kArc, as programmed; 0: its end stays
    std::string call = {};  // kCall: canonical call
};

struct CutterComp {
    int side = 0;                // 1: cutter on the left of the path, -1: on the right, 0: off
    double radius = 0;           // > 0; 0: nothing is compensated
    int orientation = 0;         // of a lathe tool: which edge of its nose the program speaks of; 0 and 9: the centre
    bool entered = false;        // a move has been made since G41, G42
    bool starting = false;       // Fanuc, Haas: that move ends square to the one behind it, which is not known yet
    bool straight_next = false;  // the move behind G40 must be straight
    PlanePoint at;               // where the centre of the cutter stands when the held moves are done
    bool corner_known = false;
    PlanePoint corner;  // where the first held move begins
    Axes given{};       // where the moves end that have been given out
    std::vector<HeldMove> held;

    bool active() const { return side != 0 && radius > 0; }
    bool follows_arc() const { return !held.empty() && held.front().kind == HeldMove::Kind::kArc; }
};

// Signed angle of an arc with `turns` started turns; one that ends where it starts is whole.
double arc_sweep(PlanePoint from, PlanePoint centre, int turns, PlanePoint to);

}  // namespace proveout::interp
