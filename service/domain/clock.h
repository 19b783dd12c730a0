// clock.h -- times of the service: wall clock in ms since 1970 UTC for what is stored and shown, monotonic ms for deadlines.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace proveout {

using Clock = std::function<int64_t()>;  // ms

int64_t wall_ms();    // may step; never used for deadlines
int64_t steady_ms();  // never steps back; meaningless outside this process

// RFC 3339 in UTC with milliseconds and Z: "2026-01-31T12:00:00.250Z".
std::string rfc3339(int64_t wall_ms);
// Also accepts a date alone ("2027-01-31": its start) and any offset. nullopt: not a time.
std::optional<int64_t> parse_time(std::string_view text);

// "2026-01": the UTC month that licences count in.
std::string utc_month(int64_t wall_ms);

}  // namespace proveout
