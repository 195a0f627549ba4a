"""Print the entropy of the encoder's indices: the most that a lossless code of them could save.

    python tools/entropies.py TRAIN TEST --train-clips 240

Models of the indices are estimated on TRAIN, a folder of speech. The table gives the cross-entropy
of the indices of TEST, in bits per frame; other speakers make it an honest figure.

sent            the bits that a packet has
order 0         each index by its own frequencies
previous frame  each index by the same index of the previous frame
mixed           a mixture of both, of the indices that the packet has sent before in the field, and
                of the first indices of the packet; near the best that adaptive coding could reach

Fields with two stages are split into their rows and signs.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import options

import celpvq
from celpvq._types import F64, I64
from celpvq.codec.encoder.encoder import FrameEncoder
from celpvq.codec.format import modes
from celpvq.codec.format.modes import Mode, fcb_stages
from celpvq.lab.clips import padded
from celpvq.lab.tabular import markdown
from celpvq.training.corpus import balanced, find_clips

_HELD = 10  # every 10th clip of TRAIN sets the weights of the models
_BACKING = (1.0, 10.0, 100.0, 1000.0)  # frames that the frequencies of order 0 count for
_STEPS = 30  # of the estimation of weights
COLUMNS = ("order 0", "previous frame", "mixed")


class Symbol(NamedTuple):
    """An index of a frame, or a part of one."""

    field: str
    values: I64  # (n,) one per frame
    n_values: int
    contexts: list[I64]  # (n,) each: values that the decoder knows before


def parts(mode: Mode, field: str, entry: int, index: I64) -> list[tuple[I64, int]]:
    """Return the parts (values, number of values) of an index (n,): rows of stages, and signs."""
    bits = mode.bits(field)[entry]
    if field != "fcb":
        return [(index, 1 << bits)]
    stages = fcb_stages(bits)
    widths = [*stages, *(1 for _ in stages)]
    found = []
    for k, width in enumerate(widths):
        found.append((index >> sum(widths[k + 1 :]) & ((1 << width) - 1), 1 << width))
    return found


def symbols(mode: Mode, indices: I64, starts: I64) -> list[Symbol]:
    """Return the symbols of frames with indices (n, N_INDICES); starts (n,): first of a clip."""

    def previous(values: I64) -> I64:
        return np.where(starts, 0, np.roll(values, 1))

    first = indices[:, 0] * (indices[:, 1].max() + 1) + indices[:, 1]  # predictor and stage 1
    found, column = [], 0
    for field in mode.fields:
        last = None
        for entry in range(len(field.bits)):
            inside: list[I64] = []
            for values, n in parts(mode, field.name, entry, indices[:, column]):
                contexts = [previous(values), *inside[-1:]]
                contexts += [] if last is None else [last, last * n + previous(values)]
                contexts += [indices[:, 0]] if column < 2 else [first]
                if field.name == "fcb":
                    contexts.append(indices[:, column - len(field.bits)])  # gain of the subframe
                found.append(Symbol(field.name, values, n, contexts))
                inside.append(values)
            last = inside[0]
            column += 1
    return found


def frequencies(values: I64, n_values: int) -> F64:
    """Return the smoothed frequencies (n_values,) of values (n,)."""
    counts = np.bincount(values, minlength=n_values) + 0.5
    return np.asarray(counts / counts.sum())


def conditional(train: tuple[I64, I64], test: tuple[I64, I64], base: F64, backing: float) -> F64:
    """Return the probability of each test value given its context.

    train, test: contexts and values (n,).      base: probabilities without context.
    backing: weight of `base` in observations.
    """
    n = len(base)
    keys, counts = np.unique(train[0] * n + train[1], return_counts=True)
    context, totals = np.unique(train[0], return_counts=True)
    pair, total = _look_up(keys, counts, test[0] * n + test[1]), _look_up(context, totals, test[0])
    return np.asarray((pair + backing * base[test[1]]) / (total + backing))


def _look_up(keys: I64, counts: I64, wanted: I64) -> I64:
    """Return the count of each wanted key, 0 where it does not occur."""
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, counts[place], 0)


def mixture_weights(probabilities: F64) -> F64:
    """Return the weights of models (k, n) whose mixture is the most likely one, by EM."""
    weights = np.full(len(probabilities), 1 / len(probabilities))
    for _ in range(_STEPS):
        share = weights[:, None] * probabilities
        weights = (share / share.sum(axis=0)).mean(axis=1)
    return np.asarray(weights)


def cross_entropies(train: Symbol, held: Symbol, test: Symbol) -> F64:
    """Return the bits per symbol of the test by each of `COLUMNS`."""
    base = frequencies(train.values, train.n_values)

    def models(other: Symbol) -> F64:
        rows = [base[other.values]]
        for own, context in zip(train.contexts, other.contexts, strict=True):
            pairs = (own, train.values), (context, other.values)
            rows += [conditional(*pairs, base, backing) for backing in _BACKING]
        return np.array(rows)

    on_held, on_test = models(held), models(test)
    one = slice(1, 1 + len(_BACKING))  # the models of the previous frame
    best = 1 + int(np.log2(on_held[one]).mean(axis=1).argmax())
    mixed = mixture_weights(on_held) @ on_test
    return np.array([-np.log2(p).mean() for p in (on_test[0], on_test[best], mixed)])


def code(clips: Sequence[F64], mode: Mode, preset: str) -> tuple[I64, I64]:
    """Return the indices of all frames, and whether each one is the first of its clip."""
    rows = [FrameEncoder(mode, preset).indices(padded(np.clip(x, -1, 1))) for x in clips]
    starts = np.concatenate([np.arange(len(row)) == 0 for row in rows])
    return np.concatenate(rows), starts


def by_field(mode: Mode, folders: Mapping[str, Sequence[F64]], preset: str) -> dict[str, F64]:
    """Return the bits per frame of each field: sent, then by each of `COLUMNS`."""
    coded = {name: symbols(mode, *code(clips, mode, preset)) for name, clips in folders.items()}
    found = {field.name: np.array([float(sum(field.bits)), 0, 0, 0]) for field in mode.fields}
    for three in zip(*coded.values(), strict=True):
        found[three[0].field][1:] += cross_entropies(*three)
    return found


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = options.new_parser(__doc__)
    parser.add_argument("train", metavar="TRAIN", type=Path, help="speech for the models")
    options.add_speech(parser)
    parser.add_argument("--train-clips", type=int, default=240, metavar="N", help="(default: 240)")
    parser.add_argument("--modes", type=int, nargs="+", default=[4800, 8000])
    parser.add_argument("--preset", default="default")
    args = parser.parse_args(argv)
    drawn = [
        clip.read() for clip in balanced(find_clips(args.train), args.seed)[: args.train_clips]
    ]
    folders = {
        "train": [x for i, x in enumerate(drawn) if i % _HELD],
        "held": drawn[::_HELD],
        "test": options.read_speech(args),
    }
    n_frames = {name: sum(len(padded(x)) for x in xs) // 160 for name, xs in folders.items()}
    print(
        f"celpvq {celpvq.__version__}, preset {args.preset}, frames: {n_frames}, seed {args.seed}"
    )
    for mode in map(modes.get, args.modes):
        found = by_field(mode, folders, args.preset)
        found["all"] = np.sum(list(found.values()), axis=0)
        rows = [[name, f"{bits[0]:.0f}", *(f"{b:.2f}" for b in bits[1:])]
                for name, bits in found.items()]  # fmt: skip
        saved = 1 - found["all"] / found["all"][0]
        rows.append(["saved", "", *(f"{share:.1%}" for share in saved[1:])])
        print(f"\n{markdown([f'{mode.name}: bits a frame', 'sent', *COLUMNS], rows)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
