#include "render/sprite.h"

#include "render/solids.h"

namespace proveout {

namespace {

constexpr int kSamples = 8;
constexpr float kX[kSamples] = {0.0625f, 0.1875f, 0.3125f, 0.4375f, 0.5625f, 0.6875f, 0.8125f, 0.9375f};
constexpr float kY[kSamples] = {0.4375f, 0.9375f, 0.1875f, 0.6875f, 0.0625f, 0.8125f, 0.3125f, 0.5625f};

constexpr Material kCutter{{0.86f, 0.63f, 0.24f}, 0.35f, 0.62f};   // coated carbide
constexpr Material kShank{{0.74f, 0.76f, 0.79f}, 0.35f, 0.75f};    // ground steel
constexpr Material kHolder{{0.20f, 0.215f, 0.24f}, 0.30f, 0.55f};  // blackened steel

constexpr uint32_t kCollisionTint = 0xe0281e;

struct Body {
    std::vector<ScreenFacet> facets;
    Material material;
};

std::vector<Body> bodies_of(const ToolAssembly& assembly, const Camera& camera, const Studio& studio) {
    Camera at_tip = camera;
    at_tip.centre = {}, at_tip.centre_x = 0, at_tip.centre_y = 0;
    std::vector<Body> bodies;
    auto add = [&](const std::vector<ConvexBody>& convex, const Material& material) {
        std::vector<Facet> facets;
        for (const ConvexBody& body : convex) append_facets(body, facets);
        Body body{{}, material};
        ScreenFacet screen;
        for (const Facet& facet : facets)
            if (to_screen(facet, at_tip, studio, screen)) body.facets.push_back(screen);
        bodies.push_back(std::move(body));
    };
    add(assembly.cutter, kCutter);
    add(assembly.shank, kShank);
    add(assembly.holder, kHolder);
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

void make_sprite(const std::vector<Body>& bodies, const Studio& studio, float phase_x, float phase_y, int screen_width, int screen_height,
                 Sprite& sprite) {
    size_sprite(bodies, screen_width, screen_height, sprite);
    size_t count = static_cast<size_t>(sprite.width) * sprite.height;
    struct Sum {
        int r = 0, g = 0, b = 0, samples = 0;
        float depth = kFar;
    };
    std::vector<Sum> sums(count);
    std::vector<float> depth(count);
    struct Seen {
        Normal n;
        uint8_t body;
    };
    std::vector<Seen> seen(count);
    for (int sample = 0; sample < kSamples; ++sample) {
        std::fill(depth.begin(), depth.end(), kFar);
        float shift_x = kX[sample] - phase_x - sprite.left, shift_y = kY[sample] - phase_y - sprite.above;
        for (size_t body = 0; body < bodies.size(); ++body)
            for (const ScreenFacet& facet : bodies[body].facets)
                rasterize(facet, sprite.width, sprite.height, shift_x, shift_y, [&](int i, int j, float d, Normal n) {
                    size_t at = static_cast<size_t>(j) * sprite.width + i;
                    if (d >= depth[at]) return;
                    depth[at] = d;
                    seen[at] = {n, static_cast<uint8_t>(body)};
                });
        for (size_t at = 0; at < count; ++at) {
            if (depth[at] == kFar) continue;
            uint32_t c = encode(shade(studio, bodies[seen[at].body].material, unit(seen[at].n), 1));
            Sum& sum = sums[at];
            sum.r += c >> 16 & 255, sum.g += c >> 8 & 255, sum.b += c & 255, ++sum.samples;
            sum.depth = std::min(sum.depth, depth[at]);
        }
    }
    sprite.texels.assign(count, {});
    sprite.first.assign(sprite.height, sprite.width), sprite.last.assign(sprite.height, 0);
    for (size_t at = 0; at < count; ++at) {
        const Sum& sum = sums[at];
        if (sum.samples == 0) continue;
        auto mean = [&](int total) { return static_cast<uint32_t>((total + sum.samples / 2) / sum.samples); };
        sprite.texels[at] = {mean(sum.r) << 16 | mean(sum.g) << 8 | mean(sum.b), sum.depth, static_cast<uint16_t>(sum.samples * 256 / kSamples)};
        int row = static_cast<int>(at / sprite.width), column = static_cast<int>(at % sprite.width);
        sprite.first[row] = std::min(sprite.first[row], column), sprite.last[row] = std::max(sprite.last[row], column + 1);
    }
}

}  // namespace

void draw_tool(Canvas& canvas, const Camera& camera, const Studio& studio, const ToolAssembly& assembly, int assembly_index, ToolPicture& picture,
               Vec3 tip_mm, bool colliding) {
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
        make_sprite(bodies_of(assembly, camera, studio), studio, static_cast<float>(phase_x) / kPhases, static_cast<float>(phase_y) / kPhases,
                    canvas.below->width, canvas.below->height, sprite);
        picture.made[phase] = true;
    }
    int x0 = half_x / kPhases - (half_x < 0 && phase_x ? 1 : 0) - sprite.left, y0 = half_y / kPhases - (half_y < 0 && phase_y ? 1 : 0) - sprite.above;
    float per_mm = static_cast<float>(camera.scale);  // over one pixel's worth of depth the tool fades into what it dips into
    for (int row = 0; row < sprite.height; ++row) {
        if (sprite.first[row] >= sprite.last[row]) continue;
        PixelRect rect = touch(canvas, {x0 + sprite.first[row], x0 + sprite.last[row], y0 + row, y0 + row + 1});
        if (rect.empty()) continue;
        for (int x = rect.x_low; x < rect.x_high; ++x) {
            const Sprite::Texel& texel = sprite.texels[static_cast<size_t>(row) * sprite.width + (x - x0)];
            if (texel.alpha == 0) continue;
            size_t at = static_cast<size_t>(y0 + row) * canvas.below->width + x;
            float depth = texel.depth + static_cast<float>(tip.depth);
            float shown = std::clamp((canvas.depth[at] - depth) * per_mm + 0.5f, 0.0f, 1.0f);
            int alpha = static_cast<int>(texel.alpha * shown);
            if (alpha == 0) continue;
            uint32_t colour = colliding ? blend(texel.rgb, kCollisionTint, 120) : texel.rgb;
            canvas.rgb[at] = blend(canvas.rgb[at], colour, alpha);
            if (alpha > 128) canvas.depth[at] = std::min(canvas.depth[at], depth);
        }
    }
}

}  // namespace proveout
