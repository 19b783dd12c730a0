// See parameters.h.
#include "interp/parameters.h"

#include <limits>

namespace proveout::interp {

namespace {

constexpr double kVacant = std::numeric_limits<double>::quiet_NaN();

}  // namespace

Parameters::Parameters(const gcode::Grammar& grammar) : grammar_(grammar), numbers_(kCount, grammar.macro_b ? kVacant : 0.0), frames_(1) {}

std::optional<double> Parameters::number(int index) const {
    if (system_number)
        if (auto value = system_number(index)) return value;
    if (index < 0 || index >= kCount) return std::nullopt;
    if (grammar_.macro_b && index == 0) return kVacant;
    return numbers_[static_cast<size_t>(index)];
}

std::optional<double> Parameters::named(std::string_view name) const {
    const auto& scope = !name.empty() && name.front() == '_' ? globals_ : frames_.back().names;
    auto at = scope.find(name);
    if (at != scope.end()) return at->second;
    if (system_named && !name.empty() && name.front() == '_') return system_named(name);
    return std::nullopt;
}

bool Parameters::writable(int index) const {
    if (index < 1 || index >= kCount) return false;
    if (grammar_.dialect == Dialect::kGrblhal) return index < 5000;
    return true;
}

void Parameters::set(int index, double value) { numbers_[static_cast<size_t>(index)] = value; }

bool Parameters::set_named(std::string_view name, double value) {
    auto& scope = !name.empty() && name.front() == '_' ? globals_ : frames_.back().names;
    auto at = scope.find(name);
    if (at != scope.end()) {
        at->second = value;
        return true;
    }
    if (names_ >= kMaxNames) return false;
    ++names_;
    scope.emplace(std::string(name), value);
    return true;
}

void Parameters::push(bool with_locals) {
    Frame frame;
    if (with_locals) {
        frame.saved.assign(numbers_.begin() + 1, numbers_.begin() + 1 + locals());
        std::fill(numbers_.begin() + 1, numbers_.begin() + 1 + locals(), grammar_.macro_b ? kVacant : 0.0);
    }
    frames_.push_back(std::move(frame));
}

void Parameters::pop() {
    Frame& frame = frames_.back();
    if (!frame.saved.empty()) std::copy(frame.saved.begin(), frame.saved.end(), numbers_.begin() + 1);
    names_ -= static_cast<int>(frame.names.size());
    frames_.pop_back();
}

}  // namespace proveout::interp
