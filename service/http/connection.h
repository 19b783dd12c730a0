// connection.h -- one client: reads heads and bodies, asks the handlers, sends. Inside of service/http only.
//
// All members are touched on the connection's strand only, by one coroutine and by look(), drain(), wake() that others post to it. The
// handlers run on the pool; meanwhile nothing is read, which holds back who pipelines.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>

#include "http/core.h"
#include "http/http.h"
#include "http/message/head.h"
#include "http/message/parser.h"

namespace proveout {

// Bytes read and not used yet, of a fixed size: Beast fails on what does not fit instead of growing (chunk heads, trailers).
class ReadBuffer {
  public:
    static constexpr size_t kSize = 16 * 1024;
    std::string_view bytes() const { return {bytes_.get() + begin_, end_ - begin_}; }
    bool empty() const { return begin_ == end_; }
    net::mutable_buffer room();  // empty when full
    void grow(size_t count) { end_ += count; }
    void use(size_t count);
    void free();  // REQUIRES nothing is wanted of it any more

  private:
    std::unique_ptr<char[]> bytes_;
    size_t begin_ = 0, end_ = 0;
};

constexpr std::string_view kBodyPrefix = "body-";  // names of spool files

// Why a request is not served. status 0: it is.
struct Refusal {
    int status = 0;
    std::string_view code;
    std::string detail;
};

class Connection : public std::enable_shared_from_this<Connection> {
  public:
    Connection(Core& core, net::ip::tcp::socket socket);
    ~Connection();
    const std::string& peer() const { return peer_; }
    std::string peer_key() const;  // what limits per peer count: the address, of IPv6 the /64

    // Serves until the client or a limit ends it.
    void start();
    // Answers without reading, and closes.
    void start_refusal(Refusal refusal);

    // From any thread.
    bool is_due(int64_t now_ms) const { return now_ms >= deadline_ms_.load(std::memory_order_relaxed); }
    void post_look();
    void post_wake();
    void post_drain();
    void post_abort();

  private:
    using Flow = net::awaitable<void>;
    template <class T>
    using Async = net::awaitable<T>;

    // connection.cpp: the life of a connection
    Flow serve();
    Flow serve_refusal(Refusal refusal);
    Async<bool> read_head(bool first);
    Async<bool> answer(bool last);
    Async<bool> ask(HttpResponse& response);
    Flow refuse(Refusal refusal, size_t drain_bytes);
    Flow refuse_with(HttpResponse& response, size_t drain_bytes);
    Flow linger(size_t drain_bytes);

    // body.cpp
    struct Intake;
    Async<Refusal> read_body(const BodyRule& rule);
    Async<Refusal> take_body(Intake& intake);
    Refusal take_bytes(Intake& intake);
    Async<size_t> read_some();

    // send.cpp
    Async<bool> send(HttpResponse& response, bool keep_alive);
    Async<bool> send_file(const FileBody& body, int file);
    Async<bool> write(std::array<net::const_buffer, 2> buffers);

    // stream.cpp
    Async<bool> send_events(HttpResponse& response);
    Flow pump_events(EventSource& source, bool chunked);
    Async<bool> write_event(std::string_view bytes, bool chunked);
    Flow wait_for_event(int64_t until_ms);
    void watch_for_end();
    void finish_request(int status);

    // A deadline for the next operations; with bytes > 0 it moves on by the same time whenever that many bytes have passed.
    void set_deadline(double seconds, double bytes = 0);
    void no_deadline();
    void look();
    bool stopped() const { return expired_ || aborted_; }

    Core& core_;
    net::ip::tcp::socket socket_;
    std::string peer_;
    std::string key_;

    std::atomic<int64_t> deadline_ms_;
    int64_t window_ms_ = 0;
    double window_bytes_ = 0;
    uint64_t moved_bytes_ = 0, moved_before_ = 0;
    bool expired_ = false, aborted_ = false;
    bool idle_ = false;  // waits for the first byte of a request

    ReadBuffer in_;
    size_t head_size_ = 0;
    HttpRequest request_;
    Framing framing_;
    std::unique_ptr<MessageParser> parser_;
    int64_t started_us_ = 0;

    std::atomic<bool> wake_posted_{false};
    bool woken_ = false, gone_ = false;  // of an event stream
    net::steady_timer event_timer_;
    std::array<char, 512> ignored_;
    size_t ignored_bytes_ = 0;
};

}  // namespace proveout
