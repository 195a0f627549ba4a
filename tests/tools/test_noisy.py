"""Recorded noise mixed into speech."""

import shutil

import noisy
import numpy as np
import pytest
import soundfile


@pytest.fixture
def sounds(clips, tmp_path):
    """A folder of speech and one of noise."""
    rng, speech = np.random.default_rng(3), clips["flite-slt-en"][:16000]
    for place, x in (
        ("speech/a.flac", speech), ("speech/b/c.flac", 4 * speech[3000:11000]),
        ("noise/white.flac", 0.02 * rng.normal(size=5000)),
        ("noise/hum.flac", 0.1 * np.sin(np.arange(30000) / 9)),
    ):  # fmt: skip
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / place, x, 8000, subtype="PCM_16")
    return tmp_path


def mixtures(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")}


def test_noise_is_mixed_in_at_the_ratio_asked_for(sounds):
    out = sounds / "out"
    assert noisy.main([str(sounds / "speech"), str(sounds / "noise"), str(out), "--snr", "5"]) == 0
    for name in ("a.flac", "b/c.flac"):
        x, _ = soundfile.read(sounds / "speech" / name)
        y, rate = soundfile.read(out / "5dB" / name)
        assert rate == 8000
        assert np.abs(y).max() <= 0.991
        [scale, rest, *_] = np.linalg.lstsq(x[:, None], y, rcond=None)
        noise = y - scale[0] * x  # what does not look like the speech
        assert rest[0] > 0
        frames_ = (scale[0] * x)[: len(x) // 160 * 160].reshape(-1, 160)
        power = np.square(frames_).mean(axis=1)
        level = power[power > power.max() / 1000].mean()
        assert 10 * np.log10(level / np.square(noise).mean()) == pytest.approx(5, abs=0.1)


def test_a_seed_gives_the_same_noise_and_another_one_another(sounds):
    def run(out, seed):
        options = ["--snr", "10", "20", "--seed", seed]
        noisy.main([str(sounds / "speech"), str(sounds / "noise"), str(sounds / out), *options])
        return mixtures(sounds / out)

    first = run("1", "1")
    assert len(first) == 5
    assert run("2", "1") == first != run("3", "4")
    shutil.rmtree(sounds / "speech" / "b")
    alone = run("4", "1")
    assert alone["10dB/a.flac"] == first["10dB/a.flac"]  # whatever else lies in the folder


@pytest.mark.parametrize("place", ["speech", "noise"])
def test_another_rate_is_refused(sounds, place):
    soundfile.write(sounds / place / "wide.wav", np.ones(900) / 9, 16000)
    with pytest.raises(SystemExit, match="expected 8000 Hz"):
        noisy.main([str(sounds / "speech"), str(sounds / "noise"), str(sounds / "out")])


@pytest.mark.parametrize("place", ["speech", "noise"])
def test_silence_is_refused(sounds, place):
    for path in (sounds / place).rglob("*.flac"):
        soundfile.write(path, np.zeros(900), 8000)
    with pytest.raises(SystemExit, match="silence"):
        noisy.main([str(sounds / "speech"), str(sounds / "noise"), str(sounds / "out")])


def test_noise_that_is_short_begins_anew():
    np.testing.assert_array_equal(noisy.cut(np.arange(3.0), 2, 5), [2, 0, 1, 2, 0])
