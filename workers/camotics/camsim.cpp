#include "camotics/camsim.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "media/process.h"

namespace proveout {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// How long the phases take on one core of today, for heartbeats only.
constexpr double kReadSecondsPerMove = 20e-6, kSurfaceSecondsPerCell = 1e-6;
// A silent process is not a hung one: reading ten million blocks takes minutes. The run's own time limit ends it.
constexpr double kNoStall_s = 1e9;
// Of its output: no cell has more than five triangles of 50 bytes.
constexpr double kBytesPerCell = 250, kLeastFileLimit_bytes = 64e6;
constexpr double kFullDisk_bytes = 1 << 20;
constexpr double kAddressSlack_bytes = 1e9;  // libraries and thread stacks beside what the fit counts

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// The newest kLogPart_bytes at least, in two files. What cannot be written is lost: a log must not fail a run.
class RotatingLog {
  public:
    explicit RotatingLog(const std::string& path) : path_(path) {
        if (!path.empty()) file_.open(path, std::ios::binary | std::ios::app);
    }
    void add(std::string_view bytes) {
        if (path_.empty()) return;
        file_ << bytes << std::flush;
        written_ += bytes.size();
        if (written_ < kLogPart_bytes) return;
        file_.close();
        std::error_code ignored;
        fs::rename(path_, path_ + ".1", ignored);
        file_.open(path_, std::ios::binary | std::ios::trunc);
        written_ = 0;
    }

