import dataclasses

import pytest

from celpvq.errors import ArgumentError, FormatError
from celpvq.lab.bases import earlier_results, find_bases
from celpvq.lab.clips import Clip
from celpvq.lab.scores import Result, ScoresFile

CLIPS = [Clip(name, None, 2.0) for name in ("a.flac", "b.flac")]


def result(codec, clip):
    return Result(codec, clip, 2.0, 5.0, 0.1, 0.01, {"segsnr": 3.0}, "", "key")


@pytest.fixture
def earlier(tmp_path):
    """Write a file of results of an earlier run; return its path."""

    def write(*results):
        file = ScoresFile(tmp_path / "scores.csv")
        for each in results:
            file.add(each)
        return file.path

    return write


def test_a_codec_is_the_base_of_all_others():
    assert find_bases(["a", "b", "a b"], "a") == {"b": "a", "a b": "a"}


def test_a_word_names_the_variant_of_each_codec():
    names = ["celpvq 4800", "celpvq 6400", "Opus", "celpvq 4800 plain", "celpvq 6400 plain"]
    assert find_bases(names, "plain") == {
        "celpvq 4800": "celpvq 4800 plain",
        "celpvq 6400": "celpvq 6400 plain",
    }
    with pytest.raises(ArgumentError, match=r"--against: expected one of .*, got fast"):
        find_bases(names, "fast")


def test_results_of_an_earlier_run_come_in_the_order_of_the_clips(earlier):
    path = earlier(result("mine", "b.flac"), result("mine", "a.flac"), result("other", "a.flac"))
    found = earlier_results(path, ["mine", "new"], CLIPS, ["segsnr"])
    assert list(found) == ["mine before"]
    assert [(r.codec, r.clip) for r in found["mine before"]] == [
        ("mine before", "a.flac"),
        ("mine before", "b.flac"),
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"clip": "c.flac"}, r"expected a result of mine for b\.flac, got none"),
        ({"problem": "it failed"}, r"expected a result of mine for b\.flac, got none"),
        ({"scores": {}}, r"expected segsnr of mine for b\.flac"),
        ({"seconds": 2.5}, r"expected the same clips, got b\.flac of 2\.5 s, .* 2\.0 s long"),
        ({"codec": "other"}, r"expected a result of mine for b\.flac, got none"),
    ],
)
def test_an_earlier_run_has_to_hold_all_that_is_compared(earlier, changes, message):
    path = earlier(
        result("mine", "a.flac"), dataclasses.replace(result("mine", "b.flac"), **changes)
    )
    with pytest.raises(ArgumentError, match=message):
        earlier_results(path, ["mine"], CLIPS, ["segsnr"])


def test_files_that_are_no_earlier_run_are_refused(earlier, tmp_path):
    with pytest.raises(ArgumentError, match="expected results of mine or new, got none"):
        earlier_results(earlier(result("other", "a.flac")), ["mine", "new"], CLIPS, [])
    with pytest.raises(ArgumentError, match=r"--against: expected a file scores\.csv, got nowhere"):
        earlier_results(tmp_path.__class__("nowhere.csv"), ["mine"], CLIPS, [])
    (tmp_path / "foreign.csv").write_text("name\n")
    with pytest.raises(FormatError, match="not a scores file"):
        earlier_results(tmp_path / "foreign.csv", ["mine"], CLIPS, [])
