// The core over real sockets: what a client sees, and what is left when clients misbehave.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "http/http_test_helpers.h"

namespace proveout {

namespace {

HttpResponse text(int status, std::string body) {
    HttpResponse response;
    response.status = status;
    response.content_type = "text/plain";
    response.body = std::move(body);
    return response;
}

constexpr std::string_view kHello = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kLastHello = "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

std::string post(const std::string& path, std::string_view body) {
    return "POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

}  // namespace

TestServer::TestServer(HttpLimits limits, int io_threads) {
    spool = "/tmp/proveout_http_test_" + random_hex(8);
    mkdir(spool.c_str(), 0700);
    HttpServer::Options options;
    options.port = 0;
    options.io_threads = io_threads;
    options.spool_dir = spool;
    options.limits = limits;
    HttpHandlers handlers;
    handlers.on_head = [](const HttpRequest& head) {
        BodyRule rule;
        rule.spool = head.path == "/upload";
        rule.max_bytes = rule.spool ? kUpload_bytes : head.path == "/echo" ? kEcho_bytes : 0;
        if (head.path == "/refused") rule.refusal = text(401, "no");
        if (head.path == "/throw_early") throw std::runtime_error("in on_head");
        rule.context = std::make_shared<int>(7);
        return rule;
    };
    handlers.on_request = [this](HttpRequest& request) { return answer(request); };
    handlers.refuse = [](int status, std::string_view code, const std::string& detail, const HttpRequest&) {
        return text(status, std::string(code) + ": " + detail);
    };
    handlers.on_done = [this](const HttpRequest& request, int status, double) {
        std::lock_guard lock(mutex);
        last_request_id = request.request_id;
        ++statuses[status];
        ++done;
    };
    server = std::move(HttpServer::start(options, std::move(handlers)).value());
}

HttpResponse TestServer::answer(HttpRequest& request) {
    ++asked;
    EXPECT_EQ(7, *std::static_pointer_cast<int>(request.context));
    if (request.path == "/hello") return text(200, "hello");
    if (request.path == "/echo") return text(200, request.body);
    if (request.path == "/throw") throw std::runtime_error("in on_request");
    if (request.path == "/path/with space") return text(200, request.query_value("a b").value_or("none"));
    if (request.path == "/split") {
        HttpResponse response = text(200, "split");
        response.headers.emplace_back("X-Name", "a\r\nX-Evil: b");
        return response;
    }
    if (request.path == "/wait") {
        while (!released) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        return text(200, "waited");
    }
    if (request.path == "/upload") {
        std::ifstream stream(request.body_file, std::ios::binary);
        std::string bytes((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
        std::lock_guard lock(mutex);
        last_body_file = request.body_file;
        if (request.query == "keep") rename(request.body_file.c_str(), (request.body_file + ".kept").c_str());
        return text(200, std::to_string(bytes.size()) + "/" + std::to_string(request.body_bytes));
    }
    if (request.path == "/file") {
        HttpResponse response = text(206, "");
        response.file = FileBody{file, 10, 100'000};
        return response;
    }
    if (request.path == "/nothing") return text(204, "");
    if (request.path == "/events") return stream();
    return text(404, "no");
}

HttpResponse TestServer::stream() {
    HttpResponse response;
    response.content_type = "text/event-stream";
    response.events = std::make_shared<EventSource>();
    response.events->topic = "topic";
    auto next = std::make_shared<size_t>(0);
    response.events->next = [this, next] {
        EventChunk chunk;
        std::lock_guard lock(mutex);
        if (*next < pushed.size()) chunk.bytes = pushed[(*next)++];
        chunk.done = chunk.bytes == "end";
        return chunk;
    };
    response.events->closed = [this] { ++closed; };
    return response;
}

int TestServer::spooled_files() const {
    int count = 0;
    DIR* folder = opendir(spool.c_str());
    while (dirent* entry = readdir(folder)) count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

TEST(HttpServerTest, AnswersAndKeepsTheConnection) {
    TestServer server;
    RawClient client(server.port());
    client.send(kHello);
    ASSERT_TRUE(client.read_until("hello"));
    EXPECT_EQ(200, status_of(client.seen));
    EXPECT_NE(std::string::npos, client.seen.find("Content-Length: 5\r\n"));
    EXPECT_NE(std::string::npos, client.seen.find("Date: "));
    client.seen.clear();
    client.send(kLastHello);
    std::string last = client.read_to_end();
    EXPECT_EQ(200, status_of(last));
    EXPECT_NE(std::string::npos, last.find("Connection: close"));
    EXPECT_TRUE(client.closed());
    EXPECT_TRUE(eventually([&] { return server.done == 2; }));
}

TEST(HttpServerTest, PipelinedRequestsAreAnsweredInOrder) {
    TestServer server;
    std::string all;
    for (int i = 0; i < 50; ++i) all += post("/echo", "number " + std::to_string(i) + ";");
    std::string answers = server.exchange(all + std::string(kLastHello));
    EXPECT_EQ(51, count_of(answers, "HTTP/1.1 200 OK"));
    size_t at = 0;
    for (int i = 0; i < 50; ++i) {
        at = answers.find("number " + std::to_string(i) + ";", at);
        ASSERT_NE(std::string::npos, at);
    }
}

TEST(HttpServerTest, AConnectionServesALimitedNumberOfRequests) {
    HttpLimits limits;
    limits.requests_per_connection = 3;
    TestServer server(limits);
    std::string all;
    for (int i = 0; i < 10; ++i) all += kHello;
    std::string answers = server.exchange(all);
    EXPECT_EQ(3, count_of(answers, "HTTP/1.1 200 OK"));
    EXPECT_EQ(1, count_of(answers, "Connection: close"));
}

TEST(HttpServerTest, ABytewiseRequestIsARequest) {
    TestServer server;
    RawClient client(server.port());
    for (char c : "\r\n" + post("/echo", "abc")) client.send({&c, 1});
    ASSERT_TRUE(client.read_until("abc"));
    EXPECT_EQ(200, status_of(client.seen));
}

TEST(HttpServerTest, HeadAndEmptyAnswersHaveNoBody) {
    TestServer server;
    std::string head = server.exchange("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_NE(std::string::npos, head.find("Content-Length: 5\r\n"));
    EXPECT_TRUE(head.ends_with("\r\n\r\n"));
    std::string nothing = server.exchange("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(204, status_of(nothing));
    EXPECT_EQ(std::string::npos, nothing.find("Content-Length"));
    std::string events = server.exchange("HEAD /events HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(200, status_of(events));
    EXPECT_TRUE(events.ends_with("\r\n\r\n"));
}

TEST(HttpServerTest, PathsAreDecodedOnce) {
    TestServer server;
    EXPECT_TRUE(server.exchange("GET /path/with%20space?x=1&a+b=c%252F HTTP/1.1\r\nHost: a\r\n\r\n").ends_with("c%2F"));
}

TEST(HttpServerTest, ContinuesBeforeTheBody) {
    TestServer server;
    RawClient client(server.port());
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    ASSERT_TRUE(client.read_until("HTTP/1.1 100 Continue\r\n\r\n"));
    client.send("body");
    ASSERT_TRUE(client.read_until("body"));
    RawClient refused(server.port());
    refused.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 400000\r\n\r\n");
    EXPECT_EQ(413, status_of(refused.read_to_end()));
}

TEST(HttpServerTest, ChunkedBodiesAreJoined) {
    TestServer server;
    std::string answer = server.exchange(
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;name=value\r\ndefg\r\n0\r\n\r\n" +
        std::string(kLastHello));
    EXPECT_NE(std::string::npos, answer.find("abcdefg"));
    EXPECT_EQ(2, count_of(answer, "HTTP/1.1 200"));
}

TEST(HttpServerTest, ARefusalBeforeTheBodyIsReadable) {
    TestServer server;
    std::string answer = server.exchange(post("/refused", std::string(300'000, 'x')));
    EXPECT_EQ(401, status_of(answer));
    EXPECT_NE(std::string::npos, answer.find("Connection: close"));
    answer = server.exchange(post("/echo", std::string(2'000'000, 'x')));
    EXPECT_EQ(413, status_of(answer));
    RawClient client(server.port());  // without a body the connection goes on
    client.send("GET /refused HTTP/1.1\r\nHost: a\r\n\r\n" + std::string(kLastHello));
    EXPECT_EQ(1, count_of(client.read_to_end(), "HTTP/1.1 200"));
    EXPECT_EQ(0, server.asked - 1);
}

TEST(HttpServerTest, HandlersThatThrowAre500) {
    TestServer server;
    EXPECT_EQ(500, status_of(server.exchange("GET /throw HTTP/1.1\r\nHost: a\r\n\r\n")));
    EXPECT_EQ(500, status_of(server.exchange("GET /throw_early HTTP/1.1\r\nHost: a\r\n\r\n")));
    EXPECT_EQ(200, status_of(server.exchange(kHello)));
}

TEST(HttpServerTest, NobodySplitsAResponse) {
    TestServer server;
    std::string answer = server.exchange("GET /split HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_NE(std::string::npos, answer.find("X-Name: a  X-Evil: b\r\n"));
}

TEST(HttpServerTest, RequestIdsAreTheClientsOrMade) {
    TestServer server;
    server.exchange("GET /hello HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine-1.2_3\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return server.done == 1; }));
    EXPECT_EQ("mine-1.2_3", server.last_request_id);
    server.exchange("GET /hello HTTP/1.1\r\nHost: a\r\nX-Request-Id: not mine\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return server.done == 2; }));
    EXPECT_EQ(24u, server.last_request_id.size());
}

TEST(HttpServerTest, UploadsLieInAFileThatGoesWithTheRequest) {
    TestServer server;
    std::string body(700'000, 'u');
    EXPECT_TRUE(server.exchange(post("/upload", body)).ends_with("700000/700000"));
    EXPECT_TRUE(eventually([&] { return server.spooled_files() == 0; }));
    EXPECT_EQ(413, status_of(server.exchange(post("/upload", std::string(1'048'577, 'u')))));
    std::string chunks = "POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (int i = 0; i < 20; ++i) chunks += "10000\r\n" + std::string(65536, 'c') + "\r\n";
    EXPECT_EQ(413, status_of(server.exchange(chunks + "0\r\n\r\n")));
    {
        RawClient cut(server.port());
        cut.send("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + std::string(50'000, 'x'));
        ASSERT_TRUE(eventually([&] { return server.spooled_files() == 1; }));
        cut.reset();
    }
    EXPECT_TRUE(eventually([&] { return server.spooled_files() == 0; }));
    EXPECT_EQ(1, server.asked);
    server.exchange(post("/upload?keep", body));
    EXPECT_EQ(0, unlink((server.last_body_file + ".kept").c_str()));
}

TEST(HttpServerTest, OldSpoolFilesAreRemovedAtTheStart) {
    std::string folder = "/tmp/proveout_http_old_" + random_hex(8);
    mkdir(folder.c_str(), 0700);
    for (const char* name : {"/body-old", "/body-young", "/other"}) std::ofstream(folder + name) << "x";
    timespec long_ago[2] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
    utimensat(AT_FDCWD, (folder + "/body-old").c_str(), long_ago, 0);
    utimensat(AT_FDCWD, (folder + "/other").c_str(), long_ago, 0);
    HttpServer::Options options;
    options.port = 0;
    options.spool_dir = folder;
    ASSERT_TRUE(HttpServer::start(options, {}).ok());
    EXPECT_NE(0, unlink((folder + "/body-old").c_str()));
    EXPECT_EQ(0, unlink((folder + "/body-young").c_str()));
    EXPECT_EQ(0, unlink((folder + "/other").c_str()));
    rmdir(folder.c_str());
}

TEST(HttpServerTest, FilesAreSentFromTheirOffset) {
    TestServer server;
    server.file = server.spool + "/data";
    std::string bytes;
    for (int i = 0; bytes.size() < 200'000; ++i) bytes += std::to_string(i) + " ";
    std::ofstream(server.file) << bytes;
    std::string answer = server.exchange("GET /file HTTP/1.1\r\nHost: a\r\n\r\n" + std::string(kLastHello));
    size_t start = answer.find("\r\n\r\n") + 4;
    EXPECT_EQ(bytes.substr(10, 100'000), answer.substr(start, 100'000));
    EXPECT_TRUE(answer.ends_with("hello"));
    truncate(server.file.c_str(), 50'000);  // what was promised cannot be sent: the connection tells
    answer = server.exchange("GET /file HTTP/1.1\r\nHost: a\r\n\r\n" + std::string(kLastHello));
    EXPECT_LT(answer.size(), 51'000u);
    unlink(server.file.c_str());
    EXPECT_EQ(503, status_of(server.exchange("GET /file HTTP/1.1\r\nHost: a\r\n\r\n")));
    EXPECT_TRUE(eventually([&] { return server.server->counts().connections == 0; }));
}

TEST(HttpServerTest, AReaderThatLeavesEndsItsDownload) {
    TestServer server;
    server.file = server.spool + "/data";
    std::ofstream(server.file) << std::string(200'000, 'x');
    int before = open_descriptors();
    for (int i = 0; i < 50; ++i) {
        RawClient client(server.port());
        client.send("GET /file HTTP/1.1\r\nHost: a\r\n\r\n");
        if (i % 2) client.read_some();
        client.reset();
    }
    EXPECT_TRUE(eventually([&] { return server.server->counts().connections == 0 && open_descriptors() <= before; }));
    unlink(server.file.c_str());
}

TEST(HttpServerTest, SlowHeadsAndBodiesAndIdlersAreLetGo) {
    HttpLimits limits;
    limits.head_s = 0.3;
    limits.idle_s = 0.3;
    TestServer server(limits);
    RawClient silent(server.port()), slow(server.port()), idle(server.port());
    slow.send("GET /hello HTTP/1.1\r\nHost: a\r\n");
    idle.send(kHello);
    EXPECT_EQ("", silent.read_to_end());
    EXPECT_TRUE(silent.closed());
    EXPECT_EQ(400, status_of(slow.read_to_end()));
    EXPECT_TRUE(slow.closed());
    std::string one = idle.read_to_end();
    EXPECT_EQ(1, count_of(one, "HTTP/1.1 200"));
    EXPECT_TRUE(idle.closed());
}

TEST(HttpServerTest, LimitsOfConnections) {
    HttpLimits limits;
    limits.connections = 5;
    TestServer server(limits);
    {
        std::vector<std::unique_ptr<RawClient>> clients;
        for (int i = 0; i < 5; ++i) clients.push_back(std::make_unique<RawClient>(server.port())), clients.back()->send("G");
        ASSERT_TRUE(eventually([&] { return server.server->counts().connections == 5; }));
        EXPECT_EQ(503, status_of(server.exchange(kHello)));
    }
    EXPECT_TRUE(eventually([&] { return server.server->counts().connections == 0; }));
    EXPECT_EQ(200, status_of(server.exchange(kHello)));
}

TEST(HttpServerTest, LimitsOfConnectionsOfOnePeer) {
    HttpLimits limits;
    limits.connections_per_peer = 2;
    TestServer server(limits);
    RawClient first(server.port()), second(server.port());
    first.send("G"), second.send("G");
    ASSERT_TRUE(eventually([&] { return server.server->counts().connections == 2; }));
    EXPECT_EQ(429, status_of(server.exchange(kHello)));
    first.end();
    EXPECT_TRUE(eventually([&] { return status_of(server.exchange(kHello)) == 200; }));
}

TEST(HttpServerTest, EventsFlowAndEnd) {
    TestServer server;
    RawClient client(server.port());
    client.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(client.read_until("\r\n\r\n"));
    EXPECT_NE(std::string::npos, client.seen.find("Content-Type: text/event-stream"));
    server.push("first event");
    ASSERT_TRUE(client.read_until("b\r\nfirst event\r\n"));
    server.push("second"), server.push("third"), server.push("end");
    ASSERT_TRUE(client.read_until("third"));
    std::string rest = client.seen + client.read_to_end();
    EXPECT_TRUE(rest.ends_with("3\r\nend\r\n0\r\n\r\n"));
    EXPECT_TRUE(client.closed());
    EXPECT_TRUE(eventually([&] { return server.closed == 1 && server.server->counts().event_streams == 0; }));
}

TEST(HttpServerTest, AnOldClientsStreamHasNoChunks) {
    TestServer server;
    RawClient client(server.port());
    client.send("GET /events HTTP/1.0\r\n\r\n");
    server.push("first"), server.push("end");
    std::string all = client.read_to_end();
    EXPECT_TRUE(all.ends_with("\r\n\r\nfirstend")) << all;
}

TEST(HttpServerTest, HeartbeatsWhenNothingHappens) {
    HttpLimits limits;
    limits.sse_heartbeat_s = 0.05;
    TestServer server(limits);
    RawClient client(server.port());
    client.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(client.read_until("\r\n\r\n"));
    for (int i = 0; i < 3; ++i) {
        client.seen.clear();
        EXPECT_TRUE(client.read_until(": heartbeat\n\n"));
    }
}

TEST(HttpServerTest, StreamsHaveAnAge) {
    HttpLimits limits;
    limits.sse_age_s = 0.1;
    TestServer server(limits);
    EXPECT_EQ(1, count_of(server.exchange("GET /events HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 200"));
}

TEST(HttpServerTest, ADisconnectEndsAnIdleStream) {
    TestServer server;
    int before = open_descriptors();
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 60; ++i) {
        clients.push_back(std::make_unique<RawClient>(server.port()));
        clients.back()->send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    ASSERT_TRUE(eventually([&] { return server.server->counts().event_streams == 60; }));
    for (int i = 0; i < 60; ++i) {
        if (i % 3 == 0) clients[static_cast<size_t>(i)]->reset();
        if (i % 3 == 1) clients[static_cast<size_t>(i)]->end();
        if (i % 3 == 2) clients[static_cast<size_t>(i)]->half_close();
    }
    EXPECT_TRUE(eventually([&] { return server.closed == 60 && server.server->counts().connections == 0; }));
    clients.clear();
    EXPECT_LE(open_descriptors(), before);
}

TEST(HttpServerTest, AClientThatTalksIntoItsStreamIsLetGo) {
    TestServer server;
    RawClient client(server.port());
    client.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(client.read_until("\r\n\r\n"));
    while (client.send(std::string(10'000, 'x'))) continue;
    EXPECT_TRUE(eventually([&] { return server.closed == 1; }));
}

TEST(HttpServerTest, AStreamThatNobodyReadsIsHeldBackAndEnded) {
    HttpLimits limits;
    limits.write_s = 0.5;
    TestServer server(limits);
    RawClient client(server.port());
    client.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(client.read_until("\r\n\r\n"));
    for (int i = 0; i < 200; ++i) server.push(std::string(100'000, 'e'));
    EXPECT_TRUE(eventually([&] { return server.closed == 1; }));
}

TEST(HttpServerTest, TenThousandConnectionsLeaveNothing) {
    TestServer server;
    server.exchange(kHello);
    ASSERT_TRUE(eventually([&] { return server.server->counts().connections == 0; }));
    int before = open_descriptors();
    for (int i = 0; i < 10'000; ++i) {
        RawClient client(server.port());
        ASSERT_TRUE(client.connected());
        if (i % 4 == 1) client.send("GET /hel");
        if (i % 4 == 2) client.send(kHello);
        if (i % 2) client.reset();
    }
    // Together: the kernel may still hand over a connection that waited.
    EXPECT_TRUE(eventually([&] { return server.server->counts().connections == 0 && open_descriptors() <= before; }));
    EXPECT_EQ(200, status_of(server.exchange(kHello)));
}

TEST(HttpServerTest, DrainingFinishesWhatIsUnderWay) {
    TestServer server;
    RawClient working(server.port()), idle(server.port()), listening(server.port());
    idle.send(kHello);
    ASSERT_TRUE(idle.read_until("hello"));
    listening.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(listening.read_until("\r\n\r\n"));
    working.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return server.asked == 3; }));
    std::thread drain([&] { server.server->drain(20); });
    EXPECT_EQ("", idle.read_to_end());
    std::string last = listening.read_to_end();
    EXPECT_NE(std::string::npos, last.find(": the server is going down"));
    EXPECT_TRUE(last.ends_with("0\r\n\r\n"));
    EXPECT_TRUE(eventually([&] { return !RawClient(server.port()).connected(); }));
    server.released = true;
    std::string answer = working.read_to_end();
    EXPECT_EQ(200, status_of(answer));
    EXPECT_NE(std::string::npos, answer.find("Connection: close"));
    drain.join();
    EXPECT_EQ(0, server.server->counts().connections);
}

TEST(HttpServerTest, DrainingCutsOffWhoTakesTooLong) {
    TestServer server;
    RawClient client(server.port());
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
    ASSERT_TRUE(eventually([&] { return server.server->counts().connections == 1; }));
    server.server->drain(0.2);
    EXPECT_EQ(0, server.server->counts().connections);
    EXPECT_EQ(0, server.asked);
}

TEST(HttpServerTest, ATakenPortIsAnError) {
    TestServer server;
    HttpServer::Options options;
    options.port = server.port();
    auto second = HttpServer::start(options, {});
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(ErrorCode::kIo, second.error().code);
    options.host = "no.such.host.invalid";
    EXPECT_FALSE(HttpServer::start(options, {}).ok());
}

}  // namespace proveout
