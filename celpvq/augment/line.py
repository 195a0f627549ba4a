"""`TelephoneLine`: the lines that may occur in a data set."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from numpy.typing import ArrayLike, NDArray

from .._random import generator
from ..channel.losses import check_rate
from ..codec.encoder.variable_rate import VariableRate
from .distributions import Distribution, draw, from_json, to_json
from .drawn_line import DrawnLine
from .parameters import LOW_HZ, check_names, check_seed, check_together, checked


@dataclass(frozen=True, kw_only=True)
class TelephoneLine:
    """A telephone line as a data augmentation.

    The signal passes a band-pass, then an encoder, a channel that loses packets and flips bits, and
    a decoder. Its length, its rate, its type, its level and its place in time stay as they are. The
    line works at 8 kHz: nothing above 4 kHz is left.

    A parameter is a value, or a distribution of values: `Uniform`, `LogUniform` or `Choice`.

    Parameters
    ----------
    mode : int, VariableRate or Choice
        Bit rate [bit/s], one of `celpvq.modes`: 4800, 5600, 6400, 7200, 8000; or a
        `celpvq.VariableRate`.
    preset : str or Choice
        Width of the encoder's search: ``"fast"``, ``"default"`` or ``"best"``.
    loss : float or distribution
        Share of the packets that are lost [0 to 1]. The decoder conceals them.
    burst : float, None or distribution
        Mean number of packets that are lost in a row, at least 1; None for independent losses.
    ber : float or distribution
        Bit error rate: share of the bits that are wrong [0 to 1].
    bit_burst : float, None or distribution
        Mean length of error bursts [bits], in which half of the bits are wrong; None for
        independent errors.
    dtx : bool or Choice
        Whether pauses become comfort noise (discontinuous transmission).
    n_codings : int or Choice
        Number of codings one after the other (tandem coding), 0 to 10. Each one draws a mode of its
        own, and has losses and bit errors of its own.
    low_hz, high_hz : float, None or distribution
        Edges of the band-pass [Hz], where it is 6 dB down; None for no limit. The lower one removes
        hum. A telephone network has 300 and 3400 Hz.
    level_db : float, None or distribution
        Level at which the signal enters the encoder: its root mean square relative to full scale
        [dB], -100 to 0. After the decoder the signal has its own level again. None leaves the level
        as it is. In any case a signal with a peak above 0.8 of full scale is scaled down before
        the encoder and up again after the decoder, so that neither clips it.
    p : float
        Probability that the line acts at all [0 to 1].

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a parameter has no such value, or if values that exclude each other may be drawn.

    Notes
    -----
    The object is immutable, can be hashed and pickled, and holds no encoder or decoder: processes
    and threads may share it.
    """

    mode: int | VariableRate | Distribution = 6400
    preset: str | Distribution = "fast"
    loss: float | Distribution = 0.0
    burst: float | Distribution | None = None
    ber: float | Distribution = 0.0
    bit_burst: float | Distribution | None = None
    dtx: bool | Distribution = False
    n_codings: int | Distribution = 1
    low_hz: float | Distribution | None = LOW_HZ
    high_hz: float | Distribution | None = None
    level_db: float | Distribution | None = None
    p: float = 1.0

    def __post_init__(self) -> None:
        values = {name: checked(name, getattr(self, name)) for name in _NAMES}
        check_together(values)
        for name, value in values.items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "p", check_rate(self.p, "p"))

    def __call__(self, samples: ArrayLike, samplerate: int, *, seed: int) -> NDArray[Any]:
        """Return samples after the line that `seed` stands for.

        Parameters
        ----------
        samples, samplerate
            As for `DrawnLine`.
        seed : int
            Seed of all random numbers, from 0. The same seed gives the same line, the same losses
            and the same bit errors.

        Returns
        -------
        ndarray
            Of the shape and the type of `samples`, at the same rate, and aligned with them.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            As `DrawnLine` does, or if `seed` is not a number from 0.
        """
        return self.draw(seed)(samples, samplerate)

    def draw(self, seed: int) -> DrawnLine:
        """Return the line that `seed` stands for, with all its parameters.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If `seed` is not a number from 0.
        """
        seed = check_seed(seed)
        rng = generator(seed, "seed")
        # a number for each parameter: another distribution of one leaves the others as they are
        acts, *places = rng.random(1 + len(_NAMES)).tolist()
        if acts >= self.p:
            return DrawnLine(modes=(), low_hz=None, seed=seed)
        values = {
            name: draw(getattr(self, name), place)
            for name, place in zip(_NAMES, places, strict=True)
        }
        first, n = values.pop("mode"), values.pop("n_codings")
        others = [draw(self.mode, place) for place in rng.random(max(n - 1, 0)).tolist()]
        return DrawnLine(modes=tuple([first, *others][:n]), seed=seed, **values)

    def to_dict(self) -> dict[str, Any]:
        """Return the parameters as values of JSON."""
        return {field.name: to_json(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the line that `to_dict` has described.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If a parameter is unknown or has no such value.
        """
        named = check_names(values, tuple(field.name for field in fields(cls)), "line")
        return cls(**{name: from_json(value) for name, value in named.items()})


_NAMES = tuple(field.name for field in fields(TelephoneLine) if field.name != "p")
