"""Measure what each wrong bit does, and put the bits of a packet in the order of that.

    python tools/sensitivity.py FOLDER --out docs/sensitivity.csv > sensitivity.md

Clips of FOLDER are coded; then, bit by bit of the packet, that bit is wrong in one frame of twenty,
always the same ones, and the decoded speech is compared with what it was: segmental SNR, distance
of the log spectra, PESQ against the original. The table has a line for each bit. Printed are its
means over subframes, and the order that ``celpvq/codec/modes.py`` takes, by PESQ lost. The bits of
a vector's index are ranked together: alone they mean nothing.
"""

import argparse
import csv
import io
import sys
import textwrap
from collections import defaultdict
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import excerpts
import numpy as np
from numpy.typing import NDArray

from celpvq import Decoder, Encoder, Mode, TableSet
from celpvq import modes as all_modes
from celpvq.codec.format import bitstream
from celpvq.codec.format.modes import Bit, DELAY, FRAME_LEN, fcb_stages
from celpvq.output import write_file
from celpvq.quality import pesq_nb, segmental_snr

Signal = NDArray[np.float64]

WINDOW_LEN = 256  # of the spectra compared [samples]
FLOOR_DB = -60.0  # of a spectrum, below its clip's highest: what lies deeper is not heard


class Damage(NamedTuple):
    """What a wrong bit does, in the mean over clips."""

    segsnr_db: float  # of the damaged speech against the undamaged one
    spectrum_db: float  # root mean square difference of their log spectra
    pesq_lost: float


class Clip(NamedTuple):
    """A clip, coded."""

    original: Signal
    words: NDArray[np.int64]
    decoded: Signal
    pesq: float
    wrong: NDArray[np.int64]  # frames


