#include "runner/job_input.h"

#include "proveout/mesh.h"

namespace proveout {

void read_comments(JobInput& input) {
    input.notes = read_notes(input.scan);
    use_notes(input.notes, input.given, input.job.setup, input.assumptions);
}

Result<Survey> complete_job(JobInput& input, const Context& context) {
    Setup& setup = input.job.setup;
    Survey survey = TRY(survey_program(input.program.program(), setup, context));
    if (input.given.tools_are_complete) TRY(check_called_tools(survey, input.scan, input.notes, setup));
    TRY(fill_from_survey(survey, input.scan, input.notes, setup, input.assumptions));
    return survey;
}

void add_dialect_hint(const JobInput& input, std::string_view how, Error& error) {
    if (input.job.setup.dialect != Dialect::kAuto || !input.program.is_open()) return;
    const Program& program = input.program.program();
    DialectChoice choice = choose_dialect(program.text, program.name);
    error.message +=
        " (read as " + std::string(name_of(choice.dialect)) + ", " + choice.reason + "; another control: " + std::string(how) + ")";
}

Result<std::vector<Triangle>> read_mesh_file(std::string_view path) {
    auto file = MappedFile::open(std::string(path));
    if (!file) return file.error();
    auto mesh = read_stl(file->text());
    if (!mesh) mesh.error().message = std::string(path) + ": " + mesh.error().message;
    return mesh;
}

}  // namespace proveout
