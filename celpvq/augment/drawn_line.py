"""`DrawnLine`: a telephone line all of whose parameters are known, and the signal path."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import channel as channels
from .._types import F64
from ..audio import Resampler, check_samplerate, to_dtype
from ..audio.arrays import MANY_CHANNELS
from ..codec.common.samples import as_array, unclipped
from ..codec.encoder.variable_rate import RateLike, VariableRate
from ..codec.format.modes import SAMPLERATE
from ..errors import ArgumentError, ArgumentTypeError
from ..stream import Encoder
from ..stream.file_decoder import FileDecoder
from . import band
from .distributions import Distribution, to_json
from .parameters import LOW_HZ, MAX_CODINGS, check_names, check_seed, check_together, checked

_SILENT = 1e-6  # RMS below which there is no level to set
_MAX_PEAK = 0.8  # of the encoder's input: decoded speech may exceed its original a little


@dataclass(frozen=True, kw_only=True)
class DrawnLine:
    """A telephone line with known parameters: what `TelephoneLine.draw` returns.

    It is a function of the samples alone: the same samples give the same result.

    Parameters
    ----------
    modes : sequence of int or VariableRate
        Bit rate [bit/s] of each coding, one after the other. With none, nothing is coded.
    seed : int
        Seed of losses and bit errors.
    preset, loss, burst, ber, bit_burst, dtx, low_hz, high_hz, level_db
        As for `TelephoneLine`, but never a distribution.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a parameter has no such value.
    """

    modes: tuple[int | VariableRate, ...] = (6400,)
    preset: str = "fast"
    loss: float = 0.0
    burst: float | None = None
    ber: float = 0.0
    bit_burst: float | None = None
    dtx: bool = False
    low_hz: float | None = LOW_HZ
    high_hz: float | None = None
    level_db: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.modes, str) or not hasattr(self.modes, "__iter__"):
            raise ArgumentTypeError(f"modes: expected a sequence of bit rates, got {self.modes!r}")
        values = {name: getattr(self, name) for name in _NAMES}
        for name, value in values.items():
            if isinstance(value, Distribution):
                raise ArgumentTypeError(f"{name}: expected a value, got {value}")
            values[name] = checked(name, value)
        values["modes"] = tuple(checked("mode", mode) for mode in self.modes)
        if len(values["modes"]) > MAX_CODINGS:
            raise ArgumentError(
                f"modes: expected at most {MAX_CODINGS} bit rates, got {len(values['modes'])}"
            )
        values["seed"] = check_seed(self.seed)
        check_together(values)
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __call__(self, samples: ArrayLike, samplerate: int) -> NDArray[Any]:
        """Return samples after the line.

        Parameters
        ----------
        samples : array_like, shape (n,) or (n_channels, n)
            Floats, full scale 1, or int16. Each channel is coded on its own, with losses and bit
            errors of its own.
        samplerate : int
            Rate of `samples` [Hz], 4000 to 192000.

        Returns
        -------
        ndarray
            Of the shape and the type of `samples`, at the same rate, and aligned with them.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If an argument has no such value, or if a sample is not finite.
        """
        array = as_array(samples, "samples")
        samplerate = check_samplerate(samplerate)
        speech = _by_channel(unclipped(array, "samples"))
        out = np.array(array, dtype=array.dtype.newbyteorder("="))  # contiguous, and a copy
        if self.modes or self.low_hz is not None or self.high_hz is not None:
            rows = out.reshape(speech.shape)
            for number, x in enumerate(speech):
                if len(x):
                    rows[number] = _as_type(self._carry(x, samplerate, number), out.dtype)
        return out

    def to_dict(self) -> dict[str, Any]:
        """Return the parameters as values of JSON."""
        return asdict(self) | {"modes": [to_json(mode) for mode in self.modes]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the line that `to_dict` has described.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If a parameter is unknown or has no such value.
        """
        return cls(**check_names(values, tuple(field.name for field in fields(cls)), "line"))

    def _carry(self, x: F64, samplerate: int, number: int) -> F64:
        """Return channel `number`, x (n,), after the line."""
        y = _converted(x, samplerate, SAMPLERATE)
        if len(y):
            y = band.limit(y, self.low_hz, self.high_hz)
            gain = self._gain(y)
            y = gain * y
            for coding, mode in enumerate(self.modes):
                y = self._code(y, mode, (number, coding))
            y = y / gain
        return _converted(y, SAMPLERATE, samplerate, len(x))

    def _gain(self, y: F64) -> float:
        """Return the factor by which y (n,) enters the encoder: neither clips then."""
        peak = float(np.abs(y).max())
        gain = 1.0
        if self.level_db is not None:
            rms = peak * float(np.sqrt(np.mean((y / peak) ** 2))) if peak > _SILENT else 0.0
            if rms > _SILENT:
                gain = 10 ** (self.level_db / 20) / rms
        return _MAX_PEAK / peak if gain * peak > _MAX_PEAK else gain

    def _code(self, y: F64, mode: RateLike, place: tuple[int, int]) -> F64:
        """Return y (n,) after encoder, channel and decoder, at 8 kHz."""
        # `low_hz` replaces the encoder's high-pass, which would move low tones in time
        encoder = Encoder(mode, self.preset, highpass=False, dtx=self.dtx)
        packets: list[bytes | None] = [*encoder.write(y), *encoder.flush()]
        seeds = np.random.SeedSequence(self.seed, spawn_key=place).generate_state(2)
        lost = channels.draw_losses(len(packets), self.loss, self.burst, int(seeds[0]))
        if self.ber:
            packets = channels.flip_bits(packets, self.ber, int(seeds[1]), burst=self.bit_burst)
        decoder = FileDecoder(SAMPLERATE, "float64")
        return decoder.finish(channels.drop(packets, lost), len(y), len(y), look_ahead=True)


_NAMES = tuple(field.name for field in fields(DrawnLine) if field.name not in ("modes", "seed"))


def _by_channel(samples: F64) -> F64:
    """Return samples as (n_channels, n)."""
    if samples.ndim == 1:
        return samples[np.newaxis]
    if samples.ndim != 2:
        raise ArgumentError(f"samples: expected shape (n,) or (n_channels, n), got {samples.shape}")
    n_channels, n = samples.shape
    if n_channels > MANY_CHANNELS and n_channels > n > 0:
        raise ArgumentError(
            f"samples: expected shape (n_channels, n), got {samples.shape}:"
            f" {n_channels} channels of {n} samples; samples.T would be {n} channels"
        )
    return samples


def _converted(x: F64, from_hz: int, to_hz: int, n: int | None = None) -> F64:
    """Return x at another sampling rate, `n` samples if it is given."""
    resampler = Resampler(from_hz, to_hz)
    return np.concatenate([resampler.write(x), resampler.flush(n)])


def _as_type(y: F64, dtype: np.dtype[Any]) -> NDArray[Any]:
    return to_dtype(y, "int16") if dtype.kind == "i" else y.astype(dtype)
