// check_job.h -- everything about a job that can be said before it runs: the document with all its faults, the first part of the program,
// the tools that it calls, and whether the grid fits. Reads untrusted text; the service calls it in a process of its own.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "job/job.h"
#include "proveout/context.h"

namespace proveout {

// Programs up to this long are read whole, of longer ones so much: what is found later fails the run.
constexpr int64_t kCheckedLines = 10'000;
constexpr int64_t kCheckedMotions = 1'000'000;  // loops and repeats included

struct CheckRequest {
    std::string job_json;
    std::map<std::string, std::string, std::less<>> files;  // upload id -> path; an upload that is not in it is a fault at its reference
    std::string program_name = "program";                   // label; --dialect auto goes by its ending, too
    double timeout_max_s = 900;
    bool camotics_configured = false;
};

struct Diagnostic {
    int64_t line = 0;
    std::string code, message, block;
};

struct GridTooLarge {
    double cells = 0, bytes = 0, limit_bytes = 0, resolution_mm = 0;  // of a cell that fits
};

struct CheckAnswer {
    enum class Kind : uint8_t { kOk, kInvalid, kUnprocessable, kTooLarge } kind = Kind::kOk;
    std::string message;
    std::vector<Fault> faults;            // kInvalid
    std::vector<Diagnostic> diagnostics;  // kUnprocessable
    GridTooLarge estimate;                // kTooLarge
    double timeout_s = 900;               // kOk: the run's
};

CheckAnswer check_job(const CheckRequest& request, const Context& context);

// Between the processes.
std::string to_json(const CheckRequest& request);
std::optional<CheckRequest> check_request_from(std::string_view json);
std::string to_json(const CheckAnswer& answer);
std::optional<CheckAnswer> check_answer_from(std::string_view json);

}  // namespace proveout
