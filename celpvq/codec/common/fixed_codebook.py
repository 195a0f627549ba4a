"""Fixed codebook: trained code vectors with a sign, alone or as the sum of two stages.

An index holds ``row1 sign`` or ``row1 row2 sign1 sign2``, highest bits first. A layout (4,) holds
for each stage its first row in the book and the bits of its row. 0 bits: there is no second stage.
"""

from ..._numba import strict
from ..._types import F64, I64


@strict
def vector(index: int, layout: I64, book: F64, out: F64) -> None:
    """Put the code vector of an index into out (n,); book (N, n), layout (4,)."""
    start1, start2, bits2 = layout[0], layout[2], layout[3]
    if bits2 == 0:
        sign = 1.0 - 2.0 * (index & 1)
        row = start1 + (index >> 1)
        for n in range(out.shape[0]):
            out[n] = sign * book[row, n]
        return
    sign1 = 1.0 - 2.0 * (index >> 1 & 1)
    sign2 = 1.0 - 2.0 * (index & 1)
    row1 = start1 + (index >> bits2 + 2)
    row2 = start2 + (index >> 2 & (1 << bits2) - 1)
    for n in range(out.shape[0]):
        out[n] = sign1 * book[row1, n] + sign2 * book[row2, n]


@strict
def sharpen(x: F64, lag: int, beta: float) -> None:
    """Sharpen the pitch of x (n,) in place, by the recursive comb 1 / (1 - beta z^-lag)."""
    for n in range(lag, x.shape[0]):
        x[n] += beta * x[n - lag]
