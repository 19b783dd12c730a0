#include "options.h"

#include <CLI/CLI.hpp>
#include <filesystem>

#include "args.h"
#include "console.h"
#include "job/job.h"
#include "service_commands.h"

namespace proveout {

namespace {

constexpr const char* kIntro =
    "Proves out a CNC program before metal does: cuts the stock with the real tools, and says what the program hits, what it removes\n"
    "and how long it takes.";

constexpr const char* kMainExamples =
    "Examples:\n"
    "  proveout simulate part.nc                          everything inferred, every assumption listed\n"
    "  proveout simulate part.nc --tool 1:flat,d=6,flute=20,shank=6,stickout=35 --stock 60x40x10@-30,-20,-10\n"
    "  proveout time part.nc --machine grbl               cycle time by tool and by line range\n"
    "  proveout doctor                                    what is missing here, and how to get it\n"
    "Exit status: 0 nothing found, 1 findings, 2 usage or invalid input, 3 G-code that cannot be processed, 4 timeout or resource limit,\n"
    "5 engine or encoder failure, 130 interrupted.";

constexpr const char* kSimulateExamples =
    "Tool types: flat ball bull vbit chamfer drill taper tslot dovetail lollipop face. Keys: d diameter, r corner radius, tip, angle\n"
    "(included), taper (per side), neck, flute, shank, stickout, holder=HEIGHT/LOWER/UPPER+..., flutes, rpm, cc=0|1, h length offset.\n"
    "Lengths are mm, or end in \"in\" (1/4in).\n"
    "Examples:\n"
    "  proveout simulate part.nc\n"
    "  proveout simulate part.nc --tool 1:flat,d=6,flute=20,stickout=35,holder=30/20/32 --stock 60x40x10@-30,-20,-10\n"
    "  proveout simulate part.nc --tools tool.tbl --stock cyl:d=50,h=20@0,0,-20 --machine grbl-settings.txt\n"
    "  proveout simulate part.camotics --no-video --json > report.json\n"
    "  cat part.nc | proveout simulate - --job job.json --fail-on warning --sarif part.sarif --junit part.xml";

constexpr const char* kInspectExamples =
    "Examples:\n"
    "  proveout inspect part.nc                           canonical machining calls, as LinuxCNC's rs274 -g prints them\n"
    "  proveout inspect part.nc --format jsonl            one JSON object a line: motions, states, findings, the end";

constexpr const char* kTimeExamples =
    "Examples:\n"
    "  proveout time part.nc --machine linuxcnc\n"
    "  proveout time part.nc --machine grbl-settings.txt --json      limits from a $$ dump";

constexpr const char* kImportExamples =
    "Examples:\n"
    "  proveout import tools tool.tbl --units inch > tools.json      LinuxCNC tool table\n"
    "  proveout import tools library.tools                           Fusion 360 library, also as .json\n"
    "  proveout import machine settings.txt                          GRBL $$ dump; also a LinuxCNC .ini";

const std::vector<std::string> kDialects{"auto", "linuxcnc", "grbl", "grblhal", "fanuc", "haas", "mach3"};

void add_setup(CLI::App& app, SetupArgs& args, bool stock) {
    app.add_option("PROGRAM", args.program, "G-code file, - for standard input, or a CAMotics project");
    app.add_option("--dialect", args.dialect, "auto linuxcnc grbl grblhal fanuc haas mach3")
        ->check(CLI::IsMember(kDialects))
        ->type_name("D");
    app.add_option("--tools", args.tools_file, "tool list: tool.tbl, Fusion library, CAMotics project or JSON")->type_name("FILE");
    app.add_option("--tools-units", args.tools_units, "units of a tool.tbl")->check(CLI::IsMember({"mm", "inch"}))->type_name("mm|inch");
    app.add_option("--tool", args.tools, "a tool: NUMBER:TYPE,d=DIAMETER,... (repeatable)")->allow_extra_args(false)->type_name("SPEC");
    app.add_option("--machine", args.machine, "generic grbl linuxcnc haas fanuc, a $$ dump, a LinuxCNC .ini or JSON")
        ->type_name("FILE|PROFILE");
    app.add_option("--wcs", args.wcs, "a work offset: G54=X,Y,Z (repeatable)")->allow_extra_args(false)->type_name("G54=X,Y,Z");
    app.add_option("--job", args.job_file, "job document (JSON); flags override it")->type_name("FILE");
    if (stock)
        app.add_option("--stock", args.stock,
                       "60x40x10@-30,-20,-10 (size @ low corner), cyl:d=,h=@x,y,z, tube:d=,i=,h=@x,y,z, part.stl, auto")
            ->type_name("SPEC");
}

void add_simulate(CLI::App& app, SimulateArgs& args) {
    add_setup(app, args.setup, true);
    app.add_option("--out", args.out_dir, "directory for the results (default: STEM.proveout)")->type_name("DIR");
    app.add_option("--resolution", args.resolution_mm, "cell, 0.001 to 10 (default: chosen by the stock's size)")->type_name("MM");
    app.add_option("--engine", args.engine, "native camotics both")->check(CLI::IsMember({"native", "camotics", "both"}))->type_name("E");
    app.add_flag("--camotics-raw", args.camotics_raw, "CAMotics reads the program's own text, not our flattened one");
    app.add_option("--fail-on", args.fail_on, "severity from which the exit status is 1 (default: error)")
        ->check(CLI::IsMember({"error", "warning", "never"}))
        ->type_name("error|warning|never");
    app.add_option("--artefacts", args.artefacts, "all, or report.json only")
        ->check(CLI::IsMember({"all", "report"}))
        ->type_name("all|report");
    app.add_option("--timeout", args.timeout_s, "stop after this many seconds")->type_name("S");
    app.add_option("--clearance", args.clearance_mm, "also report parts that come nearer than this (0: off)")->type_name("MM");
    app.add_option("--threads", args.threads, "threads (default: all cores)")->check(CLI::Range(1, 1024))->type_name("N");
    app.add_option("--sarif", args.sarif_file, "also write the findings as SARIF 2.1.0")->type_name("FILE");
    app.add_option("--junit", args.junit_file, "also write the verdict as JUnit XML")->type_name("FILE");
    app.add_flag("--no-video", args.no_video, "no film, preview and snapshot");
    app.add_flag("--json", args.json, "print the report alone on standard output");
    app.footer(kSimulateExamples);
}

struct AllArgs {
    SimulateArgs simulate;
    InspectArgs inspect;
    TimeArgs time;
    DoctorArgs doctor;
    ImportArgs import;
    ExportArgs export_args;
    ServiceArgs service;
};

void build(CLI::App& app, AllArgs& args) {
    app.description(kIntro);
    app.footer(kMainExamples);
    app.set_version_flag("--version", std::string("proveout ") + PROVEOUT_VERSION);
    app.require_subcommand(1);
    add_simulate(*app.add_subcommand("simulate", "cut the stock and give the verdict, report, film and part"), args.simulate);
    CLI::App* inspect = app.add_subcommand("inspect", "print the canonical motions of a program; nothing is cut");
    add_setup(*inspect, args.inspect.setup, false);
    inspect->add_option("--format", args.inspect.format, "canon or jsonl")
        ->check(CLI::IsMember({"canon", "jsonl"}))
        ->type_name("canon|jsonl");
    inspect->footer(kInspectExamples);
    CLI::App* time = app.add_subcommand("time", "cycle time by tool and by line range");
    add_setup(*time, args.time.setup, false);
    time->add_flag("--json", args.time.json, "print JSON");
    time->footer(kTimeExamples);
    CLI::App* doctor = app.add_subcommand("doctor", "check FFmpeg, CAMotics, disk and settings, and say what is missing");
    doctor->add_flag("--json", args.doctor.json, "print JSON");
    doctor->add_option("--listen", args.doctor.listen, "as of serve")->type_name("HOST:PORT");
    doctor->add_option("--data-dir", args.doctor.data_dir, "as of serve")->type_name("DIR");
    doctor->add_option("--env-file", args.doctor.env_file, "as of serve")->type_name("FILE");
    doctor->footer("Example:\n  proveout doctor --json");
    CLI::App* camotics = app.add_subcommand("export", "write the job as a CAMotics project, with our flattened program");
    camotics->add_option("KIND", args.export_args.kind, "camotics")->required()->check(CLI::IsMember({"camotics"}));
    add_setup(*camotics, args.export_args.setup, true);
    camotics->add_option("--out", args.export_args.out_dir, "directory (default: STEM.camotics-project)")->type_name("DIR");
    camotics->add_option("--resolution", args.export_args.resolution_mm, "cell (default: what CAMotics calls high)")
        ->check(CLI::Range(kLeastResolution_mm, kMostResolution_mm))
        ->type_name("MM");
    camotics->add_flag("--raw", args.export_args.raw, "the program's own text in place of the flattened one");
    camotics->footer("Example:\n  proveout export camotics part.nc --stock 60x40x10@-30,-20,-10 --out project");
    app.add_subcommand("camsim", "for scripts that call CAMotics' camsim: same options, our engine");  // never parsed here
    CLI::App* import = app.add_subcommand("import", "turn a tool list or a machine's settings into job document JSON");
    import->add_option("KIND", args.import.kind, "tools or machine")->required()->check(CLI::IsMember({"tools", "machine"}));
    import->add_option("FILE", args.import.file, "file to read, - for standard input")->required();
    import->add_option("--units", args.import.units, "units of a tool.tbl")->check(CLI::IsMember({"mm", "inch"}))->type_name("mm|inch");
    import->footer(kImportExamples);
    add_service_commands(app, args.service);
}

int dispatch(const CLI::App& app, const AllArgs& args) {
    std::string command = app.get_subcommands().front()->get_name();
    if (command == "simulate") return run_simulate(args.simulate);
    if (command == "inspect") return run_inspect(args.inspect);
    if (command == "time") return run_time(args.time);
    if (command == "doctor") return run_doctor(args.doctor);
    if (command == "import") return run_import(args.import);
    if (command == "export") return run_export(args.export_args);
    return run_service_command(command, args.service);
}

// "proveout part.nc": the most likely slip gets the answer that helps.
void explain_usage_error(int argc, char** argv, const std::string& message) {
    std::error_code ignored;
    if (argc > 1 && argv[1][0] != '-' && std::filesystem::is_regular_file(argv[1], ignored))
        return print_error("a sub-command comes first: proveout simulate " + std::string(argv[1]));
    print_error(message + "\nproveout --help and proveout COMMAND --help show what is allowed");
}

}  // namespace

int run_command(int argc, char** argv) {
    if (argc > 1 && std::string_view(argv[1]) == "camsim") return run_camsim({argv + 2, argv + argc});  // it has rules of its own
    AllArgs args;
    CLI::App app("", "proveout");
    build(app, args);
    if (argc <= 1) {
        std::fputs(app.help().c_str(), stderr);
        return kExitUsage;
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& failure) {
        if (failure.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) return app.exit(failure);  // --help, --version: stdout
        explain_usage_error(argc, argv, failure.what());
        return kExitUsage;
    }
    return dispatch(app, args);
}

}  // namespace proveout
