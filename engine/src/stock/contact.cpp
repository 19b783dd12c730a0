#include "stock/contact.h"

#include <algorithm>
#include <cmath>

namespace proveout {

namespace {

// What the cutter has removed from the ray so far in this sweep: one interval, because a convex body on a connected path sweeps one.
struct Credit {
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();
    void add(double l, double h) {
        low = std::min(low, l);
        high = std::max(high, h);
    }
};

struct Overlap {
    double longest = 0, total = 0;
    double piece_top = 0;  // top of the material piece that is overlapped most
};

Overlap overlap_of(double low, double high, std::span<const Interval> material, const Credit& credit) {
    Overlap out;
    auto piece = [&](double bottom, double top) {
        double length = std::min(high, top) - std::max(low, bottom);
        if (length <= 0) return;
        out.total += length;
        if (length > out.longest) {
            out.longest = length;
            out.piece_top = top;
        }
    };
    for (const Interval& interval : material) {
        if (credit.high <= credit.low) {
            piece(interval.low, interval.high);
            continue;
        }
        piece(std::max<double>(interval.low, credit.high), interval.high);
        piece(interval.low, std::min<double>(interval.high, credit.low));
    }
    return out;
}

// One stretch of a line during which the credit's form does not change.
struct Stretch {
    const Line& line;
    RayOnLine ray;
    double a_low, a_high;
};

// Beginnings and ends of contacts are found to this way (plunges: this share of the plunge).
constexpr double kMoment_mm = 1e-5;

double way(const Stretch& s) { return s.line.length > 0 ? s.line.length : 1; }

// Where between a (no contact, or the end of the stretch) and the deepest position the lower surface passes below `top`.
double crossing(const Stretch& s, const ConvexBody& body, double a, double deepest, double top) {
    if (lower_at(s.line, s.ray, body, a) < top) return a;
    double outside = a, inside = deepest;
    while (std::abs(outside - inside) > kMoment_mm) {
        double middle = 0.5 * (outside + inside);
        (lower_at(s.line, s.ray, body, middle) < top ? inside : outside) = middle;
    }
    return inside;
}

struct Meeting {
    const CheckPlan& check;
    std::span<const Interval> material;
    const MeetOptions& options;
    std::vector<RayContact>& out;
    double fraction_0, fraction_1;  // of the sweep, at the ends of the line

    void add(const Stretch& s, const Credit& credit) const {
        if (s.a_low > s.a_high) return;
        const ConvexBody& body = check.plan.body;
        double low = lowest(s.line, s.ray, body, s.a_low, s.a_high), high = highest(s.line, s.ray, body, s.a_low, s.a_high);
        Overlap overlap = overlap_of(low, high, material, credit);
        if (overlap.longest <= 0) return;
        auto fraction = [&](double a) { return fraction_0 + (fraction_1 - fraction_0) * a / way(s); };
        RayContact met;
        met.summed_mm = overlap.total;
        met.overlap_mm = overlap.longest;
        if (is_known(fraction(s.a_low), fraction(s.a_high), overlap.longest)) {
            met.first_fraction = met.last_fraction = fraction(s.a_low);
            return join(met);
        }
        double deepest = lowest_position(s.line, s.ray, body, s.a_low, s.a_high);
        double enter = crossing(s, body, s.a_low, deepest, overlap.piece_top);
        double leave = s.a_high;
        if (check.kind == ContactKind::kCutterInStock) leave = std::min(leave, std::max(deepest, enter + between_rays(s, enter)));
        leave = crossing(s, body, leave, deepest, overlap.piece_top);
        met.first_fraction = fraction(enter);
        met.last_fraction = fraction(leave);
        met.first_height = lower_at(s.line, s.ray, body, enter);
        join(met);
    }

    // A ray that adds nothing to a stretch that is known already needs no exact moments, only its volume.
    bool is_known(double first, double last, double overlap) const {
        constexpr double kSameDepth_mm = 1e-5;
        return std::any_of(options.known.begin(), options.known.end(), [&](const Contact& c) {
            return options.at(first) >= c.first_fraction && options.at(last) <= c.last_fraction &&
                   overlap + check.shrunk_mm <= c.depth_mm + kSameDepth_mm;
        });
    }

