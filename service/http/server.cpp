#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <limits>
#include <thread>

#include "domain/clock.h"
#include "http/connection.h"
#include "http/core.h"

namespace proveout {

namespace {

using net::ip::tcp;

constexpr int kBacklog = 4096;
constexpr auto kLookEvery = std::chrono::milliseconds(250);  // how late a deadline may be noticed
constexpr auto kAcceptPause = std::chrono::milliseconds(50);
constexpr int64_t kRefusing = 256;                 // answered with a 503 at the same time; further ones are closed without a word
constexpr rlim_t kFilesForOthers = 512;            // database, artefacts, children
constexpr auto kBodyLife = std::chrono::hours(2);  // longer than the slowest body that is let through
constexpr int kDeferAccept_s = 1;
constexpr int64_t kAll = std::numeric_limits<int64_t>::max();
constexpr int64_t kTellEvery_ms = 100;
constexpr auto kDrainPoll = std::chrono::milliseconds(5);

// Raises the soft limit of open files as far as the system allows, and fits the limit of connections below it.
void fit_connections(HttpLimits& limits) {
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY) return;
    rlim_t wanted = static_cast<rlim_t>(limits.connections) + kFilesForOthers;
    if (files.rlim_cur < wanted) {
        files.rlim_cur = std::min(wanted, files.rlim_max);
        setrlimit(RLIMIT_NOFILE, &files);
        getrlimit(RLIMIT_NOFILE, &files);
    }
    if (files.rlim_cur >= wanted) return;
    limits.connections = static_cast<int>(files.rlim_cur > 2 * kFilesForOthers ? files.rlim_cur - kFilesForOthers : files.rlim_cur / 2);
}

// Bodies that a crash left behind. Young ones may belong to a server that runs beside this one.
void remove_old_bodies(const std::string& folder) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    for (fs::directory_iterator it(folder, ignored), end; !ignored && it != end; it.increment(ignored)) {
        std::error_code failed;
        bool old = fs::file_time_type::clock::now() - it->last_write_time(failed) > kBodyLife;
        if (!failed && old && it->path().filename().string().starts_with(kBodyPrefix)) fs::remove(it->path(), failed);
    }
}

int open_reserve() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }

class HttpServerImpl : public HttpServer {
  public:
    HttpServerImpl(const Options& options, HttpHandlers handlers)
        : core_(options, std::move(handlers)),
          acceptor_(net::make_strand(core_.io)),
          look_timer_(acceptor_.get_executor()),
          pause_timer_(acceptor_.get_executor()),
          guard_(core_.io.get_executor()) {
        fit_connections(core_.options.limits);
        core_.options.limits.head_bytes = std::min<int>(core_.options.limits.head_bytes, ReadBuffer::kSize - 1);
    }

    ~HttpServerImpl() override {
        drain(0);
        guard_.reset();
        core_.io.stop();
        for (std::thread& thread : threads_) thread.join();
        core_.pool.join();
        if (reserve_ >= 0) close(reserve_);
    }

    Status listen() {
        boost::system::error_code error;
        tcp::resolver resolver(core_.io);
        auto found = resolver.resolve(core_.options.host, std::to_string(core_.options.port), tcp::resolver::passive, error);
        if (!error && found.empty()) error = net::error::host_not_found;
        if (error) return refused(error);
        tcp::endpoint endpoint = found.begin()->endpoint();
        acceptor_.open(endpoint.protocol(), error);
        if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
        if (!error) acceptor_.bind(endpoint, error);
        if (!error) acceptor_.listen(kBacklog, error);
        if (error) return refused(error);
        setsockopt(acceptor_.native_handle(), IPPROTO_TCP, TCP_DEFER_ACCEPT, &kDeferAccept_s, sizeof kDeferAccept_s);
        port_ = acceptor_.local_endpoint(error).port();
        reserve_ = open_reserve();
        return Unit{};
    }

    void run() {
        accept_next();
        look_later();
        for (int i = 0; i < std::max(1, core_.options.io_threads); ++i) threads_.emplace_back([this] { run_io(); });
    }

    uint16_t port() const override { return port_; }

    void wake(const std::string& topic) override {
        for (const auto& connection : core_.listeners_of(topic)) connection->post_wake();
    }

    void drain(double grace_s) override {
        core_.draining = true;
        net::post(acceptor_.get_executor(), [this] {
            boost::system::error_code ignored;
            acceptor_.close(ignored);
            pause_timer_.cancel();
        });
        int64_t end_ms = steady_ms() + static_cast<int64_t>(grace_s * 1000);
        wait_until_gone(end_ms, [](Connection& connection) { connection.post_drain(); });
        // What a handler still works on ends when the handler does.
        wait_until_gone(kAll, [](Connection& connection) { connection.post_abort(); });
    }

