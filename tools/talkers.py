"""List the clips on which another codec does better: python tools/talkers.py results/scores.csv.

The file comes from ``celpvq compare FOLDER --with peers``. The tool compares each rate with the
nearest one of AMR-NB. It lists a clip, with its differences, if celpvq is below AMR-NB in any of
PESQ, ESTOI and ViSQOL. The worst PESQ comes first, and negative differences are bold.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

import options
from peers.amr import NEAREST_KBPS

from celpvq.lab import scores
from celpvq.lab.scores import Result
from celpvq.lab.tabular import markdown
from celpvq.quality.evaluation import TITLES

MEASURES = ("pesq", "estoi", "visqol")

ByClip = Mapping[str, Result]


def differences(own: ByClip, other: ByClip) -> dict[str, dict[str, float]]:
    """Return the scores of `own` minus those of `other`, by clip and measure, where both exist."""
    return {
        clip: {
            m: own[clip].scores[m] - other[clip].scores[m]
            for m in MEASURES
            if m in own[clip].scores and m in other[clip].scores
        }
        for clip in own
        if clip in other
    }


def section(names: tuple[str, str], found: Mapping[str, Mapping[str, float]]) -> str:
    """Return the number of clips below in each measure, and a table of clips below in any."""
    below = {clip: d for clip, d in found.items() if any(x < 0 for x in d.values())}
    counts = [
        f"{TITLES[m]} {sum(d.get(m, 0.0) < 0 for d in found.values())}"
        for m in MEASURES
        if any(m in d for d in found.values())
    ]
    head = f"## {names[0]} below {names[1]}\n\n{len(below)} of {len(found)} clips: "
    text = head + ", ".join(counts)
    if not below:
        return text
    rows = [
        [clip, *(_cell(below[clip].get(m, float("nan"))) for m in MEASURES)]
        for clip in sorted(below, key=lambda clip: below[clip].get("pesq", 0.0))
    ]
    return f"{text}\n\n{markdown(['clip', *(TITLES[m] for m in MEASURES)], rows)}"


def _cell(x: float) -> str:
    return f"**{x:+.3f}**" if x < 0 else f"{x:+.3f}"


def report(results: list[Result]) -> str:
    """Return the lists of all rates for which the results hold both codecs."""
    codecs: dict[str, dict[str, Result]] = {}
    for result in results:
        codecs.setdefault(result.codec, {})[result.clip] = result
    pairs = [(f"celpvq {mode}", f"AMR-NB {kbps}") for mode, kbps in NEAREST_KBPS.items()]
    return "\n\n".join(
        section(pair, differences(codecs[pair[0]], codecs[pair[1]]))
        for pair in pairs
        if pair[0] in codecs and pair[1] in codecs
    )


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = options.new_parser(__doc__)
    parser.add_argument("scores", metavar="CSV", type=Path, help="scores.csv of celpvq compare")
    args = parser.parse_args(argv)
    with options.errors_end("talkers"):
        text = report(scores.read(args.scores))
    if not text:
        sys.exit(f"talkers: {args.scores}: no rate with results of AMR-NB too")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
