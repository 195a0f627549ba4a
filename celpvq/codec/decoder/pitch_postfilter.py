"""Pitch postfilter: attenuates the gaps between the low harmonics of voiced speech, without delay.

y(n) = x(n) + L(z) c (x(n - T) - x(n)), a comb [1]_ whose correction passes a one-pole low-pass L:
the upper bands of speech are less periodic, and a comb over all of them makes them dull.

.. [1] J.-H. Chen and A. Gersho, "Adaptive postfiltering for quality enhancement of coded speech",
   IEEE Trans. Speech Audio Process. 3(1), 1995.
"""

import numpy as np

from ..._numba import inlined
from ..._types import F64
from ..common import filters, pitch
from ..common.records import Record
from ..format.modes import MAX_LAG, SUBFRAME_LEN

_STRENGTH = 0.3  # of the comb where speech repeats exactly
_POLE = 0.65  # of the low-pass: half the power at 560 Hz
_LEAST_MATCH = 0.5  # normalized correlation squared, below which speech is not voiced
_WINDOW = 2 * SUBFRAME_LEN  # samples that are compared
_LINE = MAX_LAG + _WINDOW
_SILENCE = 1e-12


class PitchPostfilterState(Record):
    """The memory that a subframe leaves for the next one."""

    speech: F64 = np.zeros(_LINE)  # input, oldest first
    correction: float = 0.0  # last output of the low-pass


@inlined
def apply(lag3: int, state: PitchPostfilterState, x: F64) -> None:
    """Filter speech x (n,), synthesized with a lag [thirds of a sample], in place."""
    filters.keep_past(state.speech[:], _LINE - SUBFRAME_LEN)
    filters.copy(x, state.speech[_LINE - SUBFRAME_LEN :])
    lag = pitch.rounded(lag3)
    xx, xy, yy = 0.0, 0.0, _SILENCE
    for n in range(_LINE - _WINDOW, _LINE):
        now, before = state.speech[n], state.speech[n - lag]
        xx += now * now
        xy += now * before
        yy += before * before
    voiced = xy > 0.0 and xy * xy >= _LEAST_MATCH * xx * yy
    strength = _STRENGTH * min(xy / yy, 1.0) if voiced else 0.0
    share = strength / (1.0 + strength)
    correction = state.correction
    for n in range(x.shape[0]):
        before = state.speech[_LINE - SUBFRAME_LEN - lag + n]
        correction = _POLE * correction + (1.0 - _POLE) * share * (before - x[n])
        x[n] += correction
    state.correction = correction if abs(correction) > filters.TINY else 0.0
