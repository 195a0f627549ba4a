"""All measures of one coded signal."""

from collections.abc import Callable, Iterable, Mapping
from importlib.util import find_spec
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError
from .perceptual import estoi, pesq_nb, visqol
from .signal import Signal, segmental_snr

Measure = Callable[[Signal, Signal], float]

MEASURES: Mapping[str, Measure] = MappingProxyType(
    {"pesq": pesq_nb, "estoi": estoi, "visqol": visqol, "segsnr": segmental_snr}
)
PACKAGES = {"pesq": ("pesq",), "estoi": ("pystoi",), "visqol": ("visqol", "ai_edge_litert")}


def missing_packages(measures: Iterable[str]) -> dict[str, list[str]]:
    """Return the measures that cannot be taken here, each with the packages that it lacks."""
    lacking = {m: [p for p in PACKAGES.get(m, ()) if find_spec(p) is None] for m in measures}
    return {measure: packages for measure, packages in lacking.items() if packages}


def score(
    ref: Signal, deg: NDArray[np.floating], measures: Mapping[str, Measure] = MEASURES
) -> dict[str, float]:
    """Return every measure of one coded signal.

    Parameters
    ----------
    ref, deg : ndarray, shape (n,)
        Original and coded speech at 8000 Hz, aligned, in one scale.
    measures : mapping of str to callable
        Functions of (ref, deg), under the names that the result has.

    Returns
    -------
    dict of str to float
        The scores; ``nan`` where a measure refuses the signals (silence, too little speech).
    """
    scores = {}
    coded = np.asarray(deg, dtype=np.float64)
    for name, measure in measures.items():
        try:
            scores[name] = measure(ref, coded)
        except ArgumentError:
            scores[name] = float("nan")
    return scores
