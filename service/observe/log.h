// log.h -- structured logs on stderr: one JSON object a line, or text. Never tokens, secrets, signatures or program text.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace proveout {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarning, kError };

struct LogField {
    std::string_view name;  // as in contract 7: job_id sim_id duration_ms ...
    std::variant<std::string, int64_t, double, bool> value;
};

class Log {
  public:
    // level: debug info warning error; format: json text.
    Log(std::string_view level, std::string_view format);
    void write(LogLevel level, std::string_view message, std::span<const LogField> fields);
    void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {}) {
        write(level, message, std::span(fields.begin(), fields.size()));
    }
    void info(std::string_view message, std::initializer_list<LogField> fields = {}) { write(LogLevel::kInfo, message, fields); }
    void warning(std::string_view message, std::initializer_list<LogField> fields = {}) { write(LogLevel::kWarning, message, fields); }
    void error(std::string_view message, std::initializer_list<LogField> fields = {}) { write(LogLevel::kError, message, fields); }

  private:
    LogLevel least_;
    bool json_;
};

}  // namespace proveout
