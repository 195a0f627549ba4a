"""Targets of the excitation codebooks, harvested in the loop: what the encoder searched for."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .._numba import fast
from .._threads import in_order
from .._types import F64, I64
from ..codec.common import (
    adaptive_codebook,
    filters,
    fixed_codebook,
    gains,
    lsf_dequantizer,
    pitch,
    synthesis,
)
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

N_MOMENTS = 7


class Harvest(NamedTuple):
    """Subframes of coded speech, in their order."""

    rest: F64  # (n, SUBFRAME_LEN) weighted target less the adaptive codebook's part
    impulse: F64  # (n, SUBFRAME_LEN) response of the sharpened weighted synthesis
    moments: F64  # (n, N_MOMENTS) <x,x> <x,y> <x,z> <y,y> <z,z> <y,z>, rms of the shape
    starts: I64  # (n_clips + 1,) first row of each recording, and n


@fast(allocates=True)
def _replay(
    x: F64,
    indices: I64,
    tables: ModeTables,
    state: EncoderState,
    rest: F64,
    impulse: F64,
    moments: F64,
) -> None:
    """Follow the encoder through x along its indices; record the target of each subframe."""
    lpc_q, lpc_w = np.empty((N_SUBFRAMES, LPC_ORDER)), np.empty((N_SUBFRAMES, LPC_ORDER))
    num, den = np.empty(LPC_ORDER), np.empty(LPC_ORDER)
    target, y, z = np.empty(SUBFRAME_LEN), np.empty(SUBFRAME_LEN), np.empty(SUBFRAME_LEN)
    h = np.empty(SUBFRAME_LEN)
    lsf_q = np.empty(LPC_ORDER)
    exc = np.empty(MAX_LAG + SUBFRAME_LEN)
    who = state.committed
    row = 0
    for f in range(indices.shape[0]):
        analysis.analyze(x[f * FRAME_LEN : (f + 1) * FRAME_LEN], True, state.analysis)
        seen = state.analysis
        lsf_dequantizer.dequantize(indices[f, :4], tables.lsf, state.lsf_q[:], lsf_q)
        frame.interpolate_lpc(state.lsf_q, lsf_q, lpc_q)
        frame.interpolate_lpc(seen.lsf_prev, seen.lsf, lpc_w)
        filters.copy(lsf_q, state.lsf_q[:])
        speech = seen.input[analysis.FRAME_START : analysis.FRAME_START + FRAME_LEN]
        for s in range(N_SUBFRAMES):
            part = speech[s * SUBFRAME_LEN : (s + 1) * SUBFRAME_LEN]
            weighting.coefficients(lpc_w[s], num, den)
            weighting.impulse_response(num, den, lpc_q[s], h)
            weighting.target(part, lpc_q[s], num, den, who, target)

            lag3 = pitch.dequantize(
                indices[f, LAG_INDICES + s], tables.lag_bits[s], who.synthesis.lag3
            )
            exc[:MAX_LAG] = who.synthesis.exc[SUBFRAME_LEN:]
            adaptive_codebook.vector(lag3, exc)
            convolve(exc[MAX_LAG:], h, y)
            beta = synthesis.sharpening(who.synthesis)
            synthesis.subframe(indices[f], s, lpc_q[s], tables, who.synthesis)
            weighting.add_error(part, num, den, who)

            convolve(who.synthesis.code, h, z)
            m = moments[row]
            m[:] = 0.0
            for n in range(SUBFRAME_LEN):
                m[0] += target[n] * target[n]
                m[1] += target[n] * y[n]
                m[2] += target[n] * z[n]
                m[3] += y[n] * y[n]
                m[4] += z[n] * z[n]
                m[5] += y[n] * z[n]
                rest[row, n] = target[n] - who.synthesis.gain[0] * y[n]
            m[6] = gains.rms(who.synthesis.code[:])
            impulse[row] = h
            fixed_codebook.sharpen(impulse[row], pitch.rounded(lag3), beta)
            row += 1


def harvest(recordings: Sequence[F64], mode: Mode, tables: TableSet, preset: str) -> Harvest:
    """Return the targets of recordings coded by `mode` with `tables`."""

    def one(x: F64) -> tuple[F64, F64, F64]:
        x = x[: len(x) // FRAME_LEN * FRAME_LEN]
        indices = FrameEncoder(mode, preset, tables=tables).indices(x)
        n = indices.shape[0] * N_SUBFRAMES
        rest, impulse, moments = (
            np.empty((n, SUBFRAME_LEN)),
            np.empty((n, SUBFRAME_LEN)),
            np.empty((n, N_MOMENTS)),
        )
        _replay(x, indices, tables.mode(mode), EncoderState.new(), rest, impulse, moments)
        return rest, impulse, moments

    parts = list(in_order(one, recordings))
    starts = np.cumsum([0] + [len(part[0]) for part in parts])
    rest, impulse, moments = (np.concatenate(a) for a in zip(*parts, strict=True))
    return Harvest(rest, impulse, moments, starts)
