// proveout simulate: one program from text to verdict, report, film and part.
#include "proveout/simulate.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <thread>

#include "args.h"
#include "console.h"
#include "job/lengths.h"
#include "job_input.h"
#include "media/film_writer.h"
#include "report/report.h"
#include "runner/limits.h"
#include "verdict.h"

namespace proveout {

namespace {

namespace fs = std::filesystem;

constexpr int kPaletteSlots = 256;  // tool slots are one byte
constexpr double kMaxTimeout_s = 1e7;

// One run; members in the order in which they come to be.
struct Run {
    const SimulateArgs& args;
    Config config;
    JobInput input;
    std::string directory;
    Simulation simulation;
    std::vector<std::string> late_assumptions;  // of the passes after the simulation
    std::vector<Finding> host_findings;
    std::optional<MediaResult> media;
    std::optional<MeshInfo> mesh;

    const Program& program() const { return input.program.program(); }
    const Setup& setup() const { return input.job.setup; }
    bool wants_all() const { return args.artefacts == "all"; }
    bool wants_film() const { return wants_all() && !args.no_video; }
};

Error flag_fault(const char* flag, std::string detail) {
    Error error = make_error(ErrorCode::kInvalidInput, "the command line is not valid");
    error.faults.push_back({flag, std::move(detail)});
    return error;
}

// Options that stand in flags override the document's.
Status use_options(const SimulateArgs& args, const Config& config, Job& job) {
    if (args.resolution_mm) {
        if (!(*args.resolution_mm >= kLeastResolution_mm && *args.resolution_mm <= kMostResolution_mm))
            return flag_fault("--resolution", "is " + number_text(*args.resolution_mm) + "; allowed: 0.001 to 10 mm");
        job.setup.resolution_mm = *args.resolution_mm;
    }
    if (args.clearance_mm) {
        if (!(*args.clearance_mm >= 0 && *args.clearance_mm <= kMostClearance_mm))
            return flag_fault("--clearance", "is " + number_text(*args.clearance_mm) + "; allowed: 0 to 100 mm");
        job.setup.clearance_mm = *args.clearance_mm;
    }
    if (args.timeout_s) {
        if (!(*args.timeout_s > 0 && *args.timeout_s <= kMaxTimeout_s))
            return flag_fault("--timeout", "is " + number_text(*args.timeout_s) + "; allowed: more than 0, up to 10000000 s");
        job.options.timeout_s = *args.timeout_s;
    }
    if (!args.fail_on.empty()) job.options.fail_on = *fail_on_from(args.fail_on);
    if (!args.engine.empty())
        job.options.engine = args.engine;
    else if (args.setup.job_file.empty())
        job.options.engine = config.get("SIM_ENGINE");
    if (job.options.engine != "native")
        return flag_fault("--engine", "is " + job.options.engine + ", but CAMotics is not configured in this build; allowed: native");
    return Unit{};
}

Finding encoding_failed(const Error& error) {
    Finding finding;
    finding.code = find_rule("ENCODING_FAILED")->code;
    finding.severity = find_rule("ENCODING_FAILED")->severity;
    finding.message = error.message;
    return finding;
}

bool is_stop(const Error& error) { return error.code == ErrorCode::kCancelled || error.code == ErrorCode::kTimeout; }

// Film, preview and snapshot into the staging directory.
Result<MediaResult> write_film(const Run& run, const StagedOutput& output, const Context& context) {
    const VideoOptions& video = run.input.job.options.video;
    FilmOptions film;
    film.scene.width = video.width;
    film.scene.height = video.height;
    film.scene.title = run.program().name;
    film.fps = video.fps;
    film.seconds = video.seconds;
    film.memory_limit_bytes = kFilmMemory_bytes;
    EncodeOptions encode;
    encode.ffmpeg = run.config.get("FFMPEG_BIN");
    encode.directory = output.path("");
    std::error_code failure;
    fs::create_directory(output.path("logs"), failure);
    encode.log_file = output.path("logs/ffmpeg.log");
    encode.width = video.width;
    encode.height = video.height;
    encode.fps = video.fps;
    encode.frames = film_frames(film);
    FilmWriter writer = TRY(FilmWriter::start(encode, context));
    Status written = Unit{};
    auto sink = [&](const Frame& frame, int index) {
        written = writer.write(frame);
        context.report("encode", static_cast<double>(index + 1) / encode.frames);
        return written.ok();
    };
    auto made = make_film(run.program(), run.setup(), run.simulation, film, sink, context);
    if (!written.ok()) return written.error();
    if (!made) return made.error();
    MediaResult media = TRY(writer.finish(&made->snapshot));
    fs::rename(media.mp4, output.path("out.mp4"), failure);
    if (!failure) fs::rename(media.gif, output.path("preview.gif"), failure);
    if (!failure) fs::rename(media.png, output.path("snapshot.png"), failure);
    if (failure) return make_error(ErrorCode::kIo, "cannot keep the film: " + failure.message());
    return media;
}

Result<MeshInfo> write_part(const Run& run, StagedOutput& output, const Context& context) {
    PartOptions options;
    options.memory_limit_bytes = kPartMemory_bytes;
    Mesh mesh = TRY(make_part(run.program(), run.setup(), options, context));
    std::vector<std::array<float, 3>> palette;
    for (int slot = 0; slot < kPaletteSlots; ++slot) palette.push_back(palette_colour(slot));
    TRY(output.write("part.stl", to_stl(mesh)));
    TRY(output.write("part.glb", to_glb(mesh, palette)));
    return MeshInfo{static_cast<int64_t>(mesh.triangles.size()), mesh.tolerance_mm};
}

// Film and part read the same program and write other files; they run at the same time. An encoder that fails spoils the film only.
Status make_media(Run& run, StagedOutput& output, const Context& context) {
    Result<MeshInfo> part = make_error(ErrorCode::kEngineFailed, "not made");
    Context quiet = context;
    quiet.progress = nullptr;
    std::thread part_thread([&] { part = write_part(run, output, quiet); });
    Result<MediaResult> film = make_error(ErrorCode::kEncodingFailed, "not made");
    if (run.wants_film()) film = write_film(run, output, context);
    part_thread.join();
    if (context.stop_reason() != StopReason::kNone) return stop_error(context.stop_reason());
    if (run.wants_film() && film) run.media = *film;
    if (run.wants_film() && !film) {
        if (film.error().code != ErrorCode::kEncodingFailed && film.error().code != ErrorCode::kTooLarge) return film.error();
        run.host_findings.push_back(encoding_failed(film.error()));
    }
    if (part)
        run.mesh = *part;
    else if (part.error().code == ErrorCode::kTooLarge)
        run.late_assumptions.push_back("part: left out, " + part.error().message);
    else
        return part.error();
    return Unit{};
}

ReportInput report_input(const Run& run) {
    ReportInput out;
    out.simulation = &run.simulation;
    out.setup = &run.setup();
    out.job_json = write_job(run.input.job);
    out.sim_id = content_sim_id(run.program().text, out.job_json);
    out.engine_version = PROVEOUT_VERSION;
    out.program_name = run.program().name;
    out.program_text = run.program().text;
    out.assumptions = run.input.assumptions;
    out.assumptions.insert(out.assumptions.end(), run.late_assumptions.begin(), run.late_assumptions.end());
    out.host_findings = run.host_findings;
    out.mesh = run.mesh;
    if (run.media) {
        out.video_path = "out.mp4";
        out.snapshot_path = "snapshot.png";
        out.video = Video{run.media->frames, run.media->duration_s, run.media->width,
                          run.media->height, run.media->fps,        static_cast<int64_t>(run.media->bytes)};
    }
    return out;
}

// Everything that is made from the report's input. report.json is the last, since it lists the others.
Result<std::string> write_reports(const Run& run, ReportInput& input, StagedOutput& output) {
    if (run.wants_all()) {
        TRY(output.write("timeline.json", timeline_json(input)));
        std::string picture;
        if (run.media) picture = std::string(TRY(MappedFile::open(output.path("snapshot.png"))).text());
        std::error_code ignored;
        for (const char* name : {"out.mp4", "preview.gif", "snapshot.png", "part.stl", "part.glb", "timeline.json", "logs/ffmpeg.log"})
            if (fs::exists(output.path(name), ignored)) input.artefacts.push_back(TRY(describe_artefact(output.path(name), name)));
        TRY(output.write("report.html", report_html(input, picture)));
        input.artefacts.push_back(TRY(describe_artefact(output.path("report.html"), "report.html")));
    }
    std::string report = report_json(input);
    TRY(validate_report(report));
    TRY(output.write("report.json", report));
    return report;
}

std::optional<Severity> severity_of(FailOn level) {
    if (level == FailOn::kNever) return std::nullopt;
    return level == FailOn::kWarning ? Severity::kWarning : Severity::kError;
}

Status write_exchange_files(const Run& run, const ReportInput& input) {
    if (!run.args.sarif_file.empty()) TRY(write_file_atomically(run.args.sarif_file, sarif_text(input)));
    if (!run.args.junit_file.empty())
        TRY(write_file_atomically(run.args.junit_file, junit_text(input, severity_of(run.input.job.options.fail_on))));
    return Unit{};
}

int status_of(const Run& run, const ReportInput& input) {
    if (!run.host_findings.empty()) return kExitEngine;
    std::optional<Severity> least = severity_of(run.input.job.options.fail_on);
    return least && verdict_of(input) >= *least ? kExitFindings : kExitOk;
}

Status check_target(Run& run) {
    if (run.input.job.target)
        run.input.assumptions.push_back("target: read and checked, but this build does not compare the part with a design mesh");
    return Unit{};
}

Result<int> simulate_program(Run& run, RunControl& control) {
    const Context& context = control.context();
    context.report("prepare", 0);
    run.input = TRY(read_input(run.args.setup, run.config));
    TRY(use_options(run.args, run.config, run.input.job));
    control.set_timeout(run.input.job.options.timeout_s);
    TRY(check_target(run));
    run.directory = run.args.out_dir.empty() ? run.input.stem + ".proveout" : run.args.out_dir;
    StagedOutput output = TRY(StagedOutput::create(run.directory));
    Survey survey = TRY(complete_job(run.input, context));
    context.report("prepare", 1);

    SimulateOptions options;
    options.want_timeline = run.wants_all();
    options.memory_limit_bytes = kSimulateMemory_bytes;
    options.survey_moves = survey.moves;
    options.survey_feed_length_mm = survey.feed_length_mm;
    context.report("simulate", 0);
    run.simulation = TRY(simulate(run.program(), run.setup(), options, context));
    context.report("simulate", 1);
    if (run.wants_all()) TRY(make_media(run, output, context));

    ReportInput input = report_input(run);
    std::string report = TRY(write_reports(run, input, output));
    if (control.stop_reason() != StopReason::kNone) return stop_error(control.stop_reason());
    TRY(output.commit());
    TRY(write_exchange_files(run, input));
    control.end_progress();
    VerdictPlaces places{run.directory, run.media.has_value(), run.wants_all(), run.mesh.has_value()};
    if (!print_out(run.args.json ? report : verdict_text(input, places, colours_of_stdout())))
        return make_error(ErrorCode::kIo, "cannot write to standard output; the results are in " + run.directory);
    return status_of(run, input);
}

}  // namespace

int run_simulate(const SimulateArgs& args) {
    auto config = load_config();
    if (!config) {
        print_error(config.error(), "");
        return exit_status(config.error());
    }
    Run run{args, std::move(*config), {}, {}, {}, {}, {}, {}, {}};
    RunControl control(thread_count(run.config, args.threads), args.timeout_s.value_or(0), true);
    auto status = simulate_program(run, control);
    if (status) return *status;
    control.end_progress();
    Error error = status.error();
    if (control.stop_reason() != StopReason::kNone && !is_stop(error)) error = stop_error(control.stop_reason());
    if (error.code == ErrorCode::kUnprocessableGcode) add_dialect_hint(run.input, error);
    print_error(error, args.setup.program == "-" ? "stdin" : args.setup.program);
    return exit_status(error);
}

}  // namespace proveout
