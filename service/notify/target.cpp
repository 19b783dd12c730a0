#include "notify/target.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <future>
#include <thread>

namespace proveout {

namespace {

constexpr size_t kMaxUrl_bytes = 2048, kMaxHost_bytes = 253, kMaxLabel_bytes = 63;
constexpr int kMaxLookups = 16;  // at one time; a resolver that hangs must not take a thread each
constexpr std::chrono::seconds kLookupTime{5};
constexpr size_t kMaxAddresses = 16;

Error fault(std::string why) { return make_error(ErrorCode::kInvalidInput, std::move(why)); }

bool is_label(std::string_view label) {
    if (label.empty() || label.size() > kMaxLabel_bytes || label.front() == '-' || label.back() == '-') return false;
    return std::all_of(label.begin(), label.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

// A host name in ASCII whose last label has a letter at its front: "127.1", "0x7f.1" and "2130706433" are addresses to some resolvers.
bool is_host_name(std::string_view host) {
    if (!host.empty() && host.back() == '.') host.remove_suffix(1);
    if (host.empty() || host.size() > kMaxHost_bytes) return false;
    std::string_view last;
    for (size_t from = 0; from <= host.size();) {
        size_t to = std::min(host.find('.', from), host.size());
        last = host.substr(from, to - from);
        if (!is_label(last)) return false;
        from = to + 1;
    }
    return (last[0] >= 'a' && last[0] <= 'z') || (last[0] >= 'A' && last[0] <= 'Z');
}

Result<uint16_t> port_of(std::string_view text) {
    unsigned value = 0;
    auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc() || end != text.data() + text.size() || value < 1 || value > 65535 || text[0] == '+')
        return fault("the port is not one");
    return static_cast<uint16_t>(value);
}

Status split_authority(std::string_view authority, WebhookUrl& url) {
    if (authority.find('@') != std::string_view::npos) return fault("a user name is not allowed");
    bool bracketed = !authority.empty() && authority[0] == '[';
    size_t host_end = bracketed ? authority.find(']') : authority.find(':');
    if (bracketed && host_end == std::string_view::npos) return fault("the host is not one");
    std::string_view host = authority.substr(bracketed, host_end - bracketed);
    std::string_view rest = host_end == std::string_view::npos ? "" : authority.substr(host_end + bracketed);  // "" or ":PORT"
    bool has_colon = host.find(':') != std::string_view::npos;
    url.host_is_address = host.find('%') == std::string_view::npos && has_colon == bracketed && parse_address(host);
    if (!url.host_is_address && (bracketed || !is_host_name(host))) return fault("the host is not a name or a plain address");
    if (!rest.empty() && rest[0] != ':') return fault("the host is not one");
    url.host = std::string(host);
    url.port = !rest.empty() ? TRY(port_of(rest.substr(1))) : url.scheme == "http" ? 80 : 443;
    return Unit{};
}

}  // namespace

Result<WebhookUrl> parse_webhook_url(const std::string& text) {
    if (text.size() > kMaxUrl_bytes) return fault("longer than 2048 characters");
    for (char c : text)
        if (c <= ' ' || c > '~' || c == '\\' || c == '"' || c == '<' || c == '>' || c == '^' || c == '`' || c == '{' || c == '|' ||
            c == '}')
            return fault("has characters that a URL does not have");
    WebhookUrl url;
    size_t scheme_end = text.find("://");
    if (scheme_end == std::string::npos) return fault("not a URL; https://HOST/PATH is expected");
    for (size_t i = 0; i < scheme_end; ++i) url.scheme += static_cast<char>(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);
    if (url.scheme != "https" && url.scheme != "http") return fault("the scheme is not https");
    size_t from = scheme_end + 3, to = std::min(text.find_first_of("/?#", from), text.size());
    TRY(split_authority(std::string_view(text).substr(from, to - from), url));
    url.path_and_query = text.substr(to);
    if (url.path_and_query.find('#') != std::string::npos) return fault("has a fragment");
    if (url.path_and_query.empty() || url.path_and_query[0] != '/') url.path_and_query.insert(0, "/");
    return url;
}

Result<std::vector<std::string>> webhook_addresses(const WebhookUrl& url, const AllowedNetworks& allowed, const Resolver& resolver) {
    std::vector<std::string> addresses = url.host_is_address ? std::vector<std::string>{url.host} : resolver(url.host);
    bool plain = url.scheme == "https" && (url.port == 443 || url.port == 8443);
    const std::string rule = url.scheme != "https" ? "the scheme is not https" : "the port is not 443 or 8443";
    if (addresses.empty()) return plain ? make_error(ErrorCode::kIo, "the host's name does not resolve") : fault(rule);
    for (const std::string& address : addresses) {
        if (allowed.contains(address)) continue;
        if (!is_public_address(address)) return fault("the host is not at a public address");
        if (!plain) return fault(rule);
    }
    return addresses;
}

std::string webhook_url_fault(const std::string& text, const AllowedNetworks& allowed, const Resolver& resolver) {
    auto url = parse_webhook_url(text);
    if (!url) return url.error().message;
    auto addresses = webhook_addresses(*url, allowed, resolver);
    return addresses || addresses.error().code == ErrorCode::kIo ? "" : addresses.error().message;
}

std::vector<std::string> resolve_name(const std::string& host) {
    static std::atomic<int> lookups{0};
    if (lookups.fetch_add(1) >= kMaxLookups) {
        lookups.fetch_sub(1);
        return {};
    }
    auto answer = std::make_shared<std::promise<std::vector<std::string>>>();
    auto future = answer->get_future();
    // getaddrinfo has no deadline of its own: the thread is left to end when it does.
    std::thread([answer, host] {
        std::vector<std::string> addresses;
        addrinfo hints{}, *list = nullptr;
        hints.ai_socktype = SOCK_STREAM;
        if (getaddrinfo(host.c_str(), nullptr, &hints, &list) == 0)
            for (addrinfo* one = list; one && addresses.size() < kMaxAddresses; one = one->ai_next) {
                char text[NI_MAXHOST];
                if (getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0)
                    if (std::find(addresses.begin(), addresses.end(), text) == addresses.end()) addresses.emplace_back(text);
            }
        if (list) freeaddrinfo(list);
        lookups.fetch_sub(1);
        answer->set_value(std::move(addresses));
    }).detach();
    return future.wait_for(kLookupTime) == std::future_status::ready ? future.get() : std::vector<std::string>();
}

}  // namespace proveout
