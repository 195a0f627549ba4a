"""Perceptual measures that compare with the original; their packages are loaded when needed."""

import warnings
from functools import cache
from typing import Any

from numpy.typing import ArrayLike

from .._packages import load
from .._types import F64
from ..codec.format.modes import SAMPLERATE
from ..errors import ArgumentError
from .signal import check_pair


def _speech(ref: ArrayLike, deg: ArrayLike, what: str) -> tuple[F64, F64]:
    """Return both signals; refuse silence, since the packages divide by the level."""
    x, y = check_pair(ref, deg)
    if not x.any() or not y.any():
        raise ArgumentError(f"{what}: expected speech, got silence")
    return x, y


def pesq_nb(ref: ArrayLike, deg: ArrayLike) -> float:
    """Return narrowband PESQ [1]_ as listening quality, MOS-LQO [2]_ (1.02 .. 4.55).

    Parameters
    ----------
    ref, deg : array_like, shape (n,)
        Original and coded speech at 8000 Hz, at least a quarter of a second.

    Returns
    -------
    float
        The predicted mean opinion score.

    Raises
    ------
    ArgumentError
        If the arrays have different shapes, or the measure finds no speech in them.
    MissingPackageError
        If the package ``pesq`` is not installed.

    References
    ----------
    .. [1] ITU-T Recommendation P.862, "Perceptual evaluation of speech quality", 2001.
    .. [2] ITU-T Recommendation P.862.1, "Mapping function for transforming P.862 raw result scores
       to MOS-LQO", 2003.
    """
    pesq = load("pesq", "PESQ")
    x, y = _speech(ref, deg, "PESQ")
    try:
        return float(pesq.pesq(SAMPLERATE, x, y, "nb"))
    except pesq.PesqError as exc:
        reason = exc.args[0] if exc.args else type(exc).__name__
        text = reason.decode() if isinstance(reason, bytes) else str(reason)
        raise ArgumentError(f"PESQ: {text.strip()}") from None


def estoi(ref: ArrayLike, deg: ArrayLike) -> float:
    """Return the extended short-time objective intelligibility (at most 1) [1]_.

    Parameters
    ----------
    ref, deg : array_like, shape (n,)
        Original and coded speech at 8000 Hz, at least 0.4 s without the pauses.

    Returns
    -------
    float
        The measure; 1 for identical signals.

    Raises
    ------
    ArgumentError
        If the arrays have different shapes, or hold too little speech.
    MissingPackageError
        If the package ``pystoi`` is not installed.

    References
    ----------
    .. [1] J. Jensen and C. H. Taal, "An algorithm for predicting the intelligibility of speech
       masked by modulated noise maskers", IEEE/ACM Trans. Audio Speech Lang. Process. 24(11), 2016.
    """
    pystoi = load("pystoi", "ESTOI")
    x, y = _speech(ref, deg, "ESTOI")
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)  # the package warns and returns 1e-5
        try:
            return float(pystoi.stoi(x, y, SAMPLERATE, extended=True))
        except (RuntimeWarning, ValueError):  # ValueError: not even one of its frames
            raise ArgumentError("ESTOI: expected at least 0.4 s of speech, got less") from None


def visqol(ref: ArrayLike, deg: ArrayLike) -> float:
    """Return ViSQOL 3 in speech mode with its lattice mapping [1]_, as MOS-LQO (1 .. 5).

    The mode expects 16 kHz, so both signals are resampled. The first call of a process loads the
    model.

    Parameters
    ----------
    ref, deg : array_like, shape (n,)
        Original and coded speech at 8000 Hz.

    Returns
    -------
    float
        The predicted mean opinion score.

    Raises
    ------
    ArgumentError
        If the arrays have different shapes, or hold too little speech.
    MissingPackageError
        If the package ``visqol-python`` or its extra ``lattice`` is not installed.

    References
    ----------
    .. [1] M. Chinen et al., "ViSQOL v3: An open source production ready objective speech and audio
       metric", Proc. QoMEX, 2020.
    """
    model = _visqol_model()
    x, y = _speech(ref, deg, "ViSQOL")
    from scipy.signal import resample_poly

    try:
        result = model.measure_from_arrays(
            resample_poly(x, 2, 1), resample_poly(y, 2, 1), 2 * SAMPLERATE
        )
    except (ValueError, IndexError) as exc:
        raise ArgumentError(f"ViSQOL: expected at least half a second of speech ({exc})") from None
    return float(result.moslqo)


@cache
def _visqol_model() -> Any:
    """Load the model once in a process."""
    load("ai_edge_litert", "ViSQOL with its lattice mapping")
    model = load("visqol", "ViSQOL").VisqolApi()
    model.create(mode="speech", use_lattice_model=True)
    return model
