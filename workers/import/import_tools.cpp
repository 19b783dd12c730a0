// Which kind of tool list a file is, by content.
#include "import/project.h"
#include "import/tools.h"
#include "job/fields.h"
#include "job/job.h"

namespace proveout {

Result<ImportedTools> import_tools(std::string_view bytes, std::string_view name, double table_unit_mm) {
    if (bytes.substr(0, 4) == "PK\x03\x04") {
        std::string json = TRY(unzip_library(bytes));
        return read_fusion_library(json);
    }
    std::string_view start = trimmed(bytes.substr(0, std::min<size_t>(bytes.size(), 4096)));
    if (start.substr(0, 3) == "\xEF\xBB\xBF") start = trimmed(start.substr(3));
    if (start.empty()) return make_error(ErrorCode::kInvalidInput, std::string(name) + " is empty; a tool list is needed");
    if (start[0] == '<') {
        Project project = TRY(read_project(bytes, name));
        return ImportedTools{std::move(project.tools), std::move(project.assumptions)};
    }
    if (start[0] != '{' && start[0] != '[') return read_tool_table(bytes, table_unit_mm);
    Faults faults;
    auto document = parse_json(bytes, 64, faults);
    if (!document) return faults_error(std::move(faults), std::string(name) + " is not valid");
    if (document->is_object() && document->contains("data")) return read_fusion_library(bytes);
    if (document->is_object() && (document->contains("workpiece") || document->contains("files") ||
                                  (document->contains("tools") && (*document)["tools"].is_object()))) {
        Project project = TRY(read_project(bytes, name));
        return ImportedTools{std::move(project.tools), std::move(project.assumptions)};
    }
    return ImportedTools{TRY(read_tools_document(bytes)), {}};
}

}  // namespace proveout
