"""Streams of any length: chunks of sound to packets or files, and back.

Chunk boundaries do not matter: any chunking gives the same result, to the bit.
"""

from .decoder import Decoder
from .encoder import Encoder
from .generators import decode_stream, encode_stream
from .opening import open
from .reader import SpeechReader
from .writer import SpeechWriter

__all__ = [
    "Decoder",
    "Encoder",
    "SpeechReader",
    "SpeechWriter",
    "decode_stream",
    "encode_stream",
    "open",
]
