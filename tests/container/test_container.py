import io
import itertools
import random
import struct
import tracemalloc
import zlib

import pytest
from files import Counting, Pipe
from hypothesis import given
from hypothesis import strategies as st

from celpvq import ArgumentError, ArgumentTypeError, FormatError, TruncatedStream, info, modes
from celpvq.codec.format.modes import BY_LENGTH, MODES
from celpvq.container import CvqReader, CvqWriter, Header, n_packets

HASH = "0123456789abcdef" * 4
FORMS = ["fixed", "variable", "pipe", "variable pipe"]
every_form = pytest.mark.parametrize("form", FORMS)


def some_packets(n, form, seed=3):
    """Packets of one mode, or in the variable forms of any."""
    rng = random.Random(seed)
    sizes = [16] * n if "variable" not in form else rng.choices(list(BY_LENGTH), k=n)
    return [rng.randbytes(size) for size in sizes]


def written(packets, form, n_samples=None, samplerate=8000):
    """The file of packets that hold `n_samples`, by default as many as go in."""
    n_samples = n_samples or len(packets) * 160 - 40
    file = Pipe() if "pipe" in form else io.BytesIO()
    mode = len(packets[0]) * 400
    writer = CvqWriter(file, mode, HASH, samplerate, variable="variable" in form)
    writer.write(packets)
    writer.close(n_samples)
    assert writer.n_bytes == len(file.getvalue())
    return file.getvalue()


def read(data, strict=True, file=io.BytesIO):
    reader = CvqReader(file(data), strict)
    return list(reader), reader


def ends(packets, form):
    """Where in the file each packet ends."""
    end, where = 32, []
    for i, packet in enumerate(packets):
        if i % 50 == 0:
            end += (4 if i else 0) + ("pipe" in form)
        end += ("variable" in form) + len(packet)
        where.append(end)
    return where


def resealed(data, offset, new):
    """The file with other bytes in its header, and a CRC that agrees."""
    data = data[:offset] + new + data[offset + len(new) :]
    return data[:28] + struct.pack("<I", zlib.crc32(data[:28])) + data[32:]


@given(
    mode=st.sampled_from(modes()),
    samplerate=st.integers(4000, 192000),
    n_samples=st.none() | st.integers(1, 2**64 - 1),
    variable=st.booleans(),
)
def test_a_header_is_read_as_it_was_written(mode, samplerate, n_samples, variable):
    header = Header(mode, HASH[:16], samplerate, n_samples, variable)
    assert Header.from_bytes(header.to_bytes()) == header


@given(
    form=st.sampled_from(FORMS),
    n=st.sampled_from([1, 2, 49, 50, 51, 100, 101, 120]),
    step=st.sampled_from([1, 7, 1 << 20]),
)
def test_packets_are_read_as_they_were_written(form, n, step):
    packets = some_packets(n, form)
    data = written(packets, form)
    got, reader = read(data, file=lambda data: Pipe(data, step))
    assert got == packets
    assert reader.n_samples == n * 160 - 40
    assert (reader.n_packets, reader.n_missing, reader.n_bytes) == (n, 0, len(data))
    assert info(data).whole


@given(cuts=st.lists(st.integers(0, 120), max_size=9))
def test_packets_written_in_pieces_make_the_same_file(cuts):
    packets = some_packets(120, "fixed")
    file = Pipe(step=5)
    writer = CvqWriter(file, 6400, HASH, n_samples=19160)
    for a, b in itertools.pairwise([0, *sorted(cuts), 120]):
        writer.write(packets[a:b])
    writer.close()
    assert file.getvalue() == written(packets, "fixed")


