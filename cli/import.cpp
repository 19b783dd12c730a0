// proveout import: tool lists and machine settings of other programs as members of a job document.
#include <nlohmann/json.hpp>

#include "args.h"
#include "console.h"
#include "import/tools.h"
#include "job_input.h"

namespace proveout {

namespace {

using Ordered = nlohmann::ordered_json;

Result<MappedFile> read_file(const std::string& path, const Config& config) {
    return path == "-" ? spool_stdin(temp_directory(config)) : MappedFile::open(path);
}

Result<std::string> tools_text(const ImportArgs& args, const Config& config, std::vector<std::string>& assumptions) {
    MappedFile file = TRY(read_file(args.file, config));
    ImportedTools imported = TRY(import_tools(file.text(), args.file, args.units == "inch" ? kMmPerInch : 1));
    assumptions = std::move(imported.assumptions);
    Ordered out{{"tools", Ordered::array()}};
    for (const Tool& tool : imported.tools) out["tools"].push_back(Ordered::parse(tool_document(tool)));
    return out.dump(2) + "\n";
}

Result<std::string> machine_text(const ImportArgs& args, std::vector<std::string>& assumptions) {
    static constexpr const char* kNames[] = {"G54", "G55", "G56", "G57", "G58", "G59", "G59.1", "G59.2", "G59.3"};
    MachineInput input = TRY(read_machine_input(args.file));
    assumptions = std::move(input.assumptions);
    Ordered out{{"machine", Ordered::parse(machine_document(input.machine))}};
    for (const auto& [index, zero] : input.work_offsets) out["wcs"][kNames[index]] = {zero.x, zero.y, zero.z};
    return out.dump(2) + "\n";
}

}  // namespace

int run_import(const ImportArgs& args) {
    std::vector<std::string> assumptions;
    auto config = load_config();
    Result<std::string> text = !config                ? Result<std::string>(config.error())
                               : args.kind == "tools" ? tools_text(args, *config, assumptions)
                                                      : machine_text(args, assumptions);
    if (!text) {
        print_error(text.error(), args.file);
        return exit_status(text.error());
    }
    for (const std::string& line : assumptions) std::fprintf(stderr, "assumed: %s\n", line.c_str());
    return print_out(*text) ? kExitOk : kExitEngine;
}

}  // namespace proveout
