"""The bit rates: frame geometry and bit allocation, stated here and nowhere else.

Packing, unpacking, the shapes of the tables and the documented bit table all derive from `MODES`.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from ...errors import ArgumentError
from .bit_order import ORDERS, Run

SAMPLERATE = 8000  # Hz
LPC_ORDER = 10
FRAME_LEN = 160
N_SUBFRAMES = 4
SUBFRAME_LEN = FRAME_LEN // N_SUBFRAMES
DELAY = 40  # look-ahead of the encoder: the decoded stream is so many samples late
MIN_LAG = 20
MAX_LAG = 143

# the row of indices of a frame, in the order of `Mode.fields`: where each field starts
N_LSF_INDICES = 4
LAG_INDICES = N_LSF_INDICES
GAIN_INDICES = LAG_INDICES + N_SUBFRAMES
FCB_INDICES = GAIN_INDICES + N_SUBFRAMES
N_INDICES = FCB_INDICES + N_SUBFRAMES

SID_BYTES = 2  # a silence insertion descriptor: LSF, level, and a 0
SID_LSF_BITS = 10
SID_LEVEL_BITS = 5
SID_INTERVAL = 8  # frames from one SID to the next


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a frame: its name and the bits of each of its indices."""

    name: str
    bits: tuple[int, ...]


class Bit(NamedTuple):
    """A bit of a frame: the field and entry of its index, and its place there (0: lowest)."""

    field: str
    entry: int
    place: int


@dataclass(frozen=True, slots=True)
class Mode:
    """A bit rate: its fields, in the order of the rows of indices that the kernels exchange.

    The entries of ``lsf`` are the predictor switch, stage 1, and the two halves of stage 2; the
    other fields have one entry per subframe. An ``fcb`` index holds the row of stage 1, the row of
    stage 2 (`fcb_stages`), and a sign for each stage.

    `order` lists the bits of a packet as in `bit_order`. Without it, they lie as allocated.
    """

    bitrate: int
    fields: tuple[Field, ...]
    order: tuple[Run, ...] = ()

    def __post_init__(self) -> None:
        assert sorted(self.transmission) == sorted(self.allocation), "each bit is sent once"

    def __hash__(self) -> int:  # tables are looked up by mode in every call
        return self.bitrate

    @property
    def name(self) -> str:
        """The bit rate as text."""
        return str(self.bitrate)

    @property
    def bits_per_frame(self) -> int:
        """The sum over all indices."""
        return sum(sum(field.bits) for field in self.fields)

    @property
    def frame_bytes(self) -> int:
        """The length of a packet."""
        return self.bits_per_frame // 8

    @property
    def allocation(self) -> tuple[Bit, ...]:
        """All bits, index by index, the highest first."""
        return tuple(
            Bit(field.name, entry, place)
            for field in self.fields
            for entry, n in enumerate(field.bits)
            for place in range(n - 1, -1, -1)
        )

    @property
    def transmission(self) -> tuple[Bit, ...]:
        """All bits in the order of a packet."""
        return self.allocation if not self.order else tuple(
            Bit(field, entry, place)
            for field, entry, high, low in self.order
            for place in range(high, low - 1, -1)
        )  # fmt: skip

    def bits(self, name: str) -> tuple[int, ...]:
        """Return the bits of each entry of the field `name`."""
        return next(field.bits for field in self.fields if field.name == name)


def fcb_stages(bits: int) -> tuple[int, ...]:
    """Return the index bits of each stage of a fixed codebook of `bits`, signs included."""
    if bits <= 11:
        return (bits - 1,)
    return ((bits - 1) // 2, (bits - 2) // 2)


def _mode(bitrate: int, *, lsf: tuple[int, ...], lag: tuple[int, ...],
          gain: tuple[int, ...], fcb: tuple[int, ...]) -> Mode:  # fmt: skip
    fields = (Field("lsf", lsf), Field("lag", lag), Field("gain", gain), Field("fcb", fcb))
    return Mode(bitrate, fields, ORDERS.get(bitrate, ()))


MODES = MappingProxyType({mode.bitrate: mode for mode in (
    _mode(4800, lsf=(1, 7, 6, 6), lag=(8, 5, 5, 5), gain=(4, 4, 4, 4), fcb=(10, 9, 9, 9)),
    _mode(5600, lsf=(1, 7, 6, 6), lag=(8, 8, 8, 8), gain=(4, 4, 4, 4), fcb=(11, 11, 11, 11)),
    _mode(6400, lsf=(1, 8, 7, 6), lag=(8, 5, 8, 5), gain=(4, 4, 4, 4), fcb=(16, 16, 16, 16)),
    _mode(7200, lsf=(1, 8, 7, 6), lag=(8, 8, 8, 8), gain=(5, 4, 5, 4), fcb=(18, 18, 18, 18)),
    _mode(8000, lsf=(1, 9, 7, 7), lag=(8, 8, 8, 8), gain=(5, 5, 5, 5), fcb=(21, 21, 21, 21)),
)})  # fmt: skip

MAX_LSF_BITS = max(max(mode.bits("lsf")) for mode in MODES.values())
MAX_STAGE_BITS = max(max(fcb_stages(bits)) for mode in MODES.values() for bits in mode.bits("fcb"))
MAX_CODE_VECTORS = max(  # of all fixed codebooks of a mode
    sum(1 << stage for bits in set(mode.bits("fcb")) for stage in fcb_stages(bits))
    for mode in MODES.values()
)
BY_LENGTH = MappingProxyType({mode.frame_bytes: mode for mode in MODES.values()})


PACKET_LENGTHS = (0, SID_BYTES, *BY_LENGTH)  # of NO_DATA, SID and speech [bytes]


def n_frames(n_samples: int) -> int:
    """Return the number of frames of n_samples at 8 kHz: they and the delay, rounded up."""
    return -(-(n_samples + DELAY) // FRAME_LEN)


def get(mode: int | str | Mode) -> Mode:
    """Return the mode of a bit rate, or `mode` itself; raise `ArgumentError` for anything else."""
    if isinstance(mode, Mode) and MODES.get(mode.bitrate) is mode:
        return mode
    found = {mode.name: mode for mode in MODES.values()}.get(str(mode))
    if found is None:
        rates = ", ".join(map(str, MODES))
        raise ArgumentError(f"mode: expected one of {rates} bit/s, got {mode!r}")
    return found


def modes() -> tuple[Mode, ...]:
    """Return all modes, slowest first."""
    return tuple(MODES.values())


def bit_table() -> str:
    """Return the allocation of all modes as a Markdown table."""
    names = [field.name for field in modes()[0].fields]
    head = f"| mode (bit/s) | bytes | {' | '.join(names)} | bits |"
    rows = [
        f"| {mode.bitrate} | {mode.frame_bytes} | "
        + " | ".join(f"{sum(f.bits)} = {'+'.join(map(str, f.bits))}" for f in mode.fields)
        + f" | {mode.bits_per_frame} |"
        for mode in modes()
    ]
    return "\n".join([head, "|---" * (len(names) + 3) + "|", *rows])
