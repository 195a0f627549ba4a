"""Arrays: `encode`, `decode`, `roundtrip`, `analyze`, and the public names."""

import inspect
import io
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
import soundfile

import celpvq
from celpvq.cli import main
from celpvq.errors import ArgumentError, ArgumentTypeError

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
def test_a_roundtrip_keeps_the_type_of_the_samples(dtype):
    x = hum(1000, 16000)
    x = (x * 32767 if "i" in dtype else x).astype(dtype)
    y = celpvq.roundtrip(x, 16000, preset="fast")
    assert (y.dtype, y.shape) == (np.dtype(dtype).newbyteorder("="), (1000,))
    assert np.abs(y.astype(float)).max() > 0
    stereo = celpvq.roundtrip(np.stack([x, x]), 16000, preset="fast", axis=0)
    np.testing.assert_array_equal(stereo, y)


def test_outputs_of_all_types_are_the_same_samples():
    data = celpvq.encode(hum(1000), 8000)
    y, _ = celpvq.decode(data, dtype="int16")
    assert y.dtype == np.int16
    for dtype in ("float32", "float64", np.float32):
        z, _ = celpvq.decode(data, 8000, dtype)
        assert z.dtype == dtype
        np.testing.assert_array_equal(z * 32768, y)


def test_the_arguments_reach_the_codec():
    x = np.random.default_rng(0).normal(size=4000).clip(-3, 3) / 8 + 0.2
    data = celpvq.encode(x, 8000, mode="4800", preset="fast")
    assert celpvq.info(data).mode == 4800
    assert celpvq.encode(x, 8000, 4800, "fast", highpass=False) != data
    assert celpvq.encode(x, 8000, 4800, "best") != data
    assert (celpvq.decode(data, enhancement=False)[0] != celpvq.decode(data)[0]).any()
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
        ({"samplerate": "int16"}, TypeError),
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
    with celpvq.SpeechWriter(io.BytesIO(), axis=0) as stream:
        stream.write([[0.0]])
        for call in (stream.write, lambda x: celpvq.roundtrip(x, 8000, axis=0)):
            with pytest.raises(celpvq.ArgumentError, match=r"x: .*inhomogeneous"):
                call(ragged)


@pytest.mark.parametrize("dtx", [False, True])
@pytest.mark.parametrize("samplerate", [8000, 16000, 44100, 5512])
def test_a_roundtrip_without_losses_is_encode_and_decode(clips, samplerate, dtx):
    clip = clips["espeak-f-fr"][:9001]
    x = np.concatenate([clip, np.zeros(8000), clip])
    options = {"mode": 5600, "preset": "fast", "highpass": False, "dtx": dtx}
    y, _ = celpvq.decode(
        celpvq.encode(x, samplerate, **options), samplerate, "float64", enhancement=False
    )
    z = celpvq.roundtrip(x, samplerate, **options, enhancement=False)
    np.testing.assert_array_equal(y, z)


def test_a_roundtrip_draws_other_losses_in_every_call_unless_there_is_a_seed(clips):
    x = clips["espeak-f-fr"][:16000]
    for options in ({"loss": 0.2}, {"loss": 0.2, "burst": 3}, {"ber": 1e-2}):
        call = partial(celpvq.roundtrip, x, 8000, preset="fast", **options)
        assert (call() != call()).any()
        np.testing.assert_array_equal(call(seed=7), call(seed=7))
        assert (call(seed=7) != call(seed=8)).any()


