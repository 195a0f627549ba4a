"""All measures under their names, and the scores of one signal."""

from collections.abc import Callable, Iterable, Mapping
from importlib.util import find_spec
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from .._types import F64
from ..errors import ArgumentError
from .perceptual import estoi, pesq_nb, visqol
from .signal import segmental_snr

Measure = Callable[[F64, F64], float]

MEASURES: Mapping[str, Measure] = MappingProxyType(
    {"pesq": pesq_nb, "estoi": estoi, "visqol": visqol, "segsnr": segmental_snr}
)
TITLES: Mapping[str, str] = MappingProxyType(
    {"pesq": "PESQ", "estoi": "ESTOI", "visqol": "ViSQOL", "segsnr": "segSNR [dB]"}
)
PACKAGES = {"pesq": ("pesq",), "estoi": ("pystoi",), "visqol": ("visqol", "ai_edge_litert")}


def missing_packages(measures: Iterable[str]) -> dict[str, list[str]]:
    """Return the measures that lack packages on this machine, each with these packages."""
    lacking = {m: [p for p in PACKAGES.get(m, ()) if find_spec(p) is None] for m in measures}
    return {measure: packages for measure, packages in lacking.items() if packages}


def score(
    ref: F64, deg: NDArray[np.floating], measures: Mapping[str, Measure] = MEASURES
) -> dict[str, float]:
    """Return every measure of one coded signal.

    Parameters
    ----------
    ref, deg : ndarray, shape (n,)
        Original and coded speech at 8000 Hz, aligned, in one scale.
    measures : mapping of str to callable
        Functions of (ref, deg); the result has the same names.

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
