#include "config/config.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace proveout {

namespace {

namespace fs = std::filesystem;

// A working directory of its own and an environment without our keys.
class ConfigTest : public testing::Test {
  protected:
    void SetUp() override {
        before_ = fs::current_path();
        std::string pattern = (fs::temp_directory_path() / "proveout-config-XXXXXX").string();
        directory_ = mkdtemp(pattern.data());
        fs::current_path(directory_);
        for (const ConfigKey& key : config_keys()) {
            unsetenv(std::string(key.name).c_str());
            unsetenv((std::string(key.name) + "_FILE").c_str());
        }
    }
    void TearDown() override {
        for (const std::string& name : set_) unsetenv(name.c_str());
        fs::current_path(before_);
        fs::remove_all(directory_);
    }
    void set(const std::string& name, const std::string& value) {
        setenv(name.c_str(), value.c_str(), 1);
        set_.push_back(name);
    }
    void write(const std::string& name, const std::string& text) { std::ofstream(name) << text; }
    fs::path before_, directory_;
    std::vector<std::string> set_;
};

TEST_F(ConfigTest, DefaultsWithoutAnything) {
    auto config = load_config();
    ASSERT_TRUE(config);
    EXPECT_EQ(config->get("SIM_TIMEOUT_S"), "900");
    EXPECT_EQ(config->at("SIM_TIMEOUT_S").source, "default");
    EXPECT_EQ(config->number("MAX_JOB_BYTES"), 1048576);
    EXPECT_EQ(config->number_or("SIM_THREADS", 7), 7);
    EXPECT_EQ(config->rate("RATE_LIMIT_TENANT").requests, 600);
    EXPECT_EQ(config->values.size(), config_keys().size());
    EXPECT_TRUE(config->warnings.empty());
}

TEST_F(ConfigTest, EveryDefaultParses) {
    for (const ConfigKey& key : config_keys()) {
        auto config = load_config(".env", {{key.name, std::string(key.default_text)}});
        EXPECT_TRUE(config) << key.name;
    }
}

TEST_F(ConfigTest, FlagBeatsEnvironmentBeatsEnvFileBeatsSecretFileBeatsDefault) {
    write("secret", "127.0.0.1:5\n");
    set("HTTP_LISTEN_FILE", "secret");
    EXPECT_EQ(load_config()->get("HTTP_LISTEN"), "127.0.0.1:5");
    EXPECT_EQ(load_config()->at("HTTP_LISTEN").source, "file");
    write(".env", "HTTP_LISTEN=127.0.0.1:4\n");
    EXPECT_EQ(load_config()->get("HTTP_LISTEN"), "127.0.0.1:4");
    EXPECT_EQ(load_config()->at("HTTP_LISTEN").source, ".env");
    set("HTTP_LISTEN", "127.0.0.1:3");
    EXPECT_EQ(load_config()->get("HTTP_LISTEN"), "127.0.0.1:3");
    EXPECT_EQ(load_config()->at("HTTP_LISTEN").source, "env");
    auto config = load_config(".env", {{"HTTP_LISTEN", "127.0.0.1:2"}});
    EXPECT_EQ(config->get("HTTP_LISTEN"), "127.0.0.1:2");
    EXPECT_EQ(config->at("HTTP_LISTEN").source, "flag");
}

TEST_F(ConfigTest, SecretFileMayBeNamedInEnvFileAndLosesOneLineEnd) {
    write("password", "  s3cret # not a comment \r\n");
    write(".env", "MINIO_SECRET_KEY_FILE=password\n");
    auto config = load_config();
    ASSERT_TRUE(config);
    EXPECT_EQ(config->get("MINIO_SECRET_KEY"), "  s3cret # not a comment ");
    EXPECT_EQ(config->at("MINIO_SECRET_KEY").shown_value(), "***");
    EXPECT_TRUE(config->warnings.empty());
}

TEST_F(ConfigTest, MissingSecretFileIsNamed) {
    set("MINIO_SECRET_KEY_FILE", "nowhere");
    auto config = load_config();
    ASSERT_FALSE(config);
    EXPECT_EQ(config.error().code, ErrorCode::kInvalidInput);
    EXPECT_NE(config.error().message.find("MINIO_SECRET_KEY_FILE"), std::string::npos);
}

TEST_F(ConfigTest, KeysThatEndInFileAreKeys) {
    set("LICENSE_FILE", "/etc/licence.jwt");
    EXPECT_EQ(load_config()->get("LICENSE_FILE"), "/etc/licence.jwt");
}

TEST_F(ConfigTest, EnvFileForms) {
    write(".env",
          "\xEF\xBB\xBF# comment\r\n\r\nexport QUEUE_NAME = a b # c\r\nJWT_ISSUER=\"x # y\" # z\nJWT_AUDIENCE='it\"s'\n"
          "LICENSE_FILE=#nothing\nMINIO_REGION=eu#1\nFOO=1\nno equals sign\nWORKER_NAME=\"open\nLOG_LEVEL=debug");
    auto config = load_config();
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->get("QUEUE_NAME"), "a b");
    EXPECT_EQ(config->get("JWT_ISSUER"), "x # y");
    EXPECT_EQ(config->get("JWT_AUDIENCE"), "it\"s");
    EXPECT_EQ(config->get("LICENSE_FILE"), "");
    EXPECT_EQ(config->get("MINIO_REGION"), "eu#1");
    EXPECT_EQ(config->get("LOG_LEVEL"), "debug");
    EXPECT_EQ(config->warnings, (std::vector<std::string>{".env line 9 is not NAME=value and is ignored",
                                                          ".env line 10 is not NAME=value and is ignored", ".env: unknown key FOO"}));
}

