"""The bit rates: geometry, bit allocation and order of the bits, stated here and nowhere else.

Packing, unpacking, the shapes of the tables and the documented bit table all derive from `MODES`.
"""

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from ..errors import ArgumentError

SAMPLERATE = 8000  # Hz
LPC_ORDER = 10
FRAME_LEN = 160
N_SUBFRAMES = 4
SUBFRAME_LEN = FRAME_LEN // N_SUBFRAMES
DELAY = 40  # look-ahead: the decoded stream is the input this many samples late
MIN_LAG = 20
MAX_LAG = 143
N_WORDS = 4 + 3 * N_SUBFRAMES  # codewords of a frame, in the order of `Mode.fields`
SID_BYTES = 2  # a silence descriptor: spectrum, level, and a 0
SID_LSF_BITS = 10
SID_LEVEL_BITS = 5
SID_INTERVAL = 8  # frames from one silence descriptor to the next


@dataclass(frozen=True, slots=True)
class Field:
    """A kind of codeword: its name and the bits of each of its entries."""

    name: str
    bits: tuple[int, ...]


class Bit(NamedTuple):
    """A bit of a frame: its codeword's field and entry, and its place there (0: lowest)."""

    field: str
    entry: int
    place: int


_RUN = re.compile(r"([a-z]+)(\d):(\d+)(?:-(\d+))?")  # of `Mode.order`


@dataclass(frozen=True, slots=True)
class Mode:
    """A bit rate: its codewords, in the order of the rows of codewords that the kernels exchange.

    The entries of ``lsf`` are predictor switch, stage 1, and the two halves of stage 2; the other
    fields have one entry per subframe. An ``fcb`` word holds the index of stage 1, that of stage 2
    (`fcb_stages`), and a sign for each stage.

    The bits of a packet are ordered, most sensitive first, by runs such as ``lag2:7-3``: bits 7
    down to 3, 0 being the lowest, of the codeword of `lag` in subframe 2. Without an order, they
    lie as allocated, the highest bit of a codeword first.
    """

    bitrate: int
    fields: tuple[Field, ...]
    order: str = ""

    def __post_init__(self) -> None:
        assert sorted(self.transmission) == sorted(self.allocation), "each bit is sent once"

    @property
    def name(self) -> str:
        """The bit rate as text."""
        return str(self.bitrate)

    @property
    def bits_per_frame(self) -> int:
        """The sum over all codewords."""
        return sum(sum(field.bits) for field in self.fields)

    @property
    def frame_bytes(self) -> int:
        """The length of a packet."""
        return self.bits_per_frame // 8

    @property
    def allocation(self) -> tuple[Bit, ...]:
        """All bits, codeword by codeword, the highest first."""
        return tuple(
            Bit(field.name, entry, place)
            for field in self.fields
            for entry, n in enumerate(field.bits)
            for place in range(n - 1, -1, -1)
        )

    @property
    def transmission(self) -> tuple[Bit, ...]:
        """All bits in the order that packets hold them in."""
        runs = [_RUN.fullmatch(run) for run in self.order.split()]
        if not runs:
            return self.allocation
        assert None not in runs, "runs are written as above"
        return tuple(
            Bit(run[1], int(run[2]), place)
            for run in runs
            if run is not None
            for place in range(int(run[3]), int(run[4] or run[3]) - 1, -1)
        )

    def bits(self, name: str) -> tuple[int, ...]:
        """Return the bits of each entry of the field `name`."""
        return next(field.bits for field in self.fields if field.name == name)


