// publish.h -- what an attempt left in its workspace, taken without trust: names, sizes and hashes of regular files, and the report if it
// is one. Private to queue/.
#pragma once

#include <string>
#include <vector>

#include "domain/run.h"
#include "proveout/result.h"

namespace proveout {

struct Harvest {
    std::vector<StoredArtefact> artefacts;  // in order of name
    std::vector<std::string> files;         // where each lies
    std::string report_json;                // empty: there is none
    int64_t bytes = 0;
};

// `log`: becomes logs/run.log if it is not empty. whole: every file of contract section 1 must be there, and the report be valid. Error
// kEngineFailed: something is missing, no regular file or no report. Without `whole`, what is not as it should be is left out.
Result<Harvest> harvest(const std::string& workspace, const std::string& log, bool whole);

}  // namespace proveout
