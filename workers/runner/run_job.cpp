#include "runner/run_job.h"

#include <filesystem>
#include <thread>

#include "media/film_writer.h"
#include "runner/limits.h"

namespace proveout {

namespace {

namespace fs = std::filesystem;

constexpr int kPaletteSlots = 256;  // tool slots are one byte

// One run; members in the order in which they come to be.
struct Run {
    const Program& program;
    const Job& job;
    const RunJobOptions& options;
    std::unique_ptr<Simulation> simulation;
    std::vector<std::string> late_assumptions;  // of the passes after the simulation
    std::optional<Error> encoding_error;
    std::optional<MediaResult> media;
    std::optional<MeshInfo> mesh;

    bool wants_film() const { return options.all_artefacts && options.film; }
};

Finding encoding_failed(const Error& error) {
    Finding finding;
    finding.code = find_rule("ENCODING_FAILED")->code;
    finding.severity = find_rule("ENCODING_FAILED")->severity;
    finding.message = error.message;
    return finding;
}

// Film, preview and snapshot into the staging directory.
Result<MediaResult> write_film(const Run& run, const StagedOutput& output, const Context& context) {
    const VideoOptions& video = run.job.options.video;
    FilmOptions film;
    film.scene.width = video.width;
    film.scene.height = video.height;
    film.scene.title = run.program.name;
    film.fps = video.fps;
    film.seconds = video.seconds;
    film.memory_limit_bytes = kFilmMemory_bytes;
    EncodeOptions encode;
    encode.ffmpeg = run.options.ffmpeg;
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
    auto made = make_film(run.program, run.job.setup, *run.simulation, film, sink, context);
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
    Mesh mesh = TRY(make_part(run.program, run.job.setup, options, context));
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

ReportInput report_input(const Run& run) {
    ReportInput out;
    out.simulation = run.simulation.get();
    out.setup = &run.job.setup;
    out.job_json = write_job(run.job);
    out.sim_id = run.options.sim_id.empty() ? content_sim_id(run.program.text, out.job_json) : run.options.sim_id;
    out.engine_version = PROVEOUT_VERSION;
    out.program_name = run.program.name;
    out.program_text = run.program.text;
    out.assumptions = run.options.assumptions;
    out.assumptions.insert(out.assumptions.end(), run.late_assumptions.begin(), run.late_assumptions.end());
    if (run.encoding_error) out.host_findings.push_back(encoding_failed(*run.encoding_error));
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

}  // namespace

Result<RunJobResult> run_job(const Program& program, const Job& job, const RunJobOptions& options, StagedOutput& output,
                             const Context& context) {
    Run run{program, job, options, {}, {}, {}, {}, {}};
    SimulateOptions simulate_options;
    simulate_options.want_timeline = options.all_artefacts;
    simulate_options.memory_limit_bytes = kSimulateMemory_bytes;
    simulate_options.survey_moves = options.survey.moves;
    simulate_options.survey_feed_length_mm = options.survey.feed_length_mm;
    context.report("simulate", 0);
    run.simulation = std::make_unique<Simulation>(TRY(simulate(program, job.setup, simulate_options, context)));
    context.report("simulate", 1);
    if (options.on_simulated) options.on_simulated(*run.simulation);
    if (options.all_artefacts) TRY(make_media(run, output, context));

    RunJobResult result;
    result.report_input = report_input(run);
    result.report_json = TRY(write_reports(run, result.report_input, output));
    if (context.stop_reason() != StopReason::kNone) return stop_error(context.stop_reason());
    result.simulation = std::move(run.simulation);
    result.film_made = run.media.has_value();
    result.part_made = run.mesh.has_value();
    result.encoding_error = std::move(run.encoding_error);
    return result;
}

std::vector<std::string> unmet_wishes(const Job& job) {
    if (!job.target) return {};
    return {"target: read and checked, but this build does not compare the part with a design mesh"};
}

}  // namespace proveout
