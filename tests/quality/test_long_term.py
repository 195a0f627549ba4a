import numpy as np
import pytest
from scipy.signal import firwin2, lfilter

from celpvq.errors import ArgumentError
from celpvq.quality import largest_step, score, third_octaves
from celpvq.quality.long_term import THIRD_OCTAVES

CENTRES = np.array(list(THIRD_OCTAVES))


def noise(n=80000):
    return 0.1 * np.random.default_rng(1).normal(size=n)


def test_a_gain_shows_in_every_band():
    x = noise()
    np.testing.assert_allclose(third_octaves(x, 2 * x), 20 * np.log10(2), atol=1e-3)
    np.testing.assert_allclose(third_octaves(x, x), 0, atol=1e-12)


def test_bands_are_those_of_the_standard():
    exact = 1000 * 10 ** (np.array(list(THIRD_OCTAVES.values())) / 10)
    np.testing.assert_allclose(CENTRES, exact, rtol=0.02)
    assert len(CENTRES) == 13
    t = np.arange(16000) / 8000
    for i, centre in enumerate(exact):
        for hz in centre * 10 ** np.array([-0.045, 0.045]):  # near both edges
            x = noise(16000) * 1e-3
            change = third_octaves(x, x + np.sin(2 * np.pi * hz * t))
            assert np.argmax(change) == i


def test_a_filter_shows_as_its_response():
    x = noise()
    gain = np.array([0.0, 0.0, 6.0, 6.0, -6.0, -6.0])
    taps = firwin2(301, [0, 450, 600, 1100, 1500, 4000], 10 ** (gain / 20), fs=8000)
    change = third_octaves(x, lfilter(taps, 1, x))
    np.testing.assert_allclose(change[CENTRES <= 315], 0, atol=0.3)
    np.testing.assert_allclose(change[(CENTRES >= 800) & (CENTRES <= 1000)], 6, atol=0.3)
    np.testing.assert_allclose(change[CENTRES >= 2000], -6, atol=0.3)


def test_a_band_that_is_empty_in_both_is_unchanged():
    x = np.sin(np.arange(8000) * 2 * np.pi * 1000 / 8000)
    assert np.abs(third_octaves(x, x + 1e-7 * noise(8000))).max() < 0.1


def test_a_click_is_a_step_and_a_level_counts():
    x = np.sin(np.arange(8000) * 2 * np.pi * 100 / 8000)
    own = np.abs(np.diff(x)).max()
    y = x.copy()
    y[4000:] += 0.5
    assert largest_step(x, x) == 0
    assert largest_step(x, 0.5 * x) == pytest.approx(-6.0206, abs=1e-4)
    assert largest_step(x, y) == pytest.approx(20 * np.log10((own + 0.5) / own), abs=0.1)


def test_signals_without_a_spectrum_or_a_step_are_refused():
    x = noise(8000)
    with pytest.raises(ArgumentError, match="at least 2000 samples, got 1999"):
        third_octaves(x[:1999], x[:1999])
    for ref, deg in ((x, 0 * x), (0 * x, x)):
        with pytest.raises(ArgumentError, match="expected speech, got silence"):
            third_octaves(ref, deg)
        with pytest.raises(ArgumentError, match="expected signals that vary"):
            largest_step(ref, deg)
    refused = score(x, 0 * x, ["step", "bands"])
    assert list(refused) == ["step", *(f"level_{hz}" for hz in CENTRES)]
    assert np.isnan(list(refused.values())).all()


def test_an_unknown_measure_is_refused():
    with pytest.raises(ArgumentError, match=r"measures: expected some of pesq, .*, got 'loudness'"):
        score(noise(8000), noise(8000), ["loudness"])
