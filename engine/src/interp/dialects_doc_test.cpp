// The table in docs/dialects.md is made from the table that drives the interpreter. PROVEOUT_REBASELINE=1 writes it anew; the text around
// it is written by hand.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "interp/codes.h"

namespace proveout::interp {
namespace {

constexpr Dialect kDialects[] = {Dialect::kLinuxcnc, Dialect::kGrbl, Dialect::kGrblhal, Dialect::kFanuc, Dialect::kHaas, Dialect::kMach3};
const std::string kBegin = "<!-- codes: begin -->\n", kEnd = "<!-- codes: end -->\n";

const char* word_of(Action action) {
    switch (action) {
        case Action::kDone:
            return "done";
        case Action::kIgnored:
            return "ignored";
        case Action::kNoted:
            return "noted";
        case Action::kRefused:
            return "refused";
        case Action::kUnknown:
            break;
    }
    return "";
}

std::string table() {
    std::string text = "| code | meaning | linuxcnc | grbl | grblhal | fanuc | haas | mach3 |\n|---|---|---|---|---|---|---|---|\n";
    for (const CodeRule* rule = code_rules_begin(); rule != code_rules_end(); ++rule) {
        text += "| " + spelling(rule->letter, rule->number) + " | " + std::string(rule->meaning);
        for (Dialect dialect : kDialects) text += std::string(" | ") + word_of(action_of(*rule, dialect));
        text += " |\n";
    }
    return text;
}

TEST(DialectsDocument, TableIsCurrent) {
    std::string path = PROVEOUT_SOURCE_DIR "/docs/dialects.md";
    std::stringstream stream;
    stream << std::ifstream(path, std::ios::binary).rdbuf();
    std::string text = stream.str();
    size_t begin = text.find(kBegin), end = text.find(kEnd);
    ASSERT_NE(begin, std::string::npos) << path;
    ASSERT_NE(end, std::string::npos) << path;
    begin += kBegin.size();
    std::string current = text.substr(0, begin) + table() + text.substr(end);
    const char* rebaseline = std::getenv("PROVEOUT_REBASELINE");
    if (rebaseline && std::string(rebaseline) == "1")
        std::ofstream(path, std::ios::binary) << current;
    else
        EXPECT_TRUE(current == text) << "the table of docs/dialects.md is not current; PROVEOUT_REBASELINE=1 writes it anew";
}

TEST(DialectsDocument, EveryCodeHasItsPlace) {
    for (const CodeRule* rule = code_rules_begin(); rule != code_rules_end(); ++rule) {
        EXPECT_EQ(rule_of(rule->letter, rule->number), rule) << spelling(rule->letter, rule->number) << " stands twice";
        EXPECT_EQ(rule->actions.size(), std::size(kDialects)) << spelling(rule->letter, rule->number);
        EXPECT_EQ(rule->actions.find_first_not_of("-+inr"), std::string_view::npos) << spelling(rule->letter, rule->number);
        EXPECT_FALSE(rule->meaning.empty()) << spelling(rule->letter, rule->number);
    }
}

}  // namespace
}  // namespace proveout::interp
