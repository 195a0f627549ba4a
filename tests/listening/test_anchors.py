import numpy as np
import pytest
from scipy import signal

from celpvq.errors import ArgumentError
from celpvq.listening import active_level, low_pass, mnru
from celpvq.listening.anchors import parse


def test_mnru_noise_has_its_level_and_follows_the_speech(clips):
    x = clips["flite-slt-en"] - clips["flite-slt-en"].mean()
    for q_db in (0, 15, 30):
        noise = mnru(x, q_db, seed=1) - x
        assert 10 * np.log10((x @ x) / (noise @ noise)) == pytest.approx(q_db, abs=0.5)
        np.testing.assert_array_equal(noise[x == 0], 0)
    loud = np.abs(x) > 0.1
    ratio = (mnru(x, 20, seed=2) - x)[loud] / x[loud]  # Gaussian of mean 0, 20 dB below
    assert ratio.std() == pytest.approx(0.1, rel=0.05)
    assert abs(ratio.mean()) < 4 * ratio.std() / np.sqrt(ratio.size)


def test_mnru_is_repeatable_and_removes_the_mean():
    x = np.random.default_rng(0).normal(size=800) + 0.5
    np.testing.assert_array_equal(mnru(x, 10, seed=1), mnru(x, 10, seed=1))
    assert not np.array_equal(mnru(x, 10, seed=1), mnru(x, 10, seed=2))
    np.testing.assert_allclose(mnru(x, 300), x - x.mean(), atol=1e-12)


@pytest.mark.parametrize("x", [[], [[1.0]], [np.nan]])
def test_mnru_refuses_what_is_not_sound(x):
    with pytest.raises(ArgumentError, match="finite samples"):
        mnru(x, 10)
    with pytest.raises(ArgumentError, match="q_db"):
        mnru([1.0], np.inf)


def test_low_pass_keeps_what_lies_below_its_edge_without_delay():
    t = np.arange(8000) / 8000
    low, high = np.sin(2 * np.pi * 800 * t), np.sin(2 * np.pi * 2400 * t)
    y = low_pass(low + high, 1500)
    inside = slice(400, -400)
    np.testing.assert_allclose(y[inside], low[inside], atol=0.01)


@pytest.mark.parametrize(
    "text", ["", "lowpass", "lowpass:4000", "lowpass:nan", "mnru:x", "mnru:99", "other:3"]
)
def test_other_anchors_are_refused(text):
    with pytest.raises(ArgumentError, match=r"anchor: expected lowpass:HZ"):
        parse(text)


def test_anchors_have_names():
    assert [parse(t).name for t in ("lowpass:1500", "mnru:-2.5")] == [
        "low-pass 1500 Hz", "MNRU -2.5 dB",
    ]  # fmt: skip


def test_the_active_level_does_not_count_pauses(clips):
    x = clips["flite-awb-en"]
    alone = active_level(x)
    assert alone == pytest.approx(-26, abs=1.5)  # of the clip, by a simpler rule
    with_pause = np.concatenate([x, np.zeros(5 * x.size)])
    assert active_level(with_pause) == pytest.approx(alone, abs=0.3)
    assert active_level(0.1 * x) == pytest.approx(alone - 20, abs=0.2)


def test_the_active_level_of_steady_sound_is_its_level():
    x = 0.1 * signal.lfilter([1], [1, -0.9], np.random.default_rng(0).normal(size=40000))
    assert active_level(x) == pytest.approx(10 * np.log10(np.mean(x**2)), abs=0.1)


def test_silence_has_no_active_level():
    with pytest.raises(ArgumentError, match="not all 0"):
        active_level(np.zeros(100))
