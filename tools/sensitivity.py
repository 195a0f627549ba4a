"""Measure the damage of each wrong bit, and order the bits of a packet by it.

    python tools/sensitivity.py FOLDER --out docs/sensitivity.csv > sensitivity.md

The tool codes clips of FOLDER. For each bit of the packet it then flips this bit in one frame of
twenty, always in the same frames, decodes, and compares with the undamaged decoded speech:
segmental SNR, and distance of the log spectra. PESQ compares with the original. The CSV file has a
line for each bit. The tool prints the means over subframes, and the orders by PESQ lost, as
``celpvq/codec/format/bit_order.py`` takes them. The bits of a vector's index rank together, since
one of them alone has no meaning.
"""

import sys
import textwrap
from collections import defaultdict
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np
import options

from celpvq import Mode, TableSet
from celpvq import modes as all_modes
from celpvq._types import F64, I64
from celpvq.codec.decoder.decoder import FrameDecoder
from celpvq.codec.encoder.encoder import FrameEncoder
from celpvq.codec.format import bitstream
from celpvq.codec.format.bit_order import Run
from celpvq.codec.format.modes import DELAY, FRAME_LEN, Bit, fcb_stages
from celpvq.lab.clips import aligned
from celpvq.lab.tabular import csv_bytes, markdown
from celpvq.output import write_file
from celpvq.quality import pesq_nb, segmental_snr

WINDOW_LEN = 256  # of the spectra compared [samples]
FLOOR_DB = -60.0  # of a spectrum, below its clip's highest value; lower values are inaudible


class Damage(NamedTuple):
    """The damage of a wrong bit, as a mean over clips."""

    segsnr_db: float  # of the damaged speech against the undamaged one
    spectrum_db: float  # root mean square difference of their log spectra
    pesq_lost: float


class Sample(NamedTuple):
    """A clip and its indices."""

    original: F64
    indices: I64
    decoded: F64
    pesq: float
    wrong: I64  # frames that get a wrong bit


