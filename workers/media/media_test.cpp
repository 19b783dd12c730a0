#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "media/film_writer.h"
#include "media/process.h"

namespace proveout {
namespace {

namespace fs = std::filesystem;

struct TempDir {
    fs::path path;
    TempDir() {
        std::string name = (fs::temp_directory_path() / "proveout_media_XXXXXX").string();
        if (!mkdtemp(name.data())) std::abort();
        path = name;
    }
    ~TempDir() { fs::remove_all(path); }
    fs::path script(const std::string& name, const std::string& body) const {
        std::ofstream(path / name) << "#!/bin/sh\n" << body;
        chmod((path / name).c_str(), 0755);
        return path / name;
    }
    size_t parts() const {
        size_t count = 0;
        for (const auto& entry : fs::directory_iterator(path)) count += entry.path().extension() == ".part";
        return count;
    }
};

bool have_ffmpeg() {
    Result<Finished> a = run_child({"ffmpeg", "-version"}, 20, {}), b = run_child({"ffprobe", "-version"}, 20, {});
    return a && a->ok && b && b->ok;
}

bool no_children() { return waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD; }

std::string read_all(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

Frame moving_frame(int width, int height, int k) {
    Frame frame{width, height, {}, {}, {}};
    frame.y.resize(static_cast<size_t>(width) * height);
    frame.u.assign(frame.y.size() / 4, static_cast<uint8_t>(100 + k % 40));
    frame.v.assign(frame.y.size() / 4, 130);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) frame.y[static_cast<size_t>(y) * width + x] = static_cast<uint8_t>(16 + (x * 2 + y + 5 * k) % 200);
    return frame;
}

Frame noisy_frame(int width, int height, uint32_t seed) {
    Frame frame = moving_frame(width, height, 0);
    for (uint8_t& y : frame.y) y = static_cast<uint8_t>(16 + ((seed = seed * 1664525u + 1013904223u) >> 24) % 220);
    for (uint8_t& u : frame.u) u = static_cast<uint8_t>(16 + ((seed = seed * 1664525u + 1013904223u) >> 24) % 220);
    return frame;
}

EncodeOptions small(const TempDir& dir, int frames = 60) {
    EncodeOptions options;
    options.directory = dir.path;
    options.log_file = dir.path / "logs" / "ffmpeg.log";
    options.width = 320, options.height = 180, options.frames = frames;
    return options;
}

Result<MediaResult> encode(const EncodeOptions& options, const Context& context = {}) {
    FilmWriter writer = TRY(FilmWriter::start(options, context));
    for (int k = 0; k < options.frames; ++k) TRY(writer.write(moving_frame(options.width, options.height, k)));
    Frame snapshot = moving_frame(options.width, options.height, 7);
    return writer.finish(options.snapshot ? &snapshot : nullptr);
}

TEST(Media, SixtyFramesVerified) {
    if (!have_ffmpeg()) GTEST_SKIP() << "ffmpeg or ffprobe is not installed";
    TempDir dir;
    Result<MediaResult> media = encode(small(dir));
    ASSERT_TRUE(media) << media.error().message;
    EXPECT_EQ(media->frames, 60);
    EXPECT_DOUBLE_EQ(media->duration_s, 2);
    EXPECT_EQ(media->bytes, fs::file_size(dir.path / "out.mp4.part"));
    EXPECT_LT(media->preview_bytes, kMaxPreviewBytes);
    EXPECT_EQ(read_all(media->gif).substr(0, 6), "GIF89a");
    EXPECT_NE(read_all(media->gif).find("NETSCAPE2.0"), std::string::npos) << "the preview loops";
    EXPECT_EQ(read_all(media->png).substr(1, 3), "PNG");
    // Frames of the preview, size of the snapshot.
    Result<Finished> gif = run_child({"ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames,width", "-of",
                                      "csv=p=0", "-f", "gif", "-i", media->gif.string()}, 20, {});
    ASSERT_TRUE(gif && gif->ok);
    EXPECT_EQ(gif->output.substr(0, 6), "320,20");
    Result<Finished> png = run_child({"ffprobe", "-v", "error", "-show_entries", "stream=width,height,pix_fmt", "-of", "csv=p=0", "-f",
                                      "png_pipe", "-i", media->png.string()},
                                     20, {});
    ASSERT_TRUE(png && png->ok) << png->errors;
    EXPECT_EQ(png->output.substr(0, 13), "320,180,rgb24");
    EXPECT_TRUE(no_children());
}

TEST(Media, SameFramesSameFiles) {
    if (!have_ffmpeg()) GTEST_SKIP() << "ffmpeg or ffprobe is not installed";
    TempDir a, b;
    Result<MediaResult> first = encode(small(a, 20)), second = encode(small(b, 20));
    ASSERT_TRUE(first && second);
    EXPECT_EQ(read_all(first->mp4), read_all(second->mp4));
    EXPECT_EQ(read_all(first->gif), read_all(second->gif));
    EXPECT_EQ(read_all(first->png), read_all(second->png));
}

TEST(Media, WithoutSnapshot) {
    if (!have_ffmpeg()) GTEST_SKIP() << "ffmpeg or ffprobe is not installed";
    TempDir dir;
    EncodeOptions options = small(dir, 10);
    options.snapshot = false;
    Result<MediaResult> media = encode(options);
    ASSERT_TRUE(media) << media.error().message;
    EXPECT_TRUE(media->png.empty());
    EXPECT_EQ(dir.parts(), 2u);
}

TEST(Media, PreviewOfNoiseIsMadeSmaller) {
    if (!have_ffmpeg()) GTEST_SKIP() << "ffmpeg or ffprobe is not installed";
    TempDir dir;
    EncodeOptions options = small(dir, 30);
    options.fps = 10, options.width = 640, options.height = 360, options.snapshot = false;
    Result<FilmWriter> writer = FilmWriter::start(options, {});
    ASSERT_TRUE(writer);
    for (int k = 0; k < options.frames; ++k) ASSERT_TRUE(writer->write(noisy_frame(640, 360, static_cast<uint32_t>(k))));
    Result<MediaResult> media = writer->finish(nullptr);
    ASSERT_TRUE(media) << media.error().message;
    EXPECT_LT(media->preview_bytes, kMaxPreviewBytes);
    EXPECT_GT(media->preview_bytes, 1000u);
}

TEST(Media, FilesAreRemovedWhenNotFinished) {
    if (!have_ffmpeg()) GTEST_SKIP() << "ffmpeg or ffprobe is not installed";
    TempDir dir;
    {
        Result<FilmWriter> writer = FilmWriter::start(small(dir), {});
        ASSERT_TRUE(writer);
        for (int k = 0; k < 30; ++k) ASSERT_TRUE(writer->write(moving_frame(320, 180, k)));
    }
    EXPECT_EQ(dir.parts(), 0u);
    EXPECT_TRUE(no_children());
}

TEST(Media, TooFewFramesAreAnError) {
    if (!have_ffmpeg()) GTEST_SKIP() << "ffmpeg or ffprobe is not installed";
    TempDir dir;
    {
        Result<FilmWriter> writer = FilmWriter::start(small(dir), {});
        ASSERT_TRUE(writer);
        ASSERT_TRUE(writer->write(moving_frame(320, 180, 0)));
        Frame snapshot = moving_frame(320, 180, 0);
        Result<MediaResult> media = writer->finish(&snapshot);
        ASSERT_FALSE(media);
        EXPECT_EQ(media.error().code, ErrorCode::kEncodingFailed);
    }
    EXPECT_EQ(dir.parts(), 0u);
}

TEST(Media, NoFfmpeg) {
    TempDir dir;
    EncodeOptions options = small(dir);
    options.ffmpeg = "/nowhere/ffmpeg";
    Result<FilmWriter> writer = FilmWriter::start(options, {});
    ASSERT_FALSE(writer);
    EXPECT_EQ(writer.error().code, ErrorCode::kEncodingFailed);
    EXPECT_NE(writer.error().message.find("/nowhere/ffmpeg"), std::string::npos);
    EXPECT_NE(writer.error().message.find("install"), std::string::npos);
}

TEST(Media, FailingEncoderTellsItsLastWords) {
    TempDir dir;
    EncodeOptions options = small(dir);
    options.ffmpeg =
        dir.script("ffmpeg", "echo first of all >&2; yes 'the disc is on fire' | head -n 20000 >&2; echo giving up >&2; exit 3\n");
    Result<MediaResult> media = encode(options);
    ASSERT_FALSE(media);
    EXPECT_EQ(media.error().code, ErrorCode::kEncodingFailed);
    EXPECT_NE(media.error().message.find("exit status 3"), std::string::npos) << media.error().message;
    EXPECT_NE(media.error().message.find("giving up"), std::string::npos) << media.error().message;
    std::string log = read_all(options.log_file);
    EXPECT_EQ(log.substr(0, 12), "first of all");
    EXPECT_LT(log.size(), kKeptOutput + 200);
    EXPECT_EQ(dir.parts(), 0u);
    EXPECT_TRUE(no_children());
}

// It takes everything, says nothing, exits with 0 and has made no film: FFmpeg's own word is not enough.
TEST(Media, SuccessWithoutFilmIsFailure) {
    TempDir dir;
    EncodeOptions options = small(dir);
    options.ffmpeg = dir.script("ffmpeg", "exec cat > /dev/null\n");
    Result<MediaResult> media = encode(options);
    ASSERT_FALSE(media);
    EXPECT_EQ(media.error().code, ErrorCode::kEncodingFailed);
    EXPECT_TRUE(no_children());
}

TEST(Media, KilledEncoder) {
    TempDir dir;
    EncodeOptions options = small(dir);
    options.ffmpeg = dir.script("ffmpeg", "head -c 200000 > /dev/null; kill -KILL $$\n");
    Result<MediaResult> media = encode(options);
    ASSERT_FALSE(media);
    EXPECT_EQ(media.error().code, ErrorCode::kEncodingFailed);
    EXPECT_NE(media.error().message.find("signal 9"), std::string::npos) << media.error().message;
    EXPECT_TRUE(no_children());
}

TEST(Media, CancelKillsTheWholeGroup) {
    TempDir dir;
    EncodeOptions options = small(dir);
    fs::path pid_file = dir.path / "pid";
    options.ffmpeg = dir.script("ffmpeg", "sleep 1000 & echo $! > " + pid_file.string() + "; wait\n");
    std::atomic<int> stop{0};
    Context context;
    context.stop = &stop;
    std::thread host([&] {
        while (read_all(pid_file).empty()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        stop = static_cast<int>(StopReason::kCancelled);
    });
    Result<MediaResult> media = encode(options, context);
    host.join();
    ASSERT_FALSE(media);
    EXPECT_EQ(media.error().code, ErrorCode::kCancelled);
    EXPECT_TRUE(no_children());
    pid_t grandchild = static_cast<pid_t>(std::stol(read_all(pid_file)));
    for (int i = 0; i < 400 && ::kill(grandchild, 0) == 0; ++i) {
        // A killed orphan stays a zombie until the init process takes it.
        std::string stat = read_all("/proc/" + std::to_string(grandchild) + "/stat");
        if (stat.find(") Z ") != std::string::npos) return;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_NE(::kill(grandchild, 0), 0);
}

TEST(Media, HungEncoderIsKilled) {
    TempDir dir;
    EncodeOptions options = small(dir);
    options.ffmpeg = dir.script("ffmpeg", "exec sleep 1000\n");
    options.stall_s = 0.3;
    Result<MediaResult> media = encode(options);
    ASSERT_FALSE(media);
    EXPECT_EQ(media.error().code, ErrorCode::kEncodingFailed);
    EXPECT_NE(media.error().message.find("no progress"), std::string::npos) << media.error().message;
    EXPECT_TRUE(no_children());
}

// What ffprobe must notice: a film in a format that browsers refuse, a short film, an index at the end.
TEST(Media, VerificationRefuses) {
    if (!have_ffmpeg()) GTEST_SKIP() << "ffmpeg or ffprobe is not installed";
    TempDir dir;
    EncodeOptions options = small(dir, 10);
    Result<MediaResult> media = encode(options);
    ASSERT_TRUE(media);
    EXPECT_TRUE(verify_film(media->mp4, options, {}));
    EncodeOptions other = options;
    other.frames = 11;
    Status frames = verify_film(media->mp4, other, {});
    ASSERT_FALSE(frames);
    EXPECT_NE(frames.error().message.find("nb_read_packets"), std::string::npos);
    fs::path tail = dir.path / "tail.mp4";
    ASSERT_TRUE(run_child({"ffmpeg", "-v", "error", "-nostdin", "-i", media->mp4.string(), "-c", "copy", "-y", tail.string()}, 20, {})->ok);
    Status order = verify_film(tail, options, {});
    ASSERT_FALSE(order);
    EXPECT_NE(order.error().message.find("index"), std::string::npos) << order.error().message;
    fs::path rgb = dir.path / "rgb.mp4";
    ASSERT_TRUE(
        run_child({"ffmpeg", "-v", "error", "-nostdin", "-i", media->mp4.string(), "-vf", "format=yuv444p", "-y", rgb.string()}, 20, {})
            ->ok);
    EXPECT_FALSE(verify_film(rgb, options, {}));
}

TEST(Process, KeepsHeadAndTailOfLongOutput) {
    KeptText text;
    std::string line = "0123456789";
    for (int i = 0; i < 20000; ++i) text.add(line.data(), line.size());
    text.add("END", 3);
    std::string kept = text.text();
    EXPECT_LT(kept.size(), kKeptOutput + 100);
    EXPECT_EQ(kept.substr(0, 10), line);
    EXPECT_EQ(kept.substr(kept.size() - 3), "END");
}

TEST(Process, ArgumentsAreNotInterpreted) {
    Result<Finished> finished = run_child({"printf", "%s|%s", "$(id) `id` ; rm", "a b\n*"}, 20, {});
    ASSERT_TRUE(finished);
    EXPECT_TRUE(finished->ok);
    EXPECT_EQ(finished->output, "$(id) `id` ; rm|a b\n*");
}

TEST(Process, SigpipeStaysQuietAndExitStatusIsTold) {
    Result<Child> child = Child::start({"sh", "-c", "exit 7"});
    ASSERT_TRUE(child);
    std::vector<uint8_t> much(4 << 20);
    EXPECT_FALSE(child->write(much, 20, {}));
    EXPECT_TRUE(child->wait(20, {}));
    EXPECT_EQ(child->end(), ChildEnd::kExited);
    EXPECT_EQ(child->code(), 7);
}

}  // namespace
}  // namespace proveout
