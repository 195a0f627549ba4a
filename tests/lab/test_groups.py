import pytest

from celpvq.errors import ArgumentError, FormatError
from celpvq.lab.clips import Clip
from celpvq.lab.groups import find_groups, group_tables
from celpvq.lab.scores import Result
from celpvq.quality.evaluation import BANDS

NAMES = ("a.flac", "below/b.flac", "c.flac", "d.flac")


@pytest.fixture
def clips(tmp_path):
    return [Clip(name, tmp_path / name, 2.0) for name in NAMES]


@pytest.fixture
def manifest(tmp_path):
    path = tmp_path / "manifest.csv"
    path.write_text("file,sex,lang\na.flac,f,en\nb.flac,m,de\nc.flac,f,\nelse.flac,f,fr\n")
    return path


def cells(table):
    """The rows of a table of Markdown, as lists of cells."""
    lines = table.splitlines()
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in (lines[0], *lines[2:])
    ]


def test_a_manifest_groups_clips_by_a_column(tmp_path, clips, manifest):
    assert find_groups(tmp_path, clips, "sex") == {"?": [3], "f": [0, 2], "m": [1]}
    assert find_groups(tmp_path, clips, "lang") == {"?": [2, 3], "de": [1], "en": [0]}
    with pytest.raises(ArgumentError, match="--by: expected one of file, sex, lang, got age"):
        find_groups(tmp_path, clips, "age")
    manifest.write_text("name,sex\na,f\n")
    with pytest.raises(FormatError, match="expected a column file"):
        find_groups(tmp_path, clips, "sex")
    manifest.unlink()
    with pytest.raises(ArgumentError, match=r"--by sex: expected a file .*manifest\.csv"):
        find_groups(tmp_path, clips, "sex")


def results(codec, values, **more):
    return [
        Result(codec, name, 2.0, 5.0, 0.1, 0.01, {"pesq": value, **more}, "", "key")
        for name, value in zip(NAMES, values, strict=True)
    ]


def test_groups_have_means_and_differences():
    both = {
        "new": results("new", [3.0, 2.0, 4.0, 1.0]),
        "old": results("old", [2.5, 2.0, 3.5, 2.0]),
    }
    groups = {"f": [0, 2], "m": [1, 3]}
    means, differences = group_tables(both, ["pesq"], groups, "sex", {"new": "old"})
    assert cells(means) == [
        ["codec", "sex", "clips", "PESQ"],
        ["new", "f", "2", "3.500 ± 6.353"],
        ["new", "m", "2", "1.500 ± 6.353"],
        ["old", "f", "2", "3.000 ± 6.353"],
        ["old", "m", "2", "2.000 ± 0.000"],
    ]
    assert cells(differences) == [
        ["difference of", "to", "sex", "clips", "PESQ"],
        ["new", "old", "f", "2", "**+0.500 ± 0.000**"],
        ["new", "old", "m", "2", "-0.500 ± 6.353"],
    ]


def test_groups_have_the_levels_of_their_bands():
    levels = dict.fromkeys(BANDS, 0.5)
    rows = {"codec": results("codec", [3.0] * 4, **levels)}
    for row in rows["codec"][:2]:
        row.scores[BANDS[3]] = -2.0
    scores = ["pesq", *BANDS]
    _, bands = group_tables(rows, scores, {"de": [0, 1], "en": [1, 2]}, "lang")
    head, german, english = cells(bands)
    assert head == [
        "change of level [dB]", "200 Hz", "250 Hz", "315 Hz", "400 Hz", "500 Hz", "630 Hz",
        "800 Hz", "1000 Hz", "1250 Hz", "1600 Hz", "2000 Hz", "2500 Hz", "3150 Hz", "largest",
    ]  # fmt: skip
    assert german == ["codec, de", *["+0.5"] * 3, "-2.0", *["+0.5"] * 9, "-2.0"]
    assert english == ["codec, en", *["+0.5"] * 3, "-0.8", *["+0.5"] * 9, "-0.8"]
