#include "proveout/setup.h"

namespace proveout {

Box3 bounds_of(const Solid& solid) {
    Box3 box;
    const auto& d = solid.dims_mm;
    const Vec3& o = solid.origin_mm;
    switch (solid.shape) {
        case StockShape::kBox:
            box.add(o);
            box.add(o + Vec3{d[0], d[1], d[2]});
            break;
        case StockShape::kCylinder:
            box.add(o - Vec3{d[0] / 2, d[0] / 2, 0});
            box.add(o + Vec3{d[0] / 2, d[0] / 2, d[1]});
            break;
        case StockShape::kTube:
            box.add(o - Vec3{d[0] / 2, d[0] / 2, 0});
            box.add(o + Vec3{d[0] / 2, d[0] / 2, d[2]});
            break;
        case StockShape::kMesh:
            for (const Triangle& t : solid.mesh) box.add(t.a), box.add(t.b), box.add(t.c);
            break;
    }
    return box;
}

}  // namespace proveout
