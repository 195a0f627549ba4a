"""Streams of any length: chunks of sound into a file, and a file into frames of sound.

Whatever the chunks, the result is that of the whole in one piece, to the bit.
"""

from .chunks import ChunkDecoder, ChunkEncoder, decode_stream, encode_stream
from .opening import open
from .reader import StreamReader
from .writer import StreamWriter

__all__ = [
    "ChunkDecoder",
    "ChunkEncoder",
    "StreamReader",
    "StreamWriter",
    "decode_stream",
    "encode_stream",
    "open",
]
