#include "config/values.h"

#include <arpa/inet.h>

#include <charconv>

#include "job/lengths.h"

namespace proveout {

namespace {

std::optional<int64_t> whole_number(std::string_view text, int64_t low, int64_t high) {
    int64_t value = 0;
    auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc() || end != text.data() + text.size() || value < low || value > high) return std::nullopt;
    return value;
}

bool prefix_bit(const std::array<unsigned char, 16>& bytes, int bit) { return bytes[bit / 8] >> (7 - bit % 8) & 1; }

std::optional<Network> parse_network(std::string_view text) {
    size_t slash = text.find('/');
    auto address = parse_address(text.substr(0, slash));
    if (!address || text.find('%') != std::string_view::npos) return std::nullopt;
    bool v4 = text.find(':') == std::string_view::npos;
    Network network{*address, 128};
    if (slash != std::string_view::npos) {
        auto bits = whole_number(text.substr(slash + 1), 0, v4 ? 32 : 128);
        if (!bits) return std::nullopt;
        network.bits = static_cast<int>(*bits) + (v4 ? 96 : 0);
    }
    for (int bit = network.bits; bit < 128; ++bit)
        if (prefix_bit(network.bytes, bit)) return std::nullopt;
    return network;
}

}  // namespace

std::optional<Rate> parse_rate(std::string_view text) {
    constexpr int64_t kMostRequests = 1'000'000'000, kLongestWindow_s = 86400;
    if (text == "0") return Rate{};
    size_t slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    auto requests = whole_number(text.substr(0, slash), 0, kMostRequests);
    auto window = whole_number(text.substr(slash + 1), 1, kLongestWindow_s);
    if (!requests || !window) return std::nullopt;
    return Rate{*requests, *window};
}

std::optional<ListenAddress> parse_listen_address(std::string_view text) {
    size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string_view host = text.substr(0, colon);
    auto port = whole_number(text.substr(colon + 1), 0, 65535);
    bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    if (!port || host.empty() || bracketed != (host.find(':') != std::string_view::npos)) return std::nullopt;
    if (bracketed ? !parse_address(host) : host.find_first_of(" \t/[]@%") != std::string_view::npos) return std::nullopt;
    return ListenAddress{std::string(host), static_cast<uint16_t>(*port)};
}

std::optional<std::array<unsigned char, 16>> parse_address(std::string_view text) {
    std::string copy(text.substr(0, text.find('%')));
    if (copy.find('\0') != std::string::npos) return std::nullopt;
    std::array<unsigned char, 16> bytes{};
    if (inet_pton(AF_INET6, copy.c_str(), bytes.data()) == 1) return bytes;
    if (copy.size() != text.size()) return std::nullopt;  // zones are IPv6's
    bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (inet_pton(AF_INET, copy.c_str(), bytes.data() + 12) == 1) return bytes;
    return std::nullopt;
}

bool Network::contains(const std::array<unsigned char, 16>& address) const {
    for (int bit = 0; bit < bits; ++bit)
        if (prefix_bit(bytes, bit) != prefix_bit(address, bit)) return false;
    return true;
}

std::optional<std::vector<Network>> parse_networks(std::string_view list) {
    std::vector<Network> networks;
    if (trimmed(list).empty()) return networks;
    for (size_t from = 0; from <= list.size();) {
        size_t to = std::min(list.find(',', from), list.size());
        auto network = parse_network(trimmed(list.substr(from, to - from)));
        if (!network) return std::nullopt;
        networks.push_back(*network);
        from = to + 1;
    }
    return networks;
}

}  // namespace proveout
