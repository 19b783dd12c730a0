// camsim_log.h -- what camsim says on stderr, line by line: phases, progress, counts, warnings and errors. Any bytes are survived; memory
// does not grow with them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proveout/geometry.h"

namespace proveout {

enum class CamPhase : uint8_t { kReading, kSurface, kReducing, kWriting };

struct CamMessage {
    std::string text;
    std::string file;  // "" or the program's name
    int64_t line = 0;  // in that file, from 1; 0: none
};

// camsim stops reading after so many errors, and drops the rest of the program in silence.
constexpr int64_t kCamErrorLimit = 32;
constexpr size_t kMaxCamMessages = 40;  // kept of each kind
constexpr size_t kMaxCamLine = 4096;    // of a longer line the rest is dropped

class CamsimLog {
  public:
    void add(std::string_view bytes);
    void finish();  // the last line may lack its end

    CamPhase phase = CamPhase::kReading;
    double surface_fraction = 0;       // 0..1
    std::optional<int64_t> triangles;  // of the last surface
    std::optional<Box3> bounds_mm;     // "bounded by"
    std::optional<double> cell_mm;
    bool time_is_nan = false;
    std::vector<CamMessage> warnings, errors;  // the first kMaxCamMessages of each
    int64_t error_count = 0, warning_count = 0;
    uint64_t bytes = 0;

  private:
    void line(std::string_view text);
    std::string partial_;
    bool skipping_ = false;
    bool was_error_ = false;
};

// "/tmp/x/program.nc:12:Not implemented: G5" -> file, line and the rest. A parse error's line is where camsim's tokenizer stopped.
CamMessage split_cam_message(std::string_view text);

}  // namespace proveout
