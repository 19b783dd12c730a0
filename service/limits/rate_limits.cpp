#include "limits/rate_limits.h"

#include <algorithm>

namespace proveout {

RateLimiter::RateLimiter(Rate rate, Clock clock, size_t max_keys)
    : rate_(rate), clock_(std::move(clock)), max_keys_(std::max<size_t>(max_keys, 1)) {}

RateAnswer RateLimiter::take(std::string_view key) {
    if (!rate_.on()) return {};
    int64_t now = clock_(), length_ms = rate_.window_s * 1000;
    std::lock_guard lock(mutex_);
    auto found = by_key_.find(key);
    if (found == by_key_.end()) {
        if (windows_.size() >= max_keys_) {
            by_key_.erase(windows_.back().key);
            windows_.pop_back();
        }
        windows_.push_front({std::string(key), now, 0});
        by_key_.emplace(windows_.front().key, windows_.begin());
    } else {
        windows_.splice(windows_.begin(), windows_, found->second);
    }
    Window& window = windows_.front();
    if (now - window.begin_ms >= length_ms) window.begin_ms = now, window.taken = 0;
    RateAnswer answer;
    answer.allowed = window.taken < rate_.requests;
    if (answer.allowed) ++window.taken;
    answer.remaining = rate_.requests - window.taken;
    answer.reset_s = std::max<int64_t>(1, (window.begin_ms + length_ms - now + 999) / 1000);
    return answer;
}

std::string RateLimiter::policy(std::string_view name) const {
    return "\"" + std::string(name) + "\";q=" + std::to_string(rate_.requests) + ";w=" + std::to_string(rate_.window_s);
}

std::string RateLimiter::field(std::string_view name, const RateAnswer& answer) const {
    return "\"" + std::string(name) + "\";r=" + std::to_string(answer.remaining) + ";t=" + std::to_string(answer.reset_s);
}

size_t RateLimiter::size() const {
    std::lock_guard lock(mutex_);
    return windows_.size();
}

std::string peer_key(std::string_view address) {
    auto bytes = parse_address(address);
    if (!bytes) return std::string(address);
    bool v4 = std::all_of(bytes->begin(), bytes->begin() + 10, [](unsigned char byte) { return byte == 0; }) && (*bytes)[10] == 0xff &&
              (*bytes)[11] == 0xff;
    auto begin = reinterpret_cast<const char*>(bytes->data());
    return v4 ? std::string(begin + 12, 4) : std::string(begin, 8);
}

}  // namespace proveout
