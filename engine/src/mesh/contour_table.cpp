#include "mesh/contour_table.h"

#include <vector>

namespace proveout {

namespace {

int first_corner(int e) {
    std::array<int, 3> at{};
    add_edge_start(e, at);
    return at[0] | at[1] << 1 | at[2] << 2;
}

int last_corner(int e) { return first_corner(e) | 1 << (e / 4); }

bool on_face(int corner, int face) { return (corner >> (face / 2) & 1) == (face & 1); }

bool crossed(int mask, int e) { return (mask >> first_corner(e) & 1) != (mask >> last_corner(e) & 1); }

int inside_corner(int mask, int e) { return mask >> first_corner(e) & 1 ? first_corner(e) : last_corner(e); }

struct Groups {
    std::array<int, 12> parent;
    int root(int e) const { return parent[e] == e ? e : root(parent[e]); }
    void join(int a, int b) { parent[root(a)] = root(b); }
};

CellPattern make_pattern(int mask) {
    Groups groups;
    for (int e = 0; e < 12; ++e) groups.parent[e] = e;
    std::array<std::vector<int>, 6> crossings;
    for (int face = 0; face < 6; ++face) {
        for (int e = 0; e < 12; ++e)
            if (crossed(mask, e) && on_face(first_corner(e), face) && on_face(last_corner(e), face)) crossings[face].push_back(e);
        const std::vector<int>& list = crossings[face];
        if (list.size() == 2) groups.join(list[0], list[1]);
        if (list.size() == 4)
            for (int a : list)
                for (int b : list)
                    if (a < b && inside_corner(mask, a) == inside_corner(mask, b)) groups.join(a, b);
    }
    CellPattern pattern;
    std::array<int, 12> number;
    number.fill(-1);
    for (int e = 0; e < 12; ++e) {
        pattern.component[e] = -1;
        if (!crossed(mask, e)) continue;
        int& n = number[groups.root(e)];
        if (n < 0) n = pattern.components++;
        pattern.component[e] = static_cast<int8_t>(n);
    }
    for (int face = 0; face < 6; ++face) {
        if (crossings[face].size() != 4) continue;
        pattern.joined[face] = true;
        for (int e : crossings[face])
            if (pattern.component[e] != pattern.component[crossings[face][0]]) pattern.joined[face] = false;
    }
    return pattern;
}

std::array<CellPattern, 256> make_table() {
    std::array<CellPattern, 256> table;
    for (int mask = 0; mask < 256; ++mask) table[mask] = make_pattern(mask);
    return table;
}

}  // namespace

const std::array<CellPattern, 256>& contour_table() {
    static const std::array<CellPattern, 256> table = make_table();
    return table;
}

}  // namespace proveout
