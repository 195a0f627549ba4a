"""The tools that measure losses and pauses say what they measured."""

import shutil
import sys

import pytest

from celpvq.quality import clip_paths


@pytest.fixture
def folder(tmp_path):
    """A folder with one clip."""
    [path] = [path for path in clip_paths() if path.stem == "flite-slt-en"]
    shutil.copy(path, tmp_path)
    return tmp_path


@pytest.fixture
def tools(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "tools"))
    yield
    for name in ("loss_table", "pause_table"):
        sys.modules.pop(name, None)


def rows(text):
    """The cells of a table of Markdown, below its head."""
    lines = [line for line in text.splitlines() if line.startswith("| ")][1:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_losses_are_measured_beside_another_codec(folder, tools, capsys):
    import loss_table
    from peers.codec import AbsentError

    options = ["--modes", "6400", "--rates", "20", "--preset", "fast", "--naive", "--more"]
    try:
        assert loss_table.main([str(folder), *options]) == 0
    except AbsentError as error:
        pytest.skip(str(error))
    found = rows(capsys.readouterr().out)
    assert [row[0] for row in found] == ["no loss", "20 %", "20 %, bursts of 3"]
    for row in found:
        own, other, difference, zeros = map(float, row[1:5])
        assert difference == pytest.approx(own - other, abs=0.002)
        assert own >= zeros
        assert float(row[7]) >= own
    assert found[0][1] == found[0][4] == found[0][5] != found[1][5]
    assert float(found[0][1]) > float(found[1][1]) + 0.5
    assert float(found[0][2]) > float(found[1][2]) + 0.5


def test_what_pauses_save_is_measured(folder, tools, capsys):
    import pause_table

    assert pause_table.main([str(folder), "--preset", "fast"]) == 0
    found = rows(capsys.readouterr().out)
    assert len(found) == 3
    for row in found[1:]:
        assert float(row[1]) == 6.4
        assert float(row[2]) < 0.62 * 6.4
