#include "auth/auth.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

namespace proveout {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

struct TempDir {
    TempDir() {
        std::string pattern = (fs::temp_directory_path() / "proveout-auth-XXXXXX").string();
        path = mkdtemp(pattern.data());
    }
    ~TempDir() { fs::remove_all(path); }
    std::string path;
};

// RFC 7515 appendix A.2, A.3 and RFC 8037 appendix A.4, with a kid put into the key; the tokens there have none, so the signatures are
// checked through the key itself in the tests below.
constexpr const char* kRfc8037Key = R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"k"})";

std::string set_of(const std::string& key) { return "{\"keys\":[" + key + "]}"; }

constexpr int64_t kNow_s = 1'800'000'000;

// A development key and what tokens are checked with.
struct Fixture {
    TempDir dir;
    DevKey key = *make_or_open_dev_key(dir.path);
    KeySet keys = KeyFile::open(key.jwks_file, false).value()->keys();
    TokenRules rules{std::string(kDevIssuer), std::string(kDevAudience)};

    Json claims() const {
        return {{"iss", kDevIssuer}, {"aud", kDevAudience},         {"sub", "me"},
                {"tenant", "acme"},  {"scope", "simulations:read"}, {"exp", kNow_s + 100}};
    }
    std::string sign(const std::string& payload, Json header = {{"alg", "EdDSA"}}) const {
        if (!header.contains("kid")) header["kid"] = key.kid;
        return *sign_jws(header.dump(), payload, key.private_pem);
    }
    Result<Identity> check(const std::string& token, int64_t now_s = kNow_s) const {
        return verify_token(token, keys, rules, now_s * 1000);
    }
};

TEST(Base64Url, IsStrict) {
    for (const char* text : {"", "Zg", "Zm8", "Zm9v", "Zm9vYg", "-_-_"}) {
        auto bytes = from_base64url(text);
        ASSERT_TRUE(bytes) << text;
        EXPECT_EQ(base64url(*bytes), text);
    }
    for (const char* text : {"Z", "Zh", "Zm9", "Zg==", "Zm8=", "Zm9v\n", " Zm9v", "Zm+v", "Zm/v", "Zm9vY", "Zm9v.", "Zm9\xC3"})
        EXPECT_FALSE(from_base64url(text)) << text;
    EXPECT_FALSE(from_base64url(std::string_view("Zm9v\0", 5)));
}

TEST(Jws, Rfc8037Ed25519) {
    auto keys = KeySet::parse(set_of(kRfc8037Key));
    ASSERT_TRUE(keys);
    // The example's private key (RFC 8037 A.1) as PKCS#8 makes the example's signature (A.4): Ed25519 is deterministic.
    auto seed = from_base64url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
    std::string der = std::string("\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20", 16) + *seed;
    std::string plain = base64url(der), pem = "-----BEGIN PRIVATE KEY-----\n";
    for (char c : plain) pem += c == '-' ? '+' : c == '_' ? '/' : c;
    pem += "\n-----END PRIVATE KEY-----\n";
    auto token = sign_jws(R"({"alg":"EdDSA"})", "Example of Ed25519 signing", pem);
    ASSERT_TRUE(token);
    EXPECT_EQ(
        *token,
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7"
        "sVvpAr_MuM0KAg");
    EXPECT_FALSE(verify_jws(*token, *keys, {""}));  // names no key
    auto named = sign_jws(R"({"alg":"EdDSA","kid":"k"})", "Example of Ed25519 signing", pem);
    auto payload = verify_jws(*named, *keys, {""});
    ASSERT_TRUE(payload) << payload.error().message;
    EXPECT_EQ(*payload, "Example of Ed25519 signing");
}

TEST(Jws, TypesAreMediaTypes) {
    Fixture f;
    auto with = [&](const char* type) { return f.sign("x", {{"alg", "EdDSA"}, {"typ", type}}); };
    for (const char* type : {"JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt"})
        EXPECT_TRUE(verify_jws(with(type), f.keys, {"", "JWT", "at+jwt"})) << type;
    for (const char* type : {"", "proveout-license+jwt", "JWE", "at+jwt ", "application/"})
        EXPECT_FALSE(verify_jws(with(type), f.keys, {"", "JWT", "at+jwt"})) << type;
    EXPECT_FALSE(verify_jws(f.sign("x"), f.keys, {"JWT"}));
    EXPECT_FALSE(verify_jws(f.sign("x", {{"alg", "EdDSA"}, {"typ", 1}}), f.keys, {"", "JWT"}));
}

