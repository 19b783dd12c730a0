#include "render/scene.h"

#include "base/parallel.h"
#include "render/solids.h"

namespace proveout {

// Middle, then eight queens: each row and each column of an 8 x 8 raster has one sample.
const float kSampleX[kSubSamples] = {0.5f, 0.0625f, 0.1875f, 0.3125f, 0.4375f, 0.5625f, 0.6875f, 0.8125f, 0.9375f};
const float kSampleY[kSubSamples] = {0.5f, 0.4375f, 0.9375f, 0.1875f, 0.6875f, 0.0625f, 0.8125f, 0.3125f, 0.5625f};

namespace {

// Coded steps between neighbouring pixels above which a pixel is anti-aliased with four, and with eight samples.
constexpr int kEdge = 9, kFaintEdge = 26;

// Ordered dither, so that the soft background does not show bands after coding to 8 bits.
constexpr int kBayer[4][4] = {{0, 8, 2, 10}, {12, 4, 14, 6}, {3, 11, 1, 9}, {15, 7, 13, 5}};

float dither_at(int x, int y) { return static_cast<float>(kBayer[y & 3][x & 3] - 7.5) / 16 / 255 * 1.2f; }

// Darkness of the ground at (x, y): a tight shadow at the foot and a wide soft one, moved away from the key light.
float ground_shadow(const std::vector<Footprint>& feet, double spread, const Normal& key, double x, double y) {
    double wide = 1e30, tight = 1e30;  // squared distances in units of the spread, from the nearest foot
    for (const Footprint& f : feet) {
        auto away = [&](double px, double py) {
            if (f.round) {
                double r = 0.25 * (f.x_high - f.x_low + f.y_high - f.y_low);
                double d = std::max(0.0, std::hypot(px - 0.5 * (f.x_low + f.x_high), py - 0.5 * (f.y_low + f.y_high)) - r);
                return d * d / (spread * spread);
            }
            double dx = std::max({f.x_low - px, px - f.x_high, 0.0}), dy = std::max({f.y_low - py, py - f.y_high, 0.0});
            return (dx * dx + dy * dy) / (spread * spread);
        };
        wide = std::min(wide, away(x + 0.45 * spread * key.x, y + 0.45 * spread * key.y)), tight = std::min(tight, 20 * away(x, y));
    }
    auto soft = [](double d) { return static_cast<float>(1 / ((1 + d) * (1 + d))); };
    return (1 - 0.36f * soft(wide)) * (1 - 0.36f * soft(tight));
}

void draw_background(Scene& scene, int row) {
    const Camera& camera = scene.camera;
    int width = scene.layer.width, height = scene.layer.height;
    double spread = 1e-6;
    for (const Footprint& f : scene.feet) spread = std::max({spread, 0.16 * (f.x_high - f.x_low), 0.16 * (f.y_high - f.y_low)});
    for (int x = 0; x < width; ++x) {
        double fx = (x + 0.5) / width - 0.5, fy = (row + 0.5) / height;
        double vignette = 1 - 0.20 * (fx * fx * 2.2 + (fy - 0.45) * (fy - 0.45) * 1.4);
        Rgb colour = mix({0.60f, 0.645f, 0.70f}, {0.865f, 0.875f, 0.885f}, static_cast<float>(fy * (2 - fy)));
        // The ground point behind this pixel.
        double sx = (x + 0.5 - camera.centre_x) / camera.scale, sy = (camera.centre_y - row - 0.5) / camera.scale;
        Vec3 p = camera.centre + sx * camera.right + sy * camera.up;
        double t = (scene.ground_mm - p.z) / camera.forward.z;
        Vec3 g = p + t * camera.forward;
        float shadow = ground_shadow(scene.feet, spread, scene.studio.key, g.x, g.y);
        float dither = dither_at(x, row);
        colour = static_cast<float>(vignette) * shadow * colour;
        scene.background[static_cast<size_t>(row) * width + x] = encode(colour + Rgb{dither, dither, dither});
    }
}

constexpr Material kFixtureMaterial{{0.150f, 0.185f, 0.235f}, 0.22f, 0.10f};

void draw_fixtures(Scene& scene, const std::vector<Fixture>& fixtures, int width, int height) {
    FixturePlanes& planes = scene.fixtures;
    std::vector<ScreenFacet> facets;
    float x_low = 1e9f, x_high = -1e9f, y_low = 1e9f, y_high = -1e9f;
    for (const Fixture& fixture : fixtures)
        for (const Facet& facet : facets_of(fixture.solid)) {
            ScreenFacet screen;
            if (!to_screen(facet, scene.camera, scene.studio, screen)) continue;
            for (int k = 0; k < 3; ++k) {
                x_low = std::min(x_low, screen.x[k]), x_high = std::max(x_high, screen.x[k]);
                y_low = std::min(y_low, screen.y[k]), y_high = std::max(y_high, screen.y[k]);
            }
            facets.push_back(screen);
        }
    if (facets.empty()) return;
    auto pixel = [](float v, int high) { return static_cast<int>(std::clamp(v, -1.0f, static_cast<float>(high) + 1)); };
    planes.rect = {std::max(0, pixel(x_low, width) - 1), std::min(width, pixel(x_high, width) + 2), std::max(0, pixel(y_low, height) - 1),
                   std::min(height, pixel(y_high, height) + 2)};
    if (planes.rect.empty()) return;
    int rect_width = planes.rect.x_high - planes.rect.x_low, rect_height = planes.rect.y_high - planes.rect.y_low;
    for (int sample = 0; sample < kSubSamples; ++sample) {
        auto& texels = planes.samples[sample];
        texels.resize(static_cast<size_t>(rect_width) * rect_height);
        for (const ScreenFacet& facet : facets)
            rasterize(facet, rect_width, rect_height, planes.rect.x_low + kSampleX[sample], planes.rect.y_low + kSampleY[sample],
                      [&](int i, int j, float depth, Normal n) {
                          FixturePlanes::Texel& texel = texels[static_cast<size_t>(j) * rect_width + i];
                          if (depth >= texel.depth) return;
                          texel = {depth, encode(shade(scene.studio, kFixtureMaterial, unit(n), 1))};
                      });
    }
}

// The key light is a large soft box at the upper left: faces are a little brighter towards it, so that large flats do not look painted.
float falloff(const Scene& scene, int x, int y) {
    float fx = static_cast<float>(x) / scene.layer.width - 0.5f, fy = static_cast<float>(y) / scene.layer.height - 0.5f;
    return 1 - 0.20f * fx - 0.16f * fy;
}

struct Sampled {
    uint32_t rgb;
    float depth;
    uint32_t block;  // kNoBlock: no stock is shown
};

// What one sample of one pixel shows. shown: blocks of which it showed one before, if it showed any; material only vanishes, so that
// nothing stands before them.
Sampled take_sample(const Scene& scene, int x, int y, int sample, const BlockBox& shown) {
    const HeightField& field = scene.field;
    double px = x + static_cast<double>(kSampleX[sample]), py = y + static_cast<double>(kSampleY[sample]);
    auto start = [&](const double (&k)[3]) { return static_cast<float>(k[0] + k[1] * px + k[2] * py); };
    RayHit hit = cast(field, start(scene.ray_u), start(scene.ray_v), start(scene.ray_z), shown);
    float depth = hit.axis < 0 ? kFar : scene.start_depth + hit.t;
    if (scene.fixtures.covers(x, y)) {
        const FixturePlanes::Texel& texel = scene.fixtures.at(sample, x, y);
        if (texel.depth < depth) return {texel.rgb, texel.depth, kNoBlock};
    }
    if (hit.axis < 0) return {scene.background[static_cast<size_t>(y) * scene.layer.width + x], kFar, kNoBlock};
    Surface surface = surface_at(field, hit);
    Rgb colour = falloff(scene, x, y) * shade(scene.studio, stock_material(surface.slot), surface.normal, surface.occlusion);
    float dither = dither_at(x, y);
    return {encode(colour + Rgb{dither, dither, dither}), depth,
            static_cast<uint32_t>(hit.v / kBlockSide * field.blocks_u + hit.u / kBlockSide)};
}

int difference(uint32_t a, uint32_t b) {
    int r = std::abs(static_cast<int>(a >> 16 & 255) - static_cast<int>(b >> 16 & 255));
    int g = std::abs(static_cast<int>(a >> 8 & 255) - static_cast<int>(b >> 8 & 255));
    int bl = std::abs(static_cast<int>(a & 255) - static_cast<int>(b & 255));
    return std::max({r, g, bl});
}

// Greatest difference to the four neighbours.
int contrast(const Scene& scene, int x, int y) {
    int width = scene.layer.width, height = scene.layer.height;
    const uint32_t* here = &scene.middle[static_cast<size_t>(y) * width + x];
    int most = 0;
    if (x > 0) most = std::max(most, difference(*here, here[-1]));
    if (x + 1 < width) most = std::max(most, difference(*here, here[1]));
    if (y > 0) most = std::max(most, difference(*here, here[-width]));
    if (y + 1 < height) most = std::max(most, difference(*here, here[width]));
    return most;
}

void resolve(Scene& scene, int x, int y) {
    size_t at = static_cast<size_t>(y) * scene.layer.width + x;
    const BlockBox shown = scene.seen[at];
    scene.seen[at] = {};
    scene.layer.rgb[at] = scene.middle[at];
    int contrast_here = contrast(scene, x, y);
    if (contrast_here <= kEdge) return;
    int r = 0, g = 0, b = 0, count = 0;
    // Samples 2, 4, 5 and 7 are spread evenly too: enough for a faint edge.
    for (int sample = 1; sample < kSubSamples; ++sample) {
        const bool even = sample == 2 || sample == 4 || sample == 5 || sample == 7;
        if (contrast_here <= kFaintEdge && !even) continue;
        ++count;
        Sampled sampled = take_sample(scene, x, y, sample, even ? shown : BlockBox{});  // others may not have been taken
        r += sampled.rgb >> 16 & 255, g += sampled.rgb >> 8 & 255, b += sampled.rgb & 255;
        if (sampled.block != kNoBlock) scene.seen[at].add(sampled.block, scene.field.blocks_u);
    }
    auto mean = [&](int sum) { return static_cast<uint32_t>((sum + count / 2) / count); };
    scene.layer.rgb[at] = mean(r) << 16 | mean(g) << 8 | mean(b);
}

// Blocks of which a pixel may look different now. A sample looks different only if something changed within kOcclusionRadius of the column
// that it showed before: material only vanishes, so what stood before it, which was nothing, still does.
struct StaleBlocks {
    int blocks_u, blocks_v;
    bool all;
    std::vector<int32_t> sums;  // summed-area table, (blocks_u + 1) x (blocks_v + 1)

