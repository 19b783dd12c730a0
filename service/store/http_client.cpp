#include "store/http_client.h"

#include <curl/curl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>

namespace proveout {

namespace {

constexpr long kConnect_s = 5, kStalled_s = 30, kStalledBelow_bytes_per_s = 1024;
constexpr size_t kAnswerMost_bytes = 4 << 20, kIdleHandles = 8;

struct Transfer {
    const HttpCall* call;
    HttpAnswer* answer;
    CURL* handle;
    size_t sent = 0;
};

size_t on_body(char* data, size_t, size_t size, void* context) {
    auto* transfer = static_cast<Transfer*>(context);
    long status = 0;
    curl_easy_getinfo(transfer->handle, CURLINFO_RESPONSE_CODE, &status);
    if (transfer->call->answer_file >= 0 && status >= 200 && status < 300) {
        for (size_t done = 0; done < size;) {
            ssize_t written = write(transfer->call->answer_file, data + done, size - done);
            if (written < 0 && errno == EINTR) continue;
            if (written <= 0) return 0;
            done += static_cast<size_t>(written);
        }
        return size;
    }
    if (transfer->answer->body.size() + size > kAnswerMost_bytes) return 0;
    transfer->answer->body.append(data, size);
    return size;
}

size_t on_header(char* data, size_t, size_t size, void* context) {
    auto* answer = static_cast<HttpAnswer*>(context);
    std::string line(data, size);
    size_t colon = line.find(':');
    if (colon == std::string::npos) return size;
    std::string name = line.substr(0, colon), value = line.substr(colon + 1);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    value.erase(0, value.find_first_not_of(" \t"));
    value.erase(value.find_last_not_of(" \t\r\n") + 1);
    answer->headers.emplace_back(name, value);
    return size;
}

size_t on_send(char* buffer, size_t, size_t room, void* context) {
    auto* transfer = static_cast<Transfer*>(context);
    if (transfer->call->body_file >= 0) {
        size_t left = static_cast<size_t>(transfer->call->body_bytes) - transfer->sent;
        ssize_t got = read(transfer->call->body_file, buffer, std::min(room, left));
        if (got < 0) return CURL_READFUNC_ABORT;
        transfer->sent += static_cast<size_t>(got);
        return static_cast<size_t>(got);
    }
    size_t count = std::min(room, transfer->call->body.size() - transfer->sent);
    transfer->call->body.copy(buffer, count, transfer->sent);
    transfer->sent += count;
    return count;
}

void set_body(CURL* handle, const HttpCall& call, Transfer& transfer) {
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, call.method.c_str());
    if (call.method == "HEAD") curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    if (call.method != "PUT" && call.method != "POST") return;
    curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(handle, CURLOPT_READFUNCTION, on_send);
    curl_easy_setopt(handle, CURLOPT_READDATA, &transfer);
    auto size = call.body_file >= 0 ? static_cast<curl_off_t>(call.body_bytes) : static_cast<curl_off_t>(call.body.size());
    curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, size);
}

}  // namespace

std::string HttpAnswer::header(std::string_view name) const {
    for (const auto& [there, value] : headers)
        if (there == name) return value;
    return {};
}

HttpClient::HttpClient() {
    static const CURLcode kReady = curl_global_init(CURL_GLOBAL_DEFAULT);
    CHECK(kReady == CURLE_OK);
}

HttpClient::~HttpClient() {
    for (void* handle : idle_) curl_easy_cleanup(handle);
}

Result<HttpAnswer> HttpClient::send(const HttpCall& call) {
    CURL* handle = nullptr;
    {
        std::lock_guard hold(mutex_);
        if (!idle_.empty()) {
            handle = idle_.back();
            idle_.pop_back();
        }
    }
    if (!handle) handle = curl_easy_init();
    CHECK(handle != nullptr);
    HttpAnswer answer;
    Transfer transfer{&call, &answer, handle};
    curl_slist* headers = curl_slist_append(nullptr, "Expect:");
    for (const auto& [name, value] : call.headers) headers = curl_slist_append(headers, (name + ": " + value).c_str());
    char reason[CURL_ERROR_SIZE] = {};
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, reason);
    curl_easy_setopt(handle, CURLOPT_URL, call.url.c_str());
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(handle, CURLOPT_PROXY, "");
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, kConnect_s);
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, kStalled_s);
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, kStalledBelow_bytes_per_s);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, &answer);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
    set_body(handle, call, transfer);
    CURLcode code = curl_easy_perform(handle);
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    answer.status = static_cast<int>(status);
    std::string why = reason[0] ? reason : curl_easy_strerror(code);
    curl_slist_free_all(headers);
    curl_easy_reset(handle);  // keeps the connection
    std::lock_guard hold(mutex_);
    if (code == CURLE_OK && idle_.size() < kIdleHandles) {
        idle_.push_back(handle);
    } else {
        curl_easy_cleanup(handle);
    }
    if (code != CURLE_OK) return make_error(ErrorCode::kIo, "the object store does not answer: " + why);
    return answer;
}

}  // namespace proveout
