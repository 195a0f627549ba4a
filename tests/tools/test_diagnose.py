"""The diagnosis of the quality: by class of frame, part of the codec, talker and language."""

import numpy as np
import pytest
import soundfile
from diagnose import classes, command, contenders, frames
from scipy.signal import butter, lfilter, lfiltic, sosfilt

from celpvq.codec.common import lsf_dequantizer, table_set
from celpvq.codec.common.lsf import flat, to_lpc
from celpvq.codec.encoder.encoder import FrameEncoder
from celpvq.codec.encoder.presets import HIGHPASS_HZ
from celpvq.codec.format import modes
from celpvq.codec.format.modes import FRAME_LEN
from celpvq.errors import ArgumentError
from celpvq.quality import segmental_snr
from celpvq.training import lsf_frames

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


def test_frames_are_weighted_as_in_the_search(speech):
    x = highpassed(speech).reshape(-1, FRAME_LEN)
    rows = lsf_frames.analyze([speech]).lsf
    past_x, past_y, want = np.zeros(10), np.zeros(10), []
    for frame, row in zip(x, rows, strict=True):
        a = np.empty(10)
        to_lpc(row, a)
        num, den = (np.r_[1, a * gamma ** np.arange(1, 11)] for gamma in (0.94, 0.6))
        state = lfiltic(num, den, past_y[::-1], past_x[::-1])
        want.append(lfilter(num, den, frame, zi=state)[0])
        past_x, past_y = frame[-10:], want[-1][-10:]
    np.testing.assert_allclose(frames._weigh(x, rows), want, atol=1e-12)


def test_unquantized_lsf_are_the_clips_own(speech):
    own = contenders.own_lsf(table_set.default().mode(MODE), MODE, speech)
    x = np.zeros(classes.to_frames(speech).size)
    x[: len(speech)] = speech
    wanted = lsf_frames.analyze([x]).lsf
    encoder = FrameEncoder(MODE, "fast")
    encoder.tables = contenders.OneMode(own)
    indices = encoder.indices(x)
    prev, now, errors = flat(), np.empty(10), []
    for row, lsf in zip(indices, wanted, strict=True):
        lsf_dequantizer.dequantize(row, own.lsf, prev, now)
        errors.append(np.abs(now - lsf).max())
        prev[:] = now
    assert np.quantile(errors, 0.9) < 1e-6  # of like frames either may be taken


def test_a_clip_of_more_frames_than_the_search_has_room_for_is_refused():
    own = table_set.default().mode(MODE)
    assert len(contenders.own_lsf(own, MODE, np.ones(512 * 160 - 40)).lsf.stage1[0]) == 512
    with pytest.raises(ArgumentError, match="expected at most 512 frames, got 513"):
        contenders.own_lsf(own, MODE, np.ones(512 * 160))


def test_each_part_unquantized_lets_the_search_come_nearer(speech):
    own = highpassed(speech)
    base = table_set.default()
    plain = segmental_snr(own, contenders.code(speech, MODE, base, enhancement=False))
    snr = {}
    for name in contenders.parts(MODE):
        changed = contenders.OneMode(contenders.PARTS[name](base.mode(MODE), MODE, speech))
        y = contenders.code(speech, MODE, changed, enhancement=False)
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


@pytest.mark.slow
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
