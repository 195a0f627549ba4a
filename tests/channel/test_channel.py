"""The channel: its statistics, its files, and the command."""

import io
import json

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

import celpvq
from celpvq import channel
from celpvq.channel.g192 import ERASED, GOOD
from celpvq.cli import main
from celpvq.codec.format import bitstream
from celpvq.codec.format.modes import BY_LENGTH, MODES
from celpvq.errors import ArgumentError, ArgumentTypeError, FormatError, TruncatedStream

N = 200_000
modes = pytest.mark.parametrize("mode", celpvq.modes(), ids=lambda mode: mode.name)
lengths = st.sampled_from([0, 2, *BY_LENGTH])
sound = lengths.flatmap(lambda n: st.binary(min_size=n, max_size=n))
packets = st.lists(st.none() | sound, max_size=8)


def bursts(mask):
    """The lengths of the runs of losses."""
    edges = np.flatnonzero(np.diff(np.r_[0, mask.astype(int), 0]))
    return edges[1::2] - edges[::2]


# losses -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0, 0.01, 0.05, 0.3, 1])
def test_random_losses_have_their_rate_and_no_memory(rate):
    lost = channel.random_losses(N, rate, seed=1)
    assert abs(lost.mean() - rate) <= 5 * np.sqrt(rate * (1 - rate) / N)
    if 0 < rate < 1:
        assert bursts(lost).mean() == pytest.approx(1 / (1 - rate), rel=0.03)


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.3])
@pytest.mark.parametrize("burst", [1, 1.5, 4, 20])
def test_bursts_have_their_rate_and_a_geometric_length(rate, burst):
    lost = channel.gilbert_elliott_losses(N, rate, burst, seed=2)
    lengths = bursts(lost)
    # a renewal process: the variance of the rate is that of runs, good and bad, over their number
    assert abs(lost.mean() - rate) <= 5 * rate * np.sqrt(2 / len(lengths))
    assert lengths.mean() == pytest.approx(burst, abs=5 * burst / np.sqrt(len(lengths)))
    longer = (lengths > burst).mean()
    expected = (1 - 1 / burst) ** int(burst)
    assert longer == pytest.approx(expected, abs=5 * np.sqrt(0.25 / len(lengths)))


def test_a_channel_may_begin_in_a_bad_time():
    first = [channel.gilbert_elliott_losses(3, 0.3, 5, seed)[0] for seed in range(2000)]
    assert np.mean(first) == pytest.approx(0.3, abs=0.05)


def test_bad_times_may_lose_only_a_share():
    lost = channel.gilbert_elliott_losses(N, 0.05, 50, seed=3, density=0.5)
    assert lost.mean() == pytest.approx(0.05, rel=0.15)
    inside = np.convolve(lost, np.ones(5), "same")[lost].mean() - 1  # of the four around a loss
    assert inside / 4 == pytest.approx(0.5, abs=0.05)


def test_a_seed_repeats_and_another_differs():
    for draw in (
        lambda seed: channel.random_losses(1000, 0.1, seed),
        lambda seed: channel.gilbert_elliott_losses(1000, 0.1, 3, seed),
        lambda seed: channel.flip_bits([bytes(16)] * 50, 0.01, seed),
        lambda seed: channel.flip_bits([bytes(16)] * 50, 0.01, seed, burst=8),
    ):
        assert np.array_equal(draw(7), draw(7))
        assert not np.array_equal(draw(7), draw(8))


