"""The options and the input that tools share."""

import numpy as np
import options
import pytest
import soundfile

from celpvq.errors import ArgumentError


@pytest.fixture
def folder(tmp_path):
    """A folder of five clips, each constant."""
    for i in range(5):
        soundfile.write(tmp_path / f"{i}.wav", np.full(16000, i / 10), 8000)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "expected", "length"),
    [([], [0, 1, 2, 3, 4], 8000), (["--every", "2"], [0, 2, 4], 8000),
     (["--clips", "2"], [0, 2], 8000), (["--clips", "1", "--seconds", "0.5"], [0], 4000)],
)  # fmt: skip
def test_a_part_of_the_speech_can_be_taken(folder, words, expected, length):
    parser = options.new_parser("A tool.")
    options.add_speech(parser, seconds=1.0)
    clips = options.read_speech(parser.parse_args([str(folder), *words]))
    assert [round(10 * x[0]) for x in clips] == expected
    assert {len(x) for x in clips} == {length}


def test_recordings_are_those_of_the_variable(tmp_path, monkeypatch):
    monkeypatch.delenv("CELPVQ_SPEECH", raising=False)
    assert options.recordings() is None
    monkeypatch.setenv("CELPVQ_SPEECH", str(tmp_path))
    assert options.recordings() is None
    (tmp_path / "dev").mkdir()
    assert options.recordings() == tmp_path / "dev"


def test_errors_end_a_tool_with_its_name():
    with pytest.raises(SystemExit, match="tool: expected more"), options.errors_end("tool"):
        raise ArgumentError("expected more")
    with pytest.raises(ValueError, match="a bug"), options.errors_end("tool"):
        raise ValueError("a bug")
