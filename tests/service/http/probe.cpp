// A server with nothing but the HTTP core, for tests that attack it and for measuring: http_probe [--port N] [--spool DIR] [limits]
//
//   GET  /hello           a short text               GET /file?size=N   N bytes of the file that --file names
//   POST /echo            the body, from memory      POST /upload       "SIZE FNV1A64", from a spool file
//   GET  /events?topic=T  a stream                   POST /wake?topic=T one event to every stream of T
//   GET  /counts          connections, streams, accepted, refused
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "http/http.h"

namespace {

using namespace proveout;

constexpr int64_t kMemoryLimit_bytes = 1024 * 1024, kSpoolLimit_bytes = 256 * 1024 * 1024;

struct Probe {
    HttpServer::Options options;
    std::string file;
    std::unique_ptr<HttpServer> server;
    std::mutex mutex;
    std::unordered_map<std::string, int64_t> events;  // sent so far, by topic
    int64_t events_of(const std::string& topic) {
        std::lock_guard lock(mutex);
        return events[topic];
    }
};

HttpResponse text(int status, std::string body) {
    HttpResponse response;
    response.status = status;
    response.content_type = "text/plain";
    response.body = std::move(body);
    return response;
}

double number(std::string_view digits) {
    double value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

HttpResponse fingerprint(const HttpRequest& request) {
    uint64_t hash = 14695981039346656037u;
    int64_t size = 0;
    int file = open(request.body_file.c_str(), O_RDONLY);
    char piece[65536];
    for (ssize_t count; (count = read(file, piece, sizeof piece)) > 0; size += count)
        for (ssize_t i = 0; i < count; ++i) hash = (hash ^ static_cast<unsigned char>(piece[i])) * 1099511628211u;
    close(file);
    char line[64];
    std::snprintf(line, sizeof line, "%lld %016llx\n", static_cast<long long>(size), static_cast<unsigned long long>(hash));
    return text(201, line);
}

HttpResponse events(Probe& probe, const std::string& topic) {
    HttpResponse response;
    response.content_type = "text/event-stream; charset=utf-8";
    response.events = std::make_shared<EventSource>();
    response.events->topic = topic;
    auto last = std::make_shared<int64_t>(probe.events_of(topic));
    response.events->next = [&probe, topic, last] {
        EventChunk chunk;
        for (int64_t newest = probe.events_of(topic); *last < newest;) chunk.bytes += sse_event(++*last, "tick", "{}");
        return chunk;
    };
    return response;
}

HttpResponse wake(Probe& probe, const std::string& topic) {
    {
        std::lock_guard lock(probe.mutex);
        ++probe.events[topic];
    }
    probe.server->wake(topic);
    return text(200, "");
}

HttpResponse answer(Probe& probe, HttpRequest& request) {
    if (request.path == "/hello") return text(200, "hello\n");
    if (request.path == "/echo") return text(200, std::move(request.body));
    if (request.path == "/upload") return fingerprint(request);
    if (request.path == "/events") return events(probe, request.query_value("topic").value_or("t"));
    if (request.path == "/wake") return wake(probe, request.query_value("topic").value_or("t"));
    if (request.path == "/throw") throw std::string("a handler that fails");
    if (request.path == "/file") {
        HttpResponse response = text(200, "");
        response.file = FileBody{probe.file, 0, static_cast<int64_t>(number(request.query_value("size").value_or("0")))};
        return response;
    }
    if (request.path == "/counts") {
        HttpServer::Counts counts = probe.server->counts();
        return text(200, std::to_string(counts.connections) + " " + std::to_string(counts.event_streams) + " " +
                             std::to_string(counts.accepted_total) + " " + std::to_string(counts.refused_total) + "\n");
    }
    return text(404, "no such path\n");
}

HttpHandlers handlers(Probe& probe) {
    HttpHandlers out;
    out.on_head = [](const HttpRequest& head) {
        BodyRule rule;
        rule.spool = head.path == "/upload";
        rule.max_bytes = rule.spool ? kSpoolLimit_bytes : head.path == "/echo" ? kMemoryLimit_bytes : 0;
        if (head.path == "/refused") rule.refusal = text(401, "who are you\n");
        return rule;
    };
    out.on_request = [&probe](HttpRequest& request) { return answer(probe, request); };
    out.refuse = [](int status, std::string_view code, const std::string& detail, const HttpRequest&) {
        return text(status, std::string(code) + ": " + detail + "\n");
    };
    return out;
}

bool read_options(int count, char** words, Probe& probe) {
    HttpLimits& limits = probe.options.limits;
    probe.options.port = 0;
    probe.options.spool_dir = "/tmp";
    for (int i = 1; i + 1 < count; i += 2) {
        std::string_view name = words[i], value = words[i + 1];
        if (name == "--port")
            probe.options.port = static_cast<uint16_t>(number(value));
        else if (name == "--spool")
            probe.options.spool_dir = value;
        else if (name == "--file")
            probe.file = value;
        else if (name == "--io")
            probe.options.io_threads = static_cast<int>(number(value));
        else if (name == "--handlers")
            probe.options.handler_threads = static_cast<int>(number(value));
        else if (name == "--head-s")
            limits.head_s = number(value);
        else if (name == "--idle-s")
            limits.idle_s = number(value);
        else if (name == "--write-s")
            limits.write_s = number(value);
        else if (name == "--heartbeat-s")
            limits.sse_heartbeat_s = number(value);
        else if (name == "--connections")
            limits.connections = static_cast<int>(number(value));
        else if (name == "--per-peer")
            limits.connections_per_peer = static_cast<int>(number(value));
        else
            return false;
    }
    return count % 2 == 1;
}

}  // namespace

int main(int count, char** words) {
    Probe probe;
    if (!read_options(count, words, probe)) return std::fputs("usage: http_probe [--OPTION VALUE]...\n", stderr), 2;
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, nullptr);
    auto server = HttpServer::start(probe.options, handlers(probe));
    if (!server) return std::fprintf(stderr, "%s\n", server.error().message.c_str()), 2;
    probe.server = std::move(*server);
    std::printf("%d\n", probe.server->port());
    std::fflush(stdout);
    int caught = 0;
    sigwait(&ends, &caught);
    probe.server->drain(5);
    return 0;
}
