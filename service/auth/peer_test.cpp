// Tokens of PyJWT and of the openssl command are taken, and ours are taken by PyJWT (tests/auth/peer.py).
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "auth/auth.h"

namespace proveout {

namespace {

using Json = nlohmann::json;

// Standard output of a shell command, and its exit status.
std::pair<std::string, int> shell(const std::string& command) {
    std::string text;
    FILE* pipe = popen(command.c_str(), "r");
    char buffer[4096];
    while (size_t got = fread(buffer, 1, sizeof buffer, pipe)) text.append(buffer, got);
    return {text, pclose(pipe)};
}

const std::string kPeer = "/usr/bin/python3 " PROVEOUT_SOURCE_DIR "/tests/auth/peer.py ";

bool has_peer() { return shell("/usr/bin/python3 -c 'import jwt, cryptography' 2>/dev/null").second == 0; }
#define PEER_OR_SKIP() \
    if (!has_peer()) GTEST_SKIP() << "Debian's python3-jwt and python3-cryptography are not there"

TEST(Peer, ItsTokensAreTakenAndItsAttacksAreNot) {
    PEER_OR_SKIP();
    auto [text, status] = shell(kPeer + "make");
    ASSERT_EQ(status, 0) << text;
    Json made = Json::parse(text);
    auto keys = KeySet::parse(made["jwks"].dump());
    ASSERT_TRUE(keys) << keys.error().message;
    EXPECT_EQ(keys->size(), 3u);
    TokenRules rules{std::string(kDevIssuer), std::string(kDevAudience)};
    int good = 0;
    for (const Json& one : made["cases"]) {
        auto identity = verify_token(one["token"].get<std::string>(), *keys, rules, wall_ms());
        EXPECT_EQ(bool(identity), one["good"].get<bool>()) << one["name"] << (identity ? "" : ": " + identity.error().message);
        good += one["good"].get<bool>();
    }
    EXPECT_EQ(good, 3 * 26);
}

TEST(Peer, TakesOurTokens) {
    PEER_OR_SKIP();
    std::string pattern = (std::filesystem::temp_directory_path() / "proveout-peer-XXXXXX").string(), directory = mkdtemp(pattern.data());
    auto key = make_or_open_dev_key(directory);
    ASSERT_TRUE(key);
    TokenRequest request;
    request.tenant = "shop";
    std::ofstream(directory + "/token") << *mint_token(request, *key, wall_ms());
    auto [text, status] = shell(kPeer + "check " + key->jwks_file + " < " + directory + "/token");
    EXPECT_EQ(status, 0) << text;
    EXPECT_EQ(Json::parse(text, nullptr, false)["tenant"], "shop");
    std::filesystem::remove_all(directory);
}

}  // namespace

}  // namespace proveout
