// interpreter.h -- the controller: executes blocks one after the other and tells the observer what the machine does.
// The work is spread over: interpreter.cpp (reading, fast path, refusals), check.cpp and check_grbl.cpp (is the block allowed),
// execute.cpp (order of execution), moves.cpp, cycles.cpp, offsets.cpp, flow.cpp (O-words, calls, macro B), canon.cpp.
#pragma once

#include <array>
#include <bitset>
#include <cstdarg>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gcode/block_parser.h"
#include "gcode/lines.h"
#include "gcode/number.h"
#include "interp/codes.h"
#include "interp/cutter_comp.h"
#include "interp/parameters.h"
#include "interp/state.h"
#include "proveout/interpret.h"

namespace proveout::interp {

constexpr double kSamePlace_mm = 1e-9;     // differences of rounding
constexpr double kMaxCoordinate_mm = 1e7;  // no machine is larger, and all later arithmetic stays finite and exact enough

// What the codes of one block ask for, sorted by group.
struct Request {
    std::array<int16_t, 32> code;  // by Group: ten times the code, -1 none. kNonModal: dwell excluded
    bool dwell = false, machine_coordinates = false;
    bool words_taken = false;  // axis and other words belong to G68, G51, G51.1
    int non_modal = -1;       // G10 G28 G28.1 G30 G30.1 G52 G92 G92.1 ... G31 G65
    int motion = -1;          // explicit or modal motion to carry out; -1: none
    uint32_t axis_words = 0;  // bits of X Y Z A B C U V W that stand in the block
    int stop = -1;            // M0 M1 M2 M30 M60
    int operator[](Group group) const { return code[static_cast<size_t>(group)]; }
};

// A move of the control point, worked out but not yet made. Program units, active work offset.
struct GrblWords;
struct HalWords;

struct Arc {
    double centre_first = 0, centre_second = 0;  // in the plane's axes
    double sweep_rad = 0;                        // signed, never 0
    int turns = 1;                               // as in ARC_FEED: signed number of started turns
};

struct Thread;

// A canned cycle of LinuxCNC, worked out for one block: levels along the tool, program units.
struct DrillCycle {
    double initial = 0, r = 0, bottom = 0, middle = 0;  // middle: top of a back bore
    double clear = 0;                                   // where the tool leaves to
    int64_t repeats = 1;
};

// An entry of LinuxCNC's tool table that G10 can change.
struct ToolEntry {
    Axes offset_mm{};  // rotary axes: degrees
    double diameter_mm = 0, front_angle_deg = 0, back_angle_deg = 0;
    int orientation = 0;  // see Tool::lathe_orientation
};

struct ControlPoint {
    double x = 0, y = 0, weight = 1;
};

class Interpreter {
  public:
    Interpreter(const Program& program, const InterpretOptions& options, MotionObserver& observer, const Context& context, Dialect dialect);
    Interpreter(const Interpreter&) = delete;

    Result<ProgramEnd> run(std::string dialect_reason);

  private:
    struct Source {
        std::string name;  // empty: the program itself
        gcode::LineCursor cursor;
        std::map<std::string, std::pair<size_t, int64_t>, std::less<>> labels;  // subs: offset and number of the line before
        bool labels_known = false;
    };
    enum class LoopKind : uint8_t { kWhile, kDo, kRepeat, kIf };
    struct Loop {
        LoopKind kind;
        std::string label;
        size_t offset;       // of the line that opens the loop
        int64_t line;        // number of the line before
        int64_t left = 0;    // repeats
        bool taken = false;  // kIf: a branch has been executed
    };
    struct Call {
        size_t source = 0;  // to return to
        size_t offset = 0;
        int64_t line = 0;
        size_t own_source = 0;
        size_t loops = 0;  // depth of loops_ at the call
        std::string label;
        int64_t repeats = 0;  // left, M98 L
        size_t start_offset = 0;
        int64_t start_line = 0;
        bool locals = false;
        bool m98 = false;
        bool restore_state = false;  // M73
    };

