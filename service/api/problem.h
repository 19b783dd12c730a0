// problem.h -- RFC 9457 problem documents: one table of codes with status, title and next steps.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/http.h"
#include "proveout/result.h"

namespace proveout {

struct ProblemKind {
    std::string_view code;  // INVALID_INPUT
    int status;
    std::string_view title, next_step;
};
const std::vector<ProblemKind>& problem_kinds();

struct Problem {
    std::string code, detail;
    std::vector<Fault> errors;            // INVALID_INPUT
    std::string extra_json;               // members of the code: diagnostics, estimate, reason; an object's text or empty
    std::vector<std::string> next_steps;  // empty: the kind's
    double retry_after_s = 0;             // 429, 503
    std::vector<std::pair<std::string, std::string>> headers;  // WWW-Authenticate, Allow
};
HttpResponse problem_response(const Problem& problem, std::string_view instance, std::string_view request_id);

}  // namespace proveout