    bool any(const BlockBox& box) const {
        if (box.empty()) return false;
        if (all) return true;
        auto sum = [&](int u, int v) { return sums[static_cast<size_t>(v) * (blocks_u + 1) + u]; };
        return sum(box.u_high + 1, box.v_high + 1) - sum(box.u_low, box.v_high + 1) - sum(box.u_high + 1, box.v_low) +
                   sum(box.u_low, box.v_low) >
               0;
    }
    bool at(uint32_t block) const {
        if (all) return true;
        if (block == kNoBlock) return false;
        BlockBox box;
        box.add(block, blocks_u);
        return any(box);
    }
};

StaleBlocks stale_blocks(const HeightField& field, const std::vector<ChangedPatch>& patches, bool all) {
    StaleBlocks stale{field.blocks_u, field.blocks_v, all, {}};
    if (all) return stale;
    std::vector<uint8_t> marked(static_cast<size_t>(field.blocks_u) * field.blocks_v, 0);
    int reach = kOcclusionRadius + 1;  // one more for the column in front of a wall
    for (const ChangedPatch& patch : patches) {
        int u_high = std::min(field.count_u - 1, patch.u_high + reach) / kBlockSide,
            v_high = std::min(field.count_v - 1, patch.v_high + reach) / kBlockSide;
        for (int v = std::max(0, patch.v_low - reach) / kBlockSide; v <= v_high; ++v)
            for (int u = std::max(0, patch.u_low - reach) / kBlockSide; u <= u_high; ++u)
                marked[static_cast<size_t>(v) * field.blocks_u + u] = 1;
    }
    stale.sums.assign(static_cast<size_t>(field.blocks_u + 1) * (field.blocks_v + 1), 0);
    for (int v = 0; v < field.blocks_v; ++v) {
        int32_t row = 0;
        for (int u = 0; u < field.blocks_u; ++u) {
            row += marked[static_cast<size_t>(v) * field.blocks_u + u];
            stale.sums[static_cast<size_t>(v + 1) * (field.blocks_u + 1) + u + 1] =
                stale.sums[static_cast<size_t>(v) * (field.blocks_u + 1) + u + 1] + row;
        }
    }
    return stale;
}

struct TileSet {
    std::vector<uint8_t> marked;
    std::vector<int> list;
    void mark(int tile) {
        if (marked[tile]) return;
        marked[tile] = 1;
        list.push_back(tile);
    }
};

// Marks the tiles on which the box of a patch is seen.
void mark_patch(const Scene& scene, const ChangedPatch& patch, TileSet& tiles) {
    const DexelGrid& grid = *scene.field.grid;
    int reach = kOcclusionRadius + 1;
    double x_low = 1e9, x_high = -1e9, y_low = 1e9, y_high = -1e9;
    for (int corner = 0; corner < 8; ++corner) {
        int u = corner & 1 ? std::min(grid.count_u, patch.u_high + 1 + reach) : std::max(0, patch.u_low - reach);
        int v = corner & 2 ? std::min(grid.count_v, patch.v_high + 1 + reach) : std::max(0, patch.v_low - reach);
        ScreenPoint p =
            project(scene.camera, {grid.u0 + u * grid.cell_u, grid.v0 + v * grid.cell_v, corner & 4 ? patch.z_high : patch.z_low});
        x_low = std::min(x_low, p.x), x_high = std::max(x_high, p.x), y_low = std::min(y_low, p.y), y_high = std::max(y_high, p.y);
    }
    int tile_x_low = static_cast<int>(std::max(0.0, x_low - 1)) / kPixelTile,
        tile_y_low = static_cast<int>(std::max(0.0, y_low - 1)) / kPixelTile;
    int tile_x_high = static_cast<int>(std::clamp(x_high + 1, 0.0, scene.layer.width - 1.0)) / kPixelTile;
    int tile_y_high = static_cast<int>(std::clamp(y_high + 1, 0.0, scene.layer.height - 1.0)) / kPixelTile;
    if (x_high < -1 || y_high < -1) return;
    for (int tile_y = tile_y_low; tile_y <= tile_y_high; ++tile_y)
        for (int tile_x = tile_x_low; tile_x <= tile_x_high; ++tile_x) tiles.mark(tile_y * scene.layer.tiles_x + tile_x);
}

template <class Work>
void for_pixels(const Scene& scene, int tile, const Work& work) {
    int x0 = tile % scene.layer.tiles_x * kPixelTile, y0 = tile / scene.layer.tiles_x * kPixelTile;
    for (int y = y0; y < std::min(y0 + kPixelTile, scene.layer.height); ++y)
        for (int x = x0; x < std::min(x0 + kPixelTile, scene.layer.width); ++x) work(x, y);
}

void draw_tiles(Scene& scene, TileSet& tiles, const StaleBlocks& stale, const Context& context) {
    constexpr int kChunk = 16;  // tiles per piece of work
    auto each = [&](const std::vector<int>& list, const auto& work) {
        int chunks = static_cast<int>((list.size() + kChunk - 1) / kChunk);
        parallel_for(chunks < 4 ? 1 : context.threads, chunks, [&](int chunk) {
            for (size_t i = static_cast<size_t>(chunk) * kChunk; i < std::min(list.size(), static_cast<size_t>(chunk + 1) * kChunk); ++i)
                work(list[i]);
        });
    };
    std::vector<uint8_t>& fresh = scene.fresh;  // per pixel: its middle sample is another one than before
    each(tiles.list, [&](int tile) {
        for_pixels(scene, tile, [&](int x, int y) {
            size_t at = static_cast<size_t>(y) * scene.layer.width + x;
            if (!stale.at(scene.middle_block[at])) return;
            BlockBox shown;
            if (scene.middle_block[at] != kNoBlock) shown.add(scene.middle_block[at], scene.field.blocks_u);
            Sampled sampled = take_sample(scene, x, y, 0, shown);
            fresh[at] = sampled.rgb != scene.middle[at];
            scene.middle[at] = sampled.rgb;
            scene.middle_block[at] = sampled.block;
            scene.layer.depth[at] = sampled.depth;
        });
    });
    // Whether a pixel is an edge depends on its neighbours: the rim of the tiles around is looked at too.
    TileSet rim{tiles.marked, tiles.list};
    for (int tile : tiles.list) {
        int x = tile % scene.layer.tiles_x, y = tile / scene.layer.tiles_x;
        if (x > 0) rim.mark(tile - 1);
        if (x + 1 < scene.layer.tiles_x) rim.mark(tile + 1);
        if (y > 0) rim.mark(tile - scene.layer.tiles_x);
        if (y + 1 < scene.layer.tiles_y) rim.mark(tile + scene.layer.tiles_x);
    }
    int width = scene.layer.width, height = scene.layer.height;
    each(rim.list, [&](int tile) {
        bool any = false;
        for_pixels(scene, tile, [&](int x, int y) {
            size_t at = static_cast<size_t>(y) * width + x;
            if (!stale.all && !stale.any(scene.seen[at]) && !fresh[at] && !(x > 0 && fresh[at - 1]) && !(x + 1 < width && fresh[at + 1]) &&
                !(y > 0 && fresh[at - width]) && !(y + 1 < height && fresh[at + width]))
                return;
            resolve(scene, x, y);
            any = true;
        });
        if (any)
            code_tile(scene.layer.rgb.data(), width, height, tile % scene.layer.tiles_x, tile / scene.layer.tiles_x, scene.layer.frame);
    });
    each(tiles.list, [&](int tile) { for_pixels(scene, tile, [&](int x, int y) { fresh[static_cast<size_t>(y) * width + x] = 0; }); });
}

// Where the ray of a pixel starts, in columns and mm, is linear in the pixel's coordinates.
void place_rays(Scene& scene) {
    const Camera& c = scene.camera;
    const DexelGrid& grid = *scene.field.grid;
    double k = 1 / c.scale;
    Vec3 origin = c.centre + static_cast<double>(scene.start_depth) * c.forward - k * c.centre_x * c.right + k * c.centre_y * c.up;
    auto set = [](double (&out)[3], double at, double along_x, double along_y, double low, double cell) {
        out[0] = (at - low) / cell, out[1] = along_x / cell, out[2] = along_y / cell;
    };
    set(scene.ray_u, origin.x, k * c.right.x, -k * c.up.x, grid.u0, grid.cell_u);
    set(scene.ray_v, origin.y, k * c.right.y, -k * c.up.y, grid.v0, grid.cell_v);
    set(scene.ray_z, origin.z, 0, -k * c.up.z, 0, 1);
}

Box3 box_of(const DexelGrid& grid) {
    return {{grid.u0, grid.v0, grid.floor_mm},
            {grid.u0 + grid.count_u * grid.cell_u, grid.v0 + grid.count_v * grid.cell_v, grid.ceiling_mm}};
}

// Whether the stock is round, for its shadow.
bool has_no_corners(const DexelGrid& grid) {
    auto empty = [&](int u, int v) { return grid.top(u, v) <= grid.bottom(u, v); };
    return empty(0, 0) && empty(grid.count_u - 1, 0) && empty(0, grid.count_v - 1) && empty(grid.count_u - 1, grid.count_v - 1);
}

}  // namespace

Scene make_scene(const DexelGrid& grid, const std::vector<Fixture>& fixtures, const Box3& bounds, int width, int height) {
    Scene scene;
    scene.camera = make_camera(bounds, width, height);
    scene.studio = make_studio(scene.camera);
    scene.field = make_height_field(grid, scene.camera);
    Layer& layer = scene.layer;
    layer.width = width, layer.height = height;
    layer.tiles_x = (width + kPixelTile - 1) / kPixelTile, layer.tiles_y = (height + kPixelTile - 1) / kPixelTile;
    size_t pixels = static_cast<size_t>(width) * height;
    layer.rgb.assign(pixels, 0), layer.depth.assign(pixels, kFar);
    layer.frame = {width, height, std::vector<uint8_t>(pixels), std::vector<uint8_t>(pixels / 4), std::vector<uint8_t>(pixels / 4)};
    scene.background.resize(pixels), scene.middle.resize(pixels);
    scene.middle_block.assign(pixels, kNoBlock), scene.seen.resize(pixels), scene.fresh.assign(pixels, 0);
    Box3 stock = box_of(grid);
    scene.feet = {{stock.low.x, stock.high.x, stock.low.y, stock.high.y, has_no_corners(grid)}};
    scene.ground_mm = stock.low.z;
    for (const Fixture& fixture : fixtures) {
        Box3 box = bounds_of(fixture.solid);
        scene.feet.push_back({box.low.x, box.high.x, box.low.y, box.high.y,
                              fixture.solid.shape == StockShape::kCylinder || fixture.solid.shape == StockShape::kTube});
        scene.ground_mm = std::min(scene.ground_mm, box.low.z);
    }
    double near = 1e300;
    for (int corner = 0; corner < 8; ++corner)
        near = std::min(near, project(scene.camera, {corner & 1 ? stock.high.x : stock.low.x, corner & 2 ? stock.high.y : stock.low.y,
                                                     corner & 4 ? stock.high.z : stock.low.z}).depth);
    scene.start_depth = static_cast<float>(near - 1);
    place_rays(scene);
    draw_fixtures(scene, fixtures, width, height);
    return scene;
}

void update(Scene& scene, const Box3& changed, const Context& context) {
    TileSet tiles;
    tiles.marked.assign(static_cast<size_t>(scene.layer.tiles_x) * scene.layer.tiles_y, 0);
    std::vector<ChangedPatch> patches;
    bool all = !scene.drawn;
    if (!all) {
        update(scene.field, changed, patches);
        for (const ChangedPatch& patch : patches) mark_patch(scene, patch, tiles);
    } else {
        constexpr int kRows = 16;
        parallel_for(context.threads, (scene.layer.height + kRows - 1) / kRows, [&](int chunk) {
            for (int row = chunk * kRows; row < std::min(scene.layer.height, (chunk + 1) * kRows); ++row) draw_background(scene, row);
        });
        update(scene.field, box_of(*scene.field.grid), patches);
        for (int tile = 0; tile < scene.layer.tiles_x * scene.layer.tiles_y; ++tile) tiles.mark(tile);
        scene.drawn = true;
    }
    if (!tiles.list.empty()) draw_tiles(scene, tiles, stale_blocks(scene.field, patches, all), context);
}

}  // namespace proveout
