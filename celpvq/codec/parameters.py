"""What packets say: the tracks of their parameters, for pictures and for measurements."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from .._types import F64
from ..errors import FormatError
from . import modes
from .decoder import Decoder
from .frames import DecodedFrame
from .modes import LPC_ORDER, Mode
from .tables import TableSet


class Tracks(NamedTuple):
    """Tracks of decoded parameters, time first."""

    lsf: F64  # (n_frames, p) [radians]
    lag: F64  # (n_frames * N_SUBFRAMES,) [samples]
    gain: F64  # (n_frames * N_SUBFRAMES, 2) of pitch and fixed codebook, linear


def tracks(frames: Iterable[DecodedFrame]) -> Tracks:
    """Return what frames say, one after the other."""
    listed = list(frames)
    return Tracks(
        np.array([frame.lsf for frame in listed]).reshape(-1, LPC_ORDER),
        np.array([frame.lag for frame in listed]).reshape(-1),
        np.array([frame.gain for frame in listed]).reshape(-1, 2),
    )


def decoded(packets: Iterable[bytes | None], tables: TableSet | None = None) -> list[DecodedFrame]:
    """Return what a decoder makes of each packet from the start of a stream."""
    decoder = Decoder(postfilter=False, tables=tables)
    frames = []
    for packet in packets:
        decoder.decode_frame(packet)
        frames.append(decoder.last_frame)
    return [frame for frame in frames if frame is not None]


def parameters(data: bytes, mode: int | str | Mode, tables: TableSet | None = None) -> Tracks:
    """Return the tracks of what packets of one mode, one after the other, say.

    Parameters
    ----------
    data : bytes
        Packets from the start of a stream.
    mode : int or str
        Their bit rate.
    tables : TableSet, optional
        Those that they were made with.

    Returns
    -------
    Tracks
        A frame's LSF are those of its last subframe, quantized.

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
