import io
import itertools
import os
import struct
import threading

import numpy as np
import pytest
import soundfile
from files import Pipe
from hypothesis import given, settings
from hypothesis import strategies as st

from celpvq import ArgumentError, ArgumentTypeError, SoundFileError, TruncatedStream
from celpvq.audio import Resampler, SoundWriter, as_mono, read_raw, read_sound, to_dtype
from celpvq.audio.resampler import _lowpass

RATES = [4000, 8000, 11025, 16000, 22050, 32000, 44100, 48000, 96000, 192000]


def resampled(x, from_hz, to_hz):
    resampler = Resampler(from_hz, to_hz)
    return np.concatenate([resampler.write(x), resampler.flush()])


def tone(hz, samplerate, seconds=1.0):
    return np.sin(2 * np.pi * hz * np.arange(round(seconds * samplerate)) / samplerate)


@settings(max_examples=40)
@given(
    rates=st.sampled_from(
        [*((r, 8000) for r in RATES), (8000, 44100), (8000, 16000), (9999, 8000)]
    ),
    cuts=st.lists(st.integers(0, 30000), max_size=12),
    n=st.sampled_from([0, 1, 159, 160, 161, 8193, 30000]),
)
def test_chunks_of_any_size_resample_as_the_whole(rates, cuts, n):
    x = np.random.default_rng(1).normal(size=n)
    resampler = Resampler(*rates)
    edges = [0, *sorted(min(c, n) for c in cuts), n]
    parts = [resampler.write(x[a:b]) for a, b in itertools.pairwise(edges)]
    got = np.concatenate([*parts, resampler.flush()])
    np.testing.assert_array_equal(got, resampled(x, *rates))
    assert len(got) == round(n * rates[1] / rates[0])
    np.testing.assert_array_equal(np.concatenate([resampler.write(x), resampler.flush()]), got)


@pytest.mark.parametrize(("from_hz", "to_hz"), [(11025, 8000), (8000, 12000), (48000, 8000)])
def test_the_resampler_is_the_sum_of_its_definition(from_hz, to_hz):
    x = np.random.default_rng(2).normal(size=300)
    common = np.gcd(from_hz, to_hz)
    up, down = to_hz // common, from_hz // common
    taps = _lowpass(up, down)
    at = len(taps) // 2 + down * np.arange(len(x) * up // down)[:, None] - up * np.arange(len(x))
    naive = np.where((at >= 0) & (at < len(taps)), taps[at.clip(0, len(taps) - 1)], 0) @ x
    np.testing.assert_allclose(resampled(x, from_hz, to_hz)[: len(naive)], naive, atol=1e-12)


@pytest.mark.parametrize("rate", [r for r in RATES if r != 8000] + [7919, 22255])
@pytest.mark.parametrize("hz", [100, 1000, 0.44])
def test_a_tone_in_the_passband_keeps_its_level_and_its_time(rate, hz):
    hz = hz if hz > 1 else hz * min(rate, 8000)
    y = resampled(tone(hz, rate, 1.2), rate, 8000)  # longer than a block of the resampler
    inner = slice(400, 9200)
    assert np.abs(y[inner] - tone(hz, 8000, 1.2)[inner]).max() < 1e-3


@pytest.mark.parametrize("rate", [11025, 16000, 44100, 48000, 96000])
def test_what_does_not_fit_the_lower_rate_is_80_db_down(rate):
    for hz in np.linspace(4000, rate / 2, 7, endpoint=False):
        y = resampled(tone(hz, rate, 0.5), rate, 8000)[400:-400]
        assert 20 * np.log10(np.abs(y).max()) < -80


@pytest.mark.parametrize(
    "rate", [0, -8000, 3999, 192001, 8000.5, float("nan"), float("inf"), 191999]
)
def test_absurd_rates_are_refused(rate):
    with pytest.raises(ArgumentError, match="samplerate"):
        Resampler(rate, 8000)


@pytest.mark.parametrize("rate", ["8000", None, True, 8000j])
def test_a_rate_is_a_number(rate):
    with pytest.raises(ArgumentTypeError, match="samplerate"):
        Resampler(rate, 8000)


