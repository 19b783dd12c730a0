// font.h -- a single-line engraving font, drawn with a round pen and anti-aliased: ASCII, small, without files.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace proveout {

struct Glyph {
    int width = 0, height = 0;   // of the picture, pixels
    int left = 0, above = 0;     // picture's corner from the pen position on the base line: left of it, above it
    int advance = 0;
    std::vector<uint8_t> cover;  // width * height, 0..255
};

struct Font {
    int cap_height = 0;          // pixels
    std::array<Glyph, 95> glyphs;  // ' ' ... '~'
};

// cap_height and pen: pixels.
Font make_font(double cap_height, double pen);

// The glyphs of a UTF-8 text; everything beyond ASCII is one '?'.
std::vector<const Glyph*> layout(const Font& font, std::string_view text);
int width_of(const Font& font, std::string_view text);

}  // namespace proveout
