// job_refs.h -- the uploads that a job document names.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace proveout {

struct JobRefs {
    std::string program;               // empty: inline_gcode
    std::vector<std::string> uploads;  // all, the program's too
};
JobRefs refs_of(std::string_view job_json);
JobRefs refs_of_document(const nlohmann::json& job);  // parsed already

}  // namespace proveout