    // grblHAL: what is open, and where its subprograms are.
    struct HalEntry {
        std::string label, expression;
        gcode::Flow flow = gcode::Flow::kNone;
        bool skip = false, handled = false, broken = false;
        int64_t repeats = 0;
        size_t source = 0, offset = 0;  // behind the line that opened it
        int64_t line = 0;
    };
    struct HalSub {
        std::string label;
        size_t source = 0, offset = 0;
        int64_t line = 0;
    };

    // G66: called after every block with a move.
    struct ModalMacro {
        bool on = false;
        int64_t number = 0, repeats = 1;
        size_t level = 0;  // depth of calls at which it was given
        gcode::Block arguments;
    };

    // interpreter.cpp
    void start();
    void start_pose();
    Vec3 pilot() const;
    bool step();  // one line; false: the run is over
    bool fast_block(std::string_view line);
    bool general_block(std::string_view line);
    bool execute_line(std::string_view line);
    bool run_block(bool parsed, std::string_view line);
    bool end_of_source();
    bool spend(int64_t blocks = 1);  // budget of repeated blocks; false: used up
    bool handle_refusal(std::string_view line);
    void tell_states(const std::vector<std::string>& before);
    bool sender_line(std::string_view line);  // GRBL: $ lines; true: done with the line
    bool check_jog(const std::string& text);
    bool sender_tool_change();
    bool percent_line();
    Error error_here(ErrorCode code, std::string message, std::string_view line) const;
    bool refuse(int code, std::string message);
    void find(std::string_view code, std::string message);
    void find(std::string_view code, Severity severity, std::string message, int controller_error = 0);
    void note_once(char letter, int number, std::string message);
    ProgramEnd finish(std::string dialect_reason);
    std::vector<std::string> modal_codes() const;
    int64_t report_line() const;
    bool grbl_family() const { return dialect_ == Dialect::kGrbl || dialect_ == Dialect::kGrblhal; }
    bool fanuc_family() const { return dialect_ == Dialect::kFanuc || dialect_ == Dialect::kHaas; }
    bool is(Dialect dialect) const { return dialect_ == dialect; }

    // fanuc_words.cpp
    void count_whole_numbers(gcode::Block& block);

    // check.cpp, check_grbl.cpp, check_grbl_arc.cpp, check_grblhal.cpp
    bool sort_codes(const gcode::Block& block, Request& request);
    bool place_code(char letter, int number, Request& request);
    bool decide_motion(const gcode::Block& block, Request& request);
    bool check_words(const gcode::Block& block, const Request& request);
    bool check_values(const gcode::Block& block);
    bool check_grbl_words(const gcode::Block& block);
    bool check_grbl_arc(const gcode::Block& block, const Request& request);
    int plane_code(const Request& request) const;  // ten times the code of the plane in force in the block
    float grbl_machine(double programmed, int axis, bool inches, int work_offset) const;
    bool check_hal_words(const gcode::Block& block);
    bool check_hal_code(char letter, int number, HalWords& seen);
    bool check_hal_block(const gcode::Block& block, const Request& request);
    bool check_hal_m_words(const gcode::Block& block, const Request& request, uint32_t& left);
    bool check_hal_non_modal(const gcode::Block& block, const Request& request, uint32_t& left);
    bool check_hal_motion(const gcode::Block& block, const Request& request, int motion, uint32_t& left);
    bool check_hal_arc(const gcode::Block& block, const Request& request, uint32_t& left);
    bool check_hal_cycle(const gcode::Block& block, const Request& request, int motion, uint32_t& left);
    bool check_grbl_code(char letter, int number, GrblWords& seen);
    bool check_grbl_block(const gcode::Block& block, const Request& request);
    bool check_grbl_non_modal(const gcode::Block& block, const Request& request, uint32_t& left);
    bool check_grbl_motion(const gcode::Block& block, const Request& request, uint32_t& left);

