"""Compress the weights of a network by product quantization: accuracy against bytes.

The network recognizes handwritten digits. Its largest matrix is cut into short rows, and these into
parts of four or eight weights. Each part is coded with a few codewords. For comparison each weight
is rounded to one of 2, 4 or 16 levels that are designed for the matrix. Codewords and levels count
as float32.
"""

import numpy as np
from common import Array, Result, main
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from celpvq.vq import LBG, ProductVQ

ROW = 16  # weights, with codebooks of their own for each part


def product(W: Array, n_codewords: int, width: int) -> tuple[Array, float]:
    """Return W coded in parts of `width` weights, and the bytes of codes and codewords."""
    rows = W.reshape(-1, ROW)
    vq = ProductVQ(n_codewords, n_parts=ROW // width, random_state=1).fit(rows)
    codes = vq.encode(rows)
    n_bytes = codes.size * np.log2(n_codewords) / 8 + 4 * n_codewords * ROW
    return vq.decode(codes).reshape(W.shape), n_bytes


def scalar(W: Array, n_levels: int) -> tuple[Array, float]:
    """Return W with each weight at one of `n_levels`, and the bytes of codes and levels."""
    values = W.reshape(-1, 1)
    vq = LBG(n_levels, random_state=1).fit(values)
    n_bytes = W.size * np.log2(n_levels) / 8 + 4 * n_levels
    return vq.decode(vq.encode(values)).reshape(W.shape), n_bytes


def measure(n_hidden: int = 256) -> Result:
    """Return accuracy on digits held back, and bytes of the matrix, for each way to code it."""
    X, y = load_digits(return_X_y=True)
    train, test, train_y, test_y = train_test_split(X / 16, y, test_size=0.5, random_state=1)
    model = MLPClassifier((n_hidden, n_hidden), tol=1e-3, n_iter_no_change=5, random_state=1)
    model.fit(train, train_y)
    W = model.coefs_[1].copy()
    ways = {"float32": (W, 4.0 * W.size)}
    ways |= {f"scalar, {n} levels": scalar(W, n) for n in (2, 4, 16)}
    ways |= {f"product, {n} codewords of {width}": product(W, n, width)
             for n, width in [(4, 8), (16, 8), (16, 4), (256, 4)]}  # fmt: skip
    figures = {}
    for name, (coded, n_bytes) in ways.items():
        model.coefs_[1][:] = coded
        figures[f"{name}: bytes"] = n_bytes
        figures[f"{name}: accuracy"] = float(model.score(test, test_y))
    return Result(figures, {})


def draw(result: Result) -> Figure:
    """Show accuracy over bytes."""
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    points: dict[str, list[tuple[float, float]]] = {}
    for name, accuracy in result.figures.items():
        way, kind = name.split(": ")
        if kind == "accuracy":
            point = (result.figures[f"{way}: bytes"], accuracy)
            family, _, label = way.partition(", ")
            points.setdefault(family, []).append(point)
            below = family == "product"
            axes.annotate(
                label.replace(" codewords of ", " of "),
                point,
                textcoords="offset points",
                xytext=(6, -14) if below else (-6, 8),
                ha="left" if below else "right",
            )
    for family, pairs in points.items():
        axes.plot(*zip(*pairs, strict=True), "o-", label=family)
    axes.set(xscale="log", xlabel="bytes of the matrix", ylabel="accuracy on digits held back",
             xlim=(1.5e3, 5e5), ylim=(0.7, 1))  # fmt: skip
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    return figure


if __name__ == "__main__":
    main(__doc__, measure, draw)
