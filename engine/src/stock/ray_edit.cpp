#include "stock/ray_edit.h"

#include <algorithm>

namespace proveout {

namespace {

void write_ray(DexelTile& tile, int at, float floor, const std::vector<Interval>& highest_first) {
    if (highest_first.empty()) {
        tile.top[at] = floor;
        if (!tile.bottom.empty()) tile.bottom[at] = floor;
        tile.more.erase(at);
        return;
    }
    tile.top[at] = highest_first[0].high;
    if (highest_first[0].low > floor && tile.bottom.empty()) tile.bottom.assign(kTile * kTile, floor);
    if (!tile.bottom.empty()) tile.bottom[at] = highest_first[0].low;
    if (highest_first.size() > 1) tile.more[at].assign(highest_first.begin() + 1, highest_first.end());
    else tile.more.erase(at);
}

}  // namespace

double remove_interval(DexelTile& tile, int at, float floor, float low, float high, uint8_t colour) {
    float top = tile.top[at], bottom = tile.bottom.empty() ? floor : tile.bottom[at];
    auto lower_ones = tile.more.find(at);
    if (top <= bottom || low >= top) return 0;
    if (high >= top && low > bottom) {  // the common case: the top is lowered
        tile.top[at] = low;
        if (!tile.colour.empty()) tile.colour[at] = colour;
        return static_cast<double>(top) - low;
    }
    std::vector<Interval> before{{bottom, top}}, after;
    if (lower_ones != tile.more.end()) before.insert(before.end(), lower_ones->second.begin(), lower_ones->second.end());
    double gone = 0;
    for (const Interval& interval : before) {
        float from = std::max(interval.low, low), to = std::min(interval.high, high);
        if (to <= from) {
            after.push_back(interval);
            continue;
        }
        gone += static_cast<double>(to) - from;
        if (interval.high > to) after.push_back({to, interval.high});
        if (from > interval.low) after.push_back({interval.low, from});
    }
    if (gone <= 0) return 0;
    write_ray(tile, at, floor, after);
    if (!tile.colour.empty() && tile.top[at] < top) tile.colour[at] = colour;
    return gone;
}

}  // namespace proveout