    // A cutter removes what it meets, so its contact with one ray ends where it has removed it. Between this ray and its neighbours two
    // cells farther from the track there may be stock that no ray stands in: the front meets it on the next part of the way.
    double between_rays(const Stretch& s, double enter) const {
        if (s.line.length == 0) return 0;
        double ahead = s.ray.s - enter, cell = options.cell_mm;
        return std::max(0.0, ahead - std::sqrt(std::max(0.0, ahead * ahead - 4 * cell * (s.ray.d + cell))));
    }

    // Stretches no farther apart than the gap are one.
    void join(RayContact met) const {
        size_t kept = 0;
        for (size_t i = 0; i < out.size(); ++i) {
            if (out[i].last_fraction + options.gap < met.first_fraction || met.last_fraction + options.gap < out[i].first_fraction) {
                out[kept++] = out[i];
                continue;
            }
            if (out[i].first_fraction <= met.first_fraction)
                met.first_fraction = out[i].first_fraction, met.first_height = out[i].first_height;
            met.last_fraction = std::max(met.last_fraction, out[i].last_fraction);
            met.summed_mm = std::max(met.summed_mm, out[i].summed_mm);
            met.overlap_mm = std::max(met.overlap_mm, out[i].overlap_mm);
        }
        out.resize(kept);
        out.push_back(met);
    }
};

// Credit that the cutters have earned on this line between a_from and a_to.
void earn(const AssemblyPlan& assembly, const Line& line, const RayOnLine& ray, double a_from, double a_to, Credit& credit) {
    for (const BodyPlan& cutter : assembly.cutters) {
        double a_0, a_1;
        if (!cover_range(line, ray, cutter.body.radius_mm, a_0, a_1)) continue;
        a_0 = std::max(a_0, a_from);
        a_1 = std::min(a_1, a_to);
        if (a_0 > a_1) continue;
        credit.add(lowest(line, ray, cutter.body, a_0, a_1), highest(line, ray, cutter.body, a_0, a_1));
    }
}

void meet_line(const SweepPlan& sweep, const Line& line, const Meeting& meeting, double x, double y, Credit& credit) {
    RayOnLine ray = locate(line, x, y);
    double a_low, a_high, c_low, c_high;
    bool covered = cover_range(line, ray, meeting.check.plan.body.radius_mm, a_low, a_high);
    if (!meeting.check.credits_cutter) {
        if (covered) meeting.add({line, ray, a_low, a_high}, Credit{});
        return;
    }
    bool cutting = cover_range(line, ray, sweep.assembly->cutter_radius, c_low, c_high);
    if (covered && !cutting) meeting.add({line, ray, a_low, a_high}, credit);
    if (covered && cutting) {
        // Before the flutes reach the ray, while they are over it (only what stands above them counts), and after they have left it.
        if (a_low < c_low) meeting.add({line, ray, a_low, std::min(a_high, c_low)}, credit);
        double inner_low = std::max(a_low, c_low), inner_high = std::min(a_high, c_high);
        if (inner_low <= inner_high) {
            Credit early = credit;
            earn(*sweep.assembly, line, ray, c_low, inner_low, early);
            early.low = -std::numeric_limits<double>::infinity();
            meeting.add({line, ray, inner_low, inner_high}, early);
        }
        if (a_high > c_high) {
            Credit late = credit;
            earn(*sweep.assembly, line, ray, c_low, c_high, late);
            meeting.add({line, ray, std::max(a_low, c_high), a_high}, late);
        }
    }
    if (cutting) earn(*sweep.assembly, line, ray, c_low, c_high, credit);
}

}  // namespace

void meet(const SweepPlan& sweep, const std::vector<Line>& lines, const CheckPlan& check, std::span<const Interval> material, double x,
          double y, const MeetOptions& options, std::vector<RayContact>& out) {
    out.clear();
    Credit credit;
    double count = static_cast<double>(lines.size());
    for (size_t i = 0; i < lines.size(); ++i) {
        Meeting meeting{check, material, options, out, i / count, (i + 1) / count};
        meet_line(sweep, lines[i], meeting, x, y, credit);
    }
}

}  // namespace proveout
