#include "render/sprite.h"

#include <cstring>

#include "render/solids.h"

namespace proveout {

namespace {

constexpr int kSamples = 8;
constexpr float kX[kSamples] = {0.0625f, 0.1875f, 0.3125f, 0.4375f, 0.5625f, 0.6875f, 0.8125f, 0.9375f};
constexpr float kY[kSamples] = {0.4375f, 0.9375f, 0.1875f, 0.6875f, 0.0625f, 0.8125f, 0.3125f, 0.5625f};

constexpr Material kCutter{{0.86f, 0.63f, 0.24f}, 0.35f, 0.62f};   // coated carbide
constexpr Material kShank{{0.74f, 0.76f, 0.79f}, 0.35f, 0.75f};    // ground steel
constexpr Material kHolder{{0.20f, 0.215f, 0.24f}, 0.30f, 0.55f};  // blackened steel

constexpr uint32_t kCollisionTint = 0xe0281e, kShadowColour = 0x10161f;

constexpr double kFlutes = 3, kHelix_rad = 32 * kPi / 180;

struct Body {
    std::vector<ScreenFacet> facets;
    Material material;
    float lead_mm = 0;  // of the flutes; 0: none
};

// Shade of the flutes at a point of the cutter (origin at its tip): dark in the gullet, bright at the edge.
float flute_shade(Vec3 p, float lead_mm) {
    double turns = std::atan2(p.y, p.x) / (2 * kPi) - p.z / lead_mm;
    double phase = turns * kFlutes;
    phase -= std::floor(phase);
    if (phase < 0.42) return static_cast<float>(0.34 + 0.30 * phase / 0.42);
    return phase < 0.52 ? 1.25f : 1.0f;
}

std::vector<Body> bodies_of(const ToolAssembly& assembly, const Camera& camera, const Studio& studio) {
    Camera at_tip = camera;
    at_tip.centre = {}, at_tip.centre_x = 0, at_tip.centre_y = 0;
    std::vector<Body> bodies;
    auto add = [&](const std::vector<ConvexBody>& convex, const Material& material, float lead_mm) {
        std::vector<Facet> facets;
        for (const ConvexBody& body : convex) append_facets(body, facets);
        Body body{{}, material, lead_mm};
        ScreenFacet screen;
        for (const Facet& facet : facets)
            if (to_screen(facet, at_tip, studio, screen)) body.facets.push_back(screen);
        bodies.push_back(std::move(body));
    };
    double radius = 0;
    for (const ConvexBody& body : assembly.cutter) radius = std::max(radius, body.radius_mm);
    add(assembly.cutter, kCutter, static_cast<float>(2 * kPi * radius / std::tan(kHelix_rad)));
    add(assembly.shank, kShank, 0);
    add(assembly.holder, kHolder, 0);
    return bodies;
}

// The size of the picture, cut to what can be seen while the tip is in it or below.
void size_sprite(const std::vector<Body>& bodies, int screen_width, int screen_height, Sprite& sprite) {
    float x_low = 0, x_high = 1, y_low = 0, y_high = 1;
    for (const Body& body : bodies)
        for (const ScreenFacet& facet : body.facets)
            for (int k = 0; k < 3; ++k) {
                x_low = std::min(x_low, facet.x[k]), x_high = std::max(x_high, facet.x[k]);
                y_low = std::min(y_low, facet.y[k]), y_high = std::max(y_high, facet.y[k]);
            }
    auto pixels = [](float x, int limit) { return static_cast<int>(std::min(std::ceil(x), static_cast<float>(limit))) + 2; };
    sprite.left = pixels(-x_low, screen_width), sprite.above = pixels(-y_low, screen_height);
    sprite.width = sprite.left + pixels(x_high, screen_width), sprite.height = sprite.above + pixels(y_high, screen_height);
}

struct Seen {
    Normal n;
    float depth;
    int body;
};

// Colour of one pixel from what its samples see, which are `covered` in number and stand first.
uint32_t resolve(const std::vector<Body>& bodies, const Camera& camera, const Studio& studio, const Seen* seen, int covered, double x,
                 double y) {
    Normal sum{0, 0, 0};
    bool one_body = true;
    for (int k = 0; k < covered; ++k) {
        sum = {sum.x + seen[k].n.x, sum.y + seen[k].n.y, sum.z + seen[k].n.z};
        one_body = one_body && seen[k].body == seen[0].body;
    }
    const Body& first = bodies[seen[0].body];
    // Within one smooth face the mean of the shades is the shade of the mean.
    if (one_body && first.lead_mm == 0 && dot(sum, sum) > 0.999f * static_cast<float>(covered * covered))
        return encode(shade(studio, first.material, unit(sum), 1));
    Rgb mean;
    for (int k = 0; k < covered; ++k) {
        const Body& body = bodies[seen[k].body];
        Rgb colour = shade(studio, body.material, seen[k].n, 1);
        if (body.lead_mm > 0 && seen[k].n.z < 0.9f) {  // not on its upper face
            Vec3 p =
                x / camera.scale * camera.right + (-y / camera.scale) * camera.up + static_cast<double>(seen[k].depth) * camera.forward;
            colour = flute_shade(p, body.lead_mm) * colour;
        }
        mean = mean + 1.0f / static_cast<float>(covered) * colour;
    }
    return encode(mean);
}

void make_sprite(const std::vector<Body>& bodies, const Camera& camera, const Studio& studio, float phase_x, float phase_y,
                 int screen_width, int screen_height, Sprite& sprite) {
    size_sprite(bodies, screen_width, screen_height, sprite);
    size_t count = static_cast<size_t>(sprite.width) * sprite.height;
    std::vector<Seen> seen(count * kSamples, Seen{{}, kFar, 0});
    for (int sample = 0; sample < kSamples; ++sample) {
        float shift_x = kX[sample] - phase_x - sprite.left, shift_y = kY[sample] - phase_y - sprite.above;
        for (size_t body = 0; body < bodies.size(); ++body)
            for (const ScreenFacet& facet : bodies[body].facets)
                rasterize(facet, sprite.width, sprite.height, shift_x, shift_y, [&](int i, int j, float depth, Normal n) {
                    Seen& here = seen[sample * count + static_cast<size_t>(j) * sprite.width + i];
                    if (depth < here.depth) here = {n, depth, static_cast<int>(body)};
                });
    }
    sprite.rgb.assign(count, 0), sprite.depth.assign(count, kFar), sprite.alpha.assign(count, 0);
    sprite.first.assign(sprite.height, sprite.width), sprite.last.assign(sprite.height, 0);
    for (size_t at = 0; at < count; ++at) {
        Seen samples[kSamples];
        int covered = 0;
        float depth = kFar;
        for (int k = 0; k < kSamples; ++k) {
            const Seen& sample = seen[k * count + at];
            if (sample.depth == kFar) continue;
            depth = std::min(depth, sample.depth);
            samples[covered++] = {unit(sample.n), sample.depth, sample.body};
        }
        if (covered == 0) continue;
        int row = static_cast<int>(at / sprite.width), column = static_cast<int>(at % sprite.width);
        double x = column + 0.5 - phase_x - sprite.left, y = row + 0.5 - phase_y - sprite.above;
        sprite.rgb[at] = resolve(bodies, camera, studio, samples, covered, x, y);
        sprite.depth[at] = depth;
        sprite.alpha[at] = static_cast<uint16_t>(covered * 256 / kSamples);
        sprite.first[row] = std::min(sprite.first[row], column), sprite.last[row] = std::max(sprite.last[row], column + 1);
    }
}

// Draws `count` pixels of one row. Over one pixel's worth of depth the tool fades into what it dips into.
void draw_row(Canvas& canvas, const Sprite& sprite, size_t from, size_t at, int count, float tip_depth, float pixel_mm, bool colliding) {
    using Four = float __attribute__((vector_size(16)));
    for (int i = 0; i < count;) {
        if (i + 4 <= count && !colliding) {  // four that stand fully in front, as most do
            Four depth, below;
            uint64_t alpha;
            std::memcpy(&depth, &sprite.depth[from + i], sizeof depth);
            std::memcpy(&below, &canvas.depth[at + i], sizeof below);
            std::memcpy(&alpha, &sprite.alpha[from + i], sizeof alpha);
            depth += tip_depth;
            auto front = below - depth > Four{} + pixel_mm;
            if (alpha == 0x0100010001000100u && (front[0] & front[1] & front[2] & front[3])) {
                std::memcpy(&canvas.rgb[at + i], &sprite.rgb[from + i], 4 * sizeof(uint32_t));
                std::memcpy(&canvas.depth[at + i], &depth, sizeof depth);
                i += 4;
                continue;
            }
        }
        float depth = sprite.depth[from + i] + tip_depth;
        float shown = std::clamp((canvas.depth[at + i] - depth) / pixel_mm + 0.5f, 0.0f, 1.0f);
        int alpha = static_cast<int>(sprite.alpha[from + i] * shown);
        if (alpha > 0) {
            uint32_t colour = colliding ? blend(sprite.rgb[from + i], kCollisionTint, 120) : sprite.rgb[from + i];
            canvas.rgb[at + i] = blend(canvas.rgb[at + i], colour, alpha);
            if (alpha > 128) canvas.depth[at + i] = std::min(canvas.depth[at + i], depth);
        }
        ++i;
    }
}

}  // namespace

void draw_tool(Canvas& canvas, const Camera& camera, const Studio& studio, const ToolAssembly& assembly, int assembly_index,
               ToolPicture& picture, Vec3 tip_mm, bool colliding) {
    if (picture.assembly != assembly_index) {
        picture = {};
        picture.assembly = assembly_index;
    }
    ScreenPoint tip = project(camera, tip_mm);
    if (!(std::abs(tip.x) < 1e5 && std::abs(tip.y) < 1e5)) return;
    int half_x = static_cast<int>(std::floor(tip.x * kPhases)), half_y = static_cast<int>(std::floor(tip.y * kPhases));
    int phase_x = half_x & (kPhases - 1), phase_y = half_y & (kPhases - 1);
    int phase = phase_y * kPhases + phase_x;
    Sprite& sprite = picture.sprites[phase];
    if (!picture.made[phase]) {
        make_sprite(bodies_of(assembly, camera, studio), camera, studio, static_cast<float>(phase_x) / kPhases,
                    static_cast<float>(phase_y) / kPhases, canvas.below->width, canvas.below->height, sprite);
        picture.made[phase] = true;
    }
    int x0 = half_x / kPhases - (half_x < 0 && phase_x ? 1 : 0) - sprite.left,
        y0 = half_y / kPhases - (half_y < 0 && phase_y ? 1 : 0) - sprite.above;
    for (int row = 0; row < sprite.height; ++row) {
        if (sprite.first[row] >= sprite.last[row]) continue;
        PixelRect rect = touch(canvas, {x0 + sprite.first[row], x0 + sprite.last[row], y0 + row, y0 + row + 1});
        if (rect.empty()) continue;
        size_t from = static_cast<size_t>(row) * sprite.width + (rect.x_low - x0),
               at = static_cast<size_t>(y0 + row) * canvas.below->width + rect.x_low;
        draw_row(canvas, sprite, from, at, rect.x_high - rect.x_low, static_cast<float>(tip.depth), 1 / static_cast<float>(camera.scale),
                 colliding);
    }
}

namespace {

constexpr float kShadowDarkness = 0.46f;
constexpr float kShadowReach = 9;        // in radii of the body, along the light
constexpr float kPenumbra = 0.30f;       // width per length along the light

struct ShadowBody {
    float radius, low, high;             // mm, set-up frame
};

// Share of the key light that the bodies take from the point (x, y, z) relative to the axis (x, y) and the set-up frame (z).
float shadow_at(const std::vector<ShadowBody>& bodies, const Normal& light, float x, float y, float z, float pixel_mm) {
    float level = light.x * light.x + light.y * light.y;
    float nearest = -(x * light.x + y * light.y) / level;  // mm along the light to the point closest to the axis
    float aside = (x * light.y - y * light.x) * (x * light.y - y * light.x) / level;  // squared distance of the light's path from it
    float most = 0;
    for (const ShadowBody& body : bodies) {
        float widest = body.radius * (1 + 0.5f * kPenumbra * kShadowReach) + pixel_mm;
        if (aside > widest * widest) continue;
        float first = std::max(0.0f, (body.low - z) / light.z), last = (body.high - z) / light.z;
        if (last < first) continue;
        float s = std::clamp(nearest, first, last);
        float fade = 1 - s / (kShadowReach * body.radius);
        if (fade <= 0) continue;
        float dx = x + s * light.x, dy = y + s * light.y, width = 2 * pixel_mm + kPenumbra * s;
        float k = std::clamp((body.radius - std::sqrt(dx * dx + dy * dy)) / width + 0.5f, 0.0f, 1.0f);
        most = std::max(most, kShadowDarkness * fade * k * k * (3 - 2 * k));
    }
    return most;
}

// Where on the picture the shadow may fall.
PixelRect shadow_rect(const std::vector<ShadowBody>& bodies, const Camera& camera, const Normal& light, Vec3 tip, double ground_mm) {
    double x_low = 1e9, x_high = -1e9, y_low = 1e9, y_high = -1e9;
    for (const ShadowBody& body : bodies) {
        double reach = std::min<double>(kShadowReach * body.radius, std::max(0.0, (body.high - ground_mm) / light.z));
        double margin = body.radius + 0.5 * kPenumbra * reach;
        for (double s : {0.0, reach})
            for (double z : {body.low, body.high})
                for (int corner = 0; corner < 4; ++corner) {
                    Vec3 p{tip.x + (corner & 1 ? margin : -margin) - s * light.x, tip.y + (corner & 2 ? margin : -margin) - s * light.y,
                           z - s * light.z};
                    ScreenPoint q = project(camera, p);
                    x_low = std::min(x_low, q.x), x_high = std::max(x_high, q.x), y_low = std::min(y_low, q.y),
                    y_high = std::max(y_high, q.y);
                }
    }
    auto pixel = [](double x) { return static_cast<int>(std::clamp(x, -1e6, 1e6)); };
    return {pixel(x_low), pixel(x_high) + 1, pixel(y_low), pixel(y_high) + 1};
}

}  // namespace

void draw_tool_shadow(Canvas& canvas, const Camera& camera, const Studio& studio, const ToolAssembly& assembly, Vec3 tip_mm,
                      double ground_mm) {
    std::vector<ShadowBody> bodies;
    for (const std::vector<ConvexBody>* part : {&assembly.cutter, &assembly.shank})
        for (const ConvexBody& body : *part)
            if (body.radius_mm > 0)
                bodies.push_back({static_cast<float>(body.radius_mm), static_cast<float>(tip_mm.z + body.low_mm),
                                  static_cast<float>(tip_mm.z + body.high_mm)});
    if (bodies.empty()) return;
    PixelRect rect = shadow_rect(bodies, camera, studio.key, tip_mm, ground_mm);
    rect = {std::max(0, rect.x_low), std::min(canvas.below->width, rect.x_high), std::max(0, rect.y_low),
            std::min(canvas.below->height, rect.y_high)};
    float pixel_mm = static_cast<float>(1 / camera.scale);
    // Position relative to the axis of the tool, along a row of pixels.
    Vec3 step = (1 / camera.scale) * camera.right;
    Vec3 origin = camera.centre - Vec3{tip_mm.x, tip_mm.y, 0};
    float dx = static_cast<float>(step.x), dy = static_cast<float>(step.y);
    float fx = static_cast<float>(camera.forward.x), fy = static_cast<float>(camera.forward.y), fz = static_cast<float>(camera.forward.z);
    for (int y = rect.y_low; y < rect.y_high; ++y) {
        Vec3 row = origin + (0.5 - camera.centre_x) * step + ((camera.centre_y - y - 0.5) / camera.scale) * camera.up;
        float row_x = static_cast<float>(row.x), row_y = static_cast<float>(row.y), row_z = static_cast<float>(row.z);
        float ground_depth = (static_cast<float>(ground_mm) - row_z) / fz;
        const float* depths = &canvas.below->depth[static_cast<size_t>(y) * canvas.below->width];
        for (int x = rect.x_low; x < rect.x_high; ++x) {
            float depth = depths[x] < kFar ? depths[x] : ground_depth;
            float shadow =
                shadow_at(bodies, studio.key, row_x + x * dx + depth * fx, row_y + x * dy + depth * fy, row_z + depth * fz, pixel_mm);
            if (shadow < 0.004f) continue;
            touch(canvas, {x, x + 1, y, y + 1});
            uint32_t& pixel = canvas.rgb[static_cast<size_t>(y) * canvas.below->width + x];
            pixel = blend(pixel, kShadowColour, static_cast<int>(256 * shadow));
        }
    }
}

}  // namespace proveout
