// Compiled with -mavx2 (not -mfma: contraction would change results). Empty on other processors.
#ifdef PROVEOUT_SIMD
#include "stock/kernel.h"

namespace proveout {
#include "stock/kernel_impl.h"

const Kernels& avx2_kernels() {
    static const Kernels table{candidates, heights, cut, lower};
    return table;
}

}  // namespace proveout
#endif
