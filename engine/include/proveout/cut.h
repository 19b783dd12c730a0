// cut.h -- moving a tool assembly through the stock: what the cutter removes and what the other parts meet.
//
// Every answer is exact along the move (closed-form or bracketed minimum of a convex function per ray); nothing is stepped.
// Source: Maeng, Baek, Shin, Choi, "A Z-map update method for linearly moving tools", CAD 35(11), 2003; derivation in stock/sweep.h.
#pragma once

#include <span>
#include <vector>

#include "proveout/body.h"
#include "proveout/dexel.h"
#include "proveout/path.h"

namespace proveout {

// One move of the cutter tip, straight or planar arc. Helices and arcs in G18/G19 are chorded by append_sweeps().
struct Sweep {
    Vec3 from, to;                     // tip
    bool arc = false;                  // constant z, about (centre_x, centre_y)
    double centre_x = 0, centre_y = 0, arc_radius = 0, start_rad = 0, sweep_rad = 0;
    int32_t assembly = 0;              // index into the assemblies
    int32_t owner = 0;                 // index of the motion in its batch; several sweeps may share one
    float fraction_0 = 0, fraction_1 = 1;  // part of the owner's path that this sweep is
    bool forbids_cutting = false;      // rapid, or spindle off: contact of the (slightly shrunk) cutter is recorded as Part::kCutter
    bool cuts = true;                  // false: the cutter neither cuts nor meets anything (an oriented bar); the other parts are checked
    bool checks_flutes = false;        // feed: uncut stock above the flutes, and rubbing of an equally wide shank, are recorded
    uint8_t colour = 0;                // tool slot for pictures
};

// Longest distance between a helix or vertical arc and its chords: half the touch tolerance, so that an exact arc that follows a chorded
// one is no contact.
constexpr double kChordTolerance_mm = 0.001;

// Appends the sweeps of one motion (kRapid, kFeed, kArc). fraction_from..fraction_to selects a part of it (for film frames).
void append_sweeps(const Motion& motion, int32_t assembly, int32_t owner, std::vector<Sweep>& out,
                   double fraction_from = 0, double fraction_to = 1);

// What the contact was.
enum class ContactKind : uint8_t {
    kCutterInStock,     // forbids_cutting: the cutter meets stock
    kShankInStock,
    kHolderInStock,
    kAboveFlutes,       // stock not yet cut stands above the flutes inside the cutter's radius
    kRubbing,           // equally wide shank below the top of the wall beside it
    kNear               // within the clearance, no contact (only when asked for)
};
constexpr int kContactKinds = 6;

// Path without contact that separates two contacts of one owner.
constexpr double kContactGap_mm = 1.0;

// One stretch of the owner's path.
struct Contact {
    float depth_mm = 0;                // greatest overlap along the ray; 0: none
    double volume_mm3 = 0;             // overlapping volume
    float first_fraction = 2;          // of the owner's path, where the contact begins; 2: none
    Vec3 first_point;                  // where it begins
    float last_fraction = -1;          // where it ends
    float side_mm = 0;                 // how far the contact reaches in from the body's rim, across the track
    uint8_t sides = 0;                 // of the track on which it lies: 1 left, 2 right
};

// Rays stand a cell apart: in a strip of contact that is `side_mm` wide they follow each other every cell^2 / side on average, and never
// much farther than three times that. Contacts nearer than this are one; at least kContactGap_mm, at most kLongestGap_mm.
constexpr double kLongestGap_mm = 25;
double contact_gap_mm(double side_mm, double cell_mm);

// One owner (motion): what its sweeps removed and met.
struct Cut {
    double removed_mm3 = 0;
    float depth_mm = 0;                // greatest height removed along one ray
    float first_fraction = 2;          // of the owner's path at which removing begins (2: nothing removed); conservative, for time spans
    float plunge_depth_mm = 0;         // greatest height removed within the centre disc (0.3 of the cutter's radius) by a vertical move
};

struct CutOptions {
    bool check_contacts = true;        // shank, holder, forbidden cutter, flutes
    double clearance_mm = 0;           // > 0: also ContactKind::kNear
};

struct ContactRecord {
    int32_t owner;
    ContactKind kind;
    Part part;
    Contact contact;
};

// Cuts all sweeps, in order, and returns one Cut per owner (0 .. owner_count-1) and the contacts that there were, sorted by owner, kind,
// part, first_fraction; several of one owner, kind and part are more than kContactGap_mm of its path apart. The stock of a contact check is
// the stock as it is when that part arrives: earlier sweeps and this sweep up to that moment. Deterministic for any context.threads. Cost:
// O(rays under the tool that stand higher than it can reach) per sweep.
struct CutResult {
    std::vector<Cut> cuts;
    std::vector<ContactRecord> contacts;
};
CutResult cut_batch(DexelGrid& grid, std::span<const ToolAssembly> assemblies, std::span<const Sweep> sweeps, int32_t owner_count,
                    const CutOptions& options, const Context& context);

}  // namespace proveout
