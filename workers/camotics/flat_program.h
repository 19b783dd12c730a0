// flat_program.h -- our canonical motions as the plain G0-G3 program that CAMotics cannot misread: millimetres, absolute, work offsets and
// tool lengths worked out, one tool number per shape. N words carry the line of the program that a block comes from.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "camotics/shapes.h"
#include "proveout/motion.h"
#include "proveout/result.h"

namespace proveout {

// A tool of the project: its number there, and the shape.
struct CamSlot {
    int number = 0;
    CamPiece piece;
    std::string description;
};

struct PathSample {  // where the tip is on CAMotics' clock, for pictures
    double time_s = 0;
    Vec3 tip;
    int64_t line = 0;
    int tool = 0;
};

// CAMotics' clock: length by feed, rapids at 10 m/min, nothing else takes time.
constexpr double kCamRapid_mm_per_min = 10000;
// In place of a feed that the program does not give (or gives per revolution of a spindle that stands); only that clock depends on it.
constexpr double kUnknownFeed_mm_per_min = 1000;

// How long a rapid, feed or arc takes on that clock.
double camotics_duration_s(const Motion& motion);

class FlatProgram {
  public:
    // `slots[i]` are the project's tools of tools[i], one per piece. Error kIo.
    static Result<FlatProgram> create(const std::string& path, const std::vector<CamTool>& tools,
                                      const std::vector<std::vector<CamSlot>>& slots);
    FlatProgram(FlatProgram&&) noexcept;
    ~FlatProgram();
    void add(const Motion& motion, bool cuts);  // rapids, feeds and arcs; everything else is ignored
    Status finish();

    int64_t moves() const;  // as CAMotics counts them, estimated for arcs
    int64_t cutting_moves() const;
    double time_s() const;  // CAMotics' clock at the end
    const std::vector<PathSample>& samples() const;

  private:
    FlatProgram();
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace proveout
