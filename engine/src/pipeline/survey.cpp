// What a program does, before anything is known of tools and stock.
#include <map>

#include "pipeline/motion_source.h"
#include "proveout/simulate.h"

namespace proveout {

namespace {

// A survey reports these many findings; simulate() counts them all.
constexpr size_t kMaxSurveyFindings = 1000;

class SurveyPass : public MotionSink {
  public:
    Survey survey;
    std::map<int, Box3> by_tool;
    std::map<int, int64_t> called;

    bool on_motion(const TimedMotion& move) override {
        const Motion& motion = move.motion;
        if (motion.kind == MotionKind::kToolChange) called.emplace(motion.tool, motion.line);
        if (!is_move(motion)) return true;
        ++survey.moves;
        bool machine = motion.machine_coordinates || motion.reference_return;
        if (!machine) {
            // The place that a move comes from is the program's own only if the program has put the tool there.
            if (own_start_) survey.motion_bounds_mm.add(bounds_of(motion));
            else survey.motion_bounds_mm.add(motion.to);
        }
        own_start_ = !machine;
        if (motion.kind == MotionKind::kRapid) return true;
        survey.feed_length_mm += path_length_mm(motion);
        survey.cutting_bounds_mm.add(bounds_of(motion));
        by_tool[motion.tool].add(bounds_of(motion));
        return true;
    }
    void on_finding(Finding finding) override {
        if (survey.findings.size() < kMaxSurveyFindings) survey.findings.push_back(std::move(finding));
    }
    void on_comment(int64_t line, std::string_view text) override {
        if (survey.comments.size() < kMaxSurveyComments) survey.comments.push_back({line, std::string(text)});
    }

  private:
    bool own_start_ = false;
};

}  // namespace

Result<Survey> survey_program(const Program& program, const Setup& setup, const Context& context) {
    SurveyPass pass;
    StreamEnd end = TRY(stream_untimed(program, setup, pass, context));
    pass.survey.end = std::move(end.program);
    pass.survey.tools_used = pass.survey.end.tools_used;
    pass.survey.tools_called.assign(pass.called.begin(), pass.called.end());
    for (const auto& [tool, box] : pass.by_tool) pass.survey.cutting_bounds_by_tool_mm.emplace_back(tool, box);
    return std::move(pass.survey);
}

}  // namespace proveout
