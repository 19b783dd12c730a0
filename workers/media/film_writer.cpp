#include "media/film_writer.h"

#include <condition_variable>
#include <deque>
#include <fstream>
#include <mutex>
#include <optional>
#include <thread>

#include "media/process.h"

namespace proveout {

namespace fs = std::filesystem;

namespace {

constexpr size_t kQueuedFrames = 12;       // lets drawing and encoding overlap, though frames take unequally long
constexpr int kMaxPreviewFrames = 100;     // the palette is made from all of them, in memory
constexpr int kPreviewWidth = 480;

// Tried in turn until the preview is small enough.
struct PreviewSize {
    int width, divisor;  // pixels; of the frame rate
};
constexpr PreviewSize kSmallerPreviews[] = {{400, 1}, {320, 1}, {320, 2}, {240, 2}, {160, 4}, {96, 8}};

// Frame rates whose period a GIF can hold: whole hundredths of a second.
int preview_rate(const EncodeOptions& o, int divisor) {
    for (int rate : {10, 5, 4, 2})
        if (rate * divisor <= 10 && rate <= o.fps &&
            static_cast<int64_t>(o.frames) * rate <= static_cast<int64_t>(kMaxPreviewFrames) * o.fps)
            return rate;
    return 1;
}

std::string preview_filter(int rate, int width) {
    return "fps=" + std::to_string(rate) + ",scale=" + std::to_string(width) +
           ":-2:flags=area:in_color_matrix=bt709:in_range=tv,format=rgb24,split[a][b];[a]palettegen=max_colors=128:stats_mode=diff[p];"
           "[b][p]paletteuse=dither=bayer:bayer_scale=4:diff_mode=rectangle";
}

void append(std::vector<std::string>& args, std::initializer_list<std::string> more) { args.insert(args.end(), more); }

// The snapshot is the last frame of the input, after those of the film.
std::string filter_graph(const EncodeOptions& o) {
    std::string film = "trim=end_frame=" + std::to_string(o.frames);
    std::string graph = "[0:v]split=" + std::string(o.snapshot ? "3[m][g][s];" : "2[m][g];") + "[m]" + film + "[film];[g]" + film + "," +
                        preview_filter(preview_rate(o, 1), std::min(kPreviewWidth, o.width)) + "[preview]";
    if (o.snapshot)
        graph += ";[s]select=gte(n\\," + std::to_string(o.frames) +
                 "),scale=in_color_matrix=bt709:in_range=tv:flags=bicubic+accurate_rnd+full_chroma_int,format=rgb24[snapshot]";
    return graph;
}

// Words of a fixed option string, separated by single spaces.
void append_words(std::vector<std::string>& args, const std::string& words) {
    for (size_t at = 0; at < words.size();) {
        size_t end = std::min(words.find(' ', at), words.size());
        args.push_back(words.substr(at, end - at));
        at = end + 1;
    }
}

std::vector<std::string> command(const EncodeOptions& o, const fs::path& mp4, const fs::path& gif, const fs::path& png) {
    std::string size = std::to_string(o.width) + "x" + std::to_string(o.height), rate = std::to_string(o.fps);
    std::vector<std::string> args{o.ffmpeg};
    append_words(args, "-hide_banner -loglevel error -nostats -xerror -f rawvideo -pixel_format yuv420p -video_size " + size);
    append_words(args, "-framerate " + rate + " -color_range tv -colorspace bt709 -i pipe:0");
    append(args, {"-filter_complex", filter_graph(o)});
    append_words(args, "-map [film] -an -c:v libx264 -preset veryfast -crf 20 -profile:v high -g " + std::to_string(2 * o.fps));
    append_words(args, "-threads " + std::to_string(o.threads) + " -pix_fmt yuv420p -colorspace bt709 -color_primaries bt709");
    append_words(args, "-color_trc bt709 -color_range tv -bsf:v filter_units=remove_types=6 -fflags +bitexact -flags:v +bitexact");
    append_words(args, "-map_metadata -1 -movflags +faststart -f mp4 -y");
    args.push_back(mp4.string());
    append_words(args, "-map [preview] -loop 0 -fflags +bitexact -map_metadata -1 -f gif -y");
    args.push_back(gif.string());
    if (!o.snapshot) return args;
    append_words(args, "-map [snapshot] -frames:v 1 -c:v png -pred mixed -fflags +bitexact -f image2 -update 1 -y");
    args.push_back(png.string());
    return args;
}

// The end of a text, from the beginning of a line where one is near.
std::string last_words(std::string text) {
    constexpr size_t kMost = 400;
    size_t end = text.find_last_not_of(" \r\n\t");
    if (end == std::string::npos) return "it said nothing";
    text.resize(end + 1);
    if (text.size() <= kMost) return text;
    text.erase(0, text.size() - kMost);
    size_t line = text.find('\n');
    return line == std::string::npos ? text : text.substr(line + 1);
}

Error encoding_failed(const EncodeOptions& o, const std::string& what, const std::string& said) {
    return make_error(ErrorCode::kEncodingFailed, "the film could not be made: " + o.ffmpeg + ": " + what + ": " + last_words(said));
}

uint64_t size_of(const fs::path& path) {
    std::error_code error;
    uintmax_t size = fs::file_size(path, error);
    return error ? 0 : static_cast<uint64_t>(size);
}

}  // namespace

struct FilmWriter::State {
    EncodeOptions options;
    Context context;
    fs::path mp4, gif, png;
    std::optional<Child> child;
    int written = 0;
    bool keep_files = false;

