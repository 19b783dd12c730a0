// Arcs as the GRBL firmwares judge them before they move: in the single precision and the order of operations of the firmware, since a
// half circle given by R is refused or taken by the last bit.
#include <cmath>

#include "interp/interpreter.h"

namespace proveout::interp {

namespace {

using gcode::Block;

constexpr float kInch_mm = 25.4f;
constexpr float kRadiusTolerance_mm = 0.005f, kRadiusMost_mm = 0.5f, kRadiusRatio = 0.001f;
constexpr int kBadTarget = 33, kBadRadius = 34;
constexpr int kMostDecimals = 7;
constexpr double kDecimalTolerance = 1e-6;

// The single-precision number that the firmware makes of the digits: a whole number times 0.01 and 0.1, as often as there are decimals.
// Zeros written behind the last decimal that counts are not known here.
float as_read(double value, bool hal) {
    double scaled = std::fabs(value);
    int decimals = 0;
    while (decimals < kMostDecimals && std::fabs(scaled - std::round(scaled)) > kDecimalTolerance) scaled *= 10, ++decimals;
    if (decimals == kMostDecimals) return static_cast<float>(value);
    float number = static_cast<float>(std::round(scaled));
    for (; decimals > 0; decimals -= 2) {
        bool two = decimals >= 2;
        number = hal ? number * (two ? 0.01f : 0.1f) : static_cast<float>(static_cast<double>(number) * (two ? 0.01 : 0.1));
    }
    return value < 0 ? -number : number;
}

// GRBL 1.1 multiplies by a constant of double precision, grblHAL by one of single precision.
float to_mm(float value, bool inches, bool hal) {
    if (!inches) return value;
    return hal ? value * kInch_mm : static_cast<float>(static_cast<double>(value) * kMmPerInch);
}

}  // namespace

// Machine position of a programmed coordinate in the firmware's numbers.
float Interpreter::grbl_machine(double programmed, int axis, bool inches, int work_offset) const {
    size_t i = static_cast<size_t>(axis);
    float value = to_mm(as_read(programmed, is(Dialect::kGrblhal)), inches, is(Dialect::kGrblhal));
    float origin = static_cast<float>(work_offset_mm_[static_cast<size_t>(work_offset)][i]);
    float shift = static_cast<float>(state_.shift[i] * state_.unit_mm());
    value += origin + shift;
    if (axis == kZ) value += static_cast<float>(state_.length_offset[i] * state_.unit_mm());
    return value;
}

// The block's G2 or G3 as the firmware judges it. REQUIRES: the words that an arc needs are there.
bool Interpreter::check_grbl_arc(const Block& block, const Request& request) {
    bool hal = is(Dialect::kGrblhal);
    int plane = plane_code(request);
    int axes[2] = {plane == 170 ? kX : plane == 180 ? kZ : kY, plane == 170 ? kY : plane == 180 ? kX : kZ};
    bool inches = request[Group::kUnits] >= 0 ? request[Group::kUnits] == 200 : state_.inches;
    bool incremental = request[Group::kDistance] >= 0 ? request[Group::kDistance] == 910 : state_.incremental;
    int offset = request[Group::kWorkOffset];
    int work_offset = offset < 0 ? state_.work_offset : offset >= 590 ? 5 + (offset - 590) : (offset - 540) / 10;
    float travel[3], centre[3];
    for (int axis = 0; axis < 3; ++axis) {
        float now = grbl_machine(state_.position[static_cast<size_t>(axis)], axis, state_.inches, state_.work_offset), target = now;
        if (block.has("XYZ"[axis])) {
            double word = block.get("XYZ"[axis]);
            target = incremental ? now + to_mm(as_read(word, hal), inches, hal) : grbl_machine(word, axis, inches, work_offset);
        }
        travel[axis] = target - now;
        centre[axis] = to_mm(as_read(block.get_or("IJK"[axis], 0), hal), inches, hal);
    }
    float x = travel[axes[0]], y = travel[axes[1]];
    if (block.has('R')) {
        if (travel[0] == 0 && travel[1] == 0 && travel[2] == 0)
            return refuse(kBadTarget, "arc with R whose end is its start: the centre is not defined");
        float r = to_mm(as_read(block.get('R'), hal), inches, hal);
        float height = hal ? 4.0f * r * r - x * x - y * y : static_cast<float>(4.0 * r * r - x * x - y * y);
        return height >= 0 || refuse(kBadRadius, "R is too small to reach the end of the arc");
    }
    float i = centre[axes[0]], j = centre[axes[1]];
    x -= i, y -= j;
    float end_radius = std::sqrt(x * x + y * y), radius = std::sqrt(i * i + j * j);
    float difference = std::fabs(end_radius - radius);
    if (difference <= kRadiusTolerance_mm || (difference <= kRadiusMost_mm && difference <= kRadiusRatio * radius)) return true;
    char text[160];
    std::snprintf(text, sizeof text, "the arc's radius is %.4f mm at its start and %.4f mm at its end (difference %.4f mm)",
                  static_cast<double>(radius), static_cast<double>(end_radius), static_cast<double>(difference));
    return refuse(kBadTarget, text);
}

int Interpreter::plane_code(const Request& request) const {
    if (request[Group::kPlane] >= 0) return request[Group::kPlane];
    return state_.plane == ArcPlane::kXY ? 170 : state_.plane == ArcPlane::kZX ? 180 : 190;
}

}  // namespace proveout::interp