    // execute.cpp
    bool execute(const gcode::Block& block);
    bool execute_settings(const gcode::Block& block, const Request& request);
    void do_feed_mode(int code);
    void do_feed(const gcode::Block& block);
    bool do_tool_word(const gcode::Block& block);
    bool do_tool_change();
    void put_in_spindle(int tool, bool changed);
    void do_spindle(const gcode::Block& block);
    void set_spindle(int direction);
    void do_coolant(const gcode::Block& block);
    bool do_other_m(const gcode::Block& block, const Request& request);
    bool do_dwell(const gcode::Block& block);
    void do_units(int code);
    void do_path_mode(const gcode::Block& block, int code);
    bool do_stop(int code);
    void restore_modes(const State& saved);
    double dwell_seconds(const gcode::Block& block, char letter) const;

    // moves.cpp
    bool do_motion(const gcode::Block& block, const Request& request);
    bool target_of(const gcode::Block& block, Axes& target);
    bool polar_target(const gcode::Block& block, Axes& target);
    bool straight(MotionKind kind, const Axes& target);
    bool check_target(const Axes& target);
    bool move_to_machine(const Axes& machine, uint32_t axes, MotionKind kind, bool reference);
    bool do_arc(const gcode::Block& block, bool clockwise);
    bool arc_from_centre(const gcode::Block& block, const Axes& target, bool clockwise, Arc& arc);
    bool arc_from_radius(const gcode::Block& block, const Axes& target, bool clockwise, Arc& arc);
    bool finish_arc(const Axes& target, bool clockwise, int turns, Arc& arc);
    bool emit_chords(const Axes& target, const Arc& arc);
    bool emit_arc(const Axes& target, const Arc& arc);
    bool radii_agree(double start_radius, double end_radius) const;
    bool feed_for_move(const gcode::Block& block);
    bool do_probe(const gcode::Block& block, int code);
    bool probe_move(const Axes& target, std::string note);
    bool do_synchronised(const gcode::Block& block, int code);
    void emit(Motion& motion);
    void emit_event(MotionKind kind, double dwell_s = 0);
    void commit();
    void check_length_offset(bool moves_z, bool feed);
    void refresh_frame();
    void refresh_motion();
    Vec3 tip_of(const Axes& position) const;
    Axes machine_of(const Axes& position) const;
    Axes position_of(const Axes& machine) const;
    void axes_of_plane(int& first, int& second, int& normal) const;

    // transform.cpp
    bool do_transform(const gcode::Block& block, const Request& request);
    bool do_scaling(const gcode::Block& block, int code);
    bool do_mirror(const gcode::Block& block, int code);
    bool do_rotation(const gcode::Block& block, int code);
    void do_polar(bool on);
    void modal_polar_target(const gcode::Block& block, Axes& target);
    bool do_mapped_arc(const gcode::Block& block, const Axes& target, bool clockwise);
    void use_transform(Transform transform);

    // check_linuxcnc.cpp
    bool decide_linuxcnc_motion(const gcode::Block& block, Request& request);
    bool check_linuxcnc_words(const gcode::Block& block, const Request& request);
    bool check_with_comp(const gcode::Block& block, const Request& request);

    // tool_table.cpp
    ToolEntry tool_entry(int number) const;
    bool in_tool_table(int number) const;
    bool do_linuxcnc_tool_length(const gcode::Block& block, int code);
    bool do_set_tool_entry(const gcode::Block& block, int l);
    void measure_tool(const gcode::Block& block, int system, bool with_shift, const Axes& value, ToolEntry& entry) const;
    void canon_tool_entry(int place, int number, const ToolEntry& entry);

    // cycles_linuxcnc.cpp
    bool do_linuxcnc_cycle(const gcode::Block& block, int code);
    bool read_linuxcnc_cycle(const gcode::Block& block, int code, DrillCycle& cycle);
    bool next_hole(const gcode::Block& block, Axes& hole);
    bool approach_hole(Axes& hole, const DrillCycle& cycle, double across);
    bool drill_hole(int code, const Axes& hole, const DrillCycle& cycle);
    bool cycle_dwell(double dwell_s);
    bool tap_hole(int code, const Axes& hole, const DrillCycle& cycle);
    bool back_bore(const Axes& hole, const DrillCycle& cycle);

