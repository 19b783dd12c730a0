// look_ahead.h -- entry speeds of segments: a backward and a forward pass over a window (Jeon's planner; the method of GRBL's planner.c).
//
// The window holds `capacity` segments; when it is full, `release` of them are given out and the last one in it is planned to stop, as a
// controller must that knows nothing of what follows. capacity 15, release 1 is GRBL's 16-block buffer. A controller with a long look-ahead
// is modelled with release = capacity / 2, which makes the cost per segment constant (every segment is planned at most twice).
//
// Item is a Segment or derived from it.
#pragma once

#include <vector>

#include "motion/segment.h"

namespace proveout {

template <class Item>
class LookAhead {
  public:
    LookAhead(int capacity, int release) : ring_(static_cast<size_t>(capacity)), release_(release) {}

    // give(const Item&, enter_mm_per_s, leave_mm_per_s, Item* next), in order; next is nullptr for the last one known.
    template <class Give>
    void add(const Item& segment, Give&& give) {
        if (count_ == ring_.size()) {
            plan();
            give_out(static_cast<size_t>(release_), give);
        }
        at(count_++) = segment;
    }

    // Full stop after the last segment.
    template <class Give>
    void stop(Give&& give) {
        plan();
        give_out(count_, give);
        speed_ = 0;
    }

    bool empty() const { return count_ == 0; }

    // To be called by `give` only: the next segment starts at this speed, not above what the plan allows.
    void set_speed(double speed_mm_per_s) { speed_ = speed_mm_per_s; }

    // Gives out the oldest segment with what is known now.
    template <class Give>
    void release_one(Give&& give) {
        plan();
        give_out(1, give);
    }

  private:
    Item& at(size_t i) {
        size_t k = first_ + i;
        return ring_[k < ring_.size() ? k : k - ring_.size()];
    }

    // Backward pass: greatest entry speeds that still allow a stop at the window's end. Ends early where nothing changes any more.
    void plan() {
        double next_2 = 0;
        for (size_t i = count_; i-- > 0;) {
            Item& s = at(i);
            double entry_2 = std::min(s.entry_cap_2, next_2 + 2 * s.acceleration_mm_per_s2 * s.length_mm);
            if (entry_2 == s.plan_entry_2) return;
            s.plan_entry_2 = next_2 = entry_2;
        }
    }

    // Forward pass over the oldest n: the exit speed is what the next one's entry and this one's acceleration allow.
    template <class Give>
    void give_out(size_t n, Give&& give) {
        for (; n > 0 && count_ > 0; --n) {
            const Item s = at(0);
            double exit_2 = count_ > 1 ? at(1).plan_entry_2 : 0;
            exit_2 = std::min(exit_2, speed_ * speed_ + 2 * s.acceleration_mm_per_s2 * s.length_mm);
            double leave = std::sqrt(exit_2), enter = speed_;
            if (++first_ == ring_.size()) first_ = 0;
            --count_;
            speed_ = leave;
            give(s, enter, leave, count_ > 0 ? &at(0) : nullptr);
        }
    }

    std::vector<Item> ring_;
    size_t first_ = 0, count_ = 0;
    int release_ = 1;
    double speed_ = 0;  // at the start of the oldest segment
};

}  // namespace proveout
