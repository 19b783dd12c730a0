// http.h -- the HTTP core: sockets, framing, limits and deadlines. It knows no route; a handler turns a Request into a Response.
//
// Network work is asynchronous on a few threads; the handler runs on a pool of its own and may block. Guarantees to the handler: the head
// was scanned before parsing (framing rules of RFC 9112, one Host, no folding, target printable and without dot segments, method of capital
// letters, known or not), the body is complete and within the limit that on_head gave. Everything else is answered by the core itself with
// a problem document through `refuse`.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proveout/result.h"

namespace proveout {

struct HttpRequest {
    std::string method, path;                                  // path: percent-decoded once, without query
    std::string raw_target;                                    // as sent: path and query
    std::string query;                                         // as sent, after "?"
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case, in order
    std::string peer;                                          // the socket's address without port
    std::string body;                                          // unless body_file
    std::string body_file;          // a spooled upload; removed when the request is done unless the handler renames it
    int64_t body_bytes = 0;         // in on_head: what Content-Length announces, 0 without one
    std::string request_id;         // the client's if it is well formed, else made
    std::shared_ptr<void> context;  // what on_head left in BodyRule::context

    std::string_view header(std::string_view lower_case_name) const;      // the first; empty: absent
    std::optional<std::string> query_value(std::string_view name) const;  // decoded
};

struct FileBody {
    std::string path;
    int64_t offset = 0, size = 0;  // the bytes to send
};

// A stream of server-sent events. next() is called on a pool thread whenever the stream may have something new (after start, after
// HttpServer::wake(topic), at heartbeats, and again until it returns nothing); it returns what to send, and ends the stream with done.
// Bytes that a slow client has not taken hold back the next call; a client that takes nothing for 30 s is disconnected.
struct EventChunk {
    std::string bytes;
    bool done = false;
};
struct EventSource {
    std::string topic;  // wake(topic) names it
    std::function<EventChunk()> next;
    std::function<void()> closed;  // once, when the stream ends for any reason
};

struct HttpResponse {
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers;  // without Content-Length, Connection, Date
    std::string content_type = "application/json";
    std::string body;
    std::optional<FileBody> file;         // instead of body
    std::shared_ptr<EventSource> events;  // instead of body
};

// How a request may go on once its head is there, before any of its body was read.
struct BodyRule {
    int64_t max_bytes = 0;          // 413 above it
    bool spool = false;             // into body_file
    std::shared_ptr<void> context;  // given to on_request and on_done in HttpRequest::context
    std::optional<HttpResponse>
        refusal;  // answered at once instead (404, 401, 415, 429 ...), the connection is closed after it if a body follows
};

struct HttpLimits {
    // head_bytes is at most 16 KiB, which is all that is ever buffered.
    int head_bytes = 8 * 1024, target_bytes = 2048, fields = 64;
    // connections: fewer if the process may not open so many files.
    int connections = 4096, connections_per_peer = 0;  // 0: no limit of its own
    double head_s = 10, idle_s = 60, write_s = 30;
    double body_bytes_per_s = 1024;  // slower for 10 s: disconnected
    int requests_per_connection = 1000;
    double sse_heartbeat_s = 10;
    double sse_age_s = 3600;  // then the stream is closed, as the token that opened it has aged too; clients resume
};

struct HttpHandlers {
    std::function<BodyRule(const HttpRequest& head)> on_head;
    std::function<HttpResponse(HttpRequest& request)> on_request;
    // A problem document for what the core itself refuses: 400 INVALID_INPUT, 413 PAYLOAD_TOO_LARGE, 429 RATE_LIMITED, 500 INTERNAL,
    // 503 UNAVAILABLE. The request may be empty but for peer and request_id. May be called on a network thread: it must not block.
    std::function<HttpResponse(int status, std::string_view code, const std::string& detail, const HttpRequest& request)> refuse;
    // One call per finished request, refused ones too, for the log and the metrics; on a pool thread.
    std::function<void(const HttpRequest& request, int status, double duration_ms)> on_done;
};

class HttpServer {
  public:
    struct Options {
        std::string host = "127.0.0.1";
        uint16_t port = 8080;  // 0: a free one
        int io_threads = 1, handler_threads = 4;
        std::string spool_dir;  // of body_file
        HttpLimits limits;
    };
    // Listens when it returns. Error kIo: address taken, not permitted.
    static Result<std::unique_ptr<HttpServer>> start(const Options& options, HttpHandlers handlers);
    virtual ~HttpServer() = default;
    virtual uint16_t port() const = 0;
    virtual void wake(const std::string& topic) = 0;  // from any thread
    // No new connections; requests under way get `grace_s`; event streams get a last comment and are closed. Returns when all are gone.
    virtual void drain(double grace_s) = 0;
    struct Counts {
        int64_t connections = 0, event_streams = 0, accepted_total = 0, refused_total = 0;
    };
    virtual Counts counts() const = 0;
};

// One event in the wire format; data has no line ends of its own.
std::string sse_event(int64_t id, std::string_view type, std::string_view data);
// Text for a status ("Not Found").
std::string_view status_text(int status);
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

}  // namespace proveout
