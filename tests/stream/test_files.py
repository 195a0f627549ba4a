"""Files by `celpvq.open`: sound to a file and back, in chunks of any size."""

import contextlib
import gc
import io
import os
import resource
import subprocess
import sys

import numpy as np
import pytest
from files import FullDisk, Pipe, in_chunks
from hypothesis import given, settings
from hypothesis import strategies as st

import celpvq
from celpvq import (
    ArgumentError,
    ClosedError,
    FormatError,
    OutputError,
    TablesError,
    TableSet,
    TruncatedStream,
)  # fmt: skip
from celpvq.container import CvqReader

SIZES = st.lists(st.sampled_from([0, 1, 2, 159, 160, 161, 441, 8193]), max_size=30)


def speech_like(n, seed=0):
    """Noise in syllables, shape (n,)."""
    rng = np.random.default_rng(seed)
    return 0.2 * rng.normal(size=n).clip(-4, 4) * np.sin(np.arange(n) / 700) ** 2


def streamed(x, samplerate, sizes=(), file=None, **options):
    file = io.BytesIO() if file is None else file
    with celpvq.open(file, "w", samplerate=samplerate, preset="fast", **options) as stream:
        for chunk in in_chunks(x, sizes):
            stream.write(chunk)
    return file.getvalue()


@settings(max_examples=30)
@given(
    sizes=SIZES, n=st.sampled_from([1, 119, 120, 121, 160, 5000]),
    samplerate=st.sampled_from([8000, 16000, 44100]),
)  # fmt: skip
def test_chunks_of_any_size_are_encoded_as_the_whole(sizes, n, samplerate):
    x = speech_like(n)
    assert streamed(x, samplerate, sizes) == celpvq.encode(x, samplerate, preset="fast")


def test_one_long_chunk_is_encoded_as_many_short_ones():
    x = speech_like(8000 * 25)
    data = celpvq.encode(x, 8000, preset="fast")
    assert streamed(x, 8000, [len(x)]) == streamed(x, 8000, [8193]) == data


def test_the_type_of_the_samples_does_not_matter():
    x = (speech_like(3000) * 32768).astype(np.int16)
    y = x / np.float32(32768)
    assert streamed(x, 8000) == streamed(y, 8000) == streamed(y.astype(float), 8000)
    stereo = np.stack([y, y], axis=1)
    assert streamed(stereo, 8000, axis=1) == streamed(stereo, 8000, axis=1, channel=1)
    assert streamed(stereo, 8000, axis=1) == streamed(x, 8000)


@pytest.fixture(scope="module")
def data():
    """A stream of 9000 samples at 44.1 kHz, 1633 at 8 kHz."""
    return celpvq.encode(speech_like(9000), 44100, preset="fast")


@settings(max_examples=30)
@given(
    sizes=SIZES, samplerate=st.sampled_from([8000, None, 16000]), step=st.sampled_from([7, 9999])
)
def test_pieces_of_any_size_are_decoded_as_the_whole(data, sizes, samplerate, step):
    whole, rate = celpvq.decode(data, samplerate=samplerate)
    with celpvq.open(Pipe(data, step), samplerate=samplerate) as stream:
        parts = [stream.read(n) for n in sizes]
        assert all(len(p) == n for p, n in zip(parts, sizes, strict=True)) or not len(
            stream.read(1)
        )
        parts.append(stream.read())
        assert not len(stream.read())
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert (stream.samplerate, stream.n_samples, stream.n_bytes) == (rate, len(whole), len(data))


@pytest.mark.parametrize(("samplerate", "frame_len"), [(8000, 160), (44100, 882)])
def test_a_reader_yields_frames_of_20_ms(data, samplerate, frame_len):
    with celpvq.open(io.BytesIO(data), "r", samplerate=samplerate) as stream:
        frames = list(stream)
    assert {len(frame) for frame in frames[:-1]} == {frame_len}
    assert 0 < len(frames[-1]) <= frame_len
    np.testing.assert_array_equal(
        np.concatenate(frames), celpvq.decode(data, samplerate=samplerate)[0]
    )


@pytest.mark.parametrize("n", [1, 40, 120, 121, 8000, 8001, 16000])
def test_a_stream_of_unknown_length_decodes_as_one_of_known_length(n):
    x = speech_like(n)
    known, piped = celpvq.encode(x, 8000, preset="fast"), streamed(x, 8000, file=Pipe(step=11))
    assert known != piped
    assert list(CvqReader(io.BytesIO(known))) == list(CvqReader(io.BytesIO(piped)))
    with celpvq.open(io.BytesIO(piped)) as stream:
        assert stream.n_samples is None
        np.testing.assert_array_equal(stream.read(), celpvq.decode(known)[0])
        assert stream.n_samples == n