TEST(Jws, HeaderIsNotTrusted) {
    Fixture f;
    EXPECT_TRUE(verify_jws(f.sign("x"), f.keys, {""}));
    for (const Json& header :
         {Json{{"alg", "EdDSA"}, {"crit", {"exp"}}}, Json{{"alg", "EdDSA"}, {"crit", Json::array()}},
          Json{{"alg", "EdDSA"}, {"b64", false}}, Json{{"alg", "none"}}, Json{{"alg", "eddsa"}}, Json{{"alg", "HS256"}},
          Json{{"alg", "Ed25519"}}, Json{{"alg", nullptr}}, Json::object(), Json{{"alg", "EdDSA"}, {"kid", "other"}},
          Json{{"alg", "EdDSA"}, {"kid", 1}}, Json{{"alg", "EdDSA"}, {"kid", "../../dev/null"}}})
        EXPECT_FALSE(verify_jws(f.sign("x", header), f.keys, {""})) << header;
    // A key of the sender's own in the header changes nothing, in either direction.
    EXPECT_TRUE(
        verify_jws(f.sign("x", {{"alg", "EdDSA"}, {"jwk", Json::parse(kRfc8037Key)}, {"jku", "https://evil.example"}}), f.keys, {""}));
    std::string twice = R"({"alg":"EdDSA","alg":"EdDSA","kid":")" + f.key.kid + "\"}";
    EXPECT_FALSE(verify_jws(*sign_jws(twice, "x", f.key.private_pem), f.keys, {""}));
}

TEST(Jws, EveryBitCounts) {
    Fixture f;
    std::string token = f.sign(f.claims().dump());
    ASSERT_TRUE(f.check(token));
    for (size_t i = 0; i < token.size(); ++i)
        for (char other : {'A', 'b', '.', '=', ' '}) {
            std::string changed = token;
            changed[i] = other;
            if (changed == token) continue;
            EXPECT_FALSE(f.check(changed)) << i << other;
        }
    for (size_t size = 0; size < token.size(); ++size) EXPECT_FALSE(f.check(token.substr(0, size)));
    EXPECT_FALSE(f.check(token + "."));
    EXPECT_FALSE(f.check(token + ".x"));
    EXPECT_FALSE(f.check(std::string(kMaxToken_bytes + 1, 'a')));
}

TEST(Token, GivesTheIdentity) {
    Fixture f;
    auto claims = f.claims();
    claims["scope"] = " simulations:read  webhooks:manage ";
    auto identity = f.check(f.sign(claims.dump()));
    ASSERT_TRUE(identity) << identity.error().message;
    EXPECT_EQ(identity->tenant, "acme");
    EXPECT_EQ(identity->subject, "me");
    EXPECT_TRUE(identity->may("simulations:read"));
    EXPECT_TRUE(identity->may("webhooks:manage"));
    EXPECT_FALSE(identity->may("simulations:write"));
    EXPECT_FALSE(identity->may(""));
}

