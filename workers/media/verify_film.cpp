// What a film must be, whatever FFmpeg's exit status said.
#include <array>
#include <fstream>
#include <map>

#include "media/film_writer.h"
#include "media/process.h"

namespace proveout {

namespace {

constexpr double kStall_s = 60;

Error wrong(const std::string& what) { return make_error(ErrorCode::kEncodingFailed, "the film that FFmpeg made is not usable: " + what); }

// The order of the top-level boxes of an MP4 file (ISO/IEC 14496-12, 4.2), at most 64.
std::vector<std::string> box_order(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::vector<std::string> boxes;
    std::array<unsigned char, 16> head{};
    uint64_t at = 0;
    while (boxes.size() < 64 && file.seekg(static_cast<std::streamoff>(at)) && file.read(reinterpret_cast<char*>(head.data()), 8)) {
        uint64_t size = 0;
        for (int i = 0; i < 4; ++i) size = size << 8 | head[i];
        boxes.emplace_back(reinterpret_cast<char*>(head.data()) + 4, 4);
        if (size == 1 && file.read(reinterpret_cast<char*>(head.data()) + 8, 8)) {
            size = 0;
            for (int i = 8; i < 16; ++i) size = size << 8 | head[i];
        }
        if (size < 8) break;  // 0: to the end of the file
        at += size;
    }
    return boxes;
}

}  // namespace

Status verify_film(const std::filesystem::path& mp4, const EncodeOptions& options, const Context& context) {
    // Packets are counted and not decoded frames: in MP4 H.264 they are the same, and decoding would cost as much as a tenth of encoding.
    Result<Finished> probe =
        run_child({options.ffprobe, "-v", "error", "-count_packets", "-select_streams", "v:0", "-show_entries",
                   "stream=codec_name,profile,pix_fmt,width,height,nb_read_packets,color_space,color_range,r_frame_rate", "-of",
                   "default=noprint_wrappers=1", "-f", "mp4", "-i", mp4.string()},
                  kStall_s, context);
    if (!probe) {
        if (probe.error().code != ErrorCode::kIo) return probe.error();
        return wrong("it cannot be checked: " + probe.error().message);
    }
    if (!probe->ok) return wrong("ffprobe: " + probe->how + ": " + probe->errors.substr(0, 400));
    std::map<std::string, std::string> found;
    std::string_view text = probe->output;
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        size_t equals = line.find('=');
        if (equals != std::string_view::npos) found[std::string(line.substr(0, equals))] = line.substr(equals + 1);
    }
    const std::pair<const char*, std::string> wanted[] = {{"codec_name", "h264"},
                                                          {"profile", "High"},
                                                          {"pix_fmt", "yuv420p"},
                                                          {"color_space", "bt709"},
                                                          {"color_range", "tv"},
                                                          {"width", std::to_string(options.width)},
                                                          {"height", std::to_string(options.height)},
                                                          {"r_frame_rate", std::to_string(options.fps) + "/1"},
                                                          {"nb_read_packets", std::to_string(options.frames)}};
    for (const auto& [key, value] : wanted)
        if (found[key] != value) return wrong(std::string(key) + " is '" + found[key] + "' and not '" + value + "'");
    std::vector<std::string> boxes = box_order(mp4);
    size_t index = boxes.size(), data = boxes.size();
    for (size_t i = boxes.size(); i-- > 0;) {
        if (boxes[i] == "moov") index = i;
        if (boxes[i] == "mdat") data = i;
    }
    if (boxes.empty() || boxes[0] != "ftyp" || index >= data) return wrong("its index does not stand before its data");
    return Unit{};
}

}  // namespace proveout
