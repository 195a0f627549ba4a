"""`VariableRate`: a bit rate that follows the speech, with an average that the user sets."""

import functools
import math
from dataclasses import dataclass
from numbers import Integral, Real
from typing import TypeAlias

import numpy as np

from ...errors import ArgumentError, ArgumentTypeError
from ..format import modes
from ..format.modes import Mode
from . import presets
from .presets import Preset
from .rate_control import SECOND, RateSettings

NAME = "vbr"
MODES = modes.modes()
LOWEST, HIGHEST = MODES[0].bitrate, MODES[-1].bitrate
CHOICES = ("trials", "prediction")
SHORTEST_WINDOW = 1.0  # s
_REACH = 400.0  # bits of `RateSettings.reach` per second of the window
_EXPONENT = 0.8  # g
_WIDE_TRIAL = Preset(  # where the search of the preset is so slow that it costs little
    lsf_candidates=1, survivors=2, lags=2, pairs=3, stage1_survivors=4, shortlist=4
)  # fmt: skip
# measured on speech of the training: errors relative to the lowest mode, and for each choice the
# averages [bit/s] that pressures give
_ERROR_RATIO = (1.0, 0.856, 0.755, 0.652, 0.569)
_LOG_PRESSURES = (-4.0, -5.116, -5.809, -6.377, -6.908, -7.419, -8.112, -9.21, -12.0)
_AVERAGES = {
    "trials": (4800, 4850, 4990, 5420, 6088, 6673, 7282, 7673, 8000),
    "prediction": (4800, 4815, 4988, 5498, 6228, 6953, 7562, 7863, 8000),
}


@dataclass(frozen=True, slots=True)
class VariableRate:
    """A rate that follows the speech: each frame gets the bits that it needs.

    Pass it as the `mode` of an encoder. ``mode="vbr", bitrate=5600`` is short for
    ``mode=VariableRate(5600)``. Packets have 12, 14, 16, 18 or 20 bytes.

    Parameters
    ----------
    bitrate : int
        Average rate of the frames of speech [bit/s], 4800 to 8000. With DTX, pauses come on top:
        they lower the rate of the stream and leave the rate of speech as it is.
    window : float
        Time over which the average holds [s], at least 1. A longer one gives better speech for the
        same average. With ``math.inf`` the quality is constant, and the average holds roughly, for
        usual speech only.
    limit : int, optional
        Largest number of bits in any second, that is in 50 packets in a row [bit/s], at least
        `bitrate`. By default there is no limit, and a second may take up to 8000 bits.
    choice : {"trials", "prediction"}
        How the encoder finds the mode of a frame. ``"trials"`` codes each frame at all five rates
        with a narrow search and compares the errors. ``"prediction"`` codes it at the lowest
        rate alone and predicts the other errors, which is faster and gives most of the gain.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument has no such value.

    Examples
    --------
    >>> import numpy as np
    >>> import celpvq
    >>> x = np.random.default_rng(1).normal(scale=0.1, size=8000)
    >>> packets = celpvq.Encoder(celpvq.VariableRate(6400, limit=7200), "fast").write(x)
    >>> set(map(len, packets)) <= {12, 14, 16, 18, 20}
    True
    """

    bitrate: int
    window: float = 15.0
    limit: int | None = None
    choice: str = CHOICES[0]

    def __post_init__(self) -> None:
        object.__setattr__(self, "bitrate", _checked_rate("bitrate", self.bitrate, LOWEST))
        if self.bitrate > HIGHEST:
            raise ArgumentError(
                f"bitrate: expected {LOWEST} to {HIGHEST} bit/s, got {self.bitrate}"
            )
        if self.limit is not None:
            object.__setattr__(self, "limit", _checked_rate("limit", self.limit, self.bitrate))
        if not isinstance(self.window, Real):
            raise ArgumentTypeError(f"window: expected seconds, got {self.window!r}")
        if not self.window >= SHORTEST_WINDOW:
            raise ArgumentError(
                f"window: expected at least {SHORTEST_WINDOW:g} s, got {self.window!r}"
            )
        if self.choice not in CHOICES:
            raise ArgumentError(
                f"choice: expected one of {', '.join(CHOICES)}, got {self.choice!r}"
            )

    def __str__(self) -> str:
        return f"{NAME} {self.bitrate}"

    @property
    def first_mode(self) -> Mode:
        """The mode of the first frame of a stream: the one nearest to the average."""
        return min(MODES, key=lambda mode: abs(mode.bitrate - self.bitrate))


Rate: TypeAlias = Mode | VariableRate
RateLike: TypeAlias = int | str | Mode | VariableRate


def _checked_rate(name: str, value: object, least: int) -> int:
    """Return a rate [bit/s] as int; raise an error unless it is an integer of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise ArgumentTypeError(f"{name}: expected an int [bit/s], got {value!r}")
    if value < least:
        raise ArgumentError(f"{name}: expected at least {least} bit/s, got {value}")
    return int(value)


def get(mode: RateLike, bitrate: int | None = None) -> Rate:
    """Return the mode or the variable rate that the arguments of an encoder name.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If there is no such mode, or if `bitrate` is missing for ``"vbr"`` or given for another.
    """
    if isinstance(mode, str) and mode == NAME:
        if bitrate is None:
            raise ArgumentError(
                f"bitrate: expected the average [bit/s] for mode {NAME!r}, got None"
            )
        return VariableRate(bitrate)
    if bitrate is not None:
        raise ArgumentError(f"bitrate: expected mode {NAME!r} with it, got mode {mode!r}")
    return mode if isinstance(mode, VariableRate) else modes.get(mode)


def nominal_mode(rate: Rate) -> Mode:
    """Return the mode of a stream's first frame."""
    return rate.first_mode if isinstance(rate, VariableRate) else rate


@functools.lru_cache(maxsize=32)
def settings(rate: VariableRate, preset: str) -> RateSettings:
    """Return the settings of the kernels for a variable rate and the name of a preset."""
    trials = rate.choice == "trials"
    wide = preset != "fast" and rate.bitrate < presets.LOW_RATE
    trial = _WIDE_TRIAL if wide else presets.get("fast")
    final = tuple(presets.get(preset, max(mode.bitrate, rate.bitrate)) for mode in MODES)
    return RateSettings(
        bits=np.array([mode.bits_per_frame for mode in MODES], dtype=np.int64),
        first=MODES.index(rate.first_mode),
        average=rate.bitrate / SECOND,
        pressure=math.exp(np.interp(rate.bitrate, _AVERAGES[rate.choice], _LOG_PRESSURES)),
        reach=_REACH * rate.window,
        limit=math.inf if rate.limit is None else float(rate.limit),
        exponent=_EXPONENT,
        n_trials=len(MODES) if trials else 1,
        error_ratio=np.array(_ERROR_RATIO),
        trial=trial,
        presets=final,
        reuse=trials and all(width == trial for width in final),
    )
