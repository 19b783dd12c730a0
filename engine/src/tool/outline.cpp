#include "tool/outline.h"

namespace proveout {

namespace {

double piece_height(const ProfilePiece& piece, double rho) {
    if (piece.arc) {
        double x = rho - piece.centre_rho;
        double rise = std::sqrt(std::max(0.0, piece.arc_radius * piece.arc_radius - x * x));
        // Lower envelopes use the lower half of the circle, upper envelopes the upper half.
        bool lower_half = piece.height_0 + piece.height_1 < 2 * piece.centre_height;
        return piece.centre_height + (lower_half ? -rise : rise);
    }
    double width = piece.rho_1 - piece.rho_0;
    if (width <= 0) return piece.height_0;
    return piece.height_0 + (piece.height_1 - piece.height_0) * (rho - piece.rho_0) / width;
}

}  // namespace

ProfilePiece line_piece(double rho_0, double height_0, double rho_1, double height_1) {
    return {rho_0, height_0, rho_1, height_1, false, 0, 0, 0};
}

ProfilePiece arc_piece(double rho_0, double height_0, double rho_1, double height_1, double centre_rho, double centre_height,
                       double arc_radius) {
    return {rho_0, height_0, rho_1, height_1, true, centre_rho, centre_height, arc_radius};
}

ConvexBody body_from_outline(const std::vector<std::array<double, 2>>& outline, Part part) {
    ConvexBody body;
    body.part = part;
    size_t widest = 0, last = outline.size() - 1;
    for (size_t i = 1; i < outline.size(); ++i)
        if (outline[i][0] > outline[widest][0]) widest = i;
    size_t widest_high = widest;
    while (widest_high < last && outline[widest_high + 1][0] >= outline[widest][0]) ++widest_high;
    body.radius_mm = outline[widest][0];
    body.low_mm = outline[0][1];
    body.high_mm = outline[last][1];
    if (outline[0][0] > 0) body.lower.push_back(line_piece(0, outline[0][1], outline[0][0], outline[0][1]));
    for (size_t i = 0; i < widest; ++i)
        body.lower.push_back(line_piece(outline[i][0], outline[i][1], outline[i + 1][0], outline[i + 1][1]));
    if (outline[last][0] > 0) body.upper.push_back(line_piece(0, outline[last][1], outline[last][0], outline[last][1]));
    for (size_t i = last; i > widest_high; --i)
        body.upper.push_back(line_piece(outline[i][0], outline[i][1], outline[i - 1][0], outline[i - 1][1]));
    return body;
}

std::vector<ConvexBody> bodies_from_outline(const std::vector<std::array<double, 2>>& outline, Part part) {
    // A new body begins at a step outward or inward (equal heights) and where the outline turns outward (radius no longer concave).
    std::vector<ConvexBody> bodies;
    std::vector<std::array<double, 2>> run;
    auto flush = [&] {
        if (run.size() >= 2) bodies.push_back(body_from_outline(run, part));
        run.clear();
    };
    for (const auto& point : outline) {
        if (!run.empty()) {
            if (point[1] <= run.back()[1]) {  // horizontal: a step, or the flat tip
                flush();
            } else if (run.size() >= 2) {
                const auto &a = run[run.size() - 2], &b = run.back();
                double before = (b[0] - a[0]) / (b[1] - a[1]), after = (point[0] - b[0]) / (point[1] - b[1]);
                if (after > before) {
                    std::array<double, 2> corner = b;
                    flush();
                    run.push_back(corner);
                }
            }
        }
        run.push_back(point);
    }
    flush();
    return bodies;
}

double envelope_height(const std::vector<ProfilePiece>& pieces, double rho) {
    for (const ProfilePiece& piece : pieces)
        if (rho <= piece.rho_1) return piece_height(piece, rho);
    return pieces.empty() ? 0 : piece_height(pieces.back(), pieces.back().rho_1);
}

double lower_height(const ConvexBody& body, double rho) { return envelope_height(body.lower, rho); }
double upper_height(const ConvexBody& body, double rho) { return envelope_height(body.upper, rho); }

}  // namespace proveout