def test_samples_become_one_channel_of_float64():
    x = np.array([0.5, -1.0, 0.25])
    for same in (x, x.astype(np.float32), x.astype(">f8"), x.tolist(), x[:, None][:, 0]):
        np.testing.assert_array_equal(as_mono(same), x)
    for same in (np.array([16384, -32768, 8192], t) for t in ("<i2", ">i2")):
        np.testing.assert_array_equal(as_mono(same), x)
    stereo = np.stack([x, np.zeros(3)])
    np.testing.assert_array_equal(as_mono(stereo, axis=0), x / 2)
    np.testing.assert_array_equal(as_mono(stereo.T, axis=-1), x / 2)
    np.testing.assert_array_equal(as_mono(stereo.T, axis=1, channel=0), x)
    np.testing.assert_array_equal(as_mono([[1e30], [-1e30], [1.5]], axis=1), [1, -1, 1])


@given(n=st.integers(1, 9), layout=st.sampled_from("CF"), channels=st.integers(1, 20))
def test_a_mean_of_channels_does_not_depend_on_the_chunk(n, layout, channels):
    x = np.random.default_rng(0).uniform(-1, 1, (9, channels))
    part = np.array(x[:n], order=layout)
    np.testing.assert_array_equal(as_mono(part, axis=1), as_mono(x, axis=1)[:n])
    np.testing.assert_array_equal(as_mono(part.T, axis=0), as_mono(part, axis=1))


@pytest.mark.parametrize(
    ("x", "options", "message"),
    [
        ([0.0, np.nan], {}, "finite samples, got nan .1 of 2"),
        ([np.inf], {}, "finite"),
        (np.zeros((9, 2)), {}, "name the axis"),
        (np.zeros((9, 2)), {"channel": 1}, "name the axis"),
        (np.zeros((9, 2)), {"axis": 2}, "axis: expected 0 or 1, got 2"),
        (np.zeros((9, 2)), {"axis": 1, "channel": 2}, "channel: expected 0 to 1, got 2"),
        (np.zeros((9, 2)), {"axis": 1, "channel": -1}, "channel"),
        (np.zeros((9, 0)), {"axis": 1}, "no channel"),
        (np.zeros(9), {"axis": 0}, "two dimensions"),
        (np.zeros(9), {"channel": 1}, "two dimensions"),
        (0.5, {}, "shape"),
        ([[0.0], [0.0, 1.0]], {"axis": 0}, "inhomogeneous"),
        (np.zeros((2, 2, 2)), {"axis": 1}, "shape"),
    ],
)
def test_samples_that_are_not_one_channel_are_refused(x, options, message):
    with pytest.raises(ArgumentError, match=message):
        as_mono(x, **options)


@pytest.mark.parametrize("name", ["axis", "channel"])
@pytest.mark.parametrize("value", [True, 1.0, "1", np.True_])
def test_axis_and_channel_are_ints(name, value):
    options = {"axis": 1} | {name: value}
    with pytest.raises(ArgumentTypeError, match=f"^{name}: expected an int, got"):
        as_mono(np.zeros((9, 2)), **options)


@pytest.mark.parametrize(
    "dtype", ["int32", "int64", "uint8", "uint16", "complex64", "bool", "object", "U1"]
)
def test_samples_of_other_types_are_refused(dtype):
    with pytest.raises(ArgumentTypeError, match="expected floats"):
        as_mono(np.zeros(3).astype(dtype))


def test_int16_survives_the_way_through_float():
    x = np.arange(-32768, 32768).astype(np.int16)
    np.testing.assert_array_equal(to_dtype(as_mono(x), "int16"), x)
    np.testing.assert_array_equal(to_dtype(np.array([1.0, -1.0]), "int16"), [32767, -32768])


