"""The options --vbr, --vbr-limit, --vbr-window and --vbr-choice, and the rates in `info`."""

import json

import numpy as np
import pytest
import soundfile

import celpvq
from celpvq import VariableRate
from celpvq.augment import TelephoneLine
from celpvq.cli import arguments, main
from celpvq.cli.command import make_parser
from celpvq.codec.format.modes import MODES
from celpvq.rtp.sdp import SessionDescription


@pytest.fixture
def raw(clips, tmp_path, monkeypatch):
    """A headerless file of 2.5 s of speech in the working folder; its samples."""
    monkeypatch.chdir(tmp_path)
    x = np.round(clips["flite-rms-en"][:20000] * 32768).astype("<i2")
    (tmp_path / "in.raw").write_bytes(x.tobytes())
    return x


def encode(*options):
    return main(["encode", "--raw", "-q", "-p", "fast", *options, "in.raw", "out.cvq"])


@pytest.mark.parametrize(
    ("options", "rate"),
    [
        (["--vbr", "5600"], VariableRate(5600)),
        (
            ["--vbr", "5600", "--vbr-limit", "6000", "--vbr-window", "3", "--vbr-choice",
             "prediction"],
            VariableRate(5600, 3.0, 6000, "prediction"),
        ),
    ],
)  # fmt: skip
def test_files_are_coded_at_variable_rate(raw, tmp_path, options, rate):
    assert encode(*options) == 0
    assert (tmp_path / "out.cvq").read_bytes() == celpvq.encode(raw, 8000, rate, "fast")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--vbr", "4000"], "bitrate: expected at least 4800 bit/s, got 4000"),
        (["--vbr", "6400", "--vbr-limit", "6000"], "limit: expected at least 6400"),
        (["--vbr-limit", "6400"], "--vbr-limit requires --vbr"),
        (["--vbr-window", "4"], "--vbr-window requires --vbr"),
        (["--vbr-choice", "trials"], "--vbr-choice requires --vbr"),
    ],
)
def test_options_that_do_not_fit_are_refused(raw, tmp_path, capsys, options, message):
    assert encode(*options) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out.cvq").exists()


def test_a_rate_is_fixed_or_variable(raw, capsys):
    with pytest.raises(SystemExit) as error:
        encode("--mode", "4800", "--vbr", "5600")
    assert error.value.code == 2
    assert "not allowed with" in capsys.readouterr().err


@pytest.mark.parametrize(
    "verb",
    ["encode in out", "live", "send in host", "roundtrip in out", "batch in out --encode"],
)
def test_all_verbs_with_an_encoder_have_the_options(verb):
    argv = [*verb.split(), "--vbr", "7200", "--vbr-window", "60"]
    assert arguments.mode(make_parser(argv).parse_args(argv)) == VariableRate(7200, 60.0)
    argv = [*verb.split(), "--mode", "7200"]
    assert arguments.mode(make_parser(argv).parse_args(argv)) == 7200


def test_a_round_trip_may_have_a_variable_rate(raw, tmp_path, capsys):
    soundfile.write("in.wav", raw[:8000], 8000)
    options = ["--vbr", "5600", "--vbr-limit", "6000"]
    assert main(["roundtrip", "in.wav", "out.wav", "-p", "fast", *options]) == 0
    assert ", vbr 5600 bit/s, " in capsys.readouterr().err
    expected = TelephoneLine(mode=VariableRate(5600, limit=6000))(raw[:8000], 8000, seed=1)
    np.testing.assert_array_equal(soundfile.read("out.wav", dtype="int16")[0], expected)
    assert main(["roundtrip", "in.wav", "b.wav", "--vbr", "5600", "--line", "line.json"]) == 1
    assert "got vbr as well" in capsys.readouterr().err


def test_batch_codes_at_variable_rate_and_continues(raw, tmp_path, capsys):
    (tmp_path / "in").mkdir()
    soundfile.write("in/a.wav", raw, 8000)
    command = ["batch", "in", "out", "--encode", "-q", "-j", "1", "-p", "fast", "--vbr", "5600"]
    assert main(command) == 0
    data = (tmp_path / "out" / "a.cvq").read_bytes()
    assert data == celpvq.encode(raw, 8000, "vbr", "fast", bitrate=5600)
    row = json.loads((tmp_path / "out" / "manifest.jsonl").read_text())
    assert row["mode"] == 5600
    assert main([*command, "--resume"]) == 0
    assert main([*command, "--resume", "--vbr-limit", "6000"]) == 1
    assert "mode" in capsys.readouterr().err
    assert main(["batch", "out", "sound", "--decode", "--vbr", "5600"]) == 1
    assert "--vbr: has no use with --decode" in capsys.readouterr().err


def test_a_session_description_lists_all_rates(capsys):
    assert main(["send", "in.wav", "127.0.0.1", "--sdp", "--vbr", "5600"]) == 0
    assert SessionDescription.from_text(capsys.readouterr().out).modes == tuple(MODES)


def test_info_shows_the_rates(raw, tmp_path, capsys):
    encode("--vbr", "5600")
    rates = celpvq.info(tmp_path / "out.cvq").rates
    assert main(["info", "out.cvq"]) == 0
    lines = dict(line.split(None, 1) for line in capsys.readouterr().out.splitlines())
    mean, worst = rates.mean / 1000, rates.worst_second / 1000
    assert lines["rate"] == f"mean {mean:.2f} kbit/s, worst second {worst:.2f}"
    share = rates.packets["4800"] / sum(rates.packets.values())
    assert lines["frames"].startswith(f"4800 {share:.0%}, 5600 ")
    first, second, _ = rates.seconds
    assert lines["over"] == f"time {first / 1000:.1f} {second / 1000:.1f} kbit/s, second by second"
    main(["info", "--json", "out.cvq"])
    found = json.loads(capsys.readouterr().out)["rates"]
    assert found["worst_second"] == rates.worst_second
    assert found["seconds"] == list(rates.seconds)
    assert found["packets"] == rates.packets


def test_info_divides_a_long_file_into_parts(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    packets = [bytes(12)] * 50 * 13 + [bytes(20)] * 50 * 13
    celpvq.write_packets("long.cvq", packets)
    main(["info", "long.cvq"])
    out = capsys.readouterr().out
    assert "over time 4.8 4.8 4.8 4.8 4.8 4.8 8.0 8.0 8.0 8.0 8.0 8.0 kbit/s, in 12 parts" in out
    celpvq.write_packets("fixed.cvq", [bytes(12)] * 50)
    main(["info", "fixed.cvq"])
    assert "worst second" not in capsys.readouterr().out
