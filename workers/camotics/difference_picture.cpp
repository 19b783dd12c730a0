// Where the parts differ, as a picture: CAMotics' part in our renderer, coloured by the distance of its surface from ours.
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "base/parallel.h"
#include "camotics/compare.h"
#include "camotics/nearest.h"
#include "camotics/step_film.h"

namespace proveout {

namespace {

constexpr double kPictureMemory_bytes = 5e8;
constexpr int kWidth = 1280, kHeight = 720;
// Palette slots: within the tolerance the stock's own colour; beyond it one for material that only CAMotics has left, one for what only it
// has removed.
constexpr uint8_t kSame = 0, kLeft = 3, kRemoved = 1;

void append_u32(std::string& out, uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
}

void append_chunk(std::string& png, const char* type, const std::string& data) {
    append_u32(png, static_cast<uint32_t>(data.size()));
    std::string body = type + data;
    png += body;
    append_u32(png, static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()))));
}

// BT.709, limited range (ITU-R BT.709-6, section 3).
std::array<uint8_t, 3> rgb_at(const Frame& frame, int x, int y) {
    double luma = 1.164384 * (frame.y[static_cast<size_t>(y) * frame.width + x] - 16);
    size_t chroma = static_cast<size_t>(y / 2) * (frame.width / 2) + x / 2;
    double u = frame.u[chroma] - 128.0, v = frame.v[chroma] - 128.0;
    auto byte = [](double value) { return static_cast<uint8_t>(std::clamp(std::lround(value), 0L, 255L)); };
    return {byte(luma + 1.792741 * v), byte(luma - 0.213249 * u - 0.532909 * v), byte(luma + 2.112402 * u)};
}

std::string png_of(const Frame& frame) {
    std::string rows;
    for (int y = 0; y < frame.height; ++y) {
        rows += '\0';
        for (int x = 0; x < frame.width; ++x)
            for (uint8_t value : rgb_at(frame, x, y)) rows += static_cast<char>(value);
    }
    uLongf size = compressBound(rows.size());
    std::string packed(size, '\0');
    CHECK(compress2(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(rows.data()), rows.size(), 6) == Z_OK);
    packed.resize(size);
    std::string png("\x89PNG\r\n\x1a\n", 8), header;
    append_u32(header, static_cast<uint32_t>(frame.width));
    append_u32(header, static_cast<uint32_t>(frame.height));
    header += std::string("\x08\x02\x00\x00\x00", 5);
    append_chunk(png, "IHDR", header);
    append_chunk(png, "IDAT", packed);
    append_chunk(png, "IEND", "");
    return png;
}

// Rays of their part by how far its top lies from our surface, and from our top on the same ray, which tells the side. Beside a wall a
// small shift makes a large difference of the tops: there the distance has to be more than a cell, too.
void colour_differences(DexelGrid& theirs, const DexelGrid& ours, const Mesh& our_mesh, double tolerance_mm, double cell_mm,
                        const Context& context) {
    NearestTriangle nearest(our_mesh);
    auto our_top = [&](double x, double y) -> double {
        int u = static_cast<int>(std::floor((x - ours.u0) / ours.cell_u)), v = static_cast<int>(std::floor((y - ours.v0) / ours.cell_v));
        if (u < 0 || v < 0 || u >= ours.count_u || v >= ours.count_v || ours.top(u, v) <= ours.bottom(u, v)) return -1e30;
        return ours.top(u, v);
    };
    parallel_for(context.threads, theirs.count_v, [&](int v) {
        if (context.stop_reason() != StopReason::kNone) return;
        for (int u = 0; u < theirs.count_u; ++u) {
            double x = theirs.ray_u(u, v), y = theirs.ray_v(u, v), top = theirs.top(u, v);
            uint8_t colour = kSame;
            if (top > theirs.bottom(u, v)) {
                double off = nearest.distance({x, y, top}), other = our_top(x, y);
                bool differs = off > tolerance_mm || (off > cell_mm && std::abs(top - other) > tolerance_mm);
                if (differs) colour = top > other ? kLeft : kRemoved;
            }
            theirs.tile_of(u, v).colour[DexelGrid::local(u, v)] = colour;
        }
    });
}

}  // namespace

Result<std::string> picture_of_differences(const Mesh& ours, const CamoticsPart& theirs, const Comparison& comparison, const Setup& setup,
                                           const Context& context) {
    CHECK(setup.stock);
    Box3 stock = bounds_of(setup.stock->solid);
    DexelGrid grid = TRY(picture_grid_of(theirs.mesh, stock, kPictureMemory_bytes));
    DexelGrid our_grid = TRY(picture_grid_of(ours, stock, kPictureMemory_bytes));
    colour_differences(grid, our_grid, ours, comparison.tolerance_mm, theirs.resolution_mm, context);
    if (context.stop_reason() != StopReason::kNone) return stop_error(context.stop_reason());
    SceneOptions scene;
    scene.width = kWidth;
    scene.height = kHeight;
    scene.title = "CAMotics' part where it differs from ours";
    const std::vector<ToolAssembly> no_tools;
    const std::vector<Fixture> no_fixtures;
    Renderer renderer(grid, no_tools, no_fixtures, stock, scene);
    SceneState state;
    state.collisions = {comparison.worst_mm};
    char caption[120];
    std::snprintf(caption, sizeof caption, "ENGINES_DISAGREE  up to %.3f mm, 99 %% within %.3f mm", comparison.max_mm, comparison.p99_mm);
    state.caption = caption;
    Frame frame;
    renderer.draw(state, stock, frame, context);
    return png_of(frame);
}

}  // namespace proveout