    // splines.cpp, threading.cpp, outputs.cpp
    bool do_spline(const gcode::Block& block, int code);
    bool do_nurbs_point(const gcode::Block& block);
    bool end_nurbs();
    bool follow_curve(const std::vector<ControlPoint>& points, int order);
    bool follow_piece(const std::function<PlanePoint(double)>& at, double u, double end, int depth);
    bool do_threading(const gcode::Block& block);
    bool thread_pass(const Thread& thread, double depth, double infeed);
    bool do_outputs(const gcode::Block& block);
    void do_overrides(const gcode::Block& block);
    bool do_orient(const gcode::Block& block);
    void do_diameter(int code);

    // cutter_comp.cpp, comp_moves.cpp
    bool do_cutter_side(const gcode::Block& block, int code);
    bool comp_tool(const gcode::Block& block, int code, double& diameter, int& orientation);
    bool comp_off();
    bool without_comp(std::string_view what);
    PlanePoint in_plane(const Axes& position) const;
    Axes with_plane(Axes position, PlanePoint point) const;
    void comp_hold(HeldMove::Kind kind, const Axes& target, PlanePoint direction);
    void comp_hold_arc(const Axes& target, PlanePoint centre, int turns, double sweep_rad);
    bool comp_holds_call(std::string_view call);
    bool comp_holds_event(const Motion& event);
    bool comp_flush(PlanePoint point);
    void comp_release();
    void comp_give(HeldMove& move);
    PlanePoint nose_shift() const;
    void comp_scale(double factor);
    bool comp_line(MotionKind kind, const Axes& target);
    bool comp_pause();
    bool comp_start(PlanePoint point);
    bool comp_straight_corner(MotionKind kind, double before, double next, double away);
    bool comp_corner_to_line(MotionKind kind, const Axes& target, PlanePoint way);
    bool comp_arc_to_line(double next);
    bool comp_arc(const gcode::Block& block, bool clockwise);
    bool comp_entry_arc(const Axes& target, const Arc& programmed, PlanePoint end);
    bool comp_corner_to_arc(const Axes& target, const Arc& arc, double arc_radius, PlanePoint end);
    bool comp_line_to_arc(PlanePoint centre, double arc_radius, double radius, double before, double away, bool inside);
    bool comp_arc_to_arc(PlanePoint centre, double radius, int turns);

    // cycles.cpp
    bool keeps_levels() const { return fanuc_family() || is(Dialect::kMach3); }
    bool do_cycle(const gcode::Block& block, int code);
    bool read_cycle_words(const gcode::Block& block, int code);
    bool run_cycle(int code, Axes hole, double r, double bottom, double clear);
    bool peck(int code, Axes& at, int normal, double r, double bottom);
    void set_spindle_in_cycle(int direction);
    // cycles_bore.cpp
    bool bore(int code, double r, double bottom, double clear);
    bool bore_shift(double direction, bool inside);
    bool bore_lift(int axis, double value);
    bool do_circular_pocket(const gcode::Block& block, bool clockwise);
    bool pocket_pass(double first, double last, double step, bool clockwise);
    bool pocket_arc(const Axes& target, double centre_x, double centre_y, double sweep_rad);
    bool cycle_move(MotionKind kind, const Axes& at, int axis, double value);

    // offsets.cpp
    bool do_non_modal(const gcode::Block& block, const Request& request);
    bool do_set_offsets(const gcode::Block& block);
    bool set_offset_values(const gcode::Block& block, int index);
    bool do_set_work_offset(const gcode::Block& block, int l);
    bool do_set_tool_offset(const gcode::Block& block, int l);
    bool do_shift(const gcode::Block& block, int code);
    bool do_local_offset(const gcode::Block& block);
    bool do_skip_move(const gcode::Block& block);
    bool do_return_from_reference(const gcode::Block& block);
    bool do_reference(const gcode::Block& block, int code);
    bool do_more_work_offset(const gcode::Block& block, int code);
    bool do_work_offset(const gcode::Block& block, int code);
    bool do_tool_length(const gcode::Block& block, int code);
    double length_of(int tool) const;
    void change_frame(const Axes& origin, const Axes& shift, const Axes& length, double rotation_deg);
    void use_work_offset(int index);
    void set_work_offset(int index, int axis, double value_mm);
    Axes origin_units(int index) const;

