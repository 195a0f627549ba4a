"""What packets say: the tracks of their parameters, for pictures and for measurements."""

from typing import NamedTuple

import numpy as np

from .._jit import kernel
from .._types import F64, I64
from . import bitstream, filters, lsf, lsf_quantizer, modes, synthesis
from . import tables as table_sets
from .decoder import DecoderState
from .modes import LPC_ORDER, N_SUBFRAMES, Mode
from .tables import ModeTables, TableSet


class Tracks(NamedTuple):
    """Tracks of decoded parameters, time first."""

    lsf: F64  # (n_frames, p) [radians]
    lag: F64  # (n_frames * N_SUBFRAMES,) [samples]
    gain: F64  # (n_frames * N_SUBFRAMES, 2) of pitch and fixed codebook, linear


@kernel
def _decode_parameters(
    words: I64, tables: ModeTables, state: DecoderState, lsfs: F64, lag: F64, gain: F64
) -> None:
    """Follow all frames of words (n_frames, N_WORDS); record their tracks."""
    part, a = np.empty(LPC_ORDER), np.empty(LPC_ORDER)
    row = 0
    for f in range(words.shape[0]):
        lsf_quantizer.dequantize(words[f], tables.lsf, state.lsf_q, lsfs[f])
        for s in range(N_SUBFRAMES):
            lsf.interpolate(state.lsf_q, lsfs[f], s, part)
            lsf.to_lpc(part, a)
            synthesis.subframe(words[f], s, a, tables, state.synthesis)
            lag[row] = state.synthesis.lag3[0] / 3.0
            filters.copy(state.synthesis.gain, gain[row])
            row += 1
        filters.copy(lsfs[f], state.lsf_q)


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
    mode = modes.get(mode)
    words = bitstream.unpack(mode, data)
    own = (table_sets.default() if tables is None else tables).mode(mode)
    n = len(words) * N_SUBFRAMES
    tracks = Tracks(np.empty((len(words), LPC_ORDER)), np.empty(n), np.empty((n, 2)))
    _decode_parameters(words, own, DecoderState.new(), *tracks)
    return tracks
