// sim_report v1 from plain structs. The schema beside this folder is the contract; validate.cpp checks every report against it.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "files/digest.h"
#include "job/job.h"
#include "report/report.h"
#include "report/text.h"

namespace proveout {

namespace {

using Json = nlohmann::ordered_json;

// Decimals that a reader can use: a micrometre, a millisecond, a thousandth of a cubic millimetre.
constexpr int kLengthDecimals = 4, kTimeDecimals = 3, kVolumeDecimals = 3;

double mm(double value) { return rounded(value, kLengthDecimals); }
double seconds(double value) { return rounded(std::max(0.0, value), kTimeDecimals); }

// Small volumes keep six digits: a tiny stock is all that some programs cut.
int volume_decimals(double value) {
    constexpr int kDigits = 6, kMostDecimals = 15;
    if (!(value > 0) || value >= 1000) return kVolumeDecimals;
    return std::clamp(kDigits - 1 - static_cast<int>(std::floor(std::log10(value))), kVolumeDecimals, kMostDecimals);
}
double mm3(double value) { return rounded(std::max(0.0, value), volume_decimals(value)); }

// Rounded up to three digits, and with what rounding the value itself took away, so that the printed band holds the truth.
double error_mm3(double error, double value) {
    double whole = error + std::abs(mm3(value) - value);
    if (!(whole > 0) || !std::isfinite(whole)) return 0;
    double scale = std::pow(10.0, 2 - std::floor(std::log10(whole)));
    return rounded(std::ceil(whole * scale) / scale, 18);
}

Json point(Vec3 p) { return Json::array({mm(p.x), mm(p.y), mm(p.z)}); }
Json path_or_null(const std::string& path) { return path.empty() ? Json() : Json(path); }

Json box_json(const Box3& box) {
    if (box.empty()) return nullptr;
    return {{"min", point(box.low)}, {"max", point(box.high)}};
}

bool is_collision(const Finding& finding) {
    const FindingRule* rule = find_rule(finding.code);
    return rule && rule->is_collision;
}

// A collision carries every member; a note only those that apply.
Json finding_json(const Finding& finding, bool all) {
    Json out;
    out["code"] = finding.code;
    out["severity"] = name_of(finding.severity);
    int64_t line = all ? std::max<int64_t>(1, finding.line) : finding.line;
    if (line > 0) {
        out["line"] = line;
        out["last_line"] = finding.last_line > 0 ? finding.last_line : line;
    }
    if (all || !finding.block.empty()) out["block"] = finding.block;
    if (all || finding.time_s >= 0) {
        out["time_s"] = seconds(finding.time_s);
        out["duration_s"] = seconds(finding.duration_s);
    }
    if (all || finding.tool >= 0) out["tool"] = std::max(0, finding.tool);
    if (all || finding.part != Part::kNone) out["part"] = name_of(finding.part);
    if (all || !finding.partner.empty()) out["partner"] = finding.partner;
    if (all || finding.has_point) out["point_mm"] = point(finding.point_mm);
    if (all || finding.depth_mm > 0) out["depth_mm"] = mm(std::max(0.0, finding.depth_mm));
    if (all || finding.volume_mm3 > 0) out["volume_mm3"] = mm3(finding.volume_mm3);
    if (finding.controller_error > 0) out["controller_error"] = finding.controller_error;
    out["message"] = finding.message.empty() ? std::string(finding.code) : finding.message;
    return out;
}

void add_findings(Json& out, const ReportInput& input) {
    const Simulation& simulation = *input.simulation;
    Json collisions = Json::array(), notes = Json::array();
    for (const Finding& finding : simulation.findings) {
        notes.push_back(finding_json(finding, false));
        if (is_collision(finding)) collisions.push_back(finding_json(finding, true));
    }
    int64_t counts[3] = {simulation.info_count, simulation.warning_count, simulation.error_count};
    for (const Finding& finding : input.host_findings) {
        notes.push_back(finding_json(finding, false));
        ++counts[static_cast<int>(finding.severity)];
    }
    out["notes_complete"] = static_cast<int64_t>(notes.size()) == counts[0] + counts[1] + counts[2];
    out["counts"] = {{"error", counts[2]}, {"warning", counts[1]}, {"info", counts[0]}};
    out["collisions"] = std::move(collisions);
    out["notes"] = std::move(notes);
}

Json time_json(const Simulation& simulation) {
    Json by_tool = Json::array();
    for (auto [tool, time_s] : simulation.time_by_tool_s) by_tool.push_back({{"tool", tool}, {"time_s", seconds(time_s)}});
    return {{"cutting_s", seconds(simulation.time.cutting_s)},
            {"rapid_s", seconds(simulation.time.rapid_s)},
            {"dwell_s", seconds(simulation.time.dwell_s)},
            {"tool_change_s", seconds(simulation.time.tool_change_s)},
            {"by_tool", std::move(by_tool)}};
}

// Inch documents leave 2.5399999999999996 behind.
void round_lengths(Json& value) {
    if (value.is_number_float()) value = mm(value.get<double>());
    if (value.is_structured())
        for (Json& member : value) round_lengths(member);
}

Json tools_json(const ReportInput& input) {
    Json tools = Json::array();
    for (const ToolUse& use : input.simulation->tools) {
        const Tool* tool = find_tool(input.setup->tools, use.number);
        Json out = tool ? Json::parse(tool_document(*tool)) : Json::object({{"number", std::max(0, use.number)}});
        round_lengths(out);
        out["cut_length_mm"] = mm(use.cut_length_mm);
        out["removed_mm3"] = mm3(use.removed_mm3);
        out["max_depth_mm"] = mm(use.max_depth_mm);
        out["time_s"] = seconds(use.time_s);
        tools.push_back(std::move(out));
    }
    return tools;
}

Json stock_json(const ReportInput& input) {
    if (!input.setup->stock) return nullptr;
    const Stock& stock = *input.setup->stock;
    Json out = Json::parse(solid_document(stock.solid, input.stock_mesh_ref, stock.material));
    round_lengths(out);
    if (stock.solid.shape == StockShape::kMesh) out["triangles"] = stock.solid.mesh.size();
    Json bounds = box_json(bounds_of(stock.solid));
    if (!bounds.is_null()) out["bounds_mm"] = std::move(bounds);
    out["volume_mm3"] = mm3(input.simulation->stock_volume_mm3);
    return out;
}

Json bounds_json(const Simulation& simulation) {
    Json out = box_json(simulation.motion_bounds_mm);
    if (!out.is_null()) out["cutting"] = box_json(simulation.cutting_bounds_mm);
    return out;
}

Json program_json(const ReportInput& input) {
    const Simulation& simulation = *input.simulation;
    Json out = {{"name", input.program_name}};
    if (!input.program_text.empty()) {
        out["sha256"] = sha256_hex(input.program_text, input.program_passed);
        out["size"] = input.program_text.size();
    }
    out["dialect"] = name_of(simulation.dialect);
    out["lines"] = simulation.lines;
    out["blocks"] = simulation.blocks;
    out["moves"] = simulation.moves;
    return out;
}

Json agreement_json(const Agreement& agreement) {
    auto deviation = [](std::optional<double> value) { return value ? Json(mm(*value)) : Json(); };
    Json out = {{"engine", agreement.engine},
                {"resolution_mm", mm(agreement.resolution_mm)},
                {"volume_difference_mm3", rounded(agreement.volume_difference_mm3, kVolumeDecimals)},
                {"max_deviation_mm", deviation(agreement.max_deviation_mm)},
                {"p99_deviation_mm", deviation(agreement.p99_deviation_mm)}};
    if (agreement.max_tolerance_mm) out["max_tolerance_mm"] = mm(*agreement.max_tolerance_mm);
    if (agreement.p99_tolerance_mm) out["p99_tolerance_mm"] = mm(*agreement.p99_tolerance_mm);
    if (agreement.volume_tolerance_mm3) out["volume_tolerance_mm3"] = mm3(*agreement.volume_tolerance_mm3);
    out["agree"] = agreement.agree;
    return out;
}

Json engine_json(const ReportInput& input) {
    Json out = {{"name", input.engine_name}, {"version", input.engine_version}, {"resolution_mm", mm(input.simulation->resolution_mm)}};
    if (const auto& camsim = input.camsim) {
        out["camsim"] = {{"version", camsim->version},
                         {"resolution_mm", mm(camsim->resolution_mm)},
                         {"exit_status", camsim->exit_status ? Json(*camsim->exit_status) : Json()},
                         {"runs", camsim->runs},
                         {"retry_reason", camsim->retry_reason.empty() ? Json() : Json(camsim->retry_reason)},
                         {"duration_s", seconds(camsim->duration_s)},
                         {"program", camsim->raw ? "raw" : "flattened"},
                         {"project", camsim->project},
                         {"log", camsim->log}};
    }
    return out;
}

void add_products(Json& out, const ReportInput& input) {
    out["video"] = nullptr;
    if (const auto& video = input.video)
        out["video"] = {{"frames", video->frames}, {"duration_s", seconds(video->duration_s)},
                        {"width", video->width},   {"height", video->height},
                        {"fps", video->fps},       {"bytes", video->bytes}};
    if (input.video && input.camsim) out["video"]["engine"] = input.film_engine;
    out["mesh"] = nullptr;
    if (const auto& mesh = input.mesh) out["mesh"] = {{"triangles", mesh->triangles}, {"tolerance_mm", mm(mesh->tolerance_mm)}};
    out["agreement"] = input.agreement ? agreement_json(*input.agreement) : Json();
    out["artefacts"] = Json::array();
    for (const Artefact& artefact : input.artefacts)
        out["artefacts"].push_back(
            {{"name", artefact.name}, {"size", artefact.size_bytes}, {"sha256", artefact.sha256}, {"content_type", artefact.content_type}});
    // A document that does not parse is left out: it comes from our own normaliser, whose tests see to it.
    Json job = Json::parse(input.job_json, nullptr, false);
    if (!job.is_object()) return;
    job.erase("inline_gcode");
    out["job"] = std::move(job);
}

}  // namespace

Severity verdict_of(const ReportInput& input) {
    Severity worst = input.simulation->verdict;
    for (const Finding& finding : input.host_findings) worst = std::max(worst, finding.severity);
    return worst;
}

std::string report_json(const ReportInput& input) {
    CHECK(input.simulation && input.setup);
    const Simulation& simulation = *input.simulation;
    Severity verdict = verdict_of(input);
    Json out;
    out["schema"] = "sim_report/v1";
    out["sim_id"] = input.sim_id;
    out["verdict"] = verdict == Severity::kInfo ? "ok" : name_of(verdict);
    out["collision_count"] = simulation.collision_count;
    out["removed_volume_mm3"] = mm3(simulation.removed_mm3);
    out["removed_volume_error_mm3"] = error_mm3(simulation.removed_error_mm3, simulation.removed_mm3);
    out["est_time_s"] = seconds(simulation.time.total_s());
    out["est_time_error_s"] = seconds(simulation.time_error_s);
    out["sim_video_path"] = path_or_null(input.video_path);
    out["sim_snapshot_path"] = path_or_null(input.snapshot_path);
    out["engine"] = engine_json(input);
    out["program"] = program_json(input);
    add_findings(out, input);
    out["time"] = time_json(simulation);
    out["tools"] = tools_json(input);
    out["stock"] = stock_json(input);
    out["bounds_mm"] = bounds_json(simulation);
    out["assumptions"] = input.assumptions;
    for (const std::string& text : simulation.assumptions) out["assumptions"].push_back(text);
    add_products(out, input);
    return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace proveout
