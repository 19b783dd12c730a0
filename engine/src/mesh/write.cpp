// Mesh files: binary STL, and GLB (glTF 2.0) with one primitive per colour slot.
#include <algorithm>
#include <charconv>

#include "proveout/mesh.h"

namespace proveout {

namespace {

static_assert(sizeof(float) == 4, "both formats hold IEEE 754 floats");

constexpr std::string_view kStlHeader = "proveout part, units mm";  // must not begin with "solid"
constexpr std::array<float, 3> kUnknownColour{0.5f, 0.5f, 0.5f};    // for slots beyond the palette

template <class T>
void put(std::string& out, const T& value) {
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

std::array<float, 3> facet_normal(const Mesh& mesh, const std::array<uint32_t, 3>& t) {
    auto point = [&](uint32_t v) { return Vec3{mesh.vertices[v][0], mesh.vertices[v][1], mesh.vertices[v][2]}; };
    Vec3 n = cross(point(t[1]) - point(t[0]), point(t[2]) - point(t[0]));
    double size = length(n);
    if (!(size > 0)) return {0, 0, 1};
    return {static_cast<float>(n.x / size), static_cast<float>(n.y / size), static_cast<float>(n.z / size)};
}

// Triangles of one colour, as corners without sharing (flat shading needs a normal per face).
struct Primitive {
    int slot;
    std::vector<uint32_t> triangles;
    std::array<float, 3> low{}, high{};
};

std::vector<Primitive> primitives_of(const Mesh& mesh) {
    std::vector<Primitive> all;
    std::array<int, 256> index;
    index.fill(-1);
    for (uint32_t t = 0; t < mesh.triangles.size(); ++t) index[mesh.colour.empty() ? 0 : mesh.colour[t]] = 0;
    for (int slot = 0; slot < 256; ++slot)
        if (index[slot] >= 0) index[slot] = static_cast<int>(all.size()), all.push_back({slot, {}});
    for (uint32_t t = 0; t < mesh.triangles.size(); ++t) all[index[mesh.colour.empty() ? 0 : mesh.colour[t]]].triangles.push_back(t);
    for (Primitive& p : all) {
        p.low = p.high = mesh.vertices[mesh.triangles[p.triangles[0]][0]];
        for (uint32_t t : p.triangles)
            for (uint32_t v : mesh.triangles[t])
                for (int a = 0; a < 3; ++a)
                    p.low[a] = std::min(p.low[a], mesh.vertices[v][a]), p.high[a] = std::max(p.high[a], mesh.vertices[v][a]);
    }
    return all;
}

// The shortest text that is the very float, also for readers that compare bounds as doubles.
std::string triple(const std::array<float, 3>& v) {
    std::string text = "[";
    for (int a = 0; a < 3; ++a) {
        char digits[32];
        text.append(digits, std::to_chars(digits, digits + sizeof digits, static_cast<double>(v[a])).ptr);
        text += a < 2 ? ',' : ']';
    }
    return text;
}

// Accessors 2i and 2i + 1 are positions and normals of primitive i; buffer view 0 holds all positions, 1 all normals.
std::string scene_json(const std::vector<Primitive>& primitives, const std::vector<std::array<float, 3>>& palette, size_t view_bytes) {
    std::string primitive_list, material_list, accessor_list;
    size_t offset = 0;
    for (size_t i = 0; i < primitives.size(); ++i) {
        const Primitive& p = primitives[i];
        const char* comma = i ? "," : "";
        std::string count = std::to_string(3 * p.triangles.size()), at = std::to_string(offset), n = std::to_string(2 * i);
        primitive_list += comma + std::string("{\"attributes\":{\"POSITION\":") + n + ",\"NORMAL\":" + std::to_string(2 * i + 1) +
                          "},\"material\":" + std::to_string(i) + ",\"mode\":4}";
        std::array<float, 3> c = p.slot < static_cast<int>(palette.size()) ? palette[p.slot] : kUnknownColour;
        std::string rgb = triple(c);
        rgb.back() = ',';
        material_list += comma + std::string("{\"name\":\"") + (p.slot ? "tool slot " + std::to_string(p.slot) : "uncut stock") +
                         "\",\"pbrMetallicRoughness\":{\"baseColorFactor\":" + rgb + "1],\"metallicFactor\":0.2,\"roughnessFactor\":0.6}}";
        std::string common = ",\"byteOffset\":" + at + ",\"componentType\":5126,\"count\":" + count + ",\"type\":\"VEC3\"";
        accessor_list += comma + std::string("{\"bufferView\":0") + common + ",\"min\":" + triple(p.low) + ",\"max\":" + triple(p.high) +
                         "},{\"bufferView\":1" + common + "}";
        offset += 36 * p.triangles.size();
    }
    std::string json = "{\"asset\":{\"version\":\"2.0\",\"generator\":\"proveout\"},\"scene\":0,";
    // An empty part is an empty scene: glTF has no empty meshes.
    if (primitives.empty()) return json + "\"scenes\":[{}]}";
    std::string view = std::to_string(view_bytes);
    // Millimetres, Z up -> metres, Y up: scale 0.001 and a quarter turn about X.
    return json +
           "\"scenes\":[{\"nodes\":[0]}],\"nodes\":[{\"name\":\"part\",\"mesh\":0,\"scale\":[0.001,0.001,0.001],"
           "\"rotation\":[-0.70710678118654757,0,0,0.70710678118654757]}],\"meshes\":[{\"name\":\"part\",\"primitives\":[" +
           primitive_list + "]}],\"materials\":[" + material_list + "],\"accessors\":[" + accessor_list +
           "],\"bufferViews\":[{\"buffer\":0,\"byteOffset\":0,\"byteLength\":" + view +
           ",\"target\":34962},{\"buffer\":0,\"byteOffset\":" + view + ",\"byteLength\":" + view +
           ",\"target\":34962}],\"buffers\":[{\"byteLength\":" + std::to_string(2 * view_bytes) + "}]}";
}

}  // namespace

std::string to_stl(const Mesh& mesh) {
    std::string out(kStlHeader);
    out.resize(80);
    out.reserve(84 + 50 * mesh.triangles.size());
    put(out, static_cast<uint32_t>(mesh.triangles.size()));
    for (const auto& t : mesh.triangles) {
        put(out, facet_normal(mesh, t));
        for (uint32_t v : t) put(out, mesh.vertices[v]);
        put(out, uint16_t{0});
    }
    return out;
}

std::string to_glb(const Mesh& mesh, const std::vector<std::array<float, 3>>& palette) {
    std::vector<Primitive> primitives = primitives_of(mesh);
    size_t view_bytes = 36 * mesh.triangles.size();  // a multiple of 4, as accessors and chunks want it
    std::string json = scene_json(primitives, palette, view_bytes);
    json.resize((json.size() + 3) / 4 * 4, ' ');
    bool has_data = !mesh.triangles.empty();
    size_t total = 12 + 8 + json.size() + (has_data ? 8 + 2 * view_bytes : 0);
    std::string out;
    out.reserve(total);
    for (uint32_t word : {0x46546C67u, 2u, static_cast<uint32_t>(total), static_cast<uint32_t>(json.size()), 0x4E4F534Au}) put(out, word);
    out += json;
    if (!has_data) return out;
    for (uint32_t word : {static_cast<uint32_t>(2 * view_bytes), 0x004E4942u}) put(out, word);
    for (const Primitive& p : primitives)
        for (uint32_t t : p.triangles)
            for (uint32_t v : mesh.triangles[t]) put(out, mesh.vertices[v]);
    for (const Primitive& p : primitives)
        for (uint32_t t : p.triangles) {
            std::array<float, 3> n = facet_normal(mesh, mesh.triangles[t]);
            for (int corner = 0; corner < 3; ++corner) put(out, n);
        }
    return out;
}

}  // namespace proveout
