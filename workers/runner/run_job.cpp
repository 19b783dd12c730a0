#include "runner/run_job.h"

#include <algorithm>
#include <filesystem>
#include <thread>

#include "camotics/second_engine.h"
#include "media/film_writer.h"
#include "runner/limits.h"

namespace proveout {

namespace {

namespace fs = std::filesystem;

constexpr int kPaletteSlots = 256;  // tool slots are one byte

constexpr double kNativeShare = 0.4;  // of the stage "simulate", where CAMotics cuts too

// A part of a stage's progress.
Context with_share(const Context& context, std::string_view stage, double from, double to) {
    Context out = context;
    if (context.progress)
        out.progress = [&context, stage, from, to](std::string_view name, double fraction) {
            context.progress(name, name == stage ? from + (to - from) * fraction : fraction);
        };
    return out;
}

// One run; members in the order in which they come to be.
struct Run {
    const Program& program;
    const Job& job;
    const RunJobOptions& options;
    std::optional<Result<FilmWriter>> encoder;  // started first: it gets ready while the simulation runs
    std::unique_ptr<Simulation> simulation;
    std::vector<std::string> late_assumptions;  // of the passes after the simulation
    std::optional<Error> encoding_error;
    std::optional<MediaResult> media;
    std::optional<MeshInfo> mesh;
    std::optional<CamsimRecord> camsim;  // the next four only with the engines camotics and both
    std::optional<CamoticsPart> camotics;
    std::optional<Agreement> agreement;
    std::vector<Finding> engine_findings;