def test_the_file_is_laid_out_as_documented():
    packets = some_packets(51, "variable pipe")
    data = written(packets, "variable pipe", n_samples=44000, samplerate=44100)
    first = len(packets[0]) * 400
    head = b"\x89CVQ" + struct.pack("<BBH", 1, 3, first) + bytes.fromhex(HASH[:16])
    head += struct.pack("<IQ", 44100, 0)
    blocks = []
    for part in (packets[:50], packets[50:]):
        blocks.append(bytes([len(part)]) + b"".join(bytes([len(p)]) + p for p in part))
    trailer = b"\0" + struct.pack("<Q", 44000)
    parts = [head, *blocks, trailer]
    assert data == b"".join(part + struct.pack("<I", zlib.crc32(part)) for part in parts)

    packets = some_packets(51, "fixed")
    data = written(packets, "fixed", n_samples=44000, samplerate=44100)
    head = b"\x89CVQ" + struct.pack("<BBH", 1, 0, 6400) + bytes.fromhex(HASH[:16])
    parts = [head + struct.pack("<IQ", 44100, 44000), b"".join(packets[:50]), packets[50]]
    assert data == b"".join(part + struct.pack("<I", zlib.crc32(part)) for part in parts)


@pytest.mark.parametrize(
    ("n_samples", "samplerate", "n"),
    [(1, 8000, 1), (120, 8000, 1), (121, 8000, 2), (280, 8000, 2), (281, 8000, 3), (1, 16000, 1),
     (241, 16000, 1), (243, 16000, 2), (44100, 44100, 51)],
)  # fmt: skip
def test_the_number_of_packets_follows_from_the_length(n_samples, samplerate, n):
    assert n_packets(n_samples, samplerate) == n


@every_form
def test_a_file_cut_anywhere_gives_the_whole_packets_before_the_cut(form):
    packets = some_packets(53, form)
    data = written(packets, form)
    for end in range(len(data)):
        with pytest.raises(FormatError) as caught:
            read(data[:end])
        assert end == 0 or isinstance(caught.value, TruncatedStream)
        with pytest.raises(FormatError):
            read(data[:end], file=Pipe)
        if end < 32:
            with pytest.raises(FormatError):
                read(data[:end], strict=False)
            continue
        got, reader = read(data[:end], strict=False)
        assert got == packets[: sum(whole <= end for whole in ends(packets, form))]
        assert len(got) == reader.n_packets
        assert reader.damage
        assert reader.n_missing == (None if "pipe" in form else 53 - len(got))


@every_form
def test_a_change_of_any_byte_is_noticed(form):
    packets = some_packets(53, form)
    data = written(packets, form)
    for i in range(len(data)):
        changed = data[:i] + bytes([data[i] ^ 1 << i % 8]) + data[i + 1 :]
        with pytest.raises(FormatError):
            read(changed)
        if i < 32:
            with pytest.raises(FormatError):
                read(changed, strict=False)
            continue
        got, reader = read(changed, strict=False)
        assert reader.damage
        assert len(got) <= len(packets) + 1
        if form == "fixed":
            assert len(got) == 53
            assert sum(a != b for a, b in zip(got, packets, strict=True)) <= 1
            assert (reader.n_damaged, reader.n_missing) == (1, 0)


@every_form
def test_data_after_the_end_are_refused(form):
    data = written(some_packets(50, form), form) + b"\0"
    with pytest.raises(FormatError, match="more data"):
        read(data)
    got, reader = read(data, strict=False)
    assert len(got) == 50
    assert "more data" in reader.damage


@pytest.mark.parametrize(
    "data", [b"", b"RIFF", b"\x89PNG\r\n\x1a\n" * 9, b"text\n" * 20, bytes(99)]
)
def test_foreign_data_are_refused(data):
    with pytest.raises(FormatError, match="not a celpvq stream"):
        CvqReader(io.BytesIO(data), strict=False)


@pytest.mark.parametrize(
    ("offset", "new", "message"),
    [(4, b"\2", "version 1, got 2"), (5, b"\4", "flags"), (6, b"\0\0", "mode, got 0"),
     (16, bytes(4), "sample rate"), (16, b"\xff" * 4, "sample rate"), (5, b"\2", "unknown length"),
     (20, bytes(8), "incomplete: its writer never stored the length")],
)  # fmt: skip
def test_a_header_that_lies_is_refused(offset, new, message):
    data = resealed(written(some_packets(3, "fixed"), "fixed"), offset, new)
    with pytest.raises(FormatError, match=message):
        CvqReader(io.BytesIO(data), strict=False)


