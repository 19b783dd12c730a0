// checker.h -- check_job() in processes of their own, so that no untrusted text is parsed in the server.
#pragma once

#include <memory>
#include <string>

#include "proveout/result.h"
#include "runner/check_job.h"

namespace proveout {

class JobChecker {
  public:
    // `processes` children of `binary` are kept; one that dies or takes longer than kCheckLimit_s is replaced.
    static std::unique_ptr<JobChecker> start(const std::string& binary, int processes);
    virtual ~JobChecker() = default;
    // Errors: kEngineFailed, the child died over this request or took too long; kResourceLimit, no child could be had.
    virtual Result<CheckAnswer> check(const CheckRequest& request) = 0;
};
constexpr double kCheckLimit_s = 20;

// The child's side: `proveout check-jobs`, requests and answers on standard input and output, each with its length before it.
int check_jobs_process();

}  // namespace proveout