TEST_F(ConfigTest, AnotherEnvFileMustBeThere) {
    EXPECT_FALSE(load_config("other.env"));
    write("other.env", "QUEUE_NAME=q\n");
    EXPECT_EQ(load_config("other.env")->get("QUEUE_NAME"), "q");
}

struct BadValue {
    const char *key, *value;
};
class ConfigBad : public ConfigTest, public testing::WithParamInterface<BadValue> {};
TEST_P(ConfigBad, NamesTheKey) {
    auto config = load_config(".env", {{GetParam().key, GetParam().value}});
    ASSERT_FALSE(config);
    EXPECT_EQ(config.error().code, ErrorCode::kInvalidInput);
    EXPECT_EQ(config.error().message.find(GetParam().key), 0u) << config.error().message;
}
INSTANTIATE_TEST_SUITE_P(
    Values, ConfigBad,
    testing::Values(BadValue{"SIM_TIMEOUT_S", ""}, BadValue{"SIM_TIMEOUT_S", "0"}, BadValue{"SIM_TIMEOUT_S", "1.5"},
                    BadValue{"SIM_TIMEOUT_S", "900s"}, BadValue{"SIM_TIMEOUT_S", "nan"}, BadValue{"SIM_TIMEOUT_S", "-1"},
                    BadValue{"SIM_RETRY_MAX", "x"}, BadValue{"SIM_THREADS", "0"}, BadValue{"SIM_ENGINE", "native camotics"},
                    BadValue{"SIM_ENGINE", ""}, BadValue{"LOG_LEVEL", "loud"}, BadValue{"LOG_FORMAT", "xml"},
                    BadValue{"ARTEFACT_STORE", "S3"}, BadValue{"HTTP_LISTEN", "8080"}, BadValue{"HTTP_LISTEN", "host:"},
                    BadValue{"HTTP_LISTEN", "host:65536"}, BadValue{"HTTP_LISTEN", ":8080"}, BadValue{"HTTP_LISTEN", "::1:8080"},
                    BadValue{"HTTP_LISTEN", "http://x:1"}, BadValue{"RATE_LIMIT_TENANT", "600"}, BadValue{"RATE_LIMIT_TENANT", "600/0"},
                    BadValue{"RATE_LIMIT_PEER", "-1/60"}, BadValue{"RATE_LIMIT_SUBMIT", "1/60/2"},
                    BadValue{"WEBHOOK_ALLOW_PRIVATE", "10.0.0.0/33"}, BadValue{"WEBHOOK_ALLOW_PRIVATE", "10.0.0.1/8"},
                    BadValue{"WEBHOOK_ALLOW_PRIVATE", "localhost"}, BadValue{"WEBHOOK_ALLOW_PRIVATE", "10.0.0.0/8,,::1"},
                    BadValue{"PUBLIC_URL", "shop.example"}, BadValue{"PUBLIC_URL", "ftp://shop.example"},
                    BadValue{"PUBLIC_URL", "https://u:p@shop.example"}, BadValue{"PUBLIC_URL", "https://shop.example/?q"},
                    BadValue{"PUBLIC_URL", "https://"}, BadValue{"CORS_ALLOW_ORIGINS", "*"},
                    BadValue{"CORS_ALLOW_ORIGINS", "https://a.example/"}, BadValue{"CORS_ALLOW_ORIGINS", "https://a.example,"},
                    BadValue{"DATABASE_URL", "mysql://x"}, BadValue{"DATABASE_URL", "x"}, BadValue{"QUEUE_URL", "http://x"},
                    BadValue{"MINIO_PREFIX", "a/../b"}, BadValue{"MINIO_PREFIX", "a//b"}, BadValue{"MINIO_PREFIX", "a b"},
                    BadValue{"MINIO_ENDPOINT", "minio:9000"}, BadValue{"JWT_ISSUER", "a\nb"}, BadValue{"DATA_DIR", ""},
                    BadValue{"SIGNED_URL_TTL_S", "604801"}, BadValue{"QUEUE_MAX", "1e99"}));