def test_a_seed_gives_the_losses_and_bit_errors_of_the_channel_command(clips, tmp_path):
    x = clips["espeak-f-fr"][:16000]
    (tmp_path / "a.cvq").write_bytes(celpvq.encode(x, 8000, preset="fast"))
    paths = [str(tmp_path / "a.cvq"), str(tmp_path / "a.wav")]
    options = ["--loss", "10", "--burst", "2", "--ber", "1e-3", "--seed", "5", "-q"]
    assert main(["channel", *paths, *options]) == 0
    y, _ = soundfile.read(paths[1])
    z = celpvq.roundtrip(x, 8000, preset="fast", loss=0.1, burst=2, ber=1e-3, seed=5)
    np.testing.assert_array_equal(y, z)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"loss": 1.5}, ValueError), ({"loss": np.nan}, ValueError), ({"loss": "1"}, TypeError),
        ({"burst": 0.5}, ValueError), ({"ber": -1}, ValueError), ({"ber": np.nan}, ValueError),
        ({"ber": "1"}, TypeError), ({"seed": -1}, ValueError), ({"seed": "1"}, TypeError),
        ({"seed": 1.5, "ber": 0.1}, TypeError),
    ],
)  # fmt: skip
def test_a_channel_that_cannot_be_is_refused(options, error):
    with pytest.raises(celpvq.CelpvqError, match=rf"^({'|'.join([*options, 'rate'])}): ") as caught:
        celpvq.roundtrip([0.0], 8000, preset="fast", **options)
    assert isinstance(caught.value, error)


def test_an_analysis_has_a_row_for_each_packet(clips):
    x = np.concatenate([clips["espeak-f-fr"][:8001], np.zeros(8000)])
    found = celpvq.analyze(x, 16000, 4800, "fast")
    packets = celpvq.read_packets(celpvq.encode(x, 16000, 4800, "fast", dtx=True))
    lengths = {"speech": 12, "sid": 2, "no_data": 0}
    assert [lengths[name] for name in found.type] == list(map(len, packets))
    assert set(found.type[~found.active]) >= {"sid", "no_data"}
    assert not found.active[found.type != "speech"].any()
    assert found.lsf.shape == (len(packets), 10)
    assert (np.diff(found.lsf) > 0).all()
    assert ((found.lag >= 20) & (found.lag <= 143)).all()


def test_the_layers_have_one_order_of_arguments():
    def names(call):
        return [
            name for name, p in inspect.signature(call).parameters.items()
            if p.kind is p.POSITIONAL_OR_KEYWORD
        ][1:]  # fmt: skip

    for call in (celpvq.encode, celpvq.roundtrip, celpvq.analyze, celpvq.encode_batch,
                 celpvq.encode_stream, celpvq.SpeechWriter):  # fmt: skip
        assert names(call) == ["samplerate", "mode", "preset"]
    for call in (celpvq.decode, celpvq.decode_batch, celpvq.decode_stream, celpvq.SpeechReader):
        assert names(call) == ["samplerate", "dtype"]
        parameters = inspect.signature(call).parameters
        assert (parameters["samplerate"].default, parameters["dtype"].default) == (8000, "float32")
    assert str(inspect.signature(celpvq.Decoder)).startswith(
        "(samplerate: int = 8000, dtype: str = 'float32', *"
    )


def test_the_number_of_processes_that_compile_is_positive():
    with pytest.raises(ArgumentError, match="jobs: expected at least 1, got 0"):
        celpvq.warmup(jobs=0)
    with pytest.raises(ArgumentTypeError, match=r"jobs: expected an int, got 1\.5"):
        celpvq.warmup(jobs=1.5)


def test_names_are_lazy_and_complete():
    for name in celpvq.__all__:
        assert getattr(celpvq, name) is not None
        assert name in dir(celpvq)
    with pytest.raises(AttributeError, match="no attribute 'flac'"):
        celpvq.flac  # noqa: B018


def test_importing_is_cheap_and_8_khz_needs_no_resampler():
    code = """
import sys
import celpvq, celpvq.cli
heavy = {"numpy", "numba", "scipy", "soundfile"} & set(sys.modules)
celpvq.warmup()
celpvq.decode(celpvq.encode([0.0], 8000))
print(heavy, {"scipy.signal", "soundfile"} & set(sys.modules))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "set() set()\n"
