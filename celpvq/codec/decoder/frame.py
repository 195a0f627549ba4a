"""The decoder's block diagram: one kernel rebuilds speech from the indices of its frames."""

import numpy as np

from ..._numba import stack_array, strict
from ..._types import F32, F64, I16, I64
from ..common import comfort_noise, filters, lsf, lsf_dequantizer, synthesis
from ..common.comfort_noise import NoiseState
from ..common.records import Record
from ..common.samples import FULL_SCALE
from ..common.synthesis import SynthesisState
from ..common.tables import ModeTables
from ..format.frame_types import BAD, NO_DATA, REDUNDANT, SID, SPEECH
from ..format.modes import FRAME_LEN, LPC_ORDER, N_SUBFRAMES, SUBFRAME_LEN
from . import concealment, enhancement, enhancement_features
from .concealment import ConcealmentState
from .enhancement import EnhancementState


class DecoderState(Record):
    """The memory that a frame leaves for the next one."""

    lsf_q: F64 = lsf.flat()  # of the last frame [radians]
    synthesis: SynthesisState = SynthesisState.new()
    concealment: ConcealmentState = ConcealmentState.new()
    noise: NoiseState = NoiseState.new()
    enhancement: EnhancementState = EnhancementState.new()
    lag: F64 = np.zeros(N_SUBFRAMES)  # of the last frame [samples]
    gain: F64 = np.zeros((N_SUBFRAMES, 2))  # of the last frame: g_p and g_c, linear


@strict
def decode_frames(
    received: int, indices: I64, rate: float, tables: ModeTables, weights: F32, enhanced: bool,
    state: DecoderState, out: I16,
) -> None:  # fmt: skip
    """Decode frames of one type, indices (n_frames, N_INDICES), into out (n_frames * FRAME_LEN,).

    received: type of the frames.      rate: of the mode [bit/s].
    weights: of the enhancement network, applied if `enhanced`.
    """
    lsf_q, a = stack_array(LPC_ORDER), stack_array(LPC_ORDER)
    speech = stack_array(FRAME_LEN)
    frame_type = _effective_type(received, state.noise)
    for f in range(indices.shape[0]):
        # LSF, for A_q(z)
        if frame_type == SPEECH:
            state.noise.on = False
            lsf_dequantizer.dequantize(indices[f], tables.lsf, state.lsf_q[:], lsf_q)
        elif frame_type == BAD:
            concealment.begin(tables.lsf.mean, state.lsf_q, state.concealment, lsf_q)
        elif frame_type == REDUNDANT:
            concealment.begin_redundant(
                indices[f], tables.sid, state.synthesis, state.concealment, lsf_q
            )
        else:
            if frame_type == SID:
                comfort_noise.receive(indices[f], tables.sid, state.noise)
            filters.copy(state.noise.lsf[:], lsf_q)
            state.concealment.age = 0
        recovering = concealment.is_recovering(state.concealment)
        if enhanced:
            enhancement_features.begin(state.enhancement.features)
        for s in range(N_SUBFRAMES):
            lsf.predictor(state.lsf_q[:], lsf_q, s, a)
            # excitation
            if frame_type == SPEECH:
                synthesis.excite(indices[f], s, tables, state.synthesis)
                concealment.learn(state.synthesis, state.concealment)
            elif frame_type in (BAD, REDUNDANT):
                concealment.excite(state.concealment, state.synthesis)
            else:
                comfort_noise.excite(state.noise, state.synthesis)
            state.lag[s] = state.synthesis.lag3 / 3.0
            filters.copy(state.synthesis.gain[:], state.gain[s])
            # synthesis filter 1/A_q(z)
            synthesis.synthesize(a, state.synthesis)
            part = speech[s * SUBFRAME_LEN : (s + 1) * SUBFRAME_LEN]
            filters.copy(state.synthesis.speech[LPC_ORDER:], part)
            if enhanced:
                enhancement_features.observe(
                    s, frame_type, rate, a, state.synthesis, state.concealment,
                    state.enhancement.features,
                )  # fmt: skip
        # enhancement
        if enhanced:
            enhancement.apply(weights, frame_type, state.enhancement, speech)
        concealment.limit(recovering, state.concealment, speech)
        _round(speech, out[f * FRAME_LEN : (f + 1) * FRAME_LEN])
        filters.copy(lsf_q, state.lsf_q[:])


@strict
def _effective_type(received: int, noise: NoiseState) -> int:
    """Return the type that a frame is decoded as: a loss within a pause continues the pause."""
    if received in (BAD, REDUNDANT) and noise.on:
        return NO_DATA
    if received == NO_DATA and not noise.on:
        return BAD
    return received


@strict
def _round(x: F64, out: I16) -> None:
    """Round x (n,), full scale 1, to 16 bits."""
    for n in range(x.shape[0]):
        y = min(max(x[n] * FULL_SCALE, -FULL_SCALE), FULL_SCALE - 1.0)
        out[n] = int(y + (FULL_SCALE + 0.5)) - int(FULL_SCALE)
