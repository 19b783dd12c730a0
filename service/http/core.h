// core.h -- what all connections of a server share. Inside of service/http only.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "http/asio.h"
#include "http/http.h"

namespace proveout {

class Connection;

struct Core {
    Core(const HttpServer::Options& given, HttpHandlers what)
        : options(given), handlers(std::move(what)), pool(static_cast<size_t>(given.handler_threads)) {}

    HttpServer::Options options;
    HttpHandlers handlers;
    std::atomic<bool> draining{false};
    std::atomic<int64_t> event_streams{0}, accepted_total{0}, refused_total{0};

    // Connections by peer, and who listens to which topic. Weak: a connection lives as long as its coroutine.
    std::mutex mutex;
    std::unordered_map<Connection*, std::weak_ptr<Connection>> connections;
    std::unordered_map<std::string, int> connections_of_peer;
    std::unordered_map<std::string, std::unordered_map<Connection*, std::weak_ptr<Connection>>> listeners;

    // The last members, and so the first to go: their destructors end what still refers to the members above.
    net::thread_pool pool;
    net::io_context io;

    void enter(const std::shared_ptr<Connection>& connection, const std::string& peer_key);
    void leave(Connection* connection, const std::string& peer_key);
    void listen(const std::string& topic, const std::shared_ptr<Connection>& connection);
    void unlisten(const std::string& topic, Connection* connection);
    // Those whose deadline is at or before now_ms.
    std::vector<std::shared_ptr<Connection>> due_connections(int64_t now_ms);
    std::vector<std::shared_ptr<Connection>> listeners_of(const std::string& topic);

    // The handlers, with exceptions turned into a 500.
    BodyRule ask_head(const HttpRequest& request) noexcept;
    HttpResponse ask_response(HttpRequest& request) noexcept;
    HttpResponse refusal(int status, std::string_view code, const std::string& detail, const HttpRequest& request) noexcept;
    void tell_done(const HttpRequest& request, int status, double duration_ms) noexcept;
};

}  // namespace proveout
