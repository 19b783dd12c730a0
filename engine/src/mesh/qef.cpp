#include "mesh/qef.h"

namespace proveout {

namespace {

using Matrix = std::array<std::array<double, 3>, 3>;

// Cyclic Jacobi: on return the diagonal of m holds the eigenvalues, the columns of v the vectors.
void diagonalise(Matrix& m, Matrix& v) {
    v = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
    for (int round = 0; round < 12; ++round) {
        double off = m[0][1] * m[0][1] + m[0][2] * m[0][2] + m[1][2] * m[1][2];
        double on = m[0][0] * m[0][0] + m[1][1] * m[1][1] + m[2][2] * m[2][2];
        if (off <= 1e-30 * on) return;
        for (int p = 0; p < 2; ++p) {
            for (int q = p + 1; q < 3; ++q) {
                if (m[p][q] == 0) continue;
                double theta = (m[q][q] - m[p][p]) / (2 * m[p][q]);
                double t = (theta >= 0 ? 1 : -1) / (std::abs(theta) + std::sqrt(theta * theta + 1));
                double c = 1 / std::sqrt(t * t + 1), s = t * c;
                for (int k = 0; k < 3; ++k) {
                    double kp = m[k][p], kq = m[k][q];
                    m[k][p] = c * kp - s * kq, m[k][q] = s * kp + c * kq;
                }
                for (int k = 0; k < 3; ++k) {
                    double pk = m[p][k], qk = m[q][k];
                    m[p][k] = c * pk - s * qk, m[q][k] = s * pk + c * qk;
                    double vp = v[k][p], vq = v[k][q];
                    v[k][p] = c * vp - s * vq, v[k][q] = s * vp + c * vq;
                }
            }
        }
    }
}

// Least-norm solution of m d = b within the rank; the axes in `held` stay where `d` has them.
void solve_free(const Matrix& full, const std::array<double, 3>& b, double least, const std::array<bool, 3>& held,
                std::array<double, 3>& d) {
    Matrix m{}, v;
    std::array<double, 3> rest{};
    for (int i = 0; i < 3; ++i) {
        if (held[i]) continue;
        rest[i] = b[i];
        for (int j = 0; j < 3; ++j) {
            if (held[j])
                rest[i] -= full[i][j] * d[j];
            else
                m[i][j] = full[i][j];
        }
    }
    diagonalise(m, v);
    std::array<double, 3> x{};
    for (int k = 0; k < 3; ++k) {
        if (m[k][k] <= least) continue;
        double along = (v[0][k] * rest[0] + v[1][k] * rest[1] + v[2][k] * rest[2]) / m[k][k];
        for (int i = 0; i < 3; ++i) x[i] += along * v[i][k];
    }
    for (int i = 0; i < 3; ++i)
        if (!held[i]) d[i] = x[i];
}

}  // namespace

void PlaneFit::add(Vec3 normal, Vec3 point) {
    if (count_++ == 0) first_ = point;
    Vec3 p = point - first_;
    double along = dot(normal, p);
    a_[0] += normal.x * normal.x, a_[1] += normal.x * normal.y, a_[2] += normal.x * normal.z;
    a_[3] += normal.y * normal.y, a_[4] += normal.y * normal.z, a_[5] += normal.z * normal.z;
    b_ = b_ + along * normal;
    c_ += along * along;
    sum_ = sum_ + point;
}

double PlaneFit::worst(Vec3 x) const {
    Vec3 p = x - first_;
    double square = p.x * (a_[0] * p.x + 2 * (a_[1] * p.y + a_[2] * p.z)) + p.y * (a_[3] * p.y + 2 * a_[4] * p.z) + p.z * a_[5] * p.z;
    return std::sqrt(std::max(0.0, square - 2 * dot(b_, p) + c_));
}

Vec3 PlaneFit::solve(Vec3 low, Vec3 high, double rank) const {
    Vec3 middle = mean(), m = middle - first_;
    Matrix a{{{a_[0], a_[1], a_[2]}, {a_[1], a_[3], a_[4]}, {a_[2], a_[4], a_[5]}}};
    std::array<double, 3> b{b_.x - dot({a_[0], a_[1], a_[2]}, m), b_.y - dot({a_[1], a_[3], a_[4]}, m),
                            b_.z - dot({a_[2], a_[4], a_[5]}, m)};
    Matrix diagonal = a, vectors;
    diagonalise(diagonal, vectors);
    double largest = std::max({diagonal[0][0], diagonal[1][1], diagonal[2][2]});
    std::array<double, 3> d{}, least{low.x - middle.x, low.y - middle.y, low.z - middle.z},
        most{high.x - middle.x, high.y - middle.y, high.z - middle.z};
    std::array<bool, 3> held{};
    // A minimiser outside the box is moved to the face it violates most, and the other axes are solved for again.
    for (int round = 0; round < 3; ++round) {
        solve_free(a, b, rank * largest, held, d);
        int worst = -1;
        double excess = 0;
        for (int i = 0; i < 3; ++i) {
            double over = std::max(least[i] - d[i], d[i] - most[i]);
            if (!held[i] && over > excess) excess = over, worst = i;
        }
        if (worst < 0) break;
        held[worst] = true;
        d[worst] = std::clamp(d[worst], least[worst], most[worst]);
    }
    for (int i = 0; i < 3; ++i) d[i] = std::clamp(d[i], least[i], most[i]);
    return middle + Vec3{d[0], d[1], d[2]};
}

}  // namespace proveout
