// lines.h -- physical lines of a text, one at a time, without copying. A line ends at LF; CR before it is not part of the line.
// A text that has CR and no LF at all (old Macintosh) ends its lines at CR.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace proveout::gcode {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

class LineCursor {
  public:
    LineCursor() = default;
    explicit LineCursor(std::string_view text) : text_(text) {
        if (std::memchr(text.data(), '\n', text.size()) == nullptr && text.find('\r') != std::string_view::npos) end_ = '\r';
        if (text.substr(0, 3) == kByteOrderMark) offset_ = 3;
    }

    bool has_mark() const { return text_.substr(0, 3) == kByteOrderMark; }
    bool at_end() const { return offset_ >= text_.size(); }
    size_t offset() const { return offset_; }  // of the line that next() gives
    int64_t line() const { return line_; }     // number of the line that next() gave last, from 1
    std::string_view text() const { return text_; }

    // REQUIRES: !at_end().
    std::string_view next() {
        const char* begin = text_.data() + offset_;
        size_t left = text_.size() - offset_;
        const char* stop = static_cast<const char*>(std::memchr(begin, end_, left));
        size_t length = stop ? static_cast<size_t>(stop - begin) : left;
        offset_ += length + (stop ? 1 : 0);
        ++line_;
        if (length > 0 && begin[length - 1] == '\r') --length;
        return {begin, length};
    }

    // Continues behind `line`: next() gives the line that starts at `offset` and has number line + 1.
    void seek(size_t offset, int64_t line) { offset_ = offset, line_ = line; }

  private:
    std::string_view text_;
    size_t offset_ = 0;
    int64_t line_ = 0;
    char end_ = '\n';
};

}  // namespace proveout::gcode
