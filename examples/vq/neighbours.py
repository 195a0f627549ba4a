"""Find similar patches of the photographs by product codes, and compare with faiss.

The database keeps only the codes of its patches of 8x8 pixels: 4 to 16 bytes instead of 256. A
query is not coded. Its distance to a coded patch is the sum of one table entry per byte of the
code. Recall@10 is the fraction of the 10 nearest patches that are among the 10 found. Patches are
compared without their mean and contrast. Flat patches are left out, as only noise would order them.
"""

from collections.abc import Sequence

import numpy as np
from common import Array, Result, gray, main, photographs
from matplotlib.figure import Figure
from numpy.lib.stride_tricks import sliding_window_view

from celpvq.vq import ProductVQ, m_best


def patches(step: int) -> Array:
    """Return patches (n, 64) of 8x8 pixels of both photographs, of zero mean and unit variance."""
    windows = [sliding_window_view(gray(image), (8, 8))[::step, ::step].reshape(-1, 64)
               for image in photographs()]  # fmt: skip
    X = np.concatenate(windows).astype(np.float32)
    X = X[X.std(axis=1) > 10]
    return (X - X.mean(axis=1, keepdims=True)) / X.std(axis=1, keepdims=True)


def recall(found: Array, true: Array) -> float:
    """Return the fraction of the true neighbours (n, m) that are among the found ones (n, m)."""
    hits = [len(np.intersect1d(a, b)) for a, b in zip(found, true, strict=True)]
    return float(np.mean(hits) / true.shape[1])


def by_faiss(train: Array, database: Array, queries: Array, n_parts: int) -> Array | None:
    """Return the neighbours that faiss finds with codes of `n_parts` bytes, None without faiss."""
    try:
        import faiss
    except ImportError:
        return None
    index = faiss.IndexPQ(train.shape[1], n_parts, 8)
    index.train(train)
    index.add(database)
    found: Array = index.search(queries, 10)[1]
    return found


def measure(n_parts: Sequence[int] = (4, 8, 16), step: int = 2, n_queries: int = 500) -> Result:
    """Return recall@10 for codes of `n_parts` bytes."""
    X = np.random.default_rng(1).permutation(patches(step))
    queries, database = X[:n_queries], X[n_queries:]
    train = database[:10000]
    true, _ = m_best(queries, database, 10)
    figures = {"patches in the database": float(len(database))}
    for parts in n_parts:
        vq = ProductVQ(256, n_parts=parts, max_iter=25, random_state=1).fit(train)
        found, _ = vq.search(queries, vq.encode(database), 10)
        figures[f"celpvq, {parts} bytes: recall@10"] = recall(found, true)
        if (theirs := by_faiss(train, database, queries, parts)) is not None:
            figures[f"faiss, {parts} bytes: recall@10"] = recall(theirs, true)
    return Result(figures, {"queries": queries, "true": database[true], "found": database[found]})


def draw(result: Result) -> Figure:
    """Show a few queries, their true neighbours, and those found by the longest codes."""
    figure = Figure(figsize=(13, 4), layout="constrained")
    parts = figure.subfigures(1, 3, width_ratios=[1, 8, 8])
    chosen = range(0, 100, 20)
    for part, name in zip(parts, ("queries", "true", "found"), strict=True):
        part.suptitle({"true": "the 10 nearest", "found": "the 10 found"}.get(name, "query"))
        rows = np.atleast_3d(result.pictures[name][chosen].reshape(len(chosen), -1, 64))
        panels = part.subplots(*rows.shape[:2], squeeze=False)
        for panel, patch in zip(panels.ravel(), rows.reshape(-1, 64), strict=True):
            panel.imshow(patch.reshape(8, 8), cmap="gray", vmin=-2.5, vmax=2.5)
            panel.set_axis_off()
    return figure


if __name__ == "__main__":
    main(__doc__, measure, draw)