def test_what_is_not_sent_is_not_lost():
    assert channel.drop([b"a", b"", b"c"], [True, True, False]) == [None, b"", b"c"]
    with pytest.raises(ArgumentError, match="expected 1 flags, got 2"):
        channel.drop([b"a"], [True, False])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: channel.random_losses(9, 1.5, 1), "rate: expected from 0 to 1, got 1.5"),
        (lambda: channel.random_losses(9, float("nan"), 1), "rate: expected from 0 to 1"),
        (lambda: channel.gilbert_elliott_losses(9, 0.1, 0.5, 1), "burst: expected at least 1"),
        (lambda: channel.gilbert_elliott_losses(9, 0.8, 2, 1), "at most 0.667 in bursts of 2"),
        (lambda: channel.gilbert_elliott_losses(9, 0.1, 2, 1, 0), "density: expected above 0"),
        (lambda: channel.gilbert_elliott_losses(9, 0.1, 2, -1), "seed: .* got -1"),
        (lambda: channel.gilbert_elliott_losses(9, 0.1, "3", 1), "burst: expected a number"),
        (lambda: channel.flip_bits([], None, 1), "ber: expected a number, got None"),
        (lambda: channel.flip_bits([], -1, 1), "ber: expected from 0 to 1"),
        (lambda: channel.flip_bits([b"a"], 0, 1, fields=["pitch"]), "fields: expected .*, got 'pi"),
        (lambda: channel.flip_by([b"a"], np.zeros(0, bool)), "wrong: expected a flag"),
        (lambda: channel.read_pattern(b"x", "words"), "compact: expected frames or bits"),
    ],
)
def test_channels_that_cannot_be_are_refused(call, words):
    with pytest.raises((ArgumentError, ArgumentTypeError), match=words):
        call()


# wrong bits ---------------------------------------------------------------------------------------


def test_wrong_bits_have_their_rate_and_spread_evenly():
    sent = [bytes(16)] * 5000
    for ber in (1e-3, 1e-2):
        got = np.frombuffer(b"".join(channel.flip_bits(sent, ber, seed=1)), np.uint8)
        wrong = np.unpackbits(got)
        assert wrong.mean() == pytest.approx(ber, abs=5 * np.sqrt(ber / wrong.size))
    per_bit = wrong.reshape(5000, 128).sum(axis=0)
    assert per_bit.min() > 15
    assert per_bit.max() < 100


def test_bursts_of_wrong_bits_cross_packets():
    got = channel.flip_bits([bytes(16)] * 5000, 1e-2, seed=1, burst=200)
    wrong = np.unpackbits(np.frombuffer(b"".join(got), np.uint8))
    assert wrong.mean() == pytest.approx(1e-2, rel=0.3)
    hit = wrong.reshape(-1, 128).any(axis=1)
    assert hit.mean() < 0.06  # of independent bits: 0.72
    assert (hit[1:] & hit[:-1]).sum() > 0.3 * hit.sum()
    assert wrong[1:][wrong[:-1] == 1].mean() == pytest.approx(0.5, abs=0.05)


@modes
def test_chosen_fields_alone_go_wrong(mode):
    rng = np.random.default_rng(1)
    words = rng.integers(0, bitstream.limits(mode), (20, 16))
    data = bitstream.pack(mode, words)
    size = mode.frame_bytes
    sent = [data[i : i + size] for i in range(0, len(data), size)]
    names = [(field.name, i) for field in mode.fields for i in range(len(field.bits))]
    for fields in (["lag"], ["lsf0", "gain"], ["fcb3"]):
        got = b"".join(channel.flip_bits(sent, 1.0, seed=1, fields=fields))
        chosen = [name in fields or f"{name}{i}" in fields for name, i in names]
        every = (bitstream.limits(mode) - 1) * chosen
        np.testing.assert_array_equal(bitstream.unpack(mode, got), words ^ every)


def test_what_did_not_come_cannot_go_wrong():
    sent = [None, b"", b"\0\0", bytes(12)]
    assert channel.flip_bits(sent, 1.0, 1) == [None, b"", b"\xff\xff", b"\xff" * 12]
    assert channel.flip_bits(sent, 1.0, 1, fields=["lsf", "lag", "gain", "fcb"]) == [
        None, b"", b"\0\0", b"\xff" * 12,
    ]  # fmt: skip


def test_a_pattern_of_wrong_bits_begins_again_at_its_end():
    pattern = np.array([True, False, False])
    assert channel.flip_by([b"\0", None, b"", b"\0"], pattern) == [
        bytes([0b10010010]), None, b"", bytes([0b01001001]),
    ]  # fmt: skip


# record -------------------------------------------------------------------------------------------


