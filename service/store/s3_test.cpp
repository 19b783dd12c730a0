// The S3 store: links beside boto3's, and everything against a real MinIO server where its binary is (script/minio makes it).
#include "store/s3.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "files/digest.h"
#include "store/http_client.h"
#include "store/links.h"
#include "store/sigv4.h"

namespace proveout {

namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

uint16_t free_port() {
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(descriptor, reinterpret_cast<sockaddr*>(&address), size), 0);
    getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
    close(descriptor);
    return ntohs(address.sin_port);
}

// A server of the tests' own, in a temporary folder, on a free port; it ends with the tests.
class Minio {
  public:
    static Minio* get() {
        static std::unique_ptr<Minio> server = start();
        return server.get();
    }
    ~Minio() {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
        fs::remove_all(folder_);
    }
    std::string url;
    static constexpr const char *kUser = "proveout-test", *kPassword = "proveout-test-secret";

  private:
    static std::unique_ptr<Minio> start() {
        const char* home = getenv("HOME");
        fs::path binary = fs::path(home ? home : "/") / ".cache/proveout/bin/minio";
        if (!fs::exists(binary)) return nullptr;
        auto server = std::make_unique<Minio>();
        std::string folder = (fs::temp_directory_path() / "proveout_minio_XXXXXX").string();
        if (!mkdtemp(folder.data())) return nullptr;
        server->folder_ = folder;
        std::string address = "127.0.0.1:" + std::to_string(free_port());
        server->url = "http://" + address;
        std::vector<std::string> words{"/usr/bin/setpriv", "--pdeathsig", "KILL",  binary,   "server",
                                       folder + "/data",   "--address",   address, "--quiet"};
        std::vector<std::string> environment{"MINIO_ROOT_USER=" + std::string(kUser), "MINIO_ROOT_PASSWORD=" + std::string(kPassword),
                                             "MINIO_BROWSER=off", "MINIO_UPDATE=off", "HOME=" + folder};
        std::vector<char*> arguments, variables;
        for (std::string& word : words) arguments.push_back(word.data());
        for (std::string& variable : environment) variables.push_back(variable.data());
        arguments.push_back(nullptr);
        variables.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        for (int descriptor : {0, 1, 2}) posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0);
        bool started = posix_spawn(&server->pid_, arguments[0], &actions, nullptr, arguments.data(), variables.data()) == 0;
        posix_spawn_file_actions_destroy(&actions);
        HttpClient client;
        for (int i = 0; i < 600 && started; ++i) {
            auto answer = client.send({"GET", server->url + "/minio/health/live", {}});
            if (answer.ok() && answer->ok()) return server;
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
        return nullptr;
    }

    std::string folder_;
    pid_t pid_ = 0;
};

constexpr int64_t kLeapDay_ms = 1'709'209'845'000;  // 2024-02-29T12:30:45Z
constexpr int64_t kPart_bytes = 5 << 20;            // the least that S3 takes

}  // namespace

