"""The processor that kernels are compiled for."""

import llvmlite.binding


def host_has(feature: str) -> bool:
    """Return whether the processor has a feature, by LLVM's name, such as ``avx512f``."""
    return bool(llvmlite.binding.get_host_cpu_features().get(feature))
