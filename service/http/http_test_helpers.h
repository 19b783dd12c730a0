// http_test_helpers.h -- a server with a few paths and a client that sends exactly the bytes it is told.
#pragma once

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "domain/ids.h"
#include "http/http.h"

namespace proveout {

constexpr int kPatience_ms = 20'000;  // a failed test ends, a slow machine does not fail one

class RawClient {
  public:
    explicit RawClient(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connected_ = connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
        int on = 1;
        setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    ~RawClient() { end(); }
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    bool connected() const { return connected_; }
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (count <= 0) return false;
            bytes.remove_prefix(static_cast<size_t>(count));
        }
        return true;
    }
    void half_close() { shutdown(socket_, SHUT_WR); }
    // With a reset instead of a FIN.
    void reset() {
        linger now{1, 0};
        setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        end();
    }
    void end() {
        if (socket_ >= 0) close(socket_);
        socket_ = -1;
    }
    // Some bytes, or nothing at the end (closed() tells it from patience that ran out).
    std::string read_some(int wait_ms = kPatience_ms) {
        pollfd ready{socket_, POLLIN, 0};
        if (poll(&ready, 1, wait_ms) <= 0) return {};
        char bytes[65536];
        ssize_t count = recv(socket_, bytes, sizeof bytes, 0);
        closed_ = count <= 0;
        return std::string(bytes, static_cast<size_t>(std::max<ssize_t>(0, count)));
    }
    std::string read_to_end() {
        std::string all;
        while (!closed_) {
            std::string piece = read_some();
            if (piece.empty()) break;
            all += piece;
        }
        return all;
    }
    // Reads on until the bytes hold `text`; what was read so far is kept for the next call.
    bool read_until(std::string_view text) {
        while (seen.find(text) == std::string::npos) {
            std::string piece = read_some();
            if (piece.empty()) return false;
            seen += piece;
        }
        return true;
    }
    bool closed() const { return closed_; }
    std::string seen;

  private:
    int socket_;
    bool connected_ = false, closed_ = false;
};

// The status of the first response in `bytes`; 0: none.
inline int status_of(std::string_view bytes) {
    int status = 0;
    if (bytes.size() >= 12 && bytes.substr(0, 9) == "HTTP/1.1 ") std::from_chars(bytes.data() + 9, bytes.data() + 12, status);
    return status;
}

inline int count_of(std::string_view bytes, std::string_view word) {
    int count = 0;
    for (size_t at = bytes.find(word); at != std::string_view::npos; at = bytes.find(word, at + word.size())) ++count;
    return count;
}

inline int open_descriptors() {
    int count = 0;
    DIR* folder = opendir("/proc/self/fd");
    while (readdir(folder)) ++count;
    closedir(folder);
    return count;
}

// True as soon as `condition` holds.
template <class Condition>
bool eventually(Condition condition) {
    for (int waited_ms = 0; waited_ms < kPatience_ms; waited_ms += 10) {
        if (condition()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return condition();
}

// GET /hello, POST /echo (64 KiB, from memory), POST /upload (1 MiB, spooled), /events (what push() gave), /file, /refused, /throw, /wait
// (until release()), /split.
struct TestServer {
    static constexpr int64_t kEcho_bytes = 64 * 1024, kUpload_bytes = 1024 * 1024;
    std::string spool, file;
    std::unique_ptr<HttpServer> server;
    std::mutex mutex;
    std::vector<std::string> pushed;
    std::atomic<bool> released{false};
    std::atomic<int> done{0}, closed{0}, asked{0};
    std::string last_request_id, last_body_file;
    std::map<int, int> statuses;  // of finished requests

    explicit TestServer(HttpLimits limits = {}, int io_threads = 2);
    ~TestServer() {
        released = true;
        server.reset();
        rmdir(spool.c_str());
    }
    uint16_t port() const { return server->port(); }
    void push(const std::string& bytes) {
        {
            std::lock_guard lock(mutex);
            pushed.push_back(bytes);
        }
        server->wake("topic");
    }
    // One exchange on a connection of its own.
    std::string exchange(std::string_view bytes) {
        RawClient client(port());
        client.send(bytes);
        client.half_close();
        return client.read_to_end();
    }
    int spooled_files() const;

  private:
    HttpResponse answer(HttpRequest& request);
    HttpResponse stream();
};

}  // namespace proveout
