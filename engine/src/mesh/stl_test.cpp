#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "proveout/mesh.h"

namespace proveout {
namespace {

using Corner = std::array<float, 3>;
using Facet = std::array<Corner, 3>;

// The 12 triangles of a box from `low` to `high`.
std::vector<Facet> box_facets(Corner low, Corner high) {
    auto p = [&](int i) { return Corner{i & 1 ? high[0] : low[0], i & 2 ? high[1] : low[1], i & 4 ? high[2] : low[2]}; };
    const int quads[6][4] = {{0, 2, 3, 1}, {4, 5, 7, 6}, {0, 1, 5, 4}, {2, 6, 7, 3}, {0, 4, 6, 2}, {1, 3, 7, 5}};
    std::vector<Facet> facets;
    for (auto& q : quads) {
        facets.push_back({p(q[0]), p(q[1]), p(q[2])});
        facets.push_back({p(q[0]), p(q[2]), p(q[3])});
    }
    return facets;
}

std::string binary_stl(const std::vector<Facet>& facets, std::string_view header = "") {
    std::string bytes(header);
    bytes.resize(80);
    uint32_t count = static_cast<uint32_t>(facets.size());
    bytes.append(reinterpret_cast<const char*>(&count), 4);
    for (const Facet& f : facets) {
        bytes.append(12, '\0');
        bytes.append(reinterpret_cast<const char*>(&f), 36);
        bytes.append(2, '\x7f');  // attribute bytes mean nothing
    }
    return bytes;
}

std::string ascii_stl(const std::vector<Facet>& facets, std::string_view newline = "\n") {
    std::string text = "solid a name with words" + std::string(newline);
    for (const Facet& f : facets) {
        text += "  facet normal nan 0 1e99" + std::string(newline) + " outer loop" + std::string(newline);
        for (const Corner& c : f)
            text += "   VERTEX " + std::to_string(c[0]) + " +" + std::to_string(c[1]) + " " + std::to_string(c[2]) + std::string(newline);
        text += " endloop endfacet" + std::string(newline);
    }
    return text + "endsolid a name" + std::string(newline);
}

void expect_refused(const std::string& bytes, std::string_view part_of_message) {
    auto read = read_stl(bytes);
    ASSERT_FALSE(read.ok()) << "expected: " << part_of_message;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalidInput);
    EXPECT_NE(read.error().message.find(part_of_message), std::string::npos) << read.error().message;
}

TEST(ReadStl, BinaryAndAsciiAreTheSameMesh) {
    auto facets = box_facets({0, 0, 0}, {10, 20, 2.5f});
    for (const std::string& bytes : {binary_stl(facets), binary_stl(facets, "solid like many exporters write"), ascii_stl(facets),
                                     ascii_stl(facets, "\r\n"), "\xEF\xBB\xBF" + ascii_stl(facets)}) {
        auto read = read_stl(bytes);
        ASSERT_TRUE(read.ok()) << read.error().message;
        EXPECT_EQ(read->size(), 12u);
        std::string why;
        EXPECT_TRUE(is_closed(*read, &why)) << why;
        EXPECT_DOUBLE_EQ(signed_volume_mm3(*read), 500);
    }
}

TEST(ReadStl, SeveralAsciiSolidsAreOneMesh) {
    auto read = read_stl(ascii_stl(box_facets({0, 0, 0}, {1, 1, 1})) + ascii_stl(box_facets({5, 0, 0}, {7, 1, 1})));
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_DOUBLE_EQ(signed_volume_mm3(*read), 3);
}

TEST(ReadStl, TrianglesWithTwoEqualCornersAreLeftOut) {
    auto facets = box_facets({0, 0, 0}, {1, 1, 1});
    facets.push_back({Corner{0, 0, 0}, Corner{0, 0, 0}, Corner{1, 0, 0}});
    auto read = read_stl(binary_stl(facets));
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(read->size(), 12u);
    EXPECT_TRUE(is_closed(*read, nullptr));
}

TEST(ReadStl, LyingHeaders) {
    std::string bytes = binary_stl(box_facets({0, 0, 0}, {1, 1, 1}));
    auto with_count = [&](uint32_t count) {
        std::string changed = bytes;
        std::memcpy(changed.data() + 80, &count, 4);
        return changed;
    };
    expect_refused(with_count(0xFFFFFFFF), "states 4294967295 triangles");
    expect_refused(with_count(11), "states 11 triangles");
    expect_refused(with_count(13), "states 13 triangles");
    expect_refused(with_count(0xFFFFFFFF).substr(0, 84), "states 4294967295 triangles");
    expect_refused(bytes.substr(0, bytes.size() - 1), "truncated");
    expect_refused(binary_stl({}), "no triangles");
    // 50 * count that overflows 32 bits to the file's size.
    expect_refused(with_count(12 + 0x80000000u), "states");
    std::string solid = with_count(13);
    solid.replace(0, 5, "solid");
    expect_refused(solid, "states 13");
}

TEST(ReadStl, NumbersThatAreNone) {
    for (float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 1e38f, -2e6f}) {
        auto facets = box_facets({0, 0, 0}, {1, 1, 1});
        facets[3][1][2] = bad;
        expect_refused(binary_stl(facets), "triangle 4 has a coordinate");
    }
    std::string text = ascii_stl(box_facets({0, 0, 0}, {1, 1, 1}));
    for (std::string bad : {"nan", "inf", "1e38", "1e999", "-1e7"}) {
        std::string changed = text;
        changed.replace(changed.find("0.000000"), 8, bad);
        expect_refused(changed, "triangle 1 has a coordinate");
    }
    std::string denormal = text;
    denormal.replace(denormal.find("0.000000"), 8, "1e-42");
    EXPECT_TRUE(read_stl(denormal).ok());
}