def log_spectra(x: F64) -> F64:
    """Return the log power spectra of overlapping windows [dB]."""
    windows = np.lib.stride_tricks.sliding_window_view(x, WINDOW_LEN)[:: WINDOW_LEN // 2]
    power = np.abs(np.fft.rfft(windows * np.hanning(WINDOW_LEN))) ** 2
    return np.asarray(10 * np.log10(power + 1e-12))


def spectral_distance(x: F64, y: F64) -> float:
    """Return the root mean square difference of the log spectra of x (n,) and y (n,) [dB]."""
    a, b = log_spectra(x), log_spectra(y)
    floor = a.max() + FLOOR_DB
    return float(np.sqrt(np.mean((np.maximum(a, floor) - np.maximum(b, floor)) ** 2)))


def decode(mode: Mode, indices: I64, tables: TableSet | None, n: int) -> F64:
    """Return the speech of indices, aligned with the original of n samples."""
    return aligned(FrameDecoder(tables=tables).decode_indices(indices, mode), n)


def code(x: F64, mode: Mode, tables: TableSet | None, seed: int, share: float) -> Sample:
    """Return a clip coded, and a share of its frames that will get a wrong bit."""
    n = (len(x) + DELAY) // FRAME_LEN * FRAME_LEN
    indices = FrameEncoder(mode, tables=tables).indices(x[:n])
    x = x[: n - DELAY]
    decoded = decode(mode, indices, tables, len(x))
    wrong = np.flatnonzero(np.random.default_rng(seed).random(len(indices)) < share)
    return Sample(x, indices, decoded, pesq_nb(x, decoded), wrong)


def damage(sample: Sample, mode: Mode, bit: Bit, tables: TableSet | None) -> Damage:
    """Return the damage to a clip by a wrong bit."""
    column, place = (x[mode.transmission.index(bit)] for x in bitstream.order(mode))
    indices = sample.indices.copy()
    indices[sample.wrong, column] ^= 1 << place
    y = decode(mode, indices, tables, len(sample.original))
    return Damage(
        segmental_snr(sample.decoded, y),
        spectral_distance(sample.decoded, y),
        sample.pesq - pesq_nb(sample.original, y),
    )


def meaning(mode: Mode, bit: Bit) -> str:
    """Return the meaning of a bit; all bits of a vector's index have the same one."""
    width = mode.bits(bit.field)[bit.entry]
    if bit.field == "lsf":
        return ("predictor", "stage 1", "stage 2 low", "stage 2 high")[bit.entry]
    if bit.field != "fcb":
        return f"bit {bit.place} of {width}"
    stages = fcb_stages(width)
    if bit.place < len(stages):
        return f"sign {len(stages) - bit.place}"
    return f"index {2 if len(stages) == 2 and bit.place < len(stages) + stages[1] else 1}"


def order(mode: Mode, found: dict[Bit, Damage]) -> tuple[Run, ...]:
    """Return the bits of a mode by falling loss of PESQ, as `Mode.order` lists them."""
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
        runs.append((field, entry, places[0], places[-1]))
    return tuple(runs)


def source(mode: Mode, runs: tuple[Run, ...]) -> str:
    """Return the order of a mode as source for `bit_order`."""
    items = [f'("{field}", {", ".join(map(str, numbers))}),' for field, *numbers in runs]
    glued = " ".join(item.replace(" ", "\0") for item in items)  # a line breaks only between runs
    indent = " " * 8
    lines = textwrap.fill(glued, 100, initial_indent=indent, subsequent_indent=indent)
    return f"    {mode.bitrate}: (\n{lines}\n    ),".replace("\0", " ")


def summary(found: dict[Mode, dict[Bit, Damage]]) -> str:
    """Return the PESQ lost, as a mean over the bits of one meaning, as a Markdown table."""
    lost = defaultdict(list)
    for mode, damages in found.items():
        for bit, what in damages.items():
            lost[bit.field, meaning(mode, bit), mode].append(what.pesq_lost)
    rows = []
    for field, name in dict.fromkeys((field, name) for field, name, _ in lost):
        cells = [lost.get((field, name, mode)) for mode in found]
        rows.append([field, name, *("" if x is None else f"{np.mean(x):.3f}" for x in cells)])
    return markdown(["field", "bit", *(mode.name for mode in found)], rows)


def table(found: dict[Mode, dict[Bit, Damage]]) -> bytes:
    """Return a line for each bit as CSV."""
    return csv_bytes(("mode", *Bit._fields, *Damage._fields), (
        (mode.bitrate, *bit, *(f"{x:.4f}" for x in what))
        for mode, damages in found.items() for bit, what in damages.items()
    ))  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = options.new_parser(__doc__)
    options.add_speech(parser, clips=6, seconds=6.0)
    parser.add_argument("--out", type=Path, required=True, help="the CSV file")
    parser.add_argument("--modes", type=int, nargs="+", help="default: all")
    parser.add_argument("--share", type=float, default=0.05, help="of the frames (default: 0.05)")
    parser.add_argument("--tables", type=Path, help="codebooks made by `celpvq train`")
    args = parser.parse_args(argv)
    tables = args.tables and TableSet.load(args.tables)
    clips = options.read_speech(args)
    found: dict[Mode, dict[Bit, Damage]] = {}
    for mode in all_modes():
        if args.modes and mode.bitrate not in args.modes:
            continue
        samples = [code(x, mode, tables, args.seed + i, args.share) for i, x in enumerate(clips)]
        found[mode] = {}
        for bit in mode.allocation:
            each = [damage(sample, mode, bit, tables) for sample in samples]
            found[mode][bit] = Damage(*(float(np.mean(x)) for x in zip(*each, strict=True)))
        print(f"{mode.name}: {len(samples)} clips", file=sys.stderr, flush=True)
    write_file(args.out, table(found))
    print(summary(found), end="\n\n")
    for mode, damages in found.items():
        print(source(mode, order(mode, damages)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
