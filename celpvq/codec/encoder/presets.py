"""Presets and constants of the encoder: no decoder depends on them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from ...errors import ArgumentError

HIGHPASS_HZ = 100.0
LSF_SURVIVORS = 16  # of stage 1 of the LSF quantizer, per predictor
MAX_PREDICTED_FRAMES = 2  # then the LSF safety net is forced, to end the effects of a loss
PREDICTION_PENALTY = 1.3  # on the error of the strong predictor, which keeps a loss alive
MAX_PITCH_GAIN = 1.2
MAX_LSF_SURVIVORS = 64

# the largest values that a `Preset` may have
MAX_LSF_CANDIDATES = 16
MAX_SURVIVORS = 8
MAX_LAGS = 16
MAX_PAIRS = 16
MAX_STAGE1_SURVIVORS = 64
MAX_SHORTLIST = 16


class Preset(NamedTuple):
    """The width of each search; integers that the kernels take at run time."""

    lsf_candidates: int  # quantized LSF that get a search of their own; the best one is sent
    survivors: int  # decoder states kept from subframe to subframe
    lags: int  # lags kept for each survivor, of twice as many that are compared exactly
    pairs: int  # pairs of survivor and lag, the best so far, that get a fixed codebook search
    stage1_survivors: int  # of the fixed codebook's first stage, where there are two
    shortlist: int  # code vectors that each pair tries exactly


PRESETS: Mapping[str, Preset] = MappingProxyType({
    "fast": Preset(lsf_candidates=1, survivors=1, lags=1, pairs=1, stage1_survivors=4, shortlist=4),
    "default": Preset(lsf_candidates=1, survivors=4, lags=4, pairs=6, stage1_survivors=4,
                      shortlist=6),
    "best": Preset(lsf_candidates=3, survivors=6, lags=5, pairs=8, stage1_survivors=5,
                   shortlist=7),
})  # fmt: skip

# few bits quantize the LSF coarsely: then the choice among the LSF candidates matters most
LOW_RATE = 6000  # bit/s
LOW_RATE_PRESETS: Mapping[str, Preset] = MappingProxyType({
    "fast": PRESETS["fast"],
    "default": PRESETS["default"]._replace(lsf_candidates=3, pairs=4),
    "best": Preset(lsf_candidates=4, survivors=6, lags=5, pairs=10, stage1_survivors=6,
                   shortlist=8),
})  # fmt: skip


def get(name: str, bitrate: int = LOW_RATE) -> Preset:
    """Return the preset `name` for a rate [bit/s]; raise `ArgumentError` for any other name."""
    try:
        return (LOW_RATE_PRESETS if bitrate < LOW_RATE else PRESETS)[name]
    except (KeyError, TypeError):
        raise ArgumentError(f"preset: expected one of {', '.join(PRESETS)}, got {name!r}") from None
