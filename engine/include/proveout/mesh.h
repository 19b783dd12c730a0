// mesh.h -- closed triangle meshes: reading STL, and the cut part as a mesh with sharp edges from three dexel grids.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proveout/context.h"
#include "proveout/cut.h"
#include "proveout/geometry.h"
#include "proveout/result.h"

namespace proveout {

struct Mesh {
    std::vector<std::array<float, 3>> vertices;     // mm, set-up frame
    std::vector<std::array<uint32_t, 3>> triangles; // vertex indices, counter-clockwise seen from outside
    std::vector<uint8_t> colour;                    // per triangle: Sweep::colour of the move that made the face, 0: uncut stock; or empty
    // Greatest distance between the cut solid and the mesh: measured at exact surface points (one per lattice edge that the surface
    // crosses) plus what merging may move. Details thinner than a cell may be missing.
    double tolerance_mm = 0;
};

// Reads binary or ASCII STL bytes; triangles with two equal corners are left out.
// Errors (kInvalidInput): lying header, truncated, non-finite or absurd coordinates, no triangles, more than 5 million.
Result<std::vector<Triangle>> read_stl(std::string_view bytes);

// True if every edge is shared by exactly two triangles in opposite directions (vertices equal to the bit); reason in *why if given.
bool is_closed(const std::vector<Triangle>& triangles, std::string* why);
double signed_volume_mm3(const std::vector<Triangle>& triangles);
std::vector<Triangle> triangles_of(const Mesh& mesh);

// Tri-dexel stock: the same moves cut three grids (X, Y, Z rays through one lattice), from which the part's surface is built by dual
// contouring with sharp edges. Ju, Losasso, Schaefer, Warren, "Dual contouring of Hermite data", SIGGRAPH 2002.
class PartBuilder {
  public:
    // REQUIRES: a mesh stock is closed.
    // Errors: kInvalidInput for a stock or cell without size, kTooLarge (the message names a cell that fits).
    static Result<PartBuilder> create(const Solid& stock, double cell_mm, double limit_bytes);
    PartBuilder(PartBuilder&&) noexcept;
    PartBuilder& operator=(PartBuilder&&) noexcept;
    ~PartBuilder();
    void cut(std::span<const ToolAssembly> assemblies, std::span<const Sweep> sweeps, const Context& context);
    // Closed, no duplicate triangles, at most max_triangles (flats merged, then simplified; tolerance stated in the mesh).
    // A part that is cut away completely is no error: the mesh is empty, and so are its (valid) files.
    // Errors: kResourceLimit, kCancelled, kTimeout.
    Result<Mesh> build(size_t max_triangles, const Context& context) const;

  private:
    PartBuilder();
    struct State;
    std::unique_ptr<State> state_;
};

std::string to_stl(const Mesh& mesh);  // binary, 84 + 50 n bytes, deterministic header
// GLB (glTF 2.0): one primitive per colour, flat-shaded normals, palette[colour] = linear RGB 0..1.
// Vertices are in mm, Z up; the node scales them to metres and turns them Y up.
std::string to_glb(const Mesh& mesh, const std::vector<std::array<float, 3>>& palette);

}  // namespace proveout
