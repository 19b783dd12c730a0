// transform.h -- mirror image, scaling and rotation of programmed coordinates (G51.1, G51, G68), one affine map. Carried out in this
// order whatever the order of the commands, as Fanuc and Haas do; angles turn the other way in a plane that is mirrored, and every centre
// goes through what comes before it.
//
// Programmed coordinates of the active work offset, program units and degrees. Plain data; derive() after every change.
#pragma once

#include <array>

#include "proveout/motion.h"

namespace proveout::interp {

struct Transform {
    std::array<bool, 3> mirrored{};
    std::array<double, 3> mirror_at{};
    bool scaling = false;
    std::array<double, 3> factor{1, 1, 1};  // never 0
    std::array<double, 3> scale_centre{};
    bool rotating = false;
    double rotation_deg = 0;
    ArcPlane rotation_plane = ArcPlane::kXY;
    std::array<double, 3> rotation_centre{};  // the two coordinates of its plane count

    // Derived: q = matrix p + offset.
    bool active = false;
    std::array<std::array<double, 3>, 3> matrix{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
    std::array<double, 3> offset{};

    void derive();
    void change_units(double factor_of_lengths);
    std::array<double, 3> apply(double x, double y, double z) const;
    std::array<double, 3> turn(double x, double y, double z) const;  // without the offset: a vector
    std::array<double, 3> undo(double x, double y, double z) const;
    double factor_of(int axis) const { return (mirrored[static_cast<size_t>(axis)] ? -1 : 1) * factor[static_cast<size_t>(axis)]; }
};

}  // namespace proveout::interp
