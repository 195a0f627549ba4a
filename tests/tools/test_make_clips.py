"""The tool that makes the bundled clips, with a stand-in for the speech programs."""

import subprocess

import make_clips
import numpy as np
import pytest
import soundfile
from levels import active, speech_power

import celpvq
from celpvq.errors import ArgumentError
from celpvq.lab.clips import clip_paths, message_paths


def test_clips_and_messages_are_made_at_their_level_and_rate(tmp_path, capsys, monkeypatch):
    programs = []

    def speak(command, check):
        assert check
        programs.append(command[0])
        [path] = [word for word in command if word.endswith(".wav")]
        rng = np.random.default_rng(1)
        gate = np.repeat([0, 1, 0.001, 1, 0], 8000)  # silence, noise, a pause, noise, silence
        soundfile.write(path, 0.02 * gate * rng.normal(size=40000), 16000)

    finished, finish = [], make_clips.finish

    def keep(samples):
        finished.append(finish(samples))
        return finished[-1]

    monkeypatch.setattr(subprocess, "run", speak)
    monkeypatch.setattr(make_clips, "finish", keep)
    folders = tmp_path / "clips", tmp_path / "messages"
    out, messages = map(str, folders)
    assert make_clips.main(["--out", out, "--messages", messages]) == 0
    for folder, paths in zip(folders, (clip_paths(), message_paths()), strict=True):
        assert sorted(path.name for path in folder.iterdir()) == [path.name for path in paths]
    assert set(programs) == {"flite", "espeak-ng"}
    sounds = [soundfile.read(path) for path in folders[0].iterdir()]
    coded = [celpvq.decode(path.read_bytes()) for path in folders[1].iterdir()]
    for x, rate in [*sounds, *coded]:
        assert rate == 8000
        assert len(x) == pytest.approx(12000 + 2 * make_clips.MARGIN, abs=480)
    assert len(finished) == len(sounds) + len(coded)
    # coding may change the level of a message a little
    for x in [*(x for x, _ in sounds), *(x / 32768 for x in finished)]:
        assert 10 * np.log10(speech_power(x)) == pytest.approx(make_clips.LEVEL_DBOV, abs=0.1)


def test_a_clip_beyond_full_scale_ends_the_run():
    x = np.full(8000, 0.003)  # 28 dB below the frame with the click, so it is active
    x[4000] = 1.0
    with pytest.raises(SystemExit, match="full scale"):
        make_clips.finish(x)


def test_speech_is_active_and_silence_has_no_level():
    x = np.r_[np.zeros(800), np.ones(800), np.full(80, 0.5)]
    np.testing.assert_array_equal(active(x), [False] * 5 + [True] * 5)
    assert speech_power(x) == 1
    with pytest.raises(ArgumentError, match="got silence"):
        speech_power(np.zeros(1600))
