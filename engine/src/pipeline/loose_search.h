// loose_search.h -- after which block did a piece of stock come loose?
#pragma once

#include <vector>

#include "proveout/simulate.h"
#include "verify/loose.h"

namespace proveout {

// One more pass that only cuts: the stock is looked at after windows of moves, and the window in which the number of loose pieces rises is
// cut again and halved until one move is left. One LOOSE_PIECE finding per rise, at most one per piece in `found`.
Result<std::vector<Finding>> find_loose(const Program& program, const Setup& setup, double cell_mm, const std::vector<LoosePiece>& found,
                                        const SimulateOptions& options, const Context& context);

}  // namespace proveout