def test_the_mode_may_change_while_writing(tmp_path):
    x = speech_like(160 * 130)
    plan = [4800, 8000, 8000, 5600, 7200, 6400]
    with celpvq.open(tmp_path / "a.cvq", "w", mode=4800, preset="fast", variable=True) as stream:
        for i, part in enumerate(np.split(x, 130)):
            stream.mode = plan[i % 6]
            stream.write(part)
    with (tmp_path / "a.cvq").open("rb") as file:
        packets = list(CvqReader(file))
    encoder = celpvq.Encoder(preset="fast")
    for i, part in enumerate(np.split(x, 130)):
        encoder.mode = plan[i % 6]
        assert encoder.encode_frame(part) == packets[i]
    decoder = celpvq.Decoder()
    y = np.concatenate([decoder.decode_frame(packet) for packet in packets])
    with celpvq.open(tmp_path / "a.cvq") as stream:
        np.testing.assert_array_equal(stream.read(), y[40 : 40 + len(x)])
    with celpvq.open(io.BytesIO(), "w") as stream:
        stream.write([0.0])
        with pytest.raises(ArgumentError, match="variable=True"):
            stream.mode = 4800


def test_a_closed_file_is_not_read(data, tmp_path):
    (tmp_path / "a.cvq").write_bytes(data)
    for file in (tmp_path / "a.cvq", io.BytesIO(data)):
        with celpvq.open(file) as stream:
            assert len(stream.read(10)) == 10
        with pytest.raises(ClosedError, match="closed"):
            stream.read(10)


def test_a_truncated_stream_gives_what_it_has(data):
    whole, _ = celpvq.decode(data)
    cut = data[: 32 + 16 * 5 + 3]
    with pytest.raises(TruncatedStream):
        celpvq.decode(cut)
    with celpvq.open(io.BytesIO(cut), strict=False) as stream:
        np.testing.assert_array_equal(stream.read(), whole[: 5 * 160 - 40])
    assert stream.n_missing == 6
    assert "expected 11 packets" in stream.damage
    with celpvq.open(io.BytesIO(cut), strict=False, samplerate=None) as stream:
        assert len(stream.read()) == round(760 * 44100 / 8000)


def test_damage_is_reported_where_it_is_read():
    data = bytearray(celpvq.encode(speech_like(8000 * 3), 8000, preset="fast"))
    data[32 + 50 * 16 + 9] ^= 1  # in the second block
    with celpvq.open(io.BytesIO(data)) as stream:
        assert len(stream.read(7000)) == 7000
        with pytest.raises(FormatError, match="after packet 50"):
            stream.read()
    with celpvq.open(io.BytesIO(data), strict=False) as stream:
        assert len(stream.read()) == 24000
        assert (stream.n_missing, stream.damage is None) == (0, False)


def test_other_tables_are_refused_by_their_hash(data):
    default = celpvq.Encoder().tables
    arrays = {name: array.copy() for name, array in default.arrays.items()}
    arrays["lsf_mean"][0] += 0.001
    other = TableSet(arrays)
    assert len(celpvq.decode(data, tables=default)[0]) == 1633
    with pytest.raises(TablesError, match=default.hash[:16]):
        celpvq.decode(data, tables=other)
    foreign = celpvq.encode(speech_like(100), 8000, preset="fast", tables=other)
    with pytest.raises(TablesError, match=other.hash[:16]):
        celpvq.decode(foreign)
    assert len(celpvq.decode(foreign, tables=other)[0]) == 100


