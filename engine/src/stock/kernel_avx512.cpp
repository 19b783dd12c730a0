// Compiled with -mavx512f and its companions, without contraction. Empty on other processors.
#ifdef PROVEOUT_SIMD
#include <immintrin.h>

#include "stock/kernel.h"

namespace proveout {
#include "stock/kernel_impl.h"

extern const Kernels kAvx512Kernels{reached, heights, cut, lower};

}  // namespace proveout
#endif
