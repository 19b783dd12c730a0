#include "queue/publish.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "job/fields.h"
#include "report/report.h"
#include "runner/workspace.h"

namespace proveout {

namespace {

constexpr size_t kMaxFiles = 64, kMaxNameBytes = 100;
constexpr int64_t kMaxReportBytes = int64_t{32} << 20;  // 1000 findings and an echo of the job stay far below
constexpr int kMaxReportDepth = 64;
constexpr const char* kWholeSet[] = {"out.mp4",     "part.glb",    "part.stl",     "preview.gif",
                                     "report.html", "report.json", "snapshot.png", "timeline.json"};

Error broken(const std::string& what) { return make_error(ErrorCode::kEngineFailed, what); }

bool is_known(const std::string& name) {
    return std::any_of(std::begin(kWholeSet), std::end(kWholeSet), [&](const char* known) { return name == known; });
}

// logs/ffmpeg.log, project.camotics and whatever else an engine keeps for diagnosis: plain names, one folder deep.
bool is_plain(const std::string& name) {
    return name.size() <= kMaxNameBytes && name[0] != '.' && name.find("/.") == std::string::npos &&
           std::count(name.begin(), name.end(), '/') <= 1 &&
           name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/") == std::string::npos;
}

Result<StoredArtefact> describe(const OpenFolder& folder, const std::string& name, const std::string& label) {
    OpenedFile file = TRY(folder.open_file(name));
    Artefact artefact = TRY(describe_artefact("/proc/self/fd/" + std::to_string(file.descriptor), label));
    return StoredArtefact{label, artefact.size_bytes, artefact.sha256, artefact.content_type};
}

// The processes are gone; a name that they took is taken from them.
bool write_log(const std::string& path, std::string_view log) {
    ::unlink(path.c_str());
    int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0) return false;
    bool good = ::write(file, log.data(), log.size()) == static_cast<ssize_t>(log.size());
    return ::close(file) == 0 && good;
}

Result<std::string> read_report(const OpenFolder& folder) {
    std::string report = TRY(folder.read("out/report.json", kMaxReportBytes));
    if (bracket_depth(report) > kMaxReportDepth) return broken("the report is nested too deeply");
    TRY(validate_report(report));
    return report;
}

void add(Harvest& out, StoredArtefact artefact, std::string file) {
    out.bytes += artefact.size_bytes;
    out.artefacts.push_back(std::move(artefact));
    out.files.push_back(std::move(file));
}

}  // namespace

Result<Harvest> harvest(const std::string& workspace, const std::string& log, bool whole) {
    Harvest out;
    OpenFolder folder = TRY(OpenFolder::open(workspace));
    for (const std::string& name : folder.list("out", kMaxFiles)) {
        if (!is_known(name) && !is_plain(name)) continue;
        if (name == "logs/run.log") continue;
        auto artefact = describe(folder, "out/" + name, name);
        if (artefact)
            add(out, std::move(*artefact), workspace + "/out/" + name);
        else if (whole)
            return broken(artefact.error().message);
    }
    if (!log.empty() && write_log(workspace + "/run.log", log))
        if (auto artefact = describe(folder, "run.log", "logs/run.log")) add(out, std::move(*artefact), workspace + "/run.log");
    if (!whole) return out;
    for (const char* name : kWholeSet)
        if (std::none_of(out.artefacts.begin(), out.artefacts.end(), [&](const StoredArtefact& each) { return each.name == name; }))
            return broken("the run did not make " + std::string(name));
    out.report_json = TRY(read_report(folder));
    return out;
}

}  // namespace proveout