    // Shared with the writing thread.
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Frame> queue, spare;
    bool no_more = false, broken = false;
    std::thread thread;

    ~State();
    void pump();
    Error failure();
    Status put(Frame& frame);
    void join();
    void save_log(const std::string& said);
    Status shrink_preview();
};

FilmWriter::FilmWriter() : state_(std::make_unique<State>()) {}
FilmWriter::FilmWriter(FilmWriter&&) noexcept = default;
FilmWriter& FilmWriter::operator=(FilmWriter&&) noexcept = default;
FilmWriter::~FilmWriter() = default;

FilmWriter::State::~State() {
    if (thread.joinable()) {
        {
            std::lock_guard lock(mutex);
            no_more = broken = true;
            queue.clear();
        }
        changed.notify_all();
        child->abandon();
        join();
    }
    child.reset();
    if (keep_files) return;
    std::error_code ignored;
    for (const fs::path& path : {mp4, gif, png}) fs::remove(path, ignored);
}

Result<FilmWriter> FilmWriter::start(const EncodeOptions& options, const Context& context) {
    CHECK(options.width > 0 && options.height > 0 && options.width % 2 == 0 && options.height % 2 == 0);
    CHECK(options.fps > 0 && options.frames > 0 && options.threads > 0);
    FilmWriter writer;
    State& s = *writer.state_;
    s.options = options;
    // An FFmpeg that was installed by itself brings its own ffprobe.
    fs::path beside = fs::path(options.ffmpeg).parent_path() / "ffprobe";
    std::error_code ignored;
    if (options.ffprobe == "ffprobe" && options.ffmpeg.find('/') != std::string::npos && fs::exists(beside, ignored))
        s.options.ffprobe = beside.string();
    s.context = context;
    s.mp4 = options.directory / "out.mp4.part", s.gif = options.directory / "preview.gif.part",
    s.png = options.directory / "snapshot.png.part";
    Result<Child> child = Child::start(command(options, s.mp4, s.gif, s.png));
    if (!child) {
        s.save_log(child.error().message + "\n");
        return make_error(ErrorCode::kEncodingFailed, "the film could not be made: " + child.error().message +
                                                          "; install FFmpeg (apt-get install ffmpeg) or set FFMPEG_BIN");
    }
    s.child.emplace(std::move(*child));
    s.thread = std::thread([&s] { s.pump(); });
    return writer;
}

void FilmWriter::State::pump() {
    while (true) {
        Frame frame;
        {
            std::unique_lock lock(mutex);
            changed.wait(lock, [&] { return no_more || !queue.empty(); });
            if (queue.empty()) break;
            frame = std::move(queue.front());
            queue.pop_front();
        }
        changed.notify_all();
        bool ok = child->write(frame.y, options.stall_s, context) && child->write(frame.u, options.stall_s, context) &&
                  child->write(frame.v, options.stall_s, context);
        std::lock_guard lock(mutex);
        spare.push_back(std::move(frame));
        if (ok) continue;
        broken = true;
        break;
    }
    changed.notify_all();
    child->close_input();
    child->wait(options.stall_s, context);
}

void FilmWriter::State::join() {
    {
        std::lock_guard lock(mutex);
        no_more = true;
    }
    changed.notify_all();
    if (thread.joinable()) thread.join();
}

// REQUIRES: joined.
Error FilmWriter::State::failure() {
    save_log(child->errors());
    if (context.stop_reason() != StopReason::kNone) return stop_error(context.stop_reason());
    return encoding_failed(options, describe_end(*child, options.stall_s), child->errors());
}

void FilmWriter::State::save_log(const std::string& said) {
    if (said.empty() || options.log_file.empty()) return;
    std::error_code ignored;
    fs::create_directories(options.log_file.parent_path(), ignored);
    std::ofstream(options.log_file, std::ios::app | std::ios::binary) << said;
}

// Takes the frame's planes and leaves spare ones.
Status FilmWriter::State::put(Frame& frame) {
    CHECK(frame.width == options.width && frame.height == options.height);
    bool failed;
    {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return broken || queue.size() < kQueuedFrames; });
        failed = broken;
        if (!failed) {
            queue.push_back(std::move(frame));
            frame = {};
            if (!spare.empty()) {
                frame = std::move(spare.back());
                spare.pop_back();
            }
        }
    }
    changed.notify_all();
    if (!failed) return Unit{};
    join();
    return failure();
}

