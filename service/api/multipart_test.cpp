#include "api/multipart.h"

#include <gtest/gtest.h>

namespace proveout {

namespace {

constexpr const char* kType = "multipart/form-data; boundary=\"x y\"";

std::string form(std::string_view head, std::string_view bytes, std::string_view end = "--\r\n") {
    return "--x y\r\n" + std::string(head) + "\r\n\r\n" + std::string(bytes) + "\r\n--x y" + std::string(end);
}

}  // namespace

TEST(Multipart, TheFileIsFoundWhereItLies) {
    std::string bytes("G1\r\n--x\0\r\n--x ", 15);
    std::string head = "Content-Disposition: form-data; name=\"file\"; filename=\"a \\\"b\\\".nc\"\r\nContent-Type: text/plain";
    std::string body = form(head, bytes);
    auto part = single_file_part(kType, body);
    ASSERT_TRUE(part) << part.error().message;
    EXPECT_EQ(part->bytes, bytes);
    EXPECT_EQ(part->filename, "a \"b\".nc");
    EXPECT_GE(part->bytes.data(), body.data());
    EXPECT_LE(part->bytes.data() + part->bytes.size(), body.data() + body.size());
}

TEST(Multipart, WhatIsNoFormWithOneFileIsRefused) {
    const char* head = "content-disposition: form-data; name=file";
    EXPECT_TRUE(single_file_part(kType, form(head, "x")));
    EXPECT_FALSE(single_file_part("multipart/form-data", form(head, "x")));
    EXPECT_FALSE(single_file_part("multipart/form-data; boundary=" + std::string(71, 'b'), form(head, "x")));
    EXPECT_FALSE(single_file_part(kType, ""));
    EXPECT_FALSE(single_file_part(kType, "--x y--\r\n"));
    EXPECT_FALSE(single_file_part(kType, form("content-disposition: form-data; name=other", "x")));
    EXPECT_FALSE(single_file_part(kType, form(head, "x", "\r\nmore")));
    std::string whole = form(head, "x");
    for (size_t bytes = 0; bytes + 4 < whole.size(); ++bytes) EXPECT_FALSE(single_file_part(kType, whole.substr(0, bytes))) << bytes;
    EXPECT_FALSE(single_file_part(kType, "--x y\r\n" + std::string(5000, 'h') + form(head, "x")));
}

TEST(Multipart, OnlyFormsAreForms) {
    EXPECT_TRUE(is_multipart("Multipart/Form-Data; boundary=1"));
    EXPECT_FALSE(is_multipart("application/octet-stream"));
    EXPECT_FALSE(is_multipart(""));
}

}  // namespace proveout
