#include "http/core.h"

#include "http/connection.h"

namespace proveout {

void Core::enter(const std::shared_ptr<Connection>& connection, const std::string& peer_key) {
    std::lock_guard lock(mutex);
    connections.emplace(connection.get(), connection);
    ++connections_of_peer[peer_key];
}

void Core::leave(Connection* connection, const std::string& peer_key) {
    std::lock_guard lock(mutex);
    if (connections.erase(connection) == 0) return;
    auto peer = connections_of_peer.find(peer_key);
    if (--peer->second == 0) connections_of_peer.erase(peer);
}

void Core::listen(const std::string& topic, const std::shared_ptr<Connection>& connection) {
    std::lock_guard lock(mutex);
    listeners[topic].emplace(connection.get(), connection);
}

void Core::unlisten(const std::string& topic, Connection* connection) {
    std::lock_guard lock(mutex);
    auto found = listeners.find(topic);
    if (found == listeners.end()) return;
    found->second.erase(connection);
    if (found->second.empty()) listeners.erase(found);
}

// The pointers are given out rather than used under the lock: the last one may end a connection, which then takes the lock to leave.
std::vector<std::shared_ptr<Connection>> Core::due_connections(int64_t now_ms) {
    std::vector<std::shared_ptr<Connection>> out;
    std::lock_guard lock(mutex);
    for (const auto& [key, weak] : connections)
        if (key->is_due(now_ms))  // not gone: it leaves under this lock before it goes
            if (auto connection = weak.lock()) out.push_back(std::move(connection));
    return out;
}

std::vector<std::shared_ptr<Connection>> Core::listeners_of(const std::string& topic) {
    std::vector<std::shared_ptr<Connection>> out;
    std::lock_guard lock(mutex);
    auto found = listeners.find(topic);
    if (found == listeners.end()) return out;
    for (const auto& [key, weak] : found->second)
        if (auto connection = weak.lock()) out.push_back(std::move(connection));
    return out;
}

BodyRule Core::ask_head(const HttpRequest& request) noexcept {
    try {
        return handlers.on_head(request);
    } catch (...) {
        BodyRule rule;
        rule.refusal = refusal(500, "INTERNAL", "the request could not be judged", request);
        return rule;
    }
}

HttpResponse Core::ask_response(HttpRequest& request) noexcept {
    try {
        return handlers.on_request(request);
    } catch (...) {
        return refusal(500, "INTERNAL", "the request could not be answered", request);
    }
}

HttpResponse Core::refusal(int status, std::string_view code, const std::string& detail, const HttpRequest& request) noexcept {
    try {
        return handlers.refuse(status, code, detail, request);
    } catch (...) {
        HttpResponse response;
        response.status = status;
        return response;
    }
}

void Core::tell_done(const HttpRequest& request, int status, double duration_ms) noexcept {
    try {
        if (handlers.on_done) handlers.on_done(request, status, duration_ms);
    } catch (...) {  // a log that cannot be written stops no request
    }
}

}  // namespace proveout