def log_spectra(x: Signal) -> Signal:
    """Return the log power spectra of overlapping windows [dB]."""
    windows = np.lib.stride_tricks.sliding_window_view(x, WINDOW_LEN)[:: WINDOW_LEN // 2]
    power = np.abs(np.fft.rfft(windows * np.hanning(WINDOW_LEN))) ** 2
    return np.asarray(10 * np.log10(power + 1e-12))


def spectral_distance(x: Signal, y: Signal) -> float:
    """Return the root mean square difference of the log spectra of x (n,) and y (n,) [dB]."""
    a, b = log_spectra(x), log_spectra(y)
    floor = a.max() + FLOOR_DB
    return float(np.sqrt(np.mean((np.maximum(a, floor) - np.maximum(b, floor)) ** 2)))


def decode(mode: Mode, words: NDArray[np.int64], tables: TableSet | None, n: int) -> Signal:
    """Return the speech of words, aligned with the original of n samples."""
    samples = Decoder(tables=tables).decode_frames(bitstream.pack(mode, words), mode)
    return samples[DELAY : DELAY + n] / 32768.0


def code(x: Signal, mode: Mode, tables: TableSet | None, seed: int, share: float) -> Clip:
    """Return a clip coded, and the frames in which bits will be wrong."""
    n = (len(x) + DELAY) // FRAME_LEN * FRAME_LEN
    words = Encoder(mode, tables=tables).encode_words(x[:n])
    x = x[: n - DELAY]
    decoded = decode(mode, words, tables, len(x))
    wrong = np.flatnonzero(np.random.default_rng(seed).random(len(words)) < share)
    return Clip(x, words, decoded, pesq_nb(x, decoded), wrong)


def damage(clip: Clip, mode: Mode, bit: Bit, tables: TableSet | None) -> Damage:
    """Return what a wrong bit does to a clip."""
    column, place = (x[mode.transmission.index(bit)] for x in bitstream.order(mode))
    words = clip.words.copy()
    words[clip.wrong, column] ^= 1 << place
    y = decode(mode, words, tables, len(clip.original))
    return Damage(
        segmental_snr(clip.decoded, y),
        spectral_distance(clip.decoded, y),
        clip.pesq - pesq_nb(clip.original, y),
    )


def meaning(mode: Mode, bit: Bit) -> str:
    """Return what a bit says: all bits of a vector's index say the same."""
    width = mode.bits(bit.field)[bit.entry]
    if bit.field == "lsf":
        return ("predictor", "stage 1", "stage 2 low", "stage 2 high")[bit.entry]
    if bit.field != "fcb":
        return f"bit {bit.place} of {width}"
    stages = fcb_stages(width)
    if bit.place < len(stages):
        return f"sign {len(stages) - bit.place}"
    return f"index {2 if len(stages) == 2 and bit.place < len(stages) + stages[1] else 1}"


def order(mode: Mode, found: dict[Bit, Damage]) -> str:
    """Return the bits of a mode, those that cost most PESQ first, as `Mode.order` writes them."""
    together = defaultdict(list)
    for bit in mode.allocation:
        together[bit.field, bit.entry, meaning(mode, bit)].append(bit)
    ranked = sorted(
        together.values(), key=lambda bits: -np.mean([found[bit].pesq_lost for bit in bits])
    )
    flat = enumerate(bit for bits in ranked for bit in bits)
    runs = []
    # within a run, the place falls by one from bit to bit
    for (field, entry, _), run in groupby(flat, lambda x: (x[1][0], x[1][1], x[0] + x[1].place)):
        places = [bit.place for _, bit in run]
        low = f"-{places[-1]}" if len(places) > 1 else ""
        runs.append(f"{field}{entry}:{places[0]}{low}")
    return " ".join(runs)


def summary(found: dict[Mode, dict[Bit, Damage]]) -> str:
    """Return the PESQ lost, in the mean over the bits of one meaning, as a Markdown table."""
    lost = defaultdict(list)
    for mode, damages in found.items():
        for bit, what in damages.items():
            lost[bit.field, meaning(mode, bit), mode].append(what.pesq_lost)
    lines = [
        f"| field | bit | {' | '.join(mode.name for mode in found)} |",
        "|---" * (2 + len(found)) + "|",
    ]
    for field, name in dict.fromkeys((field, name) for field, name, _ in lost):
        cells = [lost.get((field, name, mode)) for mode in found]
        values = ["" if x is None else f"{np.mean(x):.3f}" for x in cells]
        lines.append(f"| {field} | {name} | {' | '.join(values)} |")
    return "\n".join(lines)


def table(found: dict[Mode, dict[Bit, Damage]]) -> bytes:
    """Return a line for each bit as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("mode", *Bit._fields, *Damage._fields))
    for mode, damages in found.items():
        for bit, what in damages.items():
            writer.writerow((mode.bitrate, *bit, *(f"{x:.4f}" for x in what)))
    return text.getvalue().encode()


def main() -> int:
    """Measure all bits; write the table, print its means and the orders."""
    parser = argparse.ArgumentParser(description="Measure what each wrong bit does.")
    excerpts.add_arguments(parser, clips=6)
    parser.add_argument("--out", type=Path, required=True, help="the table (CSV)")
    parser.add_argument("--modes", type=int, nargs="+", help="default: all")
    parser.add_argument("--share", type=float, default=0.05, help="of the frames (default: 0.05)")
    args = parser.parse_args()
    sounds, tables = excerpts.read(args)
    found: dict[Mode, dict[Bit, Damage]] = {}
    for mode in all_modes():
        if args.modes and mode.bitrate not in args.modes:
            continue
        clips = [code(x, mode, tables, args.seed + i, args.share) for i, x in enumerate(sounds)]
        found[mode] = {}
        for bit in mode.allocation:
            each = [damage(clip, mode, bit, tables) for clip in clips]
            found[mode][bit] = Damage(*(float(np.mean(x)) for x in zip(*each, strict=True)))
        print(f"{mode.name}: {len(clips)} clips", file=sys.stderr, flush=True)
    write_file(args.out, table(found))
    print(summary(found))
    print("\n_ORDERS = {")
    for mode, damages in found.items():
        lines = [f'        "{line} "' for line in textwrap.wrap(order(mode, damages), 80)]
        print(f"    {mode.bitrate}:", *lines, sep="\n", end=",\n")
    print("}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
