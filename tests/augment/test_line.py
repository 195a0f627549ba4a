"""Telephone lines: the contract of shapes, levels and times, the draws, and the signal path."""

import dataclasses
import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
from inputs import level_db

import celpvq
from celpvq import VariableRate
from celpvq.audio import Resampler
from celpvq.augment import Choice, DrawnLine, LogUniform, TelephoneLine, Uniform, band
from celpvq.errors import ArgumentError, ArgumentTypeError

BUSY = TelephoneLine(
    mode=Choice([4800, 6400, 8000]),
    loss=Choice([0.0, Uniform(0.01, 0.1)]),
    burst=Choice([None, 3]),
    ber=LogUniform(1e-5, 1e-3),
    bit_burst=Choice([None, 20.0], weights=[3, 1]),
    dtx=Choice([False, True]),
    n_codings=Choice([1, 2]),
    low_hz=Uniform(200, 400),
    high_hz=Choice([None, Uniform(3000, 3700)]),
    level_db=Choice([None, Uniform(-40, -16)]),
)


def at(x, samplerate):
    """`x` (n,) at 8 kHz as float32 at another rate."""
    resampler = Resampler(8000, samplerate)
    return np.concatenate([resampler.write(x), resampler.flush()]).astype(np.float32)


@pytest.fixture(scope="module")
def speech(clips):
    """Three seconds of a voice, with a peak of 0.5."""
    x = clips["espeak-f-fr"][:24000]
    return x * (0.5 / np.abs(x).max())


def lag(x, y):
    """By how many samples y is later than x."""
    n = 2 * len(x)
    correlation = np.fft.irfft(np.fft.rfft(y, n) * np.conj(np.fft.rfft(x, n)), n)
    k = int(correlation.argmax())
    return k if k < len(x) else k - n


# shapes, levels, times ----------------------------------------------------------------------------


@pytest.mark.parametrize("samplerate", [8000, 16000, 44100, 48000])
@pytest.mark.parametrize("peak", [0.1, 3.0])
@pytest.mark.parametrize("line", [TelephoneLine(), TelephoneLine(low_hz=300, high_hz=3400)])
def test_speech_keeps_its_length_place_and_level(speech, samplerate, peak, line):
    x = at(speech, samplerate)
    x *= peak / np.abs(x).max()
    y = line(x, samplerate, seed=1)
    assert (y.shape, y.dtype) == (x.shape, np.float32)
    assert abs(lag(x, y)) / samplerate < 30e-6  # the enhancement changes the phase a little
    kept = DrawnLine(modes=[], low_hz=line.low_hz, high_hz=line.high_hz)(x, samplerate)
    assert level_db(y) == pytest.approx(level_db(kept), abs=1)
    assert np.abs(y).max() == pytest.approx(np.abs(kept).max(), rel=0.3)


@pytest.mark.parametrize("n", [0, 1, 2, 5, 10, 79, 159, 160, 161])
@pytest.mark.parametrize("samplerate", [4000, 8000, 16000, 44100, 192000])
def test_any_length_is_kept(n, samplerate):
    x = np.sin(0.2 * np.arange(n))
    for line in (TelephoneLine(), BUSY):
        y = line(x, samplerate, seed=n)
        assert (y.shape, y.dtype) == ((n,), np.float64)
        assert np.isfinite(y).all()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f4", "int16", ">i2"])
def test_the_type_is_kept(speech, dtype):
    x = speech[:4000]
    x = (x * 32768 if np.dtype(dtype).kind == "i" else x).astype(dtype)
    y = TelephoneLine(low_hz=None)(x, 8000, seed=1)
    assert y.dtype == np.dtype(dtype).newbyteorder("=")
    scale = 32768 if y.dtype.kind == "i" else 1
    expected = celpvq.roundtrip(x.astype(y.dtype), 8000, preset="fast", highpass=False)
    np.testing.assert_allclose(y / scale, expected / scale, atol=1 / 32768)


