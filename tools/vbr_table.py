"""Print the quality of variable rate, and its gain over the fixed rate of the same average.

    python tools/vbr_table.py FOLDER --out results
    python tools/vbr_table.py FOLDER --out results --averages 5600 --choice prediction --every 3
    python tools/vbr_table.py FOLDER --out results --loss 5 --gain -20

The gain compares with a fixed rate of exactly the average that was spent: the scores of each clip
are interpolated between the two fixed rates around it. Gains are means over clips of the
differences of each clip, with 95 % intervals. "time" is the processor time of the encoder over that
of the fixed rate. Results of each clip are kept in OUT/scores.csv, from which an interrupted run
continues. ``--gain`` changes the level of the clips [dB]; samples beyond full scale are clipped.
"""

import dataclasses
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import options

import celpvq
from celpvq import VariableRate
from celpvq._types import F64
from celpvq.channel import draw_losses, drop
from celpvq.codec.common import table_set
from celpvq.codec.decoder.decoder import FrameDecoder
from celpvq.codec.encoder.encoder import FrameEncoder
from celpvq.codec.encoder.variable_rate import CHOICES, Rate
from celpvq.codec.format import modes
from celpvq.codec.format.modes import FRAME_LEN
from celpvq.lab import comparison
from celpvq.lab.clips import Clip, aligned, find_clips, padded
from celpvq.lab.contenders import Coded, code_hash, hash_of, kbps_of
from celpvq.lab.intervals import Interval, mean_interval, paired_interval
from celpvq.lab.scores import Result, ScoresFile
from celpvq.lab.tabular import markdown
from celpvq.output import make_folder
from celpvq.quality.evaluation import TITLES

MEASURES = ("pesq", "estoi", "visqol")
_DIGITS = {"pesq": 3, "estoi": 4, "visqol": 3}


@dataclass(frozen=True, slots=True)
class Louder(Clip):
    """A clip at another level."""

    gain_db: float = 0.0

    def read(self) -> F64:
        """Return its samples, clipped to full scale."""
        return np.asarray(np.clip(Clip.read(self) * 10 ** (self.gain_db / 20), -1, 1))


@dataclass(frozen=True, slots=True)
class Setting:
    """celpvq at a fixed or a variable rate, on a channel; a contender of `celpvq.lab`."""

    rate: Rate
    preset: str
    loss: float  # share of lost packets
    gain_db: float
    seed: int

    @property
    def name(self) -> str:
        """The settings as text."""
        rate = self.rate
        words = [f"{rate}" if isinstance(rate, VariableRate) else rate.name, self.preset]
        if isinstance(rate, VariableRate):
            words += [rate.choice, f"{rate.window:g} s", f"limit {rate.limit}"]
        return ", ".join([*words, f"loss {self.loss:g}", f"{self.gain_db:+g} dB"])

    def key(self, clip: Clip) -> str:
        """Return a hash of all that the result depends on."""
        return hash_of(
            clip.path.read_bytes(), self.name, self.seed, table_set.default().hash, code_hash()
        )  # fmt: skip

    def code(self, clip: Clip, ref: F64) -> Coded:
        """Return the clip after encoder, channel and decoder."""
        frames = padded(ref)
        encoder, decoder = FrameEncoder(self.rate, self.preset), FrameDecoder()
        start = time.thread_time()
        packets = encoder.encode(frames)
        seconds = time.thread_time() - start
        lost = draw_losses(len(packets), self.loss, None, self.seed + len(packets))
        received = drop(packets, lost)
        pcm = np.concatenate([
            decoder.decode(packet, next_packet=following)
            for packet, following in zip(received, [*received[1:], None], strict=True)
        ])  # fmt: skip
        return Coded(aligned(pcm, ref.size), kbps_of(packets), seconds)


@dataclass(frozen=True, slots=True)
class Row:
    """A setting over all clips, and its gain over the fixed rate of the same average."""

    setting: Setting
    kbps: float
    scores: Mapping[str, Interval]
    gains: Mapping[str, Interval]
    time: float


def measure(settings: Sequence[Setting], clips: Sequence[Clip], scores: ScoresFile,
            measures: Sequence[str]) -> list[list[Result]]:  # fmt: skip
    """Return the results of each setting, clip by clip."""
    for setting in {setting.rate: setting for setting in settings}.values():
        FrameEncoder(setting.rate, setting.preset).encode(np.zeros(2 * FRAME_LEN))  # loads it
    tasks = comparison.plan(clips, settings, measures, scores)
    for result in comparison.compare(tasks, scores):
        if result.problem:
            sys.exit(f"{result.clip}: {result.problem}")
    return [[scores.results[s.name, clip.name] for clip in clips] for s in settings]


