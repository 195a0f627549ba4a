"""Packets over a network: RTP over UDP, messages over websockets, senders and receivers.

Only `udp`, `pacing` and `playout` use sockets and clocks. Elsewhere the time is an argument.
"""

from .budget import FrameBudget
from .jitter import JitterBuffer
from .packet import PAYLOAD_TYPE, RtpPacket

__all__ = ["PAYLOAD_TYPE", "FrameBudget", "JitterBuffer", "RtpPacket"]
