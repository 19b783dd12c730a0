#include "camotics/native_cut.h"

#include <algorithm>
#include <cmath>

#include "camotics/flat_program.h"
#include "proveout/body.h"
#include "proveout/cut.h"

namespace proveout {

namespace {

constexpr size_t kSweepsPerCut = 4096;
constexpr double kLeastThickness_mm = 2;
constexpr double kCutShare = 0.7;  // of the progress; the surface takes the rest

class Cutter {
  public:
    Cutter(const Setup& setup, PartBuilder& builder, double time_s, int64_t moves, const Context& context)
        : setup_(setup), builder_(builder), until_s_(time_s), moves_(moves), context_(context) {
        for (const Tool& tool : setup.tools) assemblies_.push_back(make_assembly(tool));
    }

    bool add(const Motion& motion, bool cuts) {
        if (++seen_ % 1024 == 0)
            context_.report("simulate", kCutShare * std::min(1.0, static_cast<double>(seen_) / std::max<int64_t>(1, moves_)));
        tool_ = motion.tool;
        bool move = is_move(motion);
        if (!move) return true;
        double duration_s = camotics_duration_s(motion), fraction = 1;
        if (until_s_ > 0 && now_s_ + duration_s > until_s_) fraction = duration_s > 0 ? (until_s_ - now_s_) / duration_s : 0;
        now_s_ += duration_s * fraction;
        end_ = motion.to;
        if (cuts) append_sweeps(motion, slot_of(motion.tool), 0, sweeps_, 0, fraction);
        if (sweeps_.size() >= kSweepsPerCut) flush();
        return fraction >= 1;
    }
    void flush() {
        builder_.cut(assemblies_, sweeps_, context_);
        sweeps_.clear();
    }
    double now_s() const { return now_s_; }
    bool done() const { return until_s_ > 0 && now_s_ >= until_s_; }
    int tool() const { return tool_; }
    std::optional<Vec3> end() const { return end_; }

  private:
    int32_t slot_of(int number) const {
        for (size_t k = 0; k < setup_.tools.size(); ++k)
            if (setup_.tools[k].number == number) return static_cast<int32_t>(k);
        return 0;
    }
    const Setup& setup_;
    PartBuilder& builder_;
    double until_s_, now_s_ = 0;
    int64_t moves_, seen_ = 0;
    const Context& context_;
    std::vector<ToolAssembly> assemblies_;
    std::vector<Sweep> sweeps_;
    int tool_ = 0;
    std::optional<Vec3> end_;
};

}  // namespace

std::optional<double> cells_of_mode(std::string_view mode) {
    if (mode == "low") return 1e5;
    if (mode == "medium") return 2.5e5;
    if (mode == "high") return 5e6;
    if (mode == "very_high") return 1e7;
    return std::nullopt;
}

double cell_of_cells_mm(const Box3& stock, double cells) {
    Vec3 size = stock.size();
    return std::cbrt(size.x * size.y * size.z / cells);
}

Box3 automatic_workpiece(const std::vector<Survey>& surveys, const Setup& setup, double margin_percent) {
    Box3 box;
    for (const Survey& survey : surveys) {
        for (const auto& [number, cutting] : survey.cutting_bounds_by_tool_mm) {
            const Tool* tool = find_tool(setup.tools, number);
            double radius = tool ? tool->diameter_mm / 2 : 0;
            if (cutting.empty()) continue;
            box.add(cutting.low - Vec3{radius, radius, 0});
            box.add(cutting.high + Vec3{radius, radius, 0});
        }
    }
    if (box.empty()) return box;
    if (box.low.z < 0) box.high.z = 0;
    box.low.z = std::min(box.low.z, box.high.z - kLeastThickness_mm);
    Vec3 grow = (margin_percent / 100) * box.size();
    box.low = box.low - grow;
    box.high = box.high + Vec3{grow.x, grow.y, 0};
    return box;
}

Result<NativeCut> cut_natively(const std::vector<Program>& programs, const Setup& setup, double cell_mm, double time_s,
                               double memory_limit_bytes, size_t* failed, const Context& context) {
    CHECK(setup.stock);
    PartBuilder builder = TRY(PartBuilder::create(setup.stock->solid, cell_mm, memory_limit_bytes));
    int64_t bytes = 0;
    for (const Program& program : programs) bytes += static_cast<int64_t>(program.text.size());
    Cutter cutter(setup, builder, time_s, bytes / 12, context);
    for (size_t k = 0; k < programs.size() && !cutter.done(); ++k) {
        if (failed) *failed = k;
        Setup here = setup;
        Program program = programs[k];
        std::string text;
        bool carries = k > 0 && cutter.tool() > 0;
        if (cutter.end()) here.machine.home_mm = *cutter.end() - setup.machine.zero_mm;
        if (carries) text = "T" + std::to_string(cutter.tool()) + " M6\n" + std::string(program.text), program.text = text;
        auto end = visit_motions(
            program, here, [&](const Motion& motion, bool cuts) { return cutter.add(motion, cuts); }, context);
        if (end) continue;
        if (carries && end.error().line > 1) --end.error().line;
        return end.error();
    }
    cutter.flush();
    context.report("simulate", kCutShare);
    NativeCut out;
    out.end_s = cutter.now_s();
    out.mesh = TRY(builder.build(PartOptions{}.max_triangles, context));
    context.report("simulate", 1);
    return out;
}

std::string camotics_duration_text(double seconds) {
    auto whole = static_cast<int64_t>(std::clamp(seconds, 0.0, 1e15));
    auto part = [](int64_t count, const char* unit) { return std::to_string(count) + " " + unit + (count == 1 ? "" : "s"); };
    if (whole <= 60) return part(whole, "sec");
    if (whole < 3600) return part(whole / 60, "min") + " " + part(whole % 60, "sec");
    return part(whole / 3600, "hour") + " " + part(whole / 60 % 60, "min");
}

}  // namespace proveout
