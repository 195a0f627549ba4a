"""Rows of indices to packets and back, whole runs of frames at once.

`order` gives the order of the bits in a packet; the first one is the highest bit of the first byte.
A SID holds 10 bits of LSF, 5 of level, and a 0.
"""

import functools

import numpy as np

from ..._types import I64
from ...errors import ArgumentError, FormatError
from .modes import N_INDICES, SID_BYTES, SID_LEVEL_BITS, Mode


@functools.cache
def order(mode: Mode) -> tuple[I64, I64]:
    """Return for each transmitted bit the column of its index, and its place there (0: lowest)."""
    entries = [(field.name, entry) for field in mode.fields for entry in range(len(field.bits))]
    column = [entries.index((bit.field, bit.entry)) for bit in mode.transmission]
    place = [bit.place for bit in mode.transmission]
    return np.array(column, dtype=np.int64), np.array(place, dtype=np.int64)


@functools.cache
def _by_index(mode: Mode) -> tuple[I64, I64, I64]:
    """Return the transmitted bits sorted by index, where each index starts, and its column."""
    column, _ = order(mode)
    together = np.argsort(column, kind="stable")
    starts = np.flatnonzero(np.diff(column[together], prepend=-1))
    return together, starts, column[together[starts]]


@functools.cache
def limits(mode: Mode) -> I64:
    """Return the number of values of each index (N_INDICES,)."""
    return np.array([1 << n for field in mode.fields for n in field.bits], dtype=np.int64)


def pack(mode: Mode, indices: I64) -> bytes:
    """Return the packets of indices (n_frames, N_INDICES), concatenated.

    Raises
    ------
    ArgumentError
        If the shape is wrong or an index does not fit its bits.
    """
    if indices.ndim != 2 or indices.shape[1] != N_INDICES:
        raise ArgumentError(f"indices: expected shape (n_frames, {N_INDICES}), got {indices.shape}")
    bad = (indices < 0) | (indices >= limits(mode))
    if bad.any():
        frame, column = np.argwhere(bad)[0]
        names = [field.name for field in mode.fields for _ in field.bits]
        raise ArgumentError(
            f"{mode.name}.{names[column]}: {indices[frame, column]} does not fit its bits"
        )
    column, place = order(mode)
    return np.packbits((indices[:, column] >> place & 1).astype(np.uint8), axis=1).tobytes()


def unpack(mode: Mode, data: bytes) -> I64:
    """Return the indices (n_frames, N_INDICES) of packets: the inverse of `pack`.

    Any bits are valid indices: only the length can be wrong.

    Raises
    ------
    FormatError
        If the length is not a multiple of the mode's packet.
    """
    n_frames, remainder = divmod(len(data), mode.frame_bytes)
    if remainder:
        raise FormatError(
            f"packets of mode {mode.name}: expected a multiple of {mode.frame_bytes} bytes, "
            f"got {len(data)}"
        )
    packets = np.frombuffer(data, np.uint8).reshape(n_frames, mode.frame_bytes)
    _, place = order(mode)
    together, starts, columns = _by_index(mode)
    bits = np.unpackbits(packets, axis=1).astype(np.int64) << place
    indices = np.zeros((n_frames, N_INDICES), dtype=np.int64)
    indices[:, columns] = np.add.reduceat(bits[:, together], starts, axis=1)
    return indices


def pack_sid(indices: I64) -> bytes:
    """Return the packet of a SID: indices (2,) of LSF and level, then a 0."""
    return int(indices[0] << SID_LEVEL_BITS + 1 | indices[1] << 1).to_bytes(SID_BYTES, "big")


def unpack_sid(data: bytes) -> I64:
    """Return the indices (2,) of a SID: the inverse of `pack_sid`.

    Raises
    ------
    FormatError
        If the length is wrong, or the last bit is not 0.
    """
    if len(data) != SID_BYTES or data[-1] & 1:
        raise FormatError(f"SID: expected {SID_BYTES} bytes, the last bit 0, got {data.hex()}")
    value = int.from_bytes(data, "big") >> 1
    return np.array([value >> SID_LEVEL_BITS, value & (1 << SID_LEVEL_BITS) - 1], dtype=np.int64)