def test_each_channel_is_a_line_with_the_same_parameters(speech):
    left, right = speech[:8000], speech[8000:16000]
    line = TelephoneLine(loss=0.2).draw(3)
    both = line(np.stack([left, right]), 8000)
    np.testing.assert_array_equal(both[0], line(left, 8000))
    twice = line(np.stack([left, left]), 8000)
    assert (twice[0] != twice[1]).any()  # its losses are its own
    clean = TelephoneLine()(np.stack([left, left, right]), 8000, seed=1)
    np.testing.assert_array_equal(clean[0], clean[1])
    np.testing.assert_array_equal(clean[2], TelephoneLine()(right, 8000, seed=5))


def test_the_layout_of_the_memory_does_not_matter(speech):
    stereo = np.stack([speech[:4000], speech[4000:8000]])
    line = TelephoneLine().draw(1)
    expected = line(stereo, 8000)
    np.testing.assert_array_equal(line(np.asfortranarray(stereo), 8000), expected)
    np.testing.assert_array_equal(line(stereo.T.copy().T, 8000), expected)
    np.testing.assert_array_equal(line(np.repeat(stereo, 2, axis=1)[:, ::2], 8000), expected)
    np.testing.assert_array_equal(line(stereo[:1], 8000), expected[:1])


@pytest.mark.parametrize("shape", [(0,), (1, 0), (2, 0), (0, 100), (40, 0)])
def test_nothing_comes_back_as_nothing(shape):
    y = BUSY(np.zeros(shape, np.float32), 16000, seed=1)
    assert (y.shape, y.dtype) == (shape, np.float32)


def test_the_samples_themselves_stay_as_they_are(speech):
    x = (3 * speech[:4000]).astype(np.float32)
    before = x.copy()
    for line in (BUSY, TelephoneLine(p=0), TelephoneLine(n_codings=0, low_hz=None)):
        assert not np.shares_memory(line(x, 8000, seed=1), x)
        np.testing.assert_array_equal(x, before)


def test_silence_and_tiny_signals_keep_their_size():
    line = TelephoneLine(level_db=-20, low_hz=300)
    for amplitude in (0.0, 1e-320, 1e-30, 1e-9):
        y = line(amplitude * np.sin(np.arange(4000)), 8000, seed=1)
        assert np.abs(y).max() < 1e-3


def test_no_level_clips(speech):
    clean = TelephoneLine()(speech, 8000, seed=1)
    for gain in (1.5, 2.0, 30.0, 1e6):
        y = TelephoneLine()(gain * speech, 8000, seed=1) / gain
        error = np.mean((y - clean) ** 2)
        assert error < 0.1 * np.mean(clean**2)
        assert level_db(y) == pytest.approx(level_db(clean), abs=0.5)


def test_loud_integers_stop_at_full_scale(speech):
    x = np.clip(np.rint(speech * 6 * 32768), -32768, 32767).astype(np.int16)
    y = TelephoneLine()(x, 8000, seed=1)
    expected = TelephoneLine()(x / 32768, 8000, seed=1)
    assert np.abs(expected).max() > 1
    np.testing.assert_allclose(y / 32768, np.clip(expected, -1, 1), atol=1 / 32768)


# the signal path ----------------------------------------------------------------------------------


@pytest.mark.parametrize("samplerate", [8000, 16000, 48000])
@pytest.mark.parametrize("options", [{}, {"mode": 4800}, {"preset": "default"}, {"dtx": True}])
def test_a_plain_line_is_a_roundtrip(speech, samplerate, options):
    x = at(speech, samplerate)
    expected = celpvq.roundtrip(x, samplerate, **({"preset": "fast"} | options), highpass=False)
    line = TelephoneLine(**options, low_hz=None)
    np.testing.assert_array_equal(line(x, samplerate, seed=9), expected)


def test_a_second_coding_follows_the_first(speech):
    once = DrawnLine(modes=[8000])(speech, 8000)
    np.testing.assert_array_equal(
        DrawnLine(modes=[8000, 4800])(speech, 8000),
        DrawnLine(modes=[4800], low_hz=None)(once, 8000),
    )


