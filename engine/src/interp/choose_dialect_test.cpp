// The choice of the dialect over the labelled programs of the corpus, and the reasons given.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "proveout/interpret.h"

namespace proveout {
namespace {

namespace fs = std::filesystem;

const std::string kCorpus = PROVEOUT_SOURCE_DIR "/../shared/corpus";
constexpr double kGoal = 0.95;

// Names that a label of the manifest accepts; empty: the label is not of a control.
std::vector<Dialect> accepted(std::string label) {
    if (size_t blank = label.find(' '); blank != std::string::npos) label.resize(blank);
    std::vector<Dialect> result;
    std::stringstream names(label);
    for (std::string name; std::getline(names, name, '/');) {
        if (name == "rs274ngc" || name == "rs274" || name == "camotics" || name == "carvera" || name == "linuxcnc")
            result.push_back(Dialect::kLinuxcnc);
        if (name == "grbl" || name == "grblHAL" || name == "fluidnc") result.push_back(Dialect::kGrbl), result.push_back(Dialect::kGrblhal);
        if (name == "fanuc" || name == "haas") result.push_back(*dialect_from(name));
        if (name == "mach3") result.push_back(Dialect::kMach3);
    }
    return result;
}

TEST(DialectOracle, ChoosesAsLabelled) {
    std::ifstream table(kCorpus + "/MANIFEST.tsv");
    if (!table) GTEST_SKIP() << "no corpus at " << kCorpus;
    std::string line;
    std::getline(table, line);
    int counted = 0, right = 0;
    while (std::getline(table, line)) {
        std::vector<std::string> row;
        std::stringstream cells(line);
        for (std::string cell; std::getline(cells, cell, '\t');) row.push_back(cell);
        if (row.size() < 10) continue;
        std::vector<Dialect> labels = accepted(row[9]);
        std::ifstream file(kCorpus + "/programs/" + row[0], std::ios::binary);
        if (labels.empty() || !file) continue;
        std::stringstream text;
        text << file.rdbuf();
        DialectChoice choice = choose_dialect(text.str(), row[0]);
        EXPECT_FALSE(choice.reason.empty());
        ++counted;
        bool same = std::find(labels.begin(), labels.end(), choice.dialect) != labels.end();
        right += same;
        if (!same)
            std::printf("differs: %s is %s, chosen %s: %s\n", row[0].c_str(), row[9].c_str(), std::string(name_of(choice.dialect)).c_str(),
                        choice.reason.c_str());
    }
    std::printf("dialect: %d of %d labelled programs\n", right, counted);
    EXPECT_GE(right, kGoal * counted);
}

}  // namespace
}  // namespace proveout
