// job.h -- the job document of contract section 2: read and checked completely, in millimetres and the set-up frame, and written back.
//
//   JobRules rules;                       // what differs between the command and the service
//   rules.read_mesh = ...;                // mesh_ref -> triangles: a file for the command, an upload for the service
//   Job job = TRY(read_job(text, rules)); // kInvalidInput with every fault at once, each with its JSON pointer
//
// Units: `units` of a tool, of stock and of a fixture apply to its own lengths; wcs, machine, target and options are always mm and s.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proveout/result.h"
#include "proveout/setup.h"

namespace proveout {

enum class FailOn : uint8_t { kError, kWarning, kNever };
std::string_view name_of(FailOn level);
std::optional<FailOn> fail_on_from(std::string_view name);

struct VideoOptions {
    int width = 1280, height = 720;  // even, 64..3840
    int fps = 30;                    // 1..60
    double seconds = 10;             // 1..120
};

struct JobOptions {
    std::string engine = "native";  // native camotics both
    FailOn fail_on = FailOn::kError;
    double timeout_s = 900;  // one whole attempt, encoding too
    VideoOptions video;
};

struct Target {
    std::string mesh_ref;
    std::vector<Triangle> mesh;  // closed
    double tolerance_mm = 0.1;
};

struct Job {
    std::string gcode_ref;  // at most one of the two is given
    std::optional<std::string> inline_gcode;
    Setup setup;                      // resolution and clearance too; stock none: infer
    bool tools_are_complete = false;  // the document lists the tools: a T that the list lacks is an error. false: infer what is missing
    std::string stock_mesh_ref;       // of a mesh stock, as given
    std::vector<std::string> fixture_mesh_refs;  // one per setup.fixtures; empty unless it is a mesh
    std::optional<Target> target;
    JobOptions options;
};

using MeshReader = std::function<Result<std::vector<Triangle>>(std::string_view mesh_ref)>;

struct JobRules {
    bool require_program = false;  // gcode_ref or inline_gcode, and tools and stock, must be there (HTTP)
    double timeout_max_s = 900;    // SIM_TIMEOUT_S: the default and the most that a document may ask for
    bool camotics_configured = false;
    MeshReader read_mesh;  // empty: a mesh_ref is a fault
    std::function<bool(std::string_view ref)> program_exists;  // empty: gcode_ref is not looked up
};

constexpr int kMaxJobDepth = 32;          // nesting of brackets in a document
constexpr size_t kMaxJobBytes = 1 << 20;  // default of MAX_JOB_BYTES; for --job files too, inline_gcode excepted (64 MiB)
constexpr double kLeastResolution_mm = 0.001, kMostResolution_mm = 10;
constexpr double kMostClearance_mm = 100;

// Errors: kInvalidInput, with one Fault per thing that is wrong (at most kMaxFaults). Malformed JSON has pointer "".
Result<Job> read_job(std::string_view text, const JobRules& rules);

// The "machine" object alone, as `--machine FILE.json` gives it (with or without {"machine": ...} around it).
Result<Machine> read_machine_document(std::string_view text);

// Tools alone: {"tools": [...]} or [...]. For `--tools FILE.json` and import.
Result<std::vector<Tool>> read_tools_document(std::string_view text);

// The normalised document, pretty-printed: all in mm, defaults filled in, members of the job document only. read_job reads it back to the
// same job. inline_gcode is left out (the program is its own artefact).
std::string write_job(const Job& job);

// One JSON object each, on one line, for the report.
std::string tool_document(const Tool& tool);
std::string solid_document(const Solid& solid, std::string_view mesh_ref, std::string_view material);
std::string machine_document(const Machine& machine);

}  // namespace proveout
