// Bodies: into memory or into a spool file, never more than the rule allows.
#include <fcntl.h>
#include <unistd.h>

#include "domain/ids.h"
#include "files/files.h"
#include "http/connection.h"
#include "http/on_pool.h"

namespace proveout {

namespace {

constexpr double kRateWindow_s = 10;  // over which the least rate is judged
// Chunk heads and trailers together may be this many bytes, and this many times the body: chunks of one byte are legal.
constexpr int64_t kChunkOverhead_bytes = 64 * 1024, kChunkOverhead_ratio = 8;
constexpr size_t kSpoolPiece_bytes = 64 * 1024;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

Refusal cannot_store() { return {503, "UNAVAILABLE", "the body cannot be stored"}; }
Refusal too_large(const BodyRule& rule) {
    return {413, "PAYLOAD_TOO_LARGE", "the body is larger than " + std::to_string(rule.max_bytes) + " bytes"};
}

}  // namespace

struct Connection::Intake {
    const BodyRule& rule;
    int file = -1;  // -1: into memory
    std::string piece;
    int64_t total = 0, overhead = 0;
    bool done = false;
    ~Intake() {
        if (file >= 0) close(file);
    }
};

Connection::Async<Refusal> Connection::read_body(const BodyRule& rule) {
    if (framing_.content_length > rule.max_bytes) co_return too_large(rule);
    if (framing_.expects_continue && in_.empty()) {
        set_deadline(core_.options.limits.write_s);
        std::array<net::const_buffer, 2> interim{net::buffer(kContinue), net::const_buffer()};
        bool sent = co_await write(interim);
        if (!sent) co_return Refusal{400, "INVALID_INPUT", "the client has gone"};
    }
    Intake intake{rule};
    if (rule.spool) {
        request_.body_file = core_.options.spool_dir + "/" + std::string(kBodyPrefix) + random_hex(16);
        intake.file = open(request_.body_file.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (intake.file < 0) {
            request_.body_file.clear();
            co_return cannot_store();
        }
    }
    Refusal refusal = co_await take_body(intake);
    no_deadline();
    request_.body_bytes = intake.total;
    if (!rule.spool) request_.body = std::move(intake.piece);
    co_return refusal;
}

Connection::Async<Refusal> Connection::take_body(Intake& intake) {
    const double least_bytes = core_.options.limits.body_bytes_per_s * kRateWindow_s;
    set_deadline(kRateWindow_s, least_bytes);
    while (true) {
        Refusal refusal = take_bytes(intake);
        if (refusal.status != 0) co_return refusal;
        if (intake.file >= 0 && (intake.done || intake.piece.size() >= kSpoolPiece_bytes)) {
            no_deadline();  // the disk's time is not the client's
            auto store = [&intake] { return write_all(intake.file, intake.piece); };
            bool stored = co_await on_pool(core_, store);
            if (!stored) co_return cannot_store();
            intake.piece.clear();
            set_deadline(kRateWindow_s, least_bytes);
        }
        if (intake.done) co_return Refusal{};
        size_t count = co_await read_some();
        if (count == 0) co_return Refusal{400, "INVALID_INPUT", expired_ ? "the body came too slowly" : "the body is not complete"};
    }
}

// What lies in the buffer.
Refusal Connection::take_bytes(Intake& intake) {
    size_t before = intake.piece.size();
    MessageParser::Fed fed = parser_->body(in_.bytes(), intake.piece);
    in_.use(fed.used);
    auto grown = static_cast<int64_t>(intake.piece.size() - before);
    intake.total += grown;
    intake.overhead += static_cast<int64_t>(fed.used) - grown;
    intake.done = fed.done;
    if (!fed.fault.empty()) return {400, "INVALID_INPUT", std::string(fed.fault)};
    if (intake.total > intake.rule.max_bytes) return too_large(intake.rule);
    if (intake.overhead > kChunkOverhead_bytes + kChunkOverhead_ratio * intake.total)
        return {400, "INVALID_INPUT", "the chunk heads outweigh the body"};
    if (!intake.done && in_.room().size() == 0) return {400, "INVALID_INPUT", "a chunk head or the trailers are too long"};
    return {};
}

// 0: the client has ended, or stopped() says why.
Connection::Async<size_t> Connection::read_some() {
    if (stopped()) co_return 0;
    boost::system::error_code error;
    size_t count = co_await socket_.async_read_some(in_.room(), net::redirect_error(net::use_awaitable, error));
    in_.grow(count);
    moved_bytes_ += count;
    co_return count;
}

}  // namespace proveout
