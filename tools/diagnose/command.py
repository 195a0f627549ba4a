"""Diagnose the losses of quality at one bit rate.

    python tools/diagnose FOLDER --mode 4800 --clips 24 --out diagnosis

The tool prints four tables. The first one has the classes of frames: the signal-to-noise ratio of
the search, and the levels of the decoder's output. The second one has the gain in each measure with
the original in the frames of a class, and with one part of the codec unquantized or changed. The
others have talkers and languages. File names such as source_speaker_sentence_lang_sex give talker
and language; for other files the folder is the talker.

DIR gets diagnosis.md, and scores.csv, from which the same command continues.
"""

import sys
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path, PurePosixPath

import numpy as np
import options

from celpvq.codec.common import table_set
from celpvq.codec.format import modes
from celpvq.lab import comparison
from celpvq.lab.clips import Clip, find_clips
from celpvq.lab.contenders import Celpvq, Contender
from celpvq.lab.scores import Result, ScoresFile
from celpvq.lab.summary import difference_table, score_table, summarize
from celpvq.lab.tabular import markdown
from celpvq.output import make_folder, write_file
from celpvq.quality.evaluation import TITLES, missing_packages

from .classes import CLASSES, classify
from .contenders import Replaced, Unquantized, code, parts
from .frames import Frames, frame_table

MEASURES = ("pesq", "estoi", "visqol")
_N_FIELDS = 5  # of a file name with talker and language


def talker(clip: str) -> str:
    """Return the talker of a clip, from its name."""
    path = PurePosixPath(clip)
    fields = path.stem.split("_")
    return "_".join(fields[:2]) if len(fields) == _N_FIELDS else path.parent.name or path.stem


def language(clip: str) -> str:
    """Return the language of a clip, from its name; "?" if it is unknown."""
    fields = PurePosixPath(clip).stem.split("_")
    return fields[-2] if len(fields) == _N_FIELDS else "?"


def group_table(title: str, results: Sequence[Result], groups: Sequence[str]) -> str:
    """Return the mean scores of each group of results, the worst PESQ first, as Markdown."""
    pairs = sorted(zip(groups, results, strict=True), key=lambda pair: pair[0])
    rows = []
    for name, members in groupby(pairs, key=lambda pair: pair[0]):
        scores = [[result.scores[m] for m in MEASURES] for _, result in members]
        rows.append((name, len(scores), np.mean(scores, axis=0)))
    rows.sort(key=lambda row: row[2][0])
    return markdown(
        [title, "clips", *(TITLES[m] for m in MEASURES)],
        [[name, str(n), *(f"{mean:.3f}" for mean in means)] for name, n, means in rows],
    )


def frames_of(clip: Clip, bitrate: int) -> Frames:
    """Return the frames of a clip, before and after the codec."""
    x, mode = clip.read(), modes.get(bitrate)
    synthesis, out = (code(x, mode, table_set.default(), enhancement=on) for on in (False, True))
    return Frames.of(classify(x), x, synthesis, out)


def contenders(mode: int) -> list[Contender]:
    """Return all codecs that are compared, the shipped one first."""
    return [
        Celpvq(mode), *(Replaced(mode, kind) for kind in CLASSES),
        *(Unquantized(mode, part) for part in parts(modes.get(mode))),
        Celpvq(mode, "best"), Celpvq(mode, plain=True),
    ]  # fmt: skip


def diagnose(clips: Sequence[Clip], mode: int, out: Path, jobs: int) -> str:
    """Return the report; the folder `out` keeps the scores."""
    scores, codecs = ScoresFile(out / "scores.csv"), contenders(mode)
    tasks = comparison.plan(clips, codecs, MEASURES, scores)
    for _ in comparison.compare(tasks, scores, jobs):
        pass
    results = {c.name: [scores.results[c.name, clip.name] for clip in clips] for c in codecs}
    base = codecs[0].name
    summaries = summarize(results, MEASURES, dict.fromkeys(list(results)[1:], base))
    names = [clip.name for clip in clips]
    return "\n\n".join([
        f"{base}, {len(clips)} clips",
        frame_table(frames_of(clip, mode) for clip in clips),
        score_table(summaries[:1]),
        difference_table(summaries, base),
        group_table("talker", results[base], [talker(name) for name in names]),
        group_table("language", results[base], [language(name) for name in names]),
    ])  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = options.new_parser(__doc__)
    parser.prog = "diagnose"
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="speech: 8000 Hz, mono")
    parser.add_argument("--mode", type=int, default=6400, choices=list(modes.MODES))
    parser.add_argument("--clips", type=int, metavar="N", help="only N clips, evenly spaced")
    parser.add_argument("--out", metavar="DIR", type=Path, default=Path("diagnosis"))
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes")
    args = parser.parse_args(argv)
    if missing := missing_packages(MEASURES):
        sys.exit(f"diagnose: missing packages: {missing}: pip install celpvq[quality]")
    with options.errors_end("diagnose"):
        clips = find_clips(args.folder, args.clips)
        make_folder(args.out, "--out")
        text = diagnose(clips, args.mode, args.out, args.jobs) + "\n"
        write_file(args.out / "diagnosis.md", text.encode())
    print(text, end="")
    return 0
