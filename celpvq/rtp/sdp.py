"""Session descriptions: what sender and receiver of a stream have to agree on, as SDP [1]_.

The names and their meaning follow the payload format of AMR [2]_, as far as they apply:

============ ==================================================================================
``mode-set`` bit rates that may occur [bit/s]; the mode may change at any frame. Default: all.
``crc``      1: packets are in the payload format and have a CRC. Default: 0.
``ptime``    20 ms: one packet in each datagram
============ ==================================================================================

Parameters of celpvq:

============== ================================================================================
``redundancy`` 1: packets are in the payload format, with the previous redundant frame. Default: 0.
``dtx``        1: pauses may be coded by SIDs. Default: 0.
``tables``     first digits of the SHA-256 of the tables, at least 16. Default: those of the
               receiver.
============== ================================================================================

A receiver ignores any other parameter and attribute [2]_, [3]_.

>>> from celpvq.rtp.sdp import SessionDescription
>>> text = SessionDescription("192.0.2.7", 5004, modes=(4800,), dtx=True).to_text()
>>> [line for line in text.splitlines() if "97" in line]
['m=audio 5004 RTP/AVP 97', 'a=rtpmap:97 CELPVQ/8000', 'a=fmtp:97 mode-set=4800; dtx=1']
>>> SessionDescription.from_text(text).modes
(4800,)

.. [1] A. Begen et al., "SDP: Session Description Protocol", RFC 8866, 2021.
.. [2] J. Sjoberg et al., "RTP payload format and file storage format for AMR and AMR-WB", RFC 4867,
   2007, section 8.
.. [3] S. Casner, "Media type registration of RTP payload formats", RFC 4855, 2007.
"""

import ipaddress
import math
import re
from dataclasses import dataclass, field

from ..codec.format.modes import MODES, SAMPLERATE
from ..errors import ArgumentError, FormatError
from . import sdp_lines
from .packet import PAYLOAD_TYPE
from .sdp_lines import Media, Section, shown

ENCODING_NAME = "CELPVQ"
PTIME_MS = 20
TABLES_DIGITS = 16  # of the hash, that are sent
_TABLES = re.compile(r"[0-9a-f]{16,64}")
_HOST = re.compile(r"[\w.:%-]{1,255}", re.ASCII)
_TYPE = re.compile(r"\d{1,3}", re.ASCII)
_TIME = re.compile(r"\d{1,6}(\.\d{1,6})?", re.ASCII)
_CONNECTION = re.compile(r"IN IP[46] ([^\s/]+)(?:/\d{1,5}){0,2}", re.ASCII)
_FLAGS = ("dtx", "redundancy", "crc")
_KNOWN = {"mode-set", "tables", *_FLAGS}


@dataclass(frozen=True)
class SessionDescription:
    """The properties of a stream.

    Parameters
    ----------
    host : str
        Name or address of the receiver.
    port : int
        UDP port of the receiver, 1 to 65535.
    payload_type : int
        RTP payload type of the packets as they are sent, 96 to 127.
    modes : tuple of int
        Bit rates that may occur [bit/s], in rising order.
    dtx : bool
        Whether there may be SIDs.
    redundancy, crc : bool
        Whether packets carry these; then they are in the payload format.
    tables : str, optional
        First digits of the hash of the tables, 16 to 64, hexadecimal.

    Raises
    ------
    ArgumentError
        If a value is out of range.
    """

    host: str
    port: int
    payload_type: int = PAYLOAD_TYPE
    modes: tuple[int, ...] = field(default=tuple(MODES))
    dtx: bool = False
    redundancy: bool = False
    crc: bool = False
    tables: str | None = None

    def __post_init__(self) -> None:
        if not _HOST.fullmatch(self.host):
            raise ArgumentError(f"host: expected a name or an address, got {self.host[:60]!r}")
        if not 1 <= self.port < 1 << 16:
            raise ArgumentError(f"port: expected 1 to 65535, got {self.port}")
        if not 96 <= self.payload_type < 128:
            raise ArgumentError(f"payload type: expected 96 to 127, got {self.payload_type}")
        if not self.modes or self.modes != tuple(sorted(set(self.modes) & set(MODES))):
            rates = ", ".join(map(str, MODES))
            raise ArgumentError(f"modes: expected rising rates of {rates}, got {self.modes}")
        if self.tables is not None and not _TABLES.fullmatch(self.tables):
            raise ArgumentError(
                f"tables: expected 16 to 64 hexadecimal digits, got {self.tables[:80]!r}"
            )

    @property
    def packed(self) -> bool:
        """Whether packets are in the payload format."""
        return self.redundancy or self.crc

    @property
    def bare_type(self) -> int:
        """RTP payload type of bare packets, one less than that of the payload format."""
        return self.payload_type - self.packed

    def to_text(self) -> str:
        """Return the description as SDP, with CR and LF at the end of each line."""
        version = 6 if ":" in self.host else 4
        parameters = [f"mode-set={','.join(map(str, self.modes))}"]
        parameters += [f"{name}=1" for name in _FLAGS if getattr(self, name)]
        if self.tables is not None:
            parameters.append(f"tables={self.tables[:TABLES_DIGITS]}")
        lines = [
            "v=0",
            "o=- 0 0 IN IP4 127.0.0.1",
            "s=celpvq",
            f"c=IN IP{version} {self.host}",
            "t=0 0",
            f"m=audio {self.port} RTP/AVP {self.payload_type}",
            f"a=rtpmap:{self.payload_type} {ENCODING_NAME}/{SAMPLERATE}",
            f"a=fmtp:{self.payload_type} {'; '.join(parameters)}",
            f"a=ptime:{PTIME_MS}",
            f"a=maxptime:{PTIME_MS}",
            "a=rtcp-mux",
        ]
        return "".join(f"{line}\r\n" for line in lines)

    @classmethod
    def from_text(cls, text: str | bytes) -> "SessionDescription":
        """Return the description in an SDP file; the inverse of `to_text`.

        Parameters
        ----------
        text : str or bytes
            An SDP file. Its first audio stream with the encoding name CELPVQ counts.

        Raises
        ------
        FormatError
            If the text is not SDP, or has no such stream, or one that this package cannot decode.
        """
        session, media = sdp_lines.parse(text)
        stream, payload_type = _stream(media)
        _check_times(stream.section)
        parameters = _parameters(stream.section, payload_type)
        try:
            return cls(
                _host(stream.section.value("c") or session.value("c")),
                stream.port,
                payload_type,
                _modes(parameters.get("mode-set")),
                **{name: _flag(parameters, name) for name in _FLAGS},
                tables=parameters["tables"].lower() if "tables" in parameters else None,
            )
        except ArgumentError as error:
            raise FormatError(f"SDP: {error}") from None


