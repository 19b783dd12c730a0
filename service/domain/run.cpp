#include "domain/run.h"

#include "proveout/result.h"

namespace proveout {

namespace {

constexpr std::string_view kStatuses[] = {"queued", "running", "succeeded", "warning", "failed", "cancelled"};
constexpr std::string_view kStages[] = {"", "prepare", "simulate", "encode", "upload", "done"};

struct ErrorKind {
    std::string_view code;
    std::vector<std::string> next_steps;
};

const std::vector<ErrorKind>& error_kinds() {
    static const std::vector<ErrorKind> kKinds{
        {"TIMEOUT", {"raise options.timeout_s, up to SIM_TIMEOUT_S", "give a coarser options.resolution_mm"}},
        {"ENGINE_FAILED", {"look at logs/ of the run", "submit the run again; report it with the program if it fails the same way"}},
        {"UNPROCESSABLE_GCODE", {"correct the program at the line that the message names", "or name its control with dialect"}},
        {"INVALID_PROJECT", {"correct the job document: tools, stock and fixtures as the message says"}},
        {"ENCODING_FAILED", {"look at logs/ffmpeg.log of the run", "let the operator run proveout doctor"}},
        {"STORAGE_FAILED", {"let the operator look at the artefact store (/readyz)", "submit the run again"}},
        {"RESOURCE_LIMIT", {"give a coarser options.resolution_mm or a smaller stock"}},
        {"WORKER_CRASH_LIMIT",
         {"look at logs/ of the run", "give a coarser options.resolution_mm; report the run if it fails the same way"}},
        {"CANCELLED", {"submit the run again if it is still wanted"}},
        {"INTERNAL", {"submit the run again; report it with its sim_id if it fails the same way"}},
    };
    return kKinds;
}

template <class E, size_t N>
std::optional<E> from_name(const std::string_view (&names)[N], std::string_view name) {
    for (size_t i = 0; i < N; ++i)
        if (names[i] == name && !name.empty()) return static_cast<E>(i);
    return std::nullopt;
}

}  // namespace

std::string_view name_of(RunStatus status) { return kStatuses[static_cast<size_t>(status)]; }
std::string_view name_of(Stage stage) { return kStages[static_cast<size_t>(stage)]; }
std::optional<RunStatus> run_status_from(std::string_view name) { return from_name<RunStatus>(kStatuses, name); }
std::optional<Stage> stage_from(std::string_view name) { return from_name<Stage>(kStages, name); }

RunError run_error(std::string_view code, std::string message) {
    for (const ErrorKind& kind : error_kinds())
        if (kind.code == code) return {std::string(code), std::move(message), kind.next_steps};
    CHECK(!"a code of the list");
    return {};
}

}  // namespace proveout
