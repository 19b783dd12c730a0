#include "camotics/shapes.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "job/lengths.h"
#include "proveout/body.h"

namespace proveout {

namespace {

using Outline = std::vector<std::array<double, 2>>;  // {radius, height} from the tip up

// An arc of a profile becomes chords that leave it by less than this, but by no more than kMostChords of them: each one is a whole pass.
constexpr double kChordSagitta_mm = 0.005;
constexpr int kMostChords = 5;
constexpr double kStraddled = 0.75;  // of the sagitta is left at the first and the last chord
constexpr double kSame_mm = 1e-6;

struct Chorded {
    Outline outline;
    double sagitta_mm = 0;
};

void add_point(Outline& outline, double radius, double height) {
    if (!outline.empty() && std::abs(outline.back()[0] - radius) < kSame_mm && std::abs(outline.back()[1] - height) < kSame_mm) return;
    outline.push_back({radius, height});
}

// Points of a piece without its first, in the direction from rho_0 to rho_1 or back.
void add_piece(const ProfilePiece& piece, bool backwards, Chorded& out) {
    double rho_0 = piece.rho_0, height_0 = piece.height_0, rho_1 = piece.rho_1, height_1 = piece.height_1;
    if (backwards) std::swap(rho_0, rho_1), std::swap(height_0, height_1);
    if (piece.arc) {
        double a = std::atan2(height_0 - piece.centre_height, rho_0 - piece.centre_rho);
        double b = std::atan2(height_1 - piece.centre_height, rho_1 - piece.centre_rho);
        double turn = std::remainder(b - a, 2 * kPi), radius = piece.arc_radius;
        double step = 2 * std::acos(std::max(0.0, 1 - kChordSagitta_mm / std::max(radius, kChordSagitta_mm)));
        int chords = std::clamp(static_cast<int>(std::ceil(std::abs(turn) / std::max(step, 1e-9))), 1, kMostChords);
        // Points between the ends stand outside by half of what the chords are inside: what is too much and too little nearly cancels.
        double sagitta = radius * (1 - std::cos(turn / chords / 2));
        out.sagitta_mm = std::max(out.sagitta_mm, chords > 1 ? kStraddled * sagitta : sagitta);
        radius += sagitta / 2;
        for (int k = 1; k < chords; ++k) {
            double angle = a + turn * k / chords;
            add_point(out.outline, piece.centre_rho + radius * std::cos(angle), piece.centre_height + radius * std::sin(angle));
        }
    }
    add_point(out.outline, rho_1, height_1);
}

Chorded outline_of(const ConvexBody& body) {
    Chorded out;
    if (body.lower.empty()) return out;
    add_point(out.outline, body.lower.front().rho_0, body.lower.front().height_0);
    for (const ProfilePiece& piece : body.lower) add_piece(piece, false, out);
    for (size_t i = body.upper.size(); i-- > 0;) {
        add_point(out.outline, body.upper[i].rho_1, body.upper[i].height_1);
        add_piece(body.upper[i], true, out);
    }
    return out;
}

CamPiece frustum(double radius_0, double height_0, double radius_1, double height_1) {
    CamPiece piece;
    piece.length_mm = height_1 - height_0;
    piece.diameter_mm = 2 * radius_1;
    piece.offset_mm = height_0;
    if (std::abs(radius_1 - radius_0) < kSame_mm) return piece;
    piece.shape = radius_0 < kSame_mm ? CamShape::kConical : CamShape::kSnubnose;
    if (piece.shape == CamShape::kSnubnose) piece.snub_diameter_mm = 2 * radius_0;
    return piece;
}

// One frustum for each rising stretch of the outlines. What is thinner than CAMotics can cut with is left out and counts as deviation.
void add_frusta(const std::vector<ConvexBody>& bodies, CamTool& out) {
    for (const ConvexBody& body : bodies) {
        Chorded chorded = outline_of(body);
        out.deviation_mm = std::max(out.deviation_mm, chorded.sagitta_mm);
        for (size_t i = 0; i + 1 < chorded.outline.size(); ++i) {
            auto [radius_0, height_0] = chorded.outline[i];
            auto [radius_1, height_1] = chorded.outline[i + 1];
            if (height_1 - height_0 < kSame_mm) continue;
            if (2 * std::max(radius_0, radius_1) < kThinnestCamTool_mm)
                out.deviation_mm = std::max(out.deviation_mm, std::max(radius_0, radius_1));
            else
                out.pieces.push_back(frustum(radius_0, height_0, radius_1, height_1));
        }
    }
}

// Greatest distance from the corner of the cylinder around a body to the body: what one cylinder in its place cuts too much.
double corner_distance(const ConvexBody& body) {
    double radius = body.radius_mm, best = radius;
    constexpr int kSamples = 200;
    for (int k = 0; k <= kSamples; ++k) {
        double rho = radius * k / kSamples;
        best = std::min(best, std::hypot(radius - rho, lower_height(body, rho) - body.low_mm));
    }
    return best;
}

void use_one_cylinder(const ToolAssembly& assembly, CamTool& out) {
    CamPiece piece;
    piece.diameter_mm = 2 * assembly.cutter_radius_mm;
    piece.length_mm = assembly.flute_length_mm;
    out.deviation_mm = 0;
    for (const ConvexBody& body : assembly.cutter) out.deviation_mm = std::max(out.deviation_mm, corner_distance(body));
    out.pieces = {piece};
}

bool is_ball(const Tool& tool) {
    return tool.type == ToolType::kBall || (tool.type == ToolType::kBull && tool.corner_radius_mm >= tool.diameter_mm / 2 - kSame_mm);
}

}  // namespace

std::string_view name_of(CamShape shape) {
    constexpr std::string_view kNames[] = {"cylindrical", "conical", "ballnose", "spheroid", "snubnose"};
    return kNames[static_cast<int>(shape)];
}

Result<CamTool> cam_tool(const Tool& tool, bool single) {
    ToolAssembly assembly = make_assembly(tool);
    if (2 * assembly.cutter_radius_mm < kThinnestCamTool_mm) {
        Error error = make_error(ErrorCode::kInvalidInput, "tool " + std::to_string(tool.number) + " is too thin for CAMotics");
        error.faults.push_back({"/tools", "tool " + std::to_string(tool.number) + " has " + number_text(2 * assembly.cutter_radius_mm) +
                                              " mm; engine camotics cuts with 0.125 mm and more, engine native with any"});
        return error;
    }
    CamTool out;
    out.number = tool.number;
    if (is_ball(tool)) {
        CamPiece piece{CamShape::kBallnose, assembly.flute_length_mm, tool.diameter_mm, 0, 0};
        out.pieces.push_back(piece);
        return out;
    }
    if (tool.type == ToolType::kLollipop && assembly.flute_length_mm >= tool.diameter_mm - kSame_mm) {
        out.pieces.push_back({CamShape::kSpheroid, tool.diameter_mm, tool.diameter_mm, 0, 0});
        return out;
    }
    add_frusta(assembly.cutter, out);
    out.approximated = out.pieces.size() != 1 || out.deviation_mm > 0;
    if (single && out.pieces.size() != 1) use_one_cylinder(assembly, out);
    if (out.approximated)
        out.how = out.pieces.size() == 1 ? "one " + std::string(name_of(out.pieces[0].shape)) + " shape"
                                         : std::to_string(out.pieces.size()) + " stacked shapes";
    return out;
}

}  // namespace proveout
