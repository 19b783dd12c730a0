#include "files/files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace proveout {
namespace {

// How many pages of `text` the process holds (column "Rss" of its mapping), kB.
long resident_kb(std::string_view text) {
    std::ifstream maps("/proc/self/smaps");
    const auto wanted = reinterpret_cast<uintptr_t>(text.data());
    bool inside = false;
    for (std::string line; std::getline(maps, line);) {
        unsigned long low = 0, high = 0;
        if (std::sscanf(line.c_str(), "%lx-%lx ", &low, &high) == 2) inside = wanted >= low && wanted < high;
        if (inside && line.starts_with("Rss:")) return std::strtol(line.c_str() + 4, nullptr, 10);
    }
    return -1;
}

TEST(Files, APassGivesBackWhatItHasRead) {
    std::string path = ::testing::TempDir() + "proveout_files_test.nc", text;
    while (text.size() < (size_t{24} << 20)) text += "G1 X" + std::to_string(text.size() % 1000) + " F100\n";
    std::ofstream(path, std::ios::binary) << text;
    auto file = ProgramFile::open(path, ::testing::TempDir());
    ASSERT_TRUE(file.ok());
    const Program& program = file->program();
    ASSERT_TRUE(program.passed);
    for (int pass = 0; pass < 2; ++pass) {
        ASSERT_TRUE(program.text == text);
        const long before = resident_kb(program.text);
        ASSERT_GT(before, 0);
        for (size_t at = 0; at <= text.size(); at += size_t{1} << 20) program.passed(at);
        EXPECT_LT(resident_kb(program.text), before / 2);
    }
    std::remove(path.c_str());
}

}  // namespace
}  // namespace proveout
