#include "stock/kernel.h"

namespace proveout {
#include "stock/kernel_impl.h"

static constexpr Kernels kBaselineKernels{reached, heights, cut, lower};

#ifdef PROVEOUT_SIMD
extern const Kernels kAvx2Kernels, kAvx512Kernels;
#endif

const Kernels* kernels_of(InstructionSet set) {
    switch (set) {
        case InstructionSet::kBaseline:
            return &kBaselineKernels;
#ifdef PROVEOUT_SIMD
        case InstructionSet::kAvx2:
            return __builtin_cpu_supports("avx2") ? &kAvx2Kernels : nullptr;
        case InstructionSet::kAvx512:
            return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")
                       ? &kAvx512Kernels
                       : nullptr;
#endif
        default:
            return nullptr;
    }
}

const Kernels& kernels() {
    static const Kernels* const widest = [] {
        const Kernels* wide = kernels_of(InstructionSet::kAvx512);
        if (!wide) wide = kernels_of(InstructionSet::kAvx2);
        return wide ? wide : &kBaselineKernels;
    }();
    return *widest;
}

}  // namespace proveout
