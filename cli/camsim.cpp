// proveout camsim: for scripts that call CAMotics' camsim. Same options, same lines on stderr, an exit status that tells the truth (0 only
// if the part is there and whole), and our own engine.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "args.h"
#include "camotics/native_cut.h"
#include "console.h"
#include "files/files.h"
#include "import/project.h"
#include "job/lengths.h"
#include "job_input.h"

namespace proveout {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr double kPartMemory_bytes = 2e9;
constexpr double kDefaultDiameter_mm = 2, kDefaultLength_mm = 10;  // of a tool that camsim makes up
constexpr double kDefaultMargin_percent = 5;

constexpr const char* kUsage =
    "Usage: proveout camsim [OPTIONS] <project.camotics|project.xml|input.gcode> <output.stl>\n\n"
    "  --binary=false         write ASCII STL (default: binary)\n"
    "  --reduce               accepted: our mesh is always reduced\n"
    "  --render-mode MODE     MCUBES_MODE or CMS_MODE; accepted, ours is neither\n"
    "  --resolution R         mm, or low, medium, high, very_high, manual (default: the project's, else medium)\n"
    "  --threads N            default: all cores\n"
    "  --time S               state after S seconds of CAMotics' clock; 0: the end\n"
    "  -q, --quiet, -v, --verbose, --verbosity N, --log-*, --config FILE: accepted\n\n"
    "Exit status: 0 the part is written, 1 anything else.\n";

struct DropIn {
    bool binary = true, reduce = false, quiet = false, help = false, version = false;
    std::string resolution;
    int threads = 0;
    double time_s = 0;
    std::vector<std::string> names;
};

void say(const DropIn& args, const std::string& line) {
    if (!args.quiet) std::fprintf(stderr, "%s\n", line.c_str());
}
void say_error(const std::string& text) { std::fprintf(stderr, "ERROR:%s\n", text.c_str()); }

Error usage(std::string text) { return make_error(ErrorCode::kInvalidInput, std::move(text)); }

Status set_option(DropIn& args, const std::string& name, const std::string& value) {
    auto number = [&](double low, double high) -> Result<double> {
        auto read = parse_number(value);
        if (!read || *read < low || *read > high) return usage("Invalid value '" + value + "' of option '--" + name + "'");
        return *read;
    };
    if (name == "resolution")
        args.resolution = value;
    else if (name == "threads")
        args.threads = static_cast<int>(TRY(number(0, 1024)));
    else if (name == "time")
        args.time_s = TRY(number(0, 1e12));
    else if (name == "verbosity")
        args.quiet = TRY(number(0, 100)) < 1;
    else if (name == "render-mode" && value != "MCUBES_MODE" && value != "CMS_MODE")
        return usage("'" + value + "' is no render mode");
    return Unit{};
}

// --opt value or --opt=value; booleans take a value only with =.
Result<DropIn> parse(const std::vector<std::string>& words) {
    DropIn args;
    for (size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (word == "-q")
            args.quiet = true;
        else if (word == "-h")
            args.help = true;
        else if (word == "-v")
            continue;
        else if (word.size() < 2 || word[0] != '-')
            args.names.push_back(word);
        else if (word.substr(0, 2) != "--")
            return usage("Invalid argument '" + word + "'");
        else {
            size_t equals = word.find('=');
            std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
            bool has_value = equals != std::string::npos;
            std::string value = has_value ? word.substr(equals + 1) : "";
            bool on = !has_value || value == "true" || value == "1";
            bool flag_log = name.substr(0, 4) == "log-" || name == "stack-traces" || name == "exception-locations";
            if (name == "binary")
                args.binary = on;
            else if (name == "reduce")
                args.reduce = on;
            else if (name == "quiet")
                args.quiet = on;
            else if (name == "help")
                args.help = true;
            else if (name == "version")
                args.version = true;
            else if (name == "verbose" || flag_log)
                continue;
            else if (name == "resolution" || name == "threads" || name == "time" || name == "verbosity" || name == "render-mode" ||
                     name == "log" || name == "config") {
                if (!has_value && ++i == words.size()) return usage("Option '--" + name + "' needs a value");
                TRY(set_option(args, name, has_value ? value : words[i]));
            } else
                return usage("Invalid argument '" + word + "'");
        }
    }
    if (args.help || args.version) return args;
    if (args.names.empty()) return usage("Missing project or GCode input argument.");
    if (args.names.size() == 1) return usage("Missing STL output argument.");
    if (args.names.size() > 2) return usage("Too many (" + std::to_string(args.names.size()) + ") positional arguments.");
    return args;
}

struct Input {
    std::vector<ProgramFile> files;
    std::vector<std::string> paths;
    Setup setup;
    double resolution_mm = 0;
};

Result<Input> read_input(const DropIn& args, const Config& config) {
    Input input;
    const std::string& name = args.names[0];
    input.setup.dialect = Dialect::kAuto;
    if (is_project_name(name)) {
        MappedFile file = TRY(MappedFile::open(name));
        Project project = TRY(read_project(file.text(), name));
        input.setup.tools = std::move(project.tools);
        input.resolution_mm = project.resolution_mm;
        for (const std::string& path : project.files) input.paths.push_back((fs::path(name).parent_path() / path).string());
        if (project.bounds_mm) {
            input.setup.stock.emplace();
            Vec3 size = project.bounds_mm->size();
            input.setup.stock->solid.dims_mm = {size.x, size.y, size.z};
            input.setup.stock->solid.origin_mm = project.bounds_mm->low;
        }
    } else {
        input.paths.push_back(name);
    }
    if (input.paths.empty()) return usage(name + " names no program");
    for (const std::string& path : input.paths) {
        if (fs::path(path).extension() == ".tpl")
            return usage(path + " is a TPL script; proveout reads G-code: write it with tplang first");
        input.files.push_back(TRY(ProgramFile::open(path, temp_directory(config))));
    }
    return input;
}

// With the line as camsim tells it.
Error located(Error error, const std::string& path) {
    if (error.line > 0) error.message += "\nERROR:       At: " + fs::absolute(path).string() + ":" + std::to_string(error.line);
    return error;
}

// Tools that nobody describes are made up as camsim does it, with its warning; the workpiece is computed before it is used.
Status complete(const DropIn& args, Input& input, const Context& context) {
    std::vector<Survey> surveys;
    for (size_t k = 0; k < input.files.size(); ++k) {
        auto survey = survey_program(input.files[k].program(), input.setup, context);
        if (!survey) return located(survey.error(), input.paths[k]);
        surveys.push_back(std::move(*survey));
    }
    for (const Survey& survey : surveys) {
        for (int number : survey.tools_used) {
            if (find_tool(input.setup.tools, number)) continue;
            say(args, "WARNING:Auto-creating missing tool " + std::to_string(number));
            Tool tool;
            tool.number = number;
            tool.diameter_mm = kDefaultDiameter_mm;
            tool.flute_length_mm = kDefaultLength_mm;
            auto after = std::find_if(input.setup.tools.begin(), input.setup.tools.end(), [&](const Tool& t) { return t.number > number; });
            input.setup.tools.insert(after, tool);
        }
    }
    if (input.setup.stock) return Unit{};
    Box3 box = automatic_workpiece(surveys, input.setup, kDefaultMargin_percent);
    if (box.empty()) return usage("Empty workpiece, nothing to simulate");
    Vec3 size = box.size();
    input.setup.stock.emplace();
    input.setup.stock->solid.dims_mm = {size.x, size.y, size.z};
    input.setup.stock->solid.origin_mm = box.low;
    return Unit{};
}

Result<double> cell_of(const DropIn& args, const Input& input) {
    Box3 stock = bounds_of(input.setup.stock->solid);
    std::string word = lower_case(args.resolution);
    std::replace(word.begin(), word.end(), '-', '_');
    if (auto cells = cells_of_mode(word)) return cell_of_cells_mm(stock, *cells);
    bool by_project = word.empty() || word == "manual";
    if (by_project) return input.resolution_mm > 0 ? input.resolution_mm : cell_of_cells_mm(stock, *cells_of_mode("medium"));
    auto number = parse_number(word);
    if (!number || !(*number > 0))
        return usage("'" + args.resolution + "' is no resolution: give mm, low, medium, high, very_high or manual");
    return *number;
}

std::string bounds_text(const Box3& box, double cell) {
    char text[300];
    std::snprintf(text, sizeof text, "Computing surface bounded by ((%g,%g,%g), (%g,%g,%g)) at %g grid resolution", box.low.x, box.low.y,
                  box.low.z, box.high.x, box.high.y, box.high.z, cell);
    return text;
}

std::string ascii_stl(const Mesh& mesh) {
    std::string out = "solid CAMotics Surface by proveout\n";
    char text[400];
    for (const Triangle& t : triangles_of(mesh)) {
        Vec3 n = cross(t.b - t.a, t.c - t.a);
        double size = length(n);
        n = (size > 0 ? 1 / size : 0) * n;
        std::snprintf(
            text, sizeof text,
            "facet normal %g %g %g\nouter loop\nvertex %.9g %.9g %.9g\nvertex %.9g %.9g %.9g\nvertex %.9g %.9g %.9g\nendloop\nendfacet\n",
            n.x, n.y, n.z, t.a.x, t.a.y, t.a.z, t.b.x, t.b.y, t.b.z, t.c.x, t.c.y, t.c.z);
        out += text;
    }
    return out + "endsolid CAMotics Surface by proveout\n";
}

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// The first line at once, then at most one a second.
std::function<void(std::string_view, double)> progress_lines(const DropIn& args, Clock::time_point start) {
    return [&args, start, next = 0.0](std::string_view, double fraction) mutable {
        double elapsed = seconds_since(start);
        if (elapsed < next || fraction >= 1) return;
        next = std::floor(elapsed) + 1;
        char percent[32];
        std::snprintf(percent, sizeof percent, "%.2f", 100 * fraction);
        double left = fraction > 0 ? elapsed * (1 - fraction) / fraction : 0;
        say(args,
            std::string("Progress: ") + percent + "% Time: " + camotics_duration_text(elapsed) + " ETA: " + camotics_duration_text(left));
    };
}

Status write_stl(const DropIn& args, const Mesh& mesh) {
    std::string bytes = args.binary ? to_stl(mesh) : ascii_stl(mesh);
    const std::string& name = args.names[1];
    std::error_code ignored;
    if (fs::path parent = fs::path(name).parent_path(); !parent.empty()) fs::create_directories(parent, ignored);
    if (fs::exists(name, ignored) && !fs::is_regular_file(name, ignored)) {  // /dev/stdout
        std::FILE* file = std::fopen(name.c_str(), "wb");
        bool good = file && std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
        good = file && std::fclose(file) == 0 && good;
        return good ? Status(Unit{}) : Status(make_error(ErrorCode::kIo, "cannot write " + name));
    }
    return write_file_atomically(name, bytes);
}

Status cut(const DropIn& args, const Config& config, const Context& given) {
    Context context = given;
    Input input = TRY(read_input(args, config));
    TRY(complete(args, input, context));
    double cell = TRY(cell_of(args, input));
    std::vector<Program> programs;
    for (const ProgramFile& file : input.files) programs.push_back(file.program());
    Clock::time_point start = Clock::now();
    say(args, bounds_text(bounds_of(input.setup.stock->solid), cell));
    context.progress = progress_lines(args, start);
    context.report("simulate", 0);
    size_t failed = 0;
    auto made = cut_natively(programs, input.setup, cell, args.time_s, kPartMemory_bytes, &failed, context);
    if (!made) return located(made.error(), input.paths[failed]);
    if (made->mesh.triangles.empty()) return make_error(ErrorCode::kEngineFailed, "nothing is left of the workpiece");
    double elapsed = std::max(1e-6, seconds_since(start));
    char rate[32];
    std::snprintf(rate, sizeof rate, "%.2f", static_cast<double>(made->mesh.triangles.size()) / elapsed);
    std::string count = std::to_string(made->mesh.triangles.size());
    say(args, "Time: " + camotics_duration_text(elapsed) + " Triangles: " + count + " Triangles/sec: " + rate);
    if (args.reduce) say(args, "Reducing mesh\nTime: 0 secs Triangles: " + count + " Reduction: 0.00%");
    return write_stl(args, made->mesh);
}

}  // namespace

int run_camsim(const std::vector<std::string>& words) {
    constexpr int kFailed = 1;  // camsim has one status for everything
    auto args = parse(words);
    if (!args) {
        say_error("Exception: " + args.error().message);
        return kFailed;
    }
    if (args->help) return print_out(kUsage) ? kExitOk : kFailed;
    if (args->version) {
        std::fprintf(stderr, "%s\n", PROVEOUT_VERSION);
        return kExitOk;
    }
    auto config = load_config();
    if (!config) {
        say_error(config.error().message);
        return kFailed;
    }
    RunControl control(thread_count(*config, args->threads), 0, false);
    Status done = cut(*args, *config, control.context());
    if (done) return kExitOk;
    if (control.stop_reason() != StopReason::kNone) return kExitInterrupted;
    say_error(done.error().message);
    for (const Fault& fault : done.error().faults) say_error(fault.pointer + ": " + fault.detail);
    return kFailed;
}

}  // namespace proveout
