// Responses: bytes from memory, or from a file straight from the page cache.
#include <fcntl.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <algorithm>

#include "http/connection.h"
#include "http/message/response.h"
#include "http/on_pool.h"

namespace proveout {

namespace {

constexpr int64_t kFilePiece_bytes = 1024 * 1024;  // in one turn on the pool, so that downloads take turns
constexpr size_t kWritePiece_bytes = 64 * 1024;

// sendfile() has no MSG_NOSIGNAL: a client that has gone would end the process.
ssize_t send_piece(int socket, int file, int64_t& offset, int64_t size) {
    sigset_t pipe_signal, before;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    off_t at = offset;
    ssize_t count = sendfile(socket, file, &at, static_cast<size_t>(std::min(size, kFilePiece_bytes)));
    int error = errno;
    offset = at;
    timespec no_time{};
    if (count < 0 && error == EPIPE) sigtimedwait(&pipe_signal, nullptr, &no_time);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    errno = error;
    return count;
}

struct OpenFile {
    int descriptor = -1;
    ~OpenFile() {
        if (descriptor >= 0) close(descriptor);
    }
};

}  // namespace

// True: all is sent.
Connection::Async<bool> Connection::send(HttpResponse& response, bool keep_alive) {
    bool with_body = request_.method != "HEAD" && may_have_body(response.status);
    if (response.events && with_body) co_return co_await send_events(response);
    OpenFile file;
    if (response.file && with_body) {
        auto open_file = [&response] { return open(response.file->path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW); };
        file.descriptor = co_await on_pool(core_, open_file);
        if (file.descriptor < 0) response = core_.refusal(503, "UNAVAILABLE", "the file cannot be read", request_);
    }
    int64_t size = response.file ? response.file->size : static_cast<int64_t>(response.body.size());
    std::string head = response_head(response, response.events ? BodyForm::kUntilClose : BodyForm::kLength, size, keep_alive);
    const HttpLimits& limits = core_.options.limits;
    set_deadline(limits.write_s, limits.body_bytes_per_s * limits.write_s);
    std::array<net::const_buffer, 2> buffers{net::buffer(head), with_body ? net::buffer(response.body) : net::const_buffer()};
    bool sent = co_await write(buffers);
    if (sent && file.descriptor >= 0) sent = co_await send_file(*response.file, file.descriptor);
    no_deadline();
    co_return sent;
}

Connection::Async<bool> Connection::send_file(const FileBody& body, int file) {
    int64_t offset = body.offset, end = body.offset + body.size;
    int socket = socket_.native_handle();
    while (offset < end && !stopped()) {
        auto send = [socket, file, end, &offset] {
            ssize_t count = send_piece(socket, file, offset, end - offset);
            return count < 0 ? -errno : static_cast<int>(count);
        };
        // The file ends early (0), or the client has gone: the length is promised, so that only closing tells.
        int count = co_await on_pool(core_, send);
        if (count == 0 || (count < 0 && count != -EAGAIN && count != -EINTR)) co_return false;
        if (count > 0) moved_bytes_ += static_cast<uint64_t>(count);
        if (count != -EAGAIN || stopped()) continue;
        boost::system::error_code error;
        co_await socket_.async_wait(net::ip::tcp::socket::wait_write, net::redirect_error(net::use_awaitable, error));
        if (error) co_return false;
    }
    co_return offset == end;
}

// Under the deadline of the caller.
Connection::Async<bool> Connection::write(std::array<net::const_buffer, 2> buffers) {
    if (stopped()) co_return false;
    boost::system::error_code error;
    size_t told = 0;
    auto progress = [this, &told](const boost::system::error_code& failed, size_t total) -> size_t {
        moved_bytes_ += total - told;
        told = total;
        return failed ? 0 : kWritePiece_bytes;
    };
    co_await net::async_write(socket_, buffers, progress, net::redirect_error(net::use_awaitable, error));
    co_return !error;
}

}  // namespace proveout
