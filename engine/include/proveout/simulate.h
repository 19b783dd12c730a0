// simulate.h -- the whole way from a program to a Simulation, a film and a part. The only header that most hosts need.
//
//   Survey survey = TRY(survey_program(program, setup, context));    // bounds, tools, comments; decides nothing
//   ... fill what is missing in `setup` (workers/import) ...
//   Simulation simulation = TRY(simulate(program, setup, options, context));
//   TRY(make_film(program, setup, simulation, film, sink, context)); // second run of the same motions on a grid for pictures
//   Mesh part = TRY(make_part(program, setup, part_options, context));
//
// Each call reads the program again (interpretation is cheaper than memory): memory does not grow with the program's length.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "proveout/context.h"
#include "proveout/frame.h"
#include "proveout/interpret.h"
#include "proveout/mesh.h"
#include "proveout/plan.h"
#include "proveout/report.h"

namespace proveout {

struct Comment {
    int64_t line = 0;
    std::string text;
};

struct Survey {
    ProgramEnd end;
    std::vector<Finding> findings;
    std::vector<Comment> comments;          // the first kMaxSurveyComments
    Box3 motion_bounds_mm;                  // tip, all moves but the first approach and machine-coordinate moves
    Box3 cutting_bounds_mm;                 // tip, feed moves and arcs
    std::vector<std::pair<int, Box3>> cutting_bounds_by_tool_mm;
    int64_t moves = 0;
    double feed_length_mm = 0;
    std::vector<int> tools_used;
    std::vector<std::pair<int, int64_t>> tools_called;  // by a tool change, each with the line of its first; rising
};
constexpr size_t kMaxSurveyComments = 2000;

Result<Survey> survey_program(const Program& program, const Setup& setup, const Context& context);

// The motions of a program exactly as simulate() and make_part() cut them, for hosts that hand them to another engine: untimed, dog-leg
// rapids as their straight legs. `cuts` is false for moves that remove nothing whatever they meet: probing, or a tool that setup.tools
// lacks. `visit` returns false to stop. Errors: those of survey_program().
using MotionVisitor = std::function<bool(const Motion& motion, bool cuts)>;
Result<ProgramEnd> visit_motions(const Program& program, const Setup& setup, const MotionVisitor& visit, const Context& context);

struct SimulateOptions {
    bool want_timeline = false;
    double memory_limit_bytes = 2e9;        // for the grids
    int64_t survey_moves = 0;               // from the survey, for progress and for choosing the cell; 0: unknown
    double survey_feed_length_mm = 0;
    DialectChoice survey_dialect{Dialect::kAuto, ""};  // what the survey chose for a set-up that leaves it open; kAuto: chosen anew
};

// REQUIRES: setup.stock given, every used tool in setup.tools.
// Errors: kUnprocessableGcode, kTooLarge (message names the cells, the bytes and a resolution that fits), kInvalidInput, kCancelled,
// kTimeout.
Result<Simulation> simulate(const Program& program, const Setup& setup, const SimulateOptions& options, const Context& context);

// The cell that `simulate` would choose for resolution_mm == 0.
double automatic_cell_mm(const Setup& setup, const SimulateOptions& options);

struct FilmOptions {
    SceneOptions scene;
    int fps = 30;
    double seconds = 10;
    double memory_limit_bytes = 1e9;
};
int film_frames(const FilmOptions& options);  // how many frames make_film gives to its sink

// Frames arrive in order; false stops the film. The last frame holds the finished part. The sink may take the planes of a frame and leave
// others in their place, whatever they hold.
using FrameSink = std::function<bool(Frame& frame, int index)>;

struct FilmResult {
    int frames = 0;
    Frame snapshot;      // the moment of the worst collision, else the finished part without the tool
};
// The film's clock skips dwells, tool changes and spindle ramps.
Result<FilmResult> make_film(const Program& program, const Setup& setup, const Simulation& simulation, const FilmOptions& options,
                             const FrameSink& sink, const Context& context);

struct PartOptions {
    double cell_mm = 0;                     // 0: automatic
    Dialect dialect = Dialect::kAuto;       // simulation.dialect, where it is known; kAuto: the set-up's
    size_t max_triangles = 2'000'000;
    double memory_limit_bytes = 2e9;
};
Result<Mesh> make_part(const Program& program, const Setup& setup, const PartOptions& options, const Context& context);

}  // namespace proveout
