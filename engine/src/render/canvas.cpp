#include "render/canvas.h"

#include <cstring>

namespace proveout {

void code_tile(const uint32_t* rgb, int width, int height, int tile_x, int tile_y, Frame& frame) {
    int x_end = std::min(width, (tile_x + 1) * kPixelTile), y_end = std::min(height, (tile_y + 1) * kPixelTile);
    uint8_t *luma = frame.y.data(), *u = frame.u.data(), *v = frame.v.data();  // stores of bytes could change the vectors themselves
    for (int y = tile_y * kPixelTile; y < y_end; y += 2)
        for (int x = tile_x * kPixelTile; x < x_end; x += 2) {
            size_t upper = static_cast<size_t>(y) * width + x, lower = upper + width;
            int r = 0, g = 0, b = 0;
            for (size_t at : {upper, upper + 1, lower, lower + 1}) {
                uint32_t c = rgb[at];
                luma[at] = luma_of(c);
                r += c >> 16 & 255, g += c >> 8 & 255, b += c & 255;
            }
            size_t at = static_cast<size_t>(y / 2) * (width / 2) + x / 2;
            chroma_of(r, g, b, u[at], v[at]);
        }
}

Canvas make_canvas(const Layer& below) {
    Canvas canvas;
    canvas.below = &below;
    canvas.rgb.resize(below.rgb.size());
    canvas.depth.resize(below.depth.size());
    canvas.mask.assign(below.rgb.size(), {});
    canvas.touched.assign(static_cast<size_t>(below.tiles_x) * below.tiles_y, 0);
    return canvas;
}

PixelRect touch(Canvas& canvas, PixelRect rect) {
    const Layer& below = *canvas.below;
    rect = {std::max(0, rect.x_low), std::min(below.width, rect.x_high), std::max(0, rect.y_low), std::min(below.height, rect.y_high)};
    if (rect.empty()) return rect;
    for (int tile_y = rect.y_low / kPixelTile; tile_y <= (rect.y_high - 1) / kPixelTile; ++tile_y)
        for (int tile_x = rect.x_low / kPixelTile; tile_x <= (rect.x_high - 1) / kPixelTile; ++tile_x) {
            int tile = tile_y * below.tiles_x + tile_x;
            if (canvas.touched[tile]) continue;
            canvas.touched[tile] = 1;
            canvas.touched_list.push_back(tile);
            int x = tile_x * kPixelTile, count = std::min(kPixelTile, below.width - x);
            for (int y = tile_y * kPixelTile; y < std::min(below.height, (tile_y + 1) * kPixelTile); ++y) {
                size_t at = static_cast<size_t>(y) * below.width + x;
                std::memcpy(&canvas.rgb[at], &below.rgb[at], count * sizeof(uint32_t));
                std::memcpy(&canvas.depth[at], &below.depth[at], count * sizeof(float));
            }
        }
    return rect;
}

void finish(Canvas& canvas, Frame& out) {
    const Layer& below = *canvas.below;
    out = below.frame;  // keeps the memory of the planes
    for (int tile : canvas.touched_list) {
        code_tile(canvas.rgb.data(), below.width, below.height, tile % below.tiles_x, tile / below.tiles_x, out);
        canvas.touched[tile] = 0;
    }
    canvas.touched_list.clear();
}

namespace {

// Calls cover(x, y) -> 0..1 for each pixel centre of the rectangle and blends.
template <class Cover>
void paint(Canvas& canvas, PixelRect rect, uint32_t colour, double alpha, const Cover& cover) {
    rect = touch(canvas, rect);
    for (int y = rect.y_low; y < rect.y_high; ++y)
        for (int x = rect.x_low; x < rect.x_high; ++x) {
            double c = cover(x + 0.5, y + 0.5);
            if (c <= 0) continue;
            uint32_t& pixel = canvas.rgb[static_cast<size_t>(y) * canvas.below->width + x];
            pixel = blend(pixel, colour, static_cast<int>(256 * std::min(1.0, c) * alpha + 0.5));
        }
}

PixelRect around(double x_low, double x_high, double y_low, double y_high, double margin) {
    auto pixel = [](double x) { return static_cast<int>(std::clamp(x, -1e6, 1e6)); };
    return {pixel(std::floor(x_low - margin)), pixel(std::ceil(x_high + margin)), pixel(std::floor(y_low - margin)),
            pixel(std::ceil(y_high + margin))};
}

}  // namespace

namespace {

// Raises the mask along one segment; returns the rectangle that it may have touched.
PixelRect mask_segment(Canvas& canvas, ScreenPoint a, ScreenPoint b, const PathStyle& style, float alpha, float nearer_mm) {
    PixelRect rect =
        touch(canvas, around(std::min(a.x, b.x), std::max(a.x, b.x), std::min(a.y, b.y), std::max(a.y, b.y), style.halo_pen / 2 + 1));
    float dx = static_cast<float>(b.x - a.x), dy = static_cast<float>(b.y - a.y), size = dx * dx + dy * dy,
          per_size = size > 0 ? 1 / size : 0;
    float depth_0 = static_cast<float>(a.depth) - nearer_mm, depth_along = static_cast<float>(b.depth - a.depth);
    float pen = static_cast<float>(style.pen / 2) + 0.5f, halo = static_cast<float>(style.halo_pen / 2) + 0.5f;
    float halo_alpha = 255 * alpha * static_cast<float>(style.halo_alpha);
    for (int y = rect.y_low; y < rect.y_high; ++y)
        for (int x = rect.x_low; x < rect.x_high; ++x) {
            float px = static_cast<float>(x + 0.5 - a.x), py = static_cast<float>(y + 0.5 - a.y);
            float t = std::clamp((px * dx + py * dy) * per_size, 0.0f, 1.0f);
            float ex = px - t * dx, ey = py - t * dy, squared = ex * ex + ey * ey;
            if (squared >= halo * halo) continue;
            size_t at = static_cast<size_t>(y) * canvas.below->width + x;
            if (depth_0 + t * depth_along > canvas.depth[at]) continue;
            float distance = std::sqrt(squared);
            Canvas::Mask& mask = canvas.mask[at];
            mask.halo = std::max(mask.halo, static_cast<uint8_t>(halo_alpha * std::min(1.0f, halo - distance) + 0.5f));
            if (distance < pen) mask.line = std::max(mask.line, static_cast<uint8_t>(255 * alpha * std::min(1.0f, pen - distance) + 0.5f));
        }
    return rect;
}

}  // namespace

void draw_path(Canvas& canvas, const std::vector<ScreenPoint>& points, const PathStyle& style, float nearer_mm) {
    std::vector<PixelRect> rects;
    constexpr double kPiece = 24;  // pixels: pieces keep the box of a long diagonal small
    for (size_t i = 0; i + 1 < points.size(); ++i) {
        ScreenPoint a = points[i], b = points[i + 1];
        double alpha =
            style.alpha_0 + (style.alpha_1 - style.alpha_0) * static_cast<double>(i + 1) / static_cast<double>(points.size() - 1);
        int pieces = static_cast<int>(std::clamp(std::hypot(b.x - a.x, b.y - a.y) / kPiece, 0.0, 255.0)) + 1;
        auto at = [&](int k) {
            double t = static_cast<double>(k) / pieces;
            return ScreenPoint{a.x + t * (b.x - a.x), a.y + t * (b.y - a.y), a.depth + t * (b.depth - a.depth)};
        };
        for (int k = 0; k < pieces; ++k) {
            PixelRect rect = mask_segment(canvas, at(k), at(k + 1), style, static_cast<float>(alpha), nearer_mm);
            if (!rect.empty()) rects.push_back(rect);
        }
    }
    for (const PixelRect& rect : rects)
        for (int y = rect.y_low; y < rect.y_high; ++y)
            for (int x = rect.x_low; x < rect.x_high; ++x) {
                size_t at = static_cast<size_t>(y) * canvas.below->width + x;
                Canvas::Mask mask = canvas.mask[at];
                if (mask.line == 0 && mask.halo == 0) continue;
                canvas.rgb[at] = blend(blend(canvas.rgb[at], style.halo, mask.halo + 1), style.colour, mask.line + 1);
                canvas.mask[at] = {};
            }
}

void draw_disc(Canvas& canvas, double x, double y, double radius, uint32_t colour, double alpha) {
    paint(canvas, around(x, x, y, y, radius + 1), colour, alpha,
          [&](double px, double py) { return radius + 0.5 - std::hypot(px - x, py - y); });
}

void draw_ring(Canvas& canvas, double x, double y, double radius, double pen, uint32_t colour, double alpha) {
    paint(canvas, around(x, x, y, y, radius + pen), colour, alpha,
          [&](double px, double py) { return pen / 2 + 0.5 - std::abs(std::hypot(px - x, py - y) - radius); });
}

void draw_panel(Canvas& canvas, PixelRect rect, double corner, uint32_t colour, double alpha) {
    double mx = 0.5 * (rect.x_low + rect.x_high), my = 0.5 * (rect.y_low + rect.y_high);
    double hx = 0.5 * (rect.x_high - rect.x_low) - corner, hy = 0.5 * (rect.y_high - rect.y_low) - corner;
    paint(canvas, rect, colour, alpha, [&](double x, double y) {
        double beyond_x = std::max(0.0, std::abs(x - mx) - hx), beyond_y = std::max(0.0, std::abs(y - my) - hy);
        return corner + 0.5 - (beyond_x > 0 && beyond_y > 0 ? std::hypot(beyond_x, beyond_y) : beyond_x + beyond_y);
    });
}

void draw_text(Canvas& canvas, const Font& font, int x, int base_line, std::string_view text, uint32_t colour, double alpha) {
    for (const Glyph* glyph : layout(font, text)) {
        int x0 = x - glyph->left, y0 = base_line - glyph->above;
        if (glyph->width > 0)
            paint(canvas, {x0, x0 + glyph->width, y0, y0 + glyph->height}, colour, alpha, [&](double px, double py) {
                int i = static_cast<int>(px) - x0, j = static_cast<int>(py) - y0;
                return glyph->cover[static_cast<size_t>(j) * glyph->width + i] / 255.0;
            });
        x += glyph->advance;
    }
}

}  // namespace proveout