def test_a_file_appears_when_it_is_complete(tmp_path):
    path = tmp_path / "a.cvq"
    with celpvq.open(path, "w", preset="fast") as stream:
        stream.write(speech_like(9000))
        assert not path.exists()
    assert path.read_bytes() == celpvq.encode(speech_like(9000), 8000, preset="fast")
    assert os.listdir(tmp_path) == ["a.cvq"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("before", [None, b"old"])
def test_an_exception_leaves_things_as_they_were(error, before, tmp_path):
    path = tmp_path / "a.cvq"
    if before:
        path.write_bytes(before)

    def interrupted():
        with celpvq.open(path, "w", preset="fast") as stream:
            stream.write(speech_like(9000))
            raise error

    with pytest.raises(error):
        interrupted()
    assert (path.read_bytes() if path.exists() else None) == before
    assert os.listdir(tmp_path) == ["a.cvq"] * bool(before)


@pytest.mark.parametrize(
    ("options", "n", "message"),
    [({}, 0, "at least one sample"), ({"n_samples": 9}, 8, "expected 9")],
)
def test_a_file_without_samples_or_of_another_length_is_refused(options, n, message, tmp_path):
    stream = celpvq.open(tmp_path / "a.cvq", "w", **options)
    stream.write(np.zeros(n))
    with pytest.raises(ArgumentError, match=message):
        stream.close()
    assert os.listdir(tmp_path) == []


def test_a_bad_chunk_is_refused_and_the_stream_goes_on():
    x = speech_like(1000)
    file = io.BytesIO()
    with celpvq.open(file, "w", preset="fast") as stream:
        stream.write(x[:500])
        for bad in ([np.nan], np.zeros((2, 2)), np.zeros(3, int), ["a"]):
            with pytest.raises((ArgumentError, TypeError)):
                stream.write(bad)
        stream.write(x[500:])
    assert file.getvalue() == celpvq.encode(x, 8000, preset="fast")
    with pytest.raises(ClosedError, match="closed"):
        stream.write(x)
    stream.close()
    assert stream.n_samples == 1000


@contextlib.contextmanager
def disk_of(n_bytes):
    """No file may grow beyond that."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


def test_a_full_disk_is_a_typed_error_and_leaves_no_file(tmp_path):
    with (
        disk_of(1000),
        pytest.raises(OutputError, match=r"a\.cvq: File too large"),
        celpvq.open(tmp_path / "a.cvq", "w", preset="fast") as stream,
    ):
        stream.write(speech_like(16000))
    assert os.listdir(tmp_path) == []
    with pytest.raises(OutputError, match="No space left"):
        celpvq.open("/dev/full", "w")
    with pytest.raises(OSError, match="No space left"):
        streamed(speech_like(16000), 8000, file=FullDisk(1000))


@pytest.mark.parametrize("folder", ["missing", "file"])
def test_a_file_that_cannot_be_created_is_a_typed_error(folder, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match=r"a\.cvq: N"):
        celpvq.open(tmp_path / folder / "a.cvq", "w")
    with pytest.raises(OutputError, match="directory"):
        celpvq.open(tmp_path, "w")


def test_a_stream_is_opened_for_reading_or_writing(tmp_path):
    with pytest.raises(ArgumentError, match="'a'"):
        celpvq.open(tmp_path / "a.cvq", "a")
    with pytest.raises(FileNotFoundError):
        celpvq.open(tmp_path / "a.cvq")
    with pytest.raises(ArgumentError, match="mode"):
        celpvq.open(tmp_path / "a.cvq", "w", mode=1)
    assert os.listdir(tmp_path) == []


def test_a_writer_that_is_never_closed_warns_and_leaves_no_file(tmp_path):
    path = tmp_path / "a.cvq"
    path.write_bytes(b"old")
    writers = [celpvq.open(path, "w", preset="fast"), celpvq.open(io.BytesIO(), "w")]
    for writer in writers:
        writer.write(speech_like(9000))
    del writer
    with pytest.warns(ResourceWarning, match=r"unclosed SpeechWriter to .*a\.cvq"):
        del writers[0]
    with pytest.warns(ResourceWarning, match="unclosed SpeechWriter to a file object"):
        writers.clear()
    assert os.listdir(tmp_path) == ["a.cvq"]
    assert path.read_bytes() == b"old"


def test_a_program_that_ends_without_closing_leaves_no_file(tmp_path):
    code = "import celpvq; w = celpvq.open('a.cvq', 'w', preset='fast'); w.write([0.5] * 9000)"
    run = subprocess.run(
        [sys.executable, "-W", "default", "-c", code], cwd=tmp_path, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert "ResourceWarning: unclosed SpeechWriter" in run.stderr
    assert os.listdir(tmp_path) == []


def test_a_closed_or_aborted_writer_does_not_warn(tmp_path):
    for end in (celpvq.SpeechWriter.close, celpvq.SpeechWriter.abort):
        writer = celpvq.open(tmp_path / end.__name__, "w", preset="fast")
        writer.write([0.0])
        end(writer)
        end(writer)
        del writer
        gc.collect()  # a warning would be an error
    assert os.listdir(tmp_path) == ["close"]


@pytest.mark.parametrize("strict", [True, False])
def test_a_malformed_packet_in_a_file_is_an_error_or_damage(strict):
    packets = [*celpvq.Encoder(preset="fast").write(speech_like(1600)), b"\xff\xff", b""]
    file = io.BytesIO()
    celpvq.write_packets(file, packets)
    with celpvq.open(io.BytesIO(file.getvalue()), strict=strict) as stream:
        if strict:
            with pytest.raises(FormatError, match="SID"):
                stream.read()
            return
        decoder = celpvq.Decoder()
        np.testing.assert_array_equal(stream.read(), decoder.write(packets))
        assert decoder.stats.malformed == 1
        assert stream.damage == "1 malformed packets"


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"dtype": "int32"}, ArgumentError),
        ({"samplerate": 1}, ArgumentError),
        ({"samplerate": "8000"}, celpvq.ArgumentTypeError),
        ({"tables": "mine"}, celpvq.CelpvqError),
    ],
)
def test_a_reader_with_bad_arguments_closes_its_file(data, options, error, tmp_path):
    (tmp_path / "a.cvq").write_bytes(data)
    with pytest.raises(error):
        celpvq.open(tmp_path / "a.cvq", **options)
    gc.collect()  # a file left open would warn, which is an error


@pytest.mark.parametrize("bad", [1.5, "1", None])
def test_a_number_of_samples_to_read_is_an_int(data, bad):
    with (
        celpvq.open(io.BytesIO(data)) as stream,
        pytest.raises(celpvq.ArgumentTypeError, match="n:"),
    ):
        stream.read(bad)
