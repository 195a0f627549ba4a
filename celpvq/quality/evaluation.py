"""All measures under their names, and the scores of one signal."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from .._types import F64
from ..errors import ArgumentError
from .long_term import THIRD_OCTAVES, third_octaves
from .no_reference import dnsmos, plcmos
from .perceptual import estoi, pesq_nb, visqol
from .signal import largest_step, segmental_snr


@dataclass(frozen=True, slots=True)
class Measure:
    """A function of original and coded speech, and the scores that it returns."""

    title: str
    function: Callable[[F64, F64], float | ArrayLike]
    titles: Mapping[str, str]  # of each score, by its name; one score, or several at a time
    packages: tuple[str, ...] = ()
    extra: str = ""  # the extra of celpvq that installs the packages
    better: int = 1  # 1: larger scores are better; -1: smaller ones; 0: those near 0


MEASURES: Mapping[str, Measure] = MappingProxyType({
    "pesq": Measure("PESQ", pesq_nb, {"pesq": "PESQ"}, ("pesq",), "quality"),
    "estoi": Measure("ESTOI", estoi, {"estoi": "ESTOI"}, ("pystoi",), "quality"),
    "visqol": Measure(
        "ViSQOL", visqol, {"visqol": "ViSQOL"}, ("visqol", "ai_edge_litert"), "quality"
    ),
    "segsnr": Measure("segSNR", segmental_snr, {"segsnr": "segSNR [dB]"}),
    "dnsmos": Measure(
        "DNSMOS", lambda _, deg: dnsmos(deg),
        {"dnsmos": "DNSMOS", "dnsmos_sig": "SIG", "dnsmos_bak": "BAK", "dnsmos_p808": "P.808"},
        ("speechmos", "onnxruntime"), "mos",
    ),
    "plcmos": Measure(
        "PLCMOS", lambda _, deg: plcmos(deg), {"plcmos": "PLCMOS"},
        ("speechmos", "onnxruntime"), "mos",
    ),
    "step": Measure("step", largest_step, {"step": "step [dB]"}, better=-1),
    "bands": Measure(
        "bands", third_octaves, {f"level_{hz}": f"{hz} Hz" for hz in THIRD_OCTAVES}, better=0
    ),
})  # fmt: skip
DEFAULT = ("pesq", "estoi", "visqol", "segsnr")
TITLES: Mapping[str, str] = MappingProxyType(
    {score: title for measure in MEASURES.values() for score, title in measure.titles.items()}
)
BANDS = tuple(MEASURES["bands"].titles)
BETTER: Mapping[str, int] = MappingProxyType(
    {score: measure.better for measure in MEASURES.values() for score in measure.titles}
)


def score_names(measures: Iterable[str]) -> list[str]:
    """Return the names of the scores of measures."""
    return [score for measure in measures for score in MEASURES[measure].titles]


def missing_packages(measures: Iterable[str]) -> dict[str, list[str]]:
    """Return the measures that lack packages on this machine, each with these packages."""
    lacking = {m: [p for p in MEASURES[m].packages if find_spec(p) is None] for m in measures}
    return {measure: packages for measure, packages in lacking.items() if packages}


def extras(measures: Iterable[str]) -> str:
    """Return the command that installs the packages of measures."""
    return f"pip install celpvq[{','.join(sorted({MEASURES[m].extra for m in measures}))}]"


def score(ref: ArrayLike, deg: ArrayLike, measures: Iterable[str] = DEFAULT) -> dict[str, float]:
    """Return the scores of one coded signal by several measures.

    Parameters
    ----------
    ref, deg : array_like, shape (n,)
        Original and coded speech at 8000 Hz, aligned, full scale 1.
    measures : iterable of str
        Some of ``pesq``, ``estoi``, ``visqol``, ``segsnr``, ``dnsmos``, ``plcmos``, ``step`` and
        ``bands``.

    Returns
    -------
    dict of str to float
        The scores, under the names of the measures. ``dnsmos`` has three others too,
        ``dnsmos_sig``, ``dnsmos_bak`` and ``dnsmos_p808``, and ``bands`` has ``level_200`` to
        ``level_3150``. A score is ``nan`` where a measure refuses the signals (silence, too little
        speech).

    Raises
    ------
    ArgumentError
        If there is no measure of a name.
    MissingPackageError
        If a package of a measure is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.sin(np.arange(8000.0))
    >>> for name, value in score(x, 0.9 * x, ["segsnr", "step"]).items():
    ...     print(f"{name} {value:.2f} dB")
    segsnr 20.00 dB
    step -0.92 dB
    """
    scores: dict[str, float] = {}
    x, y = np.asarray(ref, dtype=np.float64), np.asarray(deg, dtype=np.float64)
    for name in measures:
        if name not in MEASURES:
            raise ArgumentError(f"measures: expected some of {', '.join(MEASURES)}, got {name!r}")
        measure = MEASURES[name]
        try:
            values = np.atleast_1d(measure.function(x, y)).tolist()
        except ArgumentError:
            values = [float("nan")] * len(measure.titles)
        scores.update(zip(measure.titles, values, strict=True))
    return scores
