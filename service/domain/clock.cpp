#include "domain/clock.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace proveout {

namespace {

namespace chrono = std::chrono;
constexpr int64_t kMsPerMinute = 60'000, kMsPerDay = 86'400'000;

// Exactly `count` digits at `at`, which moves past them.
std::optional<int> digits(std::string_view text, size_t& at, size_t count) {
    if (at + count > text.size()) return std::nullopt;
    int value = 0;
    for (size_t end = at + count; at < end; ++at) {
        if (text[at] < '0' || text[at] > '9') return std::nullopt;
        value = value * 10 + (text[at] - '0');
    }
    return value;
}

bool take(std::string_view text, size_t& at, std::string_view any_of) {
    if (at >= text.size() || any_of.find(text[at]) == std::string_view::npos) return false;
    ++at;
    return true;
}

std::optional<int64_t> parse_date(std::string_view text, size_t& at) {
    auto year = digits(text, at, 4);
    if (!year || !take(text, at, "-")) return std::nullopt;
    auto month = digits(text, at, 2);
    if (!month || !take(text, at, "-")) return std::nullopt;
    auto day = digits(text, at, 2);
    if (!day) return std::nullopt;
    chrono::year_month_day date{chrono::year(*year), chrono::month(static_cast<unsigned>(*month)),
                                chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok()) return std::nullopt;
    return chrono::sys_days(date).time_since_epoch().count() * kMsPerDay;
}

// "hh:mm:ss" with an optional fraction, of which milliseconds are kept. A leap second counts as the second before it.
std::optional<int64_t> parse_clock_time(std::string_view text, size_t& at) {
    auto hour = digits(text, at, 2);
    if (!hour || *hour > 23 || !take(text, at, ":")) return std::nullopt;
    auto minute = digits(text, at, 2);
    if (!minute || *minute > 59 || !take(text, at, ":")) return std::nullopt;
    auto second = digits(text, at, 2);
    if (!second || *second > 60) return std::nullopt;
    int64_t ms = (*hour * 60 + *minute) * kMsPerMinute + std::min(*second, 59) * 1000;
    if (!take(text, at, ".")) return ms;
    size_t start = at;
    for (int scale = 100; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10) ms += (text[at] - '0') * scale;
    return at == start ? std::nullopt : std::optional(ms);
}

std::optional<int64_t> parse_zone(std::string_view text, size_t& at) {
    if (take(text, at, "Zz")) return 0;
    bool west = at < text.size() && text[at] == '-';
    if (!take(text, at, "+-")) return std::nullopt;
    auto hour = digits(text, at, 2);
    if (!hour || *hour > 23 || !take(text, at, ":")) return std::nullopt;
    auto minute = digits(text, at, 2);
    if (!minute || *minute > 59) return std::nullopt;
    return (*hour * 60 + *minute) * kMsPerMinute * (west ? -1 : 1);
}

chrono::year_month_day date_of(int64_t wall_ms) {
    return chrono::year_month_day(chrono::floor<chrono::days>(chrono::sys_time<chrono::milliseconds>(chrono::milliseconds(wall_ms))));
}

}  // namespace

int64_t wall_ms() { return chrono::duration_cast<chrono::milliseconds>(chrono::system_clock::now().time_since_epoch()).count(); }

int64_t steady_ms() { return chrono::duration_cast<chrono::milliseconds>(chrono::steady_clock::now().time_since_epoch()).count(); }

std::string rfc3339(int64_t wall_ms) {
    chrono::year_month_day date = date_of(wall_ms);
    int64_t of_day = wall_ms - chrono::sys_days(date).time_since_epoch().count() * kMsPerDay;
    char text[64];
    std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", int(date.year()), unsigned(date.month()), unsigned(date.day()),
                  int(of_day / 3'600'000), int(of_day / kMsPerMinute % 60), int(of_day / 1000 % 60), int(of_day % 1000));
    return text;
}

std::optional<int64_t> parse_time(std::string_view text) {
    size_t at = 0;
    auto day = parse_date(text, at);
    if (!day || at == text.size()) return day;
    if (!take(text, at, "Tt ")) return std::nullopt;
    auto time = parse_clock_time(text, at);
    if (!time) return std::nullopt;
    auto zone = parse_zone(text, at);
    if (!zone || at != text.size()) return std::nullopt;
    return *day + *time - *zone;
}

std::string utc_month(int64_t wall_ms) { return rfc3339(wall_ms).substr(0, 7); }

}  // namespace proveout