// What boto3 1.44.8 makes of the same, generate_presigned_url('get_object', ...) at the same second.
TEST(S3Links, AreThoseOfBoto3) {
    S3Options options;
    options.endpoint = "http://10.0.0.1:9000";
    options.public_endpoint = "http://minio.example:9000/";
    options.access_key = "AKIAIOSFODNN7EXAMPLE";
    options.secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    options.region = "eu-west-1";
    options.bucket = "sim";
    options.clock = [] { return kLeapDay_ms; };
    auto store = std::move(open_s3_store(options).value());
    LinkOptions film{"", "", true, 60};
    EXPECT_EQ(
        store->link("simulations/sim_1/out.mp4", film).value(),
        "http://minio.example:9000/sim/simulations/sim_1/out.mp4?response-content-disposition=attachment%3B%20filename%3D%22out.mp4%22&"
        "response-content-type=video%2Fmp4&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20240229%2F"
        "eu-west-1%2Fs3%2Faws4_request&X-Amz-Date=20240229T123045Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature="
        "2c6d0dad266c6235ddf90298a1ec2223df94daf10448b83f0b536c043723d763");
    SigV4Request request{
        "GET", "minio.example:9000", "/sim/shop/simulations/sim_01ARZ3NDEKTSV4RRFFQ69G5FAV/logs/a b+c=d~\xc3\xa9.log", {}, {}, ""};
    request.query = {{"response-content-disposition", "inline; filename=\"a b.log\""},
                     {"response-content-type", "text/plain; charset=utf-8"}};
    SigV4Keys keys{options.access_key, options.secret_key, options.region};
    EXPECT_EQ(
        percent_encode(request.path, true) + "?" + presigned_query(request, keys, kLeapDay_ms, 3600),
        "/sim/shop/simulations/sim_01ARZ3NDEKTSV4RRFFQ69G5FAV/logs/a%20b%2Bc%3Dd~%C3%A9.log?response-content-disposition=inline%3B%20"
        "filename%3D%22a%20b.log%22&response-content-type=text%2Fplain%3B%20charset%3Dutf-8&X-Amz-Algorithm=AWS4-HMAC-SHA256&"
        "X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20240229%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Date=20240229T123045Z&X-Amz-Expires=3600"
        "&X-Amz-SignedHeaders=host&X-Amz-Signature=e733fb83f70e745d7ca0602c6e9d191463c8a2e211f5cb24f36c1c553cf2a1e2");
    for (const char* bad : {"", "minio:9000", "ftp://x", "http://", "http://a/b", "http://u@h"}) {
        options.endpoint = bad;
        EXPECT_FALSE(open_s3_store(options).ok()) << bad;
    }
    options.endpoint = "http://127.0.0.1:1";
    auto nobody = std::move(open_s3_store(options).value());
    EXPECT_FALSE(nobody->check().ok());
}

TEST(S3Store, ADownloadThatFailedLeavesNoFile) {
    std::string folder = (fs::temp_directory_path() / "proveout_s3_XXXXXX").string();
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    S3Options options;
    options.endpoint = "http://127.0.0.1:" + std::to_string(free_port());  // nobody is there
    options.bucket = "sim";
    auto store = std::move(open_s3_store(options).value());
    EXPECT_FALSE(store->get("uploads/upl_1", folder + "/got").ok());
    EXPECT_FALSE(fs::exists(folder + "/got"));
    std::ofstream(folder + "/there") << "x";
    EXPECT_FALSE(store->get("uploads/upl_1", folder + "/there").ok());
    EXPECT_TRUE(fs::exists(folder + "/there")) << "what another made stays";
    fs::remove_all(folder);
}

class S3StoreTest : public ::testing::Test {
  protected:
    void SetUp() override {
        std::string path = (fs::temp_directory_path() / "proveout_s3_XXXXXX").string();
        ASSERT_NE(mkdtemp(path.data()), nullptr);
        folder_ = path;
        Minio* server = Minio::get();
        if (!server)
            GTEST_SKIP() << "no MinIO server: ~/.cache/proveout/bin/minio is not there (script/minio builds it with Go 1.24 or newer)";
        static int count = 0;
        options_.endpoint = server->url;
        options_.access_key = Minio::kUser;
        options_.secret_key = Minio::kPassword;
        options_.region = "us-east-1";
        options_.bucket = "bucket" + std::to_string(++count);
        options_.prefix = "shop/";
        options_.clock = [this] { return wall_ms() + shift_ms_; };
        options_.multipart_above_bytes = options_.part_bytes = kPart_bytes;
        store_ = std::move(open_s3_store(options_).value());
    }
    void TearDown() override { fs::remove_all(folder_); }
    void make_bucket() { ASSERT_EQ(send("PUT", "", {}).status, 200); }
    HttpAnswer send(const std::string& method, const std::string& key, const NameValues& query, const std::string& body = {}) {
        std::string host = options_.endpoint.substr(7);
        SigV4Request request{method, host, "/" + options_.bucket + (key.empty() ? "" : "/" + key), query, {}, sha256_hex(body)};
        request.headers = {{"x-amz-content-sha256", request.payload_sha256}};
        HttpCall call{method, options_.endpoint + request.path + "?" + encoded_query(query), request.headers, body};
        for (auto& header : sign_headers(request, {options_.access_key, options_.secret_key, options_.region}, wall_ms()))
            call.headers.push_back(header);
        return client_.send(call).value();
    }
    std::set<std::string> keys() {
        std::set<std::string> keys;
        std::string body = send("GET", "", {{"list-type", "2"}}).body;
        for (size_t at = 0; (at = body.find("<Key>", at)) != std::string::npos; at += 5)
            keys.insert(body.substr(at + 5, body.find('<', at + 5) - at - 5));
        return keys;
    }
    std::string file(const std::string& name, const std::string& text) {
        std::string path = (folder_ / name).string();
        std::ofstream(path) << text;
        return path;
    }
    Status stage(int64_t fence, const std::string& name, const std::string& text) {
        return store_->stage(kRun, fence, name, file("source", text), sha256_hex(text), "");
    }

