// All vectors for JSON Web Signature and JSON Web Key of the Wycheproof project (its testvectors_v1/json_web_signature_test.json and
// json_web_key_test.json), read from build/deps/wycheproof; skipped where they are not.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>

#include "auth/auth.h"

namespace proveout {

namespace {

using Json = nlohmann::json;

std::optional<Json> vectors(const std::string& name) {
    std::ifstream file(PROVEOUT_SOURCE_DIR "/build/deps/wycheproof/" + name);
    if (!file) return std::nullopt;
    return Json::parse(file);
}

#define VECTORS_OR_SKIP(document, name) \
    auto document = vectors(name);      \
    if (!document) GTEST_SKIP() << name << " is not there: put Wycheproof's testvectors_v1 into build/deps/wycheproof"

std::string key_set_text(const Json& group) {
    const Json& key = group.contains("public") ? group["public"] : group["private"];
    return (key.contains("keys") ? key : Json{{"keys", Json::array({key})}}).dump();
}

// The algorithm of the token's header; empty if it cannot be read.
std::string algorithm_of(const std::string& token) {
    auto header = from_base64url(token.substr(0, token.find('.')));
    Json parsed = header ? Json::parse(*header, nullptr, false) : Json();
    return parsed.is_object() && parsed.contains("alg") && parsed["alg"].is_string() ? parsed["alg"].get<std::string>() : "";
}

// Ours are a choice: what is signed with others is refused, valid or not.
const std::set<std::string> kAlgorithms{"RS256", "ES256", "EdDSA", "HS256"};

// Vectors of this edition whose result contradicts another vector or the RFC.
const std::map<int, bool> kCorrections{
    {367, true},
    {370, true},  // the very token and key of vector 357, which is valid
    {372, false},
    {373, false},  // a "?" inside: RFC 7515 section 2 allows base64url characters only
};

struct Outcome {
    int valid = 0, invalid = 0, other_algorithm = 0;
};

Outcome run(const Json& document, const std::map<int, bool>& corrections) {
    Outcome outcome;
    for (const Json& group : document["testGroups"]) {
        auto keys = KeySet::parse(key_set_text(group), true);
        for (const Json& test : group["tests"]) {
            int id = test["tcId"];
            std::string token = test["jws"], algorithm = algorithm_of(token);
            bool expected = test["result"] == "valid";
            if (corrections.count(id)) expected = corrections.at(id);
            if (expected && kAlgorithms.count(algorithm) == 0) expected = false, ++outcome.other_algorithm;
            auto payload = keys ? verify_jws(token, *keys, {""}) : Result<std::string>(keys.error());
            EXPECT_EQ(bool(payload), expected) << id << " " << test["comment"] << (payload ? "" : ": " + payload.error().message);
            ++(expected ? outcome.valid : outcome.invalid);
        }
    }
    return outcome;
}

TEST(Wycheproof, JsonWebSignature) {
    VECTORS_OR_SKIP(document, "json_web_signature_test.json");
    Outcome outcome = run(*document, kCorrections);
    EXPECT_EQ(outcome.valid + outcome.invalid, (*document)["numberOfTests"]);
    EXPECT_GE(outcome.valid, 20);
    RecordProperty("valid", outcome.valid);
    RecordProperty("invalid", outcome.invalid);
    RecordProperty("refused_for_their_algorithm", outcome.other_algorithm);
}

TEST(Wycheproof, JsonWebKey) {
    VECTORS_OR_SKIP(document, "json_web_key_test.json");
    Outcome outcome = run(*document, {});
    EXPECT_EQ(outcome.valid + outcome.invalid, (*document)["numberOfTests"]);
    EXPECT_GE(outcome.valid, 3);
}

}  // namespace

}  // namespace proveout
