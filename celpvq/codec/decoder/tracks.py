"""Tracks of decoded parameters, for pictures and for measurements."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from ..._types import F64
from ...errors import FormatError
from ..common.table_set import TableSet
from ..format import modes
from ..format.frame_types import DecodedFrame
from ..format.modes import LPC_ORDER, Mode
from .decoder import FrameDecoder


class Tracks(NamedTuple):
    """Parameters of consecutive frames, time first."""

    lsf: F64  # (n_frames, p) [radians]
    lag: F64  # (n_frames * N_SUBFRAMES,) [samples]
    gain: F64  # (n_frames * N_SUBFRAMES, 2) of adaptive and fixed codebook, linear


def tracks(frames: Iterable[DecodedFrame]) -> Tracks:
    """Return the parameters of consecutive frames."""
    listed = list(frames)
    return Tracks(
        np.array([frame.lsf for frame in listed]).reshape(-1, LPC_ORDER),
        np.array([frame.lag for frame in listed]).reshape(-1),
        np.array([frame.gain for frame in listed]).reshape(-1, 2),
    )


def decoded(packets: Iterable[bytes | None], tables: TableSet | None = None) -> list[DecodedFrame]:
    """Return a report on each packet of a stream, from its start."""
    decoder = FrameDecoder(enhancement=False, tables=tables)
    frames = []
    for packet in packets:
        decoder.decode(packet)
        frames.append(decoder.last_frame)
    return [frame for frame in frames if frame is not None]


def parameters(data: bytes, mode: int | str | Mode, tables: TableSet | None = None) -> Tracks:
    """Return the parameters of packets of one mode.

    Parameters
    ----------
    data : bytes
        Packets from the start of a stream, concatenated.
    mode : int or str
        Their bit rate.
    tables : TableSet, optional
        The tables of the stream.

    Returns
    -------
    Tracks
        The LSF of a frame are those of its last subframe, quantized.

    Raises
    ------
    ArgumentError, FormatError
        If there is no such mode, or the length is not a multiple of its packet.
    """
    size = modes.get(mode).frame_bytes
    if len(data) % size:
        raise FormatError(
            f"packets of mode {mode}: expected a multiple of {size} bytes, got {len(data)}"
        )
    packets = (data[i : i + size] for i in range(0, len(data), size))
    return tracks(decoded(packets, tables))
