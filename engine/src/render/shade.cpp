#include "render/shade.h"

#include "proveout/frame.h"

namespace proveout {

namespace {

Vec3 unit(Vec3 v) { return (1 / length(v)) * v; }

float smooth(float low, float high, float x) {
    float k = std::clamp((x - low) / (high - low), 0.0f, 1.0f);
    return k * k * (3 - 2 * k);
}

constexpr int kCodes = 4096;

std::array<uint8_t, kCodes + 1> coding_table() {
    std::array<uint8_t, kCodes + 1> table;
    for (int i = 0; i <= kCodes; ++i) {
        double c = static_cast<double>(i) / kCodes;
        double coded = c <= 0.0031308 ? 12.92 * c : 1.055 * std::pow(c, 1 / 2.4) - 0.055;
        table[i] = static_cast<uint8_t>(std::lround(255 * coded));
    }
    return table;
}

// Muted, so that red stays free for collisions and grey for uncut metal.
constexpr std::array<std::array<float, 3>, 9> kPalette{{{0.56f, 0.57f, 0.585f},
                                                        {0.115f, 0.330f, 0.560f},
                                                        {0.760f, 0.400f, 0.075f},
                                                        {0.160f, 0.430f, 0.205f},
                                                        {0.330f, 0.225f, 0.600f},
                                                        {0.085f, 0.450f, 0.460f},
                                                        {0.620f, 0.270f, 0.400f},
                                                        {0.440f, 0.430f, 0.110f},
                                                        {0.430f, 0.250f, 0.135f}}};

}  // namespace

std::array<float, 3> palette_colour(int slot) {
    return slot <= 0 ? kPalette[0] : kPalette[1 + (slot - 1) % (kPalette.size() - 1)];
}

Material stock_material(int slot) {
    std::array<float, 3> c = palette_colour(slot);
    return {{c[0], c[1], c[2]}, slot <= 0 ? 0.10f : 0.14f, 0};
}

Studio make_studio(const Camera& camera) {
    Vec3 back = unit({-camera.forward.x, -camera.forward.y, 0});  // level, towards the camera
    Vec3 up{0, 0, 1};
    Vec3 view = -1 * camera.forward;
    Vec3 key = unit(-0.62 * camera.right + 0.95 * up + 0.32 * back);
    Vec3 fill = unit(0.85 * camera.right + 0.30 * up + 0.45 * back);
    auto strip = [&](double angle_deg) {
        double a = angle_deg * kPi / 180;
        return normal_of(std::cos(a) * back + std::sin(a) * camera.right);
    };
    return {normal_of(key), normal_of(fill), normal_of(unit(key + view)), normal_of(view), strip(-62), strip(84)};
}

Rgb shade(const Studio& studio, const Material& material, Normal n, float occlusion) {
    float key = std::max(0.0f, dot(n, studio.key));
    float fill = std::max(0.0f, dot(n, studio.fill));
    float sky = 0.5f + 0.5f * n.z;
    float diffuse = occlusion * (0.14f + 0.30f * sky + 0.13f * fill) + (0.35f + 0.65f * occlusion) * 0.78f * key;
    float h = std::max(0.0f, dot(n, studio.half));
    float h2 = h * h, h4 = h2 * h2, h8 = h4 * h4, h16 = h8 * h8;
    float highlight = occlusion * material.gloss * h16 * h8;
    Rgb colour = diffuse * material.albedo + highlight * Rgb{1, 1, 1};
    if (material.mirror <= 0) return colour;
    // What a polished surface reflects: a dark room with a bright ceiling and a tall soft box on each side.
    float nv = 2 * dot(n, studio.view);
    Normal r{nv * n.x - studio.view.x, nv * n.y - studio.view.y, nv * n.z - studio.view.z};
    float level = std::sqrt(std::max(r.x * r.x + r.y * r.y, 1e-9f));
    float ceiling = smooth(-0.10f, 0.70f, r.z);
    float left = smooth(0.70f, 0.97f, dot(r, studio.strip_left) / level), right = smooth(0.84f, 0.98f, dot(r, studio.strip_right) / level);
    float behind = smooth(0.60f, 1.0f, -dot(r, studio.view));  // the far wall, at the rims
    float room = 0.10f + 0.52f * ceiling + (1 - ceiling) * (0.95f * left + 0.42f * right + 0.16f * behind);
    return mix(colour, room * mix(material.albedo, {1, 1, 1}, 0.18f), material.mirror);
}

uint32_t encode(Rgb colour) {
    static const std::array<uint8_t, kCodes + 1> table = coding_table();
    auto code = [](float c) { return static_cast<uint32_t>(table[static_cast<int>(std::clamp(c, 0.0f, 1.0f) * kCodes + 0.5f)]); };
    return code(colour.r) << 16 | code(colour.g) << 8 | code(colour.b);
}

}  // namespace proveout
