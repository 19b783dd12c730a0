#include "notify/webhooks.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "db/sqlite.h"
#include "domain/clock.h"
#include "domain/ids.h"
#include "notify/post.h"

namespace proveout {

namespace {

AllowedNetworks networks(const char* list) { return AllowedNetworks::parse(list).value(); }
const AllowedNetworks kNone = networks("");

Resolver fixed(std::vector<std::string> addresses) {
    return [addresses](const std::string&) { return addresses; };
}
const Resolver kPublicName = fixed({"93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"});

TEST(Signature, StandardWebhooksVector) {
    EXPECT_EQ(
        webhook_signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, R"({"test": 2432232314})"),
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(Signature, SecretsAreLongAndDiffer) {
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
        std::string secret = new_webhook_secret();
        EXPECT_EQ(secret.size(), 6u + 44u);
        EXPECT_TRUE(seen.insert(secret).second);
        webhook_signature(secret, "id", 1, "body");
    }
}

TEST(Retry, FollowsTheContract) {
    std::vector<double> delays;
    for (int attempts = 1; webhook_retry_delay_s(attempts); ++attempts) delays.push_back(*webhook_retry_delay_s(attempts));
    EXPECT_EQ(delays, (std::vector<double>{5, 300, 1800, 7200, 18000, 36000}));
    EXPECT_FALSE(webhook_retry_delay_s(0));
}

TEST(Resolve, KnowsTheLoopback) {
    auto addresses = resolve_name("localhost");
    ASSERT_FALSE(addresses.empty());
    for (const std::string& address : addresses) EXPECT_FALSE(is_public_address(address)) << address;
    EXPECT_TRUE(resolve_name("no-such-name.invalid").empty());
}

struct UrlCase {
    const char* url;
    bool good;
};
class PublicUrl : public testing::TestWithParam<UrlCase> {};
TEST_P(PublicUrl, IsJudged) { EXPECT_EQ(webhook_url_fault(GetParam().url, kNone, kPublicName).empty(), GetParam().good) << GetParam().url; }
INSTANTIATE_TEST_SUITE_P(
    Table, PublicUrl,
    testing::Values(
        UrlCase{"https://shop.example/hook", true}, UrlCase{"https://shop.example", true},
        UrlCase{"HTTPS://Shop.Example/Hook?a=b&c=%20", true}, UrlCase{"https://shop.example:443/", true},
        UrlCase{"https://shop.example:8443/", true}, UrlCase{"https://shop.example./", true},
        UrlCase{"https://xn--bcher-kva.example/", true}, UrlCase{"https://93.184.216.34/", true},
        UrlCase{"https://[2606:2800:220:1:248:1893:25c8:1946]/", true}, UrlCase{"https://[2606:2800:220:1:248:1893:25c8:1946]:8443/", true},
        UrlCase{"https://a_b.example/", true}, UrlCase{"https://shop.example?x", true},
        // scheme and port
        UrlCase{"http://shop.example/", false}, UrlCase{"ftp://shop.example/", false}, UrlCase{"file:///etc/passwd", false},
        UrlCase{"gopher://shop.example/", false}, UrlCase{"javascript:alert(1)", false}, UrlCase{"//shop.example/", false},
        UrlCase{"shop.example", false}, UrlCase{"", false}, UrlCase{"https:shop.example", false}, UrlCase{"https:///shop.example", false},
        UrlCase{"https://shop.example:80/", false}, UrlCase{"https://shop.example:22/", false}, UrlCase{"https://shop.example:0/", false},
        UrlCase{"https://shop.example:65536/", false}, UrlCase{"https://shop.example:+443/", false},
        UrlCase{"https://shop.example:/", false}, UrlCase{"https://shop.example:443:443/", false},
        UrlCase{"https://shop.example: 443/", false}, UrlCase{"https://shop.example:0x1bb/", false},
        // user names and confusing parsers
        UrlCase{"https://user@shop.example/", false}, UrlCase{"https://user:secret@shop.example/", false},
        UrlCase{"https://shop.example@127.0.0.1/", false}, UrlCase{"https://127.0.0.1#@shop.example/", false},
        UrlCase{"https://shop.example\\@127.0.0.1/", false}, UrlCase{"https://shop.example/#x", false},
        UrlCase{"https://shop.example /", false}, UrlCase{"https://shop.example/a b", false},
        UrlCase{"https://shop.example/\r\nHost: x", false}, UrlCase{"https://shop.example/\t", false},
        UrlCase{"https://shop%2eexample/", false}, UrlCase{"https://sh\xc3\xb6p.example/", false}, UrlCase{"https://shop..example/", false},
        UrlCase{"https://-shop.example/", false}, UrlCase{"https://.example/", false}, UrlCase{"https://[shop.example]/", false},
        UrlCase{"https://[::1/", false}, UrlCase{"https://[2606:2800:220:1:248:1893:25c8:1946%25eth0]/", false},
        UrlCase{"https://[93.184.216.34]/", false}, UrlCase{"https://2606:2800:220:1:248:1893:25c8:1946/", false},
        UrlCase{"https://[2606:2800:220:1:248:1893:25c8:1946]x/", false},
        // addresses in odd spellings
        UrlCase{"https://2130706433/", false}, UrlCase{"https://0x7f000001/", false}, UrlCase{"https://017700000001/", false},
        UrlCase{"https://127.1/", false}, UrlCase{"https://0x7f.1/", false}, UrlCase{"https://0177.0.0.1/", false},
        UrlCase{"https://127.0.0.1./", false}, UrlCase{"https://127.0.0.0x1/", false}, UrlCase{"https://93.184.216.034/", false},
        UrlCase{"https://93.184.216/", false}, UrlCase{"https://1.1.1.1.1/", false}, UrlCase{"https://example.1/", false},
        // private addresses
        UrlCase{"https://127.0.0.1/", false}, UrlCase{"https://10.0.0.1/", false},
        UrlCase{"https://169.254.169.254/latest/meta-data/", false}, UrlCase{"https://[::1]/", false},
        UrlCase{"https://[::ffff:127.0.0.1]/", false}, UrlCase{"https://[::ffff:93.184.216.34]/", false},
        UrlCase{"https://[fe80::1]/", false}, UrlCase{"https://[64:ff9b::7f00:1]/", false}, UrlCase{"https://0.0.0.0/", false}));

TEST(Url, AtMost2048Characters) {
    std::string url = "https://shop.example/";
    url.resize(2048, 'a');
    EXPECT_EQ(webhook_url_fault(url, kNone, kPublicName), "");
    EXPECT_NE(webhook_url_fault(url + "a", kNone, kPublicName), "");
}

TEST(Url, EveryAddressOfTheNameCounts) {
    const std::string url = "https://shop.example/";
    EXPECT_EQ(webhook_url_fault(url, kNone, fixed({})), "");  // does not resolve now: checked at each delivery
    EXPECT_NE(webhook_url_fault(url, kNone, fixed({"93.184.216.34", "10.0.0.1"})), "");
    EXPECT_NE(webhook_url_fault(url, kNone, fixed({"::1"})), "");
    EXPECT_NE(webhook_url_fault(url, kNone, fixed({"fe80::1%eth0"})), "");
    EXPECT_NE(webhook_url_fault(url, kNone, fixed({"nonsense"})), "");
}

TEST(Url, ExemptNetworksMayHaveHttpAndAnyPort) {
    AllowedNetworks lan = networks("10.0.0.0/8, ::1/128,127.0.0.1");
    EXPECT_EQ(webhook_url_fault("http://10.1.2.3:9000/x", lan, fixed({})), "");
    EXPECT_EQ(webhook_url_fault("http://127.0.0.1:9000/x", lan, fixed({})), "");
    EXPECT_EQ(webhook_url_fault("http://[::1]:9000/x", lan, fixed({})), "");
    EXPECT_EQ(webhook_url_fault("http://machine.shop:9000/x", lan, fixed({"10.1.2.3", "::1"})), "");
    EXPECT_EQ(webhook_url_fault("https://shop.example/", lan, kPublicName), "");
    EXPECT_NE(webhook_url_fault("http://machine.shop:9000/x", lan, fixed({"10.1.2.3", "93.184.216.34"})), "");
    EXPECT_NE(webhook_url_fault("http://machine.shop:9000/x", lan, fixed({})), "");
    EXPECT_NE(webhook_url_fault("http://192.168.0.1/", lan, fixed({})), "");
    EXPECT_NE(webhook_url_fault("http://127.0.0.2/", lan, fixed({})), "");
    EXPECT_NE(webhook_url_fault("http://user@10.1.2.3/", lan, fixed({})), "");
}

// A receiver on the loopback that answers from a list and keeps what it was sent.
class Receiver {
  public:
    explicit Receiver(std::vector<std::string> answers) : answers_(std::move(answers)) {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
        EXPECT_EQ(::listen(listener_, 16), 0);
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        port = ntohs(address.sin_port);
        thread_ = std::thread([this] { serve(); });
    }
    ~Receiver() {
        ending_ = true;
        thread_.join();
        ::close(listener_);
    }
    std::vector<std::string> requests() {
        std::lock_guard lock(mutex_);
        return requests_;
    }
    uint16_t port = 0;

