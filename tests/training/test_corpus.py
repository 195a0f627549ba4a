"""A folder of speech: clips, speakers, held-back clips, and the order of the others."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from celpvq import ArgumentError
from celpvq.lab.clips import clip_paths
from celpvq.training import corpus
from celpvq.training.corpus import Clip


def clip(name, speaker, language="en"):
    return Clip(Path(name), "source", speaker, language)


@pytest.fixture
def folder(tmp_path):
    """Speech of two speakers in folders of their own, and a file that is no sound."""
    for i, path in enumerate(clip_paths()[:4]):
        (tmp_path / "ab"[i % 2]).mkdir(exist_ok=True)
        shutil.copy(path, tmp_path / "ab"[i % 2] / f"{i}.flac")
    (tmp_path / "a" / "notes.txt").write_text("no sound")
    return tmp_path


def test_without_a_manifest_every_folder_is_a_speaker(folder):
    found = corpus.find_clips(folder)
    assert [c.path.relative_to(folder).as_posix() for c in found] == [
        "a/0.flac", "a/2.flac", "b/1.flac", "b/3.flac",
    ]  # fmt: skip
    assert [c.speaker for c in found] == ["a/a", "a/a", "b/b", "b/b"]


def test_a_manifest_says_who_speaks(folder):
    (folder / "manifest.csv").write_text(
        "file,source,speaker,lang\na/0.flac,radio,zoé,fr\n3.flac,,,de\nelse.flac,x,y,z\n"
    )
    found = corpus.find_clips(folder)
    assert [(c.source, c.speaker, c.language) for c in found] == [
        ("radio", "radio/zoé", "fr"), ("a", "a/a", ""), ("b", "b/b", ""), ("b", "b/b", "de"),
    ]  # fmt: skip


def test_clips_are_read_at_8_khz(folder, clips):
    found = corpus.find_clips(folder)
    np.testing.assert_array_equal(found[0].read(), next(iter(clips.values())))


CLIPS = [clip(f"{s}{k}", s, "en" if s < "d" else "de") for s in "abcdefgh" for k in range(5)]


def test_whole_speakers_are_held_back_by_the_seed():
    kept, held = corpus.hold_back(CLIPS, 0.3, 1)
    assert not {c.speaker for c in kept} & {c.speaker for c in held}
    assert sorted(map(str, kept + held)) == sorted(map(str, CLIPS))
    assert len(held) == 10
    assert corpus.hold_back(CLIPS, 0.3, 1) == (kept, held)
    assert corpus.hold_back(CLIPS[::-1], 0.3, 1)[1] != []
    draws = {tuple(sorted({c.speaker for c in corpus.hold_back(CLIPS, 0.3, s)[1]}))
             for s in range(9)}  # fmt: skip
    assert len(draws) > 3
    assert corpus.hold_back(CLIPS, 0.1, 1)[1] == []  # every speaker has more clips
    assert corpus.hold_back(CLIPS, 0.0, 1)[0] == CLIPS


def test_any_first_part_is_balanced():
    many = CLIPS + [clip(f"x{k}", "talker", "en") for k in range(50)]
    queue = corpus.balanced(many, 1)
    assert sorted(map(str, queue)) == sorted(map(str, many))
    assert corpus.balanced(many[::-1], 1) == queue or len(corpus.balanced(many[::-1], 1)) == len(
        many
    )
    assert corpus.balanced(many, 2) != queue
    for k in range(1, 5):
        speakers = [c.speaker for c in queue[: 9 * k]]
        assert max(map(speakers.count, speakers)) <= k


def test_an_empty_folder_is_an_argument_error(tmp_path):
    with pytest.raises(ArgumentError, match="holds no sound file"):
        corpus.find_clips(tmp_path)
