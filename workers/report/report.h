// report.h -- what a run tells the outside: sim_report v1, SARIF, JUnit, the timeline and the page. Text in, text out: no file is written
// here but read by describe_artefact(), no clock is asked, so equal inputs give equal bytes.
//
//   ReportInput input;
//   input.simulation = &simulation, input.setup = &setup;
//   input.sim_id = content_sim_id(program.text, job_json);
//   input.program_name = "bracket.nc", input.program_text = program.text;
//   input.artefacts.push_back(TRY(describe_artefact(dir + "/out.mp4", "out.mp4")));   // everything but report.json itself
//   std::string report = report_json(input);
//   TRY(validate_report(report));                                                     // then write it
//
// Text from the program (blocks, comments, names) is hostile: it is made valid UTF-8 and escaped for each format here, and nowhere else.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proveout/report.h"
#include "proveout/result.h"
#include "proveout/setup.h"

namespace proveout {

struct Artefact {
    std::string name;  // relative to the output directory: "out.mp4", "logs/run.log"
    int64_t size_bytes = 0;
    std::string sha256;  // 64 lower-case hex digits
    std::string content_type;
};

struct Video {  // as verified after encoding
    int frames = 0;
    double duration_s = 0;
    int width = 0, height = 0, fps = 0;
    int64_t bytes = 0;
};

// What the second engine says of the part (engines `both` and `camotics`).
struct Agreement {
    std::string engine;  // "camotics"
    double resolution_mm = 0;
    double volume_difference_mm3 = 0;  // removed by the second engine less removed by ours
    std::optional<double> max_deviation_mm, p99_deviation_mm;
    std::optional<double> max_tolerance_mm, p99_tolerance_mm, volume_tolerance_mm3;  // what both engines' cells explain
    bool agree = true;
};

// How CAMotics' camsim ran (engines `both` and `camotics`).
struct CamsimBlock {
    std::string version;
    double resolution_mm = 0;
    std::optional<int> exit_status;
    int runs = 0;              // of camsim: the uncut stock, the part, and tries
    std::string retry_reason;  // why one was tried again; "": none was
    double duration_s = 0;     // of all of them
    bool raw = false;          // it read the program's own text
    std::string project, log;  // artefacts
};

struct MeshInfo {  // of part.stl and part.glb
    int64_t triangles = 0;
    double tolerance_mm = 0;
};

struct ReportInput {
    const Simulation* simulation = nullptr;  // REQUIRES: set
    const Setup* setup = nullptr;            // REQUIRES: set; the one that was simulated (tools and stock filled in)
    std::string sim_id;
    std::string engine_name = "native";
    std::string engine_version;
    std::string program_name;               // label; SARIF's artifactLocation.uri when it is a relative path
    std::string_view program_text;          // for the program's hash, and the lines that the page shows around findings; may be empty
    std::function<void(size_t)> program_passed;  // Program::passed; may be empty
    std::string job_json;                   // normalised job document; repeated as `job`, without inline_gcode. "": left out
    std::string stock_mesh_ref;             // of a mesh stock, as the job gave it
    std::vector<std::string> assumptions;   // the host's, put before the simulation's
    std::vector<Finding> host_findings;     // of the run, not of the program: ENCODING_FAILED. They count for the verdict
    std::string video_path, snapshot_path;  // "": null
    std::optional<Video> video;
    std::optional<MeshInfo> mesh;
    std::optional<Agreement> agreement;
    std::optional<CamsimBlock> camsim;
    std::string film_engine = "native";  // whose states of the stock the film shows
    std::vector<Artefact> artefacts;
};

// The report as JSON text, two spaces of indent, a newline at the end. All required members are there, with zeros and empty lists.
std::string report_json(const ReportInput& input);

// Worst severity of the simulation and the host's findings.
Severity verdict_of(const ReportInput& input);

// The gate before a report is written: JSON Schema and what a schema cannot say (each collision is in notes, the counters hold, the verdict
// is not better than a note). Error: kEngineFailed, with one fault per violation at its JSON pointer.
Status validate_report(std::string_view json);

// workers/camotics.output.schema.json, built into the binary.
std::string_view report_schema();

// SARIF 2.1.0, one run, at most 5,000 results (what GitHub shows); `uri` of the program: its name.
std::string sarif_text(const ReportInput& input);

// JUnit XML: one suite for the program, one case per rule. A rule with a finding at or above fail_on fails; nullopt (never): none does.
std::string junit_text(const ReportInput& input, std::optional<Severity> fail_on);

// timeline.json, see docs/timeline.md. REQUIRES: the simulation was made with want_timeline.
std::string timeline_json(const ReportInput& input);

// One self-contained page. snapshot_png: bytes of snapshot.png, or empty.
std::string report_html(const ReportInput& input, std::string_view snapshot_png);

// docs/findings.md, made from the rule table.
std::string findings_markdown();

// "sim_" and 26 characters that depend on nothing but the two texts, for runs that no service has named.
std::string content_sim_id(std::string_view program_text, std::string_view job_json, const std::function<void(size_t)>& passed = {});

// Size and hash of a file. Error: kIo.
Result<Artefact> describe_artefact(const std::string& path, const std::string& name);


}  // namespace proveout
