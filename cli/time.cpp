// proveout time: cycle time by tool and by line range, from the planner. Nothing is cut.
#include <cmath>
#include <nlohmann/json.hpp>

#include "args.h"
#include "console.h"
#include "job/lengths.h"
#include "job_input.h"
#include "proveout/time_table.h"

namespace proveout {

namespace {

using Ordered = nlohmann::ordered_json;

std::string clock_text(double seconds) {
    long whole = std::lround(seconds);
    char text[32];
    if (whole >= 3600)
        std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
    else
        std::snprintf(text, sizeof text, "%ld:%02ld", whole / 60, whole % 60);
    return text;
}

void print_row(std::string& out, const std::string& label, const TimeTotals& time) {
    char row[200];
    std::snprintf(row, sizeof row, "%-24s %10s %10.1f %10.1f %10.1f %10.1f %10.1f\n", label.c_str(), clock_text(time.total_s()).c_str(),
                  time.total_s(), time.cutting_s, time.rapid_s, time.dwell_s, time.tool_change_s);
    out += row;
}

std::string tenth(double seconds) { return number_text(std::round(seconds * 10) / 10); }

std::string text_of(const TimeTable& table, const JobInput& input) {
    std::string out = input.program.program().name + ": " + clock_text(table.total.total_s()) + " (" + tenth(table.total.total_s()) +
                      " s, within " + tenth(table.error_s) + " s; machine profile " + input.job.setup.machine.profile + ", dialect " +
                      std::string(name_of(table.end.dialect)) + ")\n\n";
    char head[200];
    std::snprintf(head, sizeof head, "%-24s %10s %10s %10s %10s %10s %10s\n", "", "h:m:s", "total s", "cutting s", "rapid s", "dwell s",
                  "change s");
    out += head;
    for (const TimeRow& row : table.by_tool) print_row(out, row.tool > 0 ? "tool " + std::to_string(row.tool) : "no tool", row.time);
    print_row(out, "all", table.total);
    out += '\n';
    for (const TimeRow& row : table.by_lines)
        print_row(out, "lines " + std::to_string(row.first_line) + "-" + std::to_string(row.last_line), row.time);
    return out;
}

Ordered row_object(const TimeRow& row, bool lines) {
    Ordered out{{"tool", row.tool}};
    if (lines) out["first_line"] = row.first_line, out["last_line"] = row.last_line;
    out["total_s"] = row.time.total_s();
    out["cutting_s"] = row.time.cutting_s;
    out["rapid_s"] = row.time.rapid_s;
    out["dwell_s"] = row.time.dwell_s;
    out["tool_change_s"] = row.time.tool_change_s;
    out["cut_length_mm"] = row.cut_length_mm;
    out["rapid_length_mm"] = row.rapid_length_mm;
    return out;
}

std::string json_of(const TimeTable& table, const JobInput& input) {
    Ordered out{{"program", input.program.program().name},
                {"dialect", name_of(table.end.dialect)},
                {"machine", input.job.setup.machine.profile},
                {"est_time_s", table.total.total_s()},
                {"est_time_error_s", table.error_s}};
    out["by_tool"] = Ordered::array();
    for (const TimeRow& row : table.by_tool) out["by_tool"].push_back(row_object(row, false));
    out["by_lines"] = Ordered::array();
    for (const TimeRow& row : table.by_lines) out["by_lines"].push_back(row_object(row, true));
    out["notes"] = Ordered::array();
    for (const Finding& finding : table.findings)
        out["notes"].push_back(
            {{"code", finding.code}, {"severity", name_of(finding.severity)}, {"line", finding.line}, {"message", finding.message}});
    out["assumptions"] = input.assumptions;
    return out.dump(2, ' ', false, Ordered::error_handler_t::replace) + "\n";
}

Result<int> cycle_time(const TimeArgs& args) {
    Config config = TRY(load_config());
    JobInput input = TRY(read_input(args.setup, config));
    RunControl control(thread_count(config, 0), 0, false);
    TimeTable table = TRY(time_program(input.program.program(), input.job.setup, control.context()));
    if (!print_out(args.json ? json_of(table, input) : text_of(table, input)))
        return make_error(ErrorCode::kIo, "cannot write to standard output");
    bool failed = false;
    for (const Finding& finding : table.findings) {
        failed = failed || finding.severity == Severity::kError;
        if (!args.json) print_finding(finding);
    }
    return failed ? kExitFindings : kExitOk;
}

}  // namespace

int run_time(const TimeArgs& args) {
    auto status = cycle_time(args);
    if (status) return *status;
    print_error(status.error(), args.setup.program);
    return exit_status(status.error());
}

}  // namespace proveout