def test_a_record_counts_what_happened():
    sent = [b"\0\0", b"\0\0", b"", b"\0\0", b"\0\0", b"\0\0"]
    record = channel.Record.of(sent, [None, b"\0\3", b"", None, None, b"\0\0"])
    assert (record.n_frames, record.n_sent, record.n_bits) == (6, 5, 80)
    assert (record.n_lost, record.n_bursts, record.longest, record.n_wrong_bits) == (3, 2, 2, 2)
    assert str(record) == (
        "3 of 5 packets lost (60.00 %) in 2 bursts, the longest of 2; 2 of 80 bits wrong (2.50e-02)"
    )
    assert record.table(".csv", {}).decode().splitlines() == [
        "frame,n_bytes,lost,wrong_bits", "0,2,1,0", "1,2,0,2", "3,2,1,0", "4,2,1,0",
    ]  # fmt: skip
    told = json.loads(record.table(".json", {"seed": 3}))
    assert (told["seed"], told["n_lost"], told["losses"][1]["wrong_bits"]) == (3, 3, 2)
    assert channel.Record.of([b""], [b""]).longest == 0
    with pytest.raises(ArgumentError, match="expected 1 packets, got 0"):
        channel.Record.of([b"a"], [])
    with pytest.raises(ArgumentError, match="expected 1 bytes in frame 0, got 2"):
        channel.Record.of([b"a"], [b"ab"])


# G.192 --------------------------------------------------------------------------------------------


def g192(packets):
    file = io.BytesIO()
    assert channel.write_g192(file, packets) == len(packets)
    return file.getvalue()


@given(packets)
def test_g192_gives_back_the_packets(sent):
    data = g192(sent)
    assert list(channel.read_g192(io.BytesIO(data))) == sent
    swapped = np.frombuffer(data, "<u2").astype(">u2").tobytes()
    assert list(channel.read_g192(io.BytesIO(swapped))) == sent


def test_g192_is_what_the_standard_says():
    words = np.frombuffer(g192([b"\x81", None, b""]), "<u2").tolist()
    soft = [0x0081, 0x007F, 0x007F, 0x007F, 0x007F, 0x007F, 0x007F, 0x0081]
    assert words == [0x6B21, 8, *soft, 0x6B20, 0, 0x6B21, 0]


def test_bits_of_an_erased_frame_do_not_count():
    words = np.array([ERASED, 8, *[0] * 8, GOOD, 8, *[0x81] * 8], "<u2")
    assert list(channel.read_g192(io.BytesIO(words.tobytes()))) == [None, b"\xff"]


@given(st.integers(1, 59))
def test_a_cut_g192_file_is_truncated(n):
    data = g192([b"ab", b"c"])
    assert len(data) == 56
    if n < 56 and n != 36:
        with pytest.raises(TruncatedStream):
            list(channel.read_g192(io.BytesIO(data[:n])))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([0x6B22, 0], "frame 0: expected a sync word 0x6B21 or 0x6B20, got 0x6b22"),
        ([GOOD, 8, *[0x7F] * 7, 0], "frame 0: expected softbits .* got 0x0000"),
        ([GOOD, 0, GOOD, 9], "frame 1: expected whole bytes, .* got 9"),
        ([GOOD, 0xFFF8], "frame 0: expected .* at most 2040 bits, got 65528"),
    ],
)
def test_what_is_not_g192_is_refused(words, message):
    with pytest.raises(FormatError, match=message):
        list(channel.read_g192(io.BytesIO(np.array(words, "<u2").tobytes())))


