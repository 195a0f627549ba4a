"""Products of vectors and matrices in single precision: most of the work of the encoder.

Each loop runs along the result, several terms a pass, so that it fills vector registers.
"""

import numpy as np

from ..._numba import fast, host_has, inlined, stack_array
from ..._types import F32, F64
from ..format.modes import SUBFRAME_LEN

UNROLLED = 5  # terms a pass: the length of a vector is a multiple
PANEL = 64  # columns of a panel: the sums of two rows with them fit the vector registers
# where registers are shorter, the sums of one row with a panel fill all of them
_PAIRED = host_has("avx512f")
_TAPS = 8  # of a filter, likewise
_WIDTH = 48  # of the sums in `convolve_all`: whole registers, at least SUBFRAME_LEN
RESPONSE_LEN = SUBFRAME_LEN + _WIDTH


@fast
def respond(impulse: F64, response: F32) -> None:
    """Put an impulse response (n,) into response (2, RESPONSE_LEN), the form for the filters below.

    Row 0: n zeros, then the response.      Row 1: the response backwards.      Then zeros.
    """
    n_sub = impulse.shape[0]
    response[:] = 0.0
    for n in range(n_sub):
        response[0, n_sub + n] = impulse[n]
        response[1, n_sub - 1 - n] = impulse[n]


@fast
def correlate(x: F32, response: F32, out: F32) -> None:
    """Filter x (n,) backwards into out (n,): out[i] = sum x[n] impulse[n-i]."""
    out[:] = 0.0
    for n in range(0, SUBFRAME_LEN, _TAPS):  # which reach the outputs up to theirs
        y = response[1, SUBFRAME_LEN - _TAPS - n : SUBFRAME_LEN + _TAPS - 1]
        _add_delayed(x[n : n + _TAPS], y, out[: n + _TAPS])


@inlined
def _add_delayed(x: F32, y: F32, out: F32) -> None:
    """Add the sum of x[k] y[i + 7 - k], x (8,), to out[i]."""
    a, b, c, d, e, f, g, h = x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]
    for i in range(out.shape[0]):
        early = a * y[i + 7] + b * y[i + 6] + c * y[i + 5] + d * y[i + 4]
        out[i] += early + e * y[i + 3] + f * y[i + 2] + g * y[i + 1] + h * y[i]


@fast
def multiply(x: F32, matrix: F32, out: F32) -> None:
    """Put the product of x (n,) with matrix (n, N) into out (N,)."""
    out[:] = 0.0
    for i in range(0, x.shape[0], UNROLLED):
        a, b, c, d, e = x[i], x[i + 1], x[i + 2], x[i + 3], x[i + 4]
        row_a, row_b, row_c = matrix[i], matrix[i + 1], matrix[i + 2]
        row_d, row_e = matrix[i + 3], matrix[i + 4]
        for j in range(out.shape[0]):
            out[j] += a * row_a[j] + b * row_b[j] + c * row_c[j] + d * row_d[j] + e * row_e[j]


@fast
def multiply_all(x: F32, matrix: F32, out: F32) -> None:
    """Put the product of x (R, n) with matrix (n, N) into out (R, N).

    Four rows at once, so that the matrix is read a quarter as often.
    """
    n_fours = x.shape[0] // 4 * 4
    for r in range(0, n_fours, 4):
        x0, x1, x2, x3 = x[r], x[r + 1], x[r + 2], x[r + 3]
        out0, out1, out2, out3 = out[r], out[r + 1], out[r + 2], out[r + 3]
        out[r : r + 4] = 0.0
        for i in range(0, x.shape[1], UNROLLED):
            a0, b0, c0, d0, e0 = x0[i], x0[i + 1], x0[i + 2], x0[i + 3], x0[i + 4]
            a1, b1, c1, d1, e1 = x1[i], x1[i + 1], x1[i + 2], x1[i + 3], x1[i + 4]
            a2, b2, c2, d2, e2 = x2[i], x2[i + 1], x2[i + 2], x2[i + 3], x2[i + 4]
            a3, b3, c3, d3, e3 = x3[i], x3[i + 1], x3[i + 2], x3[i + 3], x3[i + 4]
            row_a, row_b, row_c = matrix[i], matrix[i + 1], matrix[i + 2]
            row_d, row_e = matrix[i + 3], matrix[i + 4]
            for j in range(out0.shape[0]):
                a, b, c, d, e = row_a[j], row_b[j], row_c[j], row_d[j], row_e[j]
                out0[j] += a0 * a + b0 * b + c0 * c + d0 * d + e0 * e
                out1[j] += a1 * a + b1 * b + c1 * c + d1 * d + e1 * e
                out2[j] += a2 * a + b2 * b + c2 * c + d2 * d + e2 * e
                out3[j] += a3 * a + b3 * b + c3 * c + d3 * d + e3 * e
    for r in range(n_fours, x.shape[0]):
        multiply(x[r], matrix, out[r])


