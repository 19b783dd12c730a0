// spec.h -- the short forms of the command line. Numbers are mm, or end in "in"; a fraction such as 1/4in is allowed.
//
//   --tool 1:flat,d=6,flute=20,shank=6,stickout=35,holder=30/20/32+10/40/40
//   --stock 60x40x10@-30,-20,-10 | cyl:d=50,h=20@0,0,-20 | tube:d=50,i=30,h=20@0,0,0 | part.stl[@x,y,z] | auto
//   --wcs G54=10,20,0
//
// Errors: kInvalidInput; every fault of one flag at once, pointer "--tool 1:flat...".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "job/job.h"

namespace proveout {

// Keys: d r tip angle taper neck flute shank stickout holder rpm flutes cc h feed, or the names of the document.
Result<Tool> parse_tool_spec(std::string_view spec);

struct StockSpec {
    std::optional<Stock> stock;  // none: auto
    std::string mesh_ref;
};
Result<StockSpec> parse_stock_spec(std::string_view spec, const MeshReader& read_mesh);

struct WorkOffsetSpec {
    int index = 0;  // of WorkOffsets
    Vec3 zero_mm;
};
Result<WorkOffsetSpec> parse_wcs_spec(std::string_view spec);

}  // namespace proveout
