// restrict_calls.h -- system calls that a run has no use for answer EPERM. The only user of libseccomp.
#pragma once

#include <string>

#include "proveout/result.h"

namespace proveout {

// For this process and what it starts, for ever. REQUIRES: no_new_privs. Error kEngineFailed. Where the kernel lacks it: nothing.
Status restrict_calls();

// Empty where restrict_calls() works.
std::string why_no_restricted_calls();

}  // namespace proveout
