"""Quantizer of the lag T of the adaptive codebook. Lags are counted in thirds of a sample.

8 bits, absolute: thirds in 20 .. 84 2/3, integers in 85 .. 143; the two indices left over mean 143.
5 bits, relative to the last lag, rounded: integers -11 .. -3, thirds within +-2, integers 3 .. 12.
The window is shifted to stay inside 20 .. 143.
"""

from ..._numba import strict
from ..format.modes import MAX_LAG, MIN_LAG

ABSOLUTE_BITS = 8
DELTA_BELOW = 11  # reach of the relative lags [samples]
DELTA_ABOVE = 12
_FIRST_INTEGER = 85
_N_THIRDS = 3 * (_FIRST_INTEGER - MIN_LAG)
_FINE = 2
_N_COARSE_BELOW = DELTA_BELOW - _FINE
_N_FINE = 6 * _FINE + 1


@strict
def rounded(lag3: int) -> int:
    """Return a lag of lag3 thirds, rounded to whole samples."""
    return (lag3 + 1) // 3


@strict
def delta_centre(lag3_prev: int) -> int:
    """Return the middle of the window of relative lags [samples]."""
    return min(max(rounded(lag3_prev), MIN_LAG + DELTA_BELOW), MAX_LAG - DELTA_ABOVE)


@strict
def whole_lags(bits: int, lag3_prev: int) -> tuple[int, int]:
    """Return the least and the greatest whole lag that has an index; all lags between have one."""
    if bits == ABSOLUTE_BITS:
        return MIN_LAG, MAX_LAG
    centre = delta_centre(lag3_prev)
    return centre - DELTA_BELOW, centre + DELTA_ABOVE


@strict
def fine_lags(bits: int, lag3_prev: int) -> tuple[int, int]:
    """Return the least and the greatest T for which T - 1/3 and T - 2/3 have an index."""
    if bits == ABSOLUTE_BITS:
        return MIN_LAG + 1, _FIRST_INTEGER
    centre = delta_centre(lag3_prev)
    return centre - _FINE + 1, centre + _FINE


@strict
def dequantize(index: int, bits: int, lag3_prev: int) -> int:
    """Return the lag [thirds] of an index of 8 or 5 bits; lag3_prev: lag of the last subframe."""
    if bits == ABSOLUTE_BITS:
        if index < _N_THIRDS:
            return 3 * MIN_LAG + index
        return 3 * min(_FIRST_INTEGER + index - _N_THIRDS, MAX_LAG)
    centre = delta_centre(lag3_prev)
    if index < _N_COARSE_BELOW:
        return 3 * (centre - DELTA_BELOW + index)
    fine = index - _N_COARSE_BELOW
    if fine < _N_FINE:
        return 3 * (centre - _FINE) + fine
    return 3 * (centre + _FINE + 1 + fine - _N_FINE)


@strict
def quantize(lag3: int, bits: int, lag3_prev: int) -> int:
    """Return the index of a lag [thirds], or -1 if it has none: the inverse of `dequantize`."""
    if bits == ABSOLUTE_BITS:
        if 3 * MIN_LAG <= lag3 < 3 * _FIRST_INTEGER:
            return lag3 - 3 * MIN_LAG
        if lag3 % 3 == 0 and 3 * _FIRST_INTEGER <= lag3 <= 3 * MAX_LAG:
            return _N_THIRDS + lag3 // 3 - _FIRST_INTEGER
        return -1
    centre = delta_centre(lag3_prev)
    offset = lag3 - 3 * centre
    if -3 * _FINE <= offset <= 3 * _FINE:
        return _N_COARSE_BELOW + offset + 3 * _FINE
    if offset % 3 != 0:
        return -1
    if -DELTA_BELOW <= offset // 3 < -_FINE:
        return offset // 3 + DELTA_BELOW
    if _FINE < offset // 3 <= DELTA_ABOVE:
        return _N_COARSE_BELOW + _N_FINE + offset // 3 - _FINE - 1
    return -1
