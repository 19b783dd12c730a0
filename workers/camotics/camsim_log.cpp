#include "camotics/camsim_log.h"

#include <charconv>
#include <cmath>

#include "job/lengths.h"

namespace proveout {

namespace {

bool starts_with(std::string_view text, std::string_view start) { return text.substr(0, start.size()) == start; }

// Colour codes are off by option; a build that ignores it still reads right.
std::string without_colour(std::string_view text) {
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\033' && i + 1 < text.size() && text[i + 1] == '[') {
            i = text.find('m', i);
            if (i == std::string_view::npos) break;
        } else if (text[i] != '\r') {
            out += text[i];
        }
    }
    return out;
}

std::optional<double> number_before(std::string_view text, std::string_view stop) {
    size_t at = text.find(stop);
    if (at == std::string_view::npos) return std::nullopt;
    return parse_number(trimmed(text.substr(0, at)));
}

// "((x,y,z), (x,y,z)) at 0.25 grid resolution"
void read_bounds(std::string_view text, CamsimLog& log) {
    double values[6];
    size_t found = 0;
    std::string number;
    size_t end = text.find("))");
    if (end == std::string_view::npos) return;
    for (char c : text.substr(0, end + 1)) {
        if ((c >= '0' && c <= '9') || c == '-' || c == '.' || c == 'e' || c == '+') {
            number += c;
        } else if (!number.empty()) {
            auto value = parse_number(number);
            if (!value || found == 6) return;
            values[found++] = *value;
            number.clear();
        }
    }
    if (found != 6) return;
    Box3 box;
    box.low = {values[0], values[1], values[2]};
    box.high = {values[3], values[4], values[5]};
    log.bounds_mm = box;
    size_t at = text.find(" at ", end);
    if (at != std::string_view::npos) log.cell_mm = number_before(text.substr(at + 4), " grid");
}

}  // namespace

CamMessage split_cam_message(std::string_view text) {
    CamMessage out;
    for (size_t from = 0; (from = text.find(':', from)) != std::string_view::npos; ++from) {
        size_t digits = from + 1, end = digits;
        while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
        if (end == digits || end >= text.size() || text[end] != ':' || end - digits > 15) continue;
        std::from_chars(text.data() + digits, text.data() + end, out.line);
        std::string_view file = text.substr(0, from);
        size_t slash = file.rfind('/');
        out.file = std::string(slash == std::string_view::npos ? file : file.substr(slash + 1));
        out.text = std::string(trimmed(text.substr(end + 1)));
        return out;
    }
    out.text = std::string(trimmed(text));
    return out;
}

void CamsimLog::add(std::string_view piece) {
    bytes += piece.size();
    while (!piece.empty()) {
        size_t end = piece.find('\n');
        std::string_view part = piece.substr(0, end);
        if (!skipping_) partial_.append(part.substr(0, kMaxCamLine - std::min(kMaxCamLine, partial_.size())));
        skipping_ = partial_.size() >= kMaxCamLine;
        if (end == std::string_view::npos) return;
        line(partial_);
        partial_.clear();
        skipping_ = false;
        piece.remove_prefix(end + 1);
    }
}

void CamsimLog::finish() {
    if (!partial_.empty()) line(partial_);
    partial_.clear();
}

void CamsimLog::line(std::string_view raw) {
    std::string text = without_colour(raw);
    std::string_view view = text;
    auto rest = [&](std::string_view start) { return view.substr(start.size()); };
    if (starts_with(view, "ERROR:")) {
        std::string_view what = rest("ERROR:");
        bool more =
            was_error_ && (starts_with(what, "       At:") || starts_with(what, "Caused by:") || starts_with(what, "While executing"));
        was_error_ = true;
        if (more) {  // of the error before
            if (!errors.empty() && error_count <= static_cast<int64_t>(kMaxCamMessages)) {
                CamMessage place =
                    starts_with(what, "       At:") ? split_cam_message(std::string(trimmed(what.substr(10))) + ":") : CamMessage{};
                if (place.line > 0 && errors.back().line == 0) errors.back().line = place.line, errors.back().file = place.file;
            }
            return;
        }
        ++error_count;
        if (errors.size() < kMaxCamMessages) errors.push_back(split_cam_message(what));
        return;
    }
    was_error_ = false;
    if (starts_with(view, "WARNING:")) {
        ++warning_count;
        if (warnings.size() < kMaxCamMessages) warnings.push_back(split_cam_message(rest("WARNING:")));
    } else if (starts_with(view, "Progress: ")) {
        if (auto percent = number_before(rest("Progress: "), "%"); percent && phase <= CamPhase::kSurface)
            phase = CamPhase::kSurface, surface_fraction = std::max(surface_fraction, std::min(1.0, std::max(0.0, *percent / 100)));
    } else if (starts_with(view, "Computing surface bounded by ")) {
        phase = CamPhase::kSurface;
        read_bounds(rest("Computing surface bounded by "), *this);
    } else if (starts_with(view, "Computing surface at ")) {
        time_is_nan |= rest("Computing surface at ").find("-2147483648") != std::string_view::npos;
    } else if (starts_with(view, "Reducing mesh")) {
        phase = CamPhase::kReducing;
    } else if (starts_with(view, "Time: ")) {
        size_t at = view.find("Triangles: ");
        if (at == std::string_view::npos) return;
        auto count = number_before(std::string(view.substr(at + 11)) + " ", " ");
        if (count && *count >= 0 && *count < 1e15) triangles = static_cast<int64_t>(*count), phase = CamPhase::kWriting;
    }
}

}  // namespace proveout
