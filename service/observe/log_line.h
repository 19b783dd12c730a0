// log_line.h -- one log entry as a line. Private to observe/.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "observe/log.h"

namespace proveout {

std::string_view name_of(LogLevel level);

// Without a line end; ASCII without control characters. {"ts":"...","level":"info","msg":"...",fields}, and `TS info MESSAGE name=value`.
std::string json_line(int64_t now_ms, LogLevel level, std::string_view message, std::span<const LogField> fields);
std::string text_line(int64_t now_ms, LogLevel level, std::string_view message, std::span<const LogField> fields);

}  // namespace proveout