  private:
    void serve() {
        while (!ending_) {
            pollfd ready{listener_, POLLIN, 0};
            if (::poll(&ready, 1, 20) <= 0) continue;
            int peer = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            std::string request;
            char buffer[4096];
            while (!complete(request)) {
                ssize_t got = ::read(peer, buffer, sizeof buffer);
                if (got <= 0) break;
                request.append(buffer, static_cast<size_t>(got));
            }
            std::unique_lock lock(mutex_);
            std::string answer = answers_[std::min(requests_.size(), answers_.size() - 1)];
            if (!request.empty()) requests_.push_back(request);
            lock.unlock();
            [[maybe_unused]] ssize_t sent = ::send(peer, answer.data(), answer.size(), MSG_NOSIGNAL);
            ::close(peer);
        }
    }
    static bool complete(const std::string& request) {
        size_t end = request.find("\r\n\r\n"), length = request.find("Content-Length: ");
        return end != std::string::npos && length != std::string::npos &&
               request.size() >= end + 4 + std::strtoul(request.c_str() + length + 16, nullptr, 10);
    }
    std::vector<std::string> answers_, requests_;
    std::mutex mutex_;
    std::atomic<bool> ending_{false};
    int listener_ = -1;
    std::thread thread_;
};

std::string answer(int status, const std::string& more = "") {
    return "HTTP/1.1 " + std::to_string(status) + " X\r\n" + more + "Content-Length: 0\r\n\r\n";
}

std::atomic<bool> kGoOn{false};

PostAnswer post_to(const std::string& url, const std::vector<std::string>& addresses) {
    return post_webhook(parse_webhook_url(url).value(), addresses, {{"webhook-id", "evt_1"}}, "{\"a\":1}", kGoOn);
}

TEST(Post, SendsTheBodyWithItsHeaders) {
    Receiver receiver({answer(204)});
    std::string url = "http://machine.shop:" + std::to_string(receiver.port) + "/hook?x=1";
    PostAnswer got = post_to(url, {"127.0.0.1"});
    EXPECT_EQ(got.status, 204) << got.reason;
    EXPECT_TRUE(got.ok());
    ASSERT_EQ(receiver.requests().size(), 1u);
    std::string request = receiver.requests()[0];
    EXPECT_EQ(request.find("POST /hook?x=1 HTTP/1.1\r\n"), 0u);
    for (const char* part : {"Host: machine.shop:", "webhook-id: evt_1\r\n", "User-Agent: proveout-webhooks/", "\r\n\r\n{\"a\":1}"})
        EXPECT_NE(request.find(part), std::string::npos) << part;
    EXPECT_EQ(request.find("Expect:"), std::string::npos);
}

TEST(Post, FollowsNoRedirect) {
    Receiver other({answer(200)});
    for (int status : {301, 302, 303, 307, 308}) {
        Receiver receiver({answer(status, "Location: http://127.0.0.1:" + std::to_string(other.port) + "/\r\n")});
        PostAnswer got = post_to("http://127.0.0.1:" + std::to_string(receiver.port) + "/", {"127.0.0.1"});
        EXPECT_EQ(got.status, status);
        EXPECT_FALSE(got.ok());
    }
    EXPECT_TRUE(other.requests().empty());
}

TEST(Post, ConnectsToCheckedAddressesOnly) {
    Receiver receiver({answer(200)});
    // A literal host whose address was not the one that was checked, as after a slip between two parsers.
    PostAnswer got = post_to("http://127.0.0.1:" + std::to_string(receiver.port) + "/", {"93.184.216.34"});
    EXPECT_EQ(got.status, 0);
    EXPECT_TRUE(receiver.requests().empty());
}

TEST(Post, UsesNoProxyOfTheEnvironment) {
    Receiver proxy({answer(200)}), receiver({answer(200)});
    setenv("http_proxy", ("http://127.0.0.1:" + std::to_string(proxy.port)).c_str(), 1);
    EXPECT_TRUE(post_to("http://machine.shop:" + std::to_string(receiver.port) + "/", {"127.0.0.1"}).ok());
    unsetenv("http_proxy");
    EXPECT_TRUE(proxy.requests().empty());
}

TEST(Post, ReadsOnlyTheBeginningOfAnAnswer) {
    Receiver receiver({"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + std::string(1'000'000, 'x')});
    EXPECT_EQ(post_to("http://127.0.0.1:" + std::to_string(receiver.port) + "/", {"127.0.0.1"}).status, 200);
}

TEST(Post, NobodyThere) {
    uint16_t port = Receiver({answer(200)}).port;
    PostAnswer got = post_to("http://127.0.0.1:" + std::to_string(port) + "/", {"127.0.0.1"});
    EXPECT_EQ(got.status, 0);
    EXPECT_FALSE(got.reason.empty());
}

// A database with one cancelled run of one tenant whose webhook points to `url`: two events are due (cancelled, alert), or one.
struct Outbox {
    explicit Outbox(const std::string& url) {
        std::string pattern = (std::filesystem::temp_directory_path() / "proveout-notify-XXXXXX").string();
        directory = mkdtemp(pattern.data());
        auto opened = open_sqlite(directory + "/proveout.db", [this] { return wall_ms() + ahead_ms; });
        database = std::move(opened.value());
        hook = {new_id("whk"), "acme", url, "enabled", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", {"simulation.cancelled"}, wall_ms()};
        EXPECT_TRUE(database->put_webhook(hook));
        NewRun run;
        run.sim_id = new_id("sim"), run.job_id = new_id("job"), run.tenant = "acme", run.job_json = "{}";
        EXPECT_TRUE(database->submit(run, {}));
        EXPECT_TRUE(database->request_cancel("acme", run.sim_id));
    }
    ~Outbox() {
        database.reset();
        std::filesystem::remove_all(directory);
    }
    std::string directory;
    std::atomic<int64_t> ahead_ms{0};
    std::unique_ptr<Database> database;
    WebhookRecord hook;
    Log log{"error", "json"};
};

bool wait_for(const std::function<bool()>& condition) {
    for (int i = 0; i < 1000 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return condition();
}

std::string header_of(const std::string& request, const std::string& name) {
    size_t at = request.find("\r\n" + name + ": ");
    if (at == std::string::npos) return "";
    at += name.size() + 4;
    return request.substr(at, request.find("\r\n", at) - at);
}

TEST(Sender, DeliversSignedAndRetriesWithTheSameId) {
    Receiver receiver({answer(500), answer(302, "Location: /\r\n"), answer(200)});
    Outbox outbox("http://127.0.0.1:" + std::to_string(receiver.port) + "/hook");
    auto sender = WebhookSender::start(
        *outbox.database, networks("127.0.0.0/8"), [](const WebhookDelivery& delivery) { return "{\"type\":\"" + delivery.type + "\"}"; },
        outbox.log);
    ASSERT_TRUE(wait_for([&] { return receiver.requests().size() == 1; }));
    outbox.ahead_ms += 6'000;  // the first retry comes after 5 s, at most a fifth later
    ASSERT_TRUE(wait_for([&] { return receiver.requests().size() == 2; }));
    outbox.ahead_ms += 290'000;
    std::this_thread::sleep_for(std::chrono::seconds(1));
    EXPECT_EQ(receiver.requests().size(), 2u);
    outbox.ahead_ms += 60'000;
    ASSERT_TRUE(wait_for([&] { return receiver.requests().size() == 3; }));
    ASSERT_TRUE(wait_for([&] { return outbox.database->due_deliveries(10, 0)->empty(); }));
    outbox.ahead_ms += 100'000'000;
    sender->wake();
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    auto requests = receiver.requests();
    ASSERT_EQ(requests.size(), 3u);  // delivered: no more
    std::set<std::string> ids;
    for (const std::string& request : requests) {
        std::string id = header_of(request, "webhook-id"), time = header_of(request, "webhook-timestamp");
        std::string body = request.substr(request.find("\r\n\r\n") + 4);
        EXPECT_EQ(header_of(request, "webhook-signature"), webhook_signature(outbox.hook.secret, id, std::stoll(time), body));
        EXPECT_EQ(body, "{\"type\":\"simulation.cancelled\"}");
        EXPECT_LT(std::abs(std::stoll(time) - wall_ms() / 1000), 60);
        ids.insert(id);
    }
    EXPECT_EQ(ids.size(), 1u);
}

TEST(Sender, GoneDisables) {
    Receiver receiver({answer(410)});
    Outbox outbox("http://127.0.0.1:" + std::to_string(receiver.port) + "/hook");
    auto sender = WebhookSender::start(
        *outbox.database, networks("127.0.0.0/8"), [](const WebhookDelivery&) { return "{}"; }, outbox.log);
    EXPECT_TRUE(wait_for([&] { return (*outbox.database->list_webhooks("acme", 10, ""))->items[0].status == "disabled"; }));
    EXPECT_EQ(receiver.requests().size(), 1u);
}

TEST(Sender, NeverReachesAPrivateAddress) {
    Receiver receiver({answer(200)});
    // The name was public when the webhook was made; now it points here.
    Outbox outbox("https://rebound.example:8443/hook");
    std::atomic<int> lookups{0};
    auto sender = WebhookSender::start(
        *outbox.database, kNone, [](const WebhookDelivery&) { return "{}"; }, outbox.log,
        [&](const std::string&) {
            return ++lookups, std::vector<std::string>{"93.184.216.34", "127.0.0.1"};
        });
    ASSERT_TRUE(wait_for([&] { return lookups == 1; }));
    outbox.ahead_ms += 6'000;
    ASSERT_TRUE(wait_for([&] { return lookups == 2; }));
    EXPECT_TRUE(receiver.requests().empty());
}

TEST(Sender, EndsWhileARequestHangs) {
    int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(::listen(listener, 1), 0);
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    Outbox outbox("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/");
    auto sender = WebhookSender::start(
        *outbox.database, networks("127.0.0.0/8"), [](const WebhookDelivery&) { return "{}"; }, outbox.log);
    pollfd ready{listener, POLLIN, 0};
    ASSERT_EQ(::poll(&ready, 1, 10'000), 1);
    int64_t before = steady_ms();
    sender.reset();
    EXPECT_LT(steady_ms() - before, 5'000);
    ::close(listener);
}

}  // namespace

}  // namespace proveout