TEST(ReadStl, BadText) {
    std::string text = ascii_stl(box_facets({0, 0, 0}, {1, 1, 1}));
    expect_refused("", "empty");
    expect_refused("hello", "neither ASCII");
    expect_refused("solid", "truncated");
    expect_refused("solid x\nendsolid x\n", "no triangles");
    expect_refused(text.substr(0, text.size() / 2), "truncated");
    expect_refused(text.substr(0, text.find("endsolid")), "truncated");
    expect_refused(text + "more", "where 'solid' belongs");
    expect_refused(std::string("solid x\nfacet normal 0 0 1\nouter loop\nvertex 1 2 ") + std::string(1 << 20, '7'),
                   "where 'a number' belongs");
    expect_refused("solid x\nfacet normal 0 0 1\nouter loop\nvertex 1 2 0x3", "line 4");
    EXPECT_TRUE(read_stl("solid " + std::string(100000, 'n') + text.substr(text.find('\n'))).ok());
}

TEST(ReadStl, MoreThanFiveMillionTriangles) {
    std::string bytes(84 + 50ull * 5'000'001, '\0');
    uint32_t count = 5'000'001;
    std::memcpy(bytes.data() + 80, &count, 4);
    expect_refused(bytes, "5 million");
}

TEST(IsClosed, NamesTheFault) {
    auto triangles = *read_stl(binary_stl(box_facets({0, 0, 0}, {1, 1, 1})));
    std::string why;
    auto hole = triangles;
    hole.pop_back();
    EXPECT_FALSE(is_closed(hole, &why));
    EXPECT_NE(why.find("hole"), std::string::npos) << why;
    auto flipped = triangles;
    std::swap(flipped[0].a, flipped[0].b);
    EXPECT_FALSE(is_closed(flipped, &why));
    EXPECT_NE(why.find("orientation"), std::string::npos) << why;
    auto twice = triangles;
    twice.push_back(triangles[0]);
    EXPECT_FALSE(is_closed(twice, &why));
    EXPECT_NE(why.find("belongs to 3"), std::string::npos) << why;
    EXPECT_FALSE(is_closed({}, &why));
    for (Triangle& t : triangles) std::swap(t.a, t.b);
    EXPECT_TRUE(is_closed(triangles, &why));
    EXPECT_DOUBLE_EQ(signed_volume_mm3(triangles), -1);  // inside out: closed, but encloses no volume
}

}  // namespace
}  // namespace proveout
