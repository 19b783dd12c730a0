#include "notify/post.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

namespace proveout {

namespace {

constexpr long kTotal_ms = 15'000, kConnect_ms = 5'000;
constexpr size_t kMaxAnswer_bytes = 4096;
constexpr long kRefused = CURL_PREREQFUNC_ABORT;

using Bytes = std::array<unsigned char, 16>;

struct Transfer {
    std::vector<Bytes> checked;  // addresses that may be connected to
    size_t answer_bytes = 0;
    const std::atomic<bool>* given_up = nullptr;
};

bool is_checked(const Transfer& transfer, const std::optional<Bytes>& address) {
    return address && std::find(transfer.checked.begin(), transfer.checked.end(), *address) != transfer.checked.end();
}

std::optional<Bytes> bytes_of(const sockaddr* address) {
    char text[INET6_ADDRSTRLEN] = "";
    if (address->sa_family == AF_INET)
        inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text, sizeof text);
    else if (address->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, text, sizeof text);
    return parse_address(text);
}

// The last moment before a connection: curl names the address it is about to use.
curl_socket_t open_socket(void* data, curlsocktype, curl_sockaddr* address) {
    if (!is_checked(*static_cast<Transfer*>(data), bytes_of(&address->addr))) return CURL_SOCKET_BAD;
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// The moment after it: the peer of the socket, before a byte of the request is sent.
int check_peer(void* data, char* peer_address, char*, int, int) {
    return is_checked(*static_cast<Transfer*>(data), parse_address(peer_address)) ? CURL_PREREQFUNC_OK : int(kRefused);
}

size_t drop_answer(char*, size_t size, size_t count, void* data) {
    auto& transfer = *static_cast<Transfer*>(data);
    transfer.answer_bytes += size * count;
    return transfer.answer_bytes > kMaxAnswer_bytes ? 0 : size * count;  // the status is known, the rest is not wanted
}

int check_given_up(void* data, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Transfer*>(data)->given_up->load(std::memory_order_relaxed) ? 1 : 0;
}

struct ListFree {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, ListFree>;
void append(List& list, const std::string& line) { list.reset(curl_slist_append(list.release(), line.c_str())); }

std::string bracketed(const std::string& host) { return host.find(':') == std::string::npos ? host : "[" + host + "]"; }

void set_options(CURL* curl, Transfer& transfer) {
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");  // also not the environment's
    curl_easy_setopt(curl, CURLOPT_NETRC, long(CURL_NETRC_IGNORED));
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, long(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, kTotal_ms);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, kConnect_ms);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "proveout-webhooks/1");
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, &transfer);
    curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, check_peer);
    curl_easy_setopt(curl, CURLOPT_PREREQDATA, &transfer);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop_answer);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, check_given_up);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
}

}  // namespace

PostAnswer post_webhook(const WebhookUrl& url, const std::vector<std::string>& addresses,
                        const std::vector<std::pair<std::string, std::string>>& headers, const std::string& body,
                        const std::atomic<bool>& given_up) {
    static const CURLcode kReady = curl_global_init(CURL_GLOBAL_DEFAULT);
    std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(kReady == CURLE_OK ? curl_easy_init() : nullptr, curl_easy_cleanup);
    if (!curl) return {0, "libcurl does not start"};
    Transfer transfer;
    transfer.given_up = &given_up;
    std::string pinned = url.host + ":" + std::to_string(url.port) + ":";
    for (const std::string& address : addresses) {
        if (auto bytes = parse_address(address)) transfer.checked.push_back(*bytes);
        pinned += (&address == &addresses.front() ? "" : ",") + bracketed(address);
    }
    List resolve, lines;
    if (!url.host_is_address) append(resolve, pinned);
    for (const auto& [name, value] : headers) append(lines, name + ": " + value);
    append(lines, "Expect:");
    std::string target = url.scheme + "://" + bracketed(url.host) + ":" + std::to_string(url.port) + url.path_and_query;
    set_options(curl.get(), transfer);
    curl_easy_setopt(curl.get(), CURLOPT_URL, target.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_RESOLVE, resolve.get());
    curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, lines.get());
    curl_easy_setopt(curl.get(), CURLOPT_POST, 1L);
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    CURLcode outcome = curl_easy_perform(curl.get());
    long status = 0;
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
    bool answered = outcome == CURLE_OK || (outcome == CURLE_WRITE_ERROR && transfer.answer_bytes > kMaxAnswer_bytes);
    if (answered) return {static_cast<int>(status), ""};
    return {0, curl_easy_strerror(outcome)};
}

}  // namespace proveout
