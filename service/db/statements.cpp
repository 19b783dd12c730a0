#include "db/session.h"

namespace proveout {

namespace {

constexpr std::string_view kMark = "-- :", kRunRows = "{run_rows}";

std::string_view next_line(std::string_view& rest) {
    size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return line;
}

}  // namespace

int64_t SqlRow::integer(size_t column) const {
    const Cell& cell = cells.at(column);
    if (const auto* real = std::get_if<double>(&cell)) return static_cast<int64_t>(*real);
    const auto* value = std::get_if<int64_t>(&cell);
    return value ? *value : 0;
}

double SqlRow::real(size_t column) const {
    const auto* value = std::get_if<double>(&cells.at(column));
    return value ? *value : static_cast<double>(integer(column));
}

std::string SqlRow::text(size_t column) const {
    const auto* value = std::get_if<std::string>(&cells.at(column));
    return value ? *value : std::string();
}

std::map<std::string, std::string, std::less<>> parse_statements(std::initializer_list<std::string_view> texts) {
    std::map<std::string, std::string, std::less<>> statements;
    for (std::string_view text : texts) {
        std::string* current = nullptr;
        while (!text.empty()) {
            std::string_view line = next_line(text);
            if (line.starts_with(kMark)) {
                current = &statements[std::string(line.substr(kMark.size()))];
                current->clear();
            } else if (current && !line.empty() && !line.starts_with("--")) {
                current->append(line).push_back('\n');
            }
        }
    }
    const std::string rows = statements["run_rows"];
    for (auto& [name, text] : statements)
        if (size_t at = text.find(kRunRows); at != std::string::npos) text.replace(at, kRunRows.size(), rows);
    return statements;
}

}  // namespace proveout
