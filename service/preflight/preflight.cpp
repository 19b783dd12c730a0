#include "preflight/preflight.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "camotics/camotics.h"
#include "media/process.h"
#include "proveout/context.h"
#include "report/report.h"
#include "runner/attempt.h"

namespace proveout {

namespace {

namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;

constexpr double kCommandStall_s = 30;  // a busy machine with a cold disk takes ten
constexpr std::chrono::seconds kRemembered{30};
constexpr double kGiB_bytes = 1024.0 * 1024 * 1024;
constexpr double kLeastDisk_bytes = kGiB_bytes;  // a film, a part and their temporary files many times over

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

Check check_ffmpeg(const std::string& name) {
    const std::string advice = "; install it (Debian: apt install ffmpeg), or set FFMPEG_BIN";
    auto version = run_child({name, "-hide_banner", "-version"}, kCommandStall_s, Context{});
    if (!version || !version->ok) return {"ffmpeg", "fail", name + " cannot be run: no film, preview and snapshot" + advice};
    auto encoders = run_child({name, "-hide_banner", "-encoders"}, kCommandStall_s, Context{});
    std::string missing;
    for (const char* encoder : {"libx264", "gif", "png"})
        if (!encoders || encoders->output.find(" " + std::string(encoder) + " ") == std::string::npos)
            missing += std::string(missing.empty() ? "" : ", ") + encoder;
    if (!missing.empty()) return {"ffmpeg", "fail", name + " lacks encoders: " + missing + advice};
    return {"ffmpeg", "ok", first_line(version->output) + "; encoders libx264, gif, png"};
}

Check check_camotics(const std::string& name) {
    if (name.empty())
        return {"camotics", "warn", "not configured: engines camotics and both are off; set CAMOTICS_BIN to the path of camsim"};
    auto camsim = find_camsim(name);
    if (!camsim) return {"camotics", "fail", camsim.error().message};
    auto version = probe_camsim(*camsim, Context{});
    if (!version) return {"camotics", "fail", version.error().message + "; set CAMOTICS_BIN to the path of camsim"};
    return {"camotics", "ok", "camsim " + *version + ", " + *camsim};
}

// Answers of checks that start programs. Only the first asker waits for one; later an old answer is given while a new one is looked for, so
// that readiness does not depend on how fast a busy machine starts a program.
class Remembered {
  public:
    Check get(const std::string& name, const std::string& command, std::function<Check()> ask) {
        std::unique_lock lock(mutex_);
        Answer& answer = answers_[name + '\0' + command];
        if (answer.check.name.empty()) {
            lock.unlock();
            Check check = ask();
            lock.lock();
            answer = {check, Steady::now(), false};
            return check;
        }
        if (!answer.asking && Steady::now() - answer.asked > kRemembered) {
            answer.asking = true;
            std::thread([this, &answer, ask = std::move(ask)] {
                Check check = ask();
                std::lock_guard hold(mutex_);
                answer = {std::move(check), Steady::now(), false};
            }).detach();
        }
        return answer.check;
    }

  private:
    struct Answer {
        Check check;
        Steady::time_point asked;
        bool asking = false;
    };
    std::mutex mutex_;
    std::map<std::string, Answer> answers_;  // three a process: names and commands come from the configuration
};

Check check_schema() {
    bool parses = nlohmann::json::accept(report_schema());
    return {"schema", parses ? "ok" : "fail", parses ? "sim_report/v1, draft-07, built in" : "the built-in schema is damaged; build again"};
}

// The directory itself, or the nearest one above it that is there.
std::string existing(fs::path directory) {
    std::error_code ignored;
    while (!fs::exists(directory, ignored) && directory.has_parent_path() && directory != directory.parent_path())
        directory = directory.parent_path();
    return directory.string();
}

Check check_disk(const std::string& data_dir) {
    std::string directory = existing(data_dir);
    struct statvfs status {};
    if (statvfs(directory.c_str(), &status) != 0) return {"disk", "fail", directory + " cannot be read; set DATA_DIR"};
    double free_bytes = static_cast<double>(status.f_bavail) * static_cast<double>(status.f_frsize);
    char text[64];
    std::snprintf(text, sizeof text, "%.1f GiB free in ", free_bytes / kGiB_bytes);
    if (faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) != 0)
        return {"disk", "fail", directory + " is not writable; set DATA_DIR to a directory that is"};
    if (free_bytes < kLeastDisk_bytes) return {"disk", "fail", text + directory + "; 1 GiB is needed: remove old runs or set DATA_DIR"};
    return {"disk", "ok", text + directory};
}

Check check_sandbox() {
    std::string on, off;
    for (const SandboxFeature& feature : sandbox_features()) {
        std::string& list = feature.on ? on : off;
        list += (list.empty() ? "" : ", ") + feature.name + (feature.detail.empty() ? "" : " (" + feature.detail + ")");
    }
    if (off.empty()) return {"sandbox", "ok", "runs are held by " + on};
    return {"sandbox", "warn", "off here: " + off + (on.empty() ? "" : "; in force: " + on)};
}

}  // namespace

std::vector<Check> machine_checks(const Config& config, const std::string& data_dir) {
    static Remembered& remembered = *new Remembered;  // outlives the threads that look for new answers
    std::string ffmpeg = config.get("FFMPEG_BIN"), camotics = config.get("CAMOTICS_BIN");
    return {remembered.get("ffmpeg", ffmpeg, [ffmpeg] { return check_ffmpeg(ffmpeg); }),
            remembered.get("camotics", camotics, [camotics] { return check_camotics(camotics); }), check_schema(), check_disk(data_dir),
            remembered.get("sandbox", "", [] { return check_sandbox(); })};
}

}  // namespace proveout