Status FilmWriter::write(const Frame& frame) {
    Frame copy = frame;
    return take(copy);
}

Status FilmWriter::take(Frame& frame) {
    CHECK(state_->written < state_->options.frames);
    ++state_->written;
    return state_->put(frame);
}

Result<MediaResult> FilmWriter::finish(const Frame* snapshot) {
    State& s = *state_;
    const EncodeOptions& o = s.options;
    CHECK(o.snapshot == (snapshot != nullptr));
    if (s.written != o.frames)
        return make_error(ErrorCode::kEncodingFailed,
                          "the film has " + std::to_string(s.written) + " frames of " + std::to_string(o.frames) + " that were announced");
    if (snapshot) {
        Frame last = *snapshot;
        TRY(s.put(last));
    }
    s.join();
    if (s.broken || s.child->end() != ChildEnd::kExited || s.child->code() != 0) return s.failure();
    s.save_log(s.child->errors());
    TRY(verify_film(s.mp4, o, s.context));
    TRY(s.shrink_preview());
    MediaResult result{s.mp4,
                       s.gif,
                       o.snapshot ? s.png : fs::path(),
                       o.frames,
                       o.width,
                       o.height,
                       o.fps,
                       static_cast<double>(o.frames) / o.fps,
                       size_of(s.mp4),
                       size_of(s.gif),
                       o.snapshot ? size_of(s.png) : 0};
    if (result.preview_bytes == 0 || (o.snapshot && result.snapshot_bytes == 0))
        return encoding_failed(o, "preview or snapshot is missing", s.child->errors());
    s.keep_files = true;
    return result;
}

Status FilmWriter::State::shrink_preview() {
    for (const PreviewSize& smaller : kSmallerPreviews) {
        if (size_of(gif) < kMaxPreviewBytes) return Unit{};
        if (smaller.width > options.width) continue;
        std::vector<std::string> args{options.ffmpeg,
                                      "-hide_banner",
                                      "-loglevel",
                                      "error",
                                      "-nostdin",
                                      "-xerror",
                                      "-f",
                                      "mp4",
                                      "-i",
                                      mp4.string(),
                                      "-filter_complex",
                                      "[0:v]" + preview_filter(preview_rate(options, smaller.divisor), smaller.width),
                                      "-loop",
                                      "0",
                                      "-fflags",
                                      "+bitexact",
                                      "-map_metadata",
                                      "-1",
                                      "-f",
                                      "gif",
                                      "-y",
                                      gif.string()};
        Finished finished = TRY(run_child(args, options.stall_s, context));
        if (!finished.ok) return encoding_failed(options, "preview: " + finished.how, finished.errors);
    }
    if (size_of(gif) < kMaxPreviewBytes) return Unit{};
    return encoding_failed(options, "the preview stays above " + std::to_string(kMaxPreviewBytes) + " bytes", "");
}

}  // namespace proveout