    const std::string kRun = "shop/simulations/sim_1";
    fs::path folder_;
    int64_t shift_ms_ = 0;
    S3Options options_;
    HttpClient client_;
    std::unique_ptr<ArtefactStore> store_;
};

TEST_F(S3StoreTest, TheBucketMustBeThereAndPrivate) {
    auto missing = store_->check();
    ASSERT_FALSE(missing.ok());
    EXPECT_NE(missing.error().message.find("no bucket"), std::string::npos) << missing.error().message;
    make_bucket();
    ASSERT_TRUE(store_->check().ok()) << store_->check().error().message;
    EXPECT_TRUE(keys().empty());
    std::string policy = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":["s3:GetObject"],)"
                         R"("Resource":["arn:aws:s3:::)" +
                         options_.bucket + R"(/shop/simulations/*"]}]})";
    ASSERT_EQ(send("PUT", "", {{"policy", ""}}, policy).status, 204);
    auto again = std::move(open_s3_store(options_).value());
    auto open = again->check();
    ASSERT_FALSE(open.ok());
    EXPECT_NE(open.error().message.find("public"), std::string::npos) << open.error().message;
    options_.secret_key = "wrong-secret-key";
    EXPECT_FALSE(open_s3_store(options_).value()->check().ok());
}

TEST_F(S3StoreTest, PublishesWholeAttemptsOnly) {
    make_bucket();
    ASSERT_TRUE(stage(1, "out.mp4", "old").ok());
    ASSERT_TRUE(stage(1, "logs/old.log", "log").ok());
    EXPECT_FALSE(keys().count(kRun + "/out.mp4"));
    EXPECT_FALSE(store_->publish(kRun, 1, {"out.mp4", "report.json"}).ok());
    ASSERT_TRUE(stage(1, "extra", "x").ok());
    ASSERT_TRUE(store_->publish(kRun, 1, {"out.mp4", "logs/old.log"}).ok());
    EXPECT_EQ(keys(), (std::set<std::string>{kRun + "/out.mp4", kRun + "/logs/old.log"}));
    EXPECT_TRUE(store_->publish(kRun, 1, {"out.mp4", "logs/old.log"}).ok());  // again: as it was
    ASSERT_TRUE(stage(3, "out.mp4", "new").ok());
    ASSERT_TRUE(store_->publish(kRun, 3, {"out.mp4"}).ok());
    EXPECT_EQ(keys(), (std::set<std::string>{kRun + "/out.mp4"}));
    ASSERT_TRUE(stage(2, "out.mp4", "stale").ok());
    EXPECT_FALSE(store_->publish(kRun, 2, {"out.mp4"}).ok());
    ASSERT_TRUE(store_->discard(kRun, 2).ok());
    EXPECT_EQ(send("GET", kRun + "/out.mp4", {}).body, "new");
    ASSERT_TRUE(stage(4, "out.mp4", "x").ok());
    ASSERT_TRUE(store_->remove_folder(kRun).ok());
    EXPECT_TRUE(keys().empty());
}

TEST_F(S3StoreTest, WholeObjectsAndChecksums) {
    make_bucket();
    std::string text = "G21\nM2\n", one = file("one", text);
    EXPECT_FALSE(store_->put("uploads/upl_1", one, std::string(64, '0'), "").ok());
    EXPECT_TRUE(keys().empty());
    ASSERT_TRUE(store_->put("uploads/upl_1", one, sha256_hex(text), "text/plain").ok());
    ASSERT_TRUE(store_->put("uploads/upl_2", file("empty", ""), "", "").ok());
    ASSERT_TRUE(store_->get("uploads/upl_1", (folder_ / "got").string()).ok());
    EXPECT_EQ(contents(folder_ / "got"), text);
    EXPECT_FALSE(store_->get("uploads/upl_9", (folder_ / "none").string()).ok());
    EXPECT_FALSE(fs::exists(folder_ / "none"));
    EXPECT_TRUE(store_->remove("uploads/upl_1").ok());
    EXPECT_TRUE(store_->remove("uploads/upl_1").ok());
    EXPECT_EQ(keys(), (std::set<std::string>{"uploads/upl_2"}));
    for (const char* bad : {"", "../a", "a//b", "a b", ".a"}) EXPECT_FALSE(store_->put(bad, one, "", "").ok()) << bad;
    fs::create_symlink(one, folder_ / "link");
    EXPECT_FALSE(store_->put("uploads/upl_3", (folder_ / "link").string(), "", "").ok());
}

