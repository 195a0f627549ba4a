"""Constants of the encoder alone: no decoder depends on them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from ..errors import ArgumentError

HIGHPASS_HZ = 100.0
LSF_SURVIVORS = 16
MAX_PREDICTED_FRAMES = 2  # then the LSF safety net is forced, to end the effects of a loss
PREDICTION_PENALTY = 1.3  # times the error of the other predictor, which keeps a loss alive
MAX_PITCH_GAIN = 1.2
MAX_LSF_SURVIVORS = 64
MAX_SPECTRA = 16  # these and the next are the most that an `Effort` may ask for
MAX_SURVIVORS = 8
MAX_LAGS = 16
MAX_PAIRS = 16
MAX_FIRST = 64
MAX_WORDS = 16


class Effort(NamedTuple):
    """How far the search goes; integers that the kernels take at run time."""

    spectra: int  # of quantized LSF, each with its own search; that of least error is sent
    survivors: int  # paths carried from subframe to subframe
    lags: int  # adaptive codebook candidates per path
    pairs: int  # of path and lag, those of least error so far, that go through the fixed codebook
    first: int  # survivors of the fixed codebook's first stage, where there are two
    words: int  # fixed codebook words tried exactly per lag


PRESETS: Mapping[str, Effort] = MappingProxyType({
    "fast": Effort(spectra=1, survivors=1, lags=1, pairs=1, first=4, words=4),
    "default": Effort(spectra=1, survivors=4, lags=4, pairs=6, first=4, words=6),
    "best": Effort(spectra=3, survivors=6, lags=5, pairs=8, first=5, words=7),
})  # fmt: skip

# a spectrum of few bits is far from the true one, and which of the near ones is taken counts most
LOW_RATE = 6000  # bit/s
LOW_RATE_PRESETS = MappingProxyType({
    "fast": PRESETS["fast"],
    "default": PRESETS["default"]._replace(spectra=3),
    "best": Effort(spectra=4, survivors=6, lags=5, pairs=10, first=6, words=8),
})  # fmt: skip


def preset(name: str, bitrate: int = LOW_RATE) -> Effort:
    """Return the effort of a preset at a rate [bit/s]; raise `ArgumentError` if there is none."""
    try:
        return (LOW_RATE_PRESETS if bitrate < LOW_RATE else PRESETS)[name]
    except (KeyError, TypeError):
        raise ArgumentError(f"preset: expected one of {', '.join(PRESETS)}, got {name!r}") from None
