"""From datagrams to speech, without sockets and clocks."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from .._types import F32
from ..codec.format.modes import MODES, SID_BYTES
from ..codec.format.modes import get as get_mode
from ..errors import FormatError
from ..stream import Decoder
from . import payload
from .delay import FRAME_S
from .jitter import JitterBuffer
from .packet import PAYLOAD_TYPE, RtpPacket, bye_sources, is_rtcp
from .payload import Payload
from .source import Source

_SILENT_S = 0.5  # without a packet; then another sender may be followed


@dataclass
class ReceiverStats:
    """Numbers of rejected datagrams."""

    malformed: int = 0
    damaged: int = 0  # not of the payload format, or the CRC does not match
    foreign: int = 0  # of another payload type or another sender


class Receiver:
    """Decode a stream of datagrams.

    Parameters
    ----------
    decoder : Decoder
        New, or reset.
    buffer : JitterBuffer
        Empty.
    payload_type : int
        The RTP payload type of bare packets; the next one is that of `payload`. Datagrams of other
        types are counted and ignored.
    modes : iterable of int, optional
        Bit rates that the sender may use [bit/s]; speech of other rates counts as malformed. By
        default all.

    Raises
    ------
    ArgumentError
        If a bit rate is unknown.

    Attributes
    ----------
    ended : bool
        Whether the sender has left. The frames in the buffer are still to be played.
    latest : int
        Slot of the latest packet.
    """

    def __init__(
        self, decoder: Decoder, buffer: JitterBuffer, payload_type: int = PAYLOAD_TYPE, *,
        modes: Iterable[int] = tuple(MODES),
    ) -> None:  # fmt: skip
        self._lengths = {SID_BYTES, *(get_mode(mode).frame_bytes for mode in modes)}
        self.buffer = buffer
        self.ended = False
        self.latest = 0
        self._decoder, self._payload_type = decoder, payload_type
        self._source = Source()
        self._last_s = 0.0
        self._stats = ReceiverStats()

    @property
    def stats(self) -> dict[str, int]:
        """All counts by name."""
        own = asdict(self._stats)
        own["foreign"] += self._source.n_foreign
        own["other_senders"] = len(self._source.others)
        return asdict(self.buffer.stats) | own

    def feed(self, data: bytes, now: float | None) -> bool:
        """Take a datagram that arrives now [s], and return whether it belongs to the stream.

        None stands for the time of the latest packet in the stream.
        """
        try:
            if is_rtcp(data):
                left = self._source.ssrc in bye_sources(data)
                self.ended |= left
                return left
            packet = RtpPacket.from_bytes(data)
        except FormatError:
            self._stats.malformed += 1
            return False
        content = self._content(packet)
        if content is None:
            return False
        silent = self.ended or (now is not None and now - self._last_s >= _SILENT_S)
        arrival = self._source.accept(packet, silent=silent)
        if arrival is None:
            return False
        self._last_s = self._last_s if now is None else now
        if arrival.restarted:
            self.ended, self.latest = False, 0
            self._decoder.reset()
        self.latest = max(self.latest, arrival.slot)
        arrival = arrival._replace(packet=content.packet, redundancy=content.redundancy)
        self.buffer.put(arrival, self.latest * FRAME_S if now is None else now)
        return True

    def _content(self, packet: RtpPacket) -> Payload | None:
        """Return the content of a packet of a known payload type; count any other."""
        content = Payload(packet.payload)
        if packet.payload_type == self._payload_type + 1:
            try:
                content = payload.unpack(packet.payload)
            except FormatError:
                self._stats.damaged += 1
                return None
        elif packet.payload_type != self._payload_type:
            self._stats.foreign += 1
            return None
        if len(content.packet) not in self._lengths:
            self._stats.malformed += 1
            return None
        return content

    @property
    def drained(self) -> bool:
        """Whether the sender has left and all frames were played."""
        return self.ended and not len(self.buffer)

    def frame(self, now: float) -> F32:
        """Return the samples (160,) to play now [s]."""
        packet, following = self.buffer.pop(now), self.buffer.next_arrival
        try:
            if following is None:
                return self._decoder.decode_frame(packet)
            return self._decoder.decode_frame(
                None, next_packet=following.packet, redundancy=following.redundancy
            )
        except FormatError:  # a packet as long as a SID that is not a SID
            return self._decoder.decode_frame(None)
