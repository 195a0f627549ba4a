"""What is done to a file is what the functions for arrays do."""

import numpy as np
import pytest
import soundfile

import celpvq
from celpvq.folders import Decode, Encode, Roundtrip
from celpvq.folders.work import _runs
from celpvq.output import Output


@pytest.fixture
def speech(clips, tmp_path):
    """Two seconds of speech at 16 kHz in a file, and its samples (n, 2)."""
    x = np.repeat(clips["flite-slt-en"][4000:20001], 2)
    stereo = np.stack([x, np.roll(x, 5000)], axis=1)
    soundfile.write(tmp_path / "in.wav", stereo, 16000)
    return tmp_path / "in.wav", soundfile.read(tmp_path / "in.wav", dtype="int16")[0]


def converted(work, path, seed=1):
    """Return the bytes of an output, and the description of its sound."""
    target = path.with_name(f"out{work.output_ending}")
    with path.open("rb") as file, Output(target) as output:
        done = work.convert(file, path.name, output, seed)
    return target.read_bytes(), done


@pytest.mark.parametrize("dtx", [False, True])
@pytest.mark.parametrize("channel", [None, 1])
def test_encode_writes_what_the_function_returns(speech, channel, dtx):
    path, x = speech
    work = Encode("4800", "fast", channel=channel, highpass=False, dtx=dtx)
    data, done = converted(work, path)
    assert data == celpvq.encode(
        x, 16000, 4800, "fast", axis=1, channel=channel, highpass=False, dtx=dtx
    )
    assert done == (len(x), 16000, 4800, "")


@pytest.mark.parametrize("samplerate", [8000, 44100, None])
def test_decode_writes_what_the_function_returns(speech, samplerate, tmp_path):
    _, x = speech
    coded = tmp_path / "in.cvq"
    coded.write_bytes(celpvq.encode(x, 16000, 8000, "fast", axis=1))
    for ending in (".wav", ".flac"):
        data, done = converted(Decode(samplerate, ending, enhancement=False), coded)
        (tmp_path / "again").write_bytes(data)
        y, rate = soundfile.read(tmp_path / "again", dtype="int16")
        want, want_rate = celpvq.decode(coded.read_bytes(), samplerate, "int16", enhancement=False)
        np.testing.assert_array_equal(y, want)
        assert done == (len(y), rate, 8000, "")
        assert rate == want_rate


CHANNELS = [
    {},
    {"loss": 0.1},
    {"loss": 0.3, "burst": 3},
    {"loss": 1.0},
    {"ber": 0.01, "loss": 0.02},
    {"loss": 0.2, "dtx": True},
]


@pytest.mark.parametrize("channel", CHANNELS)
def test_roundtrip_writes_what_the_function_returns(speech, channel):
    path, x = speech
    for seed in (3, 1 << 47):
        work = Roundtrip(4800, "fast", channel=1, enhancement=False, **channel)
        _, done = converted(work, path, seed)
        y, rate = soundfile.read(path.with_name("out.wav"), dtype="int16")
        want = celpvq.roundtrip(
            x, 16000, 4800, "fast", axis=1, channel=1, seed=seed, enhancement=False, **channel
        )
        np.testing.assert_array_equal(y, want)
        assert done == (len(x), rate, 4800, "")


def test_runs_end_after_a_loss_where_concealment_no_longer_looks_ahead():
    received, lost = [b"p"], [None]
    assert list(_runs(lost * 3 + received * 2)) == [lost * 3 + received, received]
    assert list(_runs(received * 1001)) == [received * 500, received * 500, received]
    assert list(_runs(received + lost)) == [received, lost]
    assert list(_runs(lost)) == [lost]
    assert list(_runs(received + lost + received + lost + received)) == [
        received, lost + received, lost + received,
    ]  # fmt: skip


def test_faults_of_a_file_are_noted(speech, tmp_path):
    path, x = speech
    soundfile.write(tmp_path / "loud.wav", np.array([0.1, 1.5, -2.0] * 99), 8000, subtype="FLOAT")
    for work in (Encode(preset="fast"), Roundtrip(preset="fast")):
        _, done = converted(work, tmp_path / "loud.wav")
        assert done.note == "198 samples beyond full scale were clipped, the largest 2"
    (tmp_path / "cut.wav").write_bytes(path.read_bytes()[:-4000])
    (tmp_path / "cut.cvq").write_bytes(celpvq.encode(x, 16000, preset="fast", axis=1)[:-20])
    cases = (
        ("cut.wav", Encode(preset="fast"), Encode(preset="fast", partial=True), "bytes of sound"),
        ("cut.wav", Roundtrip(preset="fast"), Roundtrip(preset="fast", partial=True), "of sound"),
        ("cut.cvq", Decode(), Decode(partial=True), "packets are missing: "),
    )
    for name, strict, partial, note in cases:
        with pytest.raises(celpvq.TruncatedStream):
            converted(strict, tmp_path / name)
        _, done = converted(partial, tmp_path / name)
        assert note in done.note
        assert done.n_samples > 0


def test_empty_sound_is_refused(tmp_path):
    soundfile.write(tmp_path / "none.wav", np.zeros(0), 8000)
    for work in (Encode(), Roundtrip()):
        with pytest.raises(celpvq.ArgumentError, match="expected at least one sample"):
            converted(work, tmp_path / "none.wav")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Encode(4801), "mode"),
        (lambda: Encode(preset="slow"), "preset"),
        (lambda: Encode(channel=-1), "channel"),
        (lambda: Encode(tables="mine.npz"), "tables"),
        (lambda: Decode(100), "samplerate"),
        (lambda: Decode(ending=".xyz"), "ending"),
        (lambda: Decode(ending="wav"), "ending"),
        (lambda: Decode(ending=".WAV"), "ending"),
        (lambda: Decode(tables=3), "tables"),
        (lambda: Roundtrip(loss=2), "loss"),
        (lambda: Roundtrip(loss="much"), "loss"),
        (lambda: Roundtrip(loss=0.9, burst=2), "rate"),
        (lambda: Roundtrip(ber=-1), "ber"),
        (lambda: Roundtrip(mode=None), "mode"),
        (lambda: Roundtrip(ending="/.wav"), "ending"),
    ],
)
def test_bad_settings_are_refused_before_any_file(make, message):
    with pytest.raises((celpvq.ArgumentError, celpvq.ArgumentTypeError), match=message):
        make()


def test_settings_are_plain_values_that_tell_all():
    default = celpvq.Encoder().tables.hash[:16]
    assert Encode("4800").settings() == {
        "work": "encode", "mode": 4800, "preset": "default", "channel": None, "highpass": True,
        "dtx": False, "partial": False, "tables": default,
    }  # fmt: skip
    assert Decode().settings()["tables"] is None
    assert Roundtrip(loss=0.1, burst=2).settings()["burst"] == 2
