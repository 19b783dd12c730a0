// The general reader of blocks: normalise, then N word, O-word or macro statement, then words. See block_parser.h.
#include "gcode/block_parser.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "gcode/number.h"

namespace proveout::gcode {

namespace {

// GRBL family error numbers.
constexpr int kLetterExpected = 1, kNumberExpected = 2, kLineTooLong = 11, kUnsupported = 20, kRepeated = 25, kNotWhole = 23,
              kFlowSyntax = 81;

constexpr double kCodeTolerance = 1e-4;  // G and M numbers may come from expressions
constexpr double kMaxCode = 3000;        // Block keeps ten times the number in 16 bits

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
bool is_letter(char c) { return c >= 'A' && c <= 'Z'; }
bool is_blank(char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; }

std::string quoted(char c) {
    if (static_cast<unsigned char>(c) < ' ' || static_cast<unsigned char>(c) > '~') {
        constexpr char kHex[] = "0123456789abcdef";
        return {'0', 'x', kHex[(static_cast<unsigned char>(c) >> 4) & 15], kHex[static_cast<unsigned char>(c) & 15]};
    }
    return {'"', c, '"'};
}

struct Keyword {
    std::string_view text;
    Flow flow;
};
// Longer words first where one begins another.
constexpr Keyword kKeywords[] = {{"SUB", Flow::kSub},
                                 {"ENDSUB", Flow::kEndsub},
                                 {"CALL", Flow::kCall},
                                 {"RETURN", Flow::kReturn},
                                 {"IF", Flow::kIf},
                                 {"ELSEIF", Flow::kElseif},
                                 {"ELSE", Flow::kElse},
                                 {"ENDIF", Flow::kEndif},
                                 {"ENDWHILE", Flow::kEndwhile},
                                 {"WHILE", Flow::kWhile},
                                 {"DO", Flow::kDo},
                                 {"REPEAT", Flow::kRepeat},
                                 {"ENDREPEAT", Flow::kEndrepeat},
                                 {"BREAK", Flow::kBreak},
                                 {"CONTINUE", Flow::kContinue}};

bool takes_rest(Flow flow) {
    return flow == Flow::kCall || flow == Flow::kIf || flow == Flow::kElseif || flow == Flow::kWhile || flow == Flow::kRepeat ||
           flow == Flow::kReturn || flow == Flow::kEndsub;
}

bool starts(std::string_view text, std::string_view with) { return text.substr(0, with.size()) == with; }

}  // namespace

bool BlockParser::fail(int code, std::string message) {
    refusal_.code = code;
    refusal_.message = std::move(message);
    return false;
}

// The text inside "(" ... ")" from line[at] == '('. Advances `at` to the closing character.
bool BlockParser::comment(std::string_view line, size_t& at, Block& block) {
    size_t end = at + 1;
    while (end < line.size() && line[end] != ')') {
        if (line[end] == '(' && grammar_.strict_comments) return fail(kLetterExpected, "a comment begins inside a comment");
        ++end;
    }
    if (end >= line.size() && grammar_.strict_comments) return fail(kLetterExpected, "a comment is not closed: \")\" is missing");
    block.comment = line.substr(at + 1, end - at - 1);
    block.has_comment = true;
    at = end;
    return true;
}

// Into buffer_: upper case, without blanks and comments. block.rest views the result.
bool BlockParser::normalise(std::string_view line, Block& block) {
    if (line.size() > kMaxLineBytes) return fail(kLineTooLong, "the line is longer than " + std::to_string(kMaxLineBytes) + " bytes");
    if (grammar_.max_line_bytes > 0 && line.size() > static_cast<size_t>(grammar_.max_line_bytes))
        return fail(kLineTooLong, "the line is longer than " + std::to_string(grammar_.max_line_bytes) + " bytes");
    bool grbl = grammar_.dialect == Dialect::kGrbl || grammar_.dialect == Dialect::kGrblhal;
    bool strict = grammar_.dialect == Dialect::kLinuxcnc;
    size_t length = 0;
    for (size_t at = 0; at < line.size(); ++at) {
        char c = line[at];
        if (strict ? c == ' ' || c == '\t' || c == '\r' : is_blank(c)) continue;
        if (c == ';') break;
        if (c == '(') {
            if (!comment(line, at, block)) return false;
            continue;
        }
        if (grbl && (static_cast<unsigned char>(c) > 0x7f || c == '?' || c == '!' || c == '~')) {
            block.real_time = true;
            continue;
        }
        if (c == '/' && !grammar_.block_delete && !grammar_.expressions) continue;  // GRBL drops it
        buffer_[length++] = upper(c);
    }
    if (grammar_.max_characters > 0 && length > static_cast<size_t>(grammar_.max_characters))
        return fail(kLineTooLong, "the block has more than " + std::to_string(grammar_.max_characters) + " characters");
    block.rest = {buffer_.data(), length};
    return true;
}

bool BlockParser::parse(std::string_view line, Block& block) {
    block.clear();
    refusal_ = {};
    if (!normalise(line, block)) return false;
    std::string_view text = block.rest;
    block.rest = {};
    if (text.empty()) return true;
    if (text == "%") {
        block.percent = true;
        return true;
    }
    if (!head(text, block)) return false;
    if (text.empty()) return true;
    if (text.front() == 'O' && (grammar_.o_words || grammar_.dialect != Dialect::kGrbl)) return o_word(text, block, true);
    if (text.front() == ':' && grammar_.dialect != Dialect::kGrbl && grammar_.dialect != Dialect::kGrblhal)
        return o_word(text, block, true);
    if (grammar_.macro_b && macro_statement(text, block)) return refusal_.message.empty();
    return refusal_.message.empty() && words(text, block);
}

bool BlockParser::parse_flow(std::string_view line, Block& block) {
    // Almost every skipped line ends here.
    size_t at = 0;
    while (at < line.size() &&
           (is_blank(line[at]) || line[at] == '/' || line[at] == 'N' || line[at] == 'n' || is_digit(line[at]) || line[at] == '.'))
        ++at;
    if (at == line.size()) return false;
    char first = upper(line[at]);
    bool o = first == 'O' || first == ':';
    if (!o && !(grammar_.macro_b && (first == 'W' || first == 'E' || first == 'D'))) return false;
    block.clear();
    refusal_ = {};
    if (!normalise(line, block)) return false;
    std::string_view text = block.rest;
    block.rest = {};
    if (!head(text, block) || text.empty()) return false;
    if (o) return o_word(text, block, false) && block.flow != Flow::kNone;
    return macro_statement(text, block) && refusal_.message.empty();
}

// "/" and N word.
bool BlockParser::head(std::string_view& text, Block& block) {
    while (!text.empty() && text.front() == '/') {
        block.deleted = grammar_.block_delete;
        text.remove_prefix(1);
        if (block.deleted && !text.empty() && is_digit(text.front())) text.remove_prefix(1);  // "/2": one of nine switches
    }
    if (text.size() > 1 && text.front() == 'N' && (is_digit(text[1]) || text[1] == '.')) {
        NumberEnd end = read_number(text.data() + 1, text.data() + text.size(), block.number);
        if (!end.at) return fail(kNumberExpected, "the line number is malformed");
        block.has_number = true;
        text.remove_prefix(static_cast<size_t>(end.at - text.data()));
        if (!text.empty() && text.front() == '/' && grammar_.block_delete) block.deleted = true, text.remove_prefix(1);
    }
    return true;
}

// O100, O<name>, O#1, O[..], :100 and the keyword behind.
bool BlockParser::o_word(std::string_view& text, Block& block, bool evaluate) {
    text.remove_prefix(1);
    if (text.empty()) return fail(kFlowSyntax, "an O-word has no number or name");
    ValueReader reader{grammar_, parameters_, refusal_};
    if (text.front() == '<') {
        if (!reader.name(text, block.label)) return false;
    } else {
        double number = 0;
        if (!is_digit(text.front()) && !evaluate) return false;
        if (!reader.value(text, number)) return false;
        if (!(number >= 0 && number < 1e15) || std::fabs(number - std::round(number)) > kCodeTolerance)
            return fail(kFlowSyntax, "the number of an O-word is not whole");
        auto end = std::to_chars(label_.data(), label_.data() + label_.size(), static_cast<int64_t>(std::round(number)));
        block.label = {label_.data(), static_cast<size_t>(end.ptr - label_.data())};
    }
    return keyword(text, block);
}

bool BlockParser::keyword(std::string_view& text, Block& block) {
    block.flow = Flow::kProgram;
    if (!grammar_.o_words) {  // a program number; words may follow it
        if (grammar_.dialect == Dialect::kMach3 || grammar_.macro_b) return words(text, block);
        return true;
    }
    if (text.empty()) return true;
    for (const Keyword& candidate : kKeywords) {
        if (!starts(text, candidate.text)) continue;
        block.flow = candidate.flow;
        block.rest = text.substr(candidate.text.size());
        if (!block.rest.empty() && !takes_rest(block.flow)) return fail(kFlowSyntax, "unexpected text behind the O-word");
        return true;
    }
    block.flow = Flow::kNone;
    return fail(kFlowSyntax, "unknown keyword behind the O-word");
}

// Fanuc macro B: IF [..] GOTO n, IF [..] THEN #n=.., GOTO n, WHILE [..] DO n, DO n, END n. False: not a statement, or refused.
bool BlockParser::macro_statement(std::string_view& text, Block& block) {
    struct Statement {
        std::string_view text;
        Flow flow;
    };
    constexpr Statement kStatements[] = {{"IF[", Flow::kMacroIf},
                                         {"GOTO", Flow::kMacroGoto},
                                         {"WHILE[", Flow::kMacroWhile},
                                         {"DO", Flow::kMacroDo},
                                         {"END", Flow::kMacroEnd}};
    for (const Statement& candidate : kStatements) {
        if (!starts(text, candidate.text)) continue;
        size_t length = candidate.text.size() - (candidate.text.back() == '[' ? 1 : 0);
        block.flow = candidate.flow;
        block.rest = text.substr(length);
        if (block.flow == Flow::kMacroDo || block.flow == Flow::kMacroEnd) block.label = block.rest;
        if (block.flow == Flow::kMacroWhile) {
            size_t at = block.rest.rfind("]DO");
            block.label = at == std::string_view::npos ? std::string_view{} : block.rest.substr(at + 3);
        }
        return true;
    }
    return false;
}

bool BlockParser::words(std::string_view text, Block& block) {
    while (!text.empty())
        if (!word(text, block)) return false;
    return true;
}

bool BlockParser::word(std::string_view& text, Block& block) {
    char letter = text.front();
    if (letter == '#' && grammar_.expressions) return assignment(text, block);
    if ((letter == '@' || letter == '^') && grammar_.dialect == Dialect::kLinuxcnc) return polar_word(text, block);
    if (letter == ',' && grammar_.macro_b)
        return fail(kUnsupported, "a chamfer, rounding or angle at a corner (,C ,R ,A) cannot be simulated");
    if (!is_letter(letter)) return fail(kLetterExpected, "bad character " + quoted(letter) + " where a word is due");
    if (block.order_count < kMaxOrder) block.order[static_cast<size_t>(block.order_count++)] = letter;
    bool grbl = grammar_.dialect == Dialect::kGrbl || grammar_.dialect == Dialect::kGrblhal;
    if (!grbl && letter != 'G' && letter != 'M' && letter != 'N' && (grammar_.letters & bit(letter)) == 0)
        return fail(kUnsupported, "unknown word " + quoted(letter));
    text.remove_prefix(1);
    double value = 0;
    ValueReader reader{grammar_, parameters_, refusal_};
    if (grammar_.max_digits > 0) {
        NumberEnd end = read_number(text.data(), text.data() + text.size(), value);
        if (!end.at) return fail(kNumberExpected, std::string("the number behind ") + letter + " is missing or malformed");
        if (end.digits > grammar_.max_digits)
            value = value_of_first_digits(text.substr(0, static_cast<size_t>(end.at - text.data())), grammar_.max_digits);
        text.remove_prefix(static_cast<size_t>(end.at - text.data()));
    } else if (!reader.value(text, value)) {
        refusal_.message += std::string(" (behind ") + letter + ")";
        return false;
    }
    if (letter == 'G' || letter == 'M') return code(letter, value, block);
    if (letter == 'N') {
        block.has_number = true;
        block.number = value;
        return true;
    }
    if (reader.vacant) return true;  // macro B: a word with a vacant variable does not count
    if (block.has(letter) && !grammar_.repeated_words && !grbl)
        return fail(kRepeated, std::string("the word ") + letter + " stands twice in the block");
    if (reader.point) block.points |= bit(letter);
    if (grammar_.macro_b && letter >= 'I' && letter <= 'K' && block.centre_count < kMaxCentreWords)
        block.centre[static_cast<size_t>(block.centre_count++)] = {letter, value};
    block.set(letter, value);
    return true;
}

// "@radius", "^angle" about the origin of the work offset.
bool BlockParser::polar_word(std::string_view& text, Block& block) {
    bool is_radius = text.front() == '@';
    bool& seen = is_radius ? block.has_radius : block.has_angle;
    if (seen) return fail(kRepeated, std::string("the word ") + text.front() + " stands twice in the block");
    text.remove_prefix(1);
    ValueReader reader{grammar_, parameters_, refusal_};
    if (!reader.value(text, is_radius ? block.radius : block.angle_deg)) return false;
    seen = true;
    return true;
}

bool BlockParser::code(char letter, double value, Block& block) {
    double tenfold = std::round(value * 10);
    if (!(tenfold >= 0 && tenfold <= kMaxCode * 10))
        return fail(kNotWhole, std::string("the number of a ") + letter + " code is out of range");
    if (std::fabs(value * 10 - tenfold) > kCodeTolerance * 10) return fail(kNotWhole, std::string("unknown ") + letter + " code");
    int& count = letter == 'G' ? block.g_count : block.m_count;
    if (count >= kMaxCodes) return fail(kRepeated, std::string("too many ") + letter + " codes in the block");
    (letter == 'G' ? block.g : block.m)[static_cast<size_t>(count++)] = static_cast<int16_t>(tenfold);
    return true;
}

// "#n=value", "#<name>=value". Takes effect after the block, so that "#1=3 G0 X#1" moves to the old #1.
bool BlockParser::assignment(std::string_view& text, Block& block) {
    if (block.assignment_count >= kMaxAssignments) return fail(kLineTooLong, "too many assignments in the block");
    text.remove_prefix(1);
    ValueReader reader{grammar_, parameters_, refusal_};
    Assignment& target = block.assignment[static_cast<size_t>(block.assignment_count)];
    target = {};
    if (!text.empty() && text.front() == '<') {
        if (!reader.name(text, target.name)) return false;
    } else if (!reader.parameter_index(text, target.number)) {
        return false;
    }
    if (text.empty() || text.front() != '=') return fail(kNumberExpected, "\"=\" is missing behind a parameter");
    text.remove_prefix(1);
    if (grammar_.macro_b) {  // macro B: a whole expression without brackets
        if (!reader.open_expression(text, target.value)) return false;
    } else if (!reader.value(text, target.value)) {
        return false;
    }
    ++block.assignment_count;
    return true;
}

double value_of_first_digits(std::string_view text, int count) {
    bool negative = text.front() == '-';
    double value = 0;
    int digits = 0, scale = 0;
    bool point = false;
    for (char c : text) {
        if (c == '.') point = true;
        if (!is_digit(c)) continue;
        if (++digits <= count) {
            value = value * 10 + (c - '0');
            if (point) --scale;
        } else if (!point) {
            ++scale;
        }
    }
    value *= std::pow(10.0, scale);
    return negative ? -value : value;
}

}  // namespace proveout::gcode
