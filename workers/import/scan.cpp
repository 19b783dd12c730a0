#include "import/scan.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "job/lengths.h"
#include "proveout/geometry.h"

namespace proveout {

namespace {

constexpr size_t kBlockBytes = 4096;

struct UnitsWord {
    int64_t line;
    double unit_mm;
};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A letter that begins a word and not part of a name (#<t1>, ATAN, GOTO).
bool begins_word(std::string_view line, size_t at) {
    char before = at > 0 ? line[at - 1] : ' ';
    return !is_letter(before) && before != '_' && before != '<';
}

// Whole number after a word's letter, spaces allowed: -1 if there is none.
int word_number(std::string_view line, size_t at) {
    while (at < line.size() && line[at] == ' ') ++at;
    int value = -1, digits = 0;
    for (; at < line.size() && is_digit(line[at]) && digits < 6; ++at, ++digits) value = std::max(value, 0) * 10 + (line[at] - '0');
    return at < line.size() && is_digit(line[at]) ? -1 : value;
}

class Scanner {
  public:
    explicit Scanner(ProgramScan& out) : out_(out) {}

    void line(std::string_view line, int64_t number) {
        if (line.size() > kMaxScanLineBytes) line = line.substr(0, kMaxScanLineBytes);
        for (size_t at = 0; at < line.size(); ++at) {
            char c = line[at];
            if (c == '(') {
                size_t end = std::min(line.find(')', at), line.size());
                comment(line.substr(at + 1, end - at - 1), number);
                at = end;
            } else if (c == ';') {
                comment(line.substr(at + 1), number);
                return;
            } else if ((c == 'T' || c == 't') && begins_word(line, at)) {
                int value = word_number(line, at + 1);
                if (value >= 0 && out_.tool_words.size() < kMaxScanToolWords) out_.tool_words.push_back({number, value});
            } else if ((c == 'G' || c == 'g') && begins_word(line, at)) {
                int value = word_number(line, at + 1);
                if ((value == 20 || value == 21) && units_.size() < kMaxScanToolWords)
                    units_.push_back({number, value == 20 ? kMmPerInch : 1});
            }
        }
    }

    bool full() const { return out_.comments.size() >= kMaxScanComments; }

    // A header's numbers are in the units that the program sets later, if it has not set any yet.
    void finish() {
        out_.units_given = !units_.empty();
        size_t next = 0;
        for (ScanComment& comment : out_.comments) {
            while (next < units_.size() && units_[next].line <= comment.line) ++next;
            if (!units_.empty()) comment.unit_mm = units_[next == 0 ? 0 : next - 1].unit_mm;
        }
    }

  private:
    void comment(std::string_view text, int64_t number) {
        text = trimmed(text);
        if (!text.empty() && !full()) out_.comments.push_back({number, std::string(text), 1});
    }

    ProgramScan& out_;
    std::vector<UnitsWord> units_;
};

// False: no line that begins in this block can say anything. Written without branches so that the compiler makes vector code of it.
#pragma GCC push_options
#pragma GCC optimize("O3")
bool has_interest(const char* bytes, size_t count) {
    uint8_t any = 0;
    for (size_t i = 0; i < count; ++i) {
        auto c = static_cast<uint8_t>(bytes[i]);
        any |=
            static_cast<uint8_t>(static_cast<uint8_t>(c == '(') | static_cast<uint8_t>(c == ';') | static_cast<uint8_t>((c | 0x20) == 't'));
    }
    return any != 0;
}

int64_t count_lines(const char* bytes, size_t count) {
    int64_t lines = 0;
    for (size_t at = 0; at < count; at += 255) {
        uint8_t some = 0;
        size_t end = std::min(count, at + 255);
        for (size_t i = at; i < end; ++i) some = static_cast<uint8_t>(some + (bytes[i] == '\n'));
        lines += some;
    }
    return lines;
}
#pragma GCC pop_options

}  // namespace

ProgramScan scan_program(std::string_view text, const std::function<void(size_t)>& passed) {
    ProgramScan out;
    Scanner scanner(out);
    int64_t line_number = 1;
    bool always = true;  // the first block is read in any case: units stand there
    for (size_t at = 0; at < text.size() && !scanner.full();) {
        size_t end = std::min(text.size(), at + kBlockBytes);
        // Blocks end at a line end, so that no line is split.
        const void* newline = end < text.size() ? std::memchr(text.data() + end, '\n', text.size() - end) : nullptr;
        end = newline ? static_cast<size_t>(static_cast<const char*>(newline) - text.data()) + 1 : text.size();
        std::string_view block = text.substr(at, end - at);
        if (always || has_interest(block.data(), block.size())) {
            int64_t number = line_number;
            for (size_t from = 0; from < block.size(); ++number) {
                size_t to = std::min(block.find('\n', from), block.size());
                scanner.line(block.substr(from, to - from), number);
                from = to + 1;
            }
        }
        line_number += count_lines(block.data(), block.size());
        at = end;
        always = false;
        if (passed) passed(at);
    }
    scanner.finish();
    return out;
}

}  // namespace proveout
