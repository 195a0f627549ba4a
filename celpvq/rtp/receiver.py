"""Datagrams to speech, without socket and clock."""

from dataclasses import asdict, dataclass

from .. import envelope
from .._types import F32
from ..codec.format.modes import BY_LENGTH, SID_BYTES
from ..envelope import Envelope
from ..errors import FormatError
from ..stream import Decoder
from .jitter import FRAME_S, JitterBuffer
from .packet import PAYLOAD_TYPE, RtpPacket, is_rtcp, leaving
from .source import Source

_LENGTHS = {SID_BYTES, *BY_LENGTH}
_SILENT_S = 0.5  # without a packet: another sender may be followed


@dataclass
class ReceiverStats:
    """Datagrams that were left aside."""

    malformed: int = 0
    damaged: int = 0  # envelopes that are none, or whose CRC does not agree
    foreign: int = 0  # of another payload type


class Receiver:
    """Decode the stream in datagrams.

    Parameters
    ----------
    decoder : Decoder
        New, or reset.
    buffer : JitterBuffer
        Empty.
    payload_type : int
        The one agreed on for bare packets; the next one is for packets in envelopes, others are
        counted and ignored.

    Attributes
    ----------
    ended : bool
        Whether the sender said good-bye: what is in the buffer is still to be played.
    """

    def __init__(
        self, decoder: Decoder, buffer: JitterBuffer, payload_type: int = PAYLOAD_TYPE
    ) -> None:
        self.buffer = buffer
        self.ended = False
        self.latest = 0  # slot
        self._decoder, self._payload_type = decoder, payload_type
        self._source = Source()
        self._heard_s = 0.0
        self._stats = ReceiverStats()

    @property
    def stats(self) -> dict[str, int]:
        """All counts by name."""
        own = asdict(self._stats)
        own["foreign"] += self._source.n_foreign
        own["other_senders"] = len(self._source.others)
        return asdict(self.buffer.stats) | own

    def feed(self, data: bytes, now: float | None) -> bool:
        """Take a datagram that arrives now [s]; return whether it belongs to the stream.

        None stands for the time of the stream: that of its latest packet.
        """
        try:
            if is_rtcp(data):
                return self._control(data)
            packet = RtpPacket.from_bytes(data)
        except FormatError:
            self._stats.malformed += 1
            return False
        if packet.payload_type not in (self._payload_type, self._payload_type + 1):
            self._stats.foreign += 1
            return False
        content = Envelope(packet.payload)
        if packet.payload_type != self._payload_type:
            try:
                content = envelope.unpack(packet.payload)
            except FormatError:
                self._stats.damaged += 1
                return False
        if len(content.packet) not in _LENGTHS:
            self._stats.malformed += 1
            return False
        silent = self.ended or (now is not None and now - self._heard_s >= _SILENT_S)
        arrival = self._source.accept(packet._replace(payload=content.packet), silent=silent)
        if arrival is None:
            return False
        self._heard_s = self._heard_s if now is None else now
        if arrival.restarted:
            self.ended, self.latest = False, 0
            self._decoder.reset()
        self.latest = max(self.latest, arrival.slot)
        arrival = arrival._replace(copy=content.copy)
        self.buffer.put(arrival, self.latest * FRAME_S if now is None else now)
        return True

    def _control(self, data: bytes) -> bool:
        gone = self._source.ssrc in leaving(data)
        self.ended |= gone
        return gone

    @property
    def drained(self) -> bool:
        """Whether the stream has ended and all of it was played."""
        return self.ended and not len(self.buffer)

    def frame(self, now: float) -> F32:
        """Return the samples (160,) to play now [s]."""
        packet, after = self.buffer.pop(now), self.buffer.after
        if after is not None:
            return self._decoder.decode_frame(
                None, next_packet=after.payload, redundancy=after.copy
            )
        return self._decoder.write([packet])
