"""Random numbers that are the same on every machine."""

from ..._numba import strict
from ..._types import F64

_UNIT_VARIANCE = 1.7320508075688772  # sqrt(3): a uniform number in +-1 has a variance of 1/3


@strict
def fill(seed: int, scale: float, out: F64) -> int:
    """Put uniform white noise of rms `scale` into out (n,); return the next seed, 32 bits.

    A linear congruential generator, D. E. Knuth, "The Art of Computer Programming", vol. 2, 3.2.1.
    """
    for n in range(out.shape[0]):
        seed = (seed * 1664525 + 1013904223) & 0xFFFFFFFF
        out[n] = scale * _UNIT_VARIANCE * (seed / 2147483648.0 - 1.0)
    return seed
