#include "preflight/preflight.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace proveout {

namespace {

namespace fs = std::filesystem;

class Preflight : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = (fs::temp_directory_path() / "proveout-preflight-XXXXXX").string();
        directory_ = mkdtemp(pattern.data());
    }
    void TearDown() override { fs::remove_all(directory_); }
    std::string script(const std::string& name, const std::string& body) {
        std::string path = directory_ + "/" + name;
        std::ofstream(path) << "#!/bin/sh\n" << body;
        ::chmod(path.c_str(), 0755);
        return path;
    }
    Check check(const std::string& name, const std::vector<ConfigFlag>& flags, const std::string& data_dir = ".") {
        auto config = load_config(".env", flags);
        EXPECT_TRUE(config);
        for (const Check& one : machine_checks(*config, data_dir))
            if (one.name == name) return one;
        return {};
    }
    std::string directory_;
};

TEST_F(Preflight, NamesAndWords) {
    auto config = load_config(".env", {{"FFMPEG_BIN", "/nonexistent"}});
    std::vector<std::string> names;
    for (const Check& one : machine_checks(*config, directory_)) {
        names.push_back(one.name);
        EXPECT_TRUE(one.status == "ok" || one.status == "warn" || one.status == "fail") << one.status;
        EXPECT_FALSE(one.message.empty());
    }
    EXPECT_EQ(names, (std::vector<std::string>{"ffmpeg", "camotics", "schema", "disk", "sandbox"}));
}

TEST_F(Preflight, EncoderMustRunAndHaveItsEncoders) {
    EXPECT_EQ(check("ffmpeg", {{"FFMPEG_BIN", "/nonexistent"}}).status, "fail");
    EXPECT_EQ(check("ffmpeg", {{"FFMPEG_BIN", script("fails", "exit 1\n")}}).status, "fail");
    Check lacking = check("ffmpeg", {{"FFMPEG_BIN", script("lacking", "echo ' V..... gif  x'; echo ' V..... png  x'\n")}});
    EXPECT_EQ(lacking.status, "fail");
    EXPECT_NE(lacking.message.find("libx264"), std::string::npos);
    EXPECT_EQ(lacking.message.find("gif"), std::string::npos);
    Check good = check(
        "ffmpeg", {{"FFMPEG_BIN", script("good", "echo 'ffmpeg version 9'; echo ' V. libx264 x'; echo ' V. gif x'; echo ' V. png x'\n")}});
    EXPECT_EQ(good.status, "ok") << good.message;
    EXPECT_EQ(good.message.find("ffmpeg version 9"), 0u);
}

TEST_F(Preflight, ProgramsAreStartedOnceInAWhile) {
    std::string path = script("counts", "echo x >> " + directory_ + "/starts\n");
    for (int i = 0; i < 20; ++i) check("ffmpeg", {{"FFMPEG_BIN", path}});
    EXPECT_EQ(fs::file_size(directory_ + "/starts"), 4u);  // -version and -encoders, each once
}

TEST_F(Preflight, SecondEngine) {
    EXPECT_EQ(check("camotics", {{"FFMPEG_BIN", "/nonexistent"}, {"CAMOTICS_BIN", ""}}).status, "warn");
    EXPECT_EQ(check("camotics", {{"FFMPEG_BIN", "/nonexistent"}, {"CAMOTICS_BIN", "/nonexistent/camsim"}}).status, "fail");
}

TEST_F(Preflight, DiskIsThatOfTheDirectoryOrTheNearestAbove) {
    const std::vector<ConfigFlag> flags{{"FFMPEG_BIN", "/nonexistent"}};
    Check there = check("disk", flags, directory_), later = check("disk", flags, directory_ + "/a/b/c");
    EXPECT_NE(there.message.find(directory_), std::string::npos);
    EXPECT_NE(later.message.find(directory_), std::string::npos);
    EXPECT_EQ(check("disk", flags, "/proc/self").status, "fail");
}

}  // namespace

}  // namespace proveout
