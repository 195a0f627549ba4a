import sys
import types

import numpy as np
import pytest
from scipy.signal import resample_poly

from celpvq.errors import ArgumentError, MissingPackageError
from celpvq.quality import dnsmos, no_reference, plcmos, score


@pytest.fixture
def clip(clips):
    return clips["flite-slt-en"]


@pytest.fixture
def networks():
    pytest.importorskip("onnxruntime")
    return pytest.importorskip("speechmos")


@pytest.fixture(params=[dnsmos, plcmos])
def measure(request, networks):
    return request.param


def noisy(clip, snr_db):
    noise = np.random.default_rng(1).normal(size=clip.size)
    return clip + noise * np.sqrt(np.mean(clip**2) / 10 ** (snr_db / 10))


@pytest.mark.usefixtures("networks")
def test_dnsmos_agrees_with_the_authors_program(clip):
    # speechmos 0.0.1.1 with librosa 0.11 gave these for the clip at 16 kHz (resample_poly)
    want = (2.5084, 2.8669, 3.6998, 3.0795)
    assert dnsmos(clip) == pytest.approx(want, abs=0.01)


def test_plcmos_agrees_with_the_authors_program(clip, networks, monkeypatch):
    from speechmos import plcmos as authors

    raters = iter(np.random.default_rng(7).normal(size=(3, 1, 64)))
    monkeypatch.setattr(authors.np.random, "normal", lambda size: next(raters))
    program = authors.PLCMOS(embed_rounds=3)
    want = program.get_mos(np.clip(resample_poly(clip, 2, 1), -1, 1))
    assert plcmos(clip, n_raters=3, seed=7) == pytest.approx(want, abs=1e-3)


def test_the_same_speech_has_the_same_score(measure, clip):
    assert measure(clip) == measure(clip.astype(np.float32).tolist())


@pytest.mark.usefixtures("networks")
def test_another_seed_hears_with_other_ears(clip):
    one, other = plcmos(clip, n_raters=2), plcmos(clip, n_raters=2, seed=2)
    assert one != other
    assert one == pytest.approx(other, abs=0.5)


@pytest.mark.usefixtures("networks")
def test_scores_fall_with_noise_and_with_gaps(clip):
    assert dnsmos(clip).bak > dnsmos(noisy(clip, 10)).bak + 0.5
    gaps = clip.copy()
    gaps.reshape(-1, 160)[::8] = 0
    assert plcmos(clip) > plcmos(gaps) + 0.5


@pytest.mark.usefixtures("networks")
def test_short_speech_is_repeated_for_dnsmos_and_long_speech_has_windows(clip, monkeypatch):
    seen = []
    run = no_reference._run
    monkeypatch.setattr(no_reference, "_run", lambda net, **x: (seen.append(x), run(net, **x))[1])
    dnsmos(clip[:8000])
    windows = [x["input_1"] for x in seen if x["input_1"].ndim == 2]
    [window] = {x.shape for x in windows}
    assert window == (1, 144160)
    assert len(windows) == 16 - 9  # a second repeated to 16 s, since it is doubled
    np.testing.assert_array_equal(windows[0], windows[1])


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (np.ones(3999), "expected at least 4000 samples"),
        (np.ones((2, 8000)), "expected at least 4000 samples"),
        (np.zeros(8000), "expected speech, got silence"),
        (np.full(8000, 1.5), r"expected samples in \[-1, 1\], got 1.5"),
        (np.full(8000, np.nan), r"expected samples in \[-1, 1\], got nan"),
    ],
)
def test_speech_that_the_networks_cannot_take_is_refused(measure, broken, message):
    with pytest.raises(ArgumentError, match=message):
        measure(broken)


@pytest.mark.usefixtures("networks")
def test_a_number_of_raters_below_one_is_refused(clip):
    with pytest.raises(ArgumentError, match="n_raters: expected at least 1, got 0"):
        plcmos(clip, n_raters=0)


@pytest.mark.parametrize("function", [dnsmos, plcmos])
@pytest.mark.parametrize("package", ["speechmos", "onnxruntime"])
def test_an_absent_package_is_named_with_its_extra(monkeypatch, function, package):
    no_reference._session.cache_clear()
    stand_in = types.ModuleType("speechmos")
    stand_in.__path__ = ["nowhere"]
    monkeypatch.setitem(sys.modules, "speechmos", stand_in)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackageError, match=rf"{package}: pip install celpvq\[mos\]"):
        function(np.ones(8000))


@pytest.mark.usefixtures("networks")
def test_all_scores_of_a_measure_are_told_or_are_nan(clip):
    names = ["dnsmos", "dnsmos_sig", "dnsmos_bak", "dnsmos_p808", "plcmos"]
    scores = score(clip, clip, ["dnsmos", "plcmos"])
    assert list(scores) == names
    assert list(scores.values()) == [*dnsmos(clip), plcmos(clip)]
    refused = score(clip, 0 * clip, ["dnsmos", "plcmos"])
    assert list(refused) == names
    assert np.isnan(list(refused.values())).all()