@every_form
@pytest.mark.parametrize("seeks", [True, False])
def test_an_absurd_length_costs_neither_time_nor_memory(form, seeks):
    data = written(some_packets(200, form), form)
    if "pipe" in form:
        trailer = b"\0" + b"\xff" * 8
        data = data[:-13] + trailer + struct.pack("<I", zlib.crc32(trailer))
    else:
        data = resealed(data, 20, b"\xff" * 8)
    file = Counting(data) if seeks else Pipe(data)
    tracemalloc.start()
    try:
        with pytest.raises(FormatError):
            list(CvqReader(file))
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
    if seeks and "pipe" not in form:
        assert file.n_read == 32


def test_a_packet_length_that_no_mode_has_is_refused():
    data = written(some_packets(3, "variable"), "variable")
    with pytest.raises(FormatError, match="no mode has 3 bytes"):
        read(data[:32] + b"\3" + data[33:])


def test_a_file_whose_writer_was_not_closed_is_refused():
    file = io.BytesIO()
    CvqWriter(file, 6400, HASH).write([bytes(16)] * 50)
    with pytest.raises(TruncatedStream, match="incomplete: its writer never stored the length"):
        CvqReader(io.BytesIO(file.getvalue()))


def test_a_stream_may_begin_anywhere_in_a_file():
    file = io.BytesIO(b"before")
    file.seek(6)
    writer = CvqWriter(file, 6400, HASH)
    writer.write([bytes(16)])
    writer.close(100)
    file.seek(6)
    assert list(CvqReader(file)) == [bytes(16)]
    assert file.getvalue().startswith(b"before\x89CVQ")


def test_a_writer_refuses_packets_and_lengths_that_do_not_fit():
    writer = CvqWriter(io.BytesIO(), 6400, HASH, n_samples=100)
    with pytest.raises(ArgumentError, match=r"16 bytes .*, got 15"):
        writer.write([bytes(15)])
    with pytest.raises(ArgumentError, match="not variable"):
        writer.write([bytes(12)])
    with pytest.raises(ArgumentTypeError, match="expected bytes, got NoneType"):
        writer.write([None])
    with pytest.raises(ArgumentTypeError, match="expected bytes, got int"):
        writer.write(bytes(16))
    with pytest.raises(ArgumentError, match="0 packets"):
        writer.close()
    writer.write([bytes(16)])
    with pytest.raises(ArgumentError, match="expected 100"):
        writer.close(101)
    with pytest.raises(ArgumentError, match="at least 1"):
        CvqWriter(io.BytesIO(), 6400, HASH, n_samples=0)
    for n_samples in ("a", 10.5, True):
        with pytest.raises(ArgumentTypeError, match="n_samples: expected an int"):
            CvqWriter(io.BytesIO(), 6400, HASH, n_samples=n_samples)


@pytest.mark.parametrize("file", [5.5, 5, None, io.StringIO()])
def test_only_binary_files_are_accepted(file):
    for call in (info, CvqReader, lambda file: CvqWriter(file, 6400, HASH)):
        with pytest.raises(ArgumentTypeError, match="file: expected a binary file"):
            call(file)


@every_form
def test_info_gives_the_properties_of_a_file(form, tmp_path):
    packets = some_packets(60, form)
    data = written(packets, form, n_samples=52000, samplerate=44100)
    (tmp_path / "a.cvq").write_bytes(data)
    found = info(tmp_path / "a.cvq")
    assert found == info(str(tmp_path / "a.cvq")) == info(data) == info(Pipe(data))
    assert found.mode == len(packets[0]) * 400
    assert found.mode in MODES
    assert (found.version, found.tables, found.whole) == (1, HASH[:16], True)
    assert (found.variable, found.unknown_length) == ("variable" in form, "pipe" in form)
    assert (found.samplerate, found.n_samples, found.n_packets) == (44100, 52000, 60)
    assert found.duration_s == 52000 / 44100
    assert found.n_bytes == len(data)
    assert found.kbps == pytest.approx(len(data) * 8 / found.duration_s / 1000)
    cut = info(data[: len(data) // 2])
    assert not cut.whole
    assert cut.n_packets < 60
    assert cut.duration_s == pytest.approx((cut.n_packets * 160 - 40) / 8000)
