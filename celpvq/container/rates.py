"""`Rates`: the rate of a stream over time."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..codec.format.modes import BY_LENGTH, FRAME_LEN, SAMPLERATE, SID_BYTES

SECOND = SAMPLERATE // FRAME_LEN  # packets
_NAMES: Mapping[int, str] = (
    {0: "no_data", SID_BYTES: "sid"} | {n: mode.name for n, mode in BY_LENGTH.items()}
)  # fmt: skip


@dataclass(frozen=True)
class Rates:
    """The rate of the packets over time, without the bytes that a file or a network adds."""

    mean: float  # bit/s
    worst_second: int  # most bits in 50 packets in a row, one second [bit/s]
    packets: Mapping[str, int]  # numbers of packets, by bit rate of the mode, "sid" and "no_data"
    seconds: tuple[int, ...]  # bits of each second; the last one may be shorter


def measure(lengths: Iterable[int]) -> Rates:
    """Return the rates of packets of these lengths [bytes], one for each frame.

    Examples
    --------
    >>> measure([12] * 50 + [20] * 25)
    Rates(mean=5866.666666666667, worst_second=6400, packets={'4800': 50, '8000': 25}, \
seconds=(4800, 4000))
    """
    sizes = list(lengths)
    in_second = worst = sum(sizes[:SECOND])
    for old, new in zip(sizes, sizes[SECOND:], strict=False):
        in_second += new - old
        worst = max(worst, in_second)
    counts = Counter(sizes)
    return Rates(
        mean=8 * sum(sizes) * SECOND / len(sizes) if sizes else 0.0,
        worst_second=8 * worst,
        packets={_NAMES[n]: counts[n] for n in sorted(counts)},
        seconds=tuple(8 * sum(sizes[i : i + SECOND]) for i in range(0, len(sizes), SECOND)),
    )
