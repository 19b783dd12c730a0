#include "stock/contact.h"

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

double way(const Stretch& s) { return s.line.length > 0 ? s.line.length : 1; }

// The position of the lowest lower surface within the stretch, by golden section of a convex function: only asked for real contacts.
double lowest_position(const Stretch& s, const ConvexBody& body) {
    double low = s.a_low, high = s.a_high;
    for (int step = 0; step < 80 && high - low > 1e-9 * way(s); ++step) {
        double third = (high - low) / 3;
        if (lower_at(s.line, s.ray, body, low + third) <= lower_at(s.line, s.ray, body, high - third)) high -= third;
        else low += third;
    }
    return 0.5 * (low + high);
}

// Where between a (no contact, or the end of the stretch) and the deepest position the lower surface passes below `top`.
double crossing(const Stretch& s, const ConvexBody& body, double a, double deepest, double top) {
    if (lower_at(s.line, s.ray, body, a) < top) return a;
    double outside = a, inside = deepest;
    for (int step = 0; step < 50; ++step) {
        double middle = 0.5 * (outside + inside);
        (lower_at(s.line, s.ray, body, middle) < top ? inside : outside) = middle;
    }
    return inside;
}

struct Meeting {
    const CheckPlan& check;
    std::span<const Interval> material;
    double gap;
    std::vector<RayContact>& out;
    double fraction_0, fraction_1;  // of the sweep, at the ends of the line

    void add(const Stretch& s, const Credit& credit) const {
        if (s.a_low > s.a_high) return;
        const ConvexBody& body = check.plan.body;
        double low = lowest(s.line, s.ray, body, s.a_low, s.a_high), high = highest(s.line, s.ray, body, s.a_low, s.a_high);
        Overlap overlap = overlap_of(low, high, material, credit);
        if (overlap.longest <= 0) return;
        double deepest = lowest_position(s, body);
        double enter = crossing(s, body, s.a_low, deepest, overlap.piece_top);
        double leave = crossing(s, body, s.a_high, deepest, overlap.piece_top);
        auto fraction = [&](double a) { return fraction_0 + (fraction_1 - fraction_0) * a / way(s); };
        RayContact met;
        met.first_fraction = fraction(enter);
        met.last_fraction = fraction(leave);
        met.first_height = lower_at(s.line, s.ray, body, enter);
        met.summed_mm = overlap.total;
        met.overlap_mm = overlap.longest;
        met.deepest_height = low;
        met.deepest_fraction = fraction(deepest);
        join(met);
    }

    // Stretches no farther apart than the gap are one.
    void join(RayContact met) const {
        size_t kept = 0;
        for (size_t i = 0; i < out.size(); ++i) {
            if (out[i].last_fraction + gap < met.first_fraction || met.last_fraction + gap < out[i].first_fraction) {
                out[kept++] = out[i];
                continue;
            }
            if (out[i].first_fraction <= met.first_fraction) met.first_fraction = out[i].first_fraction, met.first_height = out[i].first_height;
            met.last_fraction = std::max(met.last_fraction, out[i].last_fraction);
            met.summed_mm = std::max(met.summed_mm, out[i].summed_mm);
            if (out[i].overlap_mm >= met.overlap_mm) {
                met.overlap_mm = out[i].overlap_mm;
                met.deepest_height = out[i].deepest_height;
                met.deepest_fraction = out[i].deepest_fraction;
            }
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

void meet(const SweepPlan& sweep, const std::vector<Line>& lines, const CheckPlan& check, std::span<const Interval> material, double x, double y,
          double gap, std::vector<RayContact>& out) {
    out.clear();
    Credit credit;
    double count = static_cast<double>(lines.size());
    for (size_t i = 0; i < lines.size(); ++i) {
        Meeting meeting{check, material, gap, out, i / count, (i + 1) / count};
        meet_line(sweep, lines[i], meeting, x, y, credit);
    }
}

}  // namespace proveout
