// values.h -- the forms that configuration values have: rates, addresses, networks. Each parser takes the whole text or nothing.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace proveout {

// "600/60": that many requests in that many seconds. "0": off, requests is 0.
struct Rate {
    int64_t requests = 0, window_s = 0;
    bool on() const { return requests > 0; }
};
std::optional<Rate> parse_rate(std::string_view text);

// "127.0.0.1:8080", "[::1]:8080", "localhost:0".
struct ListenAddress {
    std::string host;
    uint16_t port = 0;
};
std::optional<ListenAddress> parse_listen_address(std::string_view text);

// "10.0.0.0/8" or an address alone. IPv4 is kept as ::ffff:a.b.c.d, bits counted from 96.
struct Network {
    std::array<unsigned char, 16> bytes{};
    int bits = 128;
    bool contains(const std::array<unsigned char, 16>& address) const;
};
// A comma-separated list; spaces and an empty list are fine. Bits beyond the prefix must be zero.
std::optional<std::vector<Network>> parse_networks(std::string_view list);

// The 16 bytes of an IPv4 (mapped) or IPv6 address in text, "fe80::1%eth0" without its zone. nullopt: not an address.
std::optional<std::array<unsigned char, 16>> parse_address(std::string_view text);

}  // namespace proveout