class ConfigGood : public ConfigTest, public testing::WithParamInterface<BadValue> {};
TEST_P(ConfigGood, IsTaken) {
    auto config = load_config(".env", {{GetParam().key, GetParam().value}});
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->get(GetParam().key), GetParam().value);
}
INSTANTIATE_TEST_SUITE_P(
    Values, ConfigGood,
    testing::Values(BadValue{"SIM_THREADS", ""}, BadValue{"SIM_CONCURRENCY", "0"}, BadValue{"HTTP_LISTEN", "[::1]:0"},
                    BadValue{"HTTP_LISTEN", "localhost:1"}, BadValue{"HTTP_LISTEN", "0.0.0.0:65535"}, BadValue{"RATE_LIMIT_TENANT", "0"},
                    BadValue{"RATE_LIMIT_TENANT", "0/60"}, BadValue{"WEBHOOK_ALLOW_PRIVATE", "127.0.0.0/8, ::1/128,10.1.2.3"},
                    BadValue{"WEBHOOK_ALLOW_PRIVATE", "0.0.0.0/0,::/0"}, BadValue{"PUBLIC_URL", "https://shop.example:8443/cam"},
                    BadValue{"CORS_ALLOW_ORIGINS", "https://a.example, http://b.example:3000"}, BadValue{"MINIO_PREFIX", "/a/b-c/"},
                    BadValue{"DATABASE_URL", "postgresql://u:p@h:5432/d?sslmode=require"},
                    BadValue{"QUEUE_URL", "amqp://guest:guest@h//"}));

TEST_F(ConfigTest, MessagesNeverShowSecrets) {
    auto config = load_config(".env", {{"DATABASE_URL", "mysql://root:hunter2@h/d"}});
    ASSERT_FALSE(config);
    EXPECT_EQ(config.error().message.find("hunter2"), std::string::npos);
}

TEST_F(ConfigTest, DataDirectoryIsAbsolute) {
    set("HOME", "/home/shop");
    EXPECT_EQ(data_directory(*load_config()), "/home/shop/.local/state/proveout");
    EXPECT_EQ(data_directory(*load_config(".env", {{"DATA_DIR", "d/../e/"}})), fs::current_path().string() + "/e");
}

TEST(ConfigPage, IsUpToDate) {
    std::string path = PROVEOUT_SOURCE_DIR "/docs/configuration.md";
    if (std::getenv("PROVEOUT_REBASELINE")) std::ofstream(path) << configuration_page();
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    EXPECT_EQ(text.str(), configuration_page()) << "run proveout_config_test with PROVEOUT_REBASELINE=1";
}

}  // namespace

}  // namespace proveout