def _stream(media: list[Media]) -> tuple[Media, int]:
    """Return the first stream of celpvq, and its payload type."""
    for stream in media:
        for payload_type, name in _encodings(stream).items():
            if stream.kind != "audio" or not _is_celpvq(name):
                continue
            if stream.protocol != "RTP/AVP":
                raise FormatError(
                    f"SDP: expected the protocol RTP/AVP, got {shown(stream.protocol)};"
                    " celpvq neither encrypts nor authenticates"
                )
            return stream, payload_type
    raise FormatError(f"SDP: expected an audio stream of {ENCODING_NAME}/{SAMPLERATE}, found none")


def _encodings(stream: Media) -> dict[int, str]:
    """Return the encoding of each payload type that the stream may have, in order."""
    found: dict[str, str] = {}
    for value in stream.section.attributes("rtpmap"):
        payload_type, _, name = value.partition(" ")
        found.setdefault(payload_type, name)
    return {int(t): found[t] for t in stream.formats if t in found and _TYPE.fullmatch(t)}


def _is_celpvq(encoding: str) -> bool:
    """Return whether an encoding is celpvq; raise `FormatError` if it has another clock."""
    name, _, clock = encoding.strip().partition("/")
    if name.upper() != ENCODING_NAME:
        return False
    if clock not in (str(SAMPLERATE), f"{SAMPLERATE}/1"):
        raise FormatError(f"SDP: rtpmap: expected a clock of {SAMPLERATE} Hz, got {shown(clock)}")
    return True


def _check_times(section: Section) -> None:
    """Refuse streams with several packets in a datagram: their lengths would not tell them."""
    for name, least, most in (("ptime", PTIME_MS, PTIME_MS), ("maxptime", PTIME_MS, math.inf)):
        for value in section.attributes(name):
            match = _TIME.fullmatch(value.strip())
            if match is None or not least <= float(value) <= most:
                expected = f"{PTIME_MS} ms" if least == most else f"{PTIME_MS} ms or more"
                raise FormatError(f"SDP: {name}: expected {expected}, got {shown(value)}")


def _parameters(section: Section, payload_type: int) -> dict[str, str]:
    """Return the parameters that celpvq knows, by name, of a payload type."""
    found: dict[str, str] = {}
    for value in section.attributes("fmtp"):
        its_type, _, listed = value.partition(" ")
        if its_type != str(payload_type):
            continue
        for parameter in listed.split(";"):
            name, _, content = parameter.strip().partition("=")
            name = name.strip().lower()
            if name not in _KNOWN:
                continue
            if name in found:
                raise FormatError(f"SDP: fmtp: two values of {name}")
            found[name] = content.strip()
    return found


def _host(connection: str | None) -> str:
    """Return the host of a line ``c=``."""
    match = _CONNECTION.fullmatch(connection or "")
    if match is None:
        raise FormatError(f"SDP: expected c=IN IP4 ADDRESS, got {shown('c=' + (connection or ''))}")
    host = match[1]
    if _is_multicast(host):
        raise FormatError(
            f"SDP: expected the address of one host, got the multicast address {host}"
        )
    return host


def _is_multicast(host: str) -> bool:
    """Return whether a host is the address of a group; a name is not."""
    try:
        return ipaddress.ip_address(host).is_multicast
    except ValueError:
        return False


def _modes(mode_set: str | None) -> tuple[int, ...]:
    """Return the bit rates of a list."""
    if mode_set is None:
        return tuple(MODES)
    rates = [rate.strip() for rate in mode_set.split(",")]
    odd = [rate for rate in rates if rate not in map(str, MODES)]
    if odd:
        known = ", ".join(map(str, MODES))
        raise FormatError(f"SDP: mode-set: expected a list of {known}, got {shown(odd[0])}")
    return tuple(sorted({int(rate) for rate in rates}))


def _flag(parameters: dict[str, str], name: str) -> bool:
    """Return a parameter that is 0 or 1."""
    value = parameters.get(name, "0")
    if value not in ("0", "1"):
        raise FormatError(f"SDP: {name}: expected 0 or 1, got {shown(value)}")
    return value == "1"
