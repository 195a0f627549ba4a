"""The tables of losses, bit errors and DTX, each on one clip."""

import shutil

import bit_error_table
import dtx_table
import loss_table
import numpy as np
import pytest

from celpvq.lab.clips import clip_paths, padded


@pytest.fixture
def folder(tmp_path):
    """A folder with one clip."""
    [path] = [path for path in clip_paths() if path.stem == "flite-slt-en"]
    shutil.copy(path, tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def pesq():
    return pytest.importorskip("pesq")


def table(text):
    """The cells of a table of Markdown: its head, and the rows."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return head, rows


class Delayed:
    """A stand-in for AMR-NB: the samples themselves, 40 samples late, zeros for lost frames."""

    def __init__(self, mode):
        self.mode = mode

    def encode(self, frames):
        late = np.concatenate([np.zeros(40, np.int16), frames.reshape(-1)])[: frames.size]
        return [frame.tobytes() for frame in late.reshape(frames.shape)]

    def decode(self, packets):
        return np.concatenate([np.frombuffer(p or bytes(320), np.int16) for p in packets])


OPTIONS = ["--modes", "6400", "--rates", "20", "--preset", "fast", "--naive", "--more"]


def check_losses(text):
    head, rows = table(text)
    assert head[1:] == ["celpvq 6400", "AMR-NB 6.7", "difference", "zeros", "over zeros",
                        "repetition", "next packet", "redundancy"]  # fmt: skip
    assert [row[0] for row in rows] == ["no loss", "20 %", "20 %, bursts of 3"]
    for row in rows:
        own, other, difference, zeros = map(float, row[1:5])
        gain, half = row[5].split(" ± ")
        assert float(gain) == pytest.approx(own - zeros, abs=0.002)
        assert half == "nan"  # of one clip
        assert difference == pytest.approx(own - other, abs=0.002)
        assert own >= zeros
        assert float(row[8]) > zeros or row[0] == "no loss"
    assert rows[0][1] == rows[0][4] == rows[0][6] != rows[1][6]
    # in bursts only the last frame has a redundant one: a clip alone does not show its benefit
    assert float(rows[1][8]) > float(rows[1][1]) + 0.2
    assert float(rows[0][1]) > float(rows[1][1]) + 0.5
    assert float(rows[0][2]) > float(rows[1][2]) + 0.5
    return rows


def test_losses_are_measured_with_another_codec(folder, capsys):
    from peers.codec import AbsentError

    try:
        assert loss_table.main([str(folder), *OPTIONS]) == 0
    except AbsentError as error:
        pytest.skip(str(error))
    check_losses(capsys.readouterr().out)


def test_losses_hit_the_same_frames_of_both_codecs_and_delays_are_removed(
    folder, capsys, monkeypatch
):
    monkeypatch.setattr(loss_table, "Amr", Delayed)
    assert loss_table.main([str(folder), *OPTIONS, "--seconds", "3"]) == 0
    rows = check_losses(capsys.readouterr().out)
    assert float(rows[0][2]) == pytest.approx(4.549, abs=0.001)  # the best score


def test_losses_are_measured_with_plcmos(folder, capsys, monkeypatch):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("speechmos")
    monkeypatch.setattr(loss_table, "Amr", Delayed)
    shutil.copy(folder / "flite-slt-en.flac", folder / "again.flac")
    words = ["--modes", "6400", "--rates", "10", "--preset", "fast", "--naive"]
    assert loss_table.main([str(folder), *words, "--measure", "plcmos"]) == 0
    out = capsys.readouterr().out
    assert "2 clips, seed 1, PLCMOS" in out
    _, rows = table(out)
    assert [row[0] for row in rows] == ["no loss", "10 %", "10 %, bursts of 3"]
    assert rows[0][5] == "+0.000 ± 0.000"
    gain, half = (float(cell) for cell in rows[1][5].split(" ± "))
    assert gain > 0.1
    assert half > 0  # each clip loses other frames


def test_the_naive_ways_are_what_they_claim(clips):
    x = padded(clips["espeak-f-es"][4000:8000])
    packets = loss_table.FrameEncoder(6400, "fast").encode(x)
    lost = [None if i == 7 else packet for i, packet in enumerate(packets)]
    whole = loss_table.conceal(packets).reshape(-1, 160)
    np.testing.assert_array_equal(loss_table.zeros(lost).reshape(-1, 160)[7], 0)
    repeated = [*packets[:7], packets[6], *packets[8:]]
    np.testing.assert_array_equal(loss_table.repetition(lost), loss_table.conceal(repeated))
    for way in (loss_table.conceal, loss_table.zeros, loss_table.repetition):
        np.testing.assert_array_equal(way(packets).reshape(-1, 160), whole)
        np.testing.assert_array_equal(way(lost).reshape(-1, 160)[:7], whole[:7])


def test_dtx_saves_rate(folder, capsys):
    pytest.importorskip("pystoi")
    assert dtx_table.main([str(folder), "--preset", "fast"]) == 0
    _, rows = table(capsys.readouterr().out)
    assert len(rows) == 3
    for row in rows[1:]:
        assert float(row[1]) == 6.4
        assert float(row[2]) < 0.62 * 6.4


@pytest.mark.slow
def test_bit_errors_lower_the_score(folder, capsys):
    assert bit_error_table.main([str(folder), "--seconds", "3"]) == 0
    head, rows = table(capsys.readouterr().out)
    assert head == ["bit/s", *bit_error_table.CHANNELS]
    assert [row[0] for row in rows] == ["4800", "5600", "6400", "7200", "8000"]
    scores = np.array([[float(cell) for cell in row[1:]] for row in rows]).mean(axis=0)
    none, least, less, most, _, first, second = scores
    assert none >= least > less > most
    assert none > second > first  # the first half holds the sensitive bits
