// camera.h -- the fixed orthographic camera of all pictures: from the front, right and above. Orthographic, because then one ray direction
// holds for the whole picture and the picture of a tool is the same wherever the tool stands.
#pragma once

#include "proveout/geometry.h"

namespace proveout {

struct Camera {
    Vec3 right, up, forward;  // unit, set-up frame; forward points into the picture
    Vec3 centre;              // this point is drawn at (centre_x, centre_y)
    double scale = 1;         // pixels per mm
    double centre_x = 0, centre_y = 0;  // pixels
};

struct ScreenPoint {
    double x, y;   // pixels, x right, y down, pixel (i, j) covers [i, i+1) x [j, j+1)
    double depth;  // mm along forward, larger is farther
};

// Frames the box with a margin, and with room above for the tool. REQUIRES: bounds not empty, width and height > 0.
Camera make_camera(const Box3& bounds, int width, int height);

inline ScreenPoint project(const Camera& camera, Vec3 p) {
    Vec3 d = p - camera.centre;
    return {camera.centre_x + camera.scale * dot(d, camera.right), camera.centre_y - camera.scale * dot(d, camera.up),
            dot(d, camera.forward)};
}

}  // namespace proveout
