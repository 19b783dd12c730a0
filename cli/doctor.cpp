// proveout doctor: what this machine has and lacks for proveout, and how to get it.
#include <sys/statvfs.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "args.h"
#include "config/config.h"
#include "console.h"
#include "job_input.h"
#include "media/process.h"
#include "preflight/preflight.h"
#include "service_args.h"

namespace proveout {

namespace {

namespace fs = std::filesystem;
using Ordered = nlohmann::ordered_json;

constexpr double kCommandStall_s = 20;
constexpr double kGiB_bytes = 1024.0 * 1024 * 1024;
constexpr double kLeastDisk_bytes = kGiB_bytes;  // a film, a part and their temporary files many times over

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

Check check_ffprobe(const Context& context) {
    auto version = run_child({"ffprobe", "-hide_banner", "-version"}, kCommandStall_s, context);
    if (!version || !version->ok)
        return {"ffprobe", "fail", "ffprobe cannot be run: films cannot be verified; it comes with ffmpeg (Debian: apt install ffmpeg)"};
    return {"ffprobe", "ok", first_line(version->output)};
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
    std::snprintf(text, sizeof text, "%.1f GiB free in ", free_bytes / kGiB_bytes);
    if (access(directory.c_str(), W_OK) != 0) return {name, "fail", directory + " is not writable; work elsewhere, or set SIM_TMP_DIR"};
    return {name, free_bytes < kLeastDisk_bytes ? "fail" : "ok",
            text + directory + (free_bytes < kLeastDisk_bytes ? "; 1 GiB is needed" : "")};
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
            out += "  " + std::string(value.key->name) + " = " + value.shown_value() + "  (" + std::string(value.source) + ")\n";
    for (const std::string& warning : config.warnings) out += "warning: " + warning + "\n";
    return out;
}

std::string json_of(const std::vector<Check>& checks, const Config& config) {
    Ordered out;
    out["config"] = Ordered::array();
    for (const ConfigValue& value : config.values)
        out["config"].push_back(
            {{"key", value.key->name}, {"value", value.shown_value()}, {"source", value.source}, {"secret", value.key->secret}});
    out["checks"] = Ordered::array();
    for (const Check& check : checks) out["checks"].push_back({{"name", check.name}, {"status", check.status}, {"message", check.message}});
    out["warnings"] = config.warnings;
    return out.dump(2, ' ', false, Ordered::error_handler_t::replace) + "\n";
}

}  // namespace

int run_doctor(const DoctorArgs& args) {
    std::vector<ConfigFlag> flags;
    if (!args.listen.empty()) flags.push_back({"HTTP_LISTEN", args.listen});
    if (!args.data_dir.empty()) flags.push_back({"DATA_DIR", args.data_dir});
    auto config = load_config(args.env_file.empty() ? ".env" : args.env_file, flags);
    if (!config) {
        print_error(config.error(), "");
        return exit_status(config.error());
    }
    RunControl control(1, 0, false);
    std::vector<Check> checks = machine_checks(*config, data_directory(*config));
    complete_checks(*config, checks);
    for (Check check :
         {check_ffprobe(control.context()), check_cpu(*config), check_disk("work", "."), check_disk("temp", temp_directory(*config))})
        checks.push_back(std::move(check));
    if (control.stop_reason() != StopReason::kNone) return kExitInterrupted;
    if (!print_out(args.json ? json_of(checks, *config) : text_of(checks, *config))) return kExitEngine;
    bool failed = std::any_of(checks.begin(), checks.end(), [](const Check& check) { return check.status == "fail"; });
    return failed ? kExitFindings : kExitOk;
}

}  // namespace proveout
