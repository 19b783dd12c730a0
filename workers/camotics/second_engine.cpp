#include "camotics/second_engine.h"

#include <cstdlib>
#include <filesystem>

namespace proveout {

namespace {

namespace fs = std::filesystem;

// A directory of its own that is gone at the end, whatever the end is.
class Workspace {
  public:
    static Result<Workspace> create(const std::string& parent) {
        std::string path = parent + "/camotics-XXXXXX";
        if (!mkdtemp(path.data())) return make_error(ErrorCode::kIo, "cannot make a workspace for CAMotics in " + parent);
        return Workspace(fs::absolute(path).lexically_normal().string());
    }
    Workspace(Workspace&& other) noexcept : path_(std::exchange(other.path_, "")) {}
    ~Workspace() {
        std::error_code ignored;
        if (!path_.empty()) fs::remove_all(path_, ignored);
    }
    const std::string& path() const { return path_; }

  private:
    explicit Workspace(std::string path) : path_(std::move(path)) {}
    std::string path_;
};

}  // namespace

Result<CamoticsPart> cut_with_camotics(const Program& program, const Job& job, const SecondEngineOptions& options, CamsimRecord& record,
                                       const Context& context) {
    CamoticsOptions cam;
    cam.camsim = TRY(find_camsim(options.camsim));
    Workspace workspace = TRY(Workspace::create(options.directory));
    cam.directory = workspace.path();
    cam.resolution_mm = job.setup.resolution_mm;
    cam.raw = options.raw;
    cam.film_steps = options.film ? kDefaultFilmSteps : 0;
    record.log_path = (fs::absolute(options.logs_directory) / "camsim.log").string();
    auto part = run_camotics(program, job.setup, cam, record, context);
    std::error_code ignored;
    if (!record.project_path.empty())
        fs::copy_file(record.project_path, fs::path(options.logs_directory) / "project.camotics", fs::copy_options::overwrite_existing,
                      ignored);
    return part;
}

Result<EngineComparison> compare_engines(const Mesh& ours, const Simulation& simulation, const Setup& setup, const CamoticsPart& theirs,
                                         const Context& context) {
    EngineComparison out;
    out.comparison = TRY(compare_parts(ours, simulation, theirs, context));
    if (out.comparison.agree) return out;
    const FindingRule* rule = find_rule("ENGINES_DISAGREE");
    Finding finding;
    finding.code = rule->code;
    finding.severity = rule->severity;
    finding.message = out.comparison.message;
    finding.has_point = true;
    finding.point_mm = out.comparison.worst_mm;
    out.disagreement = std::move(finding);
    auto picture = picture_of_differences(ours, theirs, out.comparison, setup, context);
    if (picture) out.picture_png = std::move(*picture);
    if (context.stop_reason() != StopReason::kNone) return stop_error(context.stop_reason());
    return out;
}

}  // namespace proveout
