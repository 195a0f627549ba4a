"""Identify textures by histograms of indices: how often each small pattern occurs in a patch.

Overlapping blocks of 4x4 pixels, without their mean and contrast, are coded with a codebook. The
histogram of the indices in a patch of 32x32 pixels goes to logistic regression. The left half of
each region of the photographs is learnt, and the right half is tested. Two other features are
compared: a codebook of noise, and only the mean and deviation of the patch.
"""

from collections.abc import Callable

import numpy as np
from common import Array, Result, gray, main, photographs
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from celpvq.vq import LBG, nearest

PATCH, STEP = 32, 16
REGIONS = [  # photograph, rows, columns of the left half, of the right half
    ("pagoda", 0, slice(180, 372), slice(124, 236), slice(236, 348)),
    ("trees", 0, slice(332, 424), slice(348, 494), slice(494, 640)),
    ("water", 0, slice(232, 312), slice(380, 460), slice(460, 540)),
    ("petals", 1, slice(120, 344), slice(200, 312), slice(312, 424)),
    ("leaves", 1, slice(80, 304), slice(8, 88), slice(88, 168)),
]


def patches(image: Array) -> Array:
    """Return the patches (n, 32, 32) of image (h, w), half over each other."""
    windows: Array = sliding_window_view(image, (PATCH, PATCH))[::STEP, ::STEP]
    return windows.reshape(-1, PATCH, PATCH)


def shapes(patch: Array) -> Array:
    """Return the blocks (n, 16) of a patch without their means, at about the same contrast."""
    blocks = sliding_window_view(patch, (4, 4))[::2, ::2].reshape(-1, 16)
    blocks = blocks - blocks.mean(axis=1, keepdims=True)
    shaped: Array = blocks / (blocks.std(axis=1, keepdims=True) + 5)
    return shaped


def measure(n_codewords: int = 128) -> Result:
    """Return the accuracy on the right halves of the regions by each kind of features."""
    images = [gray(image) for image in photographs()]
    left = [patches(images[i][rows, columns]) for _, i, rows, columns, _ in REGIONS]
    right = [patches(images[i][rows, columns]) for _, i, rows, _, columns in REGIONS]
    learnt, tested = np.concatenate(left), np.concatenate(right)
    learnt_y, tested_y = (np.repeat(np.arange(len(REGIONS)), [len(x) for x in half])
                          for half in (left, right))  # fmt: skip
    blocks = np.concatenate([shapes(patch) for patch in learnt])
    book = LBG(n_codewords, max_iter=20, random_state=1).fit(blocks[::2]).codebook_
    noise = np.random.default_rng(1).normal(scale=blocks.std(), size=book.shape)

    def histogram(codebook: Array, patch: Array) -> Array:
        return np.sqrt(np.bincount(nearest(shapes(patch), codebook)[0], minlength=n_codewords))

    features: dict[str, Callable[[Array], Array]] = {
        "mean and deviation": lambda patch: np.array([patch.mean(), patch.std()]),
        f"{n_codewords} codewords of noise": lambda patch: histogram(noise, patch),
        f"{n_codewords} codewords": lambda patch: histogram(book, patch),
    }
    figures = {"patches learnt": float(len(learnt)), "patches tested": float(len(tested))}
    for name, feature in features.items():
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
        model.fit([feature(patch) for patch in learnt], learnt_y)
        named = model.predict([feature(patch) for patch in tested])
        figures[f"{name}: accuracy"] = float((named == tested_y).mean())
    return Result(figures, {"images": images, "named": named})


def draw(result: Result) -> Figure:
    """Show the regions, and the region that each tested patch was assigned to."""
    figure = Figure(figsize=(13, 5), layout="constrained")
    panels = figure.subplots(1, 2)
    for panel, image in zip(panels, result.pictures["images"], strict=True):
        panel.imshow(image, cmap="gray")
        panel.set_axis_off()
    named = iter(result.pictures["named"])
    for own, (name, i, rows, left, right) in enumerate(REGIONS):
        width, height = right.stop - left.start, rows.stop - rows.start
        panels[i].add_patch(Rectangle((left.start, rows.start), width, height, fill=False,
                                      edgecolor=f"C{own}", linewidth=3, label=name))  # fmt: skip
        for y in range(rows.start, rows.stop - PATCH + 1, STEP):
            for x in range(right.start, right.stop - PATCH + 1, STEP):
                panels[i].plot(x + PATCH / 2, y + PATCH / 2, "s", color=f"C{next(named)}",
                               markeredgecolor="k", markersize=8)  # fmt: skip
    figure.legend(loc="outside lower center", ncols=len(REGIONS))
    return figure


if __name__ == "__main__":
    main(__doc__, measure, draw)
