// What a block switches that moves nothing: outputs (M62 to M68), overrides (M48 to M53), the orientation of the spindle (M19), and how X
// words count (G7, G8).
#include <algorithm>
#include <cmath>

#include "interp/interpreter.h"

namespace proveout::interp {

namespace {

using gcode::Block;

constexpr double kMaxPort = 1000;

int port_of(const Block& block, char letter) { return static_cast<int>(std::clamp(std::round(block.get_or(letter, 0)), 0.0, kMaxPort)); }

}  // namespace

// Digital and analogue outputs: only told.
bool Interpreter::do_outputs(const Block& block) {
    for (int code : {620, 630, 640, 650}) {
        if (!block.has_m(code)) continue;
        if (is(Dialect::kLinuxcnc) && !block.has('P')) return refuse(28, spelling('M', code) + " needs P, the number of the output");
        constexpr const char* kCalls[] = {"SET_MOTION_OUTPUT_BIT(%d)", "CLEAR_MOTION_OUTPUT_BIT(%d)", "SET_AUX_OUTPUT_BIT(%d)",
                                          "CLEAR_AUX_OUTPUT_BIT(%d)"};
        canon(kCalls[(code - 620) / 10], port_of(block, 'P'));
    }
    for (int code : {670, 680}) {
        if (!block.has_m(code)) continue;
        if (is(Dialect::kLinuxcnc) && (!block.has('E') || block.get('E') <= -0.5))
            return refuse(28, spelling('M', code) + " needs E, the number of the output");
        if (code == 670)
            canon("SET_MOTION_OUTPUT_VALUE(%d,%f)", port_of(block, 'E'), block.get_or('Q', -1));
        else
            canon("SET_AUX_OUTPUT_VALUE(%d,%f)", port_of(block, 'E'), block.get_or('Q', -1));
    }
    if (!block.has_m(660) || !is(Dialect::kLinuxcnc)) return true;
    bool p = block.has('P'), e = block.has('E');
    double wait = std::round(block.get_or('L', 0));
    if (p && e) return refuse(0, "M66 with both P and E");
    if (!p && !e) return refuse(28, "M66 needs P or E, the number of the input");
    if (block.get(p ? 'P' : 'E') <= -0.5) return refuse(39, "the number of an input must not be negative");
    if (wait > 0 && !(block.get_or('Q', -1) > 0)) return refuse(0, "M66 that waits needs a time Q above 0");
    return !e || wait == 0 || refuse(0, "M66 cannot wait for an analogue input");
}

// The overrides themselves are the operator's; whether they work is told, and tapping restores it.
void Interpreter::do_overrides(const Block& block) {
    bool on = block.get_or('P', 1) != 0;
    bool feed = block.has_m(480) || (block.has_m(500) && on), speed = block.has_m(480) || (block.has_m(510) && on);
    bool no_feed = block.has_m(490) || (block.has_m(500) && !on), no_speed = block.has_m(490) || (block.has_m(510) && !on);
    if (feed) state_.feed_override = true, canon("ENABLE_FEED_OVERRIDE()");
    if (no_feed) state_.feed_override = false, canon("DISABLE_FEED_OVERRIDE()");
    if (speed) state_.speed_override = true, canon("ENABLE_SPEED_OVERRIDE(0)");
    if (no_speed) state_.speed_override = false, canon("DISABLE_SPEED_OVERRIDE(0)");
    if (block.has_m(520)) canon(on ? "ENABLE_ADAPTIVE_FEED()" : "DISABLE_ADAPTIVE_FEED()");
    if (block.has_m(530)) canon(on ? "ENABLE_FEED_HOLD()" : "DISABLE_FEED_HOLD()");
}

bool Interpreter::do_orient(const Block& block) {
    if (!is(Dialect::kLinuxcnc)) return true;
    state_.spindle = 0;
    if (motion_.spindle_rpm != 0) motion_.spindle_rpm = 0, emit_event(MotionKind::kSpindle);
    if (block.has('R') || block.has('P')) canon("ORIENT_SPINDLE(0, %.4f, %d)", block.get_or('R', 0), port_of(block, 'P'));
    if (!block.has('Q')) return true;
    if (block.get('Q') <= 0) return refuse(39, "Q of M19 must be above 0");
    canon("SPINDLE.0.WAIT_ORIENT_COMPLETE(%.4f)", block.get('Q'));
    return true;
}

void Interpreter::do_diameter(int code) {
    bool diameter = code == 70;
    if (diameter != state_.diameter) canon("COMMENT(\"interpreter: Lathe diameter mode changed to %s\")", diameter ? "diameter" : "radius");
    state_.diameter = diameter;
}

}  // namespace proveout::interp
