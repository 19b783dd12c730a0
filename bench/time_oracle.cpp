// Prints real and planned times of every usable program of ../shared/corpus: time_oracle CORPUS [PERCENT]  (PERCENT: leave out smaller
// errors)
#include "pipeline/time_oracle.h"

#include <algorithm>
#include <cstdio>

using namespace proveout;

static void print(const std::vector<OracleTime>& times, double least_percent) {
    std::map<std::string, std::vector<double>> errors;
    for (const OracleTime& t : times) {
        double percent = 100 * t.error();
        if (t.note.empty()) errors[t.setup].push_back(std::abs(percent));
        if (!t.note.empty() || std::abs(percent) >= least_percent)
            std::printf("%-16s %12.3f %12.3f %+8.2f %%  %s%s%s\n", t.setup.c_str(), t.real_s, t.ours_s, percent, t.program.c_str(),
                        t.note.empty() ? "" : "  NOT COUNTED: ", t.note.c_str());
    }
    for (auto& [setup, list] : errors) {
        std::sort(list.begin(), list.end());
        auto at = [&, &sorted = list](double share) { return sorted[static_cast<size_t>(share * static_cast<double>(sorted.size() - 1))]; };
        std::printf("%-16s programs %3zu   median %.2f %%   90 %% of them within %.2f %%   worst %.2f %%\n", setup.c_str(), list.size(),
                    at(0.5), at(0.9), at(1));
    }
}

int main(int argc, char** argv) {
    if (argc < 2) return std::fprintf(stderr, "usage: time_oracle CORPUS [PERCENT]\n"), 2;
    double least_percent = argc > 2 ? oracle::number(argv[2]) : 0;
    std::printf("%-16s %12s %12s %10s  %s\n", "set-up", "real s", "ours s", "error", "program");
    print(linuxcnc_oracle(argv[1]), least_percent);
    print(grbl_oracle(argv[1]), least_percent);
}
