"""Line spectral frequencies: to and from predictor coefficients, interpolation, stability.

P(z) = A(z) + z^-(p+1) A(1/z) and Q(z) = A(z) - z^-(p+1) A(1/z) have their zeros on the unit circle,
interlaced, if and only if 1/A(z) is stable [1]_. p is even here.

.. [1] F. Itakura, "Line spectrum representation of linear predictor coefficients of speech
   signals", J. Acoust. Soc. Am. 57(S1), 1975.
"""

import numpy as np

from ..._numba import stack_array, strict
from ..._types import F64
from ..format.modes import LPC_ORDER
from . import filters

MIN_GAP = 0.035  # radians (45 Hz): bounds how sharp a resonance of 1/A(z) can be
_HALF = LPC_ORDER // 2
_N_HALF = _HALF + 1  # coefficients of a symmetric polynomial up to its middle
_GRID = np.cos(np.linspace(0.0, np.pi, 121))
_BISECTIONS = 12


def flat() -> F64:
    """Return the LSF (p,) of a flat spectrum."""
    return np.asarray(np.arange(1, LPC_ORDER + 1) * (np.pi / (LPC_ORDER + 1)))


@strict
def cosine(x: float) -> float:
    """Return cos(x) for 0 <= x <= pi without the C library, within 1e-11: -sin about pi/2."""
    y = x - 0.5 * np.pi
    z = y * y
    # Taylor's series, which has its largest error, y^17 / 17!, at the ends
    s = 1.0 - z / 210.0
    s = 1.0 - z / 156.0 * s
    s = 1.0 - z / 110.0 * s
    s = 1.0 - z / 72.0 * s
    s = 1.0 - z / 42.0 * s
    s = 1.0 - z / 20.0 * s
    s = 1.0 - z / 6.0 * s
    return -y * s


@strict
def _expand_pairs(lsf: F64, first: int, out: F64) -> None:
    """Put the product of 1 - 2 cos(w) z^-1 + z^-2 over every other LSF into out (p/2 + 1,).

    The polynomial is symmetric, of degree p: its first half is enough.
    """
    out[:] = 0.0
    out[0] = 1.0
    for m in range(_HALF):
        b = -2.0 * cosine(lsf[2 * m + first])
        top = m + 1  # the middle of the polynomial after this factor
        for i in range(top, 0, -1):
            if i >= 2:
                # beyond the old middle the old coefficients mirror
                old = out[i] if i <= m else out[2 * m - i]
                out[i] = old + b * out[i - 1] + out[i - 2]
            else:
                old = out[1] if m >= 1 else 0.0
                out[1] = old + b * out[0]


@strict
def to_lpc(lsf: F64, lpc: F64) -> None:
    """Turn lsf (p,), rising in (0, pi), into lpc (p,)."""
    half = stack_array((2, _N_HALF))
    for k in range(2):
        _expand_pairs(lsf, k, half[k])
    for i in range(_HALF):  # times 1 + z^-1 and 1 - z^-1
        p = half[0, i + 1] + half[0, i]
        q = half[1, i + 1] - half[1, i]
        lpc[i] = 0.5 * (p + q)
        lpc[LPC_ORDER - 1 - i] = 0.5 * (p - q)


@strict
def _chebyshev(x: float, poly: F64, row: int) -> float:
    """Return c[n/2]/2 + sum c[i] T_(n/2-i)(x), c = poly[row], the polynomial at cos(w) = x."""
    b1, b2 = 0.0, 0.0
    for i in range(_HALF):
        b1, b2 = 2.0 * x * b1 - b2 + poly[row, i], b1
    return x * b1 - b2 + 0.5 * poly[row, _HALF]


@strict
def from_lpc(lpc: F64, lsf: F64) -> bool:
    """Turn lpc (p,) into lsf (p,); return False, with lsf untouched, if not all roots are found.

    Kabal and Ramachandran, "The computation of line spectral frequencies using Chebyshev
    polynomials", IEEE Trans. Acoust. Speech Signal Process. 34(6), 1986.
    """
    poly = stack_array((2, _N_HALF))
    poly[:, 0] = 1.0
    for i in range(_HALF):  # without the zeros of P at -1 and of Q at 1
        poly[0, i + 1] = lpc[i] + lpc[LPC_ORDER - 1 - i] - poly[0, i]
        poly[1, i + 1] = lpc[i] - lpc[LPC_ORDER - 1 - i] + poly[1, i]
    found = 0
    roots = stack_array(LPC_ORDER)
    left = _GRID[0]
    y_left = _chebyshev(left, poly, found % 2)
    g = 1
    while g < _GRID.shape[0]:
        row = found % 2  # the zeros of P and Q alternate
        right = _GRID[g]
        y_right = _chebyshev(right, poly, row)
        if y_left * y_right > 0.0:
            left, y_left = right, y_right
            g += 1
            continue
        low, y_low, high, y_high = left, y_left, right, y_right
        for _ in range(_BISECTIONS):
            mid = 0.5 * (low + high)
            y_mid = _chebyshev(mid, poly, row)
            if y_low * y_mid <= 0.0:
                high, y_high = mid, y_mid
            else:
                low, y_low = mid, y_mid
        slope = y_high - y_low
        x = low if slope == 0.0 else low - y_low * (high - low) / slope
        roots[found] = np.arccos(min(max(x, -1.0), 1.0))
        found += 1
        if found == LPC_ORDER:
            filters.copy(roots, lsf)
            return True
        left = x
        y_left = _chebyshev(left, poly, found % 2)
    return False


@strict
def stabilize(lsf: F64) -> None:
    """Sort lsf (p,) and move it apart to `MIN_GAP`, also from 0 and pi, in place."""
    for i in range(1, LPC_ORDER):
        x = lsf[i]
        j = i
        while j > 0 and lsf[j - 1] > x:
            lsf[j] = lsf[j - 1]
            j -= 1
        lsf[j] = x
    low = MIN_GAP
    for i in range(LPC_ORDER):
        lsf[i] = max(lsf[i], low)
        low = lsf[i] + MIN_GAP
    high = np.pi - MIN_GAP
    for i in range(LPC_ORDER - 1, -1, -1):
        lsf[i] = min(lsf[i], high)
        high = lsf[i] - MIN_GAP


@strict
def interpolate(prev: F64, now: F64, subframe: int, out: F64) -> None:
    """Put the LSF of subframe 0..3 into out: 1/4, 2/4, 3/4, then all of the way."""
    weight = 0.25 * (subframe + 1)
    for i in range(LPC_ORDER):
        out[i] = (1.0 - weight) * prev[i] + weight * now[i]


@strict
def predictor(prev: F64, now: F64, subframe: int, lpc: F64) -> None:
    """Put the predictor of subframe 0..3, between two frames with LSF (p,), into lpc (p,)."""
    between = stack_array(LPC_ORDER)
    interpolate(prev, now, subframe, between)
    to_lpc(between, lpc)
