"""Figures of matplotlib, an optional package, written to files."""

import io
from pathlib import Path
from typing import Any

from .._packages import needed_by
from ..output import write_file


def new_figure(width: float, height: float) -> Any:
    """Return a figure of that size [inches]; raise `MissingPackageError` without matplotlib."""
    with needed_by("the picture", "celpvq[plot]"):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save_figure(figure: Any, path: Path) -> None:
    """Write a figure, in the format that the ending of `path` names."""
    file = io.BytesIO()
    figure.savefig(file, format=path.suffix[1:], dpi=100)
    write_file(path, file.getvalue())
