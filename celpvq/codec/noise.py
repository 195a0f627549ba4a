"""Random numbers that are the same on every machine."""

from .._jit import kernel
from .._types import F64, I64

_UNIT_VARIANCE = 1.7320508075688772  # sqrt(3): a uniform number in +-1 has a variance of 1/3


@kernel
def fill(seed: I64, scale: float, out: F64) -> None:
    """Put uniform white noise of rms `scale` into out (n,); advance seed (1,), 32 bits.

    A linear congruential generator, D. E. Knuth, "The Art of Computer Programming", vol. 2, 3.2.1.
    """
    for n in range(out.shape[0]):
        seed[0] = (seed[0] * 1664525 + 1013904223) & 0xFFFFFFFF
        out[n] = scale * _UNIT_VARIANCE * (seed[0] / 2147483648.0 - 1.0)
