"""The tools that tell where the quality goes: by class of frame, part, talker and noise."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import butter, sosfilt

from celpvq import Encoder
from celpvq.codec.common import lsf_dequantizer, table_set
from celpvq.codec.format import modes
from celpvq.codec.common.lsf import flat
from celpvq.codec.format.modes import FRAME_LEN
from celpvq.codec.encoder.presets import HIGHPASS_HZ
from celpvq.quality import segmental_snr
from celpvq.quality.checkpoint import Checkpoint, Result
from celpvq.training import lsf_books

sys.path.append(str(Path(__file__).parents[1] / "tools"))

import noisy
import talkers
from diagnose import classes, command, contenders, frames

MODE = modes.get(4800)


@pytest.fixture(scope="module")
def speech(clips):
    """Two seconds of a clip."""
    return clips["flite-slt-en"][:16000]


def highpassed(x):
    sos = butter(2, HIGHPASS_HZ, "highpass", fs=8000, output="sos")
    return np.asarray(sosfilt(sos, x))


def test_frames_are_told_apart():
    rng = np.random.default_rng(1)
    second = np.zeros(8000)
    pulses = np.where(np.arange(4000) % 80, 0.0, 0.3)
    hiss = rng.normal(size=4000) * 0.05
    kind = classes.classify(np.r_[second, pulses, second, hiss, second])
    names = np.array(classes.CLASSES)[kind]
    for start, name in ((50, "voiced"), (125, "unvoiced")):
        assert set(names[start - 10 : start]) == {"silence"}
        assert "onset" in names[start : start + 2]
        assert (names[start + 2 : start + 24] == name).mean() > 0.8


def test_chosen_frames_are_replaced_and_no_others():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(2, 1555))
    n_frames = len(classes.to_frames(x))
    chosen = np.zeros(n_frames, dtype=bool)
    chosen[4:6] = True
    mixed = classes.replace(x, y, chosen)
    start, end = 4 * FRAME_LEN - 40, 6 * FRAME_LEN - 40
    np.testing.assert_allclose(mixed[start + 40 : end - 40], x[start + 40 : end - 40])
    np.testing.assert_allclose(mixed[: start - 40], y[: start - 40])
    np.testing.assert_allclose(mixed[end + 40 :], y[end + 40 :])
    np.testing.assert_allclose(classes.replace(x, y, np.ones(n_frames, dtype=bool)), x)


def test_ratios_and_levels_are_those_of_a_signal_at_half_its_level(speech):
    own = highpassed(speech)
    kind = np.zeros(len(classes.to_frames(own)), dtype=np.int64)
    found = frames.Frames.of(kind, speech, 0.5 * own, 0.5 * own)
    loud = np.square(found.ref).mean(axis=1) > 1e-4
    np.testing.assert_allclose(np.median(found.change_db[loud], axis=0), -6.02, atol=0.05)
    _, share, snr, snr_w, *_ = frames.frame_table([found]).splitlines()[-1].strip("|").split("|")
    assert share.strip() == "100.0%"
    assert float(snr) == float(snr_w) == 6.02


def test_unquantized_spectra_are_the_clips_own(speech):
    own = contenders.own_spectra(table_set.default().mode(MODE), MODE, speech)
    x = np.zeros(classes.to_frames(speech).size)
    x[: len(speech)] = speech
    wanted = lsf_books.analyze([x]).lsf
    encoder = Encoder(MODE, "fast")
    encoder.tables = contenders.OneMode(own)
    words = encoder.encode_words(x)
    prev, now, errors = flat(), np.empty(10), []
    for word, lsf in zip(words, wanted, strict=True):
        lsf_dequantizer.dequantize(word, own.lsf, prev, now)
        errors.append(np.abs(now - lsf).max())
        prev[:] = now
    assert np.quantile(errors, 0.9) < 1e-6  # of like frames either may be taken


def test_each_part_unquantized_lets_the_search_come_nearer(speech):
    own = highpassed(speech)
    base = table_set.default()
    plain = segmental_snr(own, contenders.code(speech, MODE, base, postfilter=False))
    snr = {}
    for name in contenders.parts(MODE):
        changed = contenders.OneMode(contenders.PARTS[name](base.mode(MODE), MODE, speech))
        y = contenders.code(speech, MODE, changed, postfilter=False)
        snr[name] = segmental_snr(own, y) - plain
    assert min(snr.values()) > 0
    assert snr["these three together"] > snr["gains unquantized"] > 0.3


def test_parts_that_change_nothing_are_left_out():
    assert "lags all absolute" not in contenders.parts(modes.get(8000))
    assert "fixed codebook of the next rate" not in contenders.parts(modes.get(8000))
    assert contenders.parts(MODE) == list(contenders.PARTS)


@pytest.mark.parametrize(
    ("clip", "who", "tongue"),
    [
        ("vctk_p225_003_en-GB_f.flac", "vctk_p225", "en-GB"),
        ("dev/gcompris_anon_maze_zh-TW_x.flac", "gcompris_anon", "zh-TW"),
        ("anna/01.wav", "anna", "?"),
        ("01.wav", "01", "?"),
    ],
)
def test_names_tell_talker_and_language(clip, who, tongue):
    assert (command.talker(clip), command.language(clip)) == (who, tongue)


def test_a_diagnosis_tells_frames_parts_and_talkers(speech, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(command, "MEASURES", ("pesq", "estoi"))
    for name, part in (("a_one_1_en_f", speech), ("a_two_1_de_m", 0.9 * speech[::-1])):
        path = tmp_path / "in" / f"{name}.flac"
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, part, 8000, subtype="PCM_16")
    options = [str(tmp_path / "in"), "--mode", "8000", "--out", str(tmp_path / "out")]
    assert command.main(options) == 0
    text = capsys.readouterr().out
    assert (tmp_path / "out" / "diagnosis.md").read_text() == text
    rows = {line.split("|")[1].strip(): line for line in text.splitlines() if line[:1] == "|"}
    codecs = {c.name for c in command.contenders(8000)} | {*classes.CLASSES}
    assert codecs | {"a_one", "a_two", "en", "de"} <= set(rows)
    gain = [float(rows[f"original in {k} frames"].split("|")[2].strip("* ").split()[0])
            for k in ("voiced", "silence")]  # fmt: skip
    assert gain[0] > max(gain[1], 0)


@pytest.fixture
def sounds(speech, tmp_path):
    """A folder of speech and one of noise."""
    rng = np.random.default_rng(3)
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


@pytest.fixture
def scores(tmp_path):
    """A file of scores: at 4800 clip a is behind in all, b in none, c in ViSQOL; 5600 is ahead."""
    checkpoint = Checkpoint(tmp_path / "scores.csv")
    made = {
        "celpvq 4800": {"a": (2.0, 0.7, 3.0), "b": (3.5, 0.9, 3.5), "c": (3.1, 0.8, 3.25)},
        "AMR-NB 4.75": {"a": (2.5, 0.8, 3.1), "b": (3.0, 0.8, 3.0), "c": (3.0, 0.8, 3.5)},
        "celpvq 5600": {"a": (3.0, 0.9, 4.0)},
        "AMR-NB 5.9": {"a": (2.9, 0.8, 3.9), "d": (4.0, 0.9, 4.0)},
        "celpvq 8000": {"a": (1.0, 0.1, 1.0)},
    }
    for codec, clips in made.items():
        for clip, values in clips.items():
            each = dict(zip(talkers.MEASURES, values, strict=True))
            checkpoint.add(Result(codec, clip, 1.0, 4.8, 0.1, 0.1, each, "", "k"))
    return checkpoint.path


def test_clips_below_another_codec_are_listed(scores, capsys):
    before = scores.read_bytes()
    assert talkers.main([str(scores)]) == 0
    assert scores.read_bytes() == before
    text = capsys.readouterr().out
    slow, fast = text.split("\n\n## ")
    assert "celpvq 4800 below AMR-NB 4.75" in slow
    assert "2 of 3 clips: PESQ 1, ESTOI 1, ViSQOL 2" in slow
    assert slow.splitlines()[-2:] == [
        "| a | **-0.500** | **-0.100** | **-0.100** |",
        "| c | +0.100 | +0.000 | **-0.250** |",
    ]
    assert "0 of 1 clips" in fast
    assert "8000" not in text


def test_scores_without_the_other_codec_are_told(tmp_path):
    path = Checkpoint(tmp_path / "scores.csv").path
    with pytest.raises(SystemExit, match="no rate with AMR-NB"):
        talkers.main([str(path)])
    path.write_text("codec,clip\n")
    with pytest.raises(SystemExit, match="no file of scores"):
        talkers.main([str(path)])
