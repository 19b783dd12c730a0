// Server-sent events (WHATWG HTML section 9.2). While nothing is sent the read side stays armed: a client that goes is noticed at once.
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>

#include "domain/clock.h"
#include "http/connection.h"
#include "http/message/response.h"
#include "http/on_pool.h"

namespace proveout {

namespace {

// What the kernel may hold for a client that does not read: the rest waits in the database.
constexpr int kStreamBuffer_bytes = 64 * 1024;
// An unacknowledged heartbeat ends the stream after this.
constexpr unsigned kDeadPeer_ms = 20'000;
constexpr size_t kIgnored_bytes = 64 * 1024;  // whoever sends more than this into a stream is not listening
constexpr std::string_view kHeartbeat = ": heartbeat\n\n", kFarewell = ": the server is going down\n\n", kLastChunk = "0\r\n\r\n";

EventChunk ask_next(EventSource& source) noexcept {
    try {
        return source.next();
    } catch (...) {
        return {{}, true};
    }
}

}  // namespace

// False always: a stream is the last thing on its connection.
Connection::Async<bool> Connection::send_events(HttpResponse& response) {
    EventSource& source = *response.events;
    bool chunked = framing_.minor_version == 1;
    std::string head = response_head(response, chunked ? BodyForm::kChunked : BodyForm::kUntilClose, 0, false);
    setsockopt(socket_.native_handle(), SOL_SOCKET, SO_SNDBUF, &kStreamBuffer_bytes, sizeof kStreamBuffer_bytes);
    setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &kDeadPeer_ms, sizeof kDeadPeer_ms);
    in_.free();
    parser_.reset();
    core_.event_streams.fetch_add(1, std::memory_order_relaxed);
    core_.listen(source.topic, shared_from_this());
    set_deadline(core_.options.limits.write_s);
    std::array<net::const_buffer, 2> buffers{net::buffer(head), net::const_buffer()};
    bool sent = co_await write(buffers);
    if (sent) co_await pump_events(source, chunked);
    core_.unlisten(source.topic, this);
    core_.event_streams.fetch_sub(1, std::memory_order_relaxed);
    auto closed = [&source] {
        try {
            if (source.closed) source.closed();
        } catch (...) {
        }
        return true;
    };
    co_await on_pool(core_, closed);
    // Ends the armed read too.
    boost::system::error_code ignored;
    socket_.shutdown(net::ip::tcp::socket::shutdown_send, ignored);
    socket_.cancel(ignored);
    co_return false;
}

Connection::Flow Connection::pump_events(EventSource& source, bool chunked) {
    watch_for_end();
    const auto heartbeat_ms = static_cast<int64_t>(core_.options.limits.sse_heartbeat_s * 1000);
    const int64_t end_ms = steady_ms() + static_cast<int64_t>(core_.options.limits.sse_age_s * 1000);
    int64_t beat_ms = steady_ms() + heartbeat_ms;
    bool open = true;
    while (open && !gone_ && !stopped()) {
        woken_ = false;
        if (core_.draining || steady_ms() >= end_ms) {
            co_await write_event(kFarewell, chunked);
            break;
        }
        auto next = [&source] { return ask_next(source); };
        EventChunk chunk = co_await on_pool(core_, next);
        if (chunk.bytes.empty() && steady_ms() >= beat_ms) chunk.bytes = kHeartbeat;
        bool spoke = !chunk.bytes.empty();
        if (spoke) {
            open = co_await write_event(chunk.bytes, chunked);
            beat_ms = steady_ms() + heartbeat_ms;
        }
        open = open && !chunk.done;
        // It may have had more than it gave at once.
        bool quiet = open && !spoke && !woken_ && !gone_ && !stopped() && !core_.draining;
        if (quiet) co_await wait_for_event(std::min(beat_ms, end_ms));
    }
    if (gone_ || stopped() || !chunked) co_return;
    set_deadline(core_.options.limits.write_s);
    std::array<net::const_buffer, 2> buffers{net::buffer(kLastChunk), net::const_buffer()};
    co_await write(buffers);
    no_deadline();
}

Connection::Async<bool> Connection::write_event(std::string_view bytes, bool chunked) {
    if (gone_) co_return false;
    set_deadline(core_.options.limits.write_s);
    std::string framed;
    if (chunked) framed = as_chunk(bytes);
    std::array<net::const_buffer, 2> buffers{chunked ? net::buffer(framed) : net::const_buffer(bytes.data(), bytes.size()),
                                             net::const_buffer()};
    bool sent = co_await write(buffers);
    no_deadline();
    co_return sent;
}

Connection::Flow Connection::wait_for_event(int64_t until_ms) {
    event_timer_.expires_after(std::chrono::milliseconds(std::max<int64_t>(0, until_ms - steady_ms())));
    boost::system::error_code ignored;
    co_await event_timer_.async_wait(net::redirect_error(net::use_awaitable, ignored));
}

// Reads and drops what the client says, to learn of its end.
void Connection::watch_for_end() {
    socket_.async_read_some(net::buffer(ignored_), [self = shared_from_this()](const boost::system::error_code& error, size_t count) {
        self->ignored_bytes_ += count;
        if (!error && self->ignored_bytes_ < kIgnored_bytes) return self->watch_for_end();
        self->gone_ = true;
        self->event_timer_.cancel();
        boost::system::error_code ignored;
        self->socket_.cancel(ignored);
    });
}

}  // namespace proveout
