// Expressions of RS274/NGC (LinuxCNC, grblHAL, Mach3) and of Fanuc macro B, evaluated while reading: no tree, no heap.
#include "gcode/expression.h"

#include <cmath>
#include <limits>

#include "gcode/number.h"
#include "proveout/interpret.h"

namespace proveout::gcode {

namespace {

// GRBL family error numbers.
constexpr int kBadNumber = 2, kNotWhole = 23, kOutOfRange = 39, kUnknownOperation = 71, kDivideByZero = 72, kBadArgument = 73;
constexpr int kBadPower = 74, kBadExpression = 75, kNotFinite = 76, kOpenName = 81;

constexpr double kEqual = 1e-4;      // LinuxCNC, grblHAL: EQ and NE take numbers closer than this as equal (documented tolerance)
constexpr double kStepPulse_us = 5;  // grblHAL's setting $0
constexpr double kIntegerTolerance = 1e-4;
constexpr double kDegree = kPi / 180;
constexpr int kMaxParameter = 99999;
constexpr int kLinuxcncParameters = 5602;  // #1 to #5601
constexpr double kMaxBits = 2147483648.0;  // macro B: AND, OR, XOR act on the bits of 32-bit numbers

enum Op : int { kNoOp, kPower, kTimes, kDivide, kMod, kPlus, kMinus, kEq, kNe, kGt, kGe, kLt, kLe, kAnd, kOr, kXor };

struct Operator {
    std::string_view text;
    Op op;
    int level;  // higher binds closer
};
constexpr Operator kOperators[] = {{"**", kPower, 5}, {"*", kTimes, 4}, {"/", kDivide, 4}, {"MOD", kMod, 4}, {"+", kPlus, 3},
                                   {"-", kMinus, 3},  {"EQ", kEq, 2},   {"NE", kNe, 2},    {"GT", kGt, 2},   {"GE", kGe, 2},
                                   {"LT", kLt, 2},    {"LE", kLe, 2},   {"AND", kAnd, 1},  {"OR", kOr, 1},   {"XOR", kXor, 1}};

const Operator* operator_at(std::string_view text) {
    if (text.empty() || text.front() == ']') return nullptr;  // almost always
    for (const Operator& candidate : kOperators)
        if (candidate.text.front() == text.front() && text.substr(0, candidate.text.size()) == candidate.text) return &candidate;
    return nullptr;
}

bool is_letter(char c) { return c >= 'A' && c <= 'Z'; }

// Does the text begin with the name of a function? "SINX" does.
bool begins_function(std::string_view text) {
    for (std::string_view name :
         {"ABS", "ACOS", "ASIN", "ATAN", "COS", "EXP", "EXISTS", "FIX", "FUP", "LN", "ROUND", "SIN", "SQRT", "TAN", "PRM"})
        if (text.substr(0, name.size()) == name) return true;
    return false;
}

double bits_of(double value) { return std::fabs(value) < kMaxBits ? std::round(value) : 0; }

}  // namespace

bool ValueReader::fail(int code, std::string message) {
    refusal.code = code;
    refusal.message = std::move(message);
    return false;
}

bool ValueReader::value(std::string_view& text, double& result) {
    if (text.empty()) return fail(kBadExpression, "a number is missing");
    char c = text.front();
    point = vacant = false;
    if (is_digit(c) || c == '.' || ((c == '-' || c == '+') && text.size() > 1 && (is_digit(text[1]) || text[1] == '.'))) {
        NumberEnd end = read_number(text.data(), text.data() + text.size(), result);
        if (!end.at) return fail(kBadNumber, "a number is malformed");
        point = end.point;
        text.remove_prefix(static_cast<size_t>(end.at - text.data()));
        return true;
    }
    if (!grammar.expressions) return fail(kBadNumber, "a number is missing or malformed");
    if (depth >= kMaxExpressionDepth)
        return fail(kBadExpression, "the expression is nested deeper than " + std::to_string(kMaxExpressionDepth));
    ++depth;
    bool ok = false;
    if (c == '[') {
        ok = bracket(text, result);
    } else if (c == '#') {
        text.remove_prefix(1);
        ok = parameter(text, result);
    } else if (c == '-' || c == '+') {
        text.remove_prefix(1);
        ok = value(text, result);
        if (c == '-') result = -result;
    } else if (is_letter(c)) {
        ok = function(text, result);
    } else {
        fail(kBadNumber, "a number is missing or malformed");
    }
    --depth;
    point = true;  // a value that is worked out is no whole number of increments
    return ok;
}

bool ValueReader::bracket(std::string_view& text, double& result) {
    if (text.empty() || text.front() != '[') return fail(kBadNumber, "\"[\" is missing");
    text.remove_prefix(1);
    if (!expression(text, result, 1)) return false;
    if (text.empty() || text.front() != ']') return fail(kUnknownOperation, "\"]\" is missing in the expression");
    text.remove_prefix(1);
    if (!std::isfinite(result) && !vacant) return fail(kNotFinite, "the expression has no finite value");
    return true;
}

bool ValueReader::open_expression(std::string_view& text, double& result) {
    if (!expression(text, result, 1)) return false;
    if (vacant) result = std::numeric_limits<double>::quiet_NaN();
    return true;
}

// Precedence climbing: operands at `level` and above, left to right.
bool ValueReader::expression(std::string_view& text, double& result, int level) {
    if (!value(text, result)) return false;
    for (;;) {
        const Operator* op = operator_at(text);
        if (!op || op->level < level) return true;
        text.remove_prefix(op->text.size());
        bool left_vacant = vacant;
        double right = 0;
        if (!expression(text, right, op->level + 1)) return false;  // at most one call per level of precedence
        if (left_vacant || vacant) {
            // Macro B: a vacant variable counts as 0, except that it equals only another vacant one.
            bool equal = left_vacant && vacant;
            double a = left_vacant ? 0 : result, b = vacant ? 0 : right;
            vacant = false;
            if (op->op == kEq || op->op == kNe) {
                result = (op->op == kEq) == equal ? 1 : 0;
                continue;
            }
            if (!combine(op->op, a, b, result)) return false;
            continue;
        }
        if (!combine(op->op, result, right, result)) return false;
    }
}

bool ValueReader::combine(int op, double a, double b, double& result) {
    double tolerance = grammar.dialect == Dialect::kLinuxcnc || grammar.dialect == Dialect::kGrblhal ? kEqual : 0;
    switch (op) {
        case kPower:
            if (a < 0 && b != std::floor(b)) return fail(kBadPower, "a negative number raised to a power that is not whole");
            result = std::pow(a, b);
            break;
        case kTimes:
            result = a * b;
            break;
        case kDivide:
            if (b == 0) return fail(kDivideByZero, "division by zero");
            result = a / b;
            break;
        case kMod:
            if (b == 0) return fail(kDivideByZero, "MOD by zero");
            result = std::fmod(a, b);
            if (result < 0 && !grammar.macro_b) result += std::fabs(b);
            break;
        case kPlus:
            result = a + b;
            break;
        case kMinus:
            result = a - b;
            break;
        case kEq:
            result = std::fabs(a - b) <= tolerance ? 1 : 0;
            break;
        case kNe:
            result = std::fabs(a - b) <= tolerance ? 0 : 1;
            break;
        case kGt:
            result = a > b ? 1 : 0;
            break;
        case kGe:
            result = a >= b ? 1 : 0;
            break;
        case kLt:
            result = a < b ? 1 : 0;
            break;
        case kLe:
            result = a <= b ? 1 : 0;
            break;
        case kAnd:
        case kOr:
        case kXor:
            result = logic(op, a, b);
            break;
        default:
            return fail(kUnknownOperation, "unknown operation");
    }
    if (!std::isfinite(result)) return fail(kNotFinite, "the expression has no finite value");
    return true;
}

double ValueReader::logic(int op, double a, double b) const {
    if (grammar.macro_b) {
        int64_t x = static_cast<int64_t>(bits_of(a)), y = static_cast<int64_t>(bits_of(b));
        return static_cast<double>(op == kAnd ? x & y : op == kOr ? x | y : x ^ y);
    }
    bool x = a != 0, y = b != 0;
    return op == kAnd ? x && y : op == kOr ? x || y : x != y;
}

bool ValueReader::parameter_index(std::string_view& text, int& index) {
    double number = 0;
    if (!value(text, number)) return false;
    if (vacant) number = 0, vacant = false;
    double whole = std::round(number);
    if (std::fabs(number - whole) > kIntegerTolerance) return fail(kNotWhole, "a parameter number is not whole");
    if (!(whole >= 0 && whole <= kMaxParameter)) return fail(kOutOfRange, "a parameter number is out of range");
    index = static_cast<int>(whole);
    return true;
}

bool ValueReader::name(std::string_view& text, std::string_view& result) {
    size_t end = text.find('>');
    if (text.empty() || text.front() != '<') return fail(kBadNumber, "\"<\" is missing in a parameter name");
    if (end == std::string_view::npos) return fail(kOpenName, "\">\" is missing in a parameter name");
    result = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    if (result.empty()) return fail(kBadNumber, "a parameter name is empty");
    return true;
}

bool ValueReader::parameter(std::string_view& text, double& result) {
    std::optional<double> found;
    if (!text.empty() && text.front() == '<') {
        std::string_view label;
        if (!name(text, label)) return false;
        found = parameters.named(label);
        if (!found) return fail(kBadNumber, "named parameter #<" + std::string(label.substr(0, 80)) + "> is not defined");
    } else {
        int index = 0;
        if (!parameter_index(text, index)) return false;
        found = parameters.number(index);
        if (!found) return fail(kOutOfRange, "there is no parameter #" + std::to_string(index));
    }
    result = *found;
    vacant = std::isnan(result);
    point = true;
    return true;
}

bool ValueReader::function(std::string_view& text, double& result) {
    size_t length = 0;
    while (length < text.size() && is_letter(text[length])) ++length;
    std::string_view called = text.substr(0, length);
    text.remove_prefix(length);
    if (text.empty() || text.front() != '[')
        return fail(begins_function(called) ? kBadExpression : kUnknownOperation,
                    "unknown word \"" + std::string(called.substr(0, 40)) + "\" where a value is due");
    if (called == "EXISTS") {
        text.remove_prefix(1);
        std::string_view label;
        if (text.empty() || text.front() != '#') return fail(kBadExpression, "EXISTS needs #<name>");
        text.remove_prefix(1);
        bool numbered = !text.empty() && text.front() != '<' && grammar.dialect == Dialect::kLinuxcnc;
        int index = 0;
        if (numbered ? !parameter_index(text, index) : !name(text, label)) return false;
        if (text.empty() || text.front() != ']') return fail(kBadExpression, "\"]\" is missing behind EXISTS");
        text.remove_prefix(1);
        result = numbered ? (index >= 1 && index < kLinuxcncParameters) : parameters.named(label).has_value();
        return true;
    }
    double x = 0;
    if (grammar.macro_b && (called == "ATAN" || called == "POW")) return two_arguments(called, text, result);
    if (!bracket(text, x)) return false;
    if (vacant) x = 0, vacant = false;
    if (called == "PRM") {  // a setting of the firmware, as it is delivered
        if (x != 0) return fail(kBadArgument, "the setting is not known");
        result = kStepPulse_us;
        return true;
    }
    if (called == "ATAN") {
        if (text.empty() || text.front() != '/') return fail(kBadExpression, "ATAN needs a second argument: ATAN[y]/[x]");
        text.remove_prefix(1);
        double denominator = 0;
        if (!bracket(text, denominator)) return false;
        result = std::atan2(x, denominator) / kDegree;
        return true;
    }
    return apply(called, x, result);
}

// Macro B: ATAN[y]/[x], ATAN[y,x], ATAN[t], POW[x,y]. Angles are 0 to 360 degrees where two arguments are given.
bool ValueReader::two_arguments(std::string_view called, std::string_view& text, double& result) {
    text.remove_prefix(1);
    double x = 0, y = 0;
    if (!expression(text, x, 1)) return false;
    if (vacant) x = 0, vacant = false;
    bool comma = !text.empty() && text.front() == ',', slash = text.substr(0, 3) == "]/[";
    if (comma || (slash && called == "ATAN")) {
        text.remove_prefix(comma ? 1 : 3);
        if (!expression(text, y, 1)) return false;
        if (vacant) y = 0, vacant = false;
    } else if (called == "POW") {
        return fail(kBadExpression, "POW needs two arguments");
    }
    if (text.empty() || text.front() != ']') return fail(kUnknownOperation, "\"]\" is missing in the expression");
    text.remove_prefix(1);
    if (called == "POW") return combine(kPower, x, y, result);
    result = (comma || slash ? std::atan2(x, y) : std::atan(x)) / kDegree;
    if ((comma || slash) && result < 0) result += 360;
    return true;
}

bool ValueReader::apply(std::string_view called, double x, double& result) {
    if (called == "ABS")
        result = std::fabs(x);
    else if (called == "SIN")
        result = std::sin(x * kDegree);
    else if (called == "COS")
        result = std::cos(x * kDegree);
    else if (called == "TAN")
        result = std::tan(x * kDegree);
    else if (called == "SQRT" || called == "SQR") {
        if (x < 0) return fail(kBadArgument, "square root of a negative number");
        result = std::sqrt(x);
    } else if (called == "ASIN" || called == "ACOS") {
        if (x < -1 || x > 1) return fail(kBadArgument, std::string(called) + " of a number outside -1 to 1");
        result = (called == "ASIN" ? std::asin(x) : std::acos(x)) / kDegree;
        if (grammar.macro_b && result < 0) result += 360;
    } else if (called == "LN") {
        if (x <= 0) return fail(kBadArgument, "logarithm of zero or a negative number");
        result = std::log(x);
    } else if (called == "EXP")
        result = std::exp(x);
    else if (called == "ROUND" || (grammar.macro_b && called == "RND"))
        result = std::round(x);
    else if (called == "FIX")
        result = grammar.macro_b ? std::trunc(x) : std::floor(x);
    else if (called == "FUP")
        result = grammar.macro_b ? (x < 0 ? std::floor(x) : std::ceil(x)) : std::ceil(x);
    else
        return fail(kUnknownOperation, "unknown function \"" + std::string(called.substr(0, 40)) + "\"");
    if (!std::isfinite(result)) return fail(kNotFinite, "the function has no finite value");
    return true;
}

}  // namespace proveout::gcode
