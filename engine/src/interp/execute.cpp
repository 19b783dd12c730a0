// One block in the order of RS274/NGC: feed mode, F, S, T, tool change, spindle, coolant, dwell, plane, units, offsets, modes, motion,
// stop.
#include <algorithm>
#include <cmath>

#include "interp/interpreter.h"

namespace proveout::interp {

namespace {

using gcode::Block;

constexpr int kMaxTool = 99999;            // contract: tool numbers 1 to 99999
constexpr double kGrblDwellStep_s = 0.05;  // GRBL rounds dwells up to it

}  // namespace

bool Interpreter::execute(const Block& block) {
    if (!check_values(block)) return false;
    if (block.has_g(650) && fanuc_family()) return do_macro_call(block);  // all words are its arguments
    if (block.has_g(660) && fanuc_family()) return do_modal_macro(block);
    Request request;
    if (!sort_codes(block, request)) return false;
    if (is(Dialect::kGrblhal) && !check_hal_block(block, request)) return false;
    if (!decide_motion(block, request)) return false;
    if (is(Dialect::kGrbl) ? !check_grbl_block(block, request) : !check_words(block, request)) return false;
    if (request.machine_coordinates && request.motion < 0 && is(Dialect::kLinuxcnc)) return refuse(30, "G53 needs G0 or G1");
    canon_comment(block);
    if (!execute_settings(block, request)) return false;
    if (!do_transform(block, request)) return false;
    if (request.non_modal >= 0 && !do_non_modal(block, request)) return false;
    if (request[Group::kMotion] >= 0 || request.motion >= 0)
        if (!do_motion(block, request)) return false;
    if (block.has_g(670)) modal_macro_.on = false;
    bool moved = request.motion >= 0 && request.axis_words != 0;
    if (moved && modal_macro_.on && calls_.size() == modal_macro_.level && !call_macro(modal_macro_)) return false;
    if (!do_subprogram(block, request)) return false;
    return request.stop < 0 || do_stop(request.stop);
}

bool Interpreter::execute_settings(const Block& block, const Request& request) {
    // LinuxCNC takes F in the units that are in force before the block, the others in the units of the block.
    if (int mode = request[Group::kSpindleMode]; mode >= 0) {
        state_.constant_surface_speed = mode == 960;
        canon("SET_SPINDLE_MODE(0 %.4f)", mode == 960 ? block.get_or('D', 0) : 0.0);
    }
    bool units_first = !is(Dialect::kLinuxcnc);
    int units = request[Group::kUnits];
    if (units_first && units >= 0) do_units(units);
    if (request[Group::kFeedMode] >= 0) do_feed_mode(request[Group::kFeedMode]);
    do_feed(block);
    if (block.has('S')) do_spindle(block);
    if (block.has('T') && !do_tool_word(block)) return false;
    if (!do_outputs(block)) return false;
    if (request[Group::kToolChange] == 60 && !do_tool_change()) return false;
    if (!do_other_m(block, request)) return false;
    switch (request[Group::kSpindle]) {
        case 30:
            set_spindle(1);
            break;
        case 40:
            set_spindle(-1);
            break;
        case 50:
            set_spindle(0);
            break;
        case 130:
            set_spindle(1), state_.flood = true;
            break;
        case 140:
            set_spindle(-1), state_.flood = true;
            break;
        default:
            break;
    }
    if (block.has_m(190) && !do_orient(block)) return false;
    do_coolant(block);
    do_overrides(block);
    if (request.dwell && !do_dwell(block)) return false;
    if (int plane = request[Group::kPlane]; plane >= 0) {
        state_.plane = plane == 170 ? ArcPlane::kXY : plane == 180 ? ArcPlane::kZX : ArcPlane::kYZ;
        canon("SELECT_PLANE(CANON_PLANE_%s)", plane == 170 ? "XY" : plane == 180 ? "XZ" : "YZ");
    }
    if (!units_first && units >= 0) do_units(units);
    if (int diameter = request[Group::kDiameterMode]; diameter >= 0 && is(Dialect::kLinuxcnc)) do_diameter(diameter);
    if (int side = request[Group::kCutterSide]; side >= 0 && !grbl_family() && !do_cutter_side(block, side)) return false;
    if (int length = request[Group::kToolLength]; length >= 0 && !do_tool_length(block, length)) return false;
    if (int offset = request[Group::kWorkOffset]; offset >= 0 && !do_work_offset(block, offset)) return false;
    if (int path = request[Group::kPathMode]; path >= 0) do_path_mode(block, path);
    if (int distance = request[Group::kDistance]; distance >= 0) {
        bool incremental = distance == 910;
        if (incremental != state_.incremental)
            canon("COMMENT(\"interpreter: distance mode changed to %s\")", incremental ? "incremental" : "absolute");
        state_.incremental = incremental;
    }
    if (int centres = request[Group::kArcDistance]; centres >= 0) {
        if ((centres == 901) != state_.absolute_centres)
            canon("COMMENT(\"interpreter: IJK distance mode changed to %s\")", centres == 901 ? "absolute" : "incremental");
        state_.absolute_centres = centres == 901;
    }
    if (int level = request[Group::kRetract]; level >= 0) {
        state_.initial_level = level == 980;
        canon("COMMENT(\"interpreter: retract mode set to %s\")", state_.initial_level ? "old_z" : "r_plane");
    }
    return true;
}

void Interpreter::do_feed_mode(int code) {
    FeedMode mode = code == 930 ? FeedMode::kInverseTime : code == 940 ? FeedMode::kPerMinute : FeedMode::kPerRevolution;
    if (mode != state_.feed_mode && !is(Dialect::kMach3)) state_.feed = 0;  // F must be given again
    if (is(Dialect::kLinuxcnc) && mode != FeedMode::kInverseTime) state_.feed = 0;
    state_.feed_mode = mode;
    canon("COMMENT(\"interpreter: feed mode set to %s\")", mode == FeedMode::kInverseTime ? "inverse time"
                                                           : mode == FeedMode::kPerMinute ? "units per minute"
                                                                                          : "units per revolution");
    canon("SET_FEED_MODE(0, %d)", mode == FeedMode::kPerRevolution ? 1 : 0);
    if (mode != FeedMode::kInverseTime) canon("SET_FEED_RATE(0.0000)");
}

void Interpreter::do_feed(const Block& block) {
    if (!block.has('F')) return;
    state_.feed = block.get('F');
    if (state_.feed_mode != FeedMode::kInverseTime) canon("SET_FEED_RATE(%.4f)", state_.feed);
}

void Interpreter::do_spindle(const Block& block) {
    state_.speed = std::fabs(block.get('S'));
    canon("SET_SPINDLE_SPEED(0, %.4f)", block.get('S'));
    if (state_.constant_surface_speed) return;  // S is a surface speed, the spindle's is not known
    if (state_.spindle != 0 && !block.has_m(30) && !block.has_m(40) && !block.has_m(50)) set_spindle(state_.spindle);
}

// Tells the observer when speed or direction really change.
void Interpreter::set_spindle(int direction) {
    state_.spindle = direction;
    if (direction == 0)
        canon("STOP_SPINDLE_TURNING(0)");
    else if (!block_.has('S') || block_.has_m(30) || block_.has_m(40))
        canon("START_SPINDLE_%s(0)", direction > 0 ? "CLOCKWISE" : "COUNTERCLOCKWISE");
    double rpm = direction * state_.speed;
    if (options_.want_states) {
        char text[48];
        std::snprintf(text, sizeof text, direction == 0 ? "M5" : "M%d S%g", direction > 0 ? 3 : 4, state_.speed);
        state_word(text);
    }
    if (rpm == motion_.spindle_rpm) return;
    motion_.spindle_rpm = rpm;
    emit_event(MotionKind::kSpindle);
}

void Interpreter::do_coolant(const Block& block) {
    for (int i = 0; i < block.m_count; ++i) {
        switch (block.m[static_cast<size_t>(i)]) {
            case 70:
                state_.mist = true, canon("MIST_ON()");
                break;
            case 80:
                state_.flood = true, canon("FLOOD_ON()");
                break;
            case 90:
                state_.mist = state_.flood = false, canon("MIST_OFF()"), canon("FLOOD_OFF()");
                break;
            default:
                break;
        }
    }
}

bool Interpreter::do_tool_word(const Block& block) {
    double number = std::floor(block.get('T') + 1e-4);
    if (number > kMaxTool && is(Dialect::kGrblhal)) number = 0;  // accepted; no tool of ours has such a number
    if (number > kMaxTool) return refuse(38, "tool numbers go up to " + std::to_string(kMaxTool));
    int tool = static_cast<int>(number);
    if (is(Dialect::kLinuxcnc) && options_.tools_are_complete && tool != 0 && (!options_.tools || !find_tool(*options_.tools, tool)))
        return refuse(0, "tool " + std::to_string(tool) + " is not in the tool table");
    state_.selected_tool = tool;
    canon("SELECT_TOOL(%d)", tool);
    if (!has_tool_change_ && tool != state_.tool) put_in_spindle(tool, false);
    return true;
}

bool Interpreter::do_tool_change() {
    if (grbl_family() && state_.selected_tool == 0 && is(Dialect::kGrblhal)) return true;
    canon("START_CHANGE()");
    if (!grbl_family()) {  // the controller stops the spindle first
        state_.spindle = 0;
        canon("STOP_SPINDLE_TURNING(0)");
        if (motion_.spindle_rpm != 0) motion_.spindle_rpm = 0, emit_event(MotionKind::kSpindle);
    }
    canon("CHANGE_TOOL(%d)", state_.selected_tool);
    end_.has_tool_change = true;
    put_in_spindle(state_.selected_tool, true);
    if (options_.want_states) state_word("M6 T" + std::to_string(state_.tool));
    return true;
}

// The tip jumps by the difference of the tool lengths; the machine does not move.
void Interpreter::put_in_spindle(int tool, bool changed) {
    state_.tool = tool;
    length_checked_ = false;
    refresh_motion();
    if (!changed) {
        refresh_frame();
        tip_ = tip_of(state_.position);
        return;
    }
    if (fanuc_family() && options_.machine.home_mm) {  // the tool changer stands at the Z reference point, and Z stays there
        Axes machine = machine_of(state_.position);
        machine[kZ] = home_mm_[kZ];
        state_.position = position_of(machine);
    }
    Vec3 from = tip_;
    refresh_frame();
    tip_ = tip_of(state_.position);
    Motion change = motion_;
    change.kind = MotionKind::kToolChange;
    change.line = report_line();
    change.from = from;
    change.to = tip_;
    pending_.push_back(change);
}

bool Interpreter::do_other_m(const Block& block, const Request& request) {
    int other = request[Group::kOtherM];
    if (other == 610) {
        if (!block.has('Q') || block.get('Q') < 0) return refuse(28, "M61 needs a Q word with the tool number");
        int tool = static_cast<int>(std::min(block.get('Q') + 0.5, double(kMaxTool)));
        canon("CHANGE_TOOL_NUMBER(%d)", tool);
        state_.selected_tool = tool;
        put_in_spindle(tool, true);
    }
    int modal = request[Group::kModalState];
    size_t depth = calls_.size();
    if (modal == 700 || modal == 730) {
        saved_states_[depth] = state_;
        if (modal == 730 && depth > 0) calls_.back().restore_state = true;
    } else if (modal == 710) {
        saved_states_.erase(depth);
    } else if (modal == 720) {
        auto saved = saved_states_.find(depth);
        if (saved == saved_states_.end()) return refuse(0, "M72 without a saved state (M70)");
        restore_modes(saved->second);
    }
    return true;
}

// M72, end of a subprogram with M73: the modes, not the place.
void Interpreter::restore_modes(const State& saved) {
    if (saved.inches != state_.inches) do_units(saved.inches ? 200 : 210);
    state_.plane = saved.plane;
    if (saved.feed != state_.feed) canon("SET_FEED_RATE(%.4f)", saved.feed);
    if (saved.speed != state_.speed) canon("SET_SPINDLE_SPEED(0, %.4f)", saved.speed);
    if (saved.incremental != state_.incremental)
        canon("COMMENT(\"interpreter: distance mode changed to %s\")", saved.incremental ? "incremental" : "absolute");
    state_.incremental = saved.incremental;
    state_.absolute_centres = saved.absolute_centres;
    state_.feed_mode = saved.feed_mode;
    state_.feed = saved.feed;
    state_.speed = saved.speed;
    state_.initial_level = saved.initial_level;
    state_.path_mode = saved.path_mode;
    state_.path_tolerance = saved.path_tolerance;
    state_.naive_tolerance = saved.naive_tolerance;
    if ((state_.mist && !saved.mist) || (state_.flood && !saved.flood)) {
        canon("MIST_OFF()"), canon("FLOOD_OFF()");
        state_.mist = state_.flood = false;
    }
    if (saved.mist && !state_.mist) canon("MIST_ON()");
    if (saved.flood && !state_.flood) canon("FLOOD_ON()");
    state_.mist = saved.mist, state_.flood = saved.flood;
    if (saved.work_offset != state_.work_offset) use_work_offset(saved.work_offset);
    if (saved.spindle != state_.spindle) set_spindle(saved.spindle);
    if (saved.motion != state_.motion) state_.motion = saved.motion, state_.cycle.active = false;
}

double Interpreter::dwell_seconds(const Block& block, char letter) const {
    double value = block.get_or(letter, 0);
    bool milliseconds = letter == 'P' && fanuc_family() && !(is(Dialect::kHaas) && (block.points & gcode::bit('P')));
    if (milliseconds) value /= 1000;
    if (grbl_family()) value = std::ceil(value / kGrblDwellStep_s - 1e-6) * kGrblDwellStep_s;
    return value;
}

bool Interpreter::do_dwell(const Block& block) {
    char letter = block.has('P') || !fanuc_family() ? 'P' : block.has('X') ? 'X' : 'U';
    if (!block.has(letter)) return refuse(28, "G4 without its time (P)");
    if (block.get(letter) < 0) return refuse(4, "G4 with a negative time");
    double seconds = dwell_seconds(block, letter);
    canon("DWELL(%.4f)", seconds);
    emit_event(MotionKind::kDwell, seconds);
    return true;
}

void Interpreter::do_units(int code) {
    bool inches = code == 200 || code == 700;
    if (!state_.has_moved) end_.units_given = true;
    canon("USE_LENGTH_UNITS(CANON_UNITS_%s)", inches ? "INCHES" : "MM");
    if (inches == state_.inches) return;
    double factor = inches ? 1 / kMmPerInch : kMmPerInch;
    for (int axis = 0; axis < kAxes; ++axis) {
        if (is_rotary(axis)) continue;
        size_t i = static_cast<size_t>(axis);
        for (Axes* values : {&state_.position, &state_.origin, &state_.shift, &state_.local, &state_.length_offset, &state_.kept_shift})
            (*values)[i] *= factor;
    }
    state_.transform.change_units(factor);
    for (double* value : {&state_.polar.first, &state_.polar.second, &state_.polar.radius}) *value *= factor;
    comp_scale(factor);
    state_.path_tolerance *= factor;
    state_.naive_tolerance *= factor;
    CycleWords& cycle = state_.cycle;
    if (!is(Dialect::kLinuxcnc))  // which keeps the numbers
        for (double* value : {&cycle.r, &cycle.bottom, &cycle.peck, &cycle.initial_level, &cycle.i, &cycle.j, &cycle.least_peck})
            *value *= factor;
    if (state_.feed_mode != FeedMode::kInverseTime) state_.feed *= factor;  // the feed itself stays
    state_.inches = inches;
    refresh_frame();
}

void Interpreter::do_path_mode(const Block& block, int code) {
    if (code == 640) {
        state_.path_mode = PathMode::kContinuous;
        state_.path_tolerance = block.get_or('P', 0);
        state_.naive_tolerance = block.get_or('Q', state_.path_tolerance);
    } else if (!grbl_family()) {  // GRBL accepts G61 and does nothing
        state_.path_mode = code == 610 ? PathMode::kExactPath : PathMode::kExactStop;
    }
    canon_path_mode();
}

bool Interpreter::do_stop(int code) {
    if (comp_.active() && comp_.entered) {
        if (!comp_flush(comp_.at)) return false;
        comp_release();
    }
    if (code == 0 || code == 10 || code == 600) {
        if (code == 600) canon("PALLET_SHUTTLE()");
        canon(code == 10 ? "OPTIONAL_PROGRAM_STOP()" : "PROGRAM_STOP()");
        emit_event(MotionKind::kPause);
        find("PROGRAM_PAUSE", spelling('M', code) + " waits for the operator");
        return true;
    }
    if (comp_.active() && comp_.entered) state_.position = with_plane(state_.position, comp_.at);
    comp_ = {};
    canon_pallet_ = code == 300, canon_plane_ = state_.plane, canon_mist_ = state_.mist, canon_flood_ = state_.flood;
    // The state after the end, as the controllers leave it.
    if (motion_.spindle_rpm != 0 || state_.spindle != 0) {
        state_.spindle = 0;
        if (motion_.spindle_rpm != 0) motion_.spindle_rpm = 0, emit_event(MotionKind::kSpindle);
    }
    if (state_.transform.active) use_transform({});
    state_.polar = {};
    if (!fanuc_family()) use_work_offset(0);
    state_.plane = ArcPlane::kXY;
    state_.incremental = false;
    state_.feed_mode = FeedMode::kPerMinute;
    state_.motion = fanuc_family() ? 0 : 10;
    state_.cycle.active = false;
    state_.mist = state_.flood = false;
    emit_event(MotionKind::kProgramEnd);
    end_.ended = true;
    canon_end(true);
    state_.feed_override = state_.speed_override = true;
    if (!grbl_family()) over_ = true;  // GRBL goes on with the lines behind
    return true;
}

}  // namespace proveout::interp
