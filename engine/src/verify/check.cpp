#include "verify/check.h"

#include <algorithm>
#include <cmath>

#include "verify/travel.h"

namespace proveout {

namespace {

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
    std::vector<int32_t> first_owner;   // owners of motion i: first_owner[i] .. first_owner[i + 1]
    std::vector<Sweep> sweeps;
    double batch_rays = 0;
    int64_t next_index = 0;             // of the next motion to be pushed
    std::vector<int64_t> split_list, ambiguous;
    size_t split_at = 0;
    int64_t ambiguous_pieces = 0;
    bool after_probe = false;
    bool interpreter_tells_feed = false;
    std::vector<ContactSpan> spans;

    State(const Setup& s, const Toolbox& t, DexelGrid& g, EventLog& l, Done d, const Context& c)
        : setup(s), toolbox(t), grid(g), log(l), done(std::move(d)), context(c), obstacles(s, t) {
        options.clearance_mm = s.clearance_mm;
    }

    int32_t owner_count() const { return first_owner.back(); }

    // The first move after a probe takes the tool off the surface it is taken to have touched.
    void add_sweeps(const Motion& motion, int32_t slot, int pieces) {
        if (first_owner.empty()) first_owner.push_back(0);
        for (int i = 0; i < pieces; ++i) {
            size_t first = sweeps.size();
            append_motion_sweeps(setup.machine, motion, slot, owner_count() + i, sweeps, static_cast<double>(i) / pieces,
                                 static_cast<double>(i + 1) / pieces);
            if (after_probe)
                for (size_t k = first; k < sweeps.size(); ++k) sweeps[k].forbids_cutting = false;
        }
        first_owner.push_back(owner_count() + pieces);
        if (is_move(motion)) after_probe = motion.probe;
    }

    double rays_of(const Motion& motion, int32_t slot) const {
        if (slot < 0 || !is_move(motion)) return 0;
        double radius = toolbox.assemblies[slot].cutter_radius_mm;
        return (path_length_mm(motion) * 2 * radius + kPi * radius * radius) / grid.cell_area_mm2();
    }

    // Spans of the contacts that the kernel found for owners [from, to) of one motion; contacts[at] is the first of them.
    void stock_spans(size_t index, const CutResult& result, size_t& at) {
        const Motion& motion = batch[index].motion;
        for (; at < result.contacts.size() && result.contacts[at].owner < first_owner[index + 1]; ++at) {
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
            if (record.kind != ContactKind::kNear) span.depth_mm = contact.depth_mm;
            if (record.kind != ContactKind::kNear) span.volume_mm3 = contact.volume_mm3;
            spans.push_back(span);
        }
    }

    void process_spans(size_t index, const CutResult& result, const Cut& cut) {
        const Motion& motion = batch[index].motion;
        bool feed = motion.kind == MotionKind::kFeed || motion.kind == MotionKind::kArc;
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
        (void)result;
    }

    void note_ambiguous(size_t index) {
        if (first_owner[index + 1] - first_owner[index] != 1) return;
        const Motion& motion = batch[index].motion;
        for (const ContactSpan& span : spans) {
            if (span.partner != kStockPartner || span.code == std::string_view("NEAR_MISS")) continue;
            if (length_between(setup.machine, motion, span.fraction_0, span.fraction_1) <= kEventGap_mm) continue;
            int64_t pieces = pieces_of(motion);
            if (ambiguous_pieces + pieces > kMaxSplitPieces) return;
            ambiguous_pieces += pieces;
            ambiguous.push_back(next_index - static_cast<int64_t>(batch.size()) + static_cast<int64_t>(index));
            return;
        }
    }

    int64_t pieces_of(const Motion& motion) const {
        double whole = length_between(setup.machine, motion, 0, 1);
        return std::clamp<int64_t>(static_cast<int64_t>(std::ceil(whole / kEventGap_mm)), 1, kMaxSplitPieces);
    }

    static void add_cut(Cut& into, const Cut& from) {
        into.removed_mm3 += from.removed_mm3;
        into.depth_mm = std::max(into.depth_mm, from.depth_mm);
        into.first_fraction = std::min(into.first_fraction, from.first_fraction);
        into.plunge_depth_mm = std::max(into.plunge_depth_mm, from.plunge_depth_mm);
    }

    Status flush() {
        if (batch.empty()) return Unit{};
        if (context.stop_reason() != StopReason::kNone) return stop_error(context.stop_reason());
        CutResult result = cut_batch(grid, toolbox.assemblies, sweeps, owner_count(), options, context);
        if (context.stop_reason() != StopReason::kNone) return stop_error(context.stop_reason());
        size_t at = 0;
        for (size_t i = 0; i < batch.size(); ++i) {
            const TimedMotion& move = batch[i];
            spans.clear();
            Cut cut;
            for (int32_t owner = first_owner[i]; owner < first_owner[i + 1]; ++owner) add_cut(cut, result.cuts[owner]);
            stock_spans(i, result, at);
            process_spans(i, result, cut);
            if (!spans.empty()) note_ambiguous(i);
            obstacles.check(move.motion, slots[i], spans);
            int64_t index = next_index - static_cast<int64_t>(batch.size()) + static_cast<int64_t>(i);
            double own_length = slots[i] < 0 ? 0 : toolbox.assemblies[slots[i]].length_offset_mm;
            check_travel(setup.machine, move.motion, own_length, index > 0 || setup.machine.home_mm.has_value(), spans);
            log.motion(move, spans);
            done(move, cut);
        }
        batch.clear(), slots.clear(), sweeps.clear(), first_owner.clear();
        batch_rays = 0;
        return Unit{};
    }
};

Checker::Checker(const Setup& setup, const Toolbox& toolbox, DexelGrid& grid, EventLog& log, Done done, const Context& context)
    : state_(std::make_unique<State>(setup, toolbox, grid, log, std::move(done), context)) {}

Checker::~Checker() = default;

void Checker::split(std::vector<int64_t> motions) { state_->split_list = std::move(motions); }
const std::vector<int64_t>& Checker::ambiguous() const { return state_->ambiguous; }
int64_t Checker::motions() const { return state_->next_index; }

Status Checker::push(const TimedMotion& move) {
    State& s = *state_;
    const Motion& motion = move.motion;
    int32_t slot = motion.tool == 0 && s.toolbox.slot_of(0) < 0 ? -1 : s.toolbox.slot_of(motion.tool);
    if (slot < 0 && motion.tool != 0 && is_move(motion))
        return make_error(ErrorCode::kInvalidInput,
                          "tool " + std::to_string(motion.tool) + " is called but not defined; describe it with --tool, --tools or in the job document",
                          motion.line);
    s.interpreter_tells_feed = s.interpreter_tells_feed || s.log.count("FEED_MISSING") > 0;
    int64_t pieces = 1;
    if (s.split_at < s.split_list.size() && s.split_list[s.split_at] == s.next_index) {
        pieces = s.pieces_of(motion);
        ++s.split_at;
    }
    s.batch.push_back(move);
    s.slots.push_back(slot);
    s.add_sweeps(motion, slot, static_cast<int>(pieces));
    ++s.next_index;
    s.batch_rays += s.rays_of(motion, slot) * (pieces > 1 ? 4 : 1);
    if (s.batch.size() >= kBatchMotions || s.batch_rays > kBatchRays) return s.flush();
    return Unit{};
}

Status Checker::flush() { return state_->flush(); }

}  // namespace proveout
