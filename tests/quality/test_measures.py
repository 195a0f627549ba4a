import subprocess
import sys
import types
import warnings

import numpy as np
import pytest
from scipy.signal import freqz

from celpvq.errors import ArgumentError, MissingPackageError
from celpvq.quality import (
    estoi,
    lpc_spectral_distortion,
    pesq_nb,
    score,
    segmental_snr,
    spectral_distortion,
    visqol,
)
from celpvq.quality import perceptual as perceptual_module

PERCEPTUAL = {"pesq": pesq_nb, "estoi": estoi, "visqol": visqol}


@pytest.fixture
def clip(clips):
    return clips["flite-slt-en"]


@pytest.fixture(params=PERCEPTUAL)
def perceptual(request):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of packages that are being imported
        pytest.importorskip({"estoi": "pystoi"}.get(request.param, request.param))
    return PERCEPTUAL[request.param]


def noisy(clip, snr_db):
    noise = np.random.default_rng(1).normal(size=clip.size)
    return clip + noise * np.sqrt(np.mean(clip**2) / 10 ** (snr_db / 10))


def polynomials(lsf):
    """The slow way from line spectral frequencies to the predictor."""
    p = np.poly(np.r_[-1, np.exp(1j * lsf[0::2]), np.exp(-1j * lsf[0::2])])
    q = np.poly(np.r_[1, np.exp(1j * lsf[1::2]), np.exp(-1j * lsf[1::2])])
    return ((p + q) / 2).real[1:-1]


def random_lsf(rng, n_frames):
    steps = rng.uniform(0.3, 1.7, size=(n_frames, 11))
    return np.pi * np.cumsum(steps, axis=1)[:, :10] / steps.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("band_hz", [(0, 4000), (125, 3400)])
def test_spectral_distortion_agrees_with_the_responses_of_both_filters(band_hz):
    rng = np.random.default_rng(2)
    a = random_lsf(rng, 5)
    b = np.sort(a + rng.normal(scale=0.02, size=a.shape), axis=1)
    grid = np.linspace(*band_hz, 4001)[:-1]
    difference = [
        20
        * np.log10(
            np.abs(np.divide(*(freqz(1, np.r_[1, polynomials(v)], grid, fs=8000)[1] for v in pair)))
        )
        for pair in zip(a, b, strict=True)
    ]
    naive = np.sqrt(np.mean(np.square(difference), axis=1))
    np.testing.assert_allclose(spectral_distortion(a, b, band_hz), naive, rtol=0.02)
    lpc, lpc_q = ([polynomials(v) for v in lsf] for lsf in (a, b))
    np.testing.assert_allclose(
        lpc_spectral_distortion(lpc, lpc_q, band_hz), spectral_distortion(a, b, band_hz), rtol=1e-6
    )


def test_spectral_distortion_of_a_louder_pole_is_local():
    a = np.arange(1, 11)[np.newaxis] * np.pi / 11
    b = a.copy()
    b[0, 1] -= 0.1  # sharpens the peak between the first two, near 545 Hz
    low, high = spectral_distortion(a, b, (0, 1500)), spectral_distortion(a, b, (2500, 4000))
    assert low > 10 * high > 0


@pytest.mark.parametrize("lsf_q", [np.ones((2, 10)), np.ones((3, 8)), np.ones(10)])
def test_spectral_distortion_refuses_shapes_that_differ(lsf_q):
    with pytest.raises(ArgumentError, match="one shape"):
        spectral_distortion(np.ones((3, 10)), lsf_q)


def test_spectral_distortion_refuses_odd_orders_and_empty_bands():
    with pytest.raises(ArgumentError, match="even order"):
        spectral_distortion(np.ones((1, 9)), np.ones((1, 9)))
    with pytest.raises(ArgumentError, match="low < high"):
        spectral_distortion(np.ones((1, 10)), np.ones((1, 10)), (3000, 2000))


def test_segmental_snr_of_steady_noise_is_its_ratio():
    x = np.sin(np.arange(16000) * 2 * np.pi * 200 / 8000)
    error = np.tile([1.0, -1.0], 8000) * np.sqrt(0.5) / 10  # 20 dB below in every segment
    assert segmental_snr(x, x + error) == pytest.approx(20, abs=1e-9)
    assert segmental_snr(3 * x, 3 * (x + error)) == pytest.approx(20, abs=1e-9)


def test_segmental_snr_is_limited_and_ignores_pauses():
    x = np.zeros(3200)
    x[:1600] = np.sin(np.arange(1600))
    y = x.copy()
    y[1600:] = 0.5  # where nothing is said
    assert segmental_snr(x, y) == 35
    assert segmental_snr(x, x - 100 * np.cos(np.arange(3200))) == -10
    assert np.isnan(segmental_snr(np.zeros(3200), x))
    assert np.isnan(segmental_snr(x[:100], x[:100]))


@pytest.mark.parametrize(
    ("ref", "deg"),
    [(np.ones(9), np.ones(8)), (np.ones((2, 9)), np.ones((2, 9))), ([], []), ([1, np.nan], [1, 1])],
)
def test_pairs_that_do_not_fit_are_refused(ref, deg):
    with pytest.raises(ArgumentError, match="ref, deg: expected"):
        segmental_snr(ref, deg)


def test_perceptual_measures_fall_as_noise_rises(perceptual, clip):
    scores = [perceptual(clip, noisy(clip, snr)) for snr in (60, 20, 5)]
    assert perceptual(clip, clip) >= scores[0] > scores[1] > scores[2]


def test_identical_speech_gets_the_top_score(clip):
    pytest.importorskip("pesq")
    assert pesq_nb(clip, clip) == pytest.approx(
        4.549, abs=0.001
    )  # the end of the mapping of P.862.1
    assert estoi(clip, clip) == pytest.approx(1)


@pytest.mark.parametrize("broken", [np.zeros(8000), np.full(100, 0.1)])
def test_perceptual_measures_refuse_what_is_no_speech(perceptual, broken):
    with pytest.raises(ArgumentError, match=r"expected|Buffer"):
        perceptual(broken, broken)


@pytest.mark.parametrize(
    ("measure", "package"),
    [(pesq_nb, "pesq"), (estoi, "pystoi"), (visqol, "visqol"), (visqol, "ai_edge_litert")],
)
def test_an_absent_package_is_named_with_its_extra(monkeypatch, measure, package):
    perceptual_module._visqol_model.cache_clear()
    monkeypatch.setitem(sys.modules, "ai_edge_litert", types.ModuleType("stand-in"))
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackageError, match=rf"{package}.*pip install celpvq\[quality\]"):
        measure(np.ones(8000), np.ones(8000))


def test_a_refused_signal_scores_nan(clip):
    assert np.isnan(score(clip * 0, clip, ["segsnr"])["segsnr"])
    pytest.importorskip("pesq")
    assert np.isnan(score(clip, clip * 0, ["pesq"])["pesq"])


def test_the_demo_s_options_are_parsed_without_any_numerical_package():
    code = (
        "import argparse, sys; from celpvq.cli import demo\n"
        "demo.add_arguments(argparse.ArgumentParser())\n"
        "heavy = {'numpy', 'numba', 'scipy', 'matplotlib', 'soundfile'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert (
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True
        ).stdout.strip()
        == "[]"
    )
