"""Rows of codewords to packets and back, whole runs at once.

The bits of a packet lie in the order of `order`, the first one highest in the first byte. A silence
descriptor holds 10 bits of spectrum, 5 of level, and a 0.
"""

import functools

import numpy as np

from .._types import I64
from ..errors import ArgumentError, FormatError
from .modes import N_WORDS, SID_BYTES, SID_LEVEL_BITS, Mode


@functools.cache
def order(mode: Mode) -> tuple[I64, I64]:
    """Return the column of each transmitted bit's codeword, and its place there (0: lowest)."""
    entries = [(field.name, entry) for field in mode.fields for entry in range(len(field.bits))]
    column = [entries.index((bit.field, bit.entry)) for bit in mode.transmission]
    place = [bit.place for bit in mode.transmission]
    return np.array(column, dtype=np.int64), np.array(place, dtype=np.int64)


@functools.cache
def _by_word(mode: Mode) -> tuple[I64, I64, I64]:
    """Return which transmitted bits belong together, where each word starts, and its column."""
    column, _ = order(mode)
    together = np.argsort(column, kind="stable")
    starts = np.flatnonzero(np.diff(column[together], prepend=-1))
    return together, starts, column[together[starts]]


@functools.cache
def limits(mode: Mode) -> I64:
    """Return the number of values of each codeword (N_WORDS,)."""
    return np.array([1 << n for field in mode.fields for n in field.bits], dtype=np.int64)


def pack(mode: Mode, words: I64) -> bytes:
    """Return the packets of words (n_frames, N_WORDS), one after the other.

    Raises
    ------
    ArgumentError
        If the shape is wrong or a codeword does not fit its bits.
    """
    if words.ndim != 2 or words.shape[1] != N_WORDS:
        raise ArgumentError(f"words: expected shape (n_frames, {N_WORDS}), got {words.shape}")
    bad = (words < 0) | (words >= limits(mode))
    if bad.any():
        frame, column = np.argwhere(bad)[0]
        names = [field.name for field in mode.fields for _ in field.bits]
        raise ArgumentError(
            f"{mode.name}.{names[column]}: {words[frame, column]} does not fit its bits"
        )
    column, place = order(mode)
    return np.packbits((words[:, column] >> place & 1).astype(np.uint8), axis=1).tobytes()


def unpack(mode: Mode, data: bytes) -> I64:
    """Return the codewords (n_frames, N_WORDS) of packets: the inverse of `pack`.

    Any bits are codewords of their mode: only the length can be wrong.

    Raises
    ------
    FormatError
        If the length is not a multiple of the mode's packet.
    """
    n_frames, rest = divmod(len(data), mode.frame_bytes)
    if rest:
        raise FormatError(
            f"packets of mode {mode.name}: expected a multiple of {mode.frame_bytes} bytes, "
            f"got {len(data)}"
        )
    packets = np.frombuffer(data, np.uint8).reshape(n_frames, mode.frame_bytes)
    _, place = order(mode)
    together, starts, columns = _by_word(mode)
    bits = np.unpackbits(packets, axis=1).astype(np.int64) << place
    words = np.zeros((n_frames, N_WORDS), dtype=np.int64)
    words[:, columns] = np.add.reduceat(bits[:, together], starts, axis=1)
    return words


def pack_silence(words: I64) -> bytes:
    """Return the packet of a silence descriptor: words (2,) of spectrum and level, then a 0."""
    return int(words[0] << SID_LEVEL_BITS + 1 | words[1] << 1).to_bytes(SID_BYTES, "big")


def unpack_silence(data: bytes) -> I64:
    """Return the words (2,) of a silence descriptor: the inverse of `pack_silence`.

    Raises
    ------
    FormatError
        If the length is another one, or the last bit is not 0.
    """
    if len(data) != SID_BYTES or data[-1] & 1:
        raise FormatError(
            f"silence descriptor: expected {SID_BYTES} bytes, the last bit 0, got {data.hex()}"
        )
    value = int.from_bytes(data, "big") >> 1
    return np.array([value >> SID_LEVEL_BITS, value & (1 << SID_LEVEL_BITS) - 1], dtype=np.int64)
