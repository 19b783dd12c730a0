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
uint32_t blend(uint32_t under, uint32_t over, int alpha_256);  // alpha_256 0..256

// Colours of uncut stock (slot 0) and of faces cut by the tool of a slot (1...), linear.
Material stock_material(int slot);

// BT.709, limited range, of coded values.
uint8_t luma_of(uint32_t rgb);
void chroma_of(int r_sum, int g_sum, int b_sum, uint8_t& u, uint8_t& v);  // sums of four pixels

}  // namespace proveout
