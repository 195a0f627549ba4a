"""DNSMOS and PLCMOS: networks that predict a listener's score from coded speech alone.

The networks are files of the package speechmos. They run here with onnxruntime: the package's own
functions need librosa, which is large, and draw random numbers without a seed. The features and
the scores are the same.
"""

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .._packages import load
from .._types import F64, Floats
from ..codec.format.modes import SAMPLERATE
from ..errors import ArgumentError

UPSAMPLING = 2  # the networks take 16 kHz
MIN_LEN = SAMPLERATE // 2  # half a second; PLCMOS' network fails below a quarter
N_RATERS = 15
SEED = 1

_RATE = UPSAMPLING * SAMPLERATE
_WINDOW_LEN = round(9.01 * _RATE)  # of DNSMOS
_P835 = "dnsmos_models/sig_bak_ovr.onnx"
_P808 = "dnsmos_models/model_v8.onnx"
_PLC = "plcmos_models/plcmos_v2.onnx"
# polynomials from the network's outputs to scores, highest power first
_SIG = (-0.08397278, 1.22083953, 0.0052439)
_BAK = (-0.13166888, 1.60915514, -0.39604546)
_OVRL = (-0.06766283, 1.11546468, 0.04602535)


class Dnsmos(NamedTuple):
    """The scores of DNSMOS, each a mean opinion score (1 .. 5)."""

    ovrl: float  # overall quality
    sig: float  # quality of the speech
    bak: float  # absence of disturbing background
    p808: float  # overall quality, by an older network


