"""Identify speakers by their spectra, with a codebook of line spectral frequencies for each one.

FOLDER holds a recording of each speaker. The first half of each recording is learnt, and the second
half is cut into pieces. A piece goes to the speaker whose codebook distorts it least. For
comparison it goes to the speaker whose Gaussian mixture, started from the codebook, gives it the
greatest likelihood. Both halves share the room and the microphone, so the figures measure how well
recordings differ, not voices alone.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from common import Array, Result, main
from matplotlib.figure import Figure
from sklearn.mixture import GaussianMixture

from celpvq.training.corpus import find_clips
from celpvq.training.lsf_books import analyze
from celpvq.vq import LBG, nearest

FRAMES_PER_S = 50


def spectra(folder: Path, n_speakers: int | None = None) -> list[Array]:
    """Return the LSF (n, 10) of each recording, where there is something to hear."""
    found = analyze([clip.read() for clip in find_clips(folder)[:n_speakers]])
    rows = [slice(a, b) for a, b in zip(found.starts[:-1], found.starts[1:], strict=True)]
    return [found.lsf[r][found.weight[r, 0] > 0] for r in rows]


def measure(folder: Path, n_speakers: int | None = None, n_codewords: int = 16,
            lengths: Sequence[int] = (1, 2, 4)) -> Result:  # fmt: skip
    """Return the share of pieces, of some lengths in seconds, that go to their speaker."""
    recordings = spectra(folder, n_speakers)
    scale = np.concatenate(recordings).std(axis=0)
    halves = [np.array_split(x / scale, 2) for x in recordings]
    longest = lengths[-1] * FRAMES_PER_S
    tests = [held[: len(held) // longest * longest] for _, held in halves]
    frames = np.concatenate(tests)
    owner = np.repeat(np.arange(len(tests)), [len(x) for x in tests])
    scores: dict[str, list[Array]] = {"codebooks": [], "mixtures": []}
    for learnt, _ in halves:
        book = LBG(n_codewords, random_state=1).fit(learnt).codebook_
        mixture = GaussianMixture(n_codewords, covariance_type="diag", means_init=book,
                                  reg_covar=1e-2, max_iter=200, random_state=1)  # fmt: skip
        scores["codebooks"].append(-nearest(frames, book)[1])
        scores["mixtures"].append(mixture.fit(learnt).score_samples(frames))
    figures = {"speakers": float(len(recordings))}
    for name, by_speaker in scores.items():
        for length in lengths:
            n = length * FRAMES_PER_S
            of_pieces = np.array([x.reshape(-1, n).mean(axis=1) for x in by_speaker])
            right = of_pieces.argmax(axis=0) == owner[::n]
            figures[f"{name}, {length} s: accuracy"] = float(right.mean())
    return Result(figures, {"lengths": lengths, "two": [learnt for learnt, _ in halves[:2]]})


def draw(result: Result) -> Figure:
    """Show accuracy over length, and two speakers' codebooks in their first two frequencies."""
    figure = Figure(figsize=(11, 4.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    lengths = result.pictures["lengths"]
    for name in ("codebooks", "mixtures"):
        accuracy = [result.figures[f"{name}, {length} s: accuracy"] for length in lengths]
        left.plot(lengths, accuracy, "o-", label=name)
    left.set(xlabel="length of a piece [s]", ylabel="accuracy", xticks=lengths,
             title=f"{result.figures['speakers']:.0f} speakers")  # fmt: skip
    left.grid(alpha=0.3)
    left.legend()
    for i, x in enumerate(result.pictures["two"]):
        book = LBG(16, random_state=1).fit(x).codebook_
        right.plot(x[:, 0], x[:, 1], ".", color=f"C{i}", alpha=0.25, markersize=3)
        right.plot(book[:, 0], book[:, 1], "o", color=f"C{i}", markeredgecolor="k",
                   label=f"codebook of speaker {i + 1}")  # fmt: skip
    right.set(xlabel="first LSF, scaled", ylabel="second LSF, scaled")
    right.legend()
    return figure


if __name__ == "__main__":
    main(__doc__, measure, draw, "FOLDER")
