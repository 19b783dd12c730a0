// text.h -- hostile text and plain numbers made fit for a format. Used by every writer of this folder.
#pragma once

#include <string>
#include <string_view>

#include "proveout/finding.h"

namespace proveout {

// Valid UTF-8: each byte that is not part of a well-formed sequence (RFC 3629) becomes U+FFFD.
std::string clean_utf8(std::string_view text);

// For text and attribute values of HTML and XML 1.0: clean UTF-8, & < > " ' as entities, characters that XML 1.0 (section 2.2) forbids and
// line ends as U+FFFD and spaces.
std::string escape_markup(std::string_view text);

// Nearest multiple of 10^-decimals; 0 for NaN and infinity, never -0. The same double prints the same everywhere.
double rounded(double value, int decimals);

// rounded() as text without trailing zeros: "12.5", "0", "-3". REQUIRES: 0 <= decimals <= 6.
std::string number(double value, int decimals);
void append_number(std::string& out, double value, int decimals);

// "1 h 02 min", "12 min 41 s", "8.4 s".
std::string duration_text(double seconds);

// "12,345" (groups of three), for people.
std::string grouped(double value, int decimals);

std::string base64(std::string_view bytes);

}  // namespace proveout
