#include "store/local.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "store/disk.h"
#include "store/links.h"

namespace proveout {

namespace {

namespace fs = std::filesystem;
constexpr const char* kSha256OfFilm = "d0607f7ad2628b2af9158dfba06ce87166e66b15bf68f8f358f9aa27ccb7c321";

std::string contents(const fs::path& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

}  // namespace

class LocalStoreTest : public ::testing::Test {
  protected:
    LocalStoreTest() {
        std::string path = (fs::temp_directory_path() / "proveout_store_XXXXXX").string();
        CHECK(mkdtemp(path.data()) != nullptr);
        folder_ = path;
        options_.root = path + "/data/artefacts";
        options_.key = std::string(32, 'k');
        options_.clock = [this] { return now_ms_; };
        store_ = std::move(open_local_store(options_).value());
    }
    ~LocalStoreTest() override { fs::remove_all(folder_); }
    std::string file(const std::string& name, const std::string& text) {
        std::string path = (folder_ / name).string();
        std::ofstream(path) << text;
        return path;
    }
    fs::path at(const std::string& key) { return fs::path(options_.root) / key; }
    Status stage(int64_t fence, const std::string& name, const std::string& text) {
        return store_->stage(kRun, fence, name, file("source", text), "", "");
    }
    std::set<std::string> left_overs() {
        std::set<std::string> names;
        for (const char* folder : {".staged", ".parts", ".trash"})
            if (fs::exists(at(folder)))
                for (const auto& entry : fs::directory_iterator(at(folder))) names.insert(entry.path().filename());
        return names;
    }
    LinkFault follow(const std::string& target, SignedFile& out) {
        size_t mark = target.find('?');
        return store_->open_link(target.substr(0, mark), mark == std::string::npos ? "" : target.substr(mark + 1), out);
    }

