"""The parsers under test: a corpus, a function that reads it, and the errors that it may raise."""

import io
import struct
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import sounds

import celpvq
from celpvq import channel
from celpvq.codec.common.table_set import TableSet
from celpvq.container import CvqReader, info
from celpvq.errors import CelpvqError, FormatError, TablesError
from celpvq.rtp import packet as rtp
from celpvq.rtp.source import Source


@dataclass(frozen=True)
class Parser:
    """A parser and its corpus."""

    corpus: Callable[[], list[bytes]]
    read: Callable[[bytes], None]
    errors: tuple[type[Exception], ...]  # any other exception is a finding
    repair: Callable[[bytes], bytes] | None = None


def _packets(mode: int = 6400, *, dtx: bool = False) -> list[bytes]:
    """Return the packets of two seconds of tone and silence."""
    x = np.sin(np.arange(16000) / 10) * (np.arange(16000) < 5000) / 4
    encoder = celpvq.Encoder(mode, "fast", dtx=dtx)
    return encoder.write(x) + encoder.flush()


# container ----------------------------------------------------------------------------------------


def _streams() -> list[bytes]:
    """Return ``.cvq`` files of each form: fixed, variable, of unknown length."""
    from celpvq.codec.common.table_set import default
    from celpvq.container import CvqWriter

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    found = []
    for dtx in (False, True):
        packets = _packets(dtx=dtx)
        for file in (io.BytesIO(), Pipe()):
            writer = CvqWriter(file, 6400, default().hash, variable=dtx)
            writer.write(packets)
            writer.close(16000)
            found.append(file.getvalue())
    return found


def _read_stream(data: bytes) -> None:
    info(data)
    for strict in (False, True):
        for packet in CvqReader(io.BytesIO(data), strict=strict):
            if len(packet) > 20:
                raise AssertionError(f"packet of {len(packet)} bytes")


def _repair_stream(data: bytes) -> bytes:
    """Return the stream with a header whose CRC agrees."""
    return data[:28] + struct.pack("<I", zlib.crc32(data[:28])) + data[32:]


# tables -------------------------------------------------------------------------------------------


def _table_files() -> list[bytes]:
    """Return small archives of arrays; the real tables are too large to mutate quickly."""
    arrays = {"lsf_mean": np.zeros(10, "f4"), "lsf_rho": np.zeros((2, 10), "f4")}
    found = []
    for save in (np.savez, np.savez_compressed):
        file = io.BytesIO()
        save(file, **arrays, provenance=np.array("{}"))
        found.append(file.getvalue())
    file = io.BytesIO()
    np.savez(file, lsf_mean=np.array([object()], dtype=object))  # numpy would have to unpickle it
    return [*found, file.getvalue()]


def _read_tables(data: bytes) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        TableSet.load(file.name)


# payload format, RTP, SDP, messages, G.192 --------------------------------------------------------


def _payloads() -> list[bytes]:
    """Return payloads with and without redundancy and CRC."""
    from celpvq.rtp import payload

    packets = [*_packets()[:3], b"ab", b""]
    return [
        payload.pack(p, redundancy=c, crc=crc)
        for p in packets
        for c in (b"", b"xyz")
        for crc in (False, True)
    ]


def _read_payload(data: bytes) -> None:
    from celpvq.rtp import payload

    content = payload.unpack(data)
    again = payload.pack(content.packet, redundancy=content.redundancy, crc=bool(data[0] & 2))
    if again != data:
        raise AssertionError("the payload is not packed as it came")


def _datagrams() -> list[bytes]:
    """Return streams of datagrams, each after its length of 2 bytes."""
    from celpvq.rtp.sender import Sender

    found = []
    for start in (0, 65530):
        sender = Sender(ssrc=5, sequence=start, timestamp=start)
        sent = [d for d in map(sender.datagram, _packets(dtx=True)[:30]) if d] + [sender.bye()]
        found.append(b"".join(len(d).to_bytes(2, "big") + d for d in sent))
    return found


def _read_datagrams(data: bytes) -> None:
    """Read a stream, its datagrams one by one, as a receiver does."""
    source = Source()
    buffer = celpvq.rtp.JitterBuffer(60, 300)
    while len(data) >= 2:
        size = int.from_bytes(data[:2], "big")
        datagram, data = data[2 : 2 + size], data[2 + size :]
        try:
            if rtp.is_rtcp(datagram):
                rtp.bye_sources(datagram)
                continue
            arrival = source.accept(rtp.RtpPacket.from_bytes(datagram))
        except FormatError:
            continue
        if arrival is not None:
            buffer.put(arrival, arrival.slot * 0.02)
            if buffer.due(arrival.slot * 0.02):
                buffer.pop(arrival.slot * 0.02)


def _descriptions() -> list[bytes]:
    """Return session descriptions: bare packets, and all options."""
    from celpvq.rtp.sdp import SessionDescription

    plain = SessionDescription("192.0.2.7", 5004)
    full = SessionDescription(
        "2001:db8::1", 6000, 98, (4800, 8000), dtx=True, redundancy=True, crc=True,
        tables="0123456789abcdef",
    )  # fmt: skip
    return [description.to_text().encode() for description in (plain, full)]


def _read_description(data: bytes) -> None:
    from celpvq.rtp.sdp import SessionDescription

    found = SessionDescription.from_text(data)
    again = SessionDescription.from_text(found.to_text())
    if (again.host, again.port, again.modes) != (found.host, found.port, found.modes):
        raise AssertionError("the description is not read as it was written")


def _messages() -> list[bytes]:
    """Return messages of one frame and of many."""
    from celpvq.rtp import messages

    packets = _packets(dtx=True)
    return [messages.pack(0, packets[:1]), messages.pack(65535, packets[20:60])]


def _read_message(data: bytes) -> None:
    from celpvq.rtp import messages

    if messages.pack(*messages.unpack(data)) != data:
        raise AssertionError("the message is not packed as it came")


def _g192_files() -> list[bytes]:
    """Return packets as softbits, and error patterns in their three forms."""
    file = io.BytesIO()
    channel.write_g192(file, [*_packets()[:3], None, b"ab"])
    data = file.getvalue()
    swapped = np.frombuffer(data, "<u2").astype(">u2").tobytes()
    mask = np.arange(40) % 7 == 0
    patterns = []
    for kind in ("frames", "bits"):
        for form in ("g192", "byte", "compact"):
            file = io.BytesIO()
            channel.write_pattern(file, channel.Pattern(kind, mask), form)
            patterns.append(file.getvalue())
    return [data, swapped, *patterns]


def _read_g192(data: bytes) -> None:
    for read in (lambda: list(channel.read_g192(io.BytesIO(data))),
                 lambda: channel.read_pattern(data),
                 lambda: channel.read_pattern(data, "bits")):  # fmt: skip
        try:
            read()
        except FormatError:
            continue


PARSERS = {
    "sound": Parser(sounds.corpus, sounds.read, (CelpvqError,), sounds.repair),
    "container": Parser(_streams, _read_stream, (FormatError,), _repair_stream),
    "tables": Parser(_table_files, _read_tables, (TablesError,)),
    "payload": Parser(_payloads, _read_payload, (FormatError,)),
    "rtp": Parser(_datagrams, _read_datagrams, ()),
    "sdp": Parser(_descriptions, _read_description, (FormatError,)),
    "messages": Parser(_messages, _read_message, (FormatError,)),
    "g192": Parser(_g192_files, _read_g192, ()),
}
