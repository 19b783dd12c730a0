// Compiled with -mavx2 (not -mfma: contraction would change results). Empty on other processors.
#ifdef PROVEOUT_SIMD
#include "stock/kernel.h"

namespace proveout {
#include "stock/kernel_impl.h"

extern const Kernels kAvx2Kernels{reached, heights, cut, lower};

}  // namespace proveout
#endif
