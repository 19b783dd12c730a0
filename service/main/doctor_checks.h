// doctor_checks.h -- what `proveout doctor` asks of the service's parts without starting it, changing a file or taking a lock for long.
#pragma once

#include <vector>

#include "config/config.h"
#include "preflight/preflight.h"

namespace proveout {

// database, store, license. What is not there yet because serve makes it is ok.
std::vector<Check> service_checks(const Config& config);

}  // namespace proveout
