#include "domain/job_refs.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "domain/ids.h"

namespace proveout {

namespace {

using Json = nlohmann::json;

void add(const Json& object, const char* name, std::vector<std::string>& uploads) {
    if (!object.is_object()) return;
    auto at = object.find(name);
    if (at == object.end() || !at->is_string()) return;
    const std::string& ref = at->get_ref<const std::string&>();
    if (is_id("upl", ref) && std::find(uploads.begin(), uploads.end(), ref) == uploads.end()) uploads.push_back(ref);
}

}  // namespace

JobRefs refs_of(std::string_view job_json) { return refs_of_document(Json::parse(job_json, nullptr, false)); }

JobRefs refs_of_document(const Json& job) {
    JobRefs refs;
    if (!job.is_object()) return refs;
    add(job, "gcode_ref", refs.uploads);
    if (!refs.uploads.empty()) refs.program = refs.uploads[0];
    for (const char* part : {"stock", "target"})
        if (auto at = job.find(part); at != job.end()) add(*at, "mesh_ref", refs.uploads);
    if (auto fixtures = job.find("fixturing"); fixtures != job.end() && fixtures->is_array())
        for (const Json& fixture : *fixtures) add(fixture, "mesh_ref", refs.uploads);
    return refs;
}

}  // namespace proveout
