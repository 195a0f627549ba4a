"""What wrong bits do, and the order of the bits that follows from it."""

import ast
import csv
import dataclasses

import bit_error_table
import numpy as np
import pytest
import sensitivity as tool
import soundfile

from celpvq import modes
from celpvq.codec.format import bitstream


@pytest.mark.parametrize("mode", modes(), ids=lambda mode: mode.name)
def test_bits_are_sent_in_the_order_of_the_harm_that_they_do(mode):
    rng = np.random.default_rng(1)
    harm = {bit: rng.random() for bit in mode.allocation}
    found = {bit: tool.Damage(0.0, 0.0, x) for bit, x in harm.items()}
    ordered = dataclasses.replace(mode, order=tool.order(mode, found))
    unit = {bit: (bit.field, bit.entry, tool.meaning(mode, bit)) for bit in mode.allocation}
    mean = [
        np.mean([harm[other] for other in unit if unit[other] == unit[bit]])
        for bit in ordered.transmission
    ]
    assert (np.diff(mean) <= 1e-12).all()
    assert ordered.transmission != mode.transmission


@pytest.mark.parametrize("mode", modes(), ids=lambda mode: mode.name)
def test_bits_mean_what_the_words_say(mode):
    kinds = {(b.field, b.entry, b.place): tool.meaning(mode, b) for b in mode.allocation}
    width = mode.bits("fcb")[1]
    two = width > 11
    assert kinds["fcb", 1, 0] == ("sign 2" if two else "sign 1")
    assert kinds["fcb", 1, width - 1] == "index 1"
    assert (kinds["fcb", 1, 2] == "index 2") == two
    assert sum(kinds["fcb", 1, i] == "index 1" for i in range(width)) == (
        (width - 1) // 2 if two else width - 1
    )
    assert kinds["lsf", 2, 0] == "stage 2 low"
    assert kinds["lag", 0, 7] == "bit 7 of 8"


def test_a_wrong_bit_is_that_bit_in_those_frames(clips):
    mode = modes()[0]
    clip = tool.code(clips["espeak-f-es"][:8000], mode, None, 1, 0.1)
    assert 0 < len(clip.wrong) < len(clip.indices) == 50
    damaged = {}

    def decode(mode, indices, tables, n):
        damaged["indices"] = indices
        return clip.decoded

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tool, "decode", decode)
        bit = next(b for b in mode.allocation if (b.field, b.entry, b.place) == ("gain", 2, 1))
        assert tool.damage(clip, mode, bit, None) == (35.0, 0.0, 0.0)
    frames, columns = np.nonzero(damaged["indices"] != clip.indices)
    assert frames.tolist() == clip.wrong.tolist()
    assert set(columns) == {10}
    assert (damaged["indices"] ^ clip.indices).max() == 2
    worst = tool.damage(clip, mode, mode.allocation[0], None)
    assert worst.segsnr_db < 30
    assert worst.spectrum_db > 0.5
    assert worst.pesq_lost > 0
    assert bitstream.pack(mode, clip.indices) != bitstream.pack(mode, damaged["indices"])


def test_half_a_packet_can_be_spared():
    for which, expected in enumerate([b"\xff" * 8 + bytes(8), bytes(8) + b"\xff" * 8]):
        damage = bit_error_table.half(which, 1.0)
        assert damage([bytes(16)] * 3, 1) == [expected] * 3


@pytest.mark.slow
def test_the_command_writes_each_bit_and_prints_an_order(tmp_path, clips, capsys):
    (tmp_path / "in").mkdir()
    soundfile.write(tmp_path / "in" / "a.wav", clips["espeak-f-es"][:12000], 8000)
    out = tmp_path / "bits.csv"
    words = [str(tmp_path / "in"), "--out", str(out), "--modes", "4800", "--share", "0.2"]
    assert tool.main(words) == 0
    text = capsys.readouterr().out
    mode = modes()[0]
    rows = list(csv.reader(out.read_text().splitlines()))
    assert rows[0] == ["mode", "field", "entry", "place", "segsnr_db", "spectrum_db", "pesq_lost"]
    assert [(r[1], int(r[2]), int(r[3])) for r in rows[1:]] == [tuple(b) for b in mode.allocation]
    assert "| lsf | predictor | " in text
    assert max(map(len, text.splitlines())) <= 100
    printed = ast.literal_eval("{" + text[text.index("    4800: (") :] + "}")
    assert dataclasses.replace(mode, order=printed[4800]).transmission[0].field
