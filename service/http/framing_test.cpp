// What two HTTP implementations could read in two ways is refused, with an answer, and what follows it is never served (RFC 9112 section
// 11).
#include <gtest/gtest.h>

#include "http/http_test_helpers.h"

namespace proveout {

namespace {

struct Case {
    std::string name, bytes;
    int status = 400;
};

std::string get(const std::string& fields, const std::string& target = "/hello") {
    return "GET " + target + " HTTP/1.1\r\n" + fields + "\r\n";
}
std::string post(const std::string& fields, const std::string& body) {
    return "POST /echo HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + body;
}
std::string chunked(const std::string& body) { return post("Transfer-Encoding: chunked\r\n", body); }

// Behind each case comes a whole request: if it is answered, it was smuggled.
constexpr std::string_view kSmuggled = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";

// Fields of a POST, and its body.
struct BadLength {
    const char *name, *fields, *body;
};
constexpr BadLength kBadLengths[] = {
    {"te_then_cl", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"},
    {"cl_then_te", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"},
    {"cl_zero_and_te", "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"},
    {"te_gzip", "Transfer-Encoding: gzip\r\n", ""},
    {"te_gzip_and_cl", "Transfer-Encoding: gzip\r\nContent-Length: 5\r\n", "12345"},
    {"te_identity", "Transfer-Encoding: identity\r\nContent-Length: 5\r\n", "12345"},
    {"te_gzip_chunked", "Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"},
    {"te_chunked_identity", "Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"},
    {"te_chunked_chunked", "Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"},
    {"te_twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"},
    {"te_xchunked", "Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n", "12345"},
    {"te_chunkedx", "Transfer-Encoding: chunkedx\r\n", "0\r\n\r\n"},
    {"te_quoted", "Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"},
    {"te_with_parameter", "Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n"},
    {"te_vertical_tab",
     "Transfer-Encoding: \x0b"
     "chunked\r\n",
     "0\r\n\r\n"},
    {"te_empty", "Transfer-Encoding: \r\n", "0\r\n\r\n"},
    {"te_space_before_colon", "Transfer-Encoding : chunked\r\n", "0\r\n\r\n"},
    {"te_folded", "Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"},
    {"te_folded_tab", "Transfer-Encoding:\r\n\tchunked\r\nContent-Length: 5\r\n", "12345"},
    {"te_name_with_cr", "Transfer-Encoding\r: chunked\r\n", "0\r\n\r\n"},
    {"cl_twice_equal", "Content-Length: 5\r\nContent-Length: 5\r\n", "12345"},
    {"cl_twice_different", "Content-Length: 5\r\nContent-Length: 6\r\n", "12345"},
    {"cl_list_equal", "Content-Length: 5, 5\r\n", "12345"},
    {"cl_list", "Content-Length: 5, 6\r\n", "12345"},
    {"cl_plus", "Content-Length: +5\r\n", "12345"},
    {"cl_minus", "Content-Length: -5\r\n", "12345"},
    {"cl_hex", "Content-Length: 0x5\r\n", "12345"},
    {"cl_fraction", "Content-Length: 5.0\r\n", "12345"},
    {"cl_exponent", "Content-Length: 5e0\r\n", "12345"},
    {"cl_space_inside", "Content-Length: 1 0\r\n", "12345"},
    {"cl_empty", "Content-Length:\r\n", ""},
    {"cl_letters", "Content-Length: five\r\n", "12345"},
    {"cl_19_digits", "Content-Length: 0000000000000000005\r\n", "12345"},
    {"cl_overflow", "Content-Length: 18446744073709551621\r\n", "12345"},
    {"cl_space_before_colon", "Content-Length : 5\r\n", "12345"},
    {"cl_folded", "Content-Length:\r\n 5\r\n", "12345"},
    {"trailer_field", "Transfer-Encoding: chunked\r\nTrailer: X\r\n", "0\r\n\r\n"},
};

std::vector<Case> length_cases() {
    std::vector<Case> cases;
    for (const auto& [name, fields, body] : kBadLengths) cases.push_back({name, post(fields, body)});
    cases.push_back({"http_1_0_chunked", "POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"});
    cases.push_back({"cl_too_large", post("Content-Length: 999999999999999999\r\n", ""), 413});
    cases.push_back({"get_with_body", get("Host: a\r\nContent-Length: 5\r\n") + "12345", 413});
    return cases;
}

std::vector<Case> chunk_cases() {
    std::vector<Case> cases;
    auto add = [&](const std::string& name, const std::string& body, int status = 400) { cases.push_back({name, chunked(body), status}); };
    add("chunk_size_minus", "-1\r\nx\r\n0\r\n\r\n");
    add("chunk_size_plus", "+1\r\nx\r\n0\r\n\r\n");
    add("chunk_size_0x", "0x1\r\nx\r\n0\r\n\r\n");
    add("chunk_size_empty", "\r\nx\r\n0\r\n\r\n");
    add("chunk_size_letter", "g\r\nx\r\n0\r\n\r\n");
    add("chunk_size_space_first", " 1\r\nx\r\n0\r\n\r\n");
    add("chunk_size_overflow", "10000000000000001\r\nx\r\n0\r\n\r\n");
    add("chunk_size_huge", "ffffffffffffffff\r\nx\r\n0\r\n\r\n");
    add("chunk_bare_lf", "1\nx\r\n0\r\n\r\n");
    add("chunk_data_bare_lf", "1\r\nx\n0\r\n\r\n");
    add("chunk_too_short", "3\r\nab\r\n0\r\n\r\n");
    add("chunk_too_long", "1\r\nabc\r\n0\r\n\r\n");
    add("chunk_no_crlf_after_data", "1\r\nx0\r\n\r\n");
    add("chunk_extension_3MB", "1;" + std::string(3'000'000, 'e') + "\r\nx\r\n0\r\n\r\n");
    add("chunk_extensions_outweigh", [] {
        std::string body;
        for (int i = 0; i < 1000; ++i) body += "1;" + std::string(1000, 'e') + "\r\nx\r\n";
        return body + "0\r\n\r\n";
    }());
    add("trailer_value_70KB", "1\r\nx\r\n0\r\nX: " + std::string(70'000, 't') + "\r\n\r\n");
    add("trailer_name_70KB", "1\r\nx\r\n0\r\n" + std::string(70'000, 't') + ": v\r\n\r\n");
    add("trailers_200000", [] {
        std::string body = "1\r\nx\r\n0\r\n";
        for (int i = 0; i < 200'000; ++i) body += "A: b\r\n";
        return body + "\r\n";
    }());
    add(
        "too_large_in_chunks",
        [] {
            std::string body;
            for (int i = 0; i < 20; ++i) body += "1000\r\n" + std::string(4096, 'x') + "\r\n";
            return body + "0\r\n\r\n";
        }(),
        413);
    add("too_large_in_one_chunk", "fffff0\r\n" + std::string(100'000, 'x'), 413);
    return cases;
}

// Fields behind a sound Host, and targets.
constexpr std::pair<const char*, std::string_view> kBadFields[] = {
    {"folded_field", "X: a\r\n b\r\n"},
    {"folded_empty", "X: a\r\n \r\n"},
    {"second_host", "Host: a\r\n"},
    {"bare_lf_in_field", "X: a\nContent-Length: 5\r\n"},
    {"bare_cr_in_field", "X: a\rb\r\n"},
    {"nul_in_field", {"X: a\0b\r\n", 8}},
    {"control_in_field", "X: a\x01\r\n"},
    {"delete_in_field", "X: a\x7f\r\n"},
    {"no_colon", "Nonsense\r\n"},
    {"empty_name", ": value\r\n"},
    {"space_in_name", "X Y: value\r\n"},
    {"8_bit_name", "X\xe4: value\r\n"},
    {"two_authorizations", "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n"},
    {"two_content_types", "Content-Type: a\r\ncontent-type: a\r\n"},
    {"two_idempotency_keys", "Idempotency-Key: a\r\nIdempotency-Key: b\r\n"},
    {"other_expectation", "Expect: 200-ok\r\n"},
};
constexpr std::pair<const char*, std::string_view> kBadTargets[] = {
    {"nul_in_target", {"/he\0llo", 7}},
    {"bare_cr_in_target", "/he\rllo"},
    {"space_in_target", "/he llo"},
    {"absolute_form", "http://a/hello"},
    {"relative_target", "hello"},
    {"fragment", "/hello#x"},
    {"backslash", "/he\\llo"},
    {"8_bit_target", "/h\xc3\xa4llo"},
    {"dot_segments", "/a/../hello"},
    {"dot_segment", "/./hello"},
    {"encoded_dot_segments", "/a/%2e%2E/hello"},
    {"dot_segments_at_end", "/hello/.."},
    {"empty_segment", "//hello"},
    {"encoded_slash", "/a%2fhello"},
    {"encoded_backslash", "/a%5chello"},
    {"encoded_nul", "/hello%00"},
    {"encoded_line_end", "/hello%0d%0a"},
    {"broken_escape", "/hello%4"},
    {"no_escape", "/hello%zz"},
};
constexpr std::pair<const char*, std::string_view> kBadHeads[] = {
    {"no_host", "GET /hello HTTP/1.1\r\n\r\n"},
    {"host_list", "GET /hello HTTP/1.1\r\nHost: a, b\r\n\r\n"},
    {"host_with_path", "GET /hello HTTP/1.1\r\nHost: a/b\r\n\r\n"},
    {"host_with_user", "GET /hello HTTP/1.1\r\nHost: u@a\r\n\r\n"},
    {"host_with_space", "GET /hello HTTP/1.1\r\nHost: a b\r\n\r\n"},
    {"host_folded", "GET /hello HTTP/1.1\r\nHost: a\r\n b\r\n\r\n"},
    {"host_8_bit", "GET /hello HTTP/1.1\r\nHost: \xc3\xa4\r\n\r\n"},
    {"folded_first_field", "GET /hello HTTP/1.1\r\n Host: a\r\n\r\n"},
    {"bare_lf_lines", "GET /hello HTTP/1.1\nHost: a\n\n"},
    {"lower_case_method", "get /hello HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"long_method", "AAAAAAAAAAAAAAAAAAAAAAAAA /hello HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"no_method", " /hello HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"no_version", "GET /hello\r\nHost: a\r\n\r\n"},
    {"two_spaces", "GET  /hello HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"tab_instead_of_space", "GET\t/hello\tHTTP/1.1\r\nHost: a\r\n\r\n"},
    {"space_at_end_of_line", "GET /hello HTTP/1.1 \r\nHost: a\r\n\r\n"},
    {"version_2_0", "GET /hello HTTP/2.0\r\nHost: a\r\n\r\n"},
    {"version_1_2", "GET /hello HTTP/1.2\r\nHost: a\r\n\r\n"},
    {"version_0_9", "GET /hello HTTP/0.9\r\nHost: a\r\n\r\n"},
    {"version_lower", "GET /hello http/1.1\r\nHost: a\r\n\r\n"},
    {"version_long", "GET /hello HTTP/1.10\r\nHost: a\r\n\r\n"},
    {"http_2_preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
    {"tls_hello", {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11}},
    {"empty_lines_only", "\r\n\r\n\r\n\r\n"},
    {"authority_form", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"asterisk_form", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"},
};

std::vector<Case> head_cases() {
    std::vector<Case> cases;
    for (const auto& [name, fields] : kBadFields) cases.push_back({name, get("Host: a\r\n" + std::string(fields))});
    for (const auto& [name, target] : kBadTargets) cases.push_back({name, get("Host: a\r\n", std::string(target))});
    for (const auto& [name, head] : kBadHeads) cases.push_back({name, std::string(head)});
    std::string fields;
    for (int i = 0; i < 64; ++i) fields += "X: y\r\n";
    cases.push_back({"65_fields", get("Host: a\r\n" + fields)});
    cases.push_back({"head_of_9_KB", get("Host: a\r\nX: " + std::string(9000, 'x') + "\r\n")});
    cases.push_back({"endless_head", "GET /hello HTTP/1.1\r\n" + std::string(100'000, 'x')});
    cases.push_back({"target_of_3_KB", get("Host: a\r\n", "/" + std::string(3000, 'x'))});
    return cases;
}

std::vector<Case> all_cases() {
    std::vector<Case> all = length_cases();
    for (const auto& more : {chunk_cases(), head_cases()}) all.insert(all.end(), more.begin(), more.end());
    return all;
}

class FramingTest : public ::testing::TestWithParam<Case> {};

TestServer& shared_server() {
    static TestServer server;
    return server;
}

}  // namespace

TEST_P(FramingTest, IsRefusedAndNothingBehindItIsServed) {
    TestServer& server = shared_server();
    int descriptors = open_descriptors();
    std::string answer = server.exchange(GetParam().bytes + std::string(kSmuggled));
    EXPECT_EQ(GetParam().status, status_of(answer)) << answer;
    EXPECT_EQ(1, count_of(answer, "\r\nDate: ")) << answer;
    EXPECT_EQ(1, count_of(answer, "Connection: close")) << answer;
    EXPECT_TRUE(eventually([&] { return open_descriptors() <= descriptors; }));
    EXPECT_EQ(200, status_of(server.exchange(kSmuggled)));  // and the server lives
}

INSTANTIATE_TEST_SUITE_P(All, FramingTest, ::testing::ValuesIn(all_cases()), [](const auto& test_case) { return test_case.param.name; });

TEST(FramingTest, ThereAreManyCases) { EXPECT_GE(all_cases().size(), 100u); }

// What is unusual and sound is served.
TEST(FramingTest, SoundRequestsAreServed) {
    TestServer server;
    const std::string hosts[] = {"Host: a:8080", "Host:a", "host: \t a \t", "Host: [::1]:80", "HOST: 127.0.0.1", "Host:"};
    for (const std::string& host : hosts) EXPECT_EQ(200, status_of(server.exchange(get(host + "\r\n")))) << host;
    EXPECT_EQ(200, status_of(server.exchange("GET /hello HTTP/1.0\r\n\r\n")));
    EXPECT_EQ(200, status_of(server.exchange("\r\n" + get("Host: a\r\n"))));
    EXPECT_EQ(200, status_of(server.exchange(get("Host: a\r\nX: \xc3\xa4\r\n"))));
    EXPECT_EQ(200, status_of(server.exchange(get("Host: a\r\nX-Empty:\r\n"))));
    EXPECT_EQ(200, status_of(server.exchange(post("Transfer-Encoding: CHUNKED\r\n", "1\r\nx\r\n0\r\nX: trailer\r\n\r\n"))));
    EXPECT_EQ(200, status_of(server.exchange(post("Content-Length: 0005\r\n", "12345"))));
    EXPECT_EQ(404, status_of(server.exchange("BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n")));
    EXPECT_EQ(404, status_of(server.exchange(get("Host: a\r\n", "/a%20b%C3%A4..c?d=//../%00"))));
}

// A protocol that we do not speak is ignored, and the connection does not go on in doubt.
TEST(FramingTest, UpgradesAreIgnored) {
    TestServer server;
    std::string answer = server.exchange(get("Host: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n") +
                                         std::string(kSmuggled));
    EXPECT_EQ(200, status_of(answer));
    EXPECT_EQ(1, count_of(answer, "HTTP/1.1 "));
    EXPECT_EQ(1, count_of(answer, "Connection: close"));
}

}  // namespace proveout
