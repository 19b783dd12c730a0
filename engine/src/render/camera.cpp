#include "render/camera.h"

namespace proveout {

namespace {

// Seen from front right; the view is steep enough to look into pockets and flat enough to show walls.
constexpr double kAzimuth_rad = -62 * kPi / 180;
constexpr double kElevation_rad = 40 * kPi / 180;
// Share of the picture that the box may fill, and where its middle stands: the tool and the title need the space above.
constexpr double kFillWidth = 0.84, kFillHeight = 0.76;
constexpr double kMiddleX = 0.5, kMiddleY = 0.585;

}  // namespace

Camera make_camera(const Box3& bounds, int width, int height) {
    Camera camera;
    double ca = std::cos(kAzimuth_rad), sa = std::sin(kAzimuth_rad), ce = std::cos(kElevation_rad), se = std::sin(kElevation_rad);
    camera.forward = {-ca * ce, -sa * ce, -se};
    camera.right = {-sa, ca, 0};
    camera.up = cross(camera.right, camera.forward);
    camera.centre = bounds.centre();
    double x_low = 1e300, x_high = -1e300, y_low = 1e300, y_high = -1e300;
    for (int corner = 0; corner < 8; ++corner) {
        Vec3 p{corner & 1 ? bounds.high.x : bounds.low.x, corner & 2 ? bounds.high.y : bounds.low.y,
               corner & 4 ? bounds.high.z : bounds.low.z};
        double x = dot(p - camera.centre, camera.right), y = dot(p - camera.centre, camera.up);
        x_low = std::min(x_low, x), x_high = std::max(x_high, x);
        y_low = std::min(y_low, y), y_high = std::max(y_high, y);
    }
    double extent_x = std::max(x_high - x_low, 1e-6), extent_y = std::max(y_high - y_low, 1e-6);
    camera.scale = std::min(kFillWidth * width / extent_x, kFillHeight * height / extent_y);
    camera.centre_x = kMiddleX * width - camera.scale * 0.5 * (x_low + x_high);
    camera.centre_y = kMiddleY * height + camera.scale * 0.5 * (y_low + y_high);
    return camera;
}

}  // namespace proveout