  private:
    std::string path_;
    std::ofstream file_;
    size_t written_ = 0;
};

std::vector<std::string> arguments(const CamsimJob& job) {
    std::vector<std::string> out{job.camsim, "--threads", std::to_string(std::max(1, job.threads)), "--log-color=false"};
    char text[64];
    std::snprintf(text, sizeof text, "%.9g", job.resolution_mm);
    out.insert(out.end(), {"--resolution", text});
    if (job.time_s > 0) {
        std::snprintf(text, sizeof text, "%.9g", job.time_s);
        out.insert(out.end(), {"--time", text});
    }
    out.insert(out.end(), {job.project, job.output});
    return out;
}

std::string mark_of_run() {
    static std::atomic<unsigned> count{0};
    return "PROVEOUT_RUN=" + std::to_string(getpid()) + "." + std::to_string(Clock::now().time_since_epoch().count()) + "." +
           std::to_string(++count);
}

ChildOptions child_options(const CamsimJob& job) {
    ChildOptions out;
    out.directory = job.directory;
    out.mark = mark_of_run();
    // Nothing of ours: no keys, no LD_PRELOAD, no GCODE_SCRIPT_PATH.
    out.environment = {"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + job.directory, "TMPDIR=" + job.directory, "LC_ALL=C", out.mark};
    out.memory_limit_bytes = job.memory_limit_bytes > 0 ? job.memory_limit_bytes + kAddressSlack_bytes : 0;
    out.file_limit_bytes = kLeastFileLimit_bytes + kBytesPerCell * job.cells;
    return out;
}

// How far a run is: shares by what the phases are thought to take; reading has no progress of its own and only nears its end.
double fraction_of(const CamsimJob& job, const CamsimLog& log, double elapsed_s) {
    double read_s = 0.05 + kReadSecondsPerMove * static_cast<double>(job.moves), surface_s = 0.1 + kSurfaceSecondsPerCell * job.cells;
    double write_s = 0.05 * surface_s, all_s = read_s + surface_s + write_s;
    switch (log.phase) {
        case CamPhase::kReading:
            return read_s / all_s * (1 - std::exp(-elapsed_s / read_s));
        case CamPhase::kSurface:
            return (read_s + surface_s * log.surface_fraction) / all_s;
        case CamPhase::kReducing:
        case CamPhase::kWriting:
            break;
    }
    return (read_s + surface_s) / all_s;
}

bool disk_is_full(const std::string& directory) {
    struct statvfs status {};
    return statvfs(directory.c_str(), &status) == 0 &&
           static_cast<double>(status.f_bavail) * static_cast<double>(status.f_frsize) < kFullDisk_bytes;
}

bool says_out_of_memory(const CamsimLog& log) {
    auto says = [](const std::vector<CamMessage>& messages) {
        for (const CamMessage& message : messages)
            if (message.text.find("bad allocation") != std::string::npos || message.text.find("bad_alloc") != std::string::npos)
                return true;
        return false;
    };
    return says(log.errors) || says(log.warnings);
}

std::string first_error(const CamsimLog& log) {
    if (log.errors.empty()) return "";
    std::string place = log.errors[0].line > 0 ? log.errors[0].file + ":" + std::to_string(log.errors[0].line) + ": " : "";
    return ": " + place + log.errors[0].text.substr(0, 300);
}

void blame(CamsimRun& run, CamsimFault fault, std::string reason) {
    run.fault = fault;
    run.reason = std::move(reason);
}

// What its end and its log say, before anybody looks at the surface. kNone: nothing against it.
void judge_end(const CamsimJob& job, const Child& child, CamsimRun& run) {
    const CamsimLog& log = run.log;
    bool aborted = child.end() == ChildEnd::kSignalled && child.code() == SIGABRT;
    if (says_out_of_memory(log) || (aborted && child.errors().find("bad_alloc") != std::string::npos))
        return blame(run, CamsimFault::kOutOfMemory, "camsim ran out of memory");
    if (child.end() == ChildEnd::kSignalled && child.code() == SIGXFSZ)
        return blame(run, CamsimFault::kDisk, "camsim's output is larger than a file may be");
    if (child.end() == ChildEnd::kSignalled)
        return blame(run, CamsimFault::kKilled, "camsim was killed by signal " + std::to_string(child.code()));
    if (child.code() != 0)
        return blame(run, CamsimFault::kExitStatus, "camsim ended with status " + std::to_string(child.code()) + first_error(log));
    if (log.error_count > 0 && !job.may_warn) {
        std::string more = log.error_count >= kCamErrorLimit ? "; it stops reading at 32 errors" : "";
        return blame(run, CamsimFault::kErrors, "camsim reports " + std::to_string(log.error_count) + " errors" + first_error(log) + more);
    }
    if (log.time_is_nan) return blame(run, CamsimFault::kErrors, "camsim's path holds numbers that are none" + first_error(log));
    if (log.error_count >= kCamErrorLimit)
        return blame(run, CamsimFault::kErrors, "camsim gave the program up after 32 errors" + first_error(log));
    for (const CamMessage& warning : log.warnings) {
        if (warning.text.find("Empty workpiece") != std::string::npos) return blame(run, CamsimFault::kNoSurface, "camsim saw no stock");
        if (warning.text.find("Auto-creating missing tool") != std::string::npos)
            return blame(run, CamsimFault::kBadSurface, "camsim lacked a tool and made one up: " + warning.text.substr(0, 200));
    }
}

// The grid lies around the stock, at most two cells larger on each side.
bool bounds_fit(const CamsimJob& job, const CamsimLog& log) {
    if (!log.bounds_mm) return true;
    auto near = [&](double grid, double stock) {
        return std::abs(grid - stock) <= 2 * job.resolution_mm + 1e-4 * std::abs(stock) + 1e-3;  // six digits are printed
    };
    const Box3 &grid = *log.bounds_mm, &stock = job.stock_mm;
    return near(grid.low.x, stock.low.x) && near(grid.low.y, stock.low.y) && near(grid.low.z, stock.low.z) &&
           near(grid.high.x, stock.high.x) && near(grid.high.y, stock.high.y) && near(grid.high.z, stock.high.z);
}

Status judge_surface(const CamsimJob& job, CamsimRun& run, const Context& context) {
    std::string path = fs::path(job.output).is_absolute() ? job.output : job.directory + "/" + job.output;
    std::error_code failure;
    auto size = fs::file_size(path, failure);
    bool cut_short = failure || size < 84 || (run.log.triangles && size < 84 + 50 * static_cast<uint64_t>(*run.log.triangles));
    if (cut_short && disk_is_full(job.directory))
        return blame(run, CamsimFault::kDisk, "camsim's output is cut short and the disk is full"), Unit{};
    if (failure || size == 0) return blame(run, CamsimFault::kNoSurface, "camsim wrote nothing, and says that all is well"), Unit{};
    if (!run.log.triangles) return blame(run, CamsimFault::kNoSurface, "camsim's log tells of no surface"), Unit{};
    if (!bounds_fit(job, run.log))
        return blame(run, CamsimFault::kBadSurface, "camsim cut another stock than the project's: its grid lies elsewhere"), Unit{};
    std::string bytes(size, '\0');
    std::ifstream file(path, std::ios::binary);
    if (!file.read(bytes.data(), static_cast<std::streamsize>(size))) return make_error(ErrorCode::kIo, "cannot read " + path);
    SurfaceRules rules{*run.log.triangles, job.stock_mm, job.whole_stock, job.resolution_mm};
    auto surface = accept_surface(bytes, rules, context);
    if (surface)
        run.surface = std::move(*surface);
    else if (surface.error().code == ErrorCode::kEngineFailed)
        blame(run, CamsimFault::kBadSurface, surface.error().message);
    else
        return surface.error();
    return Unit{};
}

}  // namespace

std::string_view name_of(CamsimFault fault) {
    constexpr std::string_view kNames[] = {"none", "not started", "exit status", "killed",     "out of memory",
                                           "disk", "chatter",     "errors",      "no surface", "bad surface"};
    return kNames[static_cast<int>(fault)];
}

bool is_transient(CamsimFault fault) {
    return fault == CamsimFault::kKilled || fault == CamsimFault::kOutOfMemory || fault == CamsimFault::kDisk;
}

Result<CamsimRun> run_camsim(const CamsimJob& job, const std::function<void(double)>& progress, const Context& context) {
    CamsimRun run;
    RotatingLog kept(job.log_path);
    ChildOptions options = child_options(job);
    options.on_errors = [&](std::string_view bytes) {
        if (run.log.bytes <= kMostChatter_bytes) kept.add(bytes);
        run.log.add(bytes);
    };
    Clock::time_point start = Clock::now();
    auto started = Child::start(arguments(job), std::move(options));
    if (!started) {
        blame(run, CamsimFault::kNotStarted, started.error().message);
        return run;
    }
    Child& child = *started;
    child.close_input();
    double reached = 0;
    auto tick = [&] {
        reached = std::max(reached, fraction_of(job, run.log, seconds_since(start)));
        if (progress) progress(reached);
        if (child.printed_bytes() > kMostChatter_bytes) child.abandon();
    };
    child.wait(kNoStall_s, context, tick);
    run.log.finish();
    run.duration_s = seconds_since(start);
    if (child.printed_bytes() > kMostChatter_bytes) {
        blame(run, CamsimFault::kChatter, "camsim printed more than 64 MiB and was ended");
        return run;
    }
    if (child.end() == ChildEnd::kStopped) return stop_error(context.stop_reason());
    run.exit_code = child.end() == ChildEnd::kSignalled ? 128 + child.code() : child.code();
    judge_end(job, child, run);
    if (run.fault == CamsimFault::kNone) TRY(judge_surface(job, run, context));
    return run;
}

}  // namespace proveout
