#include <gtest/gtest.h>

#include "pipeline/film_pass.h"
#include "render/camera.h"

namespace proveout {
namespace {

uint64_t hash_of(const Frame& frame) {
    uint64_t hash = 14695981039346656037ull;
    for (const std::vector<uint8_t>* plane : {&frame.y, &frame.u, &frame.v})
        for (uint8_t byte : *plane) hash = (hash ^ byte) * 1099511628211ull;
    return hash;
}

Setup sample_setup() {
    Setup setup;
    Tool flat;
    flat.number = 1, flat.diameter_mm = 8, flat.flute_length_mm = 20, flat.shank_diameter_mm = 8, flat.stickout_mm = 40;
    flat.holder = {{20, 24, 30}};
    setup.tools = {flat};
    setup.stock = Stock{{StockShape::kBox, {100, 40, 15}, {0, 0, -15}, {}}, "6061"};
    return setup;
}

TimedMotion straight(MotionKind kind, int64_t line, Vec3 from, Vec3 to, double start_s, double duration_s) {
    TimedMotion move;
    move.motion.kind = kind, move.motion.line = line, move.motion.from = from, move.motion.to = to, move.motion.tool = 1;
    move.motion.spindle_rpm = 8000, move.motion.feed = 600;
    move.start_s = start_s, move.duration_s = duration_s;
    double speed = length(to - from) / duration_s;
    move.enter_mm_per_s = move.peak_mm_per_s = move.leave_mm_per_s = speed;
    return move;
}

// A plunge beside the stock, one slot of 10 s along X, a dwell of 100 s, a retract.
std::vector<TimedMotion> sample_moves() {
    std::vector<TimedMotion> moves;
    moves.push_back(straight(MotionKind::kRapid, 1, {-10, 20, 20}, {-10, 20, -2}, 0, 1));
    moves.push_back(straight(MotionKind::kFeed, 2, {-10, 20, -2}, {110, 20, -2}, 1, 10));
    TimedMotion dwell = straight(MotionKind::kDwell, 3, {110, 20, -2}, {110, 20, -2}, 11, 100);
    dwell.motion.dwell_s = 100;
    moves.push_back(dwell);
    moves.push_back(straight(MotionKind::kRapid, 4, {110, 20, -2}, {110, 20, 20}, 111, 1));
    return moves;
}

Simulation sample_simulation() {
    Simulation simulation;
    simulation.time.cutting_s = 10, simulation.time.rapid_s = 2, simulation.time.dwell_s = 100;
    return simulation;
}

FilmOptions small_film() {
    FilmOptions options;
    options.scene = {480, 270, "slot.nc"};
    options.fps = 10, options.seconds = 1.3;
    return options;
}

struct Taken {
    std::vector<Frame> frames;
    FilmResult result;
};
Taken film_of(const Setup& setup, const Simulation& simulation, const FilmOptions& options, int threads) {
    Taken film;
    Context context;
    context.threads = threads;
    FrameSink sink = [&](const Frame& frame, int index) {
        EXPECT_EQ(index, static_cast<int>(film.frames.size()));
        film.frames.push_back(frame);
        return true;
    };
    auto pass = FilmPass::create(setup, simulation, options, sink, context);
    EXPECT_TRUE(pass);
    for (const TimedMotion& move : sample_moves())
        if (!(*pass)->on_motion(move)) break;
    film.result = (*pass)->finish();
    return film;
}

int luma_at(const Frame& frame, const Setup& setup, Vec3 point, int* v = nullptr) {
    ScreenPoint p = project(make_camera(picture_bounds(setup), frame.width, frame.height), point);
    int x = static_cast<int>(p.x), y = static_cast<int>(p.y);
    if (v) *v = frame.v[static_cast<size_t>(y / 2) * (frame.width / 2) + x / 2];
    return frame.y[static_cast<size_t>(y) * frame.width + x];
}

TEST(Film, HasTheFramesThatWereAskedFor) {
    const auto setup = sample_setup();
    Simulation simulation = sample_simulation();
    Taken film = film_of(setup, simulation, small_film(), 1);
    EXPECT_EQ(film_frames(small_film()), 13);
    EXPECT_EQ(film.frames.size(), 13u);
    EXPECT_EQ(film.result.frames, 13);
    EXPECT_FALSE(film.result.snapshot.y.empty());
}

// The film's 12 s run over 12 intervals: frame 6 stands 5 s into the slot of 10 s, so its near half is cut and its far half is not; the
// dwell of 100 s takes no frame.
TEST(Film, LongMovesAreShownPartlyCut) {
    const auto setup = sample_setup();
    Taken film = film_of(setup, sample_simulation(), small_film(), 1);
    Vec3 near{25, 20, -2}, far{75, 20, 0};
    const Frame &first = film.frames[0], &half = film.frames[6], &last = film.frames[12];
    EXPECT_NE(luma_at(first, setup, near), luma_at(half, setup, near));
    EXPECT_EQ(luma_at(first, setup, far), luma_at(half, setup, far));
    Vec3 far_floor{75, 20, -2};
    EXPECT_NEAR(luma_at(film.result.snapshot, setup, far_floor), luma_at(film.result.snapshot, setup, {60, 20, -2}), 6);
    EXPECT_NE(luma_at(last, setup, far), luma_at(half, setup, far));
}

TEST(Film, SnapshotIsTheFinishedPartWithoutTool) {
    const auto setup = sample_setup();
    Taken film = film_of(setup, sample_simulation(), small_film(), 1);
    // Nothing but text differs from the last frame below the tool, and the tool is gone.
    EXPECT_NE(film.result.snapshot.y, film.frames.back().y);
    ScreenPoint tool = project(make_camera(picture_bounds(setup), 480, 270), {110, 20, 30});
    size_t at = static_cast<size_t>(tool.y) * 480 + static_cast<size_t>(tool.x);
    EXPECT_NE(film.result.snapshot.y[at], film.frames.back().y[at]);
}

TEST(Film, SnapshotIsTheWorstCollision) {
    const auto setup = sample_setup();
    Simulation simulation = sample_simulation();
    Finding small, deep;
    small.code = "RAPID_IN_STOCK", small.severity = Severity::kError, small.time_s = 3, small.has_point = true,
    small.point_mm = {20, 20, 0};
    small.depth_mm = 1, small.line = 2;
    deep = small;
    deep.code = "HOLDER_COLLISION", deep.time_s = 6, deep.point_mm = {50, 30, 0}, deep.depth_mm = 3;
    simulation.findings = {small, deep};
    Taken film = film_of(setup, simulation, small_film(), 1);
    const Frame& snapshot = film.result.snapshot;
    // 5 s into the slot: its near half is cut, its far half is not, and both markers are there.
    EXPECT_EQ(luma_at(snapshot, setup, {85, 20, 0}), luma_at(film.frames[0], setup, {85, 20, 0}));
    int v = 0;
    luma_at(snapshot, setup, deep.point_mm, &v);
    EXPECT_GT(v, 180);
    luma_at(snapshot, setup, small.point_mm, &v);
    EXPECT_GT(v, 180);
    luma_at(film.frames[0], setup, deep.point_mm, &v);
    EXPECT_LT(v, 150) << "the marker is not there before its time";
}

TEST(Film, SameBytesForAnyNumberOfThreads) {
    const auto setup = sample_setup();
    Taken one = film_of(setup, sample_simulation(), small_film(), 1), four = film_of(setup, sample_simulation(), small_film(), 4);
    ASSERT_EQ(one.frames.size(), four.frames.size());
    for (size_t k = 0; k < one.frames.size(); ++k) EXPECT_EQ(hash_of(one.frames[k]), hash_of(four.frames[k])) << k;
    EXPECT_EQ(hash_of(one.result.snapshot), hash_of(four.result.snapshot));
}

TEST(Film, SinkAndHostCanStopIt) {
    const auto setup = sample_setup();
    Simulation simulation = sample_simulation();
    FilmOptions options = small_film();
    Context context;
    int seen = 0;
    FrameSink sink = [&](const Frame&, int) { return ++seen < 4; };
    auto pass = FilmPass::create(setup, simulation, options, sink, context);
    ASSERT_TRUE(pass);
    for (const TimedMotion& move : sample_moves())
        if (!(*pass)->on_motion(move)) break;
    EXPECT_EQ((*pass)->finish().frames, 4);
    EXPECT_EQ(seen, 4);
}

TEST(Film, GridKeepsWithinMemory) {
    const auto setup = sample_setup();
    Simulation simulation = sample_simulation();
    FilmOptions options = small_film();
    FrameSink sink = [](const Frame&, int) { return true; };
    auto fine = FilmPass::create(setup, simulation, options, sink, {});
    options.memory_limit_bytes = 400e3;
    auto coarse = FilmPass::create(setup, simulation, options, sink, {});
    ASSERT_TRUE(fine && coarse);
    EXPECT_GT((*coarse)->cell_mm(), 1.5 * (*fine)->cell_mm());
    options.memory_limit_bytes = 10;
    auto none = FilmPass::create(setup, simulation, options, sink, {});
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace proveout
