// Planned times against those that the real controllers took (../shared/corpus, where it is there). bench/time_oracle prints the table.
#include "pipeline/time_oracle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

namespace proveout {
namespace {

const std::string kCorpus = PROVEOUT_SOURCE_DIR "/../shared/corpus";

struct Quality {
    size_t programs = 0;
    double median = 0, nine_of_ten = 0;  // |error| as a share
    double within_band = 0;              // share of the programs whose real time lies within time_error_s()
};

std::map<std::string, Quality> quality_of(const std::vector<OracleTime>& times, const char* profile) {
    std::map<std::string, std::vector<double>> errors;
    std::map<std::string, Quality> quality;
    for (const OracleTime& t : times) {
        if (!t.note.empty()) continue;  // the reader refused the program; its own tests tell
        errors[t.setup].push_back(std::abs(t.error()));
        TimeTotals moving;
        moving.cutting_s = t.ours_s;
        quality[t.setup].within_band += std::abs(t.ours_s - t.real_s) <= time_error_s(*machine_profile(profile), moving);
    }
    for (auto& [setup, list] : errors) {
        std::sort(list.begin(), list.end());
        Quality& q = quality[setup];
        q.programs = list.size();
        q.median = list[list.size() / 2];
        q.nine_of_ten = list[list.size() * 9 / 10];
        q.within_band /= static_cast<double>(list.size());
    }
    return quality;
}

TEST(TimeOracle, LinuxcncPlanner) {
    if (!std::filesystem::exists(kCorpus + "/oracle/times.tsv")) GTEST_SKIP() << "no " << kCorpus << "/oracle/times.tsv";
    std::map<std::string, Quality> quality = quality_of(linuxcnc_oracle(kCorpus), "linuxcnc");
    ASSERT_EQ(quality.size(), 4u);
    for (const auto& [setup, q] : quality) {
        EXPECT_GE(q.programs, 35u) << setup;
        EXPECT_LT(q.median, 0.003) << setup;
        EXPECT_LT(q.nine_of_ten, 0.015) << setup;  // the rest are fractions of a second, out by some servo periods
        EXPECT_GT(q.within_band, 0.95) << setup;
    }
}

TEST(TimeOracle, GrblFirmware) {
    if (!std::filesystem::exists(kCorpus + "/oracle/grbl/times.tsv")) GTEST_SKIP() << "no " << kCorpus << "/oracle/grbl/times.tsv";
    std::map<std::string, Quality> quality = quality_of(grbl_oracle(kCorpus), "grbl");
    ASSERT_EQ(quality.size(), 2u);
    for (const auto& [setup, q] : quality) {
        EXPECT_GE(q.programs, 130u) << setup;
        EXPECT_LT(q.median, 0.002) << setup;
        EXPECT_LT(q.nine_of_ten, 0.005) << setup;
        EXPECT_GT(q.within_band, 0.95) << setup;
    }
}

}  // namespace
}  // namespace proveout
