// rate_limits.h -- how often a tenant, its submits and a network peer may ask, and the fields that tell them
// (draft-ietf-httpapi-ratelimit-headers).
//
//   RateLimits limits(config.rate("RATE_LIMIT_TENANT"), config.rate("RATE_LIMIT_SUBMIT"), config.rate("RATE_LIMIT_PEER"));
//   RateAnswer answer = limits.peer.take(peer_key(request.peer));         // before authentication
//   if (!answer.allowed) ... 429, Retry-After: answer.reset_s
//   answer = limits.tenant.take(identity.tenant);                         // after it
//   headers += {"RateLimit-Policy", limits.tenant.policy("tenant")}, {"RateLimit", limits.tenant.field("tenant", answer)}
//
// A window begins with a key's first request and lasts window_s; then the next request begins a new one. Time is monotonic: steps of the
// wall clock change nothing. Memory is bounded: beyond kMaxRateKeys the key that asked least recently is forgotten.
#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "config/values.h"
#include "domain/clock.h"

namespace proveout {

constexpr size_t kMaxRateKeys = 100'000;  // about 20 MB

struct RateAnswer {
    bool allowed = true;
    int64_t remaining = 0;  // requests left in this window
    int64_t reset_s = 0;    // whole seconds until the next window, from 1: also Retry-After
};

// Thread-safe.
class RateLimiter {
  public:
    explicit RateLimiter(Rate rate, Clock clock = steady_ms, size_t max_keys = kMaxRateKeys);
    bool on() const { return rate_.on(); }
    // Counts one request; a refused one is not counted. Off: allowed.
    RateAnswer take(std::string_view key);
    std::string policy(std::string_view name) const;                           // "tenant";q=600;w=60
    std::string field(std::string_view name, const RateAnswer& answer) const;  // "tenant";r=599;t=60
    size_t size() const;

  private:
    struct Window {
        std::string key;
        int64_t begin_ms = 0, taken = 0;
    };
    using Windows = std::list<Window>;  // most recently asked first
    Rate rate_;
    Clock clock_;
    size_t max_keys_;
    mutable std::mutex mutex_;
    Windows windows_;
    std::unordered_map<std::string_view, Windows::iterator> by_key_;  // views of Window::key
};

struct RateLimits {
    RateLimits(Rate tenant_rate, Rate submit_rate, Rate peer_rate) : tenant(tenant_rate), submit(submit_rate), peer(peer_rate) {}
    RateLimiter tenant, submit, peer;
};

// What a socket's address counts as: IPv4 (mapped too) itself, IPv6 its /64, since one customer has that many.
std::string peer_key(std::string_view address);

}  // namespace proveout
