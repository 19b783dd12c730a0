#include "http/connection.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <limits>

#include "domain/clock.h"
#include "domain/ids.h"
#include "http/message/response.h"
#include "http/on_pool.h"

namespace proveout {

namespace {

constexpr int64_t kNever_ms = std::numeric_limits<int64_t>::max();
// After a refusal the rest of what the client sends is read and dropped, so that it gets to read the answer instead of a reset. A body
// that was merely too large is worth more patience than a broken head.
constexpr size_t kDrainBroken_bytes = 64 * 1024, kDrainBody_bytes = 4 * 1024 * 1024;
constexpr double kDrain_s = 2;
constexpr size_t kMaxRequestIdLength = 64;

int64_t steady_us() {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string address_text(const net::ip::tcp::socket& socket) {
    boost::system::error_code error;
    auto address = socket.remote_endpoint(error).address();
    if (error) return {};
    if (address.is_v6() && address.to_v6().is_v4_mapped()) address = net::ip::make_address_v4(net::ip::v4_mapped, address.to_v6());
    return address.to_string();
}

// The client's, if it is of the letters that logs can hold.
std::string request_id(const HttpRequest& request) {
    std::string_view given = request.header("x-request-id");
    bool sound = !given.empty() && given.size() <= kMaxRequestIdLength && std::all_of(given.begin(), given.end(), [](unsigned char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    });
    return sound ? std::string(given) : random_hex(12);
}

Refusal broken(std::string why) { return {400, "INVALID_INPUT", std::move(why)}; }

}  // namespace

net::mutable_buffer ReadBuffer::room() {
    if (!bytes_) bytes_ = std::make_unique<char[]>(kSize);
    if (begin_ > 0 && end_ == kSize) {
        std::memmove(bytes_.get(), bytes_.get() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    return {bytes_.get() + end_, kSize - end_};
}

void ReadBuffer::use(size_t count) {
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
}

void ReadBuffer::free() {
    bytes_.reset();
    begin_ = end_ = 0;
}

Connection::Connection(Core& core, net::ip::tcp::socket socket)
    : core_(core), socket_(std::move(socket)), peer_(address_text(socket_)), event_timer_(socket_.get_executor()) {
    boost::system::error_code ignored;
    socket_.set_option(net::ip::tcp::no_delay(true), ignored);
    socket_.native_non_blocking(true, ignored);
    auto timeout_ms = static_cast<unsigned>(core_.options.limits.write_s * 1000);
    setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms);
    set_deadline(core_.options.limits.head_s);
    key_ = peer_key();
}

Connection::~Connection() { core_.leave(this, key_); }

std::string Connection::peer_key() const {
    boost::system::error_code error;
    auto address = net::ip::make_address(peer_, error);
    if (error || address.is_v4()) return peer_;
    auto bytes = address.to_v6().to_bytes();
    return std::string(bytes.begin(), bytes.begin() + 8);
}

void Connection::start() {
    auto self = shared_from_this();
    net::co_spawn(
        socket_.get_executor(), [self]() -> Flow { co_await self->serve(); }, net::detached);
}

void Connection::start_refusal(Refusal refusal) {
    auto self = shared_from_this();
    net::co_spawn(
        socket_.get_executor(), [self, refusal = std::move(refusal)]() -> Flow { co_await self->serve_refusal(refusal); }, net::detached);
}

// GCC 12 destroys temporaries with members twice when they are written as arguments inside co_await; hence the named ones below.
Connection::Flow Connection::serve() {
    for (int served = 0;; ++served) {
        bool there = co_await read_head(served == 0);
        if (!there) break;
        bool more = co_await answer(served + 1 >= core_.options.limits.requests_per_connection);
        if (!more) break;
    }
    boost::system::error_code ignored;
    socket_.close(ignored);
}

Connection::Flow Connection::serve_refusal(Refusal refusal) {
    request_.peer = peer_;
    request_.request_id = random_hex(12);
    started_us_ = steady_us();
    co_await refuse(std::move(refusal), kDrainBroken_bytes);
}

// False: the connection is over, and whatever could be answered was.
Connection::Async<bool> Connection::read_head(bool first) {
    request_ = HttpRequest();
    request_.peer = peer_;
    started_us_ = 0;
    set_deadline(first ? core_.options.limits.head_s : core_.options.limits.idle_s);
    size_t judged = 0;
    while (true) {
        if (started_us_ == 0 && in_.bytes().substr(0, 2) == "\r\n") in_.use(2), judged = 0;  // RFC 9112 section 2.2
        std::string_view got = in_.bytes();
        if (started_us_ == 0 && !got.empty() && got != "\r") {
            started_us_ = steady_us();
            set_deadline(core_.options.limits.head_s);
        }
        HeadEnd found = find_head_end(got, judged);
        head_size_ = found.end;
        if (found.end > 0) co_return true;
        std::string fault(found.fault);
        if (fault.empty() && got.size() >= static_cast<size_t>(core_.options.limits.head_bytes))
            fault = "the head is longer than " + std::to_string(core_.options.limits.head_bytes) + " bytes";
        if (!fault.empty()) {
            Refusal refusal = broken(std::move(fault));
            co_await refuse(std::move(refusal), kDrainBroken_bytes);
            co_return false;
        }
        judged = got.size();
        idle_ = got.empty();
        if (idle_ && core_.draining) co_return false;
        size_t count = co_await read_some();
        idle_ = false;
        if (count > 0) continue;
        if (expired_ && !in_.empty()) {
            Refusal refusal = broken("the head took too long");
            co_await refuse(std::move(refusal), kDrainBroken_bytes);
        }
        co_return false;
    }
}

// One request. True: the connection goes on.
Connection::Async<bool> Connection::answer(bool last) {
    std::string_view head = in_.bytes().substr(0, head_size_);
    parser_ = std::make_unique<MessageParser>(core_.options.limits);
    auto framing = head.size() > static_cast<size_t>(core_.options.limits.head_bytes)
                       ? Result<Framing>(make_error(ErrorCode::kInvalidInput, "the head is too long"))
                       : scan_head(head, core_.options.limits);
    std::string fault;
    if (!framing) {
        fault = framing.error().message;
    } else {
        framing_ = *framing;
        auto parsed = parser_->head(head, framing_, request_);
        if (!parsed) fault = parsed.error().message;
    }
    in_.use(head_size_);
    request_.request_id = request_id(request_);
    request_.body_bytes = fault.empty() ? framing_.content_length : 0;
    no_deadline();
    if (!fault.empty()) {
        Refusal refusal = broken(std::move(fault));
        co_await refuse(std::move(refusal), kDrainBroken_bytes);
        co_return false;
    }
    HttpResponse response;
    bool answered = co_await ask(response);
    if (!answered) co_return false;
    bool keep_alive = framing_.keep_alive && !last && !core_.draining;
    bool sent = co_await send(response, keep_alive);
    finish_request(response.status);
    if (sent && !keep_alive) co_await linger(kDrainBroken_bytes);
    co_return sent&& keep_alive;
}

// The handlers' answer. False: the request was refused before, or the client has gone.
Connection::Async<bool> Connection::ask(HttpResponse& response) {
    BodyRule rule;
    auto ask_all = [this, &rule, &response] {
        rule = core_.ask_head(request_);
        request_.context = rule.context;
        bool complete = !rule.refusal && !framing_.has_body();
        if (complete) response = core_.ask_response(request_);
        return complete;
    };
    bool complete = co_await on_pool(core_, ask_all);
    if (complete) co_return true;
    if (rule.refusal) {
        response = std::move(*rule.refusal);
        if (!framing_.has_body()) co_return true;
        co_await refuse_with(response, kDrainBody_bytes);
        co_return false;
    }
    Refusal refusal = co_await read_body(rule);
    if (refusal.status != 0) {
        co_await refuse(std::move(refusal), kDrainBody_bytes);
        co_return false;
    }
    auto ask_response = [this, &response] {
        response = core_.ask_response(request_);
        return true;
    };
    co_return co_await on_pool(core_, ask_response);
}

// Answers a request that will not be read further, and ends the connection.
Connection::Flow Connection::refuse(Refusal refusal, size_t drain_bytes) {
    if (request_.request_id.empty()) request_.request_id = random_hex(12);
    core_.refused_total.fetch_add(1, std::memory_order_relaxed);
    expired_ = false;  // a late request is answered all the same
    HttpResponse response = core_.refusal(refusal.status, refusal.code, refusal.detail, request_);
    co_await refuse_with(response, drain_bytes);
}

Connection::Flow Connection::refuse_with(HttpResponse& response, size_t drain_bytes) {
    bool sent = co_await send(response, false);
    finish_request(response.status);
    if (sent) co_await linger(drain_bytes);
}

// Half-closes and drops what still comes, up to a bound: closing with bytes unread would make a reset that eats the answer.
Connection::Flow Connection::linger(size_t drain_bytes) {
    boost::system::error_code ignored;
    socket_.shutdown(net::ip::tcp::socket::shutdown_send, ignored);
    set_deadline(kDrain_s);
    for (size_t dropped = 0; dropped < drain_bytes;) {
        in_.use(in_.bytes().size());
        size_t count = co_await read_some();
        if (count == 0) break;
        dropped += count;
    }
}

// For the log, and for a spooled body that nobody has taken. Once per request.
void Connection::finish_request(int status) {
    auto done = [&core = core_, request = std::make_shared<HttpRequest>(std::move(request_)), status,
                 duration_ms = static_cast<double>(steady_us() - started_us_) / 1000] {
        if (!request->body_file.empty()) unlink(request->body_file.c_str());
        core.tell_done(*request, status, duration_ms);
    };
    request_ = HttpRequest();
    net::post(core_.pool, std::move(done));
}

void Connection::set_deadline(double seconds, double bytes) {
    window_ms_ = static_cast<int64_t>(seconds * 1000);
    window_bytes_ = bytes;
    moved_before_ = moved_bytes_;
    deadline_ms_.store(steady_ms() + window_ms_, std::memory_order_relaxed);
}

void Connection::no_deadline() { deadline_ms_.store(kNever_ms, std::memory_order_relaxed); }

void Connection::look() {
    if (!is_due(steady_ms())) return;
    if (window_bytes_ > 0 && static_cast<double>(moved_bytes_ - moved_before_) >= window_bytes_)
        return set_deadline(static_cast<double>(window_ms_) / 1000, window_bytes_);
    no_deadline();
    expired_ = true;
    boost::system::error_code ignored;
    socket_.cancel(ignored);
}

void Connection::post_look() {
    net::post(socket_.get_executor(), [self = shared_from_this()] { self->look(); });
}

void Connection::post_wake() {
    if (wake_posted_.exchange(true)) return;
    net::post(socket_.get_executor(), [self = shared_from_this()] {
        self->wake_posted_ = false;
        self->woken_ = true;
        self->event_timer_.cancel();
    });
}

void Connection::post_drain() {
    net::post(socket_.get_executor(), [self = shared_from_this()] {
        boost::system::error_code ignored;
        // What has arrived in the meantime is still answered.
        if (self->idle_ && self->socket_.available(ignored) == 0) self->socket_.cancel(ignored);
        self->event_timer_.cancel();
    });
}

void Connection::post_abort() {
    net::post(socket_.get_executor(), [self = shared_from_this()] {
        self->aborted_ = true;
        boost::system::error_code ignored;
        self->socket_.close(ignored);
        self->event_timer_.cancel();
    });
}

}  // namespace proveout
