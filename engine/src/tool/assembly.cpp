// Tool types as stacks of convex bodies of revolution. Angles as ISO 13399 names them: included (point) angle, taper angle per side.
#include <array>

#include "proveout/body.h"
#include "tool/outline.h"

namespace proveout {

namespace {

// Length of a shank whose stickout is not known: longer than any pocket that a bench or machining centre tool reaches.
constexpr double kUnknownShank_mm = 100;
// Diameters closer than this count as equal.
constexpr double kSameDiameter_mm = 0.002;

double cone_slope(double half_angle_rad) { return std::cos(half_angle_rad) / std::sin(half_angle_rad); }

double half_included_rad(const Tool& tool, double default_deg) {
    double degrees = tool.included_angle_deg > 0 ? tool.included_angle_deg : default_deg;
    return 0.5 * degrees * kPi / 180;
}

void cap(ConvexBody& body, double height) {
    body.upper = {line_piece(0, height, body.radius_mm, height)};
    body.high_mm = height;
}

ConvexBody cutter_body(double radius, std::vector<ProfilePiece> lower) {
    ConvexBody body;
    body.part = Part::kCutter;
    body.radius_mm = radius;
    body.lower = std::move(lower);
    body.low_mm = body.lower.front().height_0;
    return body;
}

// Flat tip of radius tip, then a cone up to radius: vbit, chamfer, drill.
ConvexBody cone_body(double radius, double tip, double slope) {
    std::vector<ProfilePiece> lower;
    if (tip > 0) lower.push_back(line_piece(0, 0, tip, 0));
    lower.push_back(line_piece(tip, 0, radius, (radius - tip) * slope));
    return cutter_body(radius, std::move(lower));
}

// APT cutter: flat to centre e, corner arc c, cone of the given angle per side up to radius.
ConvexBody taper_body(const Tool& tool, double radius, double flute) {
    double angle = tool.taper_angle_deg * kPi / 180;
    double tip = tool.tip_diameter_mm > 0 ? tool.tip_diameter_mm / 2 : std::max(0.0, radius - flute * std::tan(angle));
    double corner = std::min(tool.corner_radius_mm, tip);
    if (angle <= 0) angle = 1e-9;
    double slope = cone_slope(angle);
    if (corner <= 0) return cone_body(radius, std::min(tip, radius), slope);
    double e = tip - corner, rho = std::min(radius, e + corner * std::cos(angle)), height = corner - corner * std::sin(angle);
    std::vector<ProfilePiece> lower;
    if (e > 0) lower.push_back(line_piece(0, 0, e, 0));
    lower.push_back(arc_piece(e, 0, rho, height, e, corner, corner));
    if (rho < radius) lower.push_back(line_piece(rho, height, radius, height + (radius - rho) * slope));
    return cutter_body(radius, std::move(lower));
}

ConvexBody bull_body(double radius, double corner) {
    corner = std::min(corner, radius);
    std::vector<ProfilePiece> lower;
    if (radius > corner) lower.push_back(line_piece(0, 0, radius - corner, 0));
    lower.push_back(arc_piece(radius - corner, 0, radius, corner, radius - corner, corner, corner));
    return cutter_body(radius, std::move(lower));
}

ConvexBody lollipop_body(double radius, double height) {
    ConvexBody body = cutter_body(radius, {arc_piece(0, 0, radius, radius, 0, radius, radius)});
    double top = height > radius ? std::min(height, 2 * radius) : 2 * radius;
    double rho = std::sqrt(std::max(0.0, radius * radius - (top - radius) * (top - radius)));
    if (rho > 0) body.upper.push_back(line_piece(0, top, rho, top));
    if (rho < radius) body.upper.push_back(arc_piece(rho, top, radius, radius, 0, radius, radius));
    body.high_mm = top;
    return body;
}

// Cutting bodies of the tool; their highest height is at least `flute`.
std::vector<ConvexBody> cutter_of(const Tool& tool, double flute) {
    double radius = tool.diameter_mm / 2;
    ConvexBody body;
    switch (tool.type) {
        case ToolType::kBall: body = cutter_body(radius, {arc_piece(0, 0, radius, radius, 0, radius, radius)}); break;
        case ToolType::kBull:
        case ToolType::kFlat:
        case ToolType::kFace:
        case ToolType::kTslot:
            if (tool.corner_radius_mm > 0) body = bull_body(radius, tool.corner_radius_mm);
            else body = cutter_body(radius, {line_piece(0, 0, radius, 0)});
            break;
        case ToolType::kVbit:
        case ToolType::kChamfer:
            body = cone_body(radius, tool.tip_diameter_mm / 2, cone_slope(half_included_rad(tool, 90)));
            break;
        case ToolType::kDrill:
            body = cone_body(radius, tool.tip_diameter_mm / 2, cone_slope(half_included_rad(tool, 118)));
            break;
        case ToolType::kTaper: body = taper_body(tool, radius, flute); break;
        case ToolType::kDovetail: {
            double top = std::max(0.0, radius - flute * std::tan(half_included_rad(tool, 60)));
            body = body_from_outline({{radius, 0}, {top, flute}}, Part::kCutter);
            return {body};
        }
        case ToolType::kLollipop: return {lollipop_body(radius, flute)};
        case ToolType::kForm: return bodies_from_outline(tool.profile, Part::kCutter);
    }
    cap(body, std::max(flute, body.lower.back().height_1));
    return {body};
}

double default_flute(const Tool& tool, double reach) {
    if (tool.flute_length_mm > 0) return tool.flute_length_mm;
    if (tool.type == ToolType::kLollipop) return tool.diameter_mm;
    if (is_undercutting(tool.type)) return tool.diameter_mm / 4;
    return reach;  // not known: the whole reach is taken to cut, and job/ notes it as an assumption
}

}  // namespace

ToolAssembly make_assembly(const Tool& tool) {
    ToolAssembly assembly;
    assembly.number = tool.number;
    assembly.undercutting = is_undercutting(tool.type);
    assembly.center_cutting = tool.center_cutting;
    assembly.length_offset_mm = tool.length_offset_mm;
    double reach = tool.stickout_mm > 0 ? tool.stickout_mm : std::max(tool.flute_length_mm, 0.0) + kUnknownShank_mm;
    assembly.cutter = cutter_of(tool, default_flute(tool, reach));
    double top = 0;
    for (const ConvexBody& body : assembly.cutter) {
        top = std::max(top, body.high_mm);
        assembly.cutter_radius_mm = std::max(assembly.cutter_radius_mm, body.radius_mm);
    }
    assembly.flute_length_mm = top;
    double shank = tool.shank_diameter_mm > 0 ? tool.shank_diameter_mm : 2 * assembly.cutter_radius_mm;
    if (assembly.undercutting && tool.neck_diameter_mm > 0) shank = tool.neck_diameter_mm;
    assembly.shank_as_wide_as_cutter =
        !assembly.undercutting && std::abs(shank - 2 * assembly.cutter_radius_mm) < kSameDiameter_mm;
    if (reach > top) assembly.shank.push_back(body_from_outline({{shank / 2, top}, {shank / 2, reach}}, Part::kShank));
    double height = std::max(reach, top);
    for (const HolderSegment& segment : tool.holder) {
        assembly.holder.push_back(body_from_outline(
            {{segment.lower_diameter_mm / 2, height}, {segment.upper_diameter_mm / 2, height + segment.height_mm}}, Part::kHolder));
        height += segment.height_mm;
    }
    assembly.top_mm = height;
    return assembly;
}

}  // namespace proveout
