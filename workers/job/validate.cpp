#include "job/validate.h"

#include <cmath>

#include "job/lengths.h"
#include "proveout/mesh.h"

namespace proveout {

namespace {

constexpr double kSameLength_mm = 0.002;   // the width of a touch: two lengths that differ by less are the same tool
constexpr double kLeastVolume_mm3 = 1e-6;  // a closed mesh with less encloses nothing that one could cut

struct ToolCheck {
    const Tool& tool;
    const std::string& pointer;
    Faults& faults;

    void fault(const char* member, const std::string& detail) const { faults.add(pointer + "/" + member, detail); }

    // A length that must be there (low > 0) or may be 0 for "not given".
    void length(const char* member, double value, bool required) const {
        std::string allowed = "; allowed: more than 0, up to " + number_text(kMaxLength_mm) + " mm";
        if (!std::isfinite(value)) return fault(member, "is not a number" + allowed);
        if (value == 0 && !required) return;
        if (value == 0) return fault(member, "missing or 0" + allowed);
        if (value < 0 || value > kMaxLength_mm) fault(member, "is " + number_text(value) + " mm" + allowed);
    }

    void angle(const char* member, double value, double most_deg) const {
        if (!(value > 0) || !(value < most_deg))
            fault(member, (value == 0 ? std::string("missing or 0") : "is " + number_text(value)) + "; a " +
                              std::string(name_of(tool.type)) + " needs more than 0 and less than " + number_text(most_deg) + " degrees");
    }
};

void check_lengths(const ToolCheck& check) {
    const Tool& tool = check.tool;
    check.length("diameter", tool.diameter_mm, true);
    check.length("flute_length", tool.flute_length_mm, tool.type == ToolType::kTslot || tool.type == ToolType::kDovetail);
    check.length("shank_diameter", tool.shank_diameter_mm, false);
    check.length("neck_diameter", tool.neck_diameter_mm, false);
    check.length("stickout", tool.stickout_mm, !tool.holder.empty());
    if (!std::isfinite(tool.length_offset_mm) || std::abs(tool.length_offset_mm) > kMaxLength_mm)
        check.fault("length_offset",
                    "is out of range; allowed: -" + number_text(kMaxLength_mm) + " to " + number_text(kMaxLength_mm) + " mm");
    if (tool.stickout_mm > 0 && tool.flute_length_mm > tool.stickout_mm + kSameLength_mm)
        check.fault("stickout", "is " + number_text(tool.stickout_mm) +
                                    " mm, so that the holder would begin below the top of the flutes; allowed: flute_length (" +
                                    number_text(tool.flute_length_mm) + " mm) or more");
}

void check_corner_and_tip(const ToolCheck& check) {
    const Tool& tool = check.tool;
    double radius = tool.diameter_mm / 2, corner = tool.corner_radius_mm;
    std::string up_to_radius = "; allowed: 0 to half the diameter (" + number_text(radius) + " mm)";
    if (!(corner >= 0) || corner > radius + kSameLength_mm) {
        check.fault("corner_radius", "is " + number_text(corner) + up_to_radius);
    } else if (tool.type == ToolType::kBull && corner == 0) {
        check.fault("corner_radius", "missing or 0; a bull needs more than 0, up to half the diameter (" + number_text(radius) + " mm)");
    } else if (tool.type == ToolType::kBall && corner > 0 && std::abs(corner - radius) > kSameLength_mm) {
        check.fault("corner_radius",
                    "is " + number_text(corner) + "; a ball has half its diameter (" + number_text(radius) + " mm), or leave it out");
    } else if (corner > 0 && tool.type != ToolType::kBull && tool.type != ToolType::kBall && tool.type != ToolType::kFace) {
        check.fault("corner_radius", "is " + number_text(corner) + "; only bull, ball and face have a corner radius, others 0");
    }
    if (!(tool.tip_diameter_mm >= 0) || (tool.tip_diameter_mm > 0 && tool.tip_diameter_mm >= tool.diameter_mm))
        check.fault("tip_diameter", "is " + number_text(tool.tip_diameter_mm) + "; allowed: 0 to less than the diameter (" +
                                        number_text(tool.diameter_mm) + " mm)");
}

void check_no_neck(const ToolCheck& check) {
    if (check.tool.neck_diameter_mm > 0)
        check.fault("neck_diameter",
                    "is " + number_text(check.tool.neck_diameter_mm) +
                        "; allowed: tslot, dovetail and lollipop only; a thinner neck of another tool is its shank_diameter");
}

void check_undercutter(const ToolCheck& check) {
    const Tool& tool = check.tool;
    double neck = tool.neck_diameter_mm > 0 ? tool.neck_diameter_mm : tool.shank_diameter_mm;
    const char* member = tool.neck_diameter_mm > 0 || tool.shank_diameter_mm == 0 ? "neck_diameter" : "shank_diameter";
    double widest = tool.diameter_mm;
    if (tool.type == ToolType::kDovetail) widest -= 2 * tool.flute_length_mm * std::tan(tool.included_angle_deg / 2 * kPi / 180);
    if (widest <= 0) {
        check.fault("flute_length", "is " + number_text(tool.flute_length_mm) +
                                        " mm: the flanks meet below that height; allowed: less than " +
                                        number_text(tool.diameter_mm / 2 / std::tan(tool.included_angle_deg / 2 * kPi / 180)) + " mm");
    } else if (neck == 0) {
        check.fault(member, "missing; a " + std::string(name_of(tool.type)) + " needs a neck_diameter or shank_diameter below " +
                                number_text(widest) + " mm");
    } else if (neck > widest + kSameLength_mm || (tool.type != ToolType::kDovetail && neck >= widest)) {
        check.fault(member, "is " + number_text(neck) + " mm; allowed: less than " + number_text(widest) + " mm, where the cutter ends");
    }
}

void check_angles(const ToolCheck& check) {
    switch (check.tool.type) {
        case ToolType::kVbit:
        case ToolType::kChamfer:
        case ToolType::kDovetail:
            check.angle("included_angle_deg", check.tool.included_angle_deg, 180);
            break;
        case ToolType::kTaper:
            check.angle("taper_angle_deg", check.tool.taper_angle_deg, 90);
            break;
        case ToolType::kDrill:
            if (!(check.tool.included_angle_deg > 0) || check.tool.included_angle_deg > 180)
                check.fault("included_angle_deg",
                            "is " + number_text(check.tool.included_angle_deg) + "; allowed: more than 0, up to 180 degrees");
            break;
        default:
            break;
    }
}

void check_holder(const ToolCheck& check) {
    if (check.tool.holder.size() > kMaxHolderSegments)
        check.fault("holder", "has too many segments; allowed: " + std::to_string(kMaxHolderSegments));
    for (size_t i = 0; i < check.tool.holder.size() && i < kMaxHolderSegments; ++i) {
        const HolderSegment& segment = check.tool.holder[i];
        std::string at = "holder/" + std::to_string(i) + "/";
        check.length((at + "height").c_str(), segment.height_mm, true);
        check.length((at + "lower_diameter").c_str(), segment.lower_diameter_mm, true);
        check.length((at + "upper_diameter").c_str(), segment.upper_diameter_mm, true);
    }
}

void check_profile(const ToolCheck& check) {
    const auto& profile = check.tool.profile;
    if (profile.size() < 2 || profile.size() > kMaxProfilePoints)
        return check.fault("profile", "has " + std::to_string(profile.size()) + " points; allowed: 2 to " +
                                          std::to_string(kMaxProfilePoints) + " [radius, height] pairs");
    if (profile[0][0] != 0 || profile[0][1] != 0) check.fault("profile/0", "is not the tip; the first point must be [0, 0]");
    double widest = 0;
    for (size_t i = 0; i < profile.size(); ++i) {
        auto [radius, height] = profile[i];
        std::string at = "profile/" + std::to_string(i);
        widest = std::max(widest, radius);
        if (!(radius >= 0 && radius <= kMaxLength_mm && height >= 0 && height <= kMaxLength_mm))
            check.fault(at.c_str(), "is out of range; radius and height: 0 to " + number_text(kMaxLength_mm) + " mm");
        else if (i > 0 && height < profile[i - 1][1])
            check.fault(at.c_str(), "lies below the point before it; heights must not fall, from the tip up");
        else if (i > 0 && profile[i] == profile[i - 1])
            check.fault(at.c_str(), "equals the point before it; leave one out");
    }
    if (widest <= 0 || profile.back()[1] <= 0)
        check.fault("profile", "encloses nothing; a radius and a height must be more than 0");
    else if (std::abs(2 * widest - check.tool.diameter_mm) > kSameLength_mm)
        check.fault("diameter", "is " + number_text(check.tool.diameter_mm) + " mm but the profile is " + number_text(2 * widest) +
                                    " mm wide; leave diameter out or make them equal");
}

}  // namespace

void validate_tool(const Tool& tool, const std::string& pointer, Faults& faults) {
    Faults own;
    ToolCheck check{tool, pointer, own};
    if (tool.number < 1 || tool.number > kMaxToolNumber)
        check.fault("number", "is " + std::to_string(tool.number) + "; allowed: 1 to " + std::to_string(kMaxToolNumber));
    check_lengths(check);
    check_angles(check);
    check_holder(check);
    if (tool.flutes < 1 || tool.flutes > 100) check.fault("flutes", "is " + std::to_string(tool.flutes) + "; allowed: 1 to 100");
    if (!(tool.max_rpm >= 0 && tool.max_rpm <= kMaxRpm)) check.fault("max_rpm", "is out of range; allowed: more than 0, up to 1000000");
    if (tool.type == ToolType::kForm) check_profile(check);
    if (own.none()) {  // what follows compares lengths that are right in themselves
        if (tool.type != ToolType::kForm) check_corner_and_tip(check);
        if (is_undercutting(tool.type)) check_undercutter(check);
        else check_no_neck(check);
    }
    faults.add(std::move(own));
}

void validate_solid(const Solid& solid, const std::string& pointer, Faults& faults) {
    if (solid.shape == StockShape::kMesh) {
        std::string why;
        if (!is_closed(solid.mesh, &why))
            faults.add(pointer + "/mesh_ref", "the mesh is not closed (" + why + "); every edge must belong to exactly two triangles");
        else if (!(signed_volume_mm3(solid.mesh) > kLeastVolume_mm3))
            faults.add(pointer + "/mesh_ref", "the mesh encloses no volume; its triangles must be counter-clockwise seen from outside");
        return;
    }
    size_t count = solid.shape == StockShape::kCylinder ? 2 : 3;
    for (size_t i = 0; i < count; ++i) {
        double value = solid.dims_mm[i];
        if (!(value > 0 && value <= kMaxLength_mm))
            faults.add(pointer + "/dims/" + std::to_string(i),
                       "is " + number_text(value) + " mm; allowed: more than 0, up to " + number_text(kMaxLength_mm) + " mm");
    }
    const Vec3& o = solid.origin_mm;
    double farthest = std::max({std::abs(o.x), std::abs(o.y), std::abs(o.z)});
    if (!(farthest <= kMaxLength_mm)) faults.add(pointer + "/origin", "is out of range; allowed: each within 10000 mm of 0");
    if (solid.shape == StockShape::kTube && solid.dims_mm[1] >= solid.dims_mm[0])
        faults.add(pointer + "/dims/1", "is " + number_text(solid.dims_mm[1]) + " mm; the inner diameter must be less than the outer (" +
                                            number_text(solid.dims_mm[0]) + " mm)");
}

}  // namespace proveout