    bool wants_film() const { return options.all_artefacts && options.film; }
    bool camotics_alone() const { return job.options.engine == "camotics"; }
};

Finding encoding_failed(const Error& error) {
    Finding finding;
    finding.code = find_rule("ENCODING_FAILED")->code;
    finding.severity = find_rule("ENCODING_FAILED")->severity;
    finding.message = error.message;
    return finding;
}

FilmOptions film_options(const Run& run) {
    const VideoOptions& video = run.job.options.video;
    FilmOptions film;
    film.scene.width = video.width;
    film.scene.height = video.height;
    film.scene.title = run.program.name;
    film.fps = video.fps;
    film.seconds = video.seconds;
    film.memory_limit_bytes = kFilmMemory_bytes;
    return film;
}

Result<FilmWriter> start_encoder(const Run& run, const StagedOutput& output, const Context& context) {
    const VideoOptions& video = run.job.options.video;
    EncodeOptions encode;
    encode.ffmpeg = run.options.ffmpeg;
    encode.directory = output.path("");
    std::error_code ignored;
    fs::create_directory(output.path("logs"), ignored);
    encode.log_file = output.path("logs/ffmpeg.log");
    encode.width = video.width;
    encode.height = video.height;
    encode.fps = video.fps;
    encode.frames = film_frames(film_options(run));
    return FilmWriter::start(encode, context);
}

// Film, preview and snapshot into the staging directory.
Result<MediaResult> write_film(Run& run, const StagedOutput& output, const Context& context) {
    FilmWriter writer = TRY(std::move(*run.encoder));
    FilmOptions film = film_options(run);
    Status written = Unit{};
    auto sink = [&](Frame& frame, int) {
        written = writer.take(frame);
        return written.ok();
    };
    auto made = run.camotics_alone() ? make_step_film(run.job.setup, *run.simulation, *run.camotics, film, sink, context)
                                     : make_film(run.program, run.job.setup, *run.simulation, film, sink, context);
    if (!written.ok()) return written.error();
    if (!made) return made.error();
    MediaResult media = TRY(writer.finish(&made->snapshot));
    std::error_code failure;
    fs::rename(media.mp4, output.path("out.mp4"), failure);
    if (!failure) fs::rename(media.gif, output.path("preview.gif"), failure);
    if (!failure) fs::rename(media.png, output.path("snapshot.png"), failure);
    if (failure) return make_error(ErrorCode::kIo, "cannot keep the film: " + failure.message());
    return media;
}

// CAMotics' mesh as a part of at most so many triangles as a file may hold.
Result<Mesh> camotics_part(const CamoticsPart& part, const Context& context) {
    PartOptions options;
    if (part.mesh.triangles.size() <= options.max_triangles) return part.mesh;
    Solid solid;
    solid.shape = StockShape::kMesh;
    solid.mesh = triangles_of(part.mesh);
    PartBuilder builder = TRY(PartBuilder::create(solid, part.resolution_mm, kPartMemory_bytes));
    return builder.build(options.max_triangles, context);
}

// With both engines, what CAMotics says of this part: a note if it is another one, and how far they differ.
Status compare_with(const Mesh& ours, Run& run, StagedOutput& output, const Context& context) {
    EngineComparison compared = TRY(compare_engines(ours, *run.simulation, run.job.setup, *run.camotics, context));
    const Comparison& c = compared.comparison;
    run.agreement = Agreement{"camotics", run.camotics->resolution_mm, c.volume_difference_mm3, c.max_mm,
                              c.p99_mm,   c.max_tolerance_mm,          c.tolerance_mm,          c.volume_tolerance_mm3,
                              c.agree};
    if (compared.disagreement) run.engine_findings.push_back(*compared.disagreement);
    if (!run.options.all_artefacts) return Unit{};
    if (!compared.picture_png.empty()) TRY(output.write("differences.png", compared.picture_png));
    return output.write("part.camotics.stl", to_stl(TRY(camotics_part(*run.camotics, context))));
}

Result<MeshInfo> write_part(Run& run, StagedOutput& output, const Context& context) {
    PartOptions options;
    options.memory_limit_bytes = kPartMemory_bytes;
    options.dialect = run.simulation->dialect;
    Mesh mesh = TRY(run.camotics_alone() ? camotics_part(*run.camotics, context) : make_part(run.program, run.job.setup, options, context));
    if (run.job.options.engine == "both") TRY(compare_with(mesh, run, output, context));
    if (!run.options.all_artefacts) return MeshInfo{static_cast<int64_t>(mesh.triangles.size()), mesh.tolerance_mm};
    std::vector<std::array<float, 3>> palette;
    for (int slot = 0; slot < kPaletteSlots; ++slot) palette.push_back(palette_colour(slot));
    TRY(output.write("part.stl", to_stl(mesh)));
    TRY(output.write("part.glb", to_glb(mesh, palette)));
    return MeshInfo{static_cast<int64_t>(mesh.triangles.size()), mesh.tolerance_mm};
}

// Film and part read the same program and write other files; they run at the same time. An encoder that fails spoils the film only.
Status make_media(Run& run, StagedOutput& output, const Context& context) {
    Result<MeshInfo> part = make_error(ErrorCode::kEngineFailed, "not made");
    // Film, part and encoder run side by side: on few cores, pieces of a frame given to a second thread would wait for a core.
    Context shared = context;
    if (run.wants_film()) shared.threads = std::max(1, context.threads - 1);
    Context quiet = shared;
    quiet.progress = nullptr;
    std::thread part_thread([&] { part = write_part(run, output, quiet); });
    Result<MediaResult> film = make_error(ErrorCode::kEncodingFailed, "not made");
    if (run.wants_film()) film = write_film(run, output, shared);
    part_thread.join();
    if (context.stop_reason() != StopReason::kNone) return stop_error(context.stop_reason());
    if (run.wants_film() && film) run.media = *film;
    if (run.wants_film() && !film) {
        if (film.error().code != ErrorCode::kEncodingFailed && film.error().code != ErrorCode::kTooLarge) return film.error();
        run.encoding_error = film.error();
    }
    if (part)
        run.mesh = *part;
    else if (part.error().code == ErrorCode::kTooLarge)
        run.late_assumptions.push_back("part: left out, " + part.error().message);
    else
        return part.error();
    return Unit{};
}

// The second engine's cut. With CAMotics alone the removed volume is its own; checks and time are always ours.
Status cut_again(Run& run, StagedOutput& output, const Context& context) {
    SecondEngineOptions options;
    options.camsim = run.options.camotics;
    options.directory = output.path("");
    options.logs_directory = output.path("logs");
    options.film = run.camotics_alone() && run.wants_film();
    options.raw = run.options.camotics_raw;
    std::error_code failure;
    fs::create_directory(options.logs_directory, failure);
    run.camsim.emplace();
    auto part = cut_with_camotics(run.program, run.job, options, *run.camsim, context);
    if (run.options.on_camsim) run.options.on_camsim(*run.camsim);
    if (!part) return part.error();
    run.engine_findings = part->notes;
    for (std::string& line : part->assumptions) run.late_assumptions.push_back(std::move(line));
    if (run.camotics_alone()) {
        run.simulation->removed_mm3 = part->removed_mm3;
        run.simulation->removed_error_mm3 = part->removed_error_mm3;
        run.simulation->resolution_mm = part->resolution_mm;
    }
    run.camotics = std::move(*part);
    return Unit{};
}

// Who said what about the removed volume and the part.
void tell_engines(const Run& run, ReportInput& out) {
    out.host_findings.insert(out.host_findings.end(), run.engine_findings.begin(), run.engine_findings.end());
    if (!run.camsim) return;
    out.camsim = CamsimBlock{run.camsim->version,      run.camsim->resolution_mm, run.camsim->exit_code,
                             run.camsim->attempts,     run.camsim->retry_reason,  run.camsim->duration_s,
                             run.options.camotics_raw, "logs/project.camotics",   "logs/camsim.log"};
    out.agreement = run.agreement;
    if (!run.camotics_alone()) return;
    out.engine_name = "camotics";
    out.engine_version = run.camsim->version;
    out.film_engine = "camotics";
}

ReportInput report_input(const Run& run) {
    ReportInput out;
    out.simulation = run.simulation.get();
    out.setup = &run.job.setup;
    out.job_json = write_job(run.job);
    out.sim_id = run.options.sim_id.empty() ? content_sim_id(run.program.text, out.job_json, run.program.passed) : run.options.sim_id;
    out.engine_version = PROVEOUT_VERSION;
    out.program_name = run.program.name;
    out.program_text = run.program.text;
    out.program_passed = run.program.passed;
    out.assumptions = run.options.assumptions;
    out.assumptions.insert(out.assumptions.end(), run.late_assumptions.begin(), run.late_assumptions.end());
    if (run.encoding_error) out.host_findings.push_back(encoding_failed(*run.encoding_error));
    tell_engines(run, out);
    out.mesh = run.mesh;
    if (run.media) {
        out.video_path = run.options.path_prefix + "out.mp4";
        out.snapshot_path = run.options.path_prefix + "snapshot.png";
        out.video = Video{run.media->frames, run.media->duration_s, run.media->width,
                          run.media->height, run.media->fps,        static_cast<int64_t>(run.media->bytes)};
    }
    return out;
}

// Everything that is made from the report's input. report.json is the last, since it lists the others.
Result<std::string> write_reports(const Run& run, ReportInput& input, StagedOutput& output) {
    if (run.options.all_artefacts) {
        TRY(output.write("timeline.json", timeline_json(input)));
        std::string picture;
        if (run.media) picture = std::string(TRY(MappedFile::open(output.path("snapshot.png"))).text());
        std::error_code ignored;
        for (const char* name : {"out.mp4", "preview.gif", "snapshot.png", "part.stl", "part.glb", "timeline.json", "logs/ffmpeg.log",
                                 "differences.png", "part.camotics.stl", "logs/project.camotics", "logs/camsim.log", "logs/camsim.log.1"})
            if (fs::exists(output.path(name), ignored)) input.artefacts.push_back(TRY(describe_artefact(output.path(name), name)));
        TRY(output.write("report.html", report_html(input, picture)));
        input.artefacts.push_back(TRY(describe_artefact(output.path("report.html"), "report.html")));
    }
    std::string report = report_json(input);
    TRY(validate_report(report));
    TRY(output.write("report.json", report));
    return report;
}

}  // namespace

Result<RunJobResult> run_job(const Program& program, const Job& job, const RunJobOptions& options, StagedOutput& output,
                             const Context& context) {
    Run run{program, job, options, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
    SimulateOptions simulate_options;
    simulate_options.want_timeline = options.all_artefacts;
    simulate_options.memory_limit_bytes = kSimulateMemory_bytes;
    simulate_options.survey_moves = options.survey.moves;
    simulate_options.survey_feed_length_mm = options.survey.feed_length_mm;
    if (!options.survey.end.dialect_reason.empty())
        simulate_options.survey_dialect = {options.survey.end.dialect, options.survey.end.dialect_reason};
    context.report("simulate", 0);
    if (run.wants_film()) run.encoder = start_encoder(run, output, context);
    double share = uses_camotics(job) ? kNativeShare : 1;
    run.simulation =
        std::make_unique<Simulation>(TRY(simulate(program, job.setup, simulate_options, with_share(context, "simulate", 0, share))));
    if (options.on_simulated) options.on_simulated(*run.simulation);
    if (uses_camotics(job)) TRY(cut_again(run, output, with_share(context, "simulate", share, 1)));
    context.report("simulate", 1);
    if (options.all_artefacts)
        TRY(make_media(run, output, context));
    else if (job.options.engine == "both")
        TRY(write_part(run, output, context));

    RunJobResult result;
    result.report_input = report_input(run);
    result.report_json = TRY(write_reports(run, result.report_input, output));
    if (context.stop_reason() != StopReason::kNone) return stop_error(context.stop_reason());
    result.simulation = std::move(run.simulation);
    result.film_made = run.media.has_value();
    result.part_made = run.mesh.has_value();
    result.encoding_error = std::move(run.encoding_error);
    result.camsim = std::move(run.camsim);
    return result;
}

std::vector<std::string> unmet_wishes(const Job& job) {
    if (!job.target) return {};
    return {"target: read and checked, but this build does not compare the part with a design mesh"};
}

}  // namespace proveout