struct ClaimCase {
    const char *name, *change;  // a JSON merge patch
    bool good;
};
class TokenClaims : public testing::TestWithParam<ClaimCase> {};
TEST_P(TokenClaims, AreChecked) {
    Fixture f;
    Json claims = f.claims();
    claims.merge_patch(Json::parse(GetParam().change));
    auto identity = f.check(f.sign(claims.dump()));
    EXPECT_EQ(bool(identity), GetParam().good) << claims << (identity ? "" : identity.error().message);
}
INSTANTIATE_TEST_SUITE_P(
    Table, TokenClaims,
    testing::Values(ClaimCase{"as_is", "{}", true}, ClaimCase{"no_exp", R"({"exp":null})", false},
                    ClaimCase{"exp_within_leeway", R"({"exp":1799999941})", true},
                    ClaimCase{"exp_at_leeway", R"({"exp":1799999940})", false}, ClaimCase{"exp_text", R"({"exp":"1900000000"})", false},
                    ClaimCase{"exp_float", R"({"exp":1800000000.5})", true}, ClaimCase{"exp_huge", R"({"exp":1e308})", true},
                    ClaimCase{"exp_negative", R"({"exp":-1})", false}, ClaimCase{"exp_true", R"({"exp":true})", false},
                    ClaimCase{"nbf_past", R"({"nbf":1})", true}, ClaimCase{"nbf_within_leeway", R"({"nbf":1800000060})", true},
                    ClaimCase{"nbf_future", R"({"nbf":1800000061})", false}, ClaimCase{"nbf_text", R"({"nbf":"1"})", false},
                    ClaimCase{"iat_future", R"({"iat":1800000061})", false}, ClaimCase{"iat_past", R"({"iat":0})", true},
                    ClaimCase{"iss_other", R"({"iss":"proveout-dev/"})", false}, ClaimCase{"iss_none", R"({"iss":null})", false},
                    ClaimCase{"iss_list", R"({"iss":["proveout-dev"]})", false}, ClaimCase{"aud_other", R"({"aud":"x"})", false},
                    ClaimCase{"aud_none", R"({"aud":null})", false}, ClaimCase{"aud_list", R"({"aud":["x","proveout"]})", true},
                    ClaimCase{"aud_empty_list", R"({"aud":[]})", false}, ClaimCase{"aud_nested", R"({"aud":[["proveout"]]})", false},
                    ClaimCase{"aud_object", R"({"aud":{"proveout":1}})", false}, ClaimCase{"sub_none", R"({"sub":null})", true},
                    ClaimCase{"sub_number", R"({"sub":7})", false}, ClaimCase{"tenant_none", R"({"tenant":null})", false},
                    ClaimCase{"tenant_empty", R"({"tenant":""})", false}, ClaimCase{"tenant_all_letters", R"({"tenant":"A.z_0-9"})", true},
                    ClaimCase{"tenant_slash", R"({"tenant":"a/b"})", false}, ClaimCase{"tenant_space", R"({"tenant":"a b"})", false},
                    ClaimCase{"tenant_number", R"({"tenant":1})", false},
                    ClaimCase{"tenant_64", R"({"tenant":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})", true},
                    ClaimCase{"tenant_65", R"({"tenant":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})", false},
                    ClaimCase{"scope_none", R"({"scope":null})", true}, ClaimCase{"scope_list", R"({"scope":["simulations:read"]})", false},
                    ClaimCase{"more_claims", R"({"x":{"y":[1]}})", true}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(Token, ClaimsAreAnObjectWithEveryMemberOnce) {
    Fixture f;
    std::string claims = f.claims().dump();
    std::string twice = claims.substr(0, claims.size() - 1) + R"(,"tenant":"victim"})";
    for (const std::string& payload :
         {twice, std::string("[]"), std::string("1"), std::string("{"), std::string(), claims + "x", "\xff" + claims})
        EXPECT_FALSE(f.check(f.sign(payload))) << payload;
    std::string deep(100, '[');
    EXPECT_FALSE(f.check(f.sign(claims.substr(0, claims.size() - 1) + ",\"x\":" + deep + std::string(100, ']') + "}")));
}

TEST(Token, MintedOnesVerify) {
    Fixture f;
    TokenRequest request;
    request.tenant = "shop", request.ttl_s = 10;
    auto token = mint_token(request, f.key, kNow_s * 1000);
    ASSERT_TRUE(token);
    auto identity = f.check(*token);
    ASSERT_TRUE(identity) << identity.error().message;
    EXPECT_EQ(identity->tenant, "shop");
    EXPECT_EQ(identity->scopes.size(), std::size(kScopes));
    EXPECT_FALSE(f.check(*token, kNow_s + 70));
    request.tenant = "a/b";
    EXPECT_FALSE(mint_token(request, f.key, 0));
}

struct KeyCase {
    const char *name, *keys;
    size_t usable;  // 0: refused
};
class Jwks : public testing::TestWithParam<KeyCase> {};
#define ED "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\""
#define P256                                                                                                         \
    "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":\"x_FEzRu9m36HLN_" \
    "tue659LNpXW6pCyStikYjKIWI5a0\""
#define HS "\"kty\":\"oct\",\"alg\":\"HS256\",\"k\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\""
TEST_P(Jwks, AreReadStrictly) {
    auto keys = KeySet::parse(GetParam().keys, true);
    EXPECT_EQ(keys ? keys->size() : 0, GetParam().usable) << (keys ? "" : keys.error().message);
}
INSTANTIATE_TEST_SUITE_P(
    Table, Jwks,
    testing::Values(
        KeyCase{"ed25519", "{\"keys\":[{" ED ",\"kid\":\"a\"}]}", 1}, KeyCase{"p256", "{\"keys\":[{" P256 ",\"kid\":\"a\"}]}", 1},
        KeyCase{"both", "{\"keys\":[{" P256 ",\"kid\":\"a\"},{" ED ",\"kid\":\"b\"}]}", 2},
        KeyCase{"kid_twice", "{\"keys\":[{" P256 ",\"kid\":\"a\"},{" ED ",\"kid\":\"a\"}]}", 0},
        KeyCase{"no_kid", "{\"keys\":[{" ED "}]}", 0}, KeyCase{"no_kid_is_skipped", "{\"keys\":[{" P256 "},{" ED ",\"kid\":\"b\"}]}", 1},
        KeyCase{"alg_named", "{\"keys\":[{" ED ",\"kid\":\"a\",\"alg\":\"EdDSA\"}]}", 1},
        KeyCase{"alg_of_other_type", "{\"keys\":[{" ED ",\"kid\":\"a\",\"alg\":\"ES256\"}]}", 0},
        KeyCase{"alg_none", "{\"keys\":[{" ED ",\"kid\":\"a\",\"alg\":\"none\"}]}", 0},
        KeyCase{"alg_number", "{\"keys\":[{" ED ",\"kid\":\"a\",\"alg\":1}]}", 0},
        KeyCase{"for_encryption", "{\"keys\":[{" P256 ",\"kid\":\"a\",\"use\":\"enc\"}]}", 0},
        KeyCase{"operations", "{\"keys\":[{" P256 ",\"kid\":\"a\",\"key_ops\":[\"verify\"]}]}", 1},
        KeyCase{"other_operations", "{\"keys\":[{" P256 ",\"kid\":\"a\",\"key_ops\":[\"encrypt\"]}]}", 0},
        KeyCase{"private_member_is_ignored", "{\"keys\":[{" P256 ",\"kid\":\"a\",\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\"}]}",
                1},
        KeyCase{"off_the_curve",
                "{\"keys\":[{\"kid\":\"a\",\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":"
                "\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a4\"}]}",
                0},
        KeyCase{"other_curve",
                "{\"keys\":[{\"kid\":\"a\",\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}", 0},
        KeyCase{"short_x",
                "{\"keys\":[{\"kid\":\"a\",\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUQ\"}]}", 0},
        KeyCase{"padded_x",
                "{\"keys\":[{\"kid\":\"a\",\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"}]}",
                0},
        KeyCase{"hs256", "{\"keys\":[{" HS ",\"kid\":\"a\"}]}", 1},
        KeyCase{"mixed", "{\"keys\":[{" HS ",\"kid\":\"a\"},{" ED ",\"kid\":\"b\"}]}", 0},
        KeyCase{"hs256_31_bytes",
                "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"a\",\"alg\":\"HS256\",\"k\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg\"}]}", 0},
        KeyCase{"empty", "{\"keys\":[]}", 0}, KeyCase{"no_set", "{" ED ",\"kid\":\"a\"}", 0}, KeyCase{"not_json", "keys", 0},
        KeyCase{"nothing", "", 0}, KeyCase{"keys_twice", "{\"keys\":[{" ED ",\"kid\":\"a\"}],\"keys\":[]}", 0},
        KeyCase{"key_is_text", "{\"keys\":[\"a\"]}", 0}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(Jwks, SymmetricKeysAreForDevelopmentOnly) {
    const char* keys = "{\"keys\":[{" HS ",\"kid\":\"a\"}]}";
    EXPECT_TRUE(KeySet::parse(keys, true));
    EXPECT_FALSE(KeySet::parse(keys, false));
}

TEST(DevKey, IsMadeOnceAndPrivate) {
    TempDir dir;
    EXPECT_FALSE(open_dev_key(dir.path));
    auto made = make_or_open_dev_key(dir.path), again = make_or_open_dev_key(dir.path), opened = open_dev_key(dir.path);
    ASSERT_TRUE(made && again && opened);
    EXPECT_EQ(made->private_pem, again->private_pem);
    EXPECT_EQ(made->kid, opened->kid);
    struct stat status {};
    ASSERT_EQ(stat((dir.path + "/dev-key.pem").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(dir.path)) names.insert(entry.path().filename());
    EXPECT_EQ(names, (std::set<std::string>{"dev-key.pem", "dev-jwks.json"}));
}

TEST(KeyFile, FollowsChangesAndKeepsTheLastGoodKeys) {
    TempDir dir, other;
    DevKey first = *make_or_open_dev_key(dir.path), second = *make_or_open_dev_key(other.path);
    std::string path = dir.path + "/jwks.json";
    fs::copy_file(first.jwks_file, path);
    auto file = KeyFile::open(path, false);
    ASSERT_TRUE(file);
    EXPECT_NE((*file)->keys().find(first.kid), nullptr);
    auto wait_for = [&](auto&& condition) {
        for (int i = 0; i < 500 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
        return condition();
    };
    std::ofstream(path) << "{\"keys\":";
    EXPECT_TRUE(wait_for([&] { return (*file)->keys().find(first.kid) && !(*file)->warning().empty(); }));
    fs::copy_file(second.jwks_file, path, fs::copy_options::overwrite_existing);
    EXPECT_TRUE(wait_for([&] { return (*file)->keys().find(second.kid) != nullptr; }));
    EXPECT_EQ((*file)->keys().find(first.kid), nullptr);
    EXPECT_EQ((*file)->warning(), "");
    fs::remove(path);
    EXPECT_TRUE(wait_for([&] { return (*file)->keys().find(second.kid) && !(*file)->warning().empty(); }));
}

TEST(KeyFile, MustBeGoodAtFirst) {
    TempDir dir;
    EXPECT_FALSE(KeyFile::open(dir.path + "/nowhere", false));
    EXPECT_FALSE(KeyFile::open(dir.path, false));
    EXPECT_FALSE(KeyFile::open("/dev/zero", false));
    std::ofstream(dir.path + "/bad") << "{}";
    EXPECT_FALSE(KeyFile::open(dir.path + "/bad", false));
}

}  // namespace

}  // namespace proveout
