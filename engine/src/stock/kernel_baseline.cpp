#include "stock/kernel.h"

namespace proveout {
#include "stock/kernel_impl.h"

const Kernels& baseline_kernels() {
    static const Kernels table{candidates, heights, cut, lower};
    return table;
}

#ifdef PROVEOUT_SIMD
const Kernels& avx2_kernels();
#endif

const Kernels& kernels() {
#ifdef PROVEOUT_SIMD
    static const Kernels& best = __builtin_cpu_supports("avx2") ? avx2_kernels() : baseline_kernels();
    return best;
#else
    return baseline_kernels();
#endif
}

}  // namespace proveout
