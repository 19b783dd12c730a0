// proveout doctor: what this machine has and lacks for proveout, and how to get it.
#include <sys/statvfs.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "args.h"
#include "camotics/camotics.h"
#include "config/config.h"
#include "console.h"
#include "job_input.h"
#include "media/process.h"
#include "report/report.h"

namespace proveout {

namespace {

namespace fs = std::filesystem;
using Ordered = nlohmann::ordered_json;

constexpr double kCommandStall_s = 20;
constexpr double kLeastDisk_bytes = 1024.0 * 1024 * 1024;  // a film, a part and their temporary files many times over

struct Check {
    std::string name, status, message;  // status: ok warn fail
};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

Check check_ffmpeg(const Config& config, const Context& context) {
    const std::string& name = config.get("FFMPEG_BIN");
    const std::string advice = "; install it (Debian: apt install ffmpeg), or set FFMPEG_BIN";
    auto version = run_child({name, "-hide_banner", "-version"}, kCommandStall_s, context);
    if (!version || !version->ok) return {"ffmpeg", "fail", name + " cannot be run: no film, preview and snapshot" + advice};
    auto encoders = run_child({name, "-hide_banner", "-encoders"}, kCommandStall_s, context);
    std::string missing;
    for (const char* encoder : {"libx264", " gif ", " png "})
        if (!encoders || encoders->output.find(encoder) == std::string::npos) missing += std::string(missing.empty() ? "" : ", ") + encoder;
    if (!missing.empty()) return {"ffmpeg", "fail", name + " lacks encoders: " + missing + advice};
    return {"ffmpeg", "ok", first_line(version->output) + "; encoders libx264, gif, png"};
}

Check check_ffprobe(const Context& context) {
    auto version = run_child({"ffprobe", "-hide_banner", "-version"}, kCommandStall_s, context);
    if (!version || !version->ok)
        return {"ffprobe", "fail", "ffprobe cannot be run: films cannot be verified; it comes with ffmpeg (Debian: apt install ffmpeg)"};
    return {"ffprobe", "ok", first_line(version->output)};
}

Check check_camotics(const Config& config, const Context& context) {
    const std::string& name = config.get("CAMOTICS_BIN");
    if (name.empty())
        return {"camotics", "warn", "not configured: engines camotics and both are off; set CAMOTICS_BIN to the path of camsim"};
    auto camsim = find_camsim(name);
    if (!camsim) return {"camotics", "fail", camsim.error().message};
    auto version = probe_camsim(*camsim, context);
    if (!version) return {"camotics", "fail", version.error().message + "; set CAMOTICS_BIN to the path of camsim"};
    return {"camotics", "ok", "camsim " + *version + ", " + *camsim};
}

Check check_cpu(const Config& config) {
    std::string features;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2")) features += " sse4.2";
    if (__builtin_cpu_supports("avx2")) features += " avx2";
    if (__builtin_cpu_supports("avx512f")) features += " avx512f";
#endif
    return {"cpu", "ok", std::to_string(thread_count(config, 0)) + " threads; vector units:" + (features.empty() ? " baseline" : features)};
}

Check check_disk(const std::string& name, const std::string& directory) {
    struct statvfs status {};
    if (statvfs(directory.c_str(), &status) != 0) return {name, "fail", directory + " cannot be read"};
    double free_bytes = static_cast<double>(status.f_bavail) * static_cast<double>(status.f_frsize);
    char text[64];
    std::snprintf(text, sizeof text, "%.1f GiB free in ", free_bytes / kLeastDisk_bytes);
    if (access(directory.c_str(), W_OK) != 0) return {name, "fail", directory + " is not writable; work elsewhere, or set SIM_TMP_DIR"};
    return {name, free_bytes < kLeastDisk_bytes ? "fail" : "ok",
            text + directory + (free_bytes < kLeastDisk_bytes ? "; 1 GiB is needed" : "")};
}

Check check_schema() {
    bool parses = nlohmann::json::accept(report_schema());
    return {"schema", parses ? "ok" : "fail", parses ? "sim_report/v1, draft-07, built in" : "the built-in schema is damaged; build again"};
}

std::string text_of(const std::vector<Check>& checks, const Config& config) {
    Colours colours = colours_of_stdout();
    std::string out;
    for (const Check& check : checks) {
        const char* colour = check.status == "ok" ? colours.green : check.status == "warn" ? colours.yellow : colours.red;
        out += colour + check.status + colours.reset + std::string(check.status.size() < 4 ? 6 - check.status.size() : 2, ' ') +
               check.name + std::string(check.name.size() < 10 ? 10 - check.name.size() : 1, ' ') + check.message + "\n";
    }
    out += "\nsettings that are not the default:\n";
    for (const ConfigValue& value : config.values)
        if (value.source != "default")
            out += "  " + std::string(value.key->name) + " = " + (value.key->secret ? "***" : value.value) + "  (" +
                   std::string(value.source) + ")\n";
    for (const std::string& warning : config.warnings) out += "warning: " + warning + "\n";
    return out;
}

std::string json_of(const std::vector<Check>& checks, const Config& config) {
    Ordered out;
    out["config"] = Ordered::array();
    for (const ConfigValue& value : config.values)
        out["config"].push_back({{"key", value.key->name},
                                 {"value", value.key->secret ? "***" : value.value},
                                 {"source", value.source},
                                 {"secret", value.key->secret}});
    out["checks"] = Ordered::array();
    for (const Check& check : checks) out["checks"].push_back({{"name", check.name}, {"status", check.status}, {"message", check.message}});
    out["warnings"] = config.warnings;
    return out.dump(2, ' ', false, Ordered::error_handler_t::replace) + "\n";
}

}  // namespace

int run_doctor(const DoctorArgs& args) {
    auto config = load_config();
    if (!config) {
        print_error(config.error(), "");
        return exit_status(config.error());
    }
    RunControl control(1, 0, false);
    std::vector<Check> checks{check_ffmpeg(*config, control.context()),
                              check_ffprobe(control.context()),
                              check_camotics(*config, control.context()),
                              check_schema(),
                              check_cpu(*config),
                              check_disk("disk", "."),
                              check_disk("temp", temp_directory(*config))};
    if (control.stop_reason() != StopReason::kNone) return kExitInterrupted;
    if (!print_out(args.json ? json_of(checks, *config) : text_of(checks, *config))) return kExitEngine;
    bool failed = std::any_of(checks.begin(), checks.end(), [](const Check& check) { return check.status == "fail"; });
    return failed ? kExitFindings : kExitOk;
}

}  // namespace proveout
