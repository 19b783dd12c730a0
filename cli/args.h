// args.h -- what the command line says, as plain data. options.cpp fills it; one function per sub-command takes it.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace proveout {

// Exit statuses, fixed (contract section 1).
constexpr int kExitOk = 0, kExitFindings = 1, kExitUsage = 2, kExitGcode = 3, kExitLimit = 4, kExitEngine = 5, kExitInterrupted = 130;

// What names the program and its surroundings; shared by simulate, inspect and time.
struct SetupArgs {
    std::string program;  // file, "-", or a CAMotics project; "": none given
    std::string job_file;
    std::string dialect;
    std::vector<std::string> tools;  // --tool SPEC
    std::string tools_file;
    std::string tools_units = "mm";  // of a tool.tbl
    std::string stock;
    std::vector<std::string> wcs;
    std::string machine;
    bool read_comments = true;  // tools and stock from the program's comments; inspect sees the program as the controller does
};

struct SimulateArgs {
    SetupArgs setup;
    std::optional<double> resolution_mm, timeout_s, clearance_mm;
    std::string engine, fail_on, out_dir, sarif_file, junit_file;
    std::string artefacts = "all";  // all report
    bool no_video = false, json = false;
    bool camotics_raw = false;  // CAMotics reads the program itself
    int threads = 0;            // 0: SIM_THREADS, else all cores
};

struct InspectArgs {
    SetupArgs setup;
    std::string format = "canon";  // canon jsonl
};

struct TimeArgs {
    SetupArgs setup;
    bool json = false;
};

struct DoctorArgs {
    std::string listen, data_dir, env_file;  // as of serve; empty: not given
    bool json = false;
};

struct ImportArgs {
    std::string kind;  // tools machine
    std::string file;
    std::string units = "mm";
};

struct ExportArgs {
    std::string kind;  // camotics
    SetupArgs setup;
    std::string out_dir;
    std::optional<double> resolution_mm;
    bool raw = false;
};

int run_simulate(const SimulateArgs& args);
int run_inspect(const InspectArgs& args);
int run_time(const TimeArgs& args);
int run_doctor(const DoctorArgs& args);
int run_import(const ImportArgs& args);
int run_export(const ExportArgs& args);
int run_camsim(const std::vector<std::string>& words);  // CAMotics' own command line

}  // namespace proveout