def test_losses_and_bit_errors_are_those_of_the_channel(speech):
    drawn = TelephoneLine(loss=0.2, burst=3, ber=1e-2, bit_burst=10).draw(4)
    y = drawn(speech, 8000)
    np.testing.assert_array_equal(y, drawn(speech, 8000))
    lossy = dataclasses.replace(drawn, ber=0.0)(speech, 8000)
    noisy = dataclasses.replace(drawn, loss=0.0)(speech, 8000)
    clean = DrawnLine()(speech, 8000)
    single = dataclasses.replace(drawn, bit_burst=None)(speech, 8000)
    other = dataclasses.replace(drawn, seed=5)(speech, 8000)
    versions = [y, lossy, noisy, clean, single, other]
    assert len({version.tobytes() for version in versions}) == len(versions)
    frames = np.abs(lossy - clean)[: 160 * (len(clean) // 160)].reshape(-1, 160).max(axis=1)
    assert 0.1 < np.mean(frames > 0.01) < 0.9


def test_everything_lost_is_silence(speech):
    y = TelephoneLine(loss=1)(speech, 8000, seed=1)
    assert np.abs(y).max() < 1e-3


def test_the_level_in_the_codec_is_the_one_asked_for(speech, monkeypatch):
    entered = []
    write = celpvq.Encoder.write

    def spy(self, chunk):
        entered.append(chunk)
        return write(self, chunk)

    monkeypatch.setattr(celpvq.Encoder, "write", spy)
    y = TelephoneLine(level_db=-40)(speech, 8000, seed=1)
    assert level_db(entered[0]) == pytest.approx(-40, abs=0.01)
    assert level_db(y) == pytest.approx(level_db(speech), abs=2)
    TelephoneLine(level_db=0)(speech, 8000, seed=1)
    assert np.abs(entered[1]).max() == pytest.approx(0.8)
    TelephoneLine(low_hz=None)(speech, 8000, seed=1)
    np.testing.assert_array_equal(entered[2], speech)


@pytest.mark.parametrize(
    ("edges", "passed", "stopped"),
    [((300, 3400), (500, 3000), (100, 3800)), ((300, None), (500, 3900), (100,)),
     ((None, 2000), (20, 1500), (2700, 3900)), ((None, None), (20, 3900), ())],
)  # fmt: skip
def test_the_band_pass_passes_its_band_without_delay(edges, passed, stopped):
    t = np.arange(8000) / 8000
    middle = slice(2000, 6000)
    for hz in (*passed, *stopped):
        x = np.sin(2 * np.pi * hz * t)
        y = band.limit(x, *edges)
        if hz in passed:
            np.testing.assert_allclose(y[middle], x[middle], atol=0.12)
        else:
            assert np.abs(y[middle]).max() < 0.01
    for edge in edges:
        if edge is not None:
            y = band.limit(np.sin(2 * np.pi * edge * t), *edges)
            assert np.abs(y[middle]).max() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("n", [1, 2, 3, 50, 201, 202])
def test_the_band_pass_takes_short_signals(n):
    assert band.limit(np.ones(n), 300, 3400).shape == (n,)


def test_band_limits_alone_code_nothing(speech):
    y = TelephoneLine(n_codings=0, low_hz=300)(speech, 8000, seed=1)
    np.testing.assert_array_equal(y, band.limit(speech, 300, None))


# draws --------------------------------------------------------------------------------------------


def test_a_seed_stands_for_a_line():
    drawn = [BUSY.draw(seed) for seed in range(300)]
    assert drawn == [BUSY.draw(seed) for seed in range(300)]
    assert [line.seed for line in drawn] == list(range(300))
    assert {mode for line in drawn for mode in line.modes} == {4800, 6400, 8000}
    assert {len(line.modes) for line in drawn} == {1, 2}
    assert any(len(set(line.modes)) == 2 for line in drawn)  # each coding draws its own
    assert {line.burst for line in drawn} == {None, 3.0}
    assert {line.dtx for line in drawn} == {False, True}
    assert 0.35 < np.mean([line.loss == 0 for line in drawn]) < 0.65
    assert all(1e-5 <= line.ber <= 1e-3 for line in drawn)
    assert {line.high_hz is None for line in drawn} == {False, True}


def test_another_distribution_of_one_parameter_leaves_the_others():
    other = dataclasses.replace(BUSY, mode=4800, loss=0.5, n_codings=1, p=0.9999)
    for seed in range(20):
        a, b = BUSY.draw(seed).to_dict(), other.draw(seed).to_dict()
        for name in ("modes", "loss"):
            del a[name], b[name]
        assert a == b


def test_the_line_acts_with_probability_p(speech):
    line = dataclasses.replace(BUSY, p=0.3)
    acts = [line.draw(seed) != DrawnLine(modes=(), low_hz=None, seed=seed) for seed in range(1000)]
    assert 0.25 < np.mean(acts) < 0.35
    passed = next(seed for seed, act in enumerate(acts) if not act)
    np.testing.assert_array_equal(line(speech, 16000, seed=passed), speech)


def test_a_call_is_the_drawn_line(speech):
    x = speech[:4000]
    np.testing.assert_array_equal(BUSY(x, 8000, seed=2), BUSY.draw(2)(x, 8000))
    np.testing.assert_array_equal(BUSY(x, 8000, seed=np.int64(2)), BUSY.draw(2)(x, 8000))
    assert len({BUSY(x, 8000, seed=seed).tobytes() for seed in range(5)}) == 5


def test_lines_survive_json_and_pickle():
    variable = VariableRate(5600, limit=6400)
    for line in (
        BUSY, TelephoneLine(), TelephoneLine(mode="4800", p=0.5), TelephoneLine(mode=variable),
        TelephoneLine(mode=Choice([4800, variable])),
    ):  # fmt: skip
        assert TelephoneLine.from_dict(json.loads(json.dumps(line.to_dict()))) == line
        assert pickle.loads(pickle.dumps(line)) == line
        assert hash(line) == hash(TelephoneLine.from_dict(line.to_dict()))
    for seed in (0, 7, 2**80):
        drawn = BUSY.draw(seed)
        assert DrawnLine.from_dict(json.loads(json.dumps(drawn.to_dict()))) == drawn
        assert pickle.loads(pickle.dumps(drawn)) == drawn
        hash(drawn)
    assert TelephoneLine(mode=variable).draw(1).modes == (variable,)
    drawn = DrawnLine(modes=[variable, 4800])
    assert DrawnLine.from_dict(json.loads(json.dumps(drawn.to_dict()))) == drawn


def test_lines_do_not_change():
    for line in (BUSY, BUSY.draw(1)):
        with pytest.raises(dataclasses.FrozenInstanceError):
            line.loss = 0.5


# errors -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"mode": 5000}, ArgumentError, "mode: expected one of 4800"),
        ({"mode": {"rate": 5600}}, ArgumentError, "mode: expected some of bitrate"),
        ({"mode": Choice([4800, 5000])}, ArgumentError, "got 5000"),
        ({"mode": Uniform(4800, 8000)}, ArgumentError, "mode: expected a value or a Choice"),
        ({"dtx": Choice([True, Uniform(0, 1)])}, ArgumentError, "dtx: expected a value"),
        ({"preset": "slow"}, ArgumentError, "preset"),
        ({"loss": 1.5}, ArgumentError, "loss: expected from 0 to 1, got 1.5"),
        ({"loss": Uniform(0, 2)}, ArgumentError, "loss: expected from 0 to 1, got 2"),
        ({"loss": "a lot"}, ArgumentTypeError, "loss: expected a number"),
        ({"burst": 0.5}, ArgumentError, "burst: expected from 1"),
        ({"loss": Uniform(0, 0.8), "burst": Choice([9, 3])}, ArgumentError,
         "loss: expected at most 0.75 in bursts of 3, got 0.8"),
        ({"ber": 0.45, "bit_burst": 2}, ArgumentError, "ber: expected at most 0.333"),
        ({"dtx": 1}, ArgumentTypeError, "dtx: expected True or False, got 1"),
        ({"n_codings": 11}, ArgumentError, "n_codings: expected 0 to 10, got 11"),
        ({"n_codings": 1.0}, ArgumentTypeError, "n_codings: expected an int"),
        ({"low_hz": 4000}, ArgumentError, "low_hz: expected from 10 to 3990"),
        ({"low_hz": Uniform(300, 3200), "high_hz": Uniform(3000, 3400)}, ArgumentError,
         "low_hz: expected less than high_hz, 3000 Hz, got 3200 Hz"),
        ({"level_db": 3}, ArgumentError, "level_db: expected from -100 to 0, got 3"),
        ({"level_db": float("nan")}, ArgumentError, "level_db"),
        ({"p": 2}, ArgumentError, "p: expected from 0 to 1"),
    ],
)  # fmt: skip
def test_a_parameter_without_such_a_value_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        TelephoneLine(**options)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"modes": 4800}, ArgumentTypeError, "modes: expected a sequence"),
        ({"modes": "4800"}, ArgumentTypeError, "modes: expected a sequence"),
        ({"modes": [4800] * 11}, ArgumentError, "at most 10"),
        ({"modes": [1]}, ArgumentError, "got 1"),
        ({"loss": Uniform(0, 1)}, ArgumentTypeError, "loss: expected a value, got Uniform"),
        ({"seed": -1}, ArgumentError, "seed: expected 0 or more, got -1"),
        ({"seed": None}, ArgumentTypeError, "seed: expected an int"),
    ],
)
def test_a_drawn_line_has_values_only(options, error, message):
    with pytest.raises(error, match=message):
        DrawnLine(**options)


