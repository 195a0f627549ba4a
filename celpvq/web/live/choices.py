"""The choices of the page: rate and preset of the encoder, losses of the channel."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Self

from ...codec.encoder import presets
from ...codec.encoder.variable_rate import RateLike, VariableRate
from ...codec.format import modes
from ...errors import ArgumentError, FormatError

MAX_BYTES = 512  # of the JSON text
MAX_BURST = 50.0  # frames
MAX_LOSS = 50.0  # percent; any burst can reach it


@dataclass(frozen=True)
class Choices:
    """The choices of one call.

    Parameters
    ----------
    mode : int
        Bit rate [bit/s], one of `celpvq.modes`.
    vbr : int, optional
        Average of a variable rate [bit/s], 4800 to 8000; it takes the place of `mode`.
    preset : {"fast", "default", "best"}
        Width of the encoder's search.
    dtx : bool
        Whether to code pauses by discontinuous transmission.
    redundancy : bool
        Whether a packet carries a redundant frame of the packet before it.
    loss : float
        Share of lost packets [percent, 0 to 50].
    burst : float, optional
        Mean length of the bursts of losses [packets, 1 to 50]. By default losses are independent.

    Raises
    ------
    ArgumentError
        If a choice is out of range.
    """

    mode: int = 6400
    vbr: int | None = None
    preset: str = "default"
    dtx: bool = False
    redundancy: bool = False
    loss: float = 0.0
    burst: float | None = None

    def __post_init__(self) -> None:
        _ = self.rate  # raises
        presets.get(self.preset)
        if not 0 <= self.loss <= MAX_LOSS:
            raise ArgumentError(f"loss: expected 0 to {MAX_LOSS:g} %, got {self.loss}")
        if self.burst is not None and not 1 <= self.burst <= MAX_BURST:
            raise ArgumentError(f"burst: expected 1 to {MAX_BURST:g} packets, got {self.burst}")

    @property
    def rate(self) -> RateLike:
        """The mode or the variable rate, as `celpvq.Encoder` takes it."""
        return modes.get(self.mode) if self.vbr is None else VariableRate(self.vbr)

    def to_json(self) -> str:
        """Return the choices as JSON text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the choices in a JSON text; those that it leaves out have their defaults.

        Raises
        ------
        FormatError
            If the text is too long, or is not a JSON object of choices.
        ArgumentError
            If a choice is out of range.
        """
        if len(text) > MAX_BYTES:
            raise FormatError(f"choices: expected at most {MAX_BYTES} characters, got {len(text)}")
        try:
            given = json.loads(text)
        except (ValueError, RecursionError):
            raise FormatError("choices: expected JSON") from None
        if not isinstance(given, dict):
            raise FormatError(f"choices: expected a JSON object, got {type(given).__name__}")
        for name, value in given.items():
            if not isinstance(value, _TYPES.get(name, ())) or (
                isinstance(value, bool) and name not in _FLAGS
            ):
                raise FormatError(f"choices: expected {', '.join(_TYPES)}, got {name}={value!r}")
        return cls(**given)


_FLAGS = ("dtx", "redundancy")
_TYPES: dict[str, type | tuple[type, ...]] = {
    "mode": int, "vbr": (int, type(None)), "preset": str, "dtx": bool, "redundancy": bool,
    "loss": (int, float), "burst": (int, float, type(None)),
}  # fmt: skip
assert list(_TYPES) == [field.name for field in fields(Choices)]
