#include "render/font.h"

#include <algorithm>
#include <cmath>

namespace proveout {

namespace {

// Strokes of ' ' ... '~'. A stroke is a row of points, two digits each: x to the right, y up; base line 2, small letters to 6, capitals to
// 8, descenders to 0. `~` before a stroke: the points control an open quadratic B-spline; `@`: a closed one. One point twice is a dot.
constexpr const char* kStrokes[95] = {
    "", "0804 0202", "0806 2826", "1218 3238 0444 0646", "~4748080545420203 2129", "0248 @08181606 @34444232",
    "~420608282604024244", "0806", "~19080211", "~09181201", "2723 0446 0644", "0545 2327", "1201", "0525", "0202", "0138",
    "@08383202", "172822", "~0708383602 0232", "~0708383515 ~1535320203", "22280434", "380805 ~0536320203", "~37380803 @05353202", "083812",
    "@08383505 @05353202", "@08383505 ~37320203", "0202 0505", "0505 1201", "370533", "0444 0646", "073503", "~070838351514 1212",
    "@08484202 @16363414", "022842 1434", "0208 ~08484505 ~05454202", "~474808024243", "0208 ~08484202", "48080242 0535", "480802 0535",
    "~474808024245 4525", "0208 4248 0545", "0208", "3834 ~34320204", "0208 4804 1542", "080242", "0208254842", "02084248", "@08484202",
    "0208 ~08484505", "@08484202 2442", "0208 ~08484505 2542", "~4748080545420203", "0848 2228", "0804 ~04024244 4448", "082248",
    "0812263248", "0248 0842", "082548 2522", "08480242", "19090111", "0831", "09191101", "061826", "0131", "0817",
    "@06363202 3632", "0802 @06363202", "~353606023233", "3832 @06363202", "0434 ~343606023233", "~281816 1612 0626",
    "@06363202 3631 ~31300001", "0802 ~04063634 3432", "0206 0808", "1611 ~111000 1818", "0802 3604 1532", "0802",
    "0602 ~04062624 2422 ~24264644 4442", "0602 ~04063634 3432", "@06363202", "0600 @06363202", "3630 @06363202", "0602 ~040626",
    "~3536060434320203", "1813 ~131222 0626", "0604 ~04023234 3632", "062246", "0612253246", "0236 0632", "0622 4610", "06360232",
    "~29181605141121", "0109", "~09181625141101", "~04162446"};

struct Point {
    double x, y;
};

struct Segment {
    Point a, b;
};

void append_line(const std::vector<Point>& points, std::vector<Segment>& out) {
    for (size_t i = 0; i + 1 < points.size(); ++i) out.push_back({points[i], points[i + 1]});
}

// Quadratic B-spline as chords; its ends are the first and last control point, or it is closed.
void append_spline(std::vector<Point> control, bool closed, std::vector<Segment>& out) {
    constexpr int kChords = 6;
    auto middle = [](Point a, Point b) { return Point{(a.x + b.x) / 2, (a.y + b.y) / 2}; };
    size_t n = control.size();
    std::vector<Point> path;
    for (size_t i = closed ? 0 : 1; i + (closed ? 0 : 1) < n; ++i) {
        Point before = control[(i + n - 1) % n], here = control[i], after = control[(i + 1) % n];
        Point start = !closed && i == 1 ? before : middle(before, here), end = !closed && i + 2 == n ? after : middle(here, after);
        for (int k = 0; k <= kChords; ++k) {
            double t = static_cast<double>(k) / kChords, s = 1 - t;
            path.push_back({s * s * start.x + 2 * s * t * here.x + t * t * end.x, s * s * start.y + 2 * s * t * here.y + t * t * end.y});
        }
    }
    append_line(path, out);
}

std::vector<Segment> segments_of(std::string_view strokes) {
    std::vector<Segment> out;
    while (!strokes.empty()) {
        std::string_view stroke = strokes.substr(0, strokes.find(' '));
        strokes.remove_prefix(std::min(strokes.size(), stroke.size() + 1));
        char kind = stroke.empty() ? ' ' : stroke[0];
        if (kind == '~' || kind == '@') stroke.remove_prefix(1);
        std::vector<Point> points;
        for (size_t i = 0; i + 1 < stroke.size(); i += 2)
            points.push_back({static_cast<double>(stroke[i] - '0'), static_cast<double>(stroke[i + 1] - '0')});
        if (kind == '~' || kind == '@') append_spline(points, kind == '@', out);
        else append_line(points, out);
    }
    return out;
}

double distance(Point p, const Segment& s) {
    double dx = s.b.x - s.a.x, dy = s.b.y - s.a.y, size = dx * dx + dy * dy;
    double t = size > 0 ? std::clamp(((p.x - s.a.x) * dx + (p.y - s.a.y) * dy) / size, 0.0, 1.0) : 0;
    return std::hypot(p.x - s.a.x - t * dx, p.y - s.a.y - t * dy);
}

Glyph make_glyph(char c, double unit, double pen) {
    std::vector<Segment> segments = segments_of(kStrokes[c - ' ']);
    double high_x = 0;
    for (Segment& s : segments) {
        high_x = std::max({high_x, s.a.x, s.b.x});
        for (Point* p : {&s.a, &s.b}) *p = {p->x * unit, (p->y - 2) * unit};
    }
    bool digit = c >= '0' && c <= '9';
    Glyph glyph;
    glyph.advance = static_cast<int>(std::lround(unit * (c == ' ' ? 3 : (digit ? 3 : high_x) + 1.75)));
    if (segments.empty()) return glyph;
    int margin = static_cast<int>(std::ceil(pen)) + 1;
    glyph.left = margin;
    glyph.above = static_cast<int>(std::ceil(7 * unit)) + margin;
    glyph.width = static_cast<int>(std::ceil(high_x * unit)) + 2 * margin;
    glyph.height = glyph.above + static_cast<int>(std::ceil(2 * unit)) + margin;
    glyph.cover.resize(static_cast<size_t>(glyph.width) * glyph.height);
    for (int j = 0; j < glyph.height; ++j)
        for (int i = 0; i < glyph.width; ++i) {
            Point p{i - glyph.left + 0.5, glyph.above - j - 0.5};
            double nearest = 1e9;
            for (const Segment& s : segments) nearest = std::min(nearest, distance(p, s));
            double cover = std::clamp(pen / 2 + 0.5 - nearest, 0.0, 1.0);
            glyph.cover[static_cast<size_t>(j) * glyph.width + i] = static_cast<uint8_t>(std::lround(255 * cover));
        }
    return glyph;
}

}  // namespace

Font make_font(double cap_height, double pen) {
    Font font;
    font.cap_height = static_cast<int>(std::lround(cap_height));
    for (int i = 0; i < 95; ++i) font.glyphs[i] = make_glyph(static_cast<char>(' ' + i), cap_height / 6, pen);
    return font;
}

std::vector<const Glyph*> layout(const Font& font, std::string_view text) {
    std::vector<const Glyph*> out;
    for (unsigned char c : text) {
        if ((c & 0xc0) == 0x80) continue;  // the rest of a UTF-8 character
        out.push_back(&font.glyphs[c >= ' ' && c <= '~' ? c - ' ' : '?' - ' ']);
    }
    return out;
}

int width_of(const Font& font, std::string_view text) {
    int width = 0;
    for (const Glyph* glyph : layout(font, text)) width += glyph->advance;
    return width;
}

}  // namespace proveout
