// job_refs.h -- the uploads that an accepted job document names. Private to queue/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace proveout {

struct JobRefs {
    std::string program;               // empty: inline_gcode
    std::vector<std::string> uploads;  // all, the program's too
};
JobRefs refs_of(std::string_view job_json);

}  // namespace proveout
