// The bare library for comparison: Beast's own asynchronous example, one thread, keep-alive, nothing guarded. Not for any network.
// clang-format off
#include <utility>  // first: Boost 1.74 forgets it
// clang-format on

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>

namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using tcp = boost::asio::ip::tcp;

struct Session : std::enable_shared_from_this<Session> {
    explicit Session(tcp::socket socket) : stream(std::move(socket)) {}
    void read() {
        request = {};
        stream.expires_after(std::chrono::seconds(30));
        http::async_read(stream, buffer, request, [self = shared_from_this()](beast::error_code error, size_t) {
            if (!error) self->write();
        });
    }
    void write() {
        response = {http::status::ok, request.version()};
        response.set(http::field::content_type, "text/plain");
        response.body() = "hello\n";
        response.keep_alive(request.keep_alive());
        response.prepare_payload();
        http::async_write(stream, response, [self = shared_from_this()](beast::error_code error, size_t) {
            if (!error) self->read();
        });
    }
    beast::tcp_stream stream;
    beast::flat_buffer buffer;
    http::request<http::string_body> request;
    http::response<http::string_body> response;
};

struct Listener {
    boost::asio::io_context& io;
    tcp::acceptor acceptor;
    void accept() {
        acceptor.async_accept([this](beast::error_code error, tcp::socket socket) {
            beast::error_code ignored;
            socket.set_option(tcp::no_delay(true), ignored);
            if (!error) std::make_shared<Session>(std::move(socket))->read();
            accept();
        });
    }
};

}  // namespace

int main(int count, char** words) {
    unsigned short port = 0;
    if (count > 1) std::from_chars(words[1], words[1] + std::strlen(words[1]), port);
    boost::asio::io_context io(1);
    Listener listener{io, tcp::acceptor(io, {boost::asio::ip::make_address("127.0.0.1"), port})};
    std::printf("%d\n", listener.acceptor.local_endpoint().port());
    std::fflush(stdout);
    listener.accept();
    io.run();
}
