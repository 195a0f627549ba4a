"""The specification states the numbers of the code."""

import re

import numpy as np
import pytest
import specification

from celpvq.codec.common import noise


@pytest.fixture(scope="module")
def pages(root):
    return {path.name: path.read_text() for path in (root / "docs" / "spec").glob("*.md")}


def test_the_tables_of_the_text_are_those_of_the_code(pages):
    for name, text in pages.items():
        assert specification.renewed(text) == text, f"{name}: run python tools/specification.py"


def test_every_table_stands_in_the_text(pages):
    found = [name for text in pages.values() for name in specification.names(text)]
    constants = [f"constants {name}" for name in specification.CONSTANTS]
    assert sorted(found) == sorted([*specification.TABLES, *constants])


def test_a_changed_constant_is_found(pages, tmp_path, capsys):
    text = pages["decoder.md"]
    assert "| `MIN_GAP` | 0.035 |" in text
    (tmp_path / "decoder.md").write_text(
        text.replace("| `MIN_GAP` | 0.035 |", "| `MIN_GAP` | 0.036 |")
    )
    assert specification.main(["--check", "--folder", str(tmp_path)]) == 1
    assert "decoder.md" in capsys.readouterr().out
    assert specification.main(["--folder", str(tmp_path)]) == 0
    assert (tmp_path / "decoder.md").read_text() == text


def test_every_constant_that_the_text_uses_is_listed(pages):
    listed = {symbol for rows in specification.CONSTANTS.values() for symbol, _, _ in rows}
    listed |= {"LAG_UNITS", "SUBFRAME_UNITS", "FRAME_UNITS", "OUTPUT_UNITS"}
    types = {"NO_DATA"}
    for name, text in pages.items():
        used = set(re.findall(r"\b[A-Z][A-Z0-9]*_[A-Z0-9_]{2,}\b", text))
        assert used <= listed | types, f"{name} uses constants that it does not list"


def test_the_random_numbers_are_those_of_the_text():
    constants = {symbol: value for symbol, value, _ in specification.CONSTANTS["noise"]}
    factor, increment = constants["LCG_FACTOR"], constants["LCG_INCREMENT"]
    seed, out = 0, np.zeros(3)
    for _ in out:
        seed = (seed * factor + increment) % 2**32
    assert noise.fill(0, 1.0, out) == seed


def test_the_interpolator_and_the_fade_follow_from_their_formulas():
    rows = re.findall(r"\| (\d+) \| (-?\d+) \| (-?\d+) \|", specification.interpolator())
    for t in (1, 2):
        x = np.arange(20) - 9 - t / 3
        taps = np.sinc(x) * np.i0(5 * np.sqrt(1 - (x / 11) ** 2)) / np.i0(5)
        assert [int(row[t]) for row in rows] == np.round(taps / taps.sum() * 2**15).tolist()
    fade = 0.5 - 0.5 * np.cos(np.pi * (np.arange(20) + 0.5) / 20)
    assert specification.fade() == ", ".join(str(int(w)) for w in np.round(fade * 2**20))
