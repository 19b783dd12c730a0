// shade.h -- light, materials and colour coding of all pictures.
#pragma once

#include <array>
#include <cstdint>

#include "render/camera.h"

namespace proveout {

struct Rgb {
    float r = 0, g = 0, b = 0;  // linear, 0..1
};
inline Rgb operator*(float k, Rgb c) { return {k * c.r, k * c.g, k * c.b}; }
inline Rgb operator+(Rgb a, Rgb b) { return {a.r + b.r, a.g + b.g, a.b + b.b}; }
inline Rgb mix(Rgb a, Rgb b, float k) { return {a.r + k * (b.r - a.r), a.g + k * (b.g - a.g), a.b + k * (b.b - a.b)}; }

struct Normal {
    float x, y, z;
};
inline Normal normal_of(Vec3 v) { return {static_cast<float>(v.x), static_cast<float>(v.y), static_cast<float>(v.z)}; }
inline float dot(Normal a, Normal b) { return a.x * b.x + a.y * b.y + a.z * b.z; }

struct Material {
    Rgb albedo;
    float gloss = 0;   // strength of the highlight
    float mirror = 0;  // share of the reflected studio (metal)
};

// The studio: a key light from the left above the camera, a fill light from the right, a bright ceiling. All directions unit, set-up frame.
struct Studio {
    Normal key, fill, half, view;  // half: between key and view; view: towards the camera
    Normal strip_left, strip_right;  // level, where tall soft boxes stand that polished metal reflects
};
Studio make_studio(const Camera& camera);

// occlusion: 1 open, 0 closed.
Rgb shade(const Studio& studio, const Material& material, Normal n, float occlusion);

// sRGB-coded 0x00RRGGBB.
uint32_t encode(Rgb colour);
inline uint32_t blend(uint32_t under, uint32_t over, int alpha_256) {  // alpha_256 0..256
    // Red and blue in one multiplication, green in another; no carry can cross.
    uint32_t k = static_cast<uint32_t>(alpha_256), j = 256 - k;
    uint32_t rb = ((under & 0xff00ff) * j + (over & 0xff00ff) * k + 0x800080) >> 8 & 0xff00ff;
    uint32_t g = ((under & 0x00ff00) * j + (over & 0x00ff00) * k + 0x008000) >> 8 & 0x00ff00;
    return rb | g;
}

// Colours of uncut stock (slot 0) and of faces cut by the tool of a slot (1...), linear.
Material stock_material(int slot);

// BT.709, limited range, of coded values.
inline uint8_t luma_of(uint32_t rgb) {
    // 16 + 219 (0.2126 R + 0.7152 G + 0.0722 B) / 255 with 16 fractional bits (ITU-R BT.709-6, items 3.2 and 4.6).
    int r = rgb >> 16 & 255, g = rgb >> 8 & 255, b = rgb & 255;
    return static_cast<uint8_t>((11966 * r + 40254 * g + 4064 * b + (16 << 16) + 32768) >> 16);
}
inline void chroma_of(int r_sum, int g_sum, int b_sum, uint8_t& u, uint8_t& v) {  // sums of four pixels
    // 128 + 224 (B - Y) / 1.8556 / 255 and 128 + 224 (R - Y) / 1.5748 / 255, of the mean of four; 18 fractional bits.
    constexpr int kHalf = (128 << 18) + (1 << 17);
    u = static_cast<uint8_t>((-6596 * r_sum - 22189 * g_sum + 28785 * b_sum + kHalf) >> 18);
    v = static_cast<uint8_t>((28785 * r_sum - 26145 * g_sum - 2640 * b_sum + kHalf) >> 18);
}

}  // namespace proveout
