#include "observe/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "domain/clock.h"
#include "observe/log_line.h"

namespace proveout {

namespace {

using Ordered = nlohmann::ordered_json;

constexpr size_t kMaxFieldBytes = 1024;  // of one value: a line stays a line, whatever a client put into a name

// At most kMaxFieldBytes, cut between characters.
std::string shortened(const std::string& text) {
    if (text.size() <= kMaxFieldBytes) return text;
    size_t end = kMaxFieldBytes;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    return text.substr(0, end) + "...";
}

Ordered value_of(const LogField& field) {
    if (auto text = std::get_if<std::string>(&field.value)) return shortened(*text);
    if (auto number = std::get_if<int64_t>(&field.value)) return *number;
    if (auto flag = std::get_if<bool>(&field.value)) return *flag;
    double number = std::get<double>(field.value);
    if (!std::isfinite(number)) return nullptr;
    return std::round(number * 1000) / 1000;
}

// ASCII without control characters, also what was no UTF-8: nothing in a log moves a cursor or begins a line.
std::string escaped(const Ordered& value) { return value.dump(-1, ' ', true, Ordered::error_handler_t::replace); }

// As it is if it is one plain word, else quoted and escaped.
std::string text_value(const Ordered& value) {
    std::string quoted = escaped(value);
    if (!value.is_string()) return quoted;
    std::string inner = quoted.substr(1, quoted.size() - 2);
    bool plain = !inner.empty() && inner == value.get_ref<const std::string&>() && inner.find_first_of(" =\"\x7f") == std::string::npos;
    return plain ? inner : quoted;
}

LogLevel level_from(std::string_view name) {
    return name == "debug"     ? LogLevel::kDebug
           : name == "warning" ? LogLevel::kWarning
           : name == "error"   ? LogLevel::kError
                               : LogLevel::kInfo;
}

spdlog::logger& standard_error() {
    static const std::shared_ptr<spdlog::logger> kLogger = [] {
        auto logger = std::make_shared<spdlog::logger>("proveout", std::make_shared<spdlog::sinks::stderr_sink_mt>());
        logger->set_pattern("%v");
        logger->set_level(spdlog::level::trace);
        logger->flush_on(spdlog::level::trace);
        return logger;
    }();
    return *kLogger;
}

}  // namespace

std::string_view name_of(LogLevel level) {
    constexpr std::string_view kNames[] = {"debug", "info", "warning", "error"};
    return kNames[static_cast<size_t>(level)];
}

std::string json_line(int64_t now_ms, LogLevel level, std::string_view message, std::span<const LogField> fields) {
    Ordered line{{"ts", rfc3339(now_ms)}, {"level", name_of(level)}, {"msg", shortened(std::string(message))}};
    for (const LogField& field : fields) line[std::string(field.name)] = value_of(field);
    return escaped(line);
}

std::string text_line(int64_t now_ms, LogLevel level, std::string_view message, std::span<const LogField> fields) {
    std::string quoted = escaped(Ordered(shortened(std::string(message))));
    std::string line = rfc3339(now_ms) + " " + std::string(name_of(level)) + " " + quoted.substr(1, quoted.size() - 2);
    for (const LogField& field : fields) line += " " + std::string(field.name) + "=" + text_value(value_of(field));
    return line;
}

Log::Log(std::string_view level, std::string_view format) : least_(level_from(level)), json_(format != "text") {}

void Log::write(LogLevel level, std::string_view message, std::span<const LogField> fields) {
    if (level < least_) return;
    std::string line = json_ ? json_line(wall_ms(), level, message, fields) : text_line(wall_ms(), level, message, fields);
    standard_error().log(spdlog::level::info, spdlog::string_view_t(line));
}

}  // namespace proveout