    // flow.cpp
    bool do_flow(const gcode::Block& block, std::string_view line);
    bool once(const gcode::Block& block);
    bool do_if(const gcode::Block& block);
    bool do_loop(const gcode::Block& block);
    bool do_end_loop(const gcode::Block& block);
    bool do_call(const gcode::Block& block);
    bool do_return(const gcode::Block& block, bool with_value);
    bool do_subprogram(const gcode::Block& block, const Request& request);
    bool enter(std::string_view label, Call call);
    void leave();
    bool skip_to(std::string_view label, std::initializer_list<gcode::Flow> stops, gcode::Block& found);
    bool go_to(int64_t number);
    bool find_file(const std::string& label, bool m98, size_t& source);
    bool find_label(std::string_view label, bool m98, size_t& source, size_t& offset, int64_t& line);
    void index_labels(Source& source);
    bool condition(std::string_view& text, double& value);
    bool next_branch();
    bool do_break(const gcode::Block& block);
    bool apply_assignments(const gcode::Block& block);
    std::optional<double> system_number(int index) const;
    std::optional<double> system_named(std::string_view name) const;

    // flow_grblhal.cpp
    bool do_hal_flow(const gcode::Block& block);
    bool hal_skips() const;
    bool hal_statement(const gcode::Block& block);
    bool hal_condition(std::string_view text, double& value);
    bool hal_push(const gcode::Block& block, gcode::Flow flow);
    void hal_pop();
    void hal_seek(const HalEntry& entry);
    bool hal_again(HalEntry& entry, bool& again);
    bool hal_loop(const gcode::Block& block, bool skipping, gcode::Flow last, bool same);
    bool hal_end_loop(const gcode::Block& block, bool skipping, gcode::Flow last, bool same);
    bool hal_break(const gcode::Block& block);
    bool hal_call(const gcode::Block& block);
    void hal_return(const gcode::Block& block);
    void hal_leave();
    bool hal_end_of_file();

    // macro_b.cpp
    bool do_macro_statement(const gcode::Block& block);
    bool macro_number(const gcode::Block& block, ModalMacro& macro);
    bool do_macro_call(const gcode::Block& block);
    bool do_modal_macro(const gcode::Block& block);
    bool call_macro(const ModalMacro& macro);
    bool output_statement(std::string_view line);
    std::optional<double> fanuc_variable(int index) const;
    std::optional<double> modal_variable(int group) const;
    Axes work_position(const Axes& position) const;
    bool assign_fanuc(int number, double value);

    // canon.cpp: calls as rs274 prints them; nothing is done unless they are wanted
    void canon(const char* format, ...) __attribute__((format(printf, 2, 3)));
    void say(std::string_view call);
    void canon_start();
    void canon_end(bool finished);
    void canon_move(const char* name, const Axes& target);
    void canon_arc(const Axes& target, const Arc& arc);
    void canon_inverse_rate(const Axes& target, double sweep_rad = 0, double radius = 0, int normal = kZ);
    void canon_frame(bool with_shift);
    void canon_shift();
    void canon_length();
    void canon_path_mode();
    void canon_comment(const gcode::Block& block);
    std::string with_values(std::string_view text) const;
    void state_word(const std::string& word);

    const Program& program_;
    const InterpretOptions& options_;
    MotionObserver& observer_;
    const Context& context_;
    const Dialect dialect_;
    const gcode::Grammar& grammar_;
    Parameters parameters_;
    gcode::BlockParser parser_;
    gcode::Block block_;
    gcode::Block skip_block_;
    gcode::Block mapped_block_;

