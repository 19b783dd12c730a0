// test_stock.h -- for tests: closed boxes as STL bytes, and a directory of their own.
#pragma once

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "proveout/geometry.h"
#include "proveout/mesh.h"

namespace proveout {

inline Box3 box_of(Vec3 low, Vec3 high) {
    Box3 box;
    box.add(low);
    box.add(high);
    return box;
}

inline std::vector<Triangle> box_triangles(const Box3& box) {
    auto corner = [&](int k) {
        return Vec3{k & 1 ? box.high.x : box.low.x, k & 2 ? box.high.y : box.low.y, k & 4 ? box.high.z : box.low.z};
    };
    const int faces[6][4] = {{0, 2, 3, 1}, {4, 5, 7, 6}, {0, 1, 5, 4}, {2, 6, 7, 3}, {0, 4, 6, 2}, {1, 3, 7, 5}};
    std::vector<Triangle> out;
    for (const auto& f : faces) {
        out.push_back({corner(f[0]), corner(f[1]), corner(f[2])});
        out.push_back({corner(f[0]), corner(f[2]), corner(f[3])});
    }
    return out;
}

inline std::string stl_bytes(const std::vector<Triangle>& triangles) {
    std::string out(84, '\x7f');  // a header of old heap, as CAMotics leaves it
    auto count = static_cast<uint32_t>(triangles.size());
    std::memcpy(out.data() + 80, &count, 4);
    for (const Triangle& t : triangles) {
        float numbers[12] = {0, 0, 0};
        int k = 3;
        for (Vec3 p : {t.a, t.b, t.c})
            for (double x : {p.x, p.y, p.z}) numbers[k++] = static_cast<float>(x);
        out.append(reinterpret_cast<const char*>(numbers), sizeof numbers);
        out.append(2, '\0');
    }
    return out;
}

class Folder {
  public:
    Folder() {
        std::string path = (std::filesystem::temp_directory_path() / "proveout-camotics-XXXXXX").string();
        path_ = mkdtemp(path.data()) ? path : "";
    }
    ~Folder() {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    std::string path(const std::string& name = "") const { return name.empty() ? path_ : path_ + "/" + name; }
    void write(const std::string& name, const std::string& text) const { std::ofstream(path(name), std::ios::binary) << text; }
    std::string read(const std::string& name) const {
        std::ifstream file(path(name), std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(file), {});
    }
    bool has(const std::string& name) const { return std::filesystem::exists(path(name)); }

  private:
    std::string path_;
};

}  // namespace proveout