CELLS = [
    ("WAV", "PCM_U8"), ("WAV", "PCM_16"), ("WAV", "PCM_24"), ("WAV", "PCM_32"), ("WAV", "FLOAT"),
    ("WAV", "DOUBLE"), ("WAV", "ULAW"), ("WAV", "ALAW"), ("RF64", "PCM_16"), ("WAVEX", "PCM_16"),
    ("AIFF", "PCM_16"), ("AU", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("MP3", None),
]  # fmt: skip
every_cell = pytest.mark.parametrize(("kind", "subtype"), CELLS)


def sound_bytes(kind, subtype, channels=1, n=70000, rate=16000):
    x = 0.3 * np.random.default_rng(0).normal(size=(n, channels)).clip(-3, 3)
    file = io.BytesIO()
    soundfile.write(file, x, rate, format=kind, subtype=subtype)
    return file.getvalue()


def blocks_of(path, **options):
    with path.open("rb") as file:
        sound = read_sound(file, path.name, **options)
        return sound, np.concatenate([np.zeros((0, sound.channels)), *sound.blocks])


@pytest.mark.parametrize(
    ("kind", "subtype", "channels"),
    [(*cell, n) for cell in CELLS for n in (1, 2, 6) if (cell[0], n) != ("MP3", 6)],
)
def test_sound_files_are_read_in_blocks(kind, subtype, channels, tmp_path):
    path = tmp_path / "sound"
    path.write_bytes(sound_bytes(kind, subtype, channels))
    sound, x = blocks_of(path)
    assert (sound.samplerate, sound.channels, sound.n_samples) == (16000, channels, 70000)
    with path.open("rb") as file:
        np.testing.assert_allclose(x, soundfile.read(file, always_2d=True)[0], atol=1e-6)


@every_cell
def test_a_truncated_sound_file_is_refused_unless_asked_for(kind, subtype, tmp_path):
    data = sound_bytes(kind, subtype)
    path = tmp_path / "sound"
    path.write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises((TruncatedStream, SoundFileError), match=r"^sound: "):
        blocks_of(path)
    _, x = blocks_of(path, strict=False)
    assert 25000 < len(x) < 60000


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x7FFFF000, 0x7FFFFFFF])
def test_a_wav_file_that_came_through_a_pipe_says_no_length(length, tmp_path):
    data = sound_bytes("WAV", "PCM_16", n=1000)
    path = tmp_path / "sound"
    path.write_bytes(data[:40] + struct.pack("<I", length) + data[44:])
    assert len(blocks_of(path)[1]) == 1000


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text\n" * 30,
        b"\x89CVQ" + bytes(60),
        sound_bytes("WAV", "PCM_16", n=9)[:20],
        bytes(99),
    ],
)
def test_what_is_not_sound_is_refused(data, tmp_path):
    path = tmp_path / "sound.raw"  # an ending that soundfile takes for headerless sound
    path.write_bytes(data)
    with pytest.raises(SoundFileError, match=r"^sound\.raw: .*(expected|not) a sound file"):
        blocks_of(path)


def test_a_flac_file_need_not_say_its_length(tmp_path):
    data = bytearray(sound_bytes("FLAC", "PCM_16"))
    data[21] &= 0xF0  # 36 bits of STREAMINFO
    data[22:26] = bytes(4)
    (tmp_path / "sound").write_bytes(data)
    sound, x = blocks_of(tmp_path / "sound")
    assert sound.n_samples is None
    assert len(x) == 70000


def test_sound_comes_through_a_pipe():
    data = sound_bytes("FLAC", "PCM_16")
    read_fd, write_fd = os.pipe()

    def write():
        with os.fdopen(write_fd, "wb") as pipe:
            pipe.write(data)

    writer = threading.Thread(target=write)
    writer.start()
    with os.fdopen(read_fd, "rb") as pipe:
        sound = read_sound(pipe, "pipe")
        x = np.concatenate(list(sound.blocks))
    writer.join()
    np.testing.assert_array_equal(x, soundfile.read(io.BytesIO(data), always_2d=True)[0])


@pytest.mark.parametrize("step", [1, 3, 1 << 20])
def test_headerless_sound_is_16_bits_little_endian(step):
    x = np.arange(-500, 500).astype("<i2")
    sound = read_raw(Pipe(x.tobytes(), step), 8000, "raw")
    np.testing.assert_array_equal(np.concatenate(list(sound.blocks)), x[:, None])
    odd = x.tobytes() + b"\0"
    with pytest.raises(TruncatedStream, match="one byte at the end"):
        list(read_raw(Pipe(odd, step), 8000, "raw").blocks)
    sound = read_raw(Pipe(odd, step), 8000, "raw", strict=False)
    assert sum(map(len, sound.blocks)) == 1000


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".aiff", ".au"])
@pytest.mark.parametrize("declared", [None, 100, 1000])
def test_sound_that_is_written_is_read_again(suffix, declared, tmp_path):
    x = np.random.default_rng(0).integers(-32768, 32768, 1000).astype(np.int16)
    with (tmp_path / "sound").open("wb") as file:
        writer = SoundWriter(file, suffix, 11025, declared)
        for part in np.split(x, [0, 1, 700]):
            writer.write(part)
        writer.close()
    y, rate = soundfile.read(tmp_path / "sound", dtype="int16")
    assert rate == 11025
    np.testing.assert_array_equal(y, x)


def test_wav_goes_through_a_pipe():
    pipe = Pipe(step=7)
    writer = SoundWriter(pipe, ".wav", 8000)
    writer.write(np.arange(10, dtype=np.int16))
    writer.close()
    y, _ = soundfile.read(io.BytesIO(pipe.getvalue()), dtype="int16")
    np.testing.assert_array_equal(y, np.arange(10))
