#include "http/message/head.h"

#include <gtest/gtest.h>

#include "http/message/parser.h"
#include "http/message/response.h"

namespace proveout {

TEST(HeadTest, TheEndIsFoundHoweverTheBytesCome) {
    const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n", more = head + "body\n\0";
    for (size_t cut = 0; cut < head.size(); ++cut) {
        EXPECT_EQ(0u, find_head_end(std::string_view(more).substr(0, cut), 0).end);
        HeadEnd found = find_head_end(more, cut);
        EXPECT_EQ(head.size(), found.end) << cut;
        EXPECT_TRUE(found.fault.empty());
    }
}

TEST(HeadTest, BareLineEndsAndZerosAreFaultsAtOnce) {
    for (std::string_view bytes : {std::string_view("G\n"), std::string_view("G\rX"), std::string_view("\n"), std::string_view("G\0", 2)})
        EXPECT_FALSE(find_head_end(bytes, 0).fault.empty());
    EXPECT_TRUE(find_head_end("G\r", 0).fault.empty());
    EXPECT_FALSE(find_head_end("G\rX", 2).fault.empty());
}

TEST(HeadTest, FramingIsRead) {
    HttpLimits limits;
    auto framing = scan_head("POST /a?b HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 123\r\n\r\n", limits);
    ASSERT_TRUE(framing.ok());
    EXPECT_EQ(123, framing->content_length);
    EXPECT_TRUE(framing->has_body() && framing->expects_continue && framing->keep_alive && !framing->chunked);
    framing = scan_head("GET / HTTP/1.1\r\nHost: a\r\nConnection: a, Close\r\n\r\n", limits);
    ASSERT_TRUE(framing.ok());
    EXPECT_FALSE(framing->keep_alive || framing->has_body());
    EXPECT_FALSE(scan_head("GET / HTTP/1.1\r\nHost: a\r\n\r\nX", limits).ok());
    EXPECT_FALSE(scan_head("GET / HTTP/1.1\r\nHost: a\r\n", limits).ok());
    EXPECT_FALSE(scan_head("", limits).ok());
}

TEST(HeadTest, TargetsAreSplitAndDecodedOnce) {
    HttpLimits limits;
    auto target = read_target("/a%20b/%25?c=%2F..", limits);
    ASSERT_TRUE(target.ok());
    EXPECT_EQ("/a b/%", target->path);
    EXPECT_EQ("c=%2F..", target->query);
    EXPECT_EQ("/", read_target("/", limits)->path);
    EXPECT_EQ("/a/", read_target("/a/?", limits)->path);
    for (std::string_view bad : {"", "a", "/..", "/a/./b", "//", "/a//b", "/%2e", "/%", "/%0", "/%g0", "/a%2Fb", "/a b", "/%7f", "*"})
        EXPECT_FALSE(read_target(bad, limits).ok()) << bad;
}

TEST(TextTest, PercentDecoding) {
    EXPECT_EQ("a b+c", percent_decode("a+b%2Bc", true));
    EXPECT_EQ("a+b", percent_decode("a+b", false));
    EXPECT_EQ("\xff", percent_decode("%fF", false));
    for (std::string_view bad : {"%", "%1", "%x1", "%1x", "ab%"}) EXPECT_FALSE(percent_decode(bad, false)) << bad;
}

TEST(TextTest, QueryValues) {
    HttpRequest request;
    request.query = "a=1&b=x%20y+z&c&=d&a=2&bad=%";
    EXPECT_EQ("1", request.query_value("a"));
    EXPECT_EQ("x y z", request.query_value("b"));
    EXPECT_EQ("", request.query_value("c"));
    EXPECT_FALSE(request.query_value("d"));
    EXPECT_FALSE(request.query_value("bad"));
    request.headers = {{"x", "1"}, {"x", "2"}};
    EXPECT_EQ("1", request.header("x"));
    EXPECT_EQ("", request.header("y"));
}

TEST(TextTest, EventsOnTheWire) {
    EXPECT_EQ("id: 7\nevent: progress\ndata: {\"a\":1}\n\n", sse_event(7, "progress", "{\"a\":1}"));
    EXPECT_EQ("id: 7\nevent: x\ndata: a\ndata: \ndata: b\n\n", sse_event(7, "x", "a\r\n\nb"));
}

TEST(ResponseTest, HeadsOfResponses) {
    HttpResponse response;
    response.status = 202;
    response.headers = {{"Location", "/a\r\nEvil: b\x7f"}};
    std::string head = response_head(response, BodyForm::kLength, 12, false);
    EXPECT_TRUE(head.starts_with("HTTP/1.1 202 Accepted\r\nDate: "));
    EXPECT_NE(std::string::npos, head.find(" GMT\r\nContent-Type: application/json\r\nContent-Length: 12\r\nLocation: /a  Evil: b \r\n"));
    EXPECT_TRUE(head.ends_with("Connection: close\r\n\r\n"));
    response.status = 304;
    head = response_head(response, BodyForm::kLength, 0, true);
    EXPECT_EQ(std::string::npos, head.find("Content-"));
    EXPECT_EQ(std::string::npos, head.find("Connection"));
    EXPECT_EQ("5\r\nhello\r\n", as_chunk("hello"));
    EXPECT_EQ("Not Found", status_text(404));
}

// A body is the same however its bytes come.
TEST(ParserTest, ChunksOverEveryCut) {
    HttpLimits limits;
    const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    const std::string body = "3\r\nabc\r\n00a;x=\"y\"\r\n0123456789\r\n0\r\nX: y\r\n\r\n";
    for (size_t cut = 0; cut <= body.size(); ++cut) {
        MessageParser parser(limits);
        HttpRequest request;
        ASSERT_TRUE(parser.head(head, *scan_head(head, limits), request).ok());
        std::string out, waiting = body.substr(0, cut);
        MessageParser::Fed fed = parser.body(waiting, out);
        ASSERT_TRUE(fed.fault.empty());
        ASSERT_EQ(cut == body.size(), fed.done);
        waiting = body.substr(fed.used) + "next";
        if (!fed.done) fed = parser.body(waiting, out), waiting = waiting.substr(fed.used);
        EXPECT_TRUE(fed.done);
        EXPECT_EQ("next", waiting);
        EXPECT_EQ("abc0123456789", out) << cut;
    }
}

}  // namespace proveout
