#include "job_input.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "import/machine_settings.h"
#include "import/project.h"
#include "import/tools.h"
#include "job/faults.h"
#include "job/lengths.h"
#include "job/spec.h"
#include "proveout/mesh.h"

namespace proveout {

namespace fs = std::filesystem;

namespace {

constexpr size_t kMaxMachineBytes = size_t{1} << 20;
constexpr size_t kMaxToolFileBytes = size_t{64} << 20;

Result<Job> read_job_file(const std::string& path, const Config& config) {
    JobRules rules;
    rules.timeout_max_s = config.number("SIM_TIMEOUT_S");
    rules.camotics_configured = !config.get("CAMOTICS_BIN").empty();
    // References are relative to the working directory, or to the document's own.
    rules.read_mesh = [&](std::string_view ref) {
        std::error_code ignored;
        fs::path beside = fs::path(path).parent_path() / ref;
        return read_mesh_file(!fs::exists(ref, ignored) && fs::exists(beside, ignored) ? beside.string() : std::string(ref));
    };
    MappedFile file = TRY(MappedFile::open(path));
    if (file.text().size() > kMaxToolFileBytes) return make_error(ErrorCode::kInvalidInput, path + " is too large for a job document");
    auto job = read_job(file.text(), rules);
    if (!job) job.error().message = path + ": " + job.error().message;
    return job;
}

void put_tool(Tool tool, std::vector<Tool>& tools) {
    auto at =
        std::lower_bound(tools.begin(), tools.end(), tool.number, [](const Tool& other, int number) { return other.number < number; });
    if (at != tools.end() && at->number == tool.number)
        *at = std::move(tool);
    else
        tools.insert(at, std::move(tool));
}

// The program's file: the argument, else the document's. A project names its program relative to itself.
Status open_program(const SetupArgs& args, const Config& config, JobInput& input, std::optional<Project>& project) {
    std::string path = args.program;
    if (path.empty() && input.job.inline_gcode) {
        input.program = TRY(ProgramFile::from_text(*input.job.inline_gcode, fs::path(args.job_file).stem().string() + ".nc"));
        input.stem = input.program.stem();
        return Unit{};
    }
    if (path.empty()) path = input.job.gcode_ref;
    if (path.empty()) return make_error(ErrorCode::kInvalidInput, "no program; give a file, or - for standard input");
    input.stem = path == "-" ? "stdin" : fs::path(path).stem().string();
    if (is_project_name(path)) {
        MappedFile file = TRY(MappedFile::open(path));
        project = TRY(read_project(file.text(), path));
        std::vector<std::string> programs;
        for (const std::string& name : project->files) {
            if (lower_case(fs::path(name).extension().string()) == ".tpl")
                return make_error(ErrorCode::kInvalidInput,
                                  path + " runs " + name + ", a TPL script; proveout reads G-code only: write it with tplang first");
            programs.push_back(name);
        }
        if (programs.size() != 1) {
            std::string list;
            for (const std::string& name : programs) list += (list.empty() ? "" : ", ") + name;
            return make_error(ErrorCode::kInvalidInput, path + " names " + std::to_string(programs.size()) + " programs (" + list +
                                                            "); one is needed: simulate each with --tools " + path);
        }
        fs::path program(programs[0]);
        path = program.is_absolute() ? program.string() : (fs::path(path).parent_path() / program).string();
    }
    input.program = TRY(ProgramFile::open(path, temp_directory(config)));
    return Unit{};
}

void use_project(Project project, JobInput& input) {
    Job& job = input.job;
    if (!job.tools_are_complete)
        for (Tool& tool : project.tools) put_tool(std::move(tool), job.setup.tools);
    if (!job.setup.stock && project.bounds_mm) {
        Vec3 size = project.bounds_mm->size();
        Stock stock;
        stock.solid.dims_mm = {size.x, size.y, size.z};
        stock.solid.origin_mm = project.bounds_mm->low;
        input.assumptions.push_back("stock: " + describe(stock.solid) + ", the project's workpiece");
        job.setup.stock = std::move(stock);
    }
    if (job.setup.resolution_mm == 0 && project.resolution_mm >= kLeastResolution_mm && project.resolution_mm <= kMostResolution_mm)
        input.assumptions.push_back("resolution: the project's " + number_text(project.resolution_mm) +
                                    " mm is for CAMotics; ours is chosen by the stock's size");
    for (std::string& line : project.assumptions) input.assumptions.push_back(std::move(line));
}

Status use_tool_file(const SetupArgs& args, JobInput& input) {
    if (args.tools_file.empty()) return Unit{};
    MappedFile file = TRY(MappedFile::open(args.tools_file));
    if (file.text().size() > kMaxToolFileBytes)
        return make_error(ErrorCode::kInvalidInput, args.tools_file + " is too large for a tool list");
    auto imported = import_tools(file.text(), args.tools_file, args.tools_units == "inch" ? kMmPerInch : 1);
    if (!imported) {
        imported.error().message = args.tools_file + ": " + imported.error().message;
        return imported.error();
    }
    for (Tool& tool : imported->tools) put_tool(std::move(tool), input.job.setup.tools);
    for (std::string& line : imported->assumptions) input.assumptions.push_back(std::move(line));
    return Unit{};
}

template <class T>
bool take(Result<T>& result, Faults& faults) {
    if (result) return true;
    faults.add(Faults{result.error().faults});
    return false;
}

Status use_flags(const SetupArgs& args, JobInput& input) {
    Setup& setup = input.job.setup;
    Faults faults;
    if (!args.dialect.empty()) setup.dialect = *dialect_from(args.dialect);
    std::vector<int> numbers;
    for (const std::string& spec : args.tools) {
        auto tool = parse_tool_spec(spec);
        if (!take(tool, faults)) continue;
        if (std::find(numbers.begin(), numbers.end(), tool->number) != numbers.end())
            faults.add("--tool " + spec, "number " + std::to_string(tool->number) + " is given twice; numbers must differ");
        numbers.push_back(tool->number);
        put_tool(std::move(*tool), setup.tools);
    }
    for (const std::string& spec : args.wcs) {
        auto offset = parse_wcs_spec(spec);
        if (take(offset, faults)) setup.work_offsets[offset->index] = offset->zero_mm;
    }
    if (!args.stock.empty()) {
        auto stock = parse_stock_spec(args.stock, read_mesh_file);
        if (take(stock, faults)) {
            setup.stock = std::move(stock->stock);
            input.job.stock_mesh_ref = std::move(stock->mesh_ref);
        }
    }
    if (!faults.none()) return faults_error(std::move(faults), "the command line is not valid");
    return Unit{};
}

Status use_machine(const SetupArgs& args, JobInput& input) {
    if (args.machine.empty()) return Unit{};
    MachineInput machine = TRY(read_machine_input(args.machine));
    input.job.setup.machine = machine.machine;
    for (const auto& [index, zero_mm] : machine.work_offsets) input.job.setup.work_offsets[index] = zero_mm;
    for (std::string& line : machine.assumptions) input.assumptions.push_back(std::move(line));
    return Unit{};
}

}  // namespace

std::string temp_directory(const Config& config) {
    if (!config.get("SIM_TMP_DIR").empty()) return config.get("SIM_TMP_DIR");
    const char* tmp = std::getenv("TMPDIR");
    return tmp && *tmp ? tmp : "/tmp";
}

int thread_count(const Config& config, int wished) {
    if (wished > 0) return wished;
    if (!config.get("SIM_THREADS").empty()) return static_cast<int>(config.number("SIM_THREADS"));
    return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

Result<MachineInput> read_machine_input(const std::string& name) {
    MachineInput out;
    if (auto profile = machine_profile(name)) {
        out.machine = *profile;
        return out;
    }
    auto file = MappedFile::open(name);
    if (!file)
        return make_error(ErrorCode::kInvalidInput,
                          "--machine " + name + ": no profile (generic grbl linuxcnc haas fanuc), and no file that can be read");
    std::string_view start = trimmed(file->text().substr(0, 4096));
    if (!start.empty() && start[0] == '{') {
        out.machine = TRY(read_machine_document(file->text()));
        return out;
    }
    // Lines of a $$ dump begin with $ or with a reply such as "[GC:...]"; only an INI has section headings.
    bool settings = file->text().substr(0, kMaxMachineBytes).find("$1") != std::string_view::npos;
    auto machine = settings ? machine_from_grbl_settings(file->text()) : machine_from_linuxcnc_ini(file->text());
    if (!machine) {
        machine.error().message = name + ": " + machine.error().message;
        return machine.error();
    }
    out.machine = *machine;
    out.assumptions.push_back("machine: profile " + machine->profile + " with the limits of " + name);
    return out;
}

Result<JobInput> read_input(const SetupArgs& args, const Config& config) {
    JobInput input;
    if (!args.job_file.empty())
        input.job = TRY(read_job_file(args.job_file, config));
    else
        input.job.options.timeout_s = config.number("SIM_TIMEOUT_S");
    bool stock_in_document = input.job.setup.stock.has_value();
    std::optional<Project> project;
    TRY(open_program(args, config, input, project));
    if (project) use_project(std::move(*project), input);
    TRY(use_machine(args, input));
    TRY(use_tool_file(args, input));
    TRY(use_flags(args, input));
    input.given.tools_are_complete = input.job.tools_are_complete;
    input.given.stock = stock_in_document || (!args.stock.empty() && args.stock != "auto");
    input.scan = scan_program(input.program.program().text, input.program.program().passed);
    if (args.read_comments) read_comments(input);
    return input;
}

}  // namespace proveout