def mean_kbps(results: Sequence[Result]) -> float:
    """Return the mean rate over time."""
    weights = [r.seconds for r in results]
    return float(np.average([r.kbps for r in results], weights=weights))


def around(kbps: float) -> tuple[int, int, float]:
    """Return the modes below and above a rate, and the weight of the second one."""
    rates = list(modes.MODES)
    k = int(np.clip(np.searchsorted(rates, 1000 * kbps) - 1, 0, len(rates) - 2))
    return rates[k], rates[k + 1], (1000 * kbps - rates[k]) / (rates[k + 1] - rates[k])


def row(setting: Setting, results: Sequence[Result], clips: Sequence[Clip], scores: ScoresFile,
        measures: Sequence[str]) -> Row:  # fmt: skip
    """Compare a setting with the fixed rates around its average."""
    kbps = mean_kbps(results)
    low, high, weight = around(kbps)
    fixed = [dataclasses.replace(setting, rate=modes.get(rate)) for rate in (low, high)]
    below, above = measure(fixed, clips, scores, measures)

    def between(a: float, b: float) -> float:
        return (1 - weight) * a + weight * b

    found, gains = {}, {}
    for m in measures:
        own = [r.scores[m] for r in results]
        base = [between(a.scores[m], b.scores[m]) for a, b in zip(below, above, strict=True)]
        found[m], gains[m] = mean_interval(own), paired_interval(own, base)
    seconds = [sum(r.encode_s for r in some) for some in (results, below, above)]
    return Row(setting, kbps, found, gains, seconds[0] / between(*seconds[1:]))


def table(rows: Sequence[Row], measures: Sequence[str]) -> str:
    """Return the rows as Markdown."""
    titles = [TITLES[m] for m in measures]
    head = ["average", "bit/s spent", *titles, *(f"gain in {t}" for t in titles), "time"]
    lines = []
    for r in rows:
        assert isinstance(r.setting.rate, VariableRate)
        cells = [f"{r.scores[m].mean:.{_DIGITS[m]}f}" for m in measures]
        cells += [f"{r.gains[m].mean:+.{_DIGITS[m]}f} ± {r.gains[m].half:.{_DIGITS[m]}f}"
                  for m in measures]  # fmt: skip
        lines.append([r.setting.rate.bitrate, f"{1000 * r.kbps:.0f}", *cells, f"{r.time:.2f}"])
    return markdown(head, lines)


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = options.new_parser(__doc__)
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="speech: 8000 Hz, mono")
    parser.add_argument("--every", type=int, default=1, metavar="K", help="only each Kth clip")
    parser.add_argument("--seed", type=int, default=1, help="seed of the losses (default: 1)")
    parser.add_argument("--out", type=Path, required=True, metavar="OUT", help="folder of results")
    parser.add_argument("--averages", type=int, nargs="+", default=[5600, 6400, 7200])
    parser.add_argument("--preset", default="default")
    parser.add_argument("--choice", choices=CHOICES, default=CHOICES[0])
    parser.add_argument("--window", type=float, default=VariableRate(6400).window, metavar="S")
    parser.add_argument("--limit", type=int, metavar="BITRATE")
    parser.add_argument("--loss", type=float, default=0.0, help="lost packets [%%]")
    parser.add_argument("--gain", type=float, default=0.0, help="change of the level [dB]")
    parser.add_argument("--measures", nargs="+", choices=MEASURES, default=list(MEASURES))
    args = parser.parse_args(argv)
    options.check_outside(parser, args.out, args.folder)
    clips: list[Clip] = [
        Louder(clip.name, clip.path, clip.seconds, args.gain)
        for clip in find_clips(args.folder)[:: args.every]
    ]
    make_folder(args.out, "--out")
    scores = ScoresFile(args.out / "scores.csv")
    settings = [
        Setting(VariableRate(rate, args.window, args.limit, args.choice), args.preset,
                args.loss / 100, args.gain, args.seed)
        for rate in args.averages
    ]  # fmt: skip
    rows = [
        row(setting, results, clips, scores, args.measures)
        for setting, results in zip(
            settings, measure(settings, clips, scores, args.measures), strict=True
        )
    ]
    minutes = sum(clip.seconds for clip in clips) / 60
    print(f"celpvq {celpvq.__version__}, {len(clips)} clips, {minutes:.1f} minutes\n")
    print(table(rows, args.measures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
