// time_oracle.h -- times that real controllers took for real programs, read from ../shared/corpus, and ours beside them. For tests and
// bench only.
//
// LinuxCNC: oracle/times.tsv, four set-ups of its trajectory planner. GRBL: oracle/grbl/times.tsv, two machines. Compared is the time in
// which an axis moves: dwells, tool changes and pauses are no planning.
#pragma once

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "proveout/plan.h"
#include "proveout/time_table.h"

namespace proveout {

struct OracleTime {
    std::string setup, program;
    double real_s = 0, ours_s = 0;
    std::string note;  // why ours_s is missing
    double error() const { return ours_s / real_s - 1; }
};

namespace oracle {

inline std::string read_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// Rows of a table with a header line; fields by name.
inline std::vector<std::map<std::string, std::string>> read_table(const std::string& path) {
    std::vector<std::map<std::string, std::string>> rows;
    std::istringstream lines(read_text(path));
    std::string line;
    std::vector<std::string> names;
    while (std::getline(lines, line)) {
        std::vector<std::string> fields(1);
        for (char c : line) c == '\t' ? fields.emplace_back() : fields.back() += c, void();
        if (names.empty()) {
            names = fields;
            continue;
        }
        fields.resize(names.size());
        std::map<std::string, std::string>& row = rows.emplace_back();
        for (size_t i = 0; i < names.size(); ++i) row[names[i]] = fields[i];
    }
    return rows;
}

inline double number(const std::string& text) {
    std::istringstream in(text);
    double value = 0;
    return in >> value ? value : std::nan("");
}

inline void run(const std::string& text, Dialect dialect, const Machine& machine, OracleTime& out) {
    Setup setup;
    setup.dialect = dialect;
    setup.machine = machine;
    // Travel starts at the machine's zero, as it did there.
    setup.machine.home_mm = Vec3{};
    Result<TimeTable> table = time_program({text, out.program, {}}, setup, Context{});
    if (table.ok())
        out.ours_s = table->total.cutting_s + table->total.rapid_s;
    else
        out.note = table.error().message + " (line " + std::to_string(table.error().line) + ")";
}

}  // namespace oracle

inline std::vector<OracleTime> linuxcnc_oracle(const std::string& corpus) {
    struct Case {
        const char *setup, *start;
        double xy, z, axy, az;
    };
    const Case cases[] = {{"router_g64p0.01", "G64 P0.01\n", 100, 50, 500, 300},
                          {"router_g61", "G61\n", 100, 50, 500, 300},
                          {"router_g64", "G64\n", 100, 50, 500, 300},
                          {"vmc_g64p0.05", "G64 P0.05\n", 400, 400, 3000, 3000}};
    std::vector<OracleTime> out;
    for (const Case& c : cases) {
        Machine machine = *machine_profile("linuxcnc");
        machine.max_feed_mm_per_min = {c.xy * 60, c.xy * 60, c.z * 60};
        machine.acceleration_mm_per_s2 = {c.axy, c.axy, c.az};
        for (auto& row : oracle::read_table(corpus + "/oracle/times.tsv")) {
            OracleTime time{c.setup, row["id"], oracle::number(row[std::string(c.setup) + "_moving_s"]), 0, ""};
            if (!(time.real_s > 0)) continue;
            bool micro = row["source"].starts_with("oracle/micro/");
            std::string text =
                oracle::read_text(corpus + (micro ? "/" + row["source"] : "/oracle/times_programs/" + time.program + ".ngc"));
            if (text.empty()) continue;
            // The start-up code as the first block, but after a leading "%".
            size_t at = text[0] == '%' ? text.find('\n') + 1 : 0;
            oracle::run(text.insert(at, c.start), Dialect::kLinuxcnc, machine, time);
            out.push_back(std::move(time));
        }
    }
    return out;
}

// Rows in which the firmware's slowest step rate took more than this share are no measure of planning.
constexpr double kMostClamped = 0.01;

inline std::vector<OracleTime> grbl_oracle(const std::string& corpus) {
    struct Case {
        const char* setup;
        double xy, z, a, steps;
    };
    const Case cases[] = {{"router3018", 1000, 600, 30, 800}, {"stiff", 10000, 5000, 500, 250}};
    std::vector<OracleTime> out;
    for (const Case& c : cases) {
        Machine machine = *machine_profile("grbl");
        machine.max_feed_mm_per_min = {c.xy, c.xy, c.z};
        machine.acceleration_mm_per_s2 = {c.a, c.a, c.a};
        machine.steps_per_mm = c.steps;
        for (auto& row : oracle::read_table(corpus + "/oracle/grbl/times.tsv")) {
            std::string setup = c.setup;
            OracleTime time{"grbl_" + setup, row["file"], oracle::number(row[setup + "_motion_s"]), 0, ""};
            if (!(time.real_s > 0.01) || oracle::number(row[setup + "_clamped_s"]) > kMostClamped * time.real_s) continue;
            std::string text = oracle::read_text(corpus + "/../" + row["program"]);
            if (text.empty() || row["variant"] == "cleaned_unsaved") continue;
            oracle::run(text, Dialect::kGrbl, machine, time);
            out.push_back(std::move(time));
        }
    }
    return out;
}

}  // namespace proveout
