// GLB checked against the rules of glTF 2.0 by a reader of its own.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "mesh/test_bodies.h"
#include "proveout/mesh.h"

namespace proveout {
namespace {

using Json = nlohmann::json;

Mesh two_coloured_part() {
    Solid box;
    box.dims_mm = {20, 10, 5};
    auto builder = PartBuilder::create(box, 0.5, 1e9);
    Sweep slot;
    slot.from = {-5, 4.2, 3}, slot.to = {25, 4.2, 3}, slot.colour = 7;
    builder->cut(std::vector{test::assembly_of(test::flat(1.5, 10))}, {&slot, 1}, {});
    return *builder->build(1000, {});
}

uint32_t word_at(const std::string& bytes, size_t at) {
    uint32_t word;
    std::memcpy(&word, bytes.data() + at, 4);
    return word;
}

std::array<float, 3> vector_at(std::string_view bin, size_t at) {
    std::array<float, 3> v;
    std::memcpy(v.data(), bin.data() + at, 12);
    return v;
}

struct Glb {
    Json json;
    std::string bin;
};

// Container rules: 12-byte header, length, chunks of whole 4 bytes, JSON padded with spaces.
Glb open_glb(const std::string& bytes) {
    EXPECT_EQ(word_at(bytes, 0), 0x46546C67u);
    EXPECT_EQ(word_at(bytes, 4), 2u);
    EXPECT_EQ(word_at(bytes, 8), bytes.size());
    EXPECT_EQ(bytes.size() % 4, 0u);
    size_t json_bytes = word_at(bytes, 12);
    EXPECT_EQ(json_bytes % 4, 0u);
    EXPECT_EQ(word_at(bytes, 16), 0x4E4F534Au);
    Glb glb{Json::parse(bytes.substr(20, json_bytes)), ""};
    size_t at = 20 + json_bytes;
    if (at == bytes.size()) return glb;
    EXPECT_EQ(word_at(bytes, at) % 4, 0u);
    EXPECT_EQ(word_at(bytes, at + 4), 0x004E4942u);
    glb.bin = bytes.substr(at + 8);
    EXPECT_EQ(glb.bin.size(), word_at(bytes, at));
    return glb;
}

void check_accessor(const Glb& glb, const Json& accessor, size_t& at) {
    const Json& view = glb.json["bufferViews"][accessor["bufferView"].get<size_t>()];
    EXPECT_EQ(accessor["componentType"], 5126);
    EXPECT_EQ(accessor["type"], "VEC3");
    size_t inner = accessor.value("byteOffset", 0), count = accessor["count"];
    EXPECT_EQ(inner % 4, 0u);
    EXPECT_LE(inner + 12 * count, view["byteLength"].get<size_t>());
    EXPECT_LE(view["byteOffset"].get<size_t>() + view["byteLength"].get<size_t>(), glb.bin.size());
    at = view["byteOffset"].get<size_t>() + inner;
}

TEST(Glb, FollowsTheFormat) {
    Mesh mesh = two_coloured_part();
    std::vector<std::array<float, 3>> palette(8, {0.5f, 0.5f, 0.5f});
    palette[7] = {0.8f, 0.1f, 0.2f};
    std::string bytes = to_glb(mesh, palette);
    EXPECT_EQ(bytes, to_glb(mesh, palette));
    Glb glb = open_glb(bytes);
    EXPECT_EQ(glb.json["asset"]["version"], "2.0");
    EXPECT_EQ(glb.json["buffers"][0]["byteLength"], glb.bin.size());
    const Json& node = glb.json["nodes"][0];
    EXPECT_EQ(node["scale"], Json({0.001, 0.001, 0.001}));
    double norm = 0;
    for (double q : node["rotation"]) norm += q * q;
    EXPECT_NEAR(norm, 1, 1e-12);
    const Json& primitives = glb.json["meshes"][0]["primitives"];
    ASSERT_EQ(primitives.size(), 2u);
    size_t corners = 0;
    for (const Json& primitive : primitives) {
        size_t positions = 0, normals = 0;
        const Json& position = glb.json["accessors"][primitive["attributes"]["POSITION"].get<size_t>()];
        const Json& normal = glb.json["accessors"][primitive["attributes"]["NORMAL"].get<size_t>()];
        check_accessor(glb, position, positions);
        check_accessor(glb, normal, normals);
        size_t count = position["count"];
        EXPECT_EQ(count, normal["count"]);
        EXPECT_EQ(count % 3, 0u);
        corners += count;
        std::array<float, 3> low{1e9f, 1e9f, 1e9f}, high{-1e9f, -1e9f, -1e9f};
        for (size_t i = 0; i < count; ++i) {
            auto p = vector_at(glb.bin, positions + 12 * i), n = vector_at(glb.bin, normals + 12 * i);
            for (int a = 0; a < 3; ++a) low[a] = std::min(low[a], p[a]), high[a] = std::max(high[a], p[a]);
            EXPECT_NEAR(std::sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]), 1, 1e-5);
        }
        EXPECT_EQ(position["min"], Json(low));
        EXPECT_EQ(position["max"], Json(high));
    }
    EXPECT_EQ(corners, 3 * mesh.triangles.size());
    EXPECT_EQ(glb.json["materials"][1]["name"], "tool slot 7");
    EXPECT_FLOAT_EQ(glb.json["materials"][1]["pbrMetallicRoughness"]["baseColorFactor"][0], 0.8f);
}

TEST(Glb, EmptyPartIsAnEmptyScene) {
    Glb glb = open_glb(to_glb({}, {}));
    EXPECT_EQ(glb.json["scenes"].size(), 1u);
    EXPECT_FALSE(glb.json.contains("meshes"));
    EXPECT_TRUE(glb.bin.empty());
}

TEST(Stl, HeaderIsFixedAndNormalsAreUnit) {
    Mesh mesh = two_coloured_part();
    std::string bytes = to_stl(mesh);
    EXPECT_EQ(bytes.size(), 84 + 50 * mesh.triangles.size());
    EXPECT_EQ(bytes, to_stl(mesh));
    EXPECT_NE(bytes.substr(0, 5), "solid");
    for (size_t t = 0; t < mesh.triangles.size(); ++t) {
        auto n = vector_at(bytes, 84 + 50 * t);
        EXPECT_NEAR(std::sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]), 1, 1e-5);
    }
}

}  // namespace
}  // namespace proveout