def panels(matrix: F64) -> F32:
    """Return matrix (n, N) cut into panels (ceil(N / PANEL), n, PANEL), the last padded with 0."""
    n_rows, n_columns = matrix.shape
    padded = np.pad(matrix, ((0, 0), (0, -n_columns % PANEL)))
    return np.ascontiguousarray(padded.reshape(n_rows, -1, PANEL).swapaxes(0, 1), dtype=np.float32)


@fast
def multiply_panels(x: F32, n_terms: int, panels: F32, start: int, out: F32) -> None:
    """Put products of the rows of x (R, n) with columns from `start` on of panels into out (R, m).

    start, m: multiples of `PANEL`.      n_terms: of each product, at most n.
    A panel stays in the first cache for all rows of x, and the sums of two rows in registers.
    """
    n_rows = x.shape[0]
    n_paired = n_rows // 2 * 2 if _PAIRED else 0
    for first in range(0, out.shape[1], PANEL):
        panel = panels[(start + first) // PANEL]
        for r in range(0, n_paired, 2):
            acc = stack_array((2, PANEL), np.float32)
            acc[:] = 0.0
            for n in range(n_terms):
                row = panel[n]
                for k in range(2):
                    for j in range(PANEL):
                        acc[k, j] += x[r + k, n] * row[j]
            for k in range(2):
                result = out[r + k, first : first + PANEL]
                for j in range(PANEL):
                    result[j] = acc[k, j]
        for r in range(n_paired, n_rows):
            single = stack_array(PANEL, np.float32)
            single[:] = 0.0
            for n in range(n_terms):
                row = panel[n]
                for j in range(PANEL):
                    single[j] += x[r, n] * row[j]
            result = out[r, first : first + PANEL]
            for j in range(PANEL):
                result[j] = single[j]


@fast
def convolve_all(x: F32, response: F32, out: F32) -> None:
    """Filter each row of x (R, n), from zero memory, into out (R, n)."""
    _filter_all(x, response[0], SUBFRAME_LEN, out)


@fast
def correlate_all(x: F32, response: F32, out: F32) -> None:
    """Filter each row of x (R, n) backwards into out (R, n), as `correlate` does."""
    _filter_all(x, response[1], SUBFRAME_LEN - 1, out)


@inlined
def _filter_all(x: F32, taps: F32, start: int, out: F32) -> None:
    """Put ``sum x[r, n] taps[start + i - n]`` into out[r, i], two rows at once as in a panel."""
    last = x.shape[0] - 1
    for r in range(0, x.shape[0], 2):
        acc = stack_array((2, _WIDTH), np.float32)
        acc[:] = 0.0
        for n in range(SUBFRAME_LEN):
            row = taps[start - n : start - n + _WIDTH]
            for k in range(2):
                for j in range(_WIDTH):
                    acc[k, j] += x[min(r + k, last), n] * row[j]
        for k in range(2):
            result = out[min(r + k, last)]
            for j in range(SUBFRAME_LEN):
                result[j] = acc[k, j]


@fast
def products_with(z: F32, x: F32, y: F32) -> tuple[float, float, float]:
    """Return the inner products <x,z>, <z,z> and <y,z>."""
    xz, zz, yz = np.float32(0.0), np.float32(0.0), np.float32(0.0)
    for n in range(SUBFRAME_LEN):
        xz += x[n] * z[n]
        zz += z[n] * z[n]
        yz += y[n] * z[n]
    return xz, zz, yz  # type: ignore[return-value]


@fast
def inner(x: F32, y: F32) -> float:
    """Return the inner product of x (n,) and y (n,)."""
    acc = np.float32(0.0)
    for n in range(x.shape[0]):
        acc += x[n] * y[n]
    return acc  # type: ignore[return-value]
