// parameters.h -- numbered and named parameters (variables) of the running program, and their scope in calls.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gcode/expression.h"

namespace proveout::interp {

class Parameters final : public gcode::ParameterSource {
  public:
    explicit Parameters(const gcode::Grammar& grammar);

    std::optional<double> number(int index) const override;
    std::optional<double> named(std::string_view name) const override;

    bool writable(int index) const;
    void set(int index, double value);                    // REQUIRES: writable(index)
    bool set_named(std::string_view name, double value);  // false: more than kMaxNames

    // Calls: #1... are local to a call in O-word and macro calls (not in M98), named ones without leading "_" always.
    void push(bool locals);
    void pop();
    size_t depth() const { return frames_.size(); }

    // Values that the controller's state gives: position, offsets, tool. nullopt: an ordinary parameter.
    std::function<std::optional<double>(int)> system_number;
    std::function<std::optional<double>(std::string_view)> system_named;

    static constexpr int kCount = 10000;     // numbers 0 to 9999; Fanuc's offsets above are asked from system_number
    static constexpr int kMaxNames = 20000;  // named parameters alive at one time

  private:
    struct Frame {
        std::vector<double> saved;  // the caller's #1..; empty: not local
        std::map<std::string, double, std::less<>> names;
    };
    int locals() const { return grammar_.macro_b ? 33 : 30; }

    const gcode::Grammar& grammar_;
    std::vector<double> numbers_;
    std::vector<Frame> frames_;
    std::map<std::string, double, std::less<>> globals_;
    int names_ = 0;
};

}  // namespace proveout::interp
