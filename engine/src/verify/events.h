// events.h -- contacts become events, events become findings.
//
// One event = same code, tool, part and partner; it ends when the tool has travelled more than kEventGap_mm of path without that contact,
// inside a block or across blocks (contract, "What the geometry means"). Its line is the block where it began.
//
//   log.advance(move, place);                       // once per motion, in order
//   log.contact({kCode, Part::kHolder, kStock, ...});  // any number for that motion, any order
//   log.finish();  std::vector<Finding> list = log.take();
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "proveout/cut.h"
#include "proveout/finding.h"
#include "proveout/path.h"
#include "proveout/setup.h"

namespace proveout {

// Path without a contact that ends its event.
constexpr double kEventGap_mm = kContactGap_mm;

// What a contact is with: 0 stock, 1 table, 2.. fixture k - 2; axes of the machine for OVERTRAVEL; none.
using Partner = int;
constexpr Partner kNoPartner = -1, kStockPartner = 0, kTablePartner = 1, kFirstFixture = 2;
constexpr Partner kXAxis = -4;  // -4 X, -3 Y, -2 Z

// A stretch of one motion during which a contact holds.
struct ContactSpan {
    std::string_view code;                       // from the rule table
    Part part = Part::kNone;
    Partner partner = kNoPartner;
    double fraction_0 = 0, fraction_1 = 1;       // of the motion (tip_at)
    bool has_point = false;
    Vec3 point;                                  // at fraction_0
    double depth_mm = 0;                         // greatest in the stretch
    double volume_mm3 = 0;
    double gap_mm = kEventGap_mm;                // path without it that ends it (contact_gap_mm)
};

class EventLog {
  public:
    explicit EventLog(const Setup& setup) : setup_(setup) {}

    // Contacts of one motion. Motions come in order, each once, those without contacts too (they are path without contact).
    void motion(const TimedMotion& move, std::vector<ContactSpan>& spans);
    // A finding that is complete, from the interpreter.
    void add(Finding finding);
    // Closes all events. Nothing may follow.
    void finish();

    // Findings in order of time, at most kMaxFindings: errors before warnings before infos where the list is cut. Blocks are not filled in.
    std::vector<Finding> take();
    int64_t collision_count() const { return collisions_; }
    int64_t count(Severity severity) const { return counts_[static_cast<int>(severity)]; }
    int64_t count(std::string_view code) const;

  private:
    using Key = std::tuple<const FindingRule*, int, Part, Partner>;
    struct Open {
        Finding finding;
        double last_path_mm = 0;  // path position up to which it holds
        double gap_mm = 0;        // least of its spans
        double last_time_s = 0;
        bool dropped = false;     // a near miss that is part of a collision
    };
    void close(const Key& key, Open& open);
    void settle_near_misses(int tool);
    std::string partner_name(Partner partner) const;

    const Setup& setup_;
    double path_mm_ = 0;          // travelled before the current motion
    std::map<Key, Open> open_;
    std::map<std::string_view, int64_t> by_code_;
    int64_t counts_[3] = {0, 0, 0};
    int64_t collisions_ = 0;
    int64_t sequence_ = 0;
    std::vector<std::pair<int64_t, Finding>> kept_[3];  // per severity, with order of beginning
};

// One sentence for people: what, where, how deep.
std::string message_of(const Finding& finding);

// Fills in Finding::block from the program's text, in one pass over it.
void fill_blocks(std::string_view text, std::vector<Finding>& findings);

}  // namespace proveout
