// Two small multiples over one time axis, as inline SVG.
#include <algorithm>
#include <cmath>
#include <vector>

#include "report/html_parts.h"
#include "report/text.h"

namespace proveout {

namespace {

constexpr int kBins = 480;  // two pixels of the drawing each
constexpr double kLeft_px = 54, kRight_px = 1040, kTop_px = 8, kBottom_px = 148, kHeight_px = 172;
constexpr int kMaxMarks = 200;  // collisions drawn; more would be a red wall

struct Series {
    double duration_s = 0;
    std::vector<double> removed_mm3 = std::vector<double>(kBins, 0.0);
    std::vector<double> z_low = std::vector<double>(kBins, INFINITY), z_high = std::vector<double>(kBins, -INFINITY);
};

// Spreads what a move removed, and the heights that it passed, over the bins that it lasted.
void add_entry(Series& series, const TimelineEntry& entry) {
    double per_bin_s = series.duration_s / kBins, end_s = entry.start_s + entry.duration_s;
    int first = std::clamp(static_cast<int>(entry.start_s / per_bin_s), 0, kBins - 1);
    int last = std::clamp(static_cast<int>(end_s / per_bin_s), 0, kBins - 1);
    auto height_at = [&](double t) {
        double share = entry.duration_s > 0 ? std::clamp((t - entry.start_s) / entry.duration_s, 0.0, 1.0) : 1;
        return entry.from_mm.z + share * (entry.to_mm.z - entry.from_mm.z);
    };
    for (int bin = first; bin <= last; ++bin) {
        auto at = static_cast<size_t>(bin);
        double from_s = std::max(entry.start_s, bin * per_bin_s), to_s = std::min(end_s, (bin + 1) * per_bin_s);
        double share = entry.duration_s > 0 ? std::max(0.0, to_s - from_s) / entry.duration_s : bin == last;
        series.removed_mm3[at] += share * entry.removed_mm3;
        for (double z : {height_at(from_s), height_at(to_s)}) {
            series.z_low[at] = std::min(series.z_low[at], z);
            series.z_high[at] = std::max(series.z_high[at], z);
        }
    }
}

// 1, 2 or 5 times a power of ten, so that `span` has about `count` steps.
double nice_step(double span, double count) {
    double raw = span / count, power = std::pow(10.0, std::floor(std::log10(raw))), share = raw / power;
    return power * (share <= 1 ? 1 : share <= 2 ? 2 : share <= 5 ? 5 : 10);
}

double time_step(double duration_s) {
    static constexpr double kSteps_s[] = {1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400};
    for (double step : kSteps_s)
        if (duration_s / step <= 9) return step;
    return nice_step(duration_s, 8);
}

std::string clock_text(double s) {
    auto whole = static_cast<int64_t>(s);
    std::string low = std::to_string(whole % 60);
    if (low.size() < 2) low.insert(0, "0");
    return std::to_string(whole / 60) + ":" + low;
}

struct Axes {
    double duration_s, low, high;
    double x(double s) const { return kLeft_px + (kRight_px - kLeft_px) * s / duration_s; }
    double y(double v) const { return kBottom_px - (kBottom_px - kTop_px) * (v - low) / (high - low); }
};

std::string px(double value) { return number(value, 1); }

std::string line(double x0, double y0, double x1, double y1, const char* style) {
    return "<line class=\"" + std::string(style) + "\" x1=\"" + px(x0) + "\" y1=\"" + px(y0) + "\" x2=\"" + px(x1) + "\" y2=\"" + px(y1) +
           "\"/>";
}

std::string text(double x, double y, const char* anchor, const std::string& words) {
    return "<text x=\"" + px(x) + "\" y=\"" + px(y) + "\" text-anchor=\"" + anchor + "\">" + words + "</text>";
}

std::string grid(const Axes& axes) {
    std::string svg;
    double step = nice_step(axes.high - axes.low, 5);
    for (double value = std::ceil(axes.low / step) * step; value <= axes.high + step * 1e-6; value += step) {
        svg += line(kLeft_px, axes.y(value), kRight_px, axes.y(value), "grid");
        svg += text(kLeft_px - 7, axes.y(value) + 4, "end", grouped(value, step < 1 ? 2 : 0));
    }
    step = time_step(axes.duration_s);
    for (double s = 0; s <= axes.duration_s; s += step) svg += text(axes.x(s), kBottom_px + 16, "middle", clock_text(s));
    return svg;
}

std::string marks(const ReportInput& input, const Axes& axes) {
    std::string svg;
    int left = kMaxMarks;
    for (const Finding& finding : input.simulation->findings) {
        const FindingRule* rule = find_rule(finding.code);
        if (!rule || !rule->is_collision || finding.time_s < 0 || left-- <= 0) continue;
        double x = axes.x(std::min(finding.time_s, axes.duration_s));
        svg += "<g><title>" + escape_markup(finding.code) + ", line " + std::to_string(finding.line) + "</title>" +
               line(x, kTop_px, x, kBottom_px, "mark") + "<circle class=\"tip\" cx=\"" + px(x) + "\" cy=\"" + px(kTop_px + 2) +
               "\" r=\"3.5\"/></g>";
    }
    return svg;
}

std::string plot(const ReportInput& input, const std::string& title, const Axes& axes, const std::string& shape) {
    return "<div class=\"card plot\"><h3>" + title + "</h3><svg viewBox=\"0 0 1052 " + px(kHeight_px) + "\" role=\"img\" aria-label=\"" +
           title + "\">" + grid(axes) + shape + marks(input, axes) + "</svg></div>\n";
}

std::string rate_plot(const ReportInput& input, const Series& series) {
    constexpr double kPerMinute = 60.0 / 1000;  // mm3/s to cm3/min
    double per_bin_s = series.duration_s / kBins, highest = 0;
    std::vector<double> rate;
    for (double removed : series.removed_mm3) rate.push_back(removed / per_bin_s * kPerMinute), highest = std::max(highest, rate.back());
    Axes axes{series.duration_s, 0, highest > 0 ? highest * 1.08 : 1};
    std::string path;
    for (int bin = 0; bin < kBins; ++bin)
        path += (bin ? "L" : "") + px(axes.x((bin + 0.5) * per_bin_s)) + " " + px(axes.y(rate[static_cast<size_t>(bin)]));
    return plot(input, "Removal rate, cm³/min", axes,
                "<path class=\"area\" d=\"M" + px(kLeft_px) + " " + px(kBottom_px) + "L" + path + "L" + px(kRight_px) + " " +
                    px(kBottom_px) + "Z\"/><path class=\"trace\" d=\"M" + path + "\"/>");
}

std::string height_plot(const ReportInput& input, const Series& series) {
    double low = INFINITY, high = -INFINITY, per_bin_s = series.duration_s / kBins;
    std::string path;
    for (size_t bin = 0; bin < kBins; ++bin)
        if (series.z_low[bin] <= series.z_high[bin]) low = std::min(low, series.z_low[bin]), high = std::max(high, series.z_high[bin]);
    if (!(low <= high)) return "";
    double margin = std::max(0.06 * (high - low), 0.5);
    Axes axes{series.duration_s, low - margin, high + margin};
    // Up and down within each bin: a vertical stroke from the lowest to the highest Z there, in alternating order.
    for (size_t bin = 0; bin < kBins; ++bin) {
        if (!(series.z_low[bin] <= series.z_high[bin])) continue;
        double x = axes.x((static_cast<double>(bin) + 0.5) * per_bin_s), a = series.z_high[bin], b = series.z_low[bin];
        if (bin % 2) std::swap(a, b);
        path += (path.empty() ? "M" : "L") + px(x) + " " + px(axes.y(a)) + "L" + px(x) + " " + px(axes.y(b));
    }
    return plot(input, "Z of the tool tip, mm", axes, "<path class=\"trace\" d=\"" + path + "\"/>");
}

// Which tool was in the spindle when, and for how long.
std::string tool_strip(const ReportInput& input, double duration_s) {
    const auto& timeline = input.simulation->timeline;
    Axes axes{duration_s, 0, 1};
    std::string svg;
    for (size_t first = 0; first < timeline.size();) {
        size_t end = first;
        while (end < timeline.size() && timeline[end].tool == timeline[first].tool) ++end;
        double x0 = axes.x(timeline[first].start_s), x1 = axes.x(end < timeline.size() ? timeline[end].start_s : duration_s);
        int tool = timeline[first].tool;
        first = end;
        if (x1 - x0 < 0.5) continue;
        svg += "<rect class=\"" + tool_class(input, tool) + "\" x=\"" + px(x0) + "\" y=\"4\" width=\"" + px(std::max(0.5, x1 - x0 - 2)) +
               "\" height=\"20\" rx=\"3\"/>";
        if (x1 - x0 > 24)
            svg +=
                "<text class=\"name\" x=\"" + px((x0 + x1) / 2) + "\" y=\"18\" text-anchor=\"middle\">T" + std::to_string(tool) + "</text>";
    }
    return "<div class=\"card plot\"><h3>Tool in the spindle</h3><svg viewBox=\"0 0 1052 28\" role=\"img\" aria-label=\"Tool in the "
           "spindle\">" +
           svg + "</svg></div>\n";
}

}  // namespace

std::string html_plots(const ReportInput& input) {
    const auto& timeline = input.simulation->timeline;
    Series series;
    if (!timeline.empty()) series.duration_s = timeline.back().start_s + timeline.back().duration_s;
    if (!(series.duration_s > 0) || !std::isfinite(series.duration_s)) return "";
    for (const TimelineEntry& entry : timeline) add_entry(series, entry);
    return "<h2>Over time</h2>\n" + rate_plot(input, series) + height_plot(input, series) + tool_strip(input, series.duration_s);
}

std::string tool_class(const ReportInput& input, int tool) {
    int place = 0;
    for (const ToolUse& use : input.simulation->tools) place += use.number < tool;
    return "c" + std::to_string(place % 8);
}

}  // namespace proveout
