"""Packets over a network: RTP over UDP, sender and receiver."""

from .jitter import JitterBuffer
from .packet import PAYLOAD_TYPE, RtpPacket

__all__ = ["PAYLOAD_TYPE", "JitterBuffer", "RtpPacket"]
