#include <algorithm>

#include "notify/webhooks.h"

namespace proveout {

namespace {

// What is not the public internet (IANA IPv4 and IPv6 special-purpose address registries, and the multicast and reserved ranges).
constexpr std::string_view kNotPublic4 =
    "0.0.0.0/8,10.0.0.0/8,100.64.0.0/10,127.0.0.0/8,169.254.0.0/16,172.16.0.0/12,192.0.0.0/24,192.0.2.0/24,192.31.196.0/24,"
    "192.52.193.0/24,192.88.99.0/24,192.168.0.0/16,192.175.48.0/24,198.18.0.0/15,198.51.100.0/24,203.0.113.0/24,224.0.0.0/4,240.0.0.0/4";
// Within 2000::/3, which is all that is public: protocol assignments with Teredo, benchmarks and ORCHID, documentation, 6to4, AS112, the
// end of the 6bone, segment routing documentation.
constexpr std::string_view kGlobal6 = "2000::/3";
constexpr std::string_view kNotPublic6 = "2001::/23,2001:db8::/32,2002::/16,2620:4f:8000::/48,3ffe::/16,3fff::/20";

using Address = std::array<unsigned char, 16>;

bool within(const std::vector<Network>& networks, const Address& address) {
    return std::any_of(networks.begin(), networks.end(), [&](const Network& network) { return network.contains(address); });
}

// ...:5efe:a.b.c.d (RFC 5214): an IPv4 address in disguise.
bool is_isatap(const Address& address) { return (address[8] & 0xFC) == 0 && address[9] == 0 && address[10] == 0x5e && address[11] == 0xfe; }

}  // namespace

bool is_public_address(std::string_view text) {
    static const std::vector<Network> kHidden4 = parse_networks(kNotPublic4).value(), kHidden6 = parse_networks(kNotPublic6).value(),
                                      kGlobal = parse_networks(kGlobal6).value();
    auto address = text.find('%') == std::string_view::npos ? parse_address(text) : std::nullopt;
    if (!address) return false;
    if (text.find(':') == std::string_view::npos) return !within(kHidden4, *address);
    return within(kGlobal, *address) && !within(kHidden6, *address) && !is_isatap(*address);
}

Result<AllowedNetworks> AllowedNetworks::parse(std::string_view list) {
    auto networks = parse_networks(list);
    if (!networks) return make_error(ErrorCode::kInvalidInput, "not a list of networks such as 10.0.0.0/8,::1/128");
    AllowedNetworks allowed;
    allowed.networks_ = std::move(*networks);
    return allowed;
}

bool AllowedNetworks::contains(std::string_view address) const {
    auto bytes = parse_address(address);
    return bytes && within(networks_, *bytes);
}

}  // namespace proveout
