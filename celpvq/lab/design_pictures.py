"""The pictures of a design report."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .._types import F64, I64
from ..vq import perplexity
from ..vq.base import VectorQuantizer
from .figures import new_figure, save_figure
from .trials import Study, Trial

_GRID = 400  # points on a side
_DOTS = 3000  # vectors shown at most


def draw_history(path: Path, trial: Trial) -> None:
    """Draw the distortion over the iterations of the design."""
    figure = new_figure(7, 4)
    axes = figure.subplots()
    history = trial.quantizer.distortion_history_
    axes.plot(history, ".-")
    axes.set(xlabel="iteration", ylabel="mean squared error per component",
             yscale="log" if min(history) > 0 else "linear")  # fmt: skip
    axes.grid(alpha=0.3, which="both")
    save_figure(figure, path)


def draw_cells(path: Path, study: Study) -> None:
    """Draw the cells of vectors (n, k), k > 1, in the plane of two components.

    For k = 2 the plane holds the vectors themselves. For k > 2 it goes through the mean along the
    first two principal components, and the picture shows how it cuts the cells.
    """
    model, quantizer = study.model, study.main.quantizer
    whole = len(model.mean) == 2
    origin, plane = (np.zeros(2), np.eye(2)) if whole else (model.mean, model.axes[:2])
    X = study.vectors.train[:: -(-len(study.vectors.train) // _DOTS)]
    codewords = np.unique(quantizer.decode(quantizer.encode(X)), axis=0)
    shown = (X - origin) @ plane.T
    edges = [_range(shown[:, i]) for i in range(2)]
    cells = cut(quantizer, origin, plane, [np.linspace(*edge, _GRID) for edge in edges])
    figure = new_figure(7, 6.5)
    panel = figure.subplots()
    shades = np.random.default_rng(0).uniform(0.7, 1, (cells.max() + 1, 3))
    image = shades[cells]
    border = np.zeros(cells.shape, dtype=bool)
    border[1:] |= cells[1:] != cells[:-1]
    border[:, 1:] |= cells[:, 1:] != cells[:, :-1]
    image[border] = 0.35
    panel.imshow(image, origin="lower", extent=(*edges[0], *edges[1]), aspect="auto")
    panel.plot(*shown.T, "k.", markersize=1.5, alpha=0.3)
    size = 5 if len(codewords) < 300 else 3
    panel.plot(*((codewords - origin) @ plane.T).T, "r.", markersize=size)
    kind = "component" if whole else "principal component"
    panel.set(xlabel=f"first {kind}", ylabel=f"second {kind}", xlim=edges[0], ylim=edges[1])
    save_figure(figure, path)


def cut(quantizer: VectorQuantizer, origin: F64, plane: F64, sides: Sequence[F64]) -> I64:
    """Return the cell of each point of a plane.

    Parameters
    ----------
    quantizer : VectorQuantizer
        Fitted, for vectors of k components.
    origin, plane : ndarray, shapes (k,) and (2, k)
        A point of the plane, and the directions of its coordinates.
    sides : sequence of two ndarray
        The m first and the n second coordinates of the points.

    Returns
    -------
    ndarray of int64, shape (n, m)
        The cells, numbered from 0.
    """
    u, v = np.meshgrid(*sides)
    indices = quantizer.encode(origin + np.stack([u, v], axis=-1).reshape(-1, 2) @ plane)
    return np.unique(indices, axis=0, return_inverse=True)[1].reshape(u.shape)


def _range(values: F64) -> tuple[float, float]:
    """Return the range of nearly all values, with a margin."""
    low, high = np.percentile(values, [0.5, 99.5])
    margin = 0.08 * (high - low) or 1.0
    return float(low - margin), float(high + margin)


def draw_usage(path: Path, trial: Trial) -> None:
    """Draw how often each codeword is used, most used first."""
    figure = new_figure(7, 4)
    axes = figure.subplots()
    for i, column in enumerate(trial.indices.T):
        shares = np.sort(np.bincount(column))[::-1] / len(column)
        name = f"index {i + 1}: " if trial.indices.shape[1] > 1 else ""
        axes.semilogy(
            np.arange(1, len(shares) + 1), np.where(shares > 0, shares, np.nan), ".-",
            label=f"{name}perplexity {perplexity(column):.0f}",
        )  # fmt: skip
    axes.set(xlabel="codewords, most used first", ylabel="share of the training vectors")
    axes.grid(alpha=0.3, which="both")
    axes.legend(ncols=-(-trial.indices.shape[1] // 8))
    save_figure(figure, path)


def draw_rates(path: Path, study: Study) -> None:
    """Draw the signal-to-noise ratio over the rate, with the bounds for Gaussian vectors."""
    model, k = study.model, len(study.model.variances)
    figure = new_figure(7, 5)
    axes = figure.subplots()
    rates = [trial.rate / k for trial in study.trials]
    parts = {"training": [study.sqnr(trial.train) for trial in study.trials]}
    if len(study.vectors.test):
        parts["held back"] = [study.sqnr(trial.test) for trial in study.trials]
    for name, ratios in parts.items():
        axes.plot(rates, ratios, "o-", label=name)
    fine = np.linspace(0, 1.1 * max(rates), 100)
    axes.plot(fine, [study.sqnr(model.shannon(rate)) for rate in fine], "k--",
              label="Gaussian vectors, any dimension (Shannon)")  # fmt: skip
    high = [error for rate in fine if (error := model.zador(rate)) is not None]
    if high:
        axes.plot(fine, [study.sqnr(error) for error in high], "k:",
                  label="Gaussian vectors one by one, high rate (Zador)")  # fmt: skip
    lowest = min(0.0, *(ratio for ratios in parts.values() for ratio in ratios))
    axes.set(xlabel="bits per component", ylabel="SQNR [dB]", ylim=(lowest, None))
    axes.grid(alpha=0.3)
    axes.legend()
    save_figure(figure, path)
