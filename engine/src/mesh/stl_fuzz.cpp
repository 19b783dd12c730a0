// Any bytes: an error or triangles with sane coordinates, and the laws of meshes may be asked of them.
#include <cmath>

#include "proveout/mesh.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    auto read = proveout::read_stl({reinterpret_cast<const char*>(data), size});
    if (!read.ok()) {
        CHECK(read.error().code == proveout::ErrorCode::kInvalidInput && !read.error().message.empty());
        return 0;
    }
    CHECK(!read->empty());
    std::string why;
    CHECK(proveout::is_closed(*read, &why) || !why.empty());
    CHECK(std::isfinite(proveout::signed_volume_mm3(*read)));
    return 0;
}
