// Reading STL: bytes of unknown origin in, triangles or one clear error out.
//
// The header of a binary file is never trusted: a file is binary exactly if its size is 84 + 50 n for the count n that it states.
// Everything else is read as ASCII with bounded tokens. Normals and attribute bytes are skipped; triangles with two equal corners are left
// out, for they have no area and their edges cancel each other.
#include <charconv>
#include <cstring>

#include "proveout/mesh.h"

namespace proveout {

namespace {

constexpr size_t kBinaryHeaderBytes = 84;    // 80 bytes of text and the count
constexpr size_t kBinaryTriangleBytes = 50;  // normal, three corners, attribute
constexpr uint64_t kMaxStlTriangles = 5'000'000;
constexpr double kMaxStlCoordinate_mm = 1e6;  // a kilometre: beyond it units or bytes are wrong
constexpr size_t kMaxStlToken = 64;           // longest word or number that is looked at

Error bad_stl(std::string message) { return make_error(ErrorCode::kInvalidInput, "STL: " + std::move(message)); }

Error too_many() { return bad_stl("more than 5 million triangles; reduce the mesh before using it as stock, fixture or target"); }

bool sane(Vec3 p) {
    // False for NaN too.
    return std::abs(p.x) <= kMaxStlCoordinate_mm && std::abs(p.y) <= kMaxStlCoordinate_mm && std::abs(p.z) <= kMaxStlCoordinate_mm;
}

Error not_sane(uint64_t triangle) {
    return bad_stl("triangle " + std::to_string(triangle + 1) +
                   " has a coordinate that is not a number or beyond 1,000,000 mm; the file is damaged");
}

// Adds a triangle unless two of its corners are the same point.
void add(std::vector<Triangle>& triangles, const Triangle& t) {
    if (!(t.a == t.b || t.b == t.c || t.c == t.a)) triangles.push_back(t);
}

Result<std::vector<Triangle>> finish(std::vector<Triangle> triangles) {
    if (triangles.empty()) return bad_stl("no triangles with an area in the file");
    return triangles;
}

uint32_t stated_count(std::string_view bytes) {
    const auto* at = reinterpret_cast<const unsigned char*>(bytes.data() + 80);
    return at[0] | at[1] << 8 | at[2] << 16 | static_cast<uint32_t>(at[3]) << 24;
}

Vec3 read_point(const char* at) {
    float v[3];
    std::memcpy(v, at, sizeof v);
    return {v[0], v[1], v[2]};
}

Result<std::vector<Triangle>> read_binary(std::string_view bytes, uint64_t count) {
    if (count > kMaxStlTriangles) return too_many();
    std::vector<Triangle> triangles;
    triangles.reserve(count);
    for (uint64_t i = 0; i < count; ++i) {
        const char* at = bytes.data() + kBinaryHeaderBytes + i * kBinaryTriangleBytes + 12;
        Triangle t{read_point(at), read_point(at + 12), read_point(at + 24)};
        if (!sane(t.a) || !sane(t.b) || !sane(t.c)) return not_sane(i);
        add(triangles, t);
    }
    return finish(std::move(triangles));
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f'; }

// Words of an ASCII file. A word longer than kMaxStlToken comes back cut: it matches nothing.
struct Words {
    std::string_view left;
    int64_t line = 1;

    std::string_view next() {
        size_t i = 0;
        for (; i < left.size() && is_space(left[i]); ++i) line += left[i] == '\n';
        left.remove_prefix(i);
        size_t end = 0;
        while (end < left.size() && end <= kMaxStlToken && !is_space(left[end])) ++end;
        std::string_view word = left.substr(0, end);
        left.remove_prefix(end);
        return word;
    }
    void skip_line() {
        size_t end = left.find('\n');
        left.remove_prefix(end == std::string_view::npos ? left.size() : end);
    }
};

bool same_word(std::string_view word, std::string_view lower_case) {
    if (word.size() != lower_case.size()) return false;
    for (size_t i = 0; i < word.size(); ++i) {
        char c = word[i] >= 'A' && word[i] <= 'Z' ? static_cast<char>(word[i] + 32) : word[i];
        if (c != lower_case[i]) return false;
    }
    return true;
}

Error unexpected(const Words& words, std::string_view found, std::string_view wanted) {
    std::string shown;
    for (char c : found.substr(0, 20)) shown += c >= 32 && c < 127 ? c : '?';
    bool cut_off = words.left.empty() && wanted.substr(0, found.size()) == found;  // also true for no word at all
    if (cut_off)
        return make_error(ErrorCode::kInvalidInput, "STL: the file ends before '" + std::string(wanted) + "'; it is truncated", words.line);
    return make_error(ErrorCode::kInvalidInput,
                      "STL: line " + std::to_string(words.line) + " has '" + shown + "' where '" + std::string(wanted) + "' belongs",
                      words.line);
}

// Consumes the given words in order.
Status expect(Words& words, std::initializer_list<std::string_view> wanted) {
    for (std::string_view w : wanted) {
        std::string_view found = words.next();
        if (!same_word(found, w)) return unexpected(words, found, w);
    }
    return Unit{};
}

Result<Vec3> read_vertex(Words& words, uint64_t triangle) {
    TRY(expect(words, {"vertex"}));
    double v[3];
    for (double& value : v) {
        std::string_view word = words.next(), digits = word;
        if (!digits.empty() && digits[0] == '+') digits.remove_prefix(1);
        auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (word.size() > kMaxStlToken) return unexpected(words, word, "a number");
        if (fault == std::errc::result_out_of_range) return not_sane(triangle);
        if (fault != std::errc{} || end != digits.data() + digits.size()) return unexpected(words, word, "a number");
    }
    // The same rounding as in a binary file, so that both forms of a mesh are the same mesh.
    Vec3 p{v[0], v[1], v[2]};
    if (!sane(p)) return not_sane(triangle);
    return Vec3{static_cast<float>(p.x), static_cast<float>(p.y), static_cast<float>(p.z)};
}

Result<Triangle> read_facet(Words& words, uint64_t triangle) {
    TRY(expect(words, {"normal"}));
    for (int i = 0; i < 3; ++i) words.next();
    TRY(expect(words, {"outer", "loop"}));
    Vec3 a = TRY(read_vertex(words, triangle));
    Vec3 b = TRY(read_vertex(words, triangle));
    Vec3 c = TRY(read_vertex(words, triangle));
    TRY(expect(words, {"endloop", "endfacet"}));
    return Triangle{a, b, c};
}

Result<std::vector<Triangle>> read_ascii(std::string_view bytes) {
    Words words{bytes};
    TRY(expect(words, {"solid"}));
    words.skip_line();
    std::vector<Triangle> triangles;
    uint64_t count = 0;
    bool open = true;
    for (;;) {
        std::string_view word = words.next();
        if (open && same_word(word, "facet")) {
            if (count == kMaxStlTriangles) return too_many();
            add(triangles, TRY(read_facet(words, count)));
            ++count;
        } else if (open && same_word(word, "endsolid")) {
            words.skip_line();
            open = false;
        } else if (!open && same_word(word, "solid")) {  // files with several solids are common
            words.skip_line();
            open = true;
        } else if (!open && word.empty()) {
            return finish(std::move(triangles));
        } else {
            return unexpected(words, word, open ? "facet' or 'endsolid" : "solid");
        }
    }
}

bool looks_ascii(std::string_view bytes) {
    Words words{bytes};
    return same_word(words.next(), "solid") && bytes.substr(0, 1000).find('\0') == std::string_view::npos;
}

}  // namespace

Result<std::vector<Triangle>> read_stl(std::string_view bytes) {
    if (bytes.empty()) return bad_stl("the file is empty");
    if (bytes.size() >= kBinaryHeaderBytes) {
        uint64_t count = stated_count(bytes);
        if (bytes.size() == kBinaryHeaderBytes + kBinaryTriangleBytes * count) return read_binary(bytes, count);
    }
    std::string_view text = bytes;
    if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
    if (looks_ascii(text)) return read_ascii(text);
    if (bytes.size() < kBinaryHeaderBytes) return bad_stl("neither ASCII ('solid ...') nor as long as a binary header (84 bytes)");
    uint64_t count = stated_count(bytes);
    return bad_stl("the header states " + std::to_string(count) + " triangles, which take " +
                   std::to_string(kBinaryHeaderBytes + kBinaryTriangleBytes * count) + " bytes, but the file has " +
                   std::to_string(bytes.size()) + "; it is truncated or no STL");
}

}  // namespace proveout
