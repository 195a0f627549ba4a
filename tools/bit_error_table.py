"""Print PESQ over the bit error rate, without protection, as Markdown.

    python tools/bit_error_table.py FOLDER

Figures are means over clips. A burst has 50 bits on average, half of which are wrong. The last two
columns have one wrong bit in a hundred, in the first or in the second half of each packet only.
Their difference shows the benefit of protecting the first half.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import options

from celpvq import Decoder, Encoder, TableSet, modes
from celpvq.channel import flip_bits, flip_by, random_losses
from celpvq.lab.tabular import markdown
from celpvq.quality import pesq_nb

Packets = Sequence[bytes | None]
Damage = Callable[[Packets, int], Packets]


def rate(ber: float, burst: float | None = None) -> Damage:
    """Return a function that flips bits at a rate."""
    return lambda packets, seed: flip_bits(packets, ber, seed, burst=burst)


def half(which: int, ber: float) -> Damage:
    """Return a function that flips bits at a rate in one half of each packet."""

    def damage(packets: Packets, seed: int) -> Packets:
        wrong = random_losses(8 * sum(len(packet or b"") for packet in packets), ber, seed)
        n = 4 * len(packets[0] or b"")
        wrong = wrong & (np.arange(len(wrong)) // n % 2 == which)
        return flip_by(packets, wrong)

    return damage


CHANNELS: dict[str, Damage] = {
    "no errors": lambda packets, _: packets,
    "1e-4": rate(1e-4),
    "1e-3": rate(1e-3),
    "1e-2": rate(1e-2),
    "1e-3 in bursts": rate(1e-3, 50),
    "first half 1e-2": half(0, 1e-2),
    "second half 1e-2": half(1, 1e-2),
}


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = options.new_parser(__doc__)
    options.add_speech(parser, clips=12, seconds=6.0)
    parser.add_argument("--tables", type=Path, help="codebooks made by `celpvq train`")
    args = parser.parse_args(argv)
    tables = args.tables and TableSet.load(args.tables)
    clips, rows = options.read_speech(args), []
    for mode in modes():
        scores = np.zeros((len(clips), len(CHANNELS)))
        for i, x in enumerate(clips):
            encoder = Encoder(mode, tables=tables)
            packets = encoder.write(x) + encoder.flush()
            for k, damage in enumerate(CHANNELS.values()):
                decoder = Decoder(dtype="float64", tables=tables)
                y = decoder.write(damage(packets, args.seed + i))
                scores[i, k] = pesq_nb(x, y[: len(x)])
        rows.append([mode.name, *(f"{score:.3f}" for score in scores.mean(axis=0))])
    print(markdown(["bit/s", *CHANNELS], rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
