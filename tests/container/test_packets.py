"""`read_packets` and `write_packets`: each the inverse of the other."""

import io
import os

import numpy as np
import pytest
from files import FullDisk, Pipe
from hypothesis import given
from hypothesis import strategies as st

import celpvq
from celpvq import (
    ArgumentError,
    ArgumentTypeError,
    FormatError,
    OutputError,
    TruncatedStream,
    read_packets,
    write_packets,
)
from celpvq.codec.format.modes import PACKET_LENGTHS

FORMS = st.sampled_from([[16], [12], PACKET_LENGTHS, [0, 2], [0], [2]])


@given(data=st.data(), lengths=FORMS, n=st.sampled_from([1, 2, 50, 51, 120]), pipe=st.booleans())
def test_packets_are_read_as_they_were_written(data, lengths, n, pipe):
    sizes = data.draw(st.lists(st.sampled_from(lengths), min_size=n, max_size=n))
    packets = [bytes([i % 256]) * size for i, size in enumerate(sizes)]
    file = Pipe(step=7) if pipe else io.BytesIO()
    write_packets(file, iter(packets))
    assert read_packets(file.getvalue()) == packets
    assert read_packets(Pipe(file.getvalue(), step=11)) == packets
    assert celpvq.info(file.getvalue()).whole


@given(n=st.integers(1, 200), samplerate=st.integers(4000, 192000))
def test_the_default_length_fills_the_packets_at_any_rate(n, samplerate):
    file = io.BytesIO()
    write_packets(file, [bytes(16)] * n, samplerate=samplerate)
    info = celpvq.info(file.getvalue())
    assert (info.n_packets, info.samplerate) == (n, samplerate)
    assert (n * 160 - 40) / 8000 - info.n_samples / samplerate < 1 / samplerate + 1e-9


@pytest.mark.parametrize("dtx", [False, True])
@pytest.mark.parametrize("samplerate", [8000, 44100])
def test_a_file_can_be_written_again_from_its_packets(clips, tmp_path, dtx, samplerate):
    x = np.concatenate([np.zeros(8000), next(iter(clips.values()))[:12345], np.zeros(8000)])
    data = celpvq.encode(x, samplerate, 5600, "fast", dtx=dtx)
    packets = read_packets(data)
    assert ({0, 2, 14} if dtx else {14}) == set(map(len, packets))
    path = tmp_path / "a.cvq"
    path.write_bytes(b"old")
    info = celpvq.info(data)
    write_packets(
        path, packets, samplerate=info.samplerate, n_samples=info.n_samples, tables=info.tables
    )
    assert path.read_bytes() == data
    assert read_packets(path) == read_packets(str(path)) == packets
    encoder = celpvq.Encoder(5600, "fast", samplerate=samplerate, dtx=dtx)
    assert encoder.write(x) + encoder.flush() == packets


def test_the_packets_of_a_file_decode_to_its_sound(clips):
    data = celpvq.encode(next(iter(clips.values()))[:8001], 8000, preset="fast")
    sound = np.concatenate(list(celpvq.decode_stream(read_packets(data))))
    np.testing.assert_array_equal(sound[:8001], celpvq.decode(data)[0])


def test_other_tables_are_named_by_their_hash():
    arrays = {name: array.copy() for name, array in celpvq.Encoder().tables.arrays.items()}
    arrays["lsf_mean"][0] += 0.001
    other = celpvq.TableSet(arrays)
    data = celpvq.encode(np.zeros(500), 8000, preset="fast", tables=other)
    for tables in (other, other.hash, celpvq.info(data).tables):
        file = io.BytesIO()
        write_packets(file, read_packets(data), n_samples=500, tables=tables)
        assert file.getvalue() == data
    for bad in ("", "0123456789abcde", "x" * 16, other.hash[:14] + "\n\n"):
        with pytest.raises(ArgumentError, match="tables: expected 16 hexadecimal digits"):
            write_packets(io.BytesIO(), [bytes(16)], tables=bad)
    with pytest.raises(ArgumentTypeError, match="tables"):
        write_packets(io.BytesIO(), [bytes(16)], tables=5)


@pytest.mark.parametrize("dtx", [False, True])
def test_a_truncated_file_gives_the_packets_that_are_there(dtx):
    data = celpvq.encode(np.random.default_rng(0).normal(size=16000) / 9, 8000, "6400", dtx=dtx)
    packets = read_packets(data)
    cut = data[: len(data) // 2]
    with pytest.raises(TruncatedStream):
        read_packets(cut)
    kept = read_packets(cut, strict=False)
    assert 0 < len(kept) < len(packets)
    assert kept == packets[: len(kept)]
    damaged = bytearray(data)
    damaged[101] ^= 1  # within a packet in both forms
    with pytest.raises(FormatError, match="CRC"):
        read_packets(damaged)
    assert len(read_packets(damaged, strict=False)) == len(packets)


@pytest.mark.parametrize(
    ("packets", "options", "error", "words"),
    [
        ([], {}, ArgumentError, "at least one packet"),
        ([bytes(15)], {}, ArgumentError, "expected 0, 2, 12, 14, 16, 18, 20 bytes, got 15"),
        ([bytes(16), None], {}, ArgumentTypeError, "expected bytes, got NoneType"),
        (bytes(16), {}, ArgumentTypeError, "expected bytes, got int"),
        ([bytes(16)], {"n_samples": 121}, ArgumentError, "length of 1 packets, got 121"),
        ([bytes(16)], {"n_samples": 0}, ArgumentError, "n_samples: expected at least 1"),
        ([bytes(16)], {"samplerate": 1}, ArgumentError, "samplerate"),
        ([bytes(16)], {"samplerate": "1"}, ArgumentTypeError, "samplerate"),
    ],
)
def test_packets_that_make_no_file_are_refused(packets, options, error, words, tmp_path):
    for file in (tmp_path / "a.cvq", io.BytesIO()):
        with pytest.raises(error, match=words):
            write_packets(file, packets, **options)
    assert os.listdir(tmp_path) == []


def test_a_failed_write_is_a_typed_error_and_leaves_no_file(tmp_path):
    with pytest.raises(OutputError, match="No such file"):
        write_packets(tmp_path / "missing" / "a.cvq", [bytes(16)])
    with pytest.raises(OSError, match="No space left"):
        write_packets(FullDisk(1000), [bytes(16)] * 100)
    with pytest.raises(ArgumentTypeError, match="file: expected a binary file"):
        write_packets(io.StringIO(), [bytes(16)])
    with pytest.raises(FileNotFoundError):
        read_packets(tmp_path / "a.cvq")
