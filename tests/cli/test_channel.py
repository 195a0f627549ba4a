"""The command `celpvq channel`."""

import json

import numpy as np
import pytest
import soundfile

import celpvq
from celpvq import channel
from celpvq.cli import main
from celpvq.codec.format.modes import MODES


@pytest.fixture
def coded(tmp_path, monkeypatch, clips):
    """An empty folder with a coded clip in it: its bytes."""
    monkeypatch.chdir(tmp_path)
    data = celpvq.encode(clips["espeak-f-es"][:16000], 8000, 6400, "fast")
    (tmp_path / "a.cvq").write_bytes(data)
    return data


def said(capfd, line):
    try:
        status = main(["channel", *line.split()])
    except SystemExit as error:
        status = error.code
    out, err = capfd.readouterr()
    return status, out, err


def test_without_losses_a_channel_decodes(coded, tmp_path, capfd):
    status, out, err = said(capfd, "a.cvq a.wav")
    assert (status, out) == (0, "")
    assert err == (
        "a.cvq -> a.wav: 0 of 101 packets lost (0.00 %) in 0 bursts, the longest of 0;"
        " 0 of 12928 bits wrong (0.00e+00), seed 1\n"
    )
    samples, rate = soundfile.read("a.wav", dtype="int16")
    expected, _ = celpvq.decode(coded, dtype="int16")
    np.testing.assert_array_equal(samples, expected)
    assert rate == 8000


def test_the_command_does_what_the_functions_do(coded, tmp_path, capfd):
    line = "a.cvq b.g192 --loss 20 --burst 2 --ber 0.01 --fields lag --seed 5 --log log.json"
    status, _, err = said(capfd, line)
    assert status == 0
    with celpvq.open("a.cvq") as stream:
        assert stream.header.mode is MODES[6400]
    from celpvq.container import CvqReader

    with open("a.cvq", "rb") as file:
        sent = list(CvqReader(file))
    damaged = channel.flip_bits(sent, 0.01, 6, fields=["lag"])
    expected = channel.drop(damaged, channel.gilbert_elliott_losses(101, 0.2, 2, 5))
    with open("b.g192", "rb") as file:
        assert list(channel.read_g192(file)) == expected
    record = channel.Record.of(sent, expected)
    assert record.n_lost > 5
    assert f"{record}, seed 5" in err
    log = json.loads((tmp_path / "log.json").read_text())
    assert (log["loss"], log["fields"], log["n_lost"]) == (20, ["lag"], record.n_lost)
    assert [error["frame"] for error in log["errors"]] == [error.frame for error in record.errors]


def test_patterns_come_from_files_and_are_repeated(coded, tmp_path, capfd):
    (tmp_path / "ep").write_bytes(b"\x21\x20\x21")
    assert said(capfd, "a.cvq b.g192 --pattern ep --log log.csv -q") == (0, "", "")
    with open("b.g192", "rb") as file:
        lost = [packet is None for packet in channel.read_g192(file)]
    assert lost == [i % 3 == 1 for i in range(101)]
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 1 + sum(lost)
    (tmp_path / "bits").write_bytes(b"\x01")
    assert said(capfd, "a.cvq c.g192 --pattern bits --compact bits -q")[0] == 0
    with open("c.g192", "rb") as file, open("a.cvq", "rb") as source:
        from celpvq.container import CvqReader

        for got, packet in zip(channel.read_g192(file), CvqReader(source), strict=True):
            assert bytes(a ^ b for a, b in zip(got, packet, strict=True)) == b"\x80" * 16


def test_the_output_is_the_decoder_s(coded, capfd):
    options = "--loss 10 --ber 1e-3 --seed 3"
    for out in ("b.wav", "b.g192"):
        assert said(capfd, f"a.cvq {out} {options} -q")[0] == 0
    with open("b.g192", "rb") as file:
        received = list(channel.read_g192(file))
    assert None in received
    samples, _ = soundfile.read("b.wav", dtype="int16")
    decoder = celpvq.Decoder(8000, "int16")
    expected = np.concatenate([*decoder.look_ahead(received), decoder.flush()])
    np.testing.assert_array_equal(samples, expected[:16000])
    err = said(capfd, "b.g192 c.wav")[2]
    n_lost = received.count(None)
    assert f"{n_lost} of 101 packets lost" in err
    again, _ = soundfile.read("c.wav", dtype="int16")
    np.testing.assert_array_equal(again[:16000], samples)


def test_the_summary_counts_the_missing_packets_of_a_damaged_file(coded, tmp_path, capfd):
    (tmp_path / "cut.cvq").write_bytes(coded[:1000])
    assert said(capfd, "cut.cvq a.wav")[0] == 1
    status, _, err = said(capfd, "cut.cvq a.wav --partial")
    assert status == 0
    assert f"; {101 - soundfile.info('a.wav').frames // 160 - 1} packets missing: " in err


def test_the_input_may_be_a_g192_file(coded, capfd):
    assert said(capfd, "a.cvq a.g192 -q")[0] == 0
    assert said(capfd, "a.g192 a.wav -q")[0] == 0
    samples, _ = soundfile.read("a.wav", dtype="int16")
    np.testing.assert_array_equal(samples[:16000], celpvq.decode(coded, dtype="int16")[0])
    assert len(samples) == 101 * 160 - 40


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a.cvq a.wav --ber 2", "ber: expected from 0 to 1, got 2"),
        ("a.cvq a.wav --seed -1", "seed: expected 0 or more, got -1"),
        ("a.cvq a.wav --log x.txt", "--log: expected a name ending in .csv or .json"),
        ("a.cvq a.wav --compact bits", "--compact requires --pattern"),
        ("a.cvq a.wav --pattern a.cvq", "a.cvq: error pattern: expected only"),
        ("a.cvq a.wav --pattern none", "none: No such file"),
        ("a.cvq a.wav --fields pitch", "fields: expected some of"),
        ("a.cvq a.cvq", "expected the ending of a sound file"),
        ("odd.g192 a.wav", "odd.g192: frame 1: no packet has 24 bits"),
        ("a.cvq old.g192 --loss 5", "old.g192: exists already; --force replaces it"),
        ("a.cvq a.wav --log old.csv", "old.csv: exists already"),
    ],
)
def test_a_refused_command_leaves_no_file(coded, tmp_path, capfd, line, words):
    with open("odd.g192", "wb") as file:
        channel.write_g192(file, [b"", b"abc"])
    (tmp_path / "old.g192").write_bytes(b"old")
    (tmp_path / "old.csv").write_bytes(b"old")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    status, out, err = said(capfd, line)
    assert (status, out) == (1, "")
    assert err.startswith("celpvq: ")
    assert err.count("\n") == 1
    assert words in err
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
