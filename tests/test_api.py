import io
import subprocess
import sys

import numpy as np
import pytest

import celpvq

every_rate = pytest.mark.parametrize("samplerate", [4000, 8000, 11025, 16000, 44100, 48000, 192000])


def hum(n, samplerate=8000):
    return 0.3 * np.sin(2 * np.pi * 150 * np.arange(n) / samplerate)


@every_rate
@pytest.mark.parametrize("n", [1, 2, 159, 160, 161, 5003])
def test_lengths_are_exact(samplerate, n):
    data = celpvq.encode(hum(n, samplerate), samplerate, preset="fast")
    y, rate = celpvq.decode(data)
    assert (len(y), rate) == (round(n * 8000 / samplerate), 8000)
    y, rate = celpvq.decode(data, samplerate=samplerate)
    assert (len(y), rate) == (n, samplerate)
    assert len(celpvq.decode(data, samplerate=32000)[0]) == round(n * 32000 / samplerate)


@pytest.mark.parametrize("samplerate", [8000, 16000, 44100])
def test_the_output_is_aligned_with_the_input(clips, samplerate):
    from celpvq.audio import Resampler

    clip = next(iter(clips.values()))[:24000]
    resampler = Resampler(8000, samplerate)
    x = np.concatenate([resampler.write(clip), resampler.flush()])
    y = celpvq.roundtrip(x, samplerate, 8000)
    lags = range(-20, 21)
    match = [np.dot(x[20:-20], y[20 + lag : len(y) - 20 + lag]) for lag in lags]
    assert abs(lags[int(np.argmax(match))]) <= samplerate / 16000  # half a sample at 8 kHz


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int16", ">i2", ">f4"])
def test_a_roundtrip_gives_back_the_kind_that_it_got(dtype):
    x = hum(1000, 16000)
    x = (x * 32767 if "i" in dtype else x).astype(dtype)
    y = celpvq.roundtrip(x, 16000, preset="fast")
    assert (y.dtype, y.shape) == (np.dtype(dtype).newbyteorder("="), (1000,))
    assert np.abs(y.astype(float)).max() > 0
    stereo = celpvq.roundtrip(np.stack([x, x]), 16000, preset="fast", axis=0)
    np.testing.assert_array_equal(stereo, y)


def test_outputs_of_all_types_are_the_same_samples():
    data = celpvq.encode(hum(1000), 8000)
    y, _ = celpvq.decode(data, "int16")
    assert y.dtype == np.int16
    for dtype in ("float32", "float64", np.float32):
        z, _ = celpvq.decode(data, dtype)
        assert z.dtype == dtype
        np.testing.assert_array_equal(z * 32768, y)


def test_the_arguments_reach_the_codec():
    x = np.random.default_rng(0).normal(size=4000).clip(-3, 3) / 8 + 0.2
    data = celpvq.encode(x, 8000, mode="4800", preset="fast")
    assert celpvq.info(data).mode == 4800
    assert celpvq.encode(x, 8000, 4800, "fast", highpass=False) != data
    assert celpvq.encode(x, 8000, 4800, "best") != data
    assert (celpvq.decode(data, postfilter=False)[0] != celpvq.decode(data)[0]).any()
    assert [mode.bitrate for mode in celpvq.modes()] == [4800, 5600, 6400, 7200, 8000]


@pytest.mark.filterwarnings("ignore::celpvq.errors.ClippingWarning")
def test_loud_and_odd_input_is_coded():
    n = 4000
    square = np.sign(hum(n))
    odd = [
        np.zeros(n),
        np.ones(n),
        square,
        square * 1e30,
        np.full(n, 1e-30),
        np.full(n, -32768, "i2"),
    ]
    for x in odd:
        for rate in (8000, 48000):
            y, _ = celpvq.decode(celpvq.encode(x, rate, preset="fast"))
            assert np.isfinite(y).all()
            assert np.abs(y).max() <= 1
    assert celpvq.encode(square * 1e30, 8000) == celpvq.encode(square, 8000)


@pytest.mark.parametrize(
    ("x", "options", "message"),
    [
        ([], {}, "at least one sample"),
        ([np.nan], {}, "finite"),
        ([0.0, -np.inf], {}, "finite"),
        (np.zeros((8, 2)), {}, "axis"),
        (
            np.zeros(8),
            {"mode": 1234},
            "expected one of 4800, 5600, 6400, 7200, 8000 bit/s, got 1234",
        ),
        (np.zeros(8), {"preset": "slow"}, "slow"),
        (np.zeros(8), {"samplerate": 0}, "samplerate"),
        (np.zeros(8), {"samplerate": -8000}, "samplerate"),
        (np.zeros(8), {"samplerate": 8000.5}, "samplerate"),
        (np.zeros(8, np.int32), {}, "int16, got int32"),
        ("speech.wav", {}, "got <U"),
    ],
)
def test_bad_input_is_refused(x, options, message):
    for use in (celpvq.encode, celpvq.roundtrip, celpvq.analyze):
        with pytest.raises(celpvq.CelpvqError, match=message) as caught:
            use(x, **({"samplerate": 8000} | options))
        assert isinstance(caught.value, (ValueError, TypeError))
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"dtype": "int32"}, ValueError),
        ({"dtype": None}, ValueError),
        ({"dtype": "noise"}, ValueError),
        ({"samplerate": 0}, ValueError),
        ({"samplerate": "8000"}, TypeError),
        ({"data": b"RIFF"}, ValueError),
        ({"data": b""}, ValueError),
        ({"data": "speech.cvq"}, TypeError),
        ({"data": b"\x89CVQ\1"}, EOFError),
    ],
)
def test_bad_requests_to_decode_are_refused(options, kind):
    arguments = {"data": celpvq.encode([0.0], 8000)} | options
    with pytest.raises(celpvq.CelpvqError) as caught:
        celpvq.decode(**arguments)
    assert isinstance(caught.value, kind)


def test_ragged_samples_are_refused():
    ragged = [[0.0], [0.0, 1.0]]
    with celpvq.StreamWriter(io.BytesIO(), axis=0) as stream:
        stream.write([[0.0]])
        for call in (stream.write, lambda x: celpvq.roundtrip(x, 8000, axis=0)):
            with pytest.raises(celpvq.ArgumentError, match=r"x: .*inhomogeneous"):
                call(ragged)


def test_names_are_lazy_and_complete():
    for name in celpvq.__all__:
        assert getattr(celpvq, name) is not None
        assert name in dir(celpvq)
    with pytest.raises(AttributeError, match="no attribute 'flac'"):
        celpvq.flac  # noqa: B018


def test_importing_is_cheap_and_8_khz_needs_no_resampler():
    code = """
import sys, time
start = time.perf_counter(); import celpvq; import celpvq.cli; took = time.perf_counter() - start
heavy = {"numpy", "numba", "scipy", "soundfile"} & set(sys.modules)
celpvq.warmup()
celpvq.decode(celpvq.encode([0.0], 8000))
print(took < 0.3, heavy, {"scipy.signal", "soundfile"} & set(sys.modules))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "True set() set()\n"
