// faults.h -- a list of everything that is wrong with an input document, collected in one pass.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "proveout/result.h"

namespace proveout {

// An answer lists at most this many faults (contract section 4).
constexpr size_t kMaxFaults = 100;

struct Faults {
    std::vector<Fault> list;
    // The first fault of a pointer is kept: what follows from it would only repeat it.
    void add(std::string pointer, std::string detail) {
        for (const Fault& fault : list)
            if (fault.pointer == pointer) return;
        if (list.size() < kMaxFaults) list.push_back({std::move(pointer), std::move(detail)});
    }
    void add(Faults other) {
        for (Fault& fault : other.list) add(std::move(fault.pointer), std::move(fault.detail));
    }
    bool none() const { return list.empty(); }
};

// The Error that carries them. REQUIRES: not none().
inline Error faults_error(Faults faults, std::string message) {
    Error error = make_error(ErrorCode::kInvalidInput, std::move(message));
    error.faults = std::move(faults.list);
    return error;
}

}  // namespace proveout
