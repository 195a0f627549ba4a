"""Cluster handwritten digits without their labels, and measure how well the clusters tell digits.

Each codeword takes the most frequent label of its cell. Digits held back take the label of their
nearest codeword.
"""

from collections.abc import Sequence

import numpy as np
from common import Array, Result, main
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from celpvq.vq import LBG


def majority(cells: Array, labels: Array, n_cells: int) -> Array:
    """Return the most frequent of labels (n,) in each cell."""
    counts = np.zeros((n_cells, 10), int)
    np.add.at(counts, (cells, labels), 1)
    return counts.argmax(axis=1)


def measure(sizes: Sequence[int] = (10, 20, 40, 80)) -> Result:
    """Return the accuracy on digits held back, for codebooks of some sizes."""
    X, y = load_digits(return_X_y=True)
    train, test, train_y, test_y = train_test_split(X, y, test_size=0.5, random_state=1)
    figures, codewords, labels = {}, np.empty(0), np.empty(0)
    for n in sizes:
        vq = LBG(n, init="kmeans++", random_state=1).fit(train)
        names = majority(vq.encode(train), train_y, n)
        figures[f"{n} clusters: accuracy"] = float((names[vq.encode(test)] == test_y).mean())
        if n <= 40:
            codewords, labels = vq.codebook_, names
    return Result(figures, {"codewords": codewords, "labels": labels})


def draw(result: Result) -> Figure:
    """Show the codewords, sorted by label."""
    figure = Figure(figsize=(10, 5), layout="constrained")
    panels = figure.subplots(4, 10).ravel()
    codewords, labels = result.pictures["codewords"], result.pictures["labels"]
    for panel, i in zip(panels, np.argsort(labels, kind="stable"), strict=False):
        panel.imshow(-codewords[i].reshape(8, 8), cmap="gray")
        panel.set_title(labels[i])
    for panel in panels:
        panel.set_axis_off()
    return figure


if __name__ == "__main__":
    main(__doc__, measure, draw)
