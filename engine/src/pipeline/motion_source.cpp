#include "pipeline/motion_source.h"

#include <deque>

namespace proveout {

namespace {

// How often a stream looks whether it must stop, in motions: some microseconds of work.
constexpr int64_t kStopInterval = 1024;

// Where the tool starts while machine.home is not given: above everything by so much.
constexpr double kClearAbove_mm = 50;

double clear_z_mm(const Setup& setup) {
    Box3 all;
    if (setup.stock) all.add(bounds_of(setup.stock->solid));
    for (const Fixture& fixture : setup.fixtures) all.add(bounds_of(fixture.solid));
    return all.empty() ? InterpretOptions{}.clear_z_mm : all.high.z + kClearAbove_mm;
}

InterpretOptions options_of(const Setup& setup, Dialect known) {
    InterpretOptions options;
    options.dialect = setup.dialect == Dialect::kAuto ? known : setup.dialect;
    options.dialect_guessed = setup.dialect == Dialect::kAuto;
    options.tools = &setup.tools;
    options.work_offsets = setup.work_offsets;
    options.machine = setup.machine;
    options.clear_z_mm = clear_z_mm(setup);
    return options;
}

// Findings wait until the planner has delivered the motions before them, so that they can be told when they happen.
struct Waiting {
    int64_t after;  // motions pushed before the finding
    Finding finding;
};

class Source : public MotionObserver {
  public:
    Source(const Machine& machine, MotionSink& sink, const Context& context)
        : sink_(sink), context_(context), planner_(machine, [this](const TimedMotion& move) { return deliver(move); }) {}

    bool on_motion(const Motion& motion) override {
        if (++pushed_ % kStopInterval == 0 && context_.stop_reason() != StopReason::kNone) return false;
        return planner_.push(motion);
    }

    void on_finding(Finding finding) override {
        if (waiting_.empty() && delivered_ == pushed_) return give(std::move(finding));
        waiting_.push_back({pushed_, std::move(finding)});
    }

    void on_comment(int64_t line, std::string_view text) override { sink_.on_comment(line, text); }

    StreamEnd finish(ProgramEnd program) {
        if (!stopped_) planner_.finish();
        while (!waiting_.empty()) give(std::move(waiting_.front().finding)), waiting_.pop_front();
        return {std::move(program), planner_.totals(), stopped_};
    }

  private:
    bool deliver(const TimedMotion& move) {
        while (!waiting_.empty() && waiting_.front().after <= delivered_) {
            give(std::move(waiting_.front().finding));
            waiting_.pop_front();
        }
        ++delivered_;
        now_s_ = move.start_s + move.duration_s;
        if (!sink_.on_motion(move)) stopped_ = true;
        return !stopped_;
    }

    void give(Finding finding) {
        if (finding.time_s < 0) finding.time_s = now_s_;
        sink_.on_finding(std::move(finding));
    }

    MotionSink& sink_;
    const Context& context_;
    std::deque<Waiting> waiting_;
    int64_t pushed_ = 0, delivered_ = 0;
    double now_s_ = 0;
    bool stopped_ = false;
    Planner planner_;
};

class UntimedSource : public MotionObserver {
  public:
    UntimedSource(MotionSink& sink, const Context& context) : sink_(sink), context_(context) {}
    bool on_motion(const Motion& motion) override {
        if (++seen_ % kStopInterval == 0 && context_.stop_reason() != StopReason::kNone) return false;
        move_.motion = motion;
        stopped = !sink_.on_motion(move_);
        return !stopped;
    }
    void on_finding(Finding finding) override { sink_.on_finding(std::move(finding)); }
    void on_comment(int64_t line, std::string_view text) override { sink_.on_comment(line, text); }
    bool stopped = false;

  private:
    MotionSink& sink_;
    const Context& context_;
    TimedMotion move_;
    int64_t seen_ = 0;
};

}  // namespace

Result<StreamEnd> stream_motions(const Program& program, const Setup& setup, MotionSink& sink, const Context& context, Dialect known) {
    Source source(setup.machine, sink, context);
    ProgramEnd end = TRY(interpret(program, options_of(setup, known), source, context));
    if (context.stop_reason() != StopReason::kNone) return stop_error(context.stop_reason());
    return source.finish(std::move(end));
}

Result<StreamEnd> stream_untimed(const Program& program, const Setup& setup, MotionSink& sink, const Context& context, Dialect known) {
    InterpretOptions options = options_of(setup, known);
    options.want_comments = true;
    UntimedSource source(sink, context);
    ProgramEnd end = TRY(interpret(program, options, source, context));
    if (context.stop_reason() != StopReason::kNone) return stop_error(context.stop_reason());
    return StreamEnd{std::move(end), {}, source.stopped};
}

}  // namespace proveout