@pytest.mark.parametrize("kind", [TelephoneLine, DrawnLine])
def test_unknown_parameters_are_named(kind):
    with pytest.raises(ArgumentError, match="got 'noise'"):
        kind.from_dict({"noise": 1})
    with pytest.raises(ArgumentTypeError, match="line: expected a dict, got list"):
        kind.from_dict([1])


@pytest.mark.parametrize(
    ("samples", "samplerate", "error", "message"),
    [
        (np.zeros((100, 40)), 8000, ArgumentError, r"samples.T would be 40 channels"),
        (np.zeros((2, 2, 2)), 8000, ArgumentError, r"\(n_channels, n\), got \(2, 2, 2\)"),
        (np.float64(1), 8000, ArgumentError, "samples: expected shape"),
        (np.zeros(9, np.int32), 8000, ArgumentTypeError, "samples: expected .* int32"),
        (np.array([0, np.nan]), 8000, ArgumentError, "samples: expected finite"),
        (np.zeros(9), 3999, ArgumentError, "samplerate"),
        (np.zeros(9), "8000", ArgumentTypeError, "samplerate"),
    ],
)
def test_sound_that_is_none_is_refused(samples, samplerate, error, message):
    for line in (TelephoneLine(), TelephoneLine(p=0)):
        with pytest.raises(error, match=message):
            line(samples, samplerate, seed=1)


@pytest.mark.parametrize(
    ("seed", "error"), [(-1, ArgumentError), (None, ArgumentTypeError), (1.5, ArgumentTypeError)]
)
def test_a_seed_is_a_number_from_0(seed, error):
    with pytest.raises(error, match="seed"):
        TelephoneLine()(np.zeros(9), 8000, seed=seed)


def test_lines_load_no_framework():
    code = (
        "import sys, celpvq.augment\n"
        "names = 'audiomentations lhotse torch torch_audiomentations speechbrain nemo librosa'\n"
        "assert not set(sys.modules) & set(names.split())"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
