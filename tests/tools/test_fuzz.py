"""The fuzzing tool finds planted faults and runs every parser."""

import subprocess
import sys

import hypothesis
import pytest

PARSERS = ["sound", "container", "tables", "payload", "rtp", "sdp", "messages", "g192"]


@pytest.fixture
def fuzz(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "tools" / "fuzz"))
    import mutations
    import parsers

    return mutations, parsers


def test_a_planted_fault_is_found_and_made_small(fuzz):
    mutations, _ = fuzz

    @hypothesis.seed(1)
    @hypothesis.settings(max_examples=2000, database=None, deadline=None)
    @hypothesis.given(mutations.mutated([b"RIFF\4\0\0\0WAVE" + bytes(100)]))
    def check(data):
        assert data[:4] != b"RIFF" or int.from_bytes(data[4:8], "little") < 1 << 31

    with pytest.raises(AssertionError):
        check()


@pytest.mark.parametrize("name", PARSERS)
def test_every_corpus_is_read_without_an_error(fuzz, name):
    parser = fuzz[1].PARSERS[name]
    whole = 0
    for data in parser.corpus():
        try:
            parser.read(data)
            whole += 1
        except parser.errors:
            assert name == "tables", "only tables are too large for whole files in a corpus"
        assert parser.repair is None or parser.repair(data) == data
    assert whole or name == "tables"


def test_the_tool_runs_for_a_time_and_keeps_what_it_finds(root, tmp_path):
    command = [sys.executable, str(root / "tools" / "fuzz"), "g192", "--minutes", "0.02"]
    done = subprocess.run(
        [*command, "--seed", "3", "--keep", str(tmp_path)],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "g192: seed 3, 0.02 minutes" in done.stdout
    assert "0 workers with findings" in done.stdout
