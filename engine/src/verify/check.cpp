#include "verify/check.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

#include "verify/travel.h"

namespace proveout {

namespace {

// While a spindle fault is looked for by exact contacts, which cost more than cutting, batches are this small: the first ones smallest,
// because a program that never starts its spindle shows it at once.
constexpr size_t kFirstCautiousMotions = 8, kCautiousMotions = 128;
// Rays that a retrace of the same path may take off its rim by rounding.
constexpr double kRoundingRays = 8;

bool is_feed(const Motion& motion) { return motion.kind == MotionKind::kFeed || motion.kind == MotionKind::kArc; }

std::string_view code_of(ContactKind kind, const Motion& motion) {
    switch (kind) {
        case ContactKind::kCutterInStock:
            if (motion.kind == MotionKind::kRapid) return "RAPID_IN_STOCK";
            return motion.spindle_rpm < 0 ? "SPINDLE_REVERSED" : "SPINDLE_OFF_IN_CUT";
        case ContactKind::kShankInStock: return "SHANK_COLLISION";
        case ContactKind::kHolderInStock: return "HOLDER_COLLISION";
        case ContactKind::kAboveFlutes:
        case ContactKind::kRubbing: return "FLUTE_LENGTH_EXCEEDED";
        case ContactKind::kNear: return "NEAR_MISS";
    }
    return "";
}

double shank_radius(const ToolAssembly& assembly) {
    double radius = 0;
    for (const ConvexBody& body : assembly.shank) radius = std::max(radius, body.radius_mm);
    return radius;
}

}  // namespace

struct Checker::State {
    const Setup& setup;
    const Toolbox& toolbox;
    DexelGrid& grid;
    EventLog& log;
    Done done;
    const Context& context;
    Obstacles obstacles;
    CutOptions options;

    std::vector<TimedMotion> batch;
    std::vector<int32_t> slots;         // tool slot of each
    std::vector<Sweep> sweeps;
    double batch_rays = 0;
    int64_t next_index = 0;             // of the next motion to be pushed
    bool spindle_fault = false;         // one has been found
    bool after_probe = false;
    bool interpreter_tells_feed = false;
    size_t cautious_motions = kFirstCautiousMotions;
    std::vector<ContactSpan> spans;
    std::set<std::pair<int, double>> fast;  // tool and speed above the limit, told already

    State(const Setup& s, const Toolbox& t, DexelGrid& g, EventLog& l, Done d, const Context& c)
        : setup(s), toolbox(t), grid(g), log(l), done(std::move(d)), context(c), obstacles(s, t) {
        options.clearance_mm = s.clearance_mm;
    }

    // A probe stops where it touches, which the program does not tell. The way straight up after it takes the tool off that surface and
    // meets nothing; any other way is checked from where the program says that the probe went.
    void add_sweeps(const Motion& motion, int32_t slot) {
        size_t first = sweeps.size();
        bool lifts = motion.from.x == motion.to.x && motion.from.y == motion.to.y && motion.to.z > motion.from.z;
        if (!(after_probe && lifts)) append_motion_sweeps(setup.machine, motion, slot, static_cast<int32_t>(batch.size()) - 1, sweeps);
        if (judges_by_cut(motion))
            for (size_t k = first; k < sweeps.size(); ++k) sweeps[k].forbids_cutting = false;
        if (is_move(motion)) after_probe = motion.probe;
    }

    // A program without a working spindle is at fault with its first cut, which is found exactly; how long that goes on is told by what the
    // following moves remove. Otherwise every ray of such a program would be looked at twice.
    bool judges_by_cut(const Motion& motion) const { return spindle_fault && is_feed(motion) && !spindle_cuts(motion) && !motion.probe; }

    // Told once for each tool and speed, where it first feeds.
    void check_speed(const TimedMotion& move) {
        const Motion& motion = move.motion;
        const Tool* tool = find_tool(setup.tools, motion.tool);
        double limit = tool && tool->max_rpm > 0 ? tool->max_rpm : Machine::kNoLimit;
        if (setup.machine.max_rpm > 0) limit = std::min(limit, setup.machine.max_rpm);
        double speed = std::abs(motion.spindle_rpm);
        if (!is_feed(motion) || speed <= limit || !fast.insert({motion.tool, speed}).second) return;
        Finding finding;
        finding.code = find_rule("SPINDLE_SPEED_EXCEEDED")->code;
        finding.severity = find_rule("SPINDLE_SPEED_EXCEEDED")->severity;
        finding.line = finding.last_line = motion.line;
        finding.time_s = move.start_s;
        finding.tool = motion.tool;
        char text[120];
        std::snprintf(text, sizeof text, "tool %d turns at %.0f rev/min, its limit is %.0f", motion.tool, speed, limit);
        finding.message = text;
        log.add(std::move(finding));
    }

    double rays_of(const Motion& motion, int32_t slot) const {
        if (slot < 0 || !is_move(motion)) return 0;
        double radius = toolbox.assemblies[slot].cutter_radius_mm;
        return (path_length_mm(motion) * 2 * radius + kPi * radius * radius) / grid.cell_area_mm2();
    }

