#include "pipeline/film_pass.h"

#include <cstdio>

#include "render/camera.h"

namespace proveout {

namespace {

constexpr double kCellPixels = 0.8;        // width of a cell in pixels: finer would not be seen, coarser would
constexpr double kCoarsest = 40;           // times that; beyond it a picture says nothing
constexpr double kBytesPerRay = 8;         // what the renderer keeps beside the grid
constexpr size_t kMaxBatch = 8192;         // sweeps
constexpr double kTraceShown_s = 0.8;      // of the film
constexpr double kTracePixels = 2200;      // longest trace
constexpr size_t kMaxTracePoints = 500;
constexpr double kTraceStepPixels = 1.5;
constexpr double kCaptionShown_s = 1.5;    // of the film, at least
constexpr double kTintShown_s = 0.15;      // of the film, at least: a contact of a millisecond is seen too
constexpr double kFixtureReach = 1.0;      // fixtures farther than this many sizes of the stock may leave the picture

std::string name_of_tool(const Tool& tool) {
    char text[64];
    std::snprintf(text, sizeof text, "D%.4g %s", tool.diameter_mm, std::string(name_of(tool.type)).c_str());
    return text;
}

Box3 tip_box(const Sweep& sweep) {
    Box3 box;
    box.add(sweep.from);
    box.add(sweep.to);
    if (sweep.arc) {
        box.add(Vec3{sweep.centre_x - sweep.arc_radius, sweep.centre_y - sweep.arc_radius, sweep.from.z});
        box.add(Vec3{sweep.centre_x + sweep.arc_radius, sweep.centre_y + sweep.arc_radius, sweep.from.z});
    }
    return box;
}

bool is_collision(const Finding& finding) {
    const FindingRule* rule = find_rule(finding.code);
    return rule && rule->is_collision && finding.has_point && finding.time_s >= 0;
}

Result<DexelGrid> picture_grid(const Setup& setup, const FilmOptions& options) {
    const Solid& stock = setup.stock->solid;
    Camera camera = make_camera(picture_bounds(setup), options.scene.width, options.scene.height);
    DexelSpec spec;
    spec.jitter = false;
    spec.keep_colour = true;
    double wish = kCellPixels / camera.scale;
    for (spec.cell_mm = wish; spec.cell_mm < wish * kCoarsest; spec.cell_mm *= 1.25) {
        GridEstimate estimate = estimate_grid(bounds_of(stock), spec);
        if (estimate.bytes + kBytesPerRay * estimate.rays <= options.memory_limit_bytes) break;
    }
    return make_grid(stock, spec, options.memory_limit_bytes);
}

}  // namespace

Box3 picture_bounds(const Setup& setup) {
    Box3 stock = bounds_of(setup.stock->solid), all = stock;
    Vec3 size = stock.size();
    double reach = kFixtureReach * std::max({size.x, size.y, size.z});
    for (const Fixture& fixture : setup.fixtures) {
        Box3 box = bounds_of(fixture.solid);
        auto near = [&](double low, double high, double stock_low, double stock_high, double& out_low, double& out_high) {
            out_low = std::clamp(low, stock_low - reach, stock_high + reach),
            out_high = std::clamp(high, stock_low - reach, stock_high + reach);
        };
        near(box.low.x, box.high.x, stock.low.x, stock.high.x, box.low.x, box.high.x);
        near(box.low.y, box.high.y, stock.low.y, stock.high.y, box.low.y, box.high.y);
        near(box.low.z, box.high.z, stock.low.z, stock.high.z, box.low.z, box.high.z);
        all.add(box);
    }
    return all;
}

Result<std::unique_ptr<FilmPass>> FilmPass::create(const Setup& setup, const Simulation& simulation, const FilmOptions& options,
                                                   const FrameSink& sink, const Context& context) {
    CHECK(setup.stock.has_value());
    CHECK(options.fps > 0 && options.seconds > 0);
    DexelGrid grid = TRY(picture_grid(setup, options));
    return std::unique_ptr<FilmPass>(new FilmPass(setup, simulation, options, sink, context, std::move(grid)));
}

FilmPass::FilmPass(const Setup& setup, const Simulation& simulation, const FilmOptions& options, const FrameSink& sink,
                   const Context& context, DexelGrid grid)
    : setup_(setup),
      simulation_(simulation),
      options_(options),
      sink_(sink),
      context_(context),
      grid_(std::move(grid)),
      toolbox_(make_toolbox(setup.tools)),
      renderer_(grid_, toolbox_.assemblies, setup.fixtures, picture_bounds(setup), options.scene),
      pixel_mm_(1 / make_camera(picture_bounds(setup), options.scene.width, options.scene.height).scale),
      frames_(film_frames(options)),
      total_s_(simulation.time.cutting_s + simulation.time.rapid_s) {
    choose_snapshot();
}

void FilmPass::choose_snapshot() {
    for (const Finding& finding : simulation_.findings) {
        if (!is_collision(finding)) continue;
        collisions_.push_back(&finding);
        if (!worst_ || std::pair(finding.severity, finding.depth_mm) > std::pair(worst_->severity, worst_->depth_mm)) worst_ = &finding;
    }
    std::stable_sort(collisions_.begin(), collisions_.end(), [](const Finding* a, const Finding* b) { return a->time_s < b->time_s; });
    // An event begins with a touch: its middle shows more.
    if (worst_) snapshot_s_ = worst_->time_s + 0.5 * worst_->duration_s;
}

double FilmPass::frame_time_s(int frame) const { return frames_ > 1 ? total_s_ * frame / (frames_ - 1) : total_s_; }

bool FilmPass::on_motion(const TimedMotion& move) {
    const Motion& motion = move.motion;
    line_ = motion.line;
    tool_ = motion.tool;
    slot_ = toolbox_.slot_of(motion.tool);
    if (worst_ && snapshot_s_ >= 0 && move.start_s >= snapshot_s_) draw_snapshot(move.start_s, film_now_s_);
    if (!is_move(motion)) {
        program_now_s_ = move.start_s + move.duration_s;
        return !stopped_;
    }
    if (++owners_ > static_cast<int32_t>(kMaxBatch)) flush(), owners_ = 1;
    done_fraction_ = 0;
    // The moments of this move that are looked at, in their order. The last frame waits for the end.
    while (!stopped_) {
        double frame_s = drawn_ < frames_ - 1 ? frame_time_s(drawn_) - film_now_s_ : 1e300;
        double snapshot_s = worst_ && snapshot_s_ >= 0 ? snapshot_s_ - move.start_s : 1e300;
        double elapsed_s = std::max(0.0, std::min(frame_s, snapshot_s));
        if (elapsed_s > move.duration_s) break;
        cut_until(move, fraction_at(move, elapsed_s));
        if (snapshot_s <= frame_s) draw_snapshot(snapshot_s_, film_now_s_ + elapsed_s);
        else stopped_ = !draw_frame(move.start_s + elapsed_s, film_now_s_ + elapsed_s);
    }
    cut_until(move, 1);
    film_now_s_ += move.duration_s;
    program_now_s_ = move.start_s + move.duration_s;
    return !stopped_;
}

void FilmPass::cut_until(const TimedMotion& move, double fraction) {
    const Motion& motion = move.motion;
    tip_ = tip_at(setup_.machine, motion, fraction);
    if (fraction <= done_fraction_) return;
    size_t first = batch_.size();
    append_motion_sweeps(setup_.machine, motion, slot_, owners_ - 1, batch_, done_fraction_, fraction);
    double radius = slot_ < 0 ? 0 : toolbox_.assemblies[slot_].cutter_radius_mm;
    for (size_t i = first; i < batch_.size(); ++i) {
        batch_[i].forbids_cutting = batch_[i].checks_flutes = false;  // checked in the run before
        Box3 box = tip_box(batch_[i]);
        changed_.add(box.low - Vec3{radius, radius, 0});
        changed_.add(box.high + Vec3{radius, radius, 0});
    }
    extend_trace(motion, done_fraction_, fraction, film_now_s_ + done_fraction_ * move.duration_s,
                 film_now_s_ + fraction * move.duration_s);
    done_fraction_ = fraction;
    if (batch_.size() >= kMaxBatch) flush();
}

void FilmPass::flush() {
    CutOptions options;
    options.check_contacts = false;
    if (!batch_.empty()) cut_batch(grid_, toolbox_.assemblies, batch_, owners_, options, context_);
    batch_.clear();
}

void FilmPass::extend_trace(const Motion& motion, double from, double to, double film_from, double film_to) {
    // Rapids would be lines in the air.
    bool gap = !trace_.empty() && std::isnan(trace_.back().at.x);
    if (motion.kind == MotionKind::kRapid) {
        if (!gap && !trace_.empty()) trace_.push_back({Vec3{std::nan(""), 0, 0}, film_to});
        return;
    }
    int pieces = 1;
    if (motion.kind == MotionKind::kArc)
        pieces = static_cast<int>(std::clamp(std::ceil(std::abs(motion.sweep_rad) * (to - from) * 6), 1.0, 400.0));
    if (trace_.empty() || gap) trace_.push_back({tip_at(setup_.machine, motion, from), film_from});
    for (int k = 1; k <= pieces; ++k) {
        double share = static_cast<double>(k) / pieces;
        Vec3 p = tip_at(setup_.machine, motion, from + share * (to - from));
        double film_s = film_from + share * (film_to - film_from);
        // Points closer than a step replace the last one; the one before it keeps the distance. Beside a gap the length is NaN, the test
        // false.
        if (trace_.size() >= 2 && length(p - trace_[trace_.size() - 2].at) < kTraceStepPixels * pixel_mm_) trace_.back() = {p, film_s};
        else trace_.push_back({p, film_s});
        if (trace_.size() > kMaxTracePoints) trace_.pop_front();
    }
}

SceneState FilmPass::state_at(double time_s, double film_s) const {
    SceneState state;
    state.tip_mm = tip_;
    state.assembly = slot_;
    state.time_s = time_s;
    state.line = line_;
    state.tool = tool_;
    if (slot_ >= 0) state.tool_name = name_of_tool(setup_.tools[slot_]);
    double per_film_s = total_s_ / options_.seconds;  // machining time shown by one second of film
    double left = kTracePixels * pixel_mm_;
    for (size_t i = trace_.size(); i-- > 0 && film_s - trace_[i].film_s <= kTraceShown_s * per_film_s && left > 0;) {
        double step = state.trace.empty() ? 0 : length(state.trace.back() - trace_[i].at);
        if (step > 0) left -= step;  // not across a gap
        state.trace.push_back(trace_[i].at);
    }
    std::reverse(state.trace.begin(), state.trace.end());
    for (const Finding* finding : collisions_) {
        if (finding->time_s > time_s) break;
        state.collisions.push_back(finding->point_mm);
        double since = time_s - finding->time_s;
        if (since <= std::max(finding->duration_s, kTintShown_s * per_film_s)) state.colliding = true;
        if (since <= std::max(finding->duration_s, kCaptionShown_s * per_film_s))
            state.caption = std::string(finding->code) + "  line " + std::to_string(finding->line);
    }
    return state;
}

bool FilmPass::draw_frame(double time_s, double film_s) {
    flush();
    renderer_.draw(state_at(time_s, film_s), changed_, frame_, context_);
    changed_ = {};
    bool go_on = sink_(frame_, drawn_);
    ++drawn_;
    context_.report("encode", static_cast<double>(drawn_) / frames_);
    return go_on && context_.stop_reason() == StopReason::kNone;
}

void FilmPass::draw_snapshot(double time_s, double film_s) {
    flush();
    SceneState state = state_at(time_s, film_s);
    state.colliding = true;
    state.caption = std::string(worst_->code) + "  line " + std::to_string(worst_->line);
    renderer_.draw(state, changed_, result_.snapshot, context_);
    changed_ = {};
    snapshot_s_ = -1;
}

FilmResult FilmPass::finish() {
    while (!stopped_ && drawn_ < frames_) stopped_ = !draw_frame(program_now_s_, film_now_s_);
    result_.frames = drawn_;
    if (stopped_ || !result_.snapshot.y.empty()) return std::move(result_);
    SceneState state = state_at(program_now_s_, film_now_s_);
    state.assembly = -1;
    state.tool = 0;
    state.line = 0;
    state.trace.clear();
    flush();
    renderer_.draw(state, changed_, result_.snapshot, context_);
    return std::move(result_);
}

int film_frames(const FilmOptions& options) { return std::max(1, static_cast<int>(std::lround(options.fps * options.seconds))); }

}  // namespace proveout
