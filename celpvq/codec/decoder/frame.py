"""The decoder's block diagram: one kernel rebuilds speech from the indices of its frames."""

import numpy as np

from ..._numba import stack_array, strict
from ..._types import F64, I16, I64
from ..common import comfort_noise, filters, lsf, lsf_dequantizer, synthesis
from ..common.comfort_noise import NoiseState
from ..common.records import Record
from ..common.samples import FULL_SCALE
from ..common.synthesis import SynthesisState
from ..common.tables import ModeTables
from ..format.frame_types import BAD, NO_DATA, REDUNDANT, SID, SPEECH
from ..format.modes import FRAME_LEN, LPC_ORDER, N_SUBFRAMES, SUBFRAME_LEN
from . import concealment, enhancement, formant_postfilter, pitch_postfilter
from .concealment import ConcealmentState
from .enhancement import EnhancementSettings, EnhancementState
from .formant_postfilter import FormantPostfilterSettings, FormantPostfilterState
from .pitch_postfilter import PitchPostfilterState


class DecoderState(Record):
    """The memory that a frame leaves for the next one."""

    lsf_q: F64 = lsf.flat()  # of the last frame [radians]
    synthesis: SynthesisState = SynthesisState.new()
    concealment: ConcealmentState = ConcealmentState.new()
    noise: NoiseState = NoiseState.new()
    enhancement: EnhancementState = EnhancementState.new()
    pitch_postfilter: PitchPostfilterState = PitchPostfilterState.new()
    formant_postfilter: FormantPostfilterState = FormantPostfilterState.new()
    lag: F64 = np.zeros(N_SUBFRAMES)  # of the last frame [samples]
    gain: F64 = np.zeros((N_SUBFRAMES, 2))  # of the last frame: g_p and g_c, linear


@strict
def decode_frames(
    received: int, indices: I64, tables: ModeTables, lift: EnhancementSettings,
    emphasis: FormantPostfilterSettings, postfilter: bool, state: DecoderState, out: I16,
) -> None:  # fmt: skip
    """Decode frames of one type, indices (n_frames, N_INDICES), into out (n_frames * FRAME_LEN,).

    received: type of the frames.      postfilter: apply spectral enhancement and postfilters.
    """
    lsf_q, a = stack_array(LPC_ORDER), stack_array(LPC_ORDER)
    speech = stack_array(SUBFRAME_LEN)
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
        for s in range(N_SUBFRAMES):
            start = f * FRAME_LEN + s * SUBFRAME_LEN
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
            filters.copy(state.synthesis.speech[LPC_ORDER:], speech)
            # post-processing
            if postfilter:
                enhancement.apply(state.synthesis.exc, lift, state.enhancement, speech)
                pitch_postfilter.apply(state.synthesis.lag3, state.pitch_postfilter, speech)
                formant_postfilter.apply(a, emphasis, state.formant_postfilter, speech)
            concealment.limit(s, state.concealment, speech)
            _round(speech, out[start : start + SUBFRAME_LEN])
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