    // Spans of the contacts that the kernel found for one motion; contacts[at] is the first of them.
    void stock_spans(size_t index, const CutResult& result, size_t& at) {
        const Motion& motion = batch[index].motion;
        for (; at < result.contacts.size() && result.contacts[at].owner == static_cast<int32_t>(index); ++at) {
            const ContactRecord& record = result.contacts[at];
            const Contact& contact = record.contact;
            bool flutes = record.kind == ContactKind::kAboveFlutes || record.kind == ContactKind::kRubbing;
            const ToolAssembly& assembly = toolbox.assemblies[slots[index]];
            if (flutes && (assembly.undercutting || shank_radius(assembly) > assembly.cutter_radius_mm + kTouch_mm)) continue;
            ContactSpan span;
            span.code = code_of(record.kind, motion);
            span.part = flutes ? Part::kShank : record.part;
            span.partner = kStockPartner;
            span.fraction_0 = std::clamp<double>(contact.first_fraction, 0, 1);
            span.fraction_1 = std::clamp<double>(contact.last_fraction, span.fraction_0, 1);
            span.has_point = true;
            span.point = contact.first_point;
            span.gap_mm = contact_gap_mm(contact.side_mm, std::max(grid.cell_u, grid.cell_v));
            if (record.kind != ContactKind::kNear) span.depth_mm = contact.depth_mm;
            if (record.kind != ContactKind::kNear) span.volume_mm3 = contact.volume_mm3;
            spans.push_back(span);
        }
    }

    void motion_spans(size_t index, const Cut& cut) {
        const Motion& motion = batch[index].motion;
        bool feed = is_feed(motion);
        if (judges_by_cut(motion) && cut.depth_mm > kTouch_mm && cut.removed_mm3 > kRoundingRays * grid.cell_area_mm2() * cut.depth_mm) {
            ContactSpan span{code_of(ContactKind::kCutterInStock, motion), Part::kCutter, kStockPartner};
            span.fraction_0 = std::clamp<double>(cut.first_fraction, 0, 1);
            span.has_point = true;
            span.point = tip_at(setup.machine, motion, span.fraction_0);
            span.depth_mm = cut.depth_mm;
            span.volume_mm3 = cut.removed_mm3;
            spans.push_back(span);
        }
        bool center_cutting = slots[index] < 0 || toolbox.assemblies[slots[index]].center_cutting;
        if (feed && !center_cutting && cut.plunge_depth_mm > kTouch_mm) {
            ContactSpan span{"PLUNGE_NOT_CENTER_CUTTING", Part::kCutter, kStockPartner};
            span.fraction_0 = std::clamp<double>(cut.first_fraction, 0, 1);
            span.has_point = true;
            span.point = tip_at(setup.machine, motion, span.fraction_0);
            span.depth_mm = cut.plunge_depth_mm;
            spans.push_back(span);
        }
        if (feed && motion.feed <= 0 && !interpreter_tells_feed) spans.push_back({"FEED_MISSING", Part::kNone, kNoPartner});
    }

    Status flush() {
        if (batch.empty()) return Unit{};
        if (context.stop_reason() != StopReason::kNone) return stop_error(context.stop_reason());
        CutResult result = cut_batch(grid, toolbox.assemblies, sweeps, static_cast<int32_t>(batch.size()), options, context);
        if (context.stop_reason() != StopReason::kNone) return stop_error(context.stop_reason());
        size_t at = 0;
        bool fault_seen = false;
        for (size_t i = 0; i < batch.size(); ++i) {
            const TimedMotion& move = batch[i];
            spans.clear();
            const Cut& cut = result.cuts[i];
            stock_spans(i, result, at);
            motion_spans(i, cut);
            obstacles.check(move.motion, slots[i], spans);
            int64_t index = next_index - static_cast<int64_t>(batch.size()) + static_cast<int64_t>(i);
            double own_length = slots[i] < 0 ? 0 : toolbox.assemblies[slots[i]].length_offset_mm;
            check_travel(setup.machine, move.motion, own_length, index > 0 || setup.machine.home_mm.has_value(), spans);
            for (const ContactSpan& span : spans)
                fault_seen = fault_seen || span.code == std::string_view("SPINDLE_OFF_IN_CUT") ||
                             span.code == std::string_view("SPINDLE_REVERSED");
            log.motion(move, spans);
            done(move, cut);
        }
        spindle_fault = spindle_fault || fault_seen;
        batch.clear(), slots.clear(), sweeps.clear();
        batch_rays = 0;
        return Unit{};
    }
};

Checker::Checker(const Setup& setup, const Toolbox& toolbox, DexelGrid& grid, EventLog& log, Done done, const Context& context)
    : state_(std::make_unique<State>(setup, toolbox, grid, log, std::move(done), context)) {}

Checker::~Checker() = default;

void Checker::leave_feed_to_interpreter() { state_->interpreter_tells_feed = true; }

Status Checker::push(const TimedMotion& move) {
    State& s = *state_;
    const Motion& motion = move.motion;
    int32_t slot = motion.tool == 0 && s.toolbox.slot_of(0) < 0 ? -1 : s.toolbox.slot_of(motion.tool);
    if (slot < 0 && motion.tool != 0 && is_move(motion))
        return make_error(
            ErrorCode::kInvalidInput,
            "tool " + std::to_string(motion.tool) + " is called but not defined; describe it with --tool, --tools or in the job document",
            motion.line);
    s.batch.push_back(move);
    s.slots.push_back(slot);
    s.add_sweeps(motion, slot);
    s.check_speed(move);
    ++s.next_index;
    s.batch_rays += s.rays_of(motion, slot);
    if (!s.spindle_fault && is_feed(motion) && !spindle_cuts(motion) && s.batch.size() >= s.cautious_motions) {
        s.cautious_motions = std::min(2 * s.cautious_motions, kCautiousMotions);
        return s.flush();
    }
    if (s.batch.size() >= kBatchMotions || s.batch_rays > kBatchRays) return s.flush();
    return Unit{};
}

Status Checker::flush() { return state_->flush(); }

}  // namespace proveout
