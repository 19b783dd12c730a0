// preflight.h -- what must be in order for the service to run, for `proveout doctor` and /readyz.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace proveout {

struct Check {
    std::string name;     // database store ffmpeg camotics schema disk sandbox license queue
    std::string status;   // ok warn fail
    std::string message;  // what is wrong and how to get it right
};

// The checks that need nothing but the machine: ffmpeg camotics schema disk sandbox. Slow ones (starting a program) are remembered for 30
// s.
std::vector<Check> machine_checks(const Config& config, const std::string& data_dir);

}  // namespace proveout
