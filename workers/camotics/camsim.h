// camsim.h -- one run of camsim on one project, to its end, and what came of it. exit status 0 means nothing: the verdict is classify()'s.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "camotics/camsim_log.h"
#include "camotics/surface.h"
#include "proveout/context.h"
#include "proveout/result.h"

namespace proveout {

struct CamsimJob {
    std::string camsim, directory;  // program; workspace and working directory
    std::string project;            // file in the workspace
    std::string output;             // STL in the workspace; must not exist
    std::string log_path;           // rotating; "": none
    double resolution_mm = 0;
    double time_s = 0;  // state after that much of CAMotics' clock; 0: the end
    int threads = 1;
    int64_t moves = 0;  // for the estimate of how long it reads
    double cells = 0;
    double memory_limit_bytes = 0;
    Box3 stock_mm;
    bool whole_stock = false;
    bool may_warn = false;  // raw programs: camsim's own findings are notes and no failure
};

// Why a run did not give a part.
enum class CamsimFault : uint8_t {
    kNone,
    kNotStarted,
    kExitStatus,
    kKilled,  // by a signal that we did not send
    kOutOfMemory,
    kDisk,       // the output is cut short and the disk is full
    kChatter,    // it printed without end
    kErrors,     // it logged errors
    kNoSurface,  // nothing written, or nothing to write
    kBadSurface  // written, but not a part of this stock
};
std::string_view name_of(CamsimFault fault);
bool is_transient(CamsimFault fault);  // another try may end otherwise

struct CamsimRun {
    CamsimFault fault = CamsimFault::kNone;
    std::string reason;            // one sentence
    std::optional<int> exit_code;  // status, or 128 + signal
    double duration_s = 0;
    CamsimLog log;
    Surface surface;  // with kNone
};

// What a run may print before it is ended: a hundred times what a long one says.
constexpr uint64_t kMostChatter_bytes = uint64_t{64} << 20;
constexpr size_t kLogPart_bytes = size_t{1} << 20;  // of the rotating log; two parts are kept

// progress: 0..1, called several times a second. Errors: kCancelled, kTimeout (the whole process tree has ended then), kIo.
Result<CamsimRun> run_camsim(const CamsimJob& job, const std::function<void(double)>& progress, const Context& context);

}  // namespace proveout
