import ctypes.util
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from peers import alignment, command, registry

from celpvq.lab.coded_folders import parse_folders

NEAR = 1  # sample: a filter's phase moves the peak by less
NEAR_ENVELOPE = 24  # 3 ms


@pytest.fixture(scope="module", params=registry.KINDS)
def peers(request):
    """The codecs of a kind: the first, and the last where there are more."""
    found, absent = registry.installed((request.param,))
    if absent:
        pytest.skip(f"{request.param}: needs {absent[request.param]}")
    return found[:: max(len(found) - 1, 1)]


@pytest.fixture(scope="module")
def speech(clips):
    """Three clips, 16 bits; the first ends in the middle of a vowel."""
    names = ("flite-slt-en", "flite-rms-en", "espeak-m-de")
    x, *others = (np.round(clips[name] * 32767).astype(np.int16) for name in names)
    level = np.convolve(np.abs(x.astype(float)), np.ones(800), "valid")
    return [x[: int(np.argmax(level)) + 600], *others]


@pytest.fixture(scope="module")
def coded(peers, speech):
    """What each codec makes of the clips."""
    return {peer: [peer.code(x) for x in speech] for peer in peers}


def test_the_lag_is_found():
    x = np.random.default_rng(1).normal(scale=1000, size=4000)
    pulse = np.exp(-np.square((np.arange(4000) - 2000) / 300))
    for late in (-37, 0, 1, 250):
        pair = [(x.astype(np.int16), np.roll(0.1 * x, late).astype(np.int16))]
        assert alignment.lag(pair, waveform=True) == late
        noise = np.random.default_rng(2).normal(scale=1000, size=(2, 4000)) * pulse
        pair = [(noise[0].astype(np.int16), np.roll(noise[1], late).astype(np.int16))]
        assert alignment.lag(pair, waveform=False) == pytest.approx(late, abs=NEAR_ENVELOPE)
    assert alignment.lag([(np.zeros(9, np.int16),) * 2], waveform=True) == -alignment.MAX_LAG


def test_what_comes_out_is_as_long_as_what_went_in_and_not_late(coded, speech):
    for peer, results in coded.items():
        pairs = [(x, c.samples) for x, c in zip(speech, results, strict=True)]
        assert all(x.shape == y.shape for x, y in pairs)
        assert all(y.dtype == np.int16 for _, y in pairs)
        near = NEAR if peer.waveform else NEAR_ENVELOPE
        assert abs(alignment.lag(pairs, waveform=peer.waveform)) <= near, peer.name


def test_the_last_samples_are_there(coded, speech):
    x = speech[0].astype(float)[-200:]
    for peer, (first, *_) in coded.items():
        y = first.samples.astype(float)[-200:]
        assert 0.3 < np.linalg.norm(y) / np.linalg.norm(x) < 2, peer.name


def test_clips_do_not_hear_each_other(coded, speech):
    for peer, (first, *_) in coded.items():
        again = peer.code(speech[0])
        if peer.waveform:  # Codec 2 has noise in it, whose generator nothing resets
            np.testing.assert_array_equal(first.samples, again.samples)
        assert first.kbps == again.kbps


def test_the_shortest_clip_is_coded(peers):
    for peer in peers:
        assert peer.code(np.ones(1, dtype=np.int16)).samples.shape == (1,)


def test_rates_are_those_that_were_asked_for(coded):
    for peer, (_, second, _) in coded.items():
        asked = float(next(w for w in reversed(peer.name.split()) if w[0].isdigit()))
        slack = 0.25 if peer.name.endswith("CVBR") else 0.01
        assert second.kbps == pytest.approx(asked, rel=slack), peer.name


def test_packets_take_the_rate_that_the_setting_has(peers, speech):
    # but for padding to bytes, and AMR's header byte
    for peer in peers:
        frames = np.resize(speech[1], (20, peer.frame_len))
        packets = peer.encode(frames)
        assert len(packets) == len(frames)
        bits = 8 * sum(map(len, packets)) / len(packets)
        rate = bits / peer.frame_len * 8
        if peer.kbps is not None:
            assert 0 <= rate - peer.kbps < 16 / peer.frame_len * 8, peer.name


def test_the_command_fills_folders_that_compare_takes(tmp_path, capsys, speech):
    installed = [kind for kind in registry.KINDS if not registry.installed((kind,))[1]]
    if not installed:
        pytest.skip("no other codec is installed")
    (tmp_path / "speech" / "below").mkdir(parents=True)
    for name, x in {"a": speech[0], "below/b": speech[1]}.items():
        soundfile.write(tmp_path / "speech" / f"{name}.flac", x, 8000)
    folders = (str(tmp_path / "speech"), str(tmp_path / "coded"))
    assert command.main([*folders, "--only", installed[0]]) == 0
    peers, _ = registry.installed((installed[0],))
    out = capsys.readouterr().out
    found = parse_folders(folders[1])
    assert {folder.name for folder in found} == {peer.name for peer in peers}
    for folder in found:
        assert folder.name in out
        for name, x in {"a": speech[0], "below/b": speech[1]}.items():
            samples, rate = soundfile.read(folder.path / f"{name}.wav", dtype="int16")
            assert (rate, samples.shape) == (8000, x.shape)
            kbps, encode_s, decode_s = folder.measured[f"{name}.flac"]
            assert 1 < kbps < 16
            assert 0 < decode_s < encode_s < 5


def test_what_is_absent_is_named(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(ctypes.util, "find_library", lambda _: None)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    soundfile.write(tmp_path / "a.wav", np.zeros(800), 8000)
    assert command.main([str(tmp_path), str(tmp_path) + "-coded"]) == 1
    err = capsys.readouterr().err
    for kind, package in {
        "amr": "libopencore-amrnb0", "g729": "libbcg729-0", "g723": "ffmpeg",
        "speex": "libspeex1", "opus": "libopus0", "codec2": "libcodec2",
    }.items():  # fmt: skip
        assert f"left out: {kind} needs " in err
        assert package in err


@pytest.mark.parametrize("broken", ["empty", "inside", "rate"])
def test_folders_that_do_not_serve_are_refused(tmp_path, capsys, broken):
    if broken != "empty":
        soundfile.write(tmp_path / "a.wav", np.zeros(800), 8000 if broken == "inside" else 16000)
    out = tmp_path / "out" if broken == "inside" else Path(f"{tmp_path}-out")
    with pytest.raises(SystemExit) as end:
        command.main([str(tmp_path), str(out)])
    assert {"empty": ".wav files, got none", "inside": "lies in FOLDER", "rate": "16000 Hz"}[
        broken
    ] in f"{capsys.readouterr().err}{end.value}"
    assert not out.exists()
