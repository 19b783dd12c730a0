// libFuzzer target over reader and interpreter. The first byte chooses the dialect and the options, the rest is the program.
#include <cmath>
#include <cstdlib>

#include "proveout/interpret.h"

namespace {

using namespace proveout;

constexpr int kMaxMoves = 2000;  // of one input, so that loops do not eat the time

struct Check final : MotionObserver {
    bool on_motion(const Motion& m) override {
        for (double value :
             {m.from.x, m.from.y, m.from.z, m.to.x, m.to.y, m.to.z, m.centre.x, m.centre.y, m.centre.z, m.sweep_rad, m.feed, m.dwell_s})
            if (!std::isfinite(value)) std::abort();
        if (m.kind == MotionKind::kArc && m.sweep_rad == 0) std::abort();
        return ++moves < kMaxMoves;
    }
    void on_finding(Finding finding) override {
        if (finding.code.empty() || finding.line < 0) std::abort();
    }
    int moves = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    InterpretOptions options;
    options.dialect = static_cast<Dialect>(data[0] % 7);
    options.max_executed_blocks = kMaxMoves;
    options.zero_start = (data[0] & 8) != 0;
    options.want_canon = options.want_comments = options.want_states = (data[0] & 16) != 0;
    options.block_delete = (data[0] & 32) != 0;
    std::vector<Tool> tools(2);
    tools[1].number = 2;
    tools[1].length_offset_mm = 12.5;
    if (data[0] & 64) options.tools = &tools;
    std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    Program program{text, "fuzz", [&](std::string_view name) -> std::optional<std::string_view> {
                        if (name.size() > 3) return std::nullopt;
                        return text.substr(text.size() / 2);
                    }};
    Check check;
    Context context;
    auto end = interpret(program, options, check, context);
    if (!end.ok() && (end.error().code != ErrorCode::kUnprocessableGcode || end.error().line <= 0 || end.error().message.empty()))
        std::abort();
    return 0;
}
