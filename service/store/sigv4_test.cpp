#include "store/sigv4.h"

#include <gtest/gtest.h>

#include "domain/clock.h"
#include "files/digest.h"

namespace proveout {

namespace {

// The examples of "Authenticating Requests (AWS Signature Version 4)", Amazon S3 API reference.
const SigV4Keys kKeys{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1"};
const int64_t kTime_ms = *parse_time("2013-05-24T00:00:00Z");
const std::string kHost = "examplebucket.s3.amazonaws.com", kEmpty = sha256_hex("");

std::string signature(const SigV4Request& request) {
    std::string authorization = sign_headers(request, kKeys, kTime_ms)[1].second;
    return authorization.substr(authorization.rfind('=') + 1);
}

}  // namespace

TEST(SigV4, SigningKey) {
    SigV4Keys keys{"", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1", "iam"};
    EXPECT_EQ(hex(signing_key(keys, "20150830")), "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
}

TEST(SigV4, Headers) {
    SigV4Request request{"GET", kHost, "/test.txt", {}, {{"range", "bytes=0-9"}, {"x-amz-content-sha256", kEmpty}}, kEmpty};
    EXPECT_EQ(signature(request), "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    EXPECT_EQ(sign_headers(request, kKeys, kTime_ms)[1].second,
              "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=host;range;"
              "x-amz-content-sha256;x-amz-date,Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    std::string body = sha256_hex("Welcome to Amazon S3.");
    SigV4Request put{
        "PUT",
        kHost,
        "/test$file.text",
        {},
        {{"date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-content-sha256", body}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
        body};
    EXPECT_EQ(signature(put), "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(SigV4, Queries) {
    SigV4Request request{"GET", kHost, "/", {{"lifecycle", ""}}, {{"x-amz-content-sha256", kEmpty}}, kEmpty};
    EXPECT_EQ(signature(request), "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
    request.query = {{"prefix", "J"}, {"max-keys", "2"}};
    EXPECT_EQ(signature(request), "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(SigV4, Presigned) {
    SigV4Request request{"GET", kHost, "/test.txt", {}, {}, ""};
    EXPECT_EQ(
        presigned_query(request, kKeys, kTime_ms, 86400),
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date="
        "20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature="
        "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

}  // namespace proveout
