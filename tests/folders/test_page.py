"""The page on many files."""

import re

import pytest
from batch_files import write_speech

from celpvq.cli.command import make_parser


@pytest.fixture
def page(root):
    return (root / "docs" / "batch.md").read_text()


def test_the_command_lines_are_right(page):
    lines = re.findall(r"^celpvq (batch .*)$", page, re.M)
    assert len(lines) > 5
    for line in lines:
        args = make_parser(line.split()).parse_args(line.split())
        assert args.work or args.check


@pytest.mark.slow
def test_the_example_works(page, tmp_path, monkeypatch, clips, capsys):
    (code,) = re.findall(r"^```python\n(.*?)^```", page, re.M | re.S)
    write_speech(tmp_path / "recordings", clips["flite-slt-en"], 3)
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "batch.md", "exec"), {"__name__": "__main__"})
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("3 0 ")
    assert second == "[]"
