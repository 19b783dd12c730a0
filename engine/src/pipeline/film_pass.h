// film_pass.h -- the pass over the motions that makes the film: cuts a grid for pictures and draws a frame whenever its moment comes.
//
// The film's clock runs only while the machine moves: dwells, tool changes and spindle ramps are skipped. Frame k of n shows the moment
// k/(n-1) of that time, so the last one holds the finished part. Memory does not grow with the program's length.
#pragma once

#include <deque>
#include <optional>

#include "pipeline/motion_source.h"
#include "proveout/simulate.h"

namespace proveout {

// What the camera frames: stock, and fixtures as far as they are near.
Box3 picture_bounds(const Setup& setup);

class FilmPass : public MotionSink {
  public:
    // REQUIRES: setup.stock given. All references must outlive the pass. Error kTooLarge: not even a coarse grid fits the limit.
    static Result<std::unique_ptr<FilmPass>> create(const Setup& setup, const Simulation& simulation, const FilmOptions& options,
                                                    const FrameSink& sink, const Context& context);
    bool on_motion(const TimedMotion& move) override;
    // The frames that are left, and the snapshot.
    FilmResult finish();
    double cell_mm() const { return grid_.cell_u; }

  private:
    struct TracePoint {
        Vec3 at;
        double film_s;
    };
    FilmPass(const Setup& setup, const Simulation& simulation, const FilmOptions& options, const FrameSink& sink, const Context& context,
             DexelGrid grid);

    double frame_time_s(int frame) const;
    void choose_snapshot();
    void cut_until(const TimedMotion& move, double fraction);
    void flush();
    void extend_trace(const Motion& motion, double from, double to, double film_from, double film_to);
    SceneState state_at(double time_s, double film_s) const;
    bool draw_frame(double time_s, double film_s);
    void draw_snapshot(double time_s, double film_s);

    const Setup& setup_;
    const Simulation& simulation_;
    const FilmOptions& options_;
    const FrameSink& sink_;
    const Context& context_;
    DexelGrid grid_;
    Toolbox toolbox_;
    Renderer renderer_;
    double pixel_mm_ = 0;

    int frames_ = 0, drawn_ = 0;
    double total_s_ = 0;                       // of the film's clock
    double film_now_s_ = 0, program_now_s_ = 0;
    std::vector<const Finding*> collisions_;   // with a point, by time
    const Finding* worst_ = nullptr;
    double snapshot_s_ = -1;                   // program time; -1: the finished part
    bool stopped_ = false;

    std::vector<Sweep> batch_;
    int32_t owners_ = 0;
    double done_fraction_ = 0;                 // of the move under way
    Box3 changed_;
    std::deque<TracePoint> trace_;
    Vec3 tip_;
    int32_t slot_ = -1;
    int tool_ = 0;
    int64_t line_ = 0;
    Frame frame_;
    FilmResult result_;
};

}  // namespace proveout
