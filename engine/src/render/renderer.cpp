// The picture of one instant: the scene that stands still, then the tool, its path, the markers and the text.
#include <cstdio>

#include "proveout/frame.h"
#include "render/scene.h"
#include "render/sprite.h"

namespace proveout {

namespace {

constexpr uint32_t kTraceColour = 0x14304f, kMarkerColour = 0xd8261c, kWhite = 0xffffff;
constexpr uint32_t kPanelColour = 0x18202b, kTextColour = 0xf4f7fa, kQuietColour = 0xaab6c4;
constexpr size_t kMaxMarkers = 200;  // pictures of more would be red all over

std::string clock_text(double time_s) {
    char text[48];
    int64_t tenths = static_cast<int64_t>(std::clamp(time_s, 0.0, 1e9) * 10);
    int64_t seconds = tenths / 10;
    if (seconds >= 3600)
        std::snprintf(text, sizeof text, "%lld:%02d:%02d", static_cast<long long>(seconds / 3600), static_cast<int>(seconds / 60 % 60),
                      static_cast<int>(seconds % 60));
    else
        std::snprintf(text, sizeof text, "%02d:%02d.%d", static_cast<int>(seconds / 60), static_cast<int>(seconds % 60),
                      static_cast<int>(tenths % 10));
    return text;
}

// As much of the text as fits.
std::string fitted(const Font& font, std::string text, int width) {
    if (width_of(font, text) <= width) return text;
    while (!text.empty() && width_of(font, text + "...") > width) text.pop_back();
    return text + "...";
}

}  // namespace

struct Renderer::State {
    const std::vector<ToolAssembly>* assemblies;
    Scene scene;
    Canvas canvas;
    ToolPicture tool;
    Font small, large;
    std::string title;
    double unit = 1;  // pixels of a 720-line picture

    void draw_trace(const SceneState& state);
    void draw_markers(const SceneState& state);
    void draw_overlay(const SceneState& state);
};

Renderer::Renderer(const DexelGrid& grid, const std::vector<ToolAssembly>& assemblies, const std::vector<Fixture>& fixtures,
                   const Box3& bounds, const SceneOptions& options)
    : state_(std::make_unique<State>()) {
    CHECK(grid.axis == 2);
    CHECK(options.width > 0 && options.height > 0 && options.width % 2 == 0 && options.height % 2 == 0);
    CHECK(!bounds.empty());
    state_->assemblies = &assemblies;
    state_->scene = make_scene(grid, fixtures, bounds, options.width, options.height);
    state_->canvas = make_canvas(state_->scene.layer);
    state_->unit = std::min(options.height / 720.0, options.width / 1280.0);
    state_->small = make_font(10.5 * state_->unit, std::max(1.0, 1.5 * state_->unit));
    state_->large = make_font(15 * state_->unit, std::max(1.0, 2.1 * state_->unit));
    state_->title = options.title;
}

Renderer::~Renderer() = default;

void Renderer::draw(const SceneState& state, const Box3& changed, Frame& out, const Context& context) {
    State& s = *state_;
    update(s.scene, changed, context);
    if (state.assembly >= 0) {
        const ToolAssembly& assembly = (*s.assemblies)[state.assembly];
        draw_tool_shadow(s.canvas, s.scene.camera, s.scene.studio, assembly, state.tip_mm, s.scene.ground_mm);
        draw_tool(s.canvas, s.scene.camera, s.scene.studio, assembly, state.assembly, s.tool, state.tip_mm, state.colliding);
    }
    s.draw_trace(state);
    s.draw_markers(state);
    s.draw_overlay(state);
    finish(s.canvas, out);
}

void Renderer::State::draw_trace(const SceneState& state) {
    float lift = static_cast<float>(2.5 / scene.camera.scale);
    double count = static_cast<double>(std::max<size_t>(1, state.trace.size()));
    std::vector<ScreenPoint> points;
    size_t first = 0;
    auto alpha = [&](size_t i) { return 0.10 + 0.85 * static_cast<double>(i) / count; };
    for (size_t i = 0; i <= state.trace.size(); ++i) {
        bool gap = i == state.trace.size() || std::isnan(state.trace[i].x);
        if (gap) {
            if (points.size() >= 2)
                draw_path(canvas, points, {1.5 * unit, 3.6 * unit, kTraceColour, kWhite, 0.55, alpha(first), alpha(i)}, lift);
            points.clear();
            first = i;
            continue;
        }
        ScreenPoint point = project(scene.camera, state.trace[i]);
        // Less than half a pixel further is no news.
        if (!points.empty() && std::hypot(point.x - points.back().x, point.y - points.back().y) < 0.5) continue;
        points.push_back(point);
    }
}

void Renderer::State::draw_markers(const SceneState& state) {
    size_t first = state.collisions.size() > kMaxMarkers ? state.collisions.size() - kMaxMarkers : 0;
    for (size_t i = first; i < state.collisions.size(); ++i) {
        ScreenPoint p = project(scene.camera, state.collisions[i]);
        draw_disc(canvas, p.x, p.y, 9 * unit, kMarkerColour, 0.28);
        draw_disc(canvas, p.x, p.y, 4 * unit, kMarkerColour, 1);
        draw_ring(canvas, p.x, p.y, 5 * unit, 1.6 * unit, kWhite, 0.95);
    }
}

void Renderer::State::draw_overlay(const SceneState& state) {
    auto px = [&](double x) { return static_cast<int>(std::lround(x * unit)); };
    int left = px(28), top = px(26), pad = px(16);
    std::string time = clock_text(state.time_s);
    std::string detail;
    if (state.line > 0) detail = "line " + std::to_string(state.line);
    std::string tool = state.assembly >= 0 || state.tool > 0
                           ? "T" + std::to_string(state.tool) + (state.tool_name.empty() ? "" : "  " + state.tool_name)
                           : "";
    int width = px(330);
    draw_panel(canvas, {left, left + width, top, top + px(86)}, 9 * unit, kPanelColour, 0.86);
    draw_text(canvas, small, left + pad, top + px(26), fitted(small, title.empty() ? "proveout" : title, width - 2 * pad), kQuietColour);
    draw_text(canvas, large, left + pad, top + px(55), time, kTextColour);
    if (!detail.empty()) draw_text(canvas, large, left + width - pad - width_of(large, detail), top + px(55), detail, kTextColour);
    int tool_left = left + pad;
    if (state.assembly >= 0) {  // the colour of the faces that this tool cuts
        std::array<float, 3> c = palette_colour(state.assembly + 1);
        draw_panel(canvas, {tool_left, tool_left + px(11), top + px(66), top + px(77)}, 3 * unit,
                   encode({c[0] * 1.25f, c[1] * 1.25f, c[2] * 1.25f}), 1);
        tool_left += px(19);
    }
    draw_text(canvas, small, tool_left, top + px(76), fitted(small, tool, left + width - pad - tool_left), kQuietColour);
    if (state.caption.empty()) return;
    std::string caption = fitted(large, state.caption, scene.layer.width - 2 * left - 2 * pad);
    int caption_top = top + px(96);
    draw_panel(canvas, {left, left + width_of(large, caption) + 2 * pad, caption_top, caption_top + px(38)}, 9 * unit, kMarkerColour, 0.95);
    draw_text(canvas, large, left + pad, caption_top + px(26), caption, kWhite);
}

}  // namespace proveout
