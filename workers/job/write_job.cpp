// The normalised job document: millimetres, defaults filled in, members in the order of the contract.
#include <nlohmann/json.hpp>

#include "job/job.h"

namespace proveout {

namespace {

using Ordered = nlohmann::ordered_json;

std::string dump(const Ordered& value, int indent = -1) { return value.dump(indent, ' ', false, Ordered::error_handler_t::replace); }

Ordered triple(Vec3 v) { return {v.x, v.y, v.z}; }

Ordered tool_object(const Tool& tool) {
    Ordered out;
    out["number"] = tool.number;
    out["type"] = name_of(tool.type);
    out["units"] = "mm";
    out["diameter"] = tool.diameter_mm;
    out["corner_radius"] = tool.corner_radius_mm;
    if (tool.tip_diameter_mm > 0) out["tip_diameter"] = tool.tip_diameter_mm;
    if (tool.included_angle_deg > 0) out["included_angle_deg"] = tool.included_angle_deg;
    if (tool.taper_angle_deg > 0) out["taper_angle_deg"] = tool.taper_angle_deg;
    if (tool.neck_diameter_mm > 0) out["neck_diameter"] = tool.neck_diameter_mm;
    out["flutes"] = tool.flutes;
    if (tool.flute_length_mm > 0) out["flute_length"] = tool.flute_length_mm;
    if (tool.shank_diameter_mm > 0) out["shank_diameter"] = tool.shank_diameter_mm;
    if (tool.stickout_mm > 0) out["stickout"] = tool.stickout_mm;
    out["holder"] = Ordered::array();
    for (const HolderSegment& segment : tool.holder)
        out["holder"].push_back(
            {{"height", segment.height_mm}, {"lower_diameter", segment.lower_diameter_mm}, {"upper_diameter", segment.upper_diameter_mm}});
    if (tool.max_rpm > 0) out["max_rpm"] = tool.max_rpm;
    if (tool.feed_mm_per_min > 0) out["feed_mm_per_min"] = tool.feed_mm_per_min;
    if (tool.spindle_rpm > 0) out["spindle_rpm"] = tool.spindle_rpm;
    out["center_cutting"] = tool.center_cutting;
    if (!tool.profile.empty()) out["profile"] = tool.profile;
    if (tool.length_offset_mm != 0) out["length_offset"] = tool.length_offset_mm;
    if (!tool.comment.empty()) out["comment"] = tool.comment;
    return out;
}

// A mesh keeps its reference and origin; its triangles are an artefact of their own.
Ordered solid_object(const Solid& solid, std::string_view mesh_ref, std::string_view material) {
    Ordered out;
    const auto& d = solid.dims_mm;
    switch (solid.shape) {
        case StockShape::kBox:
            out["shape"] = "box", out["dims"] = {d[0], d[1], d[2]};
            break;
        case StockShape::kCylinder:
            out["shape"] = "cylinder", out["dims"] = {d[0], d[1]};
            break;
        case StockShape::kTube:
            out["shape"] = "tube", out["dims"] = {d[0], d[1], d[2]};
            break;
        case StockShape::kMesh:
            out["shape"] = "mesh", out["mesh_ref"] = mesh_ref;
            break;
    }
    out["origin"] = triple(solid.origin_mm);
    out["units"] = "mm";
    if (!material.empty()) out["material"] = material;
    return out;
}

Ordered machine_object(const Machine& machine) {
    Ordered out;
    out["profile"] = machine.profile;
    out["max_feed"] = machine.max_feed_mm_per_min;
    out["acceleration"] = machine.acceleration_mm_per_s2;
    out["junction_deviation"] = machine.junction_deviation_mm;
    out["arc_tolerance"] = machine.arc_tolerance_mm;
    out["steps_per_mm"] = machine.steps_per_mm;
    out["path_tolerance"] = machine.path_tolerance_mm;
    out["tool_change_s"] = machine.tool_change_s;
    out["spindle_ramp_s"] = machine.spindle_ramp_s;
    if (machine.max_rpm > 0) out["max_rpm"] = machine.max_rpm;
    out["rapid"] = machine.rapid == RapidMode::kDogleg ? "dogleg" : "linear";
    if (machine.calculator_input) out["calculator_input"] = true;
    bool limited = false;
    Ordered travel = Ordered::array();
    for (const auto& limits : machine.travel_mm) {
        bool known = limits[0] > -Machine::kNoLimit && limits[1] < Machine::kNoLimit;
        limited = limited || known;
        travel.push_back(known ? Ordered{limits[0], limits[1]} : Ordered(nullptr));
    }
    if (limited) out["travel"] = travel;
    out["zero"] = triple(machine.zero_mm);
    if (machine.home_mm) out["home"] = triple(*machine.home_mm);
    if (machine.table_z_mm) out["table_z"] = *machine.table_z_mm;
    return out;
}

Ordered options_object(const Job& job) {
    Ordered out;
    if (job.setup.resolution_mm > 0)
        out["resolution_mm"] = job.setup.resolution_mm;
    else
        out["resolution_mm"] = "auto";
    if (job.setup.clearance_mm > 0) out["clearance_mm"] = job.setup.clearance_mm;
    out["engine"] = job.options.engine;
    out["fail_on"] = name_of(job.options.fail_on);
    out["timeout_s"] = job.options.timeout_s;
    const VideoOptions& video = job.options.video;
    out["video"] = {{"width", video.width}, {"height", video.height}, {"fps", video.fps}, {"seconds", video.seconds}};
    return out;
}

Ordered wcs_object(const WorkOffsets& offsets) {
    static constexpr const char* kNames[] = {"G54", "G55", "G56", "G57", "G58", "G59", "G59.1", "G59.2", "G59.3"};
    Ordered out = Ordered::object();
    for (size_t k = 0; k < offsets.size(); ++k)
        if (k == 0 || !(offsets[k] == Vec3{})) out[kNames[k]] = triple(offsets[k]);
    return out;
}

}  // namespace

std::string tool_document(const Tool& tool) { return dump(tool_object(tool)); }
std::string solid_document(const Solid& solid, std::string_view mesh_ref, std::string_view material) {
    return dump(solid_object(solid, mesh_ref, material));
}
std::string machine_document(const Machine& machine) { return dump(machine_object(machine)); }

std::string write_job(const Job& job) {
    Ordered out;
    if (!job.gcode_ref.empty()) out["gcode_ref"] = job.gcode_ref;
    out["dialect"] = name_of(job.setup.dialect);
    out["tools"] = Ordered::array();
    for (const Tool& tool : job.setup.tools) out["tools"].push_back(tool_object(tool));
    if (job.setup.tools.empty() && !job.tools_are_complete) out["tools"] = "auto";
    if (job.setup.stock)
        out["stock"] = solid_object(job.setup.stock->solid, job.stock_mesh_ref, job.setup.stock->material);
    else
        out["stock"] = "auto";
    out["wcs"] = wcs_object(job.setup.work_offsets);
    out["fixturing"] = Ordered::array();
    for (size_t i = 0; i < job.setup.fixtures.size(); ++i) {
        Ordered fixture{{"name", job.setup.fixtures[i].name}};
        fixture.update(solid_object(job.setup.fixtures[i].solid, i < job.fixture_mesh_refs.size() ? job.fixture_mesh_refs[i] : "", ""));
        out["fixturing"].push_back(std::move(fixture));
    }
    out["machine"] = machine_object(job.setup.machine);
    if (job.target) out["target"] = {{"mesh_ref", job.target->mesh_ref}, {"tolerance", job.target->tolerance_mm}};
    out["options"] = options_object(job);
    return dump(out, 2);
}

}  // namespace proveout
