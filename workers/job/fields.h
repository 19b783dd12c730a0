// fields.h -- reading JSON objects strictly: every member is asked for by name, and what nobody asked for is a fault. Private to job/ and
// import/.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "job/faults.h"
#include "job/lengths.h"

namespace proveout {

using Json = nlohmann::json;

// Parses with bounds: at most `max_depth` brackets deep, no member twice. Faults: malformed JSON at "", a duplicate at its pointer.
std::optional<Json> parse_json(std::string_view text, int max_depth, Faults& faults);

// Deepest nesting of brackets outside strings; a look at the bytes, so that no parser ever recurses or allocates for a hostile document.
int bracket_depth(std::string_view text);

// RFC 6901: "~" is "~0" and "/" is "~1" in a member's name.
std::string pointer_to(const std::string& pointer, std::string_view member);

struct Range {
    double low, high;
    bool open_low = false;  // low itself is not allowed
    double unit_mm = 1;     // the document's number is multiplied by this; low and high are after that
    const char* unit = "";  // for messages: " mm"
};

class Fields {
  public:
    Fields(const Json& object, std::string pointer, Faults& faults);
    bool valid() const { return object_ != nullptr; }
    const std::string& pointer() const { return pointer_; }
    std::string at(const char* member) const { return pointer_to(pointer_, member); }
    void fault(const char* member, std::string detail) { faults_.add(at(member), std::move(detail)); }

    bool has(const char* member) const { return object_ && object_->contains(member); }
    const Json* find(const char* member);                              // marks it as known; nullptr: absent
    void number(const char* member, const Range& range, double& out);  // absent: unchanged
    void integer(const char* member, int64_t low, int64_t high, int& out);
    void boolean(const char* member, bool& out);
    void text(const char* member, size_t max_bytes, std::string& out);
    std::optional<std::string> word(const char* member, const std::vector<std::string>& allowed);
    // An array of exactly `count` numbers; absent, or a fault: false.
    bool numbers(const char* member, size_t count, const Range& range, double* out);
    void finish();  // faults for unknown members

  private:
    const Json* object_ = nullptr;
    std::string pointer_;
    Faults& faults_;
    std::vector<std::string> known_;
};

}  // namespace proveout