@given(
    st.lists(st.booleans(), min_size=1), st.sampled_from(["frames", "bits"]),
    st.sampled_from(["g192", "byte", "compact"]),
)  # fmt: skip
def test_patterns_are_read_as_written(mask, kind, form):
    file = io.BytesIO()
    channel.write_pattern(file, channel.Pattern(kind, np.array(mask)), form)
    data = file.getvalue()
    assert (
        len(data) == {"g192": 2 * len(mask), "byte": len(mask), "compact": -(-len(mask) // 8)}[form]
    )
    found = channel.read_pattern(data, kind if form == "compact" else None)
    assert found.kind == kind
    assert found.mask[: len(mask)].tolist() == mask
    assert not found.mask[len(mask) :].any()
    if form == "g192":
        swapped = channel.read_pattern(np.frombuffer(data, "<u2").astype(">u2").tobytes())
        assert (swapped.kind, swapped.mask.tolist()) == (kind, mask)


def test_patterns_are_what_the_standard_says():
    assert channel.read_pattern(b"\x21\x6b\x20\x6b").mask.tolist() == [False, True]
    assert channel.read_pattern(b"\x21\x20").kind == "frames"
    assert channel.read_pattern(b"\x7f\x81")[1].tolist() == [False, True]
    assert np.flatnonzero(channel.read_pattern(b"\x01\x80", "frames").mask).tolist() == [0, 15]
    for data in (b"", b"abc", b"\x21\x81"):
        with pytest.raises(FormatError, match="error pattern: expected"):
            channel.read_pattern(data)


# the command --------------------------------------------------------------------------------------


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
    expected, _ = celpvq.decode(coded, "int16")
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
    told = json.loads((tmp_path / "log.json").read_text())
    assert (told["loss"], told["fields"], told["n_lost"]) == (20, ["lag"], record.n_lost)
    assert [loss["frame"] for loss in told["losses"]] == [loss.frame for loss in record.losses]


def test_patterns_come_from_files_and_begin_again(coded, tmp_path, capfd):
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


def test_what_is_heard_is_what_the_decoder_makes_of_it(coded, capfd):
    options = "--loss 10 --ber 1e-3 --seed 3"
    for out in ("b.wav", "b.g192"):
        assert said(capfd, f"a.cvq {out} {options} -q")[0] == 0
    with open("b.g192", "rb") as file:
        received = list(channel.read_g192(file))
    assert None in received
    samples, _ = soundfile.read("b.wav", dtype="int16")
    decoder = celpvq.ChunkDecoder(8000, dtype="int16")
    expected = np.concatenate([*decoder.look_ahead(received), decoder.flush()])
    np.testing.assert_array_equal(samples, expected[:16000])
    err = said(capfd, "b.g192 c.wav")[2]
    n_lost = received.count(None)
    assert f"{n_lost} of 101 packets lost" in err
    again, _ = soundfile.read("c.wav", dtype="int16")
    np.testing.assert_array_equal(again[:16000], samples)


def test_what_is_missing_from_a_damaged_file_is_told(coded, tmp_path, capfd):
    (tmp_path / "cut.cvq").write_bytes(coded[:1000])
    assert said(capfd, "cut.cvq a.wav")[0] == 1
    status, _, err = said(capfd, "cut.cvq a.wav --partial")
    assert status == 0
    assert f"; {101 - soundfile.info('a.wav').frames // 160 - 1} packets missing: " in err


def test_packets_as_sent_may_come_as_g192(coded, capfd):
    assert said(capfd, "a.cvq a.g192 -q")[0] == 0
    assert said(capfd, "a.g192 a.wav -q")[0] == 0
    samples, _ = soundfile.read("a.wav", dtype="int16")
    np.testing.assert_array_equal(samples[:16000], celpvq.decode(coded, "int16")[0])
    assert len(samples) == 101 * 160 - 40


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a.cvq a.wav --ber 2", "ber: expected from 0 to 1, got 2"),
        ("a.cvq a.wav --seed -1", "seed: expected 0 or more, got -1"),
        ("a.cvq a.wav --log x.txt", "--log: expected a name ending in .csv or .json"),
        ("a.cvq a.wav --compact bits", "--compact: tells the form of a --pattern"),
        ("a.cvq a.wav --pattern a.cvq", "a.cvq: error pattern: expected only"),
        ("a.cvq a.wav --pattern none", "none: No such file"),
        ("a.cvq a.wav --fields pitch", "fields: expected some of"),
        ("a.cvq a.cvq", "expected the ending of a sound file"),
        ("odd.g192 a.wav", "odd.g192: frame 1: no packet has 24 bits"),
        ("a.cvq old.g192 --loss 5", "old.g192: exists already; --force replaces it"),
        ("a.cvq a.wav --log old.csv", "old.csv: exists already"),
    ],
)
def test_what_the_command_refuses_leaves_no_file(coded, tmp_path, capfd, line, words):
    (tmp_path / "odd.g192").write_bytes(g192([b"", b"abc"]))
    (tmp_path / "old.g192").write_bytes(b"old")
    (tmp_path / "old.csv").write_bytes(b"old")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    status, out, err = said(capfd, line)
    assert (status, out) == (1, "")
    assert err.startswith("celpvq: ")
    assert err.count("\n") == 1
    assert words in err
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
