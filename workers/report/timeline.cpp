// timeline.json: docs/timeline.md describes the format. Written by hand because a document tree of 200,000 records costs seconds.
#include "report/report.h"
#include "report/text.h"

namespace proveout {

namespace {

// Records in a chunk: about 60 kB of text, so that a viewer's jump to a time reads one small range.
constexpr size_t kChunkRecords = 1000;

// A record that does not start where the one before it ended (a length offset changed, moves were left out) names its start.
constexpr double kSamePoint_mm = 0.0005;

constexpr std::string_view kKinds = R"(["rapid","feed","arc","dwell","tool_change","spindle","pause","end"])";
constexpr std::string_view kColumns =
    R"(["line","lines","kind","tool","start_s","duration_s","x_mm","y_mm","z_mm","removed_mm3","feed_mm_per_min","spindle_rpm",)"
    R"("x0_mm","y0_mm","z0_mm"])";

void add(std::string& out, double value, int decimals) {
    out += ',';
    append_number(out, value, decimals);
}

void add_record(std::string& out, const TimelineEntry& entry, Vec3 previous_mm) {
    out += '[';
    out += std::to_string(entry.line);
    out += ',';
    out += std::to_string(entry.last_line > 0 ? entry.last_line - entry.line + 1 : 1);
    out += ',';
    out += std::to_string(static_cast<int>(entry.kind));
    out += ',';
    out += std::to_string(entry.tool);
    add(out, entry.start_s, 4), add(out, entry.duration_s, 4);
    add(out, entry.to_mm.x, 4), add(out, entry.to_mm.y, 4), add(out, entry.to_mm.z, 4);
    add(out, entry.removed_mm3, 3), add(out, entry.feed_mm_per_min, 2), add(out, entry.spindle_rpm, 1);
    if (length(entry.from_mm - previous_mm) > kSamePoint_mm)
        add(out, entry.from_mm.x, 4), add(out, entry.from_mm.y, 4), add(out, entry.from_mm.z, 4);
    out += ']';
}

}  // namespace

std::string timeline_json(const ReportInput& input) {
    CHECK(input.simulation);
    const Simulation& simulation = *input.simulation;
    const auto& entries = simulation.timeline;
    CHECK(entries.size() <= kMaxTimeline);
    std::string chunks, index;
    for (size_t first = 0; first < entries.size(); first += kChunkRecords) {
        size_t end = std::min(entries.size(), first + kChunkRecords), offset = chunks.size();
        chunks += '[';
        for (size_t i = first; i < end; ++i) {
            if (i > first) chunks += ',';
            // The first record of a chunk compares with no other chunk's: each can be read alone.
            Vec3 nowhere{1e9, 1e9, 1e9};
            add_record(chunks, entries[i], i > first ? entries[i - 1].to_mm : nowhere);
        }
        chunks += ']';
        index += (first ? "," : "") + ("[" + number(entries[first].start_s, 4)) + "," + std::to_string(entries[first].line) + "," +
                 std::to_string(offset) + "," + std::to_string(chunks.size() - offset) + "]";
        chunks += end < entries.size() ? ",\n" : "\n";
    }
    std::string out = "{\"schema\":\"proveout_timeline/v1\",\"records\":" + std::to_string(entries.size()) +
                      ",\"merge_factor\":" + std::to_string(simulation.timeline_merge_factor) +
                      ",\"duration_s\":" + number(simulation.time.total_s(), 4) + ",\"kinds\":";
    out += kKinds;
    out += ",\"columns\":";
    out += kColumns;
    out += ",\"index\":[" + index + "],\"chunks\":[\n" + chunks + "]}\n";
    return out;
}

}  // namespace proveout
