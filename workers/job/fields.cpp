#include "job/fields.h"

#include <algorithm>
#include <set>

namespace proveout {

namespace {

// "[json.exception.parse_error.101] parse error at line 3, column 5: syntax error ..." without the library's own name.
std::string without_library_name(std::string message) {
    size_t bracket = message.find("] ");
    return bracket == std::string::npos ? message : message.substr(bracket + 2);
}

// Follows the parser's events and keeps the pointer of where it is, to name a member that comes twice.
struct DuplicateWatch {
    struct Level {
        bool is_object;
        std::set<std::string> names;
        std::string name;
        size_t index = 0;
    };
    std::vector<Level> levels;
    Faults& faults;

    std::string here() const {
        std::string pointer;
        for (const Level& level : levels) pointer = pointer_to(pointer, level.is_object ? level.name : std::to_string(level.index));
        return pointer;
    }
    void value_done() {
        if (!levels.empty() && !levels.back().is_object) ++levels.back().index;
    }
    bool operator()(int, Json::parse_event_t event, Json& parsed) {
        using Event = Json::parse_event_t;
        if (event == Event::object_start || event == Event::array_start) {
            levels.push_back({event == Event::object_start, {}, {}, 0});
        } else if (event == Event::key) {
            Level& level = levels.back();
            level.name = parsed.get<std::string>();
            if (!level.names.insert(level.name).second) faults.add(here(), "stands twice; a member may stand once");
        } else if (event == Event::object_end || event == Event::array_end) {
            levels.pop_back();
            value_done();
        } else {
            value_done();
        }
        return true;
    }
};

std::string range_text(const Range& range) {
    std::string low = number_text(range.low), high = number_text(range.high);
    return (range.open_low ? "more than " + low + ", up to " + high : low + " to " + high) + range.unit;
}

// A JSON number within range after scaling; otherwise what is wrong.
std::optional<std::string> wrong_number(const Json& value, const Range& range, double& out) {
    if (!value.is_number()) return "is not a number; allowed: " + range_text(range);
    double scaled = value.get<double>() * range.unit_mm;
    if (!std::isfinite(scaled) || scaled < range.low || scaled > range.high || (range.open_low && scaled == range.low))
        return "is " + number_text(value.get<double>()) + (range.unit_mm == 1 ? "" : " inch") + "; allowed: " + range_text(range);
    out = scaled;
    return std::nullopt;
}

}  // namespace

int bracket_depth(std::string_view text) {
    int depth = 0, deepest = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (in_string) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            deepest = std::max(deepest, ++depth);
        } else if (c == '}' || c == ']') {
            --depth;
        }
    }
    return deepest;
}

std::string pointer_to(const std::string& pointer, std::string_view member) {
    std::string out = pointer + "/";
    for (char c : member) {
        if (c == '~')
            out += "~0";
        else if (c == '/')
            out += "~1";
        else
            out += c;
    }
    return out;
}

std::optional<Json> parse_json(std::string_view text, int max_depth, Faults& faults) {
    if (text.size() >= 3 && text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
    if (bracket_depth(text) > max_depth) {
        faults.add("", "is nested too deeply; allowed: " + std::to_string(max_depth) + " brackets");
        return std::nullopt;
    }
    // The library takes a NUL for the end of the text.
    if (text.find('\0') != std::string_view::npos) {
        faults.add("", "is not JSON: it holds a NUL byte");
        return std::nullopt;
    }
    try {
        DuplicateWatch watch{{}, faults};
        size_t before = faults.list.size();
        Json document = Json::parse(text.begin(), text.end(), std::ref(watch));
        if (faults.list.size() > before) return std::nullopt;
        return document;
    } catch (const Json::exception& failure) {
        faults.add("", "is not JSON: " + without_library_name(failure.what()));
        return std::nullopt;
    }
}

Fields::Fields(const Json& object, std::string pointer, Faults& faults) : pointer_(std::move(pointer)), faults_(faults) {
    if (object.is_object())
        object_ = &object;
    else
        faults_.add(pointer_, std::string("is ") + object.type_name() + "; an object {...} is needed");
}

const Json* Fields::find(const char* member) {
    known_.push_back(member);
    if (!object_) return nullptr;
    auto at = object_->find(member);
    return at == object_->end() ? nullptr : &*at;
}

void Fields::number(const char* member, const Range& range, double& out) {
    const Json* value = find(member);
    if (!value) return;
    if (auto wrong = wrong_number(*value, range, out)) fault(member, *wrong);
}

void Fields::integer(const char* member, int64_t low, int64_t high, int& out) {
    const Json* value = find(member);
    if (!value) return;
    double number = value->is_number() ? value->get<double>() : NAN;
    if (!(number >= low && number <= high) || number != std::floor(number))
        return fault(member, "is " + (value->is_number() ? number_text(number) : "not a number") + "; allowed: a whole number, " +
                                 std::to_string(low) + " to " + std::to_string(high));
    out = static_cast<int>(number);
}

void Fields::boolean(const char* member, bool& out) {
    const Json* value = find(member);
    if (!value) return;
    if (!value->is_boolean()) return fault(member, "is not true or false; allowed: true, false");
    out = value->get<bool>();
}

void Fields::text(const char* member, size_t max_bytes, std::string& out) {
    const Json* value = find(member);
    if (!value) return;
    if (!value->is_string()) return fault(member, std::string("is ") + value->type_name() + "; a string is needed");
    if (value->get_ref<const std::string&>().size() > max_bytes)
        return fault(member, "is too long; allowed: " + std::to_string(max_bytes) + " bytes");
    out = value->get<std::string>();
}

std::optional<std::string> Fields::word(const char* member, const std::vector<std::string>& allowed) {
    const Json* value = find(member);
    if (!value) return std::nullopt;
    if (value->is_string() && std::find(allowed.begin(), allowed.end(), value->get<std::string>()) != allowed.end())
        return value->get<std::string>();
    std::string list;
    for (const std::string& name : allowed) list += (list.empty() ? "" : " ") + name;
    std::string given = value->is_string() ? "\"" + value->get<std::string>().substr(0, 40) + "\"" : std::string(value->type_name());
    fault(member, "is " + given + "; allowed: " + list);
    return std::nullopt;
}

bool Fields::numbers(const char* member, size_t count, const Range& range, double* out) {
    const Json* value = find(member);
    if (!value) return false;
    if (!value->is_array() || value->size() != count) {
        fault(member, "is not a list of " + std::to_string(count) + " numbers; allowed: each " + range_text(range));
        return false;
    }
    bool good = true;
    for (size_t i = 0; i < count; ++i) {
        if (auto wrong = wrong_number((*value)[i], range, out[i])) {
            faults_.add(pointer_to(at(member), std::to_string(i)), *wrong);
            good = false;
        }
    }
    return good;
}

void Fields::finish() {
    if (!object_) return;
    for (const auto& [name, value] : object_->items()) {
        if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
        std::string list;
        for (const std::string& known : known_) list += (list.empty() ? "" : " ") + known;
        faults_.add(pointer_to(pointer_, name.substr(0, 100)), "is unknown; allowed here: " + list);
    }
}

}  // namespace proveout
