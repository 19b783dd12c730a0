// film_writer.h -- frames in, out.mp4, preview.gif and snapshot.png out, made by one FFmpeg process from raw yuv420p through a pipe.
//
//   FilmWriter writer = TRY(FilmWriter::start(options, context));
//   for each frame: TRY(writer.write(frame));
//   MediaResult media = TRY(writer.finish(&snapshot));   // verified; still under their temporary names
//   rename(media.mp4, ...);
//
// Errors: kEncodingFailed with a message that holds the last words of FFmpeg (all it said stands in options.log_file); kCancelled,
// kTimeout. Whatever happens, no process and, but for the log and the results of a successful finish(), no file is left behind. The same
// frames give the same files, byte for byte, with the same FFmpeg and the same number of `threads`.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "proveout/context.h"
#include "proveout/frame.h"

namespace proveout {

constexpr uint64_t kMaxPreviewBytes = 2'000'000;

struct EncodeOptions {
    std::string ffmpeg = "ffmpeg";      // name or path; may be a script
    std::string ffprobe = "ffprobe";    // this default: the one beside `ffmpeg` if that is a path and there is one
    std::filesystem::path directory;    // must exist
    std::filesystem::path log_file;     // what FFmpeg said is written here when it said anything; empty: nowhere
    int width = 1280, height = 720;     // even
    int fps = 30;
    int frames = 300;                   // exactly so many will be written
    bool snapshot = true;
    int threads = 2;                    // of the H.264 encoder; 1, 2 and 4 give the same pictures
    double stall_s = 120;               // an FFmpeg that takes and says nothing for so long has failed
};

struct MediaResult {
    std::filesystem::path mp4, gif, png;  // png empty without a snapshot
    int frames = 0, width = 0, height = 0, fps = 0;
    double duration_s = 0;
    uint64_t bytes = 0;                   // of the mp4
    uint64_t preview_bytes = 0, snapshot_bytes = 0;
};

class FilmWriter {
  public:
    static Result<FilmWriter> start(const EncodeOptions& options, const Context& context);
    FilmWriter(FilmWriter&&) noexcept;
    FilmWriter& operator=(FilmWriter&&) noexcept;
    ~FilmWriter();
    // Takes a copy and returns at once while FFmpeg keeps up. REQUIRES: size as in the options.
    Status write(const Frame& frame);
    // The same without the copy: `frame` is left with planes whose memory may be used again, whatever they hold.
    Status take(Frame& frame);
    // snapshot: required exactly if options.snapshot. Checks the film with ffprobe.
    Result<MediaResult> finish(const Frame* snapshot);

  private:
    FilmWriter();
    struct State;
    std::unique_ptr<State> state_;
};

// Checks a finished film: H.264 High, yuv420p, BT.709, size, number of frames, index before the data. Error kEncodingFailed says what is
// wrong.
Status verify_film(const std::filesystem::path& mp4, const EncodeOptions& options, const Context& context);

}  // namespace proveout
