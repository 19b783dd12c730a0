// docs/findings.md from the rule table.
#include "report/report.h"

namespace proveout {

namespace {

// As GitHub makes it from a heading.
std::string anchor_of(std::string_view code) {
    std::string anchor(code);
    for (char& c : anchor)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return anchor;
}

std::string sections(bool collisions) {
    std::string out;
    for (const FindingRule* rule = rules_begin(); rule != rules_end(); ++rule) {
        if (rule->is_collision != collisions) continue;
        out += "### " + std::string(rule->code) + "\n\n" + std::string(rule->title) + ". Default severity: `" +
               std::string(name_of(rule->severity)) + "`.\n\n**Meaning.** " + std::string(rule->meaning) + "\n\n**What to do.** " +
               std::string(rule->what_to_do) + "\n\n";
    }
    return out;
}

}  // namespace

std::string findings_markdown() {
    std::string out =
        "# Findings\n\n"
        "<!-- Made from the table in engine/src/base/finding.cpp; the report's tests compare them and, with PROVEOUT_REBASELINE=1, write "
        "this file. -->\n\n"
        "What `proveout` can find wrong with a program. Every finding stands in the report's `notes` with its code, severity, line, block, "
        "time, tool,\n"
        "place and size where they apply; collisions also stand in `collisions` and are counted in `collision_count`. One contact that "
        "lasts over many\n"
        "blocks is one event. The verdict is the worst severity found, `info` counting as ok.\n\n"
        "| code | severity | what |\n|---|---|---|\n";
    for (const FindingRule* rule = rules_begin(); rule != rules_end(); ++rule)
        out += "| [" + std::string(rule->code) + "](#" + anchor_of(rule->code) + ") | " + std::string(name_of(rule->severity)) + " | " +
               std::string(rule->title) + " |\n";
    out += "\n## Collisions\n\n" + sections(true) + "## Other findings\n\n" + sections(false);
    out.pop_back();
    return out;
}

}  // namespace proveout
