// proveout inspect: canonical motions, states and findings of a program. Nothing is cut.
#include <nlohmann/json.hpp>

#include "args.h"
#include "console.h"
#include "job_input.h"

namespace proveout {

namespace {

using Ordered = nlohmann::ordered_json;

constexpr size_t kFlushBytes = size_t{1} << 16;

// Collects lines and writes them in large pieces; stops the interpreter when nobody reads any more.
class LineWriter {
  public:
    void line(std::string_view text) {
        buffer_.append(text);
        buffer_ += '\n';
        if (buffer_.size() >= kFlushBytes) flush();
    }
    void flush() {
        good_ = good_ && print_out(buffer_);
        buffer_.clear();
    }
    bool good() const { return good_; }

  private:
    std::string buffer_;
    bool good_ = true;
};

std::string dump(const Ordered& value) { return value.dump(-1, ' ', false, Ordered::error_handler_t::replace); }
Ordered triple(Vec3 v) { return {v.x, v.y, v.z}; }

std::string_view kind_of(MotionKind kind) {
    switch (kind) {
        case MotionKind::kRapid:
            return "rapid";
        case MotionKind::kFeed:
            return "feed";
        case MotionKind::kArc:
            return "arc";
        case MotionKind::kDwell:
            return "dwell";
        case MotionKind::kToolChange:
            return "tool_change";
        case MotionKind::kSpindle:
            return "spindle";
        case MotionKind::kPause:
            return "pause";
        case MotionKind::kProgramEnd:
            return "program_end";
    }
    return "";
}

Ordered motion_object(const Motion& motion) {
    Ordered out{{"kind", kind_of(motion.kind)}, {"line", motion.line}};
    bool moves = is_move(motion);
    if (moves) {
        out["to"] = triple(motion.to);
        if (motion.kind == MotionKind::kArc) {
            out["centre"] = triple(motion.centre);
            out["plane"] = motion.plane == ArcPlane::kXY ? "XY" : motion.plane == ArcPlane::kZX ? "ZX" : "YZ";
            out["sweep_rad"] = motion.sweep_rad;
        }
        if (motion.kind != MotionKind::kRapid) {
            out["feed"] = motion.feed;
            out["feed_mode"] = motion.feed_mode == FeedMode::kInverseTime     ? "G93"
                               : motion.feed_mode == FeedMode::kPerRevolution ? "G95"
                                                                              : "G94";
        }
        out["spindle_rpm"] = motion.spindle_rpm;
        out["tool"] = motion.tool;
        if (motion.machine_coordinates) out["machine_coordinates"] = true;
        if (motion.probe) out["probe"] = true;
    } else if (motion.kind == MotionKind::kDwell) {
        out["to"] = triple(motion.to);
        out["dwell_s"] = motion.dwell_s;
    }
    return out;
}

// Tool changes, spindle and ends are states of the controller.
Ordered state_object(const Motion& motion) {
    Ordered out{{"kind", "state"}, {"line", motion.line}, {"state", kind_of(motion.kind)}};
    if (motion.kind == MotionKind::kToolChange) out["tool"] = motion.tool;
    if (motion.kind == MotionKind::kSpindle) out["spindle_rpm"] = motion.spindle_rpm;
    return out;
}

class Printer : public MotionObserver {
  public:
    explicit Printer(bool canon) : canon_(canon) {}
    LineWriter out;
    bool failed = false;

    bool on_motion(const Motion& motion) override {
        if (canon_) return out.good();
        bool state = motion.kind == MotionKind::kToolChange || motion.kind == MotionKind::kSpindle || motion.kind == MotionKind::kPause ||
                     motion.kind == MotionKind::kProgramEnd;
        out.line(dump(state ? state_object(motion) : motion_object(motion)));
        return out.good();
    }
    void on_finding(Finding finding) override {
        failed = failed || finding.severity == Severity::kError;
        if (canon_) {
            print_finding(finding);
            return;
        }
        Ordered object{{"kind", "finding"},
                       {"code", finding.code},
                       {"severity", name_of(finding.severity)},
                       {"line", finding.line},
                       {"message", finding.message}};
        if (finding.controller_error != 0) object["controller_error"] = finding.controller_error;
        out.line(dump(object));
    }
    void on_canon(std::string_view line) override {
        char number[32];
        std::snprintf(number, sizeof number, "%5lld ", static_cast<long long>(++canon_lines_));
        out.line(std::string(number) + std::string(line));
    }
    void on_state(int64_t line, std::string_view word) override {
        if (!canon_) out.line(dump({{"kind", "state"}, {"line", line}, {"word", word}}));
    }

  private:
    bool canon_;
    int64_t canon_lines_ = 0;
};

void print_end(const ProgramEnd& end, LineWriter& out) {
    out.line(dump({{"kind", "end"},
                   {"line", end.last_line},
                   {"position_mm", triple(end.position_mm)},
                   {"machine_position_mm", triple(end.machine_position_mm)},
                   {"modal", end.modal},
                   {"dialect", name_of(end.dialect)}}));
}

Result<int> inspect(const InspectArgs& args) {
    Config config = TRY(load_config());
    SetupArgs setup_args = args.setup;
    setup_args.read_comments = false;
    JobInput input = TRY(read_input(setup_args, config));
    RunControl control(1, 0, false);
    const Setup& setup = input.job.setup;
    bool canon = args.format == "canon";
    InterpretOptions options;
    options.dialect = setup.dialect;
    options.tools = &setup.tools;
    options.tools_are_complete = !args.setup.tools_file.empty();
    options.work_offsets = setup.work_offsets;
    options.machine = setup.machine;
    options.zero_start = !setup.machine.home_mm;
    options.want_canon = canon;
    options.want_states = !canon;
    Printer printer(canon);
    auto end = interpret(input.program.program(), options, printer, control.context());
    if (!end) {
        printer.out.flush();
        return end.error();
    }
    if (!canon) print_end(*end, printer.out);
    printer.out.flush();
    if (control.stop_reason() != StopReason::kNone) return stop_error(control.stop_reason());
    if (!printer.out.good()) return make_error(ErrorCode::kIo, "cannot write to standard output");
    return printer.failed ? kExitFindings : kExitOk;
}

}  // namespace

int run_inspect(const InspectArgs& args) {
    auto status = inspect(args);
    if (status) return *status;
    print_error(status.error(), args.setup.program);
    return exit_status(status.error());
}

}  // namespace proveout