    std::vector<Source> sources_;
    size_t source_ = 0;
    std::vector<Loop> loops_;
    std::vector<Call> calls_;
    std::vector<HalEntry> hal_stack_;
    std::vector<HalSub> hal_subs_;
    bool hal_skip_sub_ = false;
    int64_t call_line_ = 0;       // line of the program's own text that called into another source
    std::string_view line_text_;  // of the current block
    int64_t line_ = 0;
    size_t line_offset_ = 0;                                                 // of that line in its source
    std::map<std::pair<size_t, std::string>, int64_t> opened_;               // source and label -> line: see once()
    std::map<std::pair<size_t, size_t>, std::pair<size_t, int64_t>> jumps_;  // source and offset -> offset and line before: see skip_to()
    std::map<std::pair<size_t, int64_t>, std::pair<size_t, int64_t>> numbered_;  // source and N number -> offset and line before

    State state_;
    State before_;                     // for a refused block
    std::map<size_t, State> saved_states_;  // M70, by depth of calls
    std::array<Axes, kWorkOffsets + kMoreWorkOffsets> work_offset_mm_{};
    std::array<double, kWorkOffsets + kMoreWorkOffsets> work_rotation_deg_{};
    Axes home_mm_{}, second_home_mm_{}, by_way_mm_{};  // by_way: the point that the last G28 or G30 came by
    bool home_known_ = false;
    std::map<int, double> changed_length_mm_, changed_radius_mm_;  // tool table entries set by G10
    std::array<double, 10> probed_{};

    std::map<int, ToolEntry> tool_entries_;  // changed by G10
    CutterComp comp_;
    std::vector<ControlPoint> nurbs_;  // G5.2 so far
    int nurbs_order_ = 3;
    bool releasing_ = false;   // held moves are given out
    int64_t held_line_ = 0;    // their line; 0: the present one
    double inverse_rate_ = 0;  // the feed that G93 made of the last move, program units per minute

    Motion motion_;  // fields that stay the same from move to move
    Vec3 tip_;       // now, set-up frame
    double scale_ = 1, cos_ = 1, sin_ = 0;
    Axes fixed_{};                 // tip = scale * (rotated position) + fixed, see refresh_frame()
    double tool_length_mm_ = 0;    // of the tool in the spindle
    std::vector<Motion> pending_;  // events of the current block until it is certain that it is not refused
    bool in_general_ = false;

    bool has_tool_change_ = false;  // the program's text has an M6
    bool percent_mode_ = false, seen_text_ = false;
    bool over_ = false;  // nothing more is read
    bool observer_stopped_ = false;
    bool fast_ready_ = false;
    bool grbl_tool_change_ = false;  // the block has an M6, which senders carry out
    gcode::Refusal refusal_;
    std::optional<Error> fatal_;  // ends the run whatever the dialect
    int64_t blocks_ = 0, repeated_ = 0, lines_ = 0;
    size_t high_water_ = 0;
    int64_t until_check_ = 0;
    int64_t block_limit_ = INT64_MAX;  // of a pilot run
    int fast_digits_ = gcode::kExactDigits;
    bool quiet_canon_ = false;                                              // moves are made whose calls have been printed
    bool canon_pallet_ = false, canon_mist_ = false, canon_flood_ = false;  // how the program ended
    ArcPlane canon_plane_ = ArcPlane::kXY;
    ModalMacro modal_macro_;
    double program_number_ = 0;
    std::bitset<2 * 20000> noted_;  // codes noted already
    bool output_noted_ = false, rotary_noted_ = false, units_missing_noted_ = false, real_time_noted_ = false, probe_noted_ = false;
    bool length_checked_ = false;
    bool counts_whole_numbers_ = false, whole_numbers_noted_ = false;  // Fanuc, Haas: see fanuc_words.cpp
    std::vector<bool> tool_used_;  // by number, small ones
    std::vector<int> tools_used_;
    ProgramEnd end_;
};

}  // namespace proveout::interp