def fcb_stages(bits: int) -> tuple[int, ...]:
    """Return the index bits of each stage of a fixed codebook of `bits`, signs included."""
    if bits <= 11:
        return (bits - 1,)
    return ((bits - 1) // 2, (bits - 2) // 2)


# most sensitive bit first: what tools/sensitivity.py prints
_ORDERS: dict[int, str] = {
    4800: "lsf0:0 lag0:5-4 lag1:4 lag0:6 lag1:3 lag0:7 lag0:3 lag2:4-3 lag3:4-3 lsf1:6-0 "
    "lag1:2 lag0:2 gain3:0 gain0:0 gain2:2 lag2:2 gain1:0 gain1:2 gain3:2 gain0:2 "
    "gain2:0 lag1:1 fcb2:0 fcb1:0 fcb0:0 lsf2:5-0 lag3:2 fcb3:0 lag0:1 lag2:1 gain1:3 "
    "gain1:1 lag0:0 gain3:1 gain0:1 fcb1:8-1 fcb2:8-1 gain2:1 lag1:0 gain2:3 fcb0:9-1 "
    "gain3:3 fcb3:8-1 gain0:3 lag3:1 lsf3:5-0 lag2:0 lag3:0 ",
    5600: "lsf0:0 lag1:5 lag3:5 lag0:5 lag2:5 lag1:7 lag0:6 lag3:6 lag1:6 lag3:7 lag2:4 "
    "lag1:4 lag2:6 lag0:7 lag2:7 lag3:4 lag0:4 gain3:2 lsf1:6-0 lag1:3 lag0:3 lag3:3 "
    "gain1:2 gain2:2 gain0:2-1 lag2:3 fcb0:0 gain2:1 gain1:1 fcb3:0 fcb1:0 gain3:1 "
    "lag1:2 lag3:2 gain2:0 lag2:2 fcb2:0 gain1:0 lsf2:5-0 gain3:3 lag0:2 gain2:3 "
    "fcb0:10-1 lag1:1 fcb3:10-1 gain3:0 gain0:0 fcb1:10-1 fcb2:10-1 lag2:1 gain1:3 "
    "lag0:1 gain0:3 lag3:1 lsf3:5-0 lag2:0 lag0:0 lag3:0 lag1:0 ",
    6400: "lsf0:0 lag2:5 lag0:4 lag2:4 lag0:5 lag2:6 lag0:6 lag3:4-3 lag1:4 lag2:7 lag2:3 "
    "lag0:7 lag0:3 lag1:3 gain2:0 lsf1:7-0 gain3:0 gain1:1 lag0:2 lag2:2 gain3:2 "
    "gain0:0 gain1:2 gain0:1 lag3:2 gain2:1 gain3:1 lag1:2 gain2:2 gain0:2 fcb2:1 "
    "gain1:0 lsf2:6-0 fcb1:1 lag0:1 lag2:1 fcb3:0 fcb3:1 fcb1:0 fcb2:0 fcb0:1 gain2:3 "
    "gain1:3 lag0:0 lag3:1 gain0:3 fcb1:15-9 lag2:0 fcb0:0 fcb2:15-9 lag1:1 fcb3:8-2 "
    "fcb2:8-2 fcb1:8-2 fcb0:15-9 fcb3:15-9 gain3:3 lag3:0 lag1:0 fcb0:8-2 lsf3:5-0 ",
    7200: "lsf0:0 lag0:5 lag1:5-4 lag2:5 lag3:5 lag3:7 lag1:6 lag1:7 lag2:4 lag0:6 lag2:6 "
    "lag3:6 lag0:4 lag3:4 lag0:7 lag2:7 lag0:3 lsf1:7-0 lag3:3 lag1:3 gain1:3 gain3:3 "
    "gain0:2 lag2:3 gain2:2 gain1:2 gain3:0 gain1:0 gain2:0 lag1:2 lag0:2 gain0:3 "
    "fcb3:1 lsf2:6-0 gain3:2 lag2:2 lag3:2 gain0:4 gain2:3 fcb2:1 fcb1:1 gain0:0 "
    "gain2:4 lag1:1 fcb1:0 fcb2:0 fcb3:0 fcb0:1-0 lag3:1 gain3:1 lag0:1 fcb3:17-10 "
    "lag2:1 fcb2:17-10 fcb0:17-10 fcb1:17-10 fcb2:9-2 gain1:1 fcb3:9-2 fcb0:9-2 "
    "fcb1:9-2 lag1:0 gain2:1 lsf3:5-0 gain0:1 lag2:0 lag3:0 lag0:0 ",
    8000: "lsf0:0 lag3:5 lag0:5 lag1:5 lag2:5 lag3:6 lag2:4 lag3:7 lag1:4 lag0:4 lag3:4 "
    "lag0:6 lag1:6 lag2:7 lag1:7 lag0:7 lag2:6 lag0:3 lsf1:8-0 lag1:3 lag3:3 gain0:4 "
    "lag2:3 gain3:1 gain2:1 gain1:4 gain3:2 lag3:2 lag2:2 lag1:2 gain0:1 lag0:2 "
    "gain2:4 gain1:3 gain1:1 gain3:4 gain0:3 gain3:3 gain0:2 gain2:3 fcb3:1 fcb1:1 "
    "gain2:2 fcb2:1 fcb0:1 lsf2:6-0 lag1:1 fcb0:0 lag2:1 gain1:2 fcb1:0 lag0:1 fcb3:0 "
    "lag3:1 fcb0:20-11 fcb2:20-11 fcb2:0 fcb3:20-11 fcb1:20-11 gain1:0 gain3:0 "
    "gain0:0 fcb3:10-2 gain2:0 lag1:0 fcb0:10-2 lag2:0 lag3:0 fcb1:10-2 fcb2:10-2 "
    "lag0:0 lsf3:6-0 ",
}


def _mode(bitrate: int, *, lsf: tuple[int, ...], lag: tuple[int, ...],
          gain: tuple[int, ...], fcb: tuple[int, ...]) -> Mode:  # fmt: skip
    fields = (Field("lsf", lsf), Field("lag", lag), Field("gain", gain), Field("fcb", fcb))
    return Mode(bitrate, fields, _ORDERS.get(bitrate, ""))


MODES = MappingProxyType({mode.bitrate: mode for mode in (
    _mode(4800, lsf=(1, 7, 6, 6), lag=(8, 5, 5, 5), gain=(4, 4, 4, 4), fcb=(10, 9, 9, 9)),
    _mode(5600, lsf=(1, 7, 6, 6), lag=(8, 8, 8, 8), gain=(4, 4, 4, 4), fcb=(11, 11, 11, 11)),
    _mode(6400, lsf=(1, 8, 7, 6), lag=(8, 5, 8, 5), gain=(4, 4, 4, 4), fcb=(16, 16, 16, 16)),
    _mode(7200, lsf=(1, 8, 7, 6), lag=(8, 8, 8, 8), gain=(5, 4, 5, 4), fcb=(18, 18, 18, 18)),
    _mode(8000, lsf=(1, 9, 7, 7), lag=(8, 8, 8, 8), gain=(5, 5, 5, 5), fcb=(21, 21, 21, 21)),
)})  # fmt: skip

MAX_LSF_BITS = max(max(mode.bits("lsf")) for mode in MODES.values())
MAX_STAGE_BITS = max(max(fcb_stages(bits)) for mode in MODES.values() for bits in mode.bits("fcb"))
MAX_SHAPES = max(  # of the fixed codebooks of a mode
    sum(1 << stage for bits in set(mode.bits("fcb")) for stage in fcb_stages(bits))
    for mode in MODES.values()
)
BY_LENGTH = MappingProxyType({mode.frame_bytes: mode for mode in MODES.values()})


def get(mode: int | str | Mode) -> Mode:
    """Return the mode of a bit rate, or `mode` itself; raise `ArgumentError` if there is none."""
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