    Counts counts() const override {
        return {connections(), core_.event_streams.load(), core_.accepted_total.load(), core_.refused_total.load()};
    }

  private:
    Error refused(const boost::system::error_code& error) const {
        return make_error(ErrorCode::kIo,
                          "cannot listen on " + core_.options.host + ":" + std::to_string(core_.options.port) + ": " + error.message());
    }

    // Tells all connections again and again: one may have been between two waits.
    template <class Tell>
    void wait_until_gone(int64_t end_ms, Tell tell) {
        for (int64_t told_ms = 0; connections() > 0 && steady_ms() < end_ms; std::this_thread::sleep_for(kDrainPoll)) {
            if (steady_ms() - told_ms < kTellEvery_ms) continue;
            told_ms = steady_ms();
            for (const auto& connection : core_.due_connections(kAll)) tell(*connection);
        }
    }

    int64_t connections() const {
        std::lock_guard lock(core_.mutex);
        return static_cast<int64_t>(core_.connections.size());
    }

    void run_io() {
        // Handlers own their exceptions; what slips through must not take the server down with it.
        while (true) {
            try {
                core_.io.run();
                return;
            } catch (const std::exception&) {
                core_.refused_total.fetch_add(1, std::memory_order_relaxed);
            }
        }
    }

    void accept_next() {
        acceptor_.async_accept(net::make_strand(core_.io), [this](const boost::system::error_code& error, tcp::socket socket) {
            if (error) return accept_failed(error);
            admit(std::move(socket));
            accept_next();
        });
    }

    void accept_failed(const boost::system::error_code& error) {
        if (core_.draining || error == net::error::operation_aborted || error == net::error::bad_descriptor) return;
        bool exhausted =
            error == net::error::no_descriptors || error.value() == ENFILE || error.value() == ENOBUFS || error.value() == ENOMEM;
        if (!exhausted) return accept_next();
        // Out of descriptors: one kept in reserve lets the waiting client be turned away, instead of this loop spinning on it.
        core_.refused_total.fetch_add(1, std::memory_order_relaxed);
        if (reserve_ >= 0) close(reserve_);
        int waiting = accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (waiting >= 0) close(waiting);
        reserve_ = open_reserve();
        pause_timer_.expires_after(kAcceptPause);
        pause_timer_.async_wait([this](const boost::system::error_code& stopped) {
            if (!stopped) accept_next();
        });
    }

    void admit(tcp::socket socket) {
        const HttpLimits& limits = core_.options.limits;
        core_.accepted_total.fetch_add(1, std::memory_order_relaxed);
        auto connection = std::make_shared<Connection>(core_, std::move(socket));
        int64_t all = 0, of_peer = 0;
        {
            std::lock_guard lock(core_.mutex);
            all = static_cast<int64_t>(core_.connections.size());
            auto peer = core_.connections_of_peer.find(connection->peer_key());
            if (peer != core_.connections_of_peer.end()) of_peer = peer->second;
        }
        if (core_.draining || all >= limits.connections + kRefusing) {
            core_.refused_total.fetch_add(1, std::memory_order_relaxed);
            return;
        }
        core_.enter(connection, connection->peer_key());
        if (all >= limits.connections)
            connection->start_refusal({503, "UNAVAILABLE", "too many connections"});
        else if (limits.connections_per_peer > 0 && of_peer >= limits.connections_per_peer)
            connection->start_refusal({429, "RATE_LIMITED", "too many connections from this address"});
        else
            connection->start();
    }

    // Deadlines are looked at together: one timer for all connections, and no work per request.
    void look_later() {
        look_timer_.expires_after(kLookEvery);
        look_timer_.async_wait([this](const boost::system::error_code& error) {
            if (error) return;
            int64_t now_ms = steady_ms();
            for (const auto& connection : core_.due_connections(now_ms)) connection->post_look();
            look_later();
        });
    }

    mutable Core core_;
    tcp::acceptor acceptor_;
    net::steady_timer look_timer_, pause_timer_;
    net::executor_work_guard<net::io_context::executor_type> guard_;
    std::vector<std::thread> threads_;
    uint16_t port_ = 0;
    int reserve_ = -1;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::start(const Options& options, HttpHandlers handlers) {
    auto server = std::make_unique<HttpServerImpl>(options, std::move(handlers));
    if (!options.spool_dir.empty()) remove_old_bodies(options.spool_dir);
    TRY(server->listen());
    server->run();
    return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace proveout
