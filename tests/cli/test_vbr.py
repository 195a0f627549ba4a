"""The options --vbr, --vbr-limit, --vbr-window and --vbr-choice, and the rates in `info`."""

import json

import numpy as np
import pytest

import celpvq
from celpvq import VariableRate
from celpvq.cli import arguments, main
from celpvq.cli.command import make_parser


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


@pytest.mark.parametrize("verb", ["encode in out", "live", "send in host"])
def test_all_verbs_with_an_encoder_have_the_options(verb):
    argv = [*verb.split(), "--vbr", "7200", "--vbr-window", "60"]
    assert arguments.mode(make_parser(argv).parse_args(argv)) == VariableRate(7200, 60.0)
    argv = [*verb.split(), "--mode", "7200"]
    assert arguments.mode(make_parser(argv).parse_args(argv)) == 7200


def test_info_shows_the_rates(raw, tmp_path, capsys):
    encode("--vbr", "5600")
    rates = celpvq.info(tmp_path / "out.cvq").rates
    assert main(["info", "out.cvq"]) == 0
    lines = dict(line.split(None, 1) for line in capsys.readouterr().out.splitlines())
    mean, worst = rates.mean / 1000, rates.worst_second / 1000
    assert lines["rate"] == f"mean {mean:.2f} kbit/s, worst second {worst:.2f}"
    share = rates.packets["4800"] / sum(rates.packets.values())
    assert lines["frames"].startswith(f"4800 {share:.0%}, 6400 ")
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
    assert "over time 4.8 4.8 4.8 4.8 4.8 4.8 7.0 8.0 8.0 8.0 8.0 8.0 kbit/s, in 12 parts" in out
    celpvq.write_packets("fixed.cvq", [bytes(12)] * 50)
    main(["info", "fixed.cvq"])
    assert "worst second" not in capsys.readouterr().out