def dnsmos(deg: ArrayLike) -> Dnsmos:
    """Return DNSMOS: overall quality, speech, background [1]_, and quality by P.808 [2]_.

    The networks were trained on the scores of listeners for noisy speech and for noise suppression.
    They hear 9 s at a time at 16 kHz, so the speech is resampled, and repeated if it is shorter.
    The windows advance by 1 s, and the scores are means over them. They agree with those of the
    package speechmos, which leaves out some windows of speech of 17 s or more by a rounding error.

    Parameters
    ----------
    deg : array_like, shape (n,)
        Coded speech at 8000 Hz, in [-1, 1], at least half a second.

    Returns
    -------
    Dnsmos
        The four scores.

    Raises
    ------
    ArgumentError
        If the array has another shape, is too short or silent, or leaves [-1, 1].
    MissingPackageError
        If the package ``speechmos`` or ``onnxruntime`` is not installed.

    References
    ----------
    .. [1] C. K. A. Reddy, V. Gopal and R. Cutler, "DNSMOS P.835: A non-intrusive perceptual
       objective speech quality metric to evaluate noise suppressors", Proc. ICASSP, 2022.
    .. [2] C. K. A. Reddy, V. Gopal and R. Cutler, "DNSMOS: A non-intrusive perceptual objective
       speech quality metric to evaluate noise suppressors", Proc. ICASSP, 2021.
    """
    p835, p808 = _session(_P835, "DNSMOS"), _session(_P808, "DNSMOS")
    y = _upsampled(deg, "DNSMOS")
    while len(y) < _WINDOW_LEN:
        y = np.concatenate([y, y])
    n_windows = max(len(y) // _RATE - 9, 1)  # as the authors count: the last second is left out
    windows = [y[i * _RATE :][:_WINDOW_LEN] for i in range(n_windows)]
    scores = [
        (*_run(p835, input_1=window[np.newaxis])[0], _run(p808, input_1=_mel(window))[0, 0])
        for window in windows
    ]
    sig, bak, ovrl, quality = np.array(scores, dtype=np.float64).T
    mapped = (np.polyval(_OVRL, ovrl), np.polyval(_SIG, sig), np.polyval(_BAK, bak), quality)
    return Dnsmos(*(float(np.mean(values)) for values in mapped))


def plcmos(deg: ArrayLike, *, n_raters: int = N_RATERS, seed: int = SEED) -> float:
    """Return PLCMOS, version 2: the quality of speech with concealed packet losses (1 .. 5) [1]_.

    The network imitates the scatter of listeners: it hears speech as a rater, who is a random
    vector. The score is the mean of several raters, the same ones for the same seed.

    Parameters
    ----------
    deg : array_like, shape (n,)
        Coded speech at 8000 Hz, in [-1, 1], at least half a second; it is resampled to 16 kHz.
    n_raters : int
        Number of raters [> 0]. One rater is about .06 away from the mean.
    seed : int
        Seed of the raters [>= 0].

    Returns
    -------
    float
        The predicted mean opinion score.

    Raises
    ------
    ArgumentError
        If the array has another shape, is too short or silent, or leaves [-1, 1], or if `n_raters`
        is not positive.
    MissingPackageError
        If the package ``speechmos`` or ``onnxruntime`` is not installed.

    References
    ----------
    .. [1] L. Diener, M. Purin, S. Sootla, A. Saabas, R. Aichner and R. Cutler, "PLCMOS -- a
       data-driven non-intrusive metric for the evaluation of packet loss concealment algorithms",
       Proc. Interspeech, 2023.
    """
    if n_raters < 1:
        raise ArgumentError(f"n_raters: expected at least 1, got {n_raters}")
    network = _session(_PLC, "PLCMOS")
    spectra = _log_spectra(_upsampled(deg, "PLCMOS"))
    raters = np.random.default_rng(seed).normal(size=(n_raters, 1, 64))
    scores = [_run(network, degraded_audio=spectra, rater_embed=rater) for rater in raters]
    return float(np.mean(scores, dtype=np.float64))


def _upsampled(deg: ArrayLike, what: str) -> F64:
    """Return speech (n,) at 16 kHz; refuse signals that the networks were not made for."""
    from scipy.signal import resample_poly

    y = np.asarray(deg, dtype=np.float64)
    if y.ndim != 1 or y.size < MIN_LEN:
        raise ArgumentError(
            f"{what}: expected at least {MIN_LEN} samples, shape (n,), got shape {y.shape}"
        )
    peak = np.abs(y).max()
    if not peak <= 1:  # nan, too
        raise ArgumentError(f"{what}: expected samples in [-1, 1], got {peak:g}")
    if not peak:
        raise ArgumentError(f"{what}: expected speech, got silence")
    return np.clip(resample_poly(y, UPSAMPLING, 1), -1, 1)


def _log_spectra(y: F64) -> F64:
    """Return the log magnitudes (1, 1, n_frames, 257) of speech (n,) at 16 kHz, for PLCMOS."""
    size, hop = 512, 256
    n_frames = -(-(len(y) + size - hop) // hop)
    padded = np.zeros((n_frames - 1) * hop + size)
    padded[size - hop :][: len(y)] = y
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    magnitude = np.abs(np.fft.rfft(frames * np.hamming(size + 1)[:-1]))
    power = np.square(magnitude)
    floor = power[power > 0].min() * 1e-12  # 120 dB below the least one
    return np.asarray(np.log(np.where(power > 0, power, floor)) / 20)[np.newaxis, np.newaxis]


def _mel(window: F64) -> F64:
    """Return the mel spectrogram (1, 900, 120) of a window at 16 kHz, for the P.808 network."""
    from scipy.signal import get_window

    size, hop = 321, 160
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(window[:-hop], size // 2), size)[::hop]
    power = np.square(np.abs(np.fft.rfft(frames * get_window("hann", size))))
    mel = np.maximum(power @ _mel_filters(size).T, 1e-10)
    db = 10 * np.log10(mel / mel.max())
    return np.asarray((np.maximum(db, -80.0) + 40) / 40)[np.newaxis]


@cache
def _mel_filters(size: int, n_mels: int = 120) -> F64:
    """Return triangular filters (n_mels, n_bins) of equal area from 0 to 8 kHz.

    The mel scale is that of the Auditory Toolbox [1]_: linear up to 1 kHz, then logarithmic.

    .. [1] M. Slaney, "Auditory Toolbox", Interval Research Corporation, 1998.
    """
    step, knee, ratio = 200 / 3, 15, np.log(6.4) / 27  # [Hz/mel], [mel], [1/mel]
    mel = np.linspace(0, knee + np.log(_RATE / 2 / (knee * step)) / ratio, n_mels + 2)
    hz = np.where(mel < knee, mel * step, knee * step * np.exp(ratio * (mel - knee)))
    low, centre, high = hz[:-2, np.newaxis], hz[1:-1, np.newaxis], hz[2:, np.newaxis]
    bins = np.fft.rfftfreq(size, 1 / _RATE)
    triangles = np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre))
    return np.asarray(np.maximum(triangles, 0) * 2 / (high - low))


def _run(network: Any, **inputs: Floats) -> Any:
    """Return the output of a network."""
    return network.run(None, {name: x.astype(np.float32) for name, x in inputs.items()})[0]


@cache
def _session(file: str, what: str) -> Any:
    """Load a network of the package speechmos once in a process."""
    folder = Path(load("speechmos", what, "mos").__path__[0])
    runtime = load("onnxruntime", what, "mos")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # one order of all sums
    return runtime.InferenceSession(folder / file, options, providers=["CPUExecutionProvider"])
