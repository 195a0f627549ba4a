"""Anchors: damaged versions of the reference, the same in every test."""

from dataclasses import dataclass

import numpy as np

from .._types import F64
from ..codec.format.modes import SAMPLERATE
from ..errors import ArgumentError
from .modulated_noise import mnru

_TAPS = 257  # of the low-pass, odd: no delay in fractions of a sample


@dataclass(frozen=True, slots=True)
class Anchor:
    """A version of the reference that is damaged by rule.

    Parameters
    ----------
    kind : {"lowpass", "mnru"}
    value : float
        The edge of the passband [Hz], or the distance of the noise [dB].
    """

    kind: str
    value: float

    @property
    def name(self) -> str:
        """What tables call it."""
        if self.kind == "lowpass":
            return f"low-pass {self.value:g} Hz"
        return f"MNRU {self.value:g} dB"

    def apply(self, x: F64, rng: np.random.Generator) -> F64:
        """Return the anchor (n,) of a reference (n,) at 8000 Hz."""
        return low_pass(x, self.value) if self.kind == "lowpass" else mnru(x, self.value, rng)


def low_pass(x: F64, edge_hz: float) -> F64:
    """Return x (n,) at 8000 Hz without the frequencies above `edge_hz`, without delay."""
    from scipy.signal import firwin, oaconvolve

    taps = firwin(_TAPS, edge_hz, fs=SAMPLERATE)
    return np.asarray(oaconvolve(x, taps, mode="full"))[_TAPS // 2 :][: x.size]


def parse(text: str) -> Anchor:
    """Return the anchor that ``lowpass:HZ`` or ``mnru:DB`` names; raise `ArgumentError` if none."""
    kind, _, number = text.partition(":")
    try:
        value = float(number)
    except ValueError:
        value = np.nan
    if kind == "lowpass" and 100 <= value < SAMPLERATE / 2:
        return Anchor(kind, value)
    if kind == "mnru" and -20 <= value <= 80:
        return Anchor(kind, value)
    raise ArgumentError(
        f"anchor: expected lowpass:HZ with 100 to {SAMPLERATE // 2 - 1} Hz, or mnru:DB with -20 to"
        f" 80 dB, got {text!r}"
    )
