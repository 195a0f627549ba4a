import dataclasses

import pytest
import soundfile

from celpvq.errors import ArgumentError, FormatError
from celpvq.lab.clips import find_clips
from celpvq.lab.contenders import Celpvq
from celpvq.lab.scores import Result, ScoresFile
from celpvq.lab.stored_results import common_measures, outdated, read_results


def result(codec, clip, **changes):
    made = Result(codec, clip, 2.0, 5.0, 0.1, 0.01, {"segsnr": 3.0, "step": 0.5}, "", "key")
    return dataclasses.replace(made, **changes)


@pytest.fixture
def folder(tmp_path):
    """A folder of results: of one codec two clips, of another three."""
    file = ScoresFile(tmp_path / "scores.csv")
    for codec, clips in {"one": "ba", "two": "abc"}.items():
        for clip in clips:
            file.add(result(codec, clip))
    return tmp_path


def test_codecs_have_the_same_clips_in_the_same_order(folder):
    results = read_results(folder)
    assert {name: [r.clip for r in rows] for name, rows in results.items()} == {
        "one": ["b", "a"], "two": ["b", "a"],
    }  # fmt: skip
    assert read_results(folder / "scores.csv") == results


def test_only_the_codecs_asked_for_count(folder):
    assert [r.clip for r in read_results(folder, ["two", "new"])["two"]] == ["a", "b", "c"]
    assert list(read_results(folder, ["two", "one"])) == ["two", "one"]


def test_folders_without_results_are_refused(folder):
    with pytest.raises(
        ArgumentError, match=r"--results: expected a folder with a file scores\.csv"
    ):
        read_results(folder / "nowhere")
    with pytest.raises(ArgumentError, match="expected clips with results of all codecs, got none"):
        read_results(folder, ["new"])
    (folder / "scores.csv").write_text("a,b\n1,2\n")
    with pytest.raises(FormatError, match="not a scores file"):
        read_results(folder)


def test_measures_count_if_every_result_has_them():
    rows = [result("one", "a"), result("one", "b", scores={"segsnr": 1.0})]
    assert common_measures([rows]) == ["segsnr"]
    assert common_measures([rows[:1]]) == ["segsnr", "step"]
    bands = {"level_200": 1.0}  # one score of many
    assert common_measures([[result("one", "a", scores=bands)]]) == []


def test_results_of_other_sound_are_outdated(tmp_path, clips):
    soundfile.write(tmp_path / "a.flac", clips["flite-slt-en"][:8000], 8000)
    found = find_clips(tmp_path)
    own, other = Celpvq(4800), Celpvq(5600)
    key = own.key(found[0])
    results = {
        own.name: [result(own.name, "a.flac", key=f"{key}-times")],
        other.name: [result(other.name, "a.flac", key=key)],
    }
    assert outdated(results, [own, other, Celpvq(8000)], found) == [other.name]
    soundfile.write(tmp_path / "a.flac", clips["flite-slt-en"][1:8001], 8000)
    assert outdated(results, [own], found) == [own.name]


@pytest.mark.parametrize("codec", [
    Celpvq(4800), Celpvq(6400, "best"), Celpvq(8000, plain=True), Celpvq(7200, "fast", None, True),
])  # fmt: skip
def test_a_codec_is_known_by_its_name(codec):
    assert Celpvq.from_name(codec.name) == codec


@pytest.mark.parametrize("name", [
    "", "celpvq", "celpvq plain", "celpvq 4801", "celpvq 6400 default", "celpvq 6400 best more",
    "celpvq  6400", "other 6400", "AMR-NB 4.75", "celpvq 6400 plain before", "celpvq x",
])  # fmt: skip
def test_other_names_are_other_codecs(name):
    assert Celpvq.from_name(name) is None
