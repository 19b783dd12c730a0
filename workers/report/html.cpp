// report.html: one file, no script, nothing loaded from anywhere. Reads well on a screen and on paper.
#include <algorithm>
#include <cmath>
#include <set>

#include "files/digest.h"
#include "report/html_parts.h"
#include "report/text.h"

namespace proveout {

namespace {

constexpr size_t kMaxRows = 500;  // findings in the table; report.json has them all

// A value and its error band with as many decimals as the band is worth; the band is rounded up.
std::string with_band(double value, double error, const char* unit) {
    constexpr int kMostDecimals = 4;
    int decimals = error > 0 ? std::clamp(static_cast<int>(std::ceil(-std::log10(error))), 1, kMostDecimals) : 2;
    std::string out = grouped(value, decimals) + " " + unit;
    if (error > 0) {
        double scale = std::pow(10.0, decimals);
        out += "<small>± " + grouped(std::ceil(error * scale) / scale, decimals) + " " + unit + "</small>";
    }
    return out;
}

std::string cell(const std::string& markup, const char* style = "") {
    return std::string("<td") + (*style ? " class=\"" + std::string(style) + "\"" : "") + ">" + markup + "</td>";
}

std::string plural(int64_t count, const char* one, const char* many) {
    return grouped(static_cast<double>(count), 0) + " " + (count == 1 ? one : many);
}

std::string verdict_section(const ReportInput& input) {
    const Simulation& simulation = *input.simulation;
    Severity verdict = verdict_of(input);
    std::string name(verdict == Severity::kInfo ? "ok" : name_of(verdict));
    const char* word = verdict == Severity::kError ? "Do not run" : verdict == Severity::kWarning ? "Look before you run" : "OK";
    std::string text = simulation.collision_count > 0 ? plural(simulation.collision_count, "collision", "collisions") : "No collision";
    int64_t errors = simulation.error_count - simulation.collision_count;
    if (errors > 0) text += ", " + plural(errors, "other error", "other errors");
    if (simulation.warning_count > 0) text += ", " + plural(simulation.warning_count, "warning", "warnings");
    const Finding* first = nullptr;
    for (const Finding& finding : simulation.findings)
        if (!first && finding.severity == verdict && verdict != Severity::kInfo) first = &finding;
    text += ".";
    if (first) {
        text += " First: ";
        if (first->line > 0) text += "line " + std::to_string(first->line) + ", ";
        text += escape_markup(first->message.empty() ? std::string_view(first->code) : std::string_view(first->message));
    }
    return "<div class=\"verdict " + name + "\"><b class=\"" + name + "\">" + word + "</b><span>" + text + "</span></div>\n";
}

std::string figures_section(const ReportInput& input) {
    const Simulation& simulation = *input.simulation;
    auto figure = [](const std::string& markup, const char* label) {
        return "<div class=\"card\"><small>" + std::string(label) + "</small><b>" + markup + "</b></div>";
    };
    std::string time = duration_text(simulation.time.total_s());
    if (simulation.time_error_s > 0) time += "<small>± " + duration_text(simulation.time_error_s) + "</small>";
    std::string removed = with_band(simulation.removed_mm3 / 1000, simulation.removed_error_mm3 / 1000, "cm³");
    std::string share = simulation.stock_volume_mm3 > 0
                            ? number(100 * simulation.removed_mm3 / simulation.stock_volume_mm3, 1) + " %<small>of " +
                                  grouped(simulation.stock_volume_mm3 / 1000, 1) + " cm³</small>"
                            : "–";
    return "<div class=\"figures\">" + figure(std::to_string(simulation.collision_count), "Collisions") + figure(time, "Cycle time") +
           figure(removed, "Removed") + figure(share, "Of the stock") +
           figure(grouped(static_cast<double>(simulation.moves), 0) + "<small>in " + grouped(static_cast<double>(simulation.lines), 0) +
                      " lines</small>",
                  "Moves") +
           figure(number(simulation.resolution_mm, 3) + " mm", "Cell") + "</div>\n";
}

std::string finding_row(const Finding& finding, bool linked) {
    std::string severity(name_of(finding.severity)), line = finding.line > 0 ? std::to_string(finding.line) : "";
    if (linked) line = "<a href=\"#L" + line + "\">" + line + "</a>";
    std::string what =
        "<span class=\"code " + severity + "\">" + escape_markup(finding.code) + "</span><br>" + escape_markup(finding.message);
    if (!finding.block.empty()) what += "<br><code class=\"soft\">" + escape_markup(finding.block) + "</code>";
    std::string parts(name_of(finding.part));
    if (!finding.partner.empty()) parts += (parts.empty() ? "" : " / ") + escape_markup(finding.partner);
    std::string size = finding.depth_mm > 0 ? number(finding.depth_mm, 3) + " mm" : "";
    if (finding.volume_mm3 > 0) size += "<br><span class=\"soft\">" + grouped(finding.volume_mm3, 2) + " mm³</span>";
    return "<tr>" + cell(severity, severity.c_str()) + cell(line, "n") + cell(what) +
           cell(finding.time_s >= 0 ? duration_text(finding.time_s) : "", "n") +
           cell(finding.tool >= 0 ? "T" + std::to_string(finding.tool) : "", "w") + cell(parts) + cell(size, "n") + "</tr>\n";
}

std::string findings_section(const ReportInput& input) {
    std::vector<const Finding*> rows;
    for (const Finding& finding : input.simulation->findings) rows.push_back(&finding);
    for (const Finding& finding : input.host_findings) rows.push_back(&finding);
    if (rows.empty()) return "<h2>Findings</h2>\n<p class=\"soft\">Nothing found.</p>\n";
    std::stable_sort(rows.begin(), rows.end(), [](const Finding* a, const Finding* b) { return a->severity > b->severity; });
    std::string out =
        "<h2>Findings</h2>\n<div class=\"card scroll\"><table><thead><tr><th>Severity</th><th class=\"n\">Line</th><th>What</th>"
        "<th class=\"n\">At</th><th>Tool</th><th>Part</th><th class=\"n\">Overlap</th></tr></thead><tbody>\n";
    size_t shown = std::min(rows.size(), kMaxRows);
    std::set<int64_t> linked = lines_with_excerpt(input);
    for (size_t i = 0; i < shown; ++i) out += finding_row(*rows[i], linked.contains(rows[i]->line));
    out += "</tbody></table></div>\n";
    const Simulation& simulation = *input.simulation;
    int64_t total =
        simulation.error_count + simulation.warning_count + simulation.info_count + static_cast<int64_t>(input.host_findings.size());
    if (total > static_cast<int64_t>(shown))
        out += "<p class=\"soft\">" + plural(total - static_cast<int64_t>(shown), "more finding is", "more findings are") +
               " not listed here.</p>\n";
    return out;
}

std::string tools_section(const ReportInput& input) {
    const auto& tools = input.simulation->tools;
    if (tools.empty()) return "";
    double longest_s = 0;
    for (const ToolUse& use : tools) longest_s = std::max(longest_s, use.time_s);
    std::string out =
        "<h2>Time by tool</h2>\n<div class=\"card scroll\"><table><thead><tr><th>Tool</th><th></th><th class=\"n\">Time</th><th "
        "style=\"width:24%\"></th>"
        "<th class=\"n\">Cut length</th><th class=\"n\">Removed</th><th class=\"n\">Deepest cut</th></tr></thead><tbody>\n";
    for (const ToolUse& use : tools) {
        const Tool* tool = find_tool(input.setup->tools, use.number);
        double share = longest_s > 0 ? 100 * use.time_s / longest_s : 0;
        std::string text = tool ? escape_markup(tool_text(*tool)) : "";
        if (tool && !tool->comment.empty()) text += "<br><span class=\"soft\">" + escape_markup(tool->comment) + "</span>";
        out += "<tr>" + cell("<b>T" + std::to_string(use.number) + "</b>", "w") + cell(text) + cell(duration_text(use.time_s), "n") +
               cell("<span class=\"bar " + tool_class(input, use.number) + "\" style=\"width:" + number(share, 1) + "%\"></span>") +
               cell(grouped(use.cut_length_mm, 0) + " mm", "n") + cell(grouped(use.removed_mm3 / 1000, 2) + " cm³", "n") +
               cell(number(use.max_depth_mm, 2) + " mm", "n") + "</tr>\n";
    }
    const TimeTotals& time = input.simulation->time;
    return out + "</tbody></table></div>\n<p class=\"soft\">Cutting " + duration_text(time.cutting_s) + ", rapids " +
           duration_text(time.rapid_s) + ", dwells " + duration_text(time.dwell_s) + ", tool changes and spindle ramps " +
           duration_text(time.tool_change_s) + ".</p>\n";
}

std::string vector_text(Vec3 v) { return number(v.x, 3) + ", " + number(v.y, 3) + ", " + number(v.z, 3); }

std::string solid_text(const Solid& solid) {
    const auto& d = solid.dims_mm;
    switch (solid.shape) {
        case StockShape::kBox:
            return "box " + number(d[0], 3) + " × " + number(d[1], 3) + " × " + number(d[2], 3) + " mm at " + vector_text(solid.origin_mm);
        case StockShape::kCylinder:
            return "cylinder D" + number(d[0], 3) + " × " + number(d[1], 3) + " mm at " + vector_text(solid.origin_mm);
        case StockShape::kTube:
            return "tube D" + number(d[0], 3) + "/" + number(d[1], 3) + " × " + number(d[2], 3) + " mm at " + vector_text(solid.origin_mm);
        case StockShape::kMesh:
            break;
    }
    return "mesh of " + grouped(static_cast<double>(solid.mesh.size()), 0) + " triangles";
}

std::string setup_section(const ReportInput& input) {
    const Setup& setup = *input.setup;
    const Simulation& simulation = *input.simulation;
    auto row = [](const std::string& name, const std::string& markup) { return "<dt>" + name + "</dt><dd>" + markup + "</dd>"; };
    std::string out = "<h2>Set-up</h2>\n<dl class=\"card\">";
    if (setup.stock) {
        std::string material = setup.stock->material.empty() ? "" : ", " + escape_markup(setup.stock->material);
        out += row("Stock", solid_text(setup.stock->solid) + material);
    }
    for (const Fixture& fixture : setup.fixtures) out += row("Fixture", escape_markup(fixture.name) + ": " + solid_text(fixture.solid));
    out += row("Machine", escape_markup(setup.machine.profile));
    out += row("Dialect", std::string(name_of(simulation.dialect)));
    if (!simulation.motion_bounds_mm.empty())
        out += row("Tool tip moves", vector_text(simulation.motion_bounds_mm.low) + " to " + vector_text(simulation.motion_bounds_mm.high));
    if (!simulation.cutting_bounds_mm.empty())
        out += row("at feed", vector_text(simulation.cutting_bounds_mm.low) + " to " + vector_text(simulation.cutting_bounds_mm.high));
    if (const auto& agreement = input.agreement)
        out += row("Second engine", escape_markup(agreement->engine) + ": removed volume differs by " +
                                        grouped(agreement->volume_difference_mm3, 2) + " mm³ at " + number(agreement->resolution_mm, 3) +
                                        " mm");
    return out + "</dl>\n";
}

std::string list_section(const char* title, const std::vector<std::string>& items) {
    if (items.empty()) return "";
    std::string out = "<h2>" + std::string(title) + "</h2>\n<ul>";
    for (const std::string& item : items) out += "<li>" + escape_markup(item) + "</li>";
    return out + "</ul>\n";
}

}  // namespace

std::string tool_text(const Tool& tool) {
    static constexpr const char* kNames[] = {"flat end mill",   "ball end mill", "bull-nose end mill", "V bit",
                                             "chamfer mill",    "drill",         "tapered mill",       "T-slot cutter",
                                             "dovetail cutter", "lollipop",      "face mill",          "form tool"};
    std::string text = "D" + number(tool.diameter_mm, 3) + " " + kNames[static_cast<size_t>(tool.type)];
    if (tool.corner_radius_mm > 0 && tool.type == ToolType::kBull) text += ", R" + number(tool.corner_radius_mm, 3);
    if (tool.included_angle_deg > 0) text += ", " + number(tool.included_angle_deg, 2) + "°";
    if (tool.flute_length_mm > 0) text += ", flutes " + number(tool.flute_length_mm, 2) + " mm";
    if (tool.stickout_mm > 0) text += ", stickout " + number(tool.stickout_mm, 2) + " mm";
    return text + (tool.holder.empty() ? ", no holder" : "");
}

std::string report_html(const ReportInput& input, std::string_view snapshot_png) {
    CHECK(input.simulation && input.setup);
    std::string name = escape_markup(input.program_name.empty() ? "program" : input.program_name);
    std::string out =
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
        name + " – proveout</title>\n<style>";
    out += html_style();
    out += "</style>\n</head>\n<body>\n<main>\n<p class=\"soft\">proveout report</p>\n<h1>" + name + "</h1>\n";
    out += verdict_section(input);
    if (!snapshot_png.empty())
        out += "<img class=\"shot\" alt=\"The part in the simulator\" src=\"data:image/png;base64," + base64(snapshot_png) + "\">\n";
    out += figures_section(input) + findings_section(input) + html_excerpts(input) + tools_section(input) + html_plots(input) +
           setup_section(input);
    std::vector<std::string> assumptions = input.assumptions;
    assumptions.insert(assumptions.end(), input.simulation->assumptions.begin(), input.simulation->assumptions.end());
    out += list_section("Assumptions", assumptions);
    std::vector<std::string> files;
    for (const Artefact& artefact : input.artefacts)
        files.push_back(artefact.name + ", " + grouped(static_cast<double>(artefact.size_bytes) / 1000, 1) + " kB");
    out += list_section("Files beside this page", files);
    out += "<footer>" + escape_markup(input.sim_id) + " · engine " + escape_markup(input.engine_name) + " " +
           escape_markup(input.engine_version) +
           (input.program_text.empty() ? "" : " · program SHA-256 " + sha256_hex(input.program_text, input.program_passed)) +
           "</footer>\n</main>\n</body>\n</html>\n";
    return out;
}

}  // namespace proveout
