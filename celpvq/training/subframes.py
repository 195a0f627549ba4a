"""Subframes of coded speech as the encoder searched them: the data for code vectors and gains."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .._numba import fast
from .._threads import in_order
from .._types import F64, I64
from ..codec.common import adaptive_codebook, filters, fixed_codebook, gains, pitch, synthesis
from ..codec.common.lsf_dequantizer import dequantize
from ..codec.common.table_set import TableSet
from ..codec.common.tables import ModeTables
from ..codec.encoder import analysis, frame, weighting
from ..codec.encoder.encoder import FrameEncoder
from ..codec.encoder.frame import EncoderState
from ..codec.format.modes import (
    FRAME_LEN,
    LAG_INDICES,
    LPC_ORDER,
    MAX_LAG,
    N_SUBFRAMES,
    SUBFRAME_LEN,
    Mode,
)
from .filtering import convolve


class Subframes(NamedTuple):
    """All subframes of some recordings, one recording after the other.

    In the moments, x is the target, and y and z are the filtered adaptive and fixed code vectors.
    """

    updated_target: F64  # (n, SUBFRAME_LEN) target minus the part of the adaptive codebook
    impulse: F64  # (n, SUBFRAME_LEN) response of the filter that the code vectors go through
    moments: F64  # (n, 7) <x,x> <x,y> <x,z> <y,y> <z,z> <y,z>, rms of the code vector
    starts: I64  # (n_recordings + 1,) first row of each recording, and n


def collect(recordings: Sequence[F64], mode: Mode, tables: TableSet, preset: str) -> Subframes:
    """Return the subframes of recordings coded by `mode` with `tables`."""

    def work(x: F64) -> tuple[F64, F64, F64]:
        x = x[: len(x) // FRAME_LEN * FRAME_LEN]
        indices = FrameEncoder(mode, preset, tables=tables).indices(x)
        n = len(indices) * N_SUBFRAMES
        target, impulse = np.empty((2, n, SUBFRAME_LEN))
        moments = np.empty((n, 7))
        _replay(x, indices, tables.mode(mode), EncoderState.new(), target, impulse, moments)
        return target, impulse, moments

    parts = list(in_order(work, recordings))
    starts = np.cumsum([0] + [len(target) for target, _, _ in parts])
    target, impulse, moments = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return Subframes(target, impulse, moments, starts)


@fast(allocates=True)
def _replay(
    x: F64, indices: I64, tables: ModeTables, state: EncoderState,
    updated_target: F64, impulse: F64, moments: F64,
) -> None:  # fmt: skip
    """Follow the encoder through x along its indices, and record each subframe."""
    lpc_q, lpc_w = np.empty((N_SUBFRAMES, LPC_ORDER)), np.empty((N_SUBFRAMES, LPC_ORDER))
    num, den, lsf_q = np.empty(LPC_ORDER), np.empty(LPC_ORDER), np.empty(LPC_ORDER)
    target, y, z = np.empty(SUBFRAME_LEN), np.empty(SUBFRAME_LEN), np.empty(SUBFRAME_LEN)
    h = np.empty(SUBFRAME_LEN)
    exc = np.empty(MAX_LAG + SUBFRAME_LEN)
    analyzed, committed = state.analysis, state.committed
    synthesized = committed.synthesis
    row = 0
    for f in range(indices.shape[0]):
        analysis.analyze(x[f * FRAME_LEN : (f + 1) * FRAME_LEN], True, analyzed)
        dequantize(indices[f], tables.lsf, state.lsf_q[:], lsf_q)
        frame.interpolate_lpc(state.lsf_q, lsf_q, lpc_q)
        frame.interpolate_lpc(analyzed.lsf_prev, analyzed.lsf, lpc_w)
        filters.copy(lsf_q, state.lsf_q[:])
        speech = analyzed.input[analysis.FRAME_START : analysis.FRAME_START + FRAME_LEN]
        for s in range(N_SUBFRAMES):
            part = speech[s * SUBFRAME_LEN : (s + 1) * SUBFRAME_LEN]
            weighting.coefficients(lpc_w[s], num, den)
            weighting.impulse_response(num, den, lpc_q[s], h)
            weighting.target(part, lpc_q[s], num, den, committed, target)

            lag3 = pitch.dequantize(
                indices[f, LAG_INDICES + s], tables.lag_bits[s], synthesized.lag3
            )
            exc[:MAX_LAG] = synthesized.exc[SUBFRAME_LEN:]
            adaptive_codebook.vector(lag3, exc)
            convolve(exc[MAX_LAG:], h, y)
            beta = synthesis.sharpening(synthesized)
            synthesis.subframe(indices[f], s, lpc_q[s], tables, synthesized)
            weighting.add_error(part, num, den, committed)

            convolve(synthesized.code, h, z)
            m = moments[row]
            m[:] = 0.0
            for n in range(SUBFRAME_LEN):
                m[0] += target[n] * target[n]
                m[1] += target[n] * y[n]
                m[2] += target[n] * z[n]
                m[3] += y[n] * y[n]
                m[4] += z[n] * z[n]
                m[5] += y[n] * z[n]
                updated_target[row, n] = target[n] - synthesized.gain[0] * y[n]
            m[6] = gains.rms(synthesized.code[:])
            impulse[row] = h
            fixed_codebook.sharpen(impulse[row], pitch.rounded(lag3), beta)
            row += 1
