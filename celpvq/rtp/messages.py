"""Messages: numbered frames, for transports that keep messages whole, such as websockets.

A message holds consecutive frames, one or more:

===== ================================================================
bytes field
===== ================================================================
0-1   number of the first frame, modulo 2^16, high byte first
2     length of its packet: 0 (NO_DATA), 2 (SID), or that of a speech packet
3-    the packet; then the length and the packet of each other frame
===== ================================================================

A websocket delivers all messages in order, but a sender may leave some out when the network is
slow. The numbers show the gap.

>>> from celpvq.rtp import messages
>>> message = messages.pack(7, [bytes(16), b""])
>>> len(message), messages.unpack(message) == (7, [bytes(16), b""])
(20, True)
"""

from collections.abc import Sequence

from ..codec.format.modes import PACKET_LENGTHS
from ..errors import ArgumentError, ArgumentTypeError, FormatError

NUMBERS = 1 << 16  # a frame's number is modulo this
MAX_FRAMES = 250  # in a message, 5 s
MAX_BYTES = 2 + MAX_FRAMES * (1 + max(PACKET_LENGTHS))  # of a message
_LENGTHS = ", ".join(map(str, PACKET_LENGTHS))


def pack(number: int, packets: Sequence[bytes]) -> bytes:
    """Return the message that carries consecutive packets.

    Parameters
    ----------
    number : int
        The number of the first frame, from 0.
    packets : sequence of bytes
        1 to 250 packets of `Encoder`: speech, SID or NO_DATA.

    Raises
    ------
    ArgumentError
        If the number is negative, or there are too many packets, or one has a wrong length.
    """
    if number < 0:
        raise ArgumentError(f"number: expected 0 or more, got {number}")
    if not 1 <= len(packets) <= MAX_FRAMES:
        raise ArgumentError(f"packets: expected 1 to {MAX_FRAMES}, got {len(packets)}")
    message = bytearray((number % NUMBERS).to_bytes(2, "big"))
    for packet in packets:
        if len(packet) not in PACKET_LENGTHS:
            raise ArgumentError(f"packets: expected {_LENGTHS} bytes, got {len(packet)}")
        message.append(len(packet))
        message += packet
    return bytes(message)


def unpack(message: bytes) -> tuple[int, list[bytes]]:
    """Return the number of the first frame and the packets; the inverse of `pack`.

    Raises
    ------
    ArgumentTypeError
        If the message is not bytes.
    FormatError
        If it is too short or too long, or ends within a packet, or a packet has a wrong length.
    """
    if not isinstance(message, bytes | bytearray | memoryview):
        raise ArgumentTypeError(f"message: expected bytes, got {type(message).__name__}")
    data = bytes(message)
    if not 3 <= len(data) <= MAX_BYTES:
        raise FormatError(f"message: expected 3 to {MAX_BYTES} bytes, got {len(data)}")
    packets: list[bytes] = []
    at = 2
    while at < len(data):
        length, start = data[at], at + 1
        at = start + length
        if length not in PACKET_LENGTHS:
            raise FormatError(f"message: expected packets of {_LENGTHS} bytes, got {length}")
        if at > len(data):
            raise FormatError(f"message: ends within a packet of {length} bytes")
        packets.append(data[start:at])
    if len(packets) > MAX_FRAMES:
        raise FormatError(f"message: expected at most {MAX_FRAMES} packets, got {len(packets)}")
    return int.from_bytes(data[:2], "big"), packets