TEST_F(S3StoreTest, LargeObjectsGoInParts) {
    make_bucket();
    std::string text(static_cast<size_t>(kPart_bytes) * 2 + 1234, 'a');
    for (size_t i = 0; i < text.size(); i += 1000) text[i] = static_cast<char>('b' + i / 1000 % 20);
    std::string large = file("large", text);
    ASSERT_TRUE(store_->put("uploads/upl_1", large, sha256_hex(text), "").ok());
    ASSERT_TRUE(store_->get("uploads/upl_1", (folder_ / "got").string()).ok());
    EXPECT_TRUE(contents(folder_ / "got") == text);
    EXPECT_FALSE(store_->put("uploads/upl_2", large, std::string(64, '0'), "").ok());
    EXPECT_EQ(keys(), (std::set<std::string>{"uploads/upl_1"}));
    ASSERT_TRUE(store_->stage(kRun, 1, "part.stl", large, sha256_hex(text), "").ok());
    ASSERT_TRUE(store_->publish(kRun, 1, {"part.stl"}).ok());
    EXPECT_TRUE(keys().count(kRun + "/part.stl"));
    EXPECT_EQ(send("GET", "", {{"uploads", ""}}).body.find("<Upload>"), std::string::npos);
}

TEST_F(S3StoreTest, LinksWorkUntilTheyEnd) {
    make_bucket();
    ASSERT_TRUE(stage(1, "out.mp4", "film").ok());
    ASSERT_TRUE(store_->publish(kRun, 1, {"out.mp4"}).ok());
    std::string link = store_->link(kRun + "/out.mp4", {"part 1.mp4", "video/mp4", true, 60}).value();
    HttpAnswer answer = client_.send({"GET", link, {}}).value();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "film");
    EXPECT_EQ(answer.header("content-type"), "video/mp4");
    EXPECT_EQ(answer.header("content-disposition"), "attachment; filename=\"part 1.mp4\"");
    HttpAnswer range = client_.send({"GET", link, {{"range", "bytes=1-2"}}}).value();
    EXPECT_EQ(range.status, 206);
    EXPECT_EQ(range.body, "il");
    EXPECT_EQ(client_.send({"GET", link.substr(0, link.find('?')), {}}).value().status, 403);
    std::string altered = link;
    altered.back() = altered.back() == '0' ? '1' : '0';
    EXPECT_EQ(client_.send({"GET", altered, {}}).value().status, 403);
    shift_ms_ = -61'000;  // signed a minute ago
    EXPECT_EQ(client_.send({"GET", store_->link(kRun + "/out.mp4", {"", "", false, 60}).value(), {}}).value().status, 403);
}

TEST_F(S3StoreTest, SweepsLeftOvers) {
    make_bucket();
    ASSERT_TRUE(stage(1, "out.mp4", "x").ok());
    ASSERT_TRUE(stage(2, "logs/f1/a.log", "x").ok());
    std::string started = send("POST", "shop/uploads/upl_1", {{"uploads", ""}}).body;
    ASSERT_NE(started.find("<UploadId>"), std::string::npos);
    std::set<std::pair<std::string, int64_t>> asked;
    auto live = [&](const std::string& prefix, int64_t fence) {
        asked.emplace(prefix, fence);
        return fence == 2;
    };
    ASSERT_TRUE(store_->sweep(live).ok());
    EXPECT_EQ(asked, (std::set<std::pair<std::string, int64_t>>{{kRun, 1}, {kRun, 2}}));
    EXPECT_EQ(keys(), (std::set<std::string>{"shop/staged/simulations/sim_1/f2/logs/f1/a.log"}));
}

}  // namespace proveout
