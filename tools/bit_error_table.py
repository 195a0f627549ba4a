"""Quality under bit errors, without any protection: PESQ over bit error rate, as Markdown.

    python tools/bit_error_table.py FOLDER

Figures are means over clips. Bursts are times of 50 bits in the mean in which half of them are
wrong. The last columns have one bit wrong of a hundred, only in the first or the second half of
each packet: so much is it worth to protect one half of a packet and not the other.
"""

import argparse
import sys
from collections.abc import Callable, Sequence

import excerpts
import numpy as np
from numpy.typing import NDArray

from celpvq import Decoder, Encoder, modes
from celpvq.channel import flip_bits, flip_by, random_losses
from celpvq.codec.format.modes import DELAY
from celpvq.quality import pesq_nb

Signal = NDArray[np.float64]
Packets = Sequence[bytes | None]
Damage = Callable[[Packets, int], Packets]


def rate(ber: float, burst: float | None = None) -> Damage:
    """Return what flips bits at a rate."""
    return lambda packets, seed: flip_bits(packets, ber, seed, burst=burst)


def half(which: int, ber: float) -> Damage:
    """Return what flips bits at a rate in one half of each packet."""

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


def main() -> int:
    """Measure, print the table."""
    parser = argparse.ArgumentParser(description="Quality under bit errors.")
    excerpts.add_arguments(parser, clips=12)
    args = parser.parse_args()
    sounds, tables = excerpts.read(args)
    print(f"| bit/s | {' | '.join(CHANNELS)} |")
    print("|---" * (1 + len(CHANNELS)) + "|")
    for mode in modes():
        scores = np.zeros((len(sounds), len(CHANNELS)))
        for i, x in enumerate(sounds):
            encoder = Encoder(mode, tables=tables)
            packets = encoder.write(x) + encoder.flush()
            for k, damage in enumerate(CHANNELS.values()):
                heard = Decoder(tables=tables).write(damage(packets, args.seed + i))
                scores[i, k] = pesq_nb(x, heard[DELAY : DELAY + len(x)].astype(np.float64))
        print(
            f"| {mode.name} | {' | '.join(f'{x:.3f}' for x in scores.mean(axis=0))} |", flush=True
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