    const std::string kRun = "simulations/sim_1";
    fs::path folder_;
    int64_t now_ms_ = 1'700'000'000'000;
    LocalStoreOptions options_;
    std::unique_ptr<LocalStore> store_;
};

TEST_F(LocalStoreTest, NothingIsThereBeforeItIsPublished) {
    ASSERT_TRUE(stage(1, "out.mp4", "film").ok());
    ASSERT_TRUE(stage(1, "logs/ffmpeg.log", "log").ok());
    ASSERT_TRUE(stage(1, "extra.bin", "x").ok());
    EXPECT_FALSE(fs::exists(at(kRun)));
    ASSERT_TRUE(store_->publish(kRun, 1, {"out.mp4", "logs/ffmpeg.log"}).ok());
    EXPECT_EQ(contents(at(kRun + "/out.mp4")), "film");
    EXPECT_EQ(contents(at(kRun + "/logs/ffmpeg.log")), "log");
    EXPECT_FALSE(fs::exists(at(kRun + "/extra.bin")));
    EXPECT_TRUE(left_overs().empty());
    EXPECT_TRUE(store_->publish(kRun, 1, {"out.mp4", "logs/ffmpeg.log"}).ok());  // again: as it was
    EXPECT_EQ(contents(at(kRun + "/out.mp4")), "film");
}

TEST_F(LocalStoreTest, ALaterAttemptReplacesAllOfAnEarlierOne) {
    ASSERT_TRUE(stage(1, "out.mp4", "old").ok());
    ASSERT_TRUE(stage(1, "old.log", "old").ok());
    ASSERT_TRUE(store_->publish(kRun, 1, {"out.mp4", "old.log"}).ok());
    ASSERT_TRUE(stage(3, "out.mp4", "new").ok());
    ASSERT_TRUE(store_->publish(kRun, 3, {"out.mp4"}).ok());
    EXPECT_EQ(contents(at(kRun + "/out.mp4")), "new");
    EXPECT_FALSE(fs::exists(at(kRun + "/old.log")));
    ASSERT_TRUE(stage(2, "out.mp4", "stale").ok());
    EXPECT_FALSE(store_->publish(kRun, 2, {"out.mp4"}).ok());
    EXPECT_EQ(contents(at(kRun + "/out.mp4")), "new");
    ASSERT_TRUE(store_->discard(kRun, 2).ok());
    EXPECT_TRUE(left_overs().empty());
}

TEST_F(LocalStoreTest, IncompleteAttemptsAreNotPublished) {
    ASSERT_TRUE(stage(1, "out.mp4", "film").ok());
    EXPECT_FALSE(store_->publish(kRun, 1, {"out.mp4", "report.json"}).ok());
    EXPECT_FALSE(fs::exists(at(kRun)));
    EXPECT_FALSE(store_->publish("simulations/sim_2", 1, {"out.mp4"}).ok());
    EXPECT_TRUE(store_->publish("simulations/sim_2", 1, {}).ok());
}

TEST_F(LocalStoreTest, ChecksumsAreChecked) {
    std::string film = file("film", "film");
    EXPECT_FALSE(store_->stage(kRun, 1, "out.mp4", film, std::string(64, '0'), "").ok());
    EXPECT_TRUE(store_->stage(kRun, 1, "out.mp4", film, kSha256OfFilm, "").ok());
    EXPECT_FALSE(store_->put("uploads/upl_1", film, std::string(64, '0'), "").ok());
    EXPECT_FALSE(fs::exists(at("uploads/upl_1")));
    EXPECT_TRUE(store_->put("uploads/upl_1", film, kSha256OfFilm, "").ok());
}

TEST_F(LocalStoreTest, ACopyThatFailedLeavesNothingInTheWayOfTheNext) {
    Descriptor folder(open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    std::string film = file("film", "film");
    int64_t size = 0;
    Descriptor changed = std::move(open_source(film, size).value()), unchanged = std::move(open_source(film, size).value());
    EXPECT_FALSE(copy_into(changed.get(), folder.get(), "copy", std::string(64, '0'), false).ok());
    EXPECT_FALSE(fs::exists(folder_ / "copy"));
    EXPECT_TRUE(copy_into(unchanged.get(), folder.get(), "copy", kSha256OfFilm, false).ok());
    EXPECT_FALSE(copy_into(unchanged.get(), folder.get(), "copy", kSha256OfFilm, false).ok());
    EXPECT_EQ(contents(folder_ / "copy"), "film") << "what another made stays";
}

TEST_F(LocalStoreTest, LinksAreNotFollowed) {
    std::string secret = file("secret", "secret");
    fs::create_symlink(secret, folder_ / "link");
    EXPECT_FALSE(store_->stage(kRun, 1, "out.mp4", (folder_ / "link").string(), "", "").ok());
    EXPECT_FALSE(store_->put("uploads/upl_1", (folder_ / "link").string(), "", "").ok());
    EXPECT_FALSE(store_->stage(kRun, 1, "out.mp4", folder_.string(), "", "").ok());
    ASSERT_EQ(mkfifo((folder_ / "pipe").c_str(), 0600), 0);
    EXPECT_FALSE(store_->stage(kRun, 1, "out.mp4", (folder_ / "pipe").string(), "", "").ok());
    fs::create_directories(at("uploads"));
    fs::create_symlink(secret, at("uploads/upl_2"));
    EXPECT_FALSE(store_->get("uploads/upl_2", (folder_ / "got").string()).ok());
    fs::create_directory_symlink(folder_, at("elsewhere"));
    EXPECT_FALSE(store_->get("elsewhere/secret", (folder_ / "got").string()).ok());
    SignedFile out;
    EXPECT_EQ(follow(store_->link("elsewhere/secret", {}).value(), out), LinkFault::kNotFound);
}

TEST_F(LocalStoreTest, KeysArePlain) {
    for (const char* bad :
         {"", "/", "a/", "/a", "a//b", "../a", "a/../b", "a/.", "a/.b", ".manifest", "a b", "a\nb", "a~b", "a%2e", "a\\b"}) {
        EXPECT_FALSE(is_object_key(bad)) << bad;
        EXPECT_FALSE(stage(1, bad, "x").ok()) << bad;
        EXPECT_FALSE(store_->put(bad, file("f", "x"), "", "").ok()) << bad;
        EXPECT_FALSE(store_->link(bad, {}).ok()) << bad;
        EXPECT_FALSE(store_->remove_folder(bad).ok()) << bad;
    }
    for (const char* good : {"a", "simulations/sim_01/out.mp4", "A-b_c.d/e..f", "logs/ffmpeg.log"})
        EXPECT_TRUE(is_object_key(good)) << good;
}

TEST_F(LocalStoreTest, WholeObjects) {
    ASSERT_TRUE(store_->put("uploads/upl_1", file("a", "one"), "", "").ok());
    ASSERT_TRUE(store_->put("uploads/upl_1", file("a", "two"), "", "").ok());
    std::string got = (folder_ / "got").string();
    ASSERT_TRUE(store_->get("uploads/upl_1", got).ok());
    std::ofstream(got, std::ios::app) << " changed";
    EXPECT_EQ(contents(at("uploads/upl_1")), "two");
    EXPECT_FALSE(store_->get("uploads/upl_9", got + "2").ok());
    EXPECT_TRUE(store_->remove("uploads/upl_1").ok());
    EXPECT_TRUE(store_->remove("uploads/upl_1").ok());
    EXPECT_TRUE(store_->remove("nowhere/upl_1").ok());
    EXPECT_FALSE(fs::exists(at("uploads/upl_1")));
}

TEST_F(LocalStoreTest, SignedLinks) {
    ASSERT_TRUE(store_->stage(kRun, 1, "out.mp4", file("film", "film"), kSha256OfFilm, "").ok());
    ASSERT_TRUE(store_->stage(kRun, 1, "logs/a.log", file("log", "film"), kSha256OfFilm, "").ok());
    ASSERT_TRUE(store_->publish(kRun, 1, {"out.mp4", "logs/a.log"}).ok());
    LinkOptions options;
    options.filename = "part \"1\".mp4";
    options.attachment = true;
    options.ttl_s = 60;
    std::string target = store_->link(kRun + "/out.mp4", options).value();
    SignedFile out;
    ASSERT_EQ(follow(target, out), LinkFault::kNone);
    EXPECT_EQ(contents(out.path), "film");
    EXPECT_EQ(out.size_bytes, 4);
    EXPECT_EQ(out.filename, "part \"1\".mp4");
    EXPECT_EQ(out.content_type, "video/mp4");
    EXPECT_EQ(out.sha256, kSha256OfFilm);
    EXPECT_TRUE(out.attachment);
    ASSERT_EQ(follow(store_->link(kRun + "/logs/a.log", {}).value(), out), LinkFault::kNone);
    EXPECT_EQ(out.sha256, kSha256OfFilm);
    EXPECT_EQ(out.filename, "a.log");

    for (size_t i = 0; i < target.size(); ++i) {  // altered in any way
        std::string other = target;
        other[i] = other[i] == 'a' ? 'b' : 'a';
        EXPECT_EQ(follow(other, out), LinkFault::kForbidden) << other;
        EXPECT_EQ(follow(target.substr(0, i), out), LinkFault::kForbidden) << i;
    }
    for (const char* more : {"&x=1", "&attachment=1", "&signature=00", "0", "%00", "#"})
        EXPECT_EQ(follow(target + more, out), LinkFault::kForbidden);
    std::string upper = target;
    for (char& c : upper) c = static_cast<char>(std::toupper(c));
    EXPECT_EQ(follow(upper, out), LinkFault::kForbidden);

    now_ms_ += 59'999;
    EXPECT_EQ(follow(target, out), LinkFault::kNone);
    now_ms_ += 1;
    EXPECT_EQ(follow(target, out), LinkFault::kForbidden);
    std::string fresh = store_->link(kRun + "/out.mp4", {}).value();
    ASSERT_TRUE(store_->remove_folder(kRun).ok());
    EXPECT_EQ(follow(fresh, out), LinkFault::kNotFound);

    options_.key = std::string(32, 'K');
    options_.public_url = "https://example.com";
    auto other = std::move(open_local_store(options_).value());
    EXPECT_TRUE(other->link(kRun + "/out.mp4", {}).value().starts_with("https://example.com/artefacts/simulations/sim_1/out.mp4?expires="));
    EXPECT_EQ(other->open_link("/artefacts/simulations/sim_1/out.mp4", fresh.substr(fresh.find('?') + 1), out), LinkFault::kForbidden);
    options_.key = "short";
    EXPECT_FALSE(open_local_store(options_).ok());
}

TEST_F(LocalStoreTest, SweepsLeftOvers) {
    ASSERT_TRUE(stage(1, "out.mp4", "x").ok());
    ASSERT_TRUE(stage(2, "out.mp4", "x").ok());
    ASSERT_TRUE(store_->stage("a/b/simulations/sim_2", 7, "out.mp4", file("f", "x"), "", "").ok());
    fs::create_directories(at(".staged/junk/deep"));
    fs::create_directories(at(".trash/deep/er"));
    file("data/artefacts/.parts/part-old", "x");
    file("data/artefacts/.parts/part-new", "x");
    fs::last_write_time(at(".parts/part-old"), fs::file_time_type::clock::now() - std::chrono::hours(2));
    std::set<std::pair<std::string, int64_t>> asked;
    ASSERT_TRUE(store_
                    ->sweep([&](const std::string& prefix, int64_t fence) {
                        asked.emplace(prefix, fence);
                        return fence == 2;
                    })
                    .ok());
    EXPECT_EQ(asked, (std::set<std::pair<std::string, int64_t>>{{kRun, 1}, {kRun, 2}, {"a/b/simulations/sim_2", 7}}));
    EXPECT_EQ(left_overs(), (std::set<std::string>{"simulations~sim_1~f2", "part-new"}));
    ASSERT_TRUE(store_->remove_folder(kRun).ok());
    EXPECT_EQ(left_overs(), (std::set<std::string>{"part-new"}));
}

}  // namespace proveout
