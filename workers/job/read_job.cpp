#include <algorithm>

#include "job/read_parts.h"
#include "job/validate.h"
#include "proveout/mesh.h"

namespace proveout {

namespace {

constexpr std::array<std::string_view, 3> kFailOnNames{"error", "warning", "never"};
constexpr size_t kMaxInlineProgramBytes = size_t{64} << 20;
constexpr double kMaxTolerance_mm = 100;

struct SolidRef {
    Solid solid;
    std::string mesh_ref;
};

std::vector<Triangle> read_mesh_ref(Fields& fields, const std::string& ref, Vec3 origin_mm, double unit_mm, const JobRules& rules) {
    if (!rules.read_mesh) {
        fields.fault("mesh_ref", "meshes cannot be read here; allowed: a shape with dims");
        return {};
    }
    auto mesh = rules.read_mesh(ref);
    if (!mesh) {
        fields.fault("mesh_ref", mesh.error().message);
        return {};
    }
    for (Triangle& t : *mesh) {
        t.a = unit_mm * t.a + origin_mm;
        t.b = unit_mm * t.b + origin_mm;
        t.c = unit_mm * t.c + origin_mm;
    }
    return std::move(*mesh);
}

// shape, dims, origin, units, mesh_ref. `allowed_shapes` in the order of StockShape.
SolidRef read_solid(Fields& fields, const std::vector<std::string>& allowed_shapes, const JobRules& rules, Faults& faults) {
    SolidRef out;
    auto shape = fields.word("shape", allowed_shapes);
    bool shape_given = fields.valid() && shape.has_value();
    double unit_mm = read_units(fields);
    double origin[3] = {0, 0, 0};
    fields.numbers("origin", 3, {-kMaxLength_mm, kMaxLength_mm, false, unit_mm, " mm"}, origin);
    out.solid.origin_mm = {origin[0], origin[1], origin[2]};
    fields.text("mesh_ref", 4096, out.mesh_ref);
    if (!shape_given) {
        fields.find("dims");
        if (!fields.has("shape")) fields.fault("shape", "missing; allowed: box cylinder tube mesh");
        return out;
    }
    if (*shape == "mesh") {
        out.solid.shape = StockShape::kMesh;
        if (fields.find("dims")) fields.fault("dims", "does not belong to a mesh; a mesh has mesh_ref");
        if (out.mesh_ref.empty())
            fields.fault("mesh_ref", "missing; a mesh needs the reference of an STL");
        else
            out.solid.mesh = read_mesh_ref(fields, out.mesh_ref, out.solid.origin_mm, unit_mm, rules);
        if (!out.solid.mesh.empty()) validate_solid(out.solid, fields.pointer(), faults);
        return out;
    }
    if (!out.mesh_ref.empty()) fields.fault("mesh_ref", "belongs to shape mesh only");
    out.solid.shape = *shape == "box" ? StockShape::kBox : *shape == "cylinder" ? StockShape::kCylinder : StockShape::kTube;
    size_t count = out.solid.shape == StockShape::kCylinder ? 2 : 3;
    const char* names = *shape == "box"        ? "[x, y, z]"
                        : *shape == "cylinder" ? "[diameter, height]"
                                               : "[outer diameter, inner diameter, height]";
    bool has_dims = fields.numbers("dims", count, {0, kMaxLength_mm, true, unit_mm, " mm"}, out.solid.dims_mm.data());
    if (!fields.has("dims")) fields.fault("dims", std::string("missing; a ") + *shape + " needs " + names);
    if (!fields.has("origin"))
        fields.fault("origin",
                     std::string("missing; ") + (*shape == "box" ? "the low corner" : "the centre of the bottom") + ", [x, y, z]");
    if (has_dims) validate_solid(out.solid, fields.pointer(), faults);
    return out;
}

void read_stock(const Json& value, Job& job, const JobRules& rules, Faults& faults) {
    if (value.is_string() && value.get<std::string>() == "auto") return;
    if (!value.is_object()) return faults.add("/stock", "is not a stock; allowed: an object {shape, dims, origin}, or \"auto\"");
    Fields fields(value, "/stock", faults);
    Stock stock;
    SolidRef solid = read_solid(fields, {"box", "cylinder", "tube", "mesh"}, rules, faults);
    fields.text("material", 200, stock.material);
    fields.finish();
    stock.solid = std::move(solid.solid);
    job.stock_mesh_ref = std::move(solid.mesh_ref);
    job.setup.stock = std::move(stock);
}

void read_fixturing(Fields& document, Job& job, const JobRules& rules, Faults& faults) {
    double offset[3] = {0, 0, 0};
    document.numbers("fixture_offset", 3, {-kMaxLength_mm, kMaxLength_mm, false, 1, " mm"}, offset);
    Vec3 offset_mm{offset[0], offset[1], offset[2]};
    const Json* list = document.find("fixturing");
    if (!list) return;
    if (!list->is_array() || list->size() > kMaxFixtures)
        return document.fault("fixturing", "is not a list of fixtures; allowed: up to " + std::to_string(kMaxFixtures) +
                                               " objects {name, shape, dims, origin}");
    for (size_t i = 0; i < list->size(); ++i) {
        Fields fields((*list)[i], "/fixturing/" + std::to_string(i), faults);
        Fixture fixture;
        fixture.name = "fixture " + std::to_string(i + 1);
        if (!fields.valid()) continue;
        fields.text("name", 200, fixture.name);
        SolidRef solid = read_solid(fields, {"box", "cylinder", "mesh"}, rules, faults);
        fields.finish();
        fixture.solid = std::move(solid.solid);
        fixture.solid.origin_mm = fixture.solid.origin_mm + offset_mm;
        for (Triangle& t : fixture.solid.mesh) t.a = t.a + offset_mm, t.b = t.b + offset_mm, t.c = t.c + offset_mm;
        job.setup.fixtures.push_back(std::move(fixture));
        job.fixture_mesh_refs.push_back(std::move(solid.mesh_ref));
    }
}

void read_wcs(const Json& value, Setup& setup, Faults& faults) {
    static constexpr std::array<const char*, 9> kNames{"G54", "G55", "G56", "G57", "G58", "G59", "G59.1", "G59.2", "G59.3"};
    Fields fields(value, "/wcs", faults);
    for (size_t k = 0; k < kNames.size(); ++k) {
        double zero[3];
        if (fields.numbers(kNames[k], 3, {-kMaxLength_mm, kMaxLength_mm, false, 1, " mm"}, zero))
            setup.work_offsets[k] = {zero[0], zero[1], zero[2]};
    }
    fields.finish();
}

void read_target(const Json& value, Job& job, const JobRules& rules, Faults& faults) {
    Fields fields(value, "/target", faults);
    Target target;
    fields.text("mesh_ref", 4096, target.mesh_ref);
    fields.number("tolerance", {0, kMaxTolerance_mm, true, 1, " mm"}, target.tolerance_mm);
    fields.finish();
    if (!fields.valid()) return;
    if (target.mesh_ref.empty()) return fields.fault("mesh_ref", "missing; a target needs the reference of an STL");
    Solid solid;
    solid.shape = StockShape::kMesh;
    solid.mesh = read_mesh_ref(fields, target.mesh_ref, {}, 1, rules);
    if (!solid.mesh.empty()) validate_solid(solid, "/target", faults);
    target.mesh = std::move(solid.mesh);
    job.target = std::move(target);
}

void read_video(const Json& value, VideoOptions& video, Faults& faults) {
    Fields fields(value, "/options/video", faults);
    fields.integer("width", 64, 3840, video.width);
    fields.integer("height", 64, 3840, video.height);
    fields.integer("fps", 1, 60, video.fps);
    fields.number("seconds", {1, 120, false, 1, " s"}, video.seconds);
    fields.finish();
    if (video.width % 2) fields.fault("width", "is odd; allowed: even, 64 to 3840");
    if (video.height % 2) fields.fault("height", "is odd; allowed: even, 64 to 3840");
}

void read_options(const Json& value, Job& job, const JobRules& rules, Faults& faults) {
    Fields fields(value, "/options", faults);
    const Json* resolution = fields.valid() && value.contains("resolution_mm") ? &value["resolution_mm"] : nullptr;
    if (resolution && resolution->is_string() && resolution->get<std::string>() == "auto")
        fields.find("resolution_mm");
    else if (resolution && resolution->is_string())
        fields.find("resolution_mm"), fields.fault("resolution_mm", "is a string; allowed: \"auto\" or 0.001 to 10 mm");
    else
        fields.number("resolution_mm", {kLeastResolution_mm, kMostResolution_mm, false, 1, " mm"}, job.setup.resolution_mm);
    fields.number("clearance_mm", {0, kMostClearance_mm, false, 1, " mm"}, job.setup.clearance_mm);
    if (auto engine = fields.word("engine", {"native", "camotics", "both"})) {
        job.options.engine = *engine;
        if (*engine != "native" && !rules.camotics_configured)
            fields.fault("engine", "is " + *engine + ", but CAMotics is not configured here; allowed: native (or set CAMOTICS_BIN)");
    }
    if (auto level = fields.word("fail_on", {"error", "warning", "never"})) job.options.fail_on = *fail_on_from(*level);
    fields.number("timeout_s", {1, rules.timeout_max_s, false, 1, " s"}, job.options.timeout_s);
    if (const Json* video = fields.find("video")) read_video(*video, job.options.video, faults);
    fields.finish();
}

void read_program(Fields& fields, Job& job, const JobRules& rules) {
    fields.text("gcode_ref", 4096, job.gcode_ref);
    if (!job.gcode_ref.empty() && rules.program_exists && !rules.program_exists(job.gcode_ref))
        fields.fault("gcode_ref", "names no upload of yours; POST /uploads gives references");
    std::string program;
    if (const Json* value = fields.find("inline_gcode")) {
        if (!value->is_string() || value->get_ref<const std::string&>().empty())
            fields.fault("inline_gcode", "is not a program; a string that is not empty is needed");
        else if (value->get_ref<const std::string&>().size() > kMaxInlineProgramBytes)
            fields.fault("inline_gcode", "is too long; allowed: " + std::to_string(kMaxInlineProgramBytes) + " bytes, or gcode_ref");
        else
            job.inline_gcode = value->get<std::string>();
        if (!job.gcode_ref.empty()) fields.fault("gcode_ref", "stands beside inline_gcode; exactly one of the two is needed");
    } else if (job.gcode_ref.empty() && rules.require_program) {
        fields.fault("gcode_ref", "missing; exactly one of gcode_ref and inline_gcode is needed");
    }
}

}  // namespace

std::string_view name_of(FailOn level) { return kFailOnNames[static_cast<size_t>(level)]; }

std::optional<FailOn> fail_on_from(std::string_view name) {
    for (size_t i = 0; i < kFailOnNames.size(); ++i)
        if (kFailOnNames[i] == name) return static_cast<FailOn>(i);
    return std::nullopt;
}

Result<Job> read_job(std::string_view text, const JobRules& rules) {
    Faults faults;
    const std::string message = "the job document is not valid";
    auto document = parse_json(text, kMaxJobDepth, faults);
    if (!document) return faults_error(std::move(faults), message);
    Job job;
    job.options.timeout_s = rules.timeout_max_s;
    Fields fields(*document, "", faults);
    if (!fields.valid()) return faults_error(std::move(faults), message);
    read_program(fields, job, rules);
    if (auto dialect = fields.word("dialect", {"auto", "linuxcnc", "grbl", "grblhal", "fanuc", "haas", "mach3"}))
        job.setup.dialect = *dialect_from(*dialect);
    const Json* tools = fields.find("tools");
    bool tools_auto = tools && tools->is_string() && tools->get<std::string>() == "auto";
    if (!tools && rules.require_program) fields.fault("tools", "missing; allowed: a list of tools, or \"auto\"");
    if (tools && !tools_auto) job.setup.tools = read_tools(*tools, "/tools", faults), job.tools_are_complete = true;
    const Json* stock = fields.find("stock");
    if (!stock && rules.require_program) fields.fault("stock", "missing; allowed: an object {shape, dims, origin}, or \"auto\"");
    if (stock) read_stock(*stock, job, rules, faults);
    if (const Json* wcs = fields.find("wcs")) read_wcs(*wcs, job.setup, faults);
    read_fixturing(fields, job, rules, faults);
    if (const Json* machine = fields.find("machine")) job.setup.machine = read_machine(*machine, "/machine", faults);
    if (const Json* target = fields.find("target")) read_target(*target, job, rules, faults);
    if (const Json* options = fields.find("options")) read_options(*options, job, rules, faults);
    fields.finish();
    if (!faults.none()) return faults_error(std::move(faults), message);
    return job;
}

Result<std::vector<Tool>> read_tools_document(std::string_view text) {
    Faults faults;
    auto document = parse_json(text, kMaxJobDepth, faults);
    std::vector<Tool> tools;
    if (document && document->is_array()) {
        tools = read_tools(*document, "", faults);
    } else if (document) {
        Fields fields(*document, "", faults);
        const Json* list = fields.find("tools");
        if (list)
            tools = read_tools(*list, "/tools", faults);
        else
            fields.fault("tools", "missing; a list of tools is needed");
        fields.finish();
    }
    if (!faults.none()) return faults_error(std::move(faults), "the tool document is not valid");
    return tools;
}

Result<Machine> read_machine_document(std::string_view text) {
    Faults faults;
    auto document = parse_json(text, kMaxJobDepth, faults);
    Machine machine;
    if (document && document->is_object() && document->contains("machine")) {
        Fields fields(*document, "", faults);
        machine = read_machine(*fields.find("machine"), "/machine", faults);
        fields.finish();
    } else if (document) {
        machine = read_machine(*document, "", faults);
    }
    if (!faults.none()) return faults_error(std::move(faults), "the machine document is not valid");
    return machine;
}

}  // namespace proveout
