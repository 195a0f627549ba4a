"""The encoder's block diagram: one kernel turns samples into the indices of whole frames.

A frame tries several quantized LSF vectors near the true one, the LSF candidates. Each has its own
search of the excitation, which keeps several survivors from subframe to subframe. At the end of the
frame the survivor of least weighted error is committed, so the search adds no delay.
"""

import numpy as np

from ..._numba import fast, inlined, stack_array
from ..._types import F32, F64, I64
from ..common import filters, fixed_codebook, lsf, lsf_dequantizer, pitch, synthesis
from ..common.comfort_noise import NoiseState
from ..common.records import Record
from ..common.tables import ModeTables
from ..format.modes import (
    FCB_INDICES,
    FRAME_LEN,
    GAIN_INDICES,
    LAG_INDICES,
    LPC_ORDER,
    MAX_CODE_VECTORS,
    N_LSF_INDICES,
    N_SUBFRAMES,
    SUBFRAME_LEN,
)
from . import (
    adaptive_search,
    analysis,
    dtx,
    fixed_search,
    lsf_search,
    pairs,
    presets,
    products,
    survivors,
    weighting,
)
from .adaptive_search import MAX_LAGS_TRIED
from .analysis import AnalysisState
from .dtx import DtxState
from .fixed_search import MAX_TRIED
from .pairs import Pairs
from .presets import MAX_LSF_CANDIDATES, MAX_PAIRS, MAX_SURVIVORS, Preset
from .products import RESPONSE_LEN
from .rate_control import RateState
from .search_tables import SearchTables
from .survivors import (
    Candidate,
    Candidates,
    Survivor,
    Survivors,
    new_candidates,
    new_survivors,
)
from .vad import VadState

_N_RESPONSES = MAX_PAIRS * 2 * RESPONSE_LEN


class EncoderState(Record):
    """The memory that a frame leaves for the next one."""

    analysis: AnalysisState = AnalysisState.new()
    lsf_q: F64 = lsf.flat()  # of the last frame, quantized
    predicted: int = 0  # frames since the LSF quantizer last used the safety net
    committed: Survivor = Survivor.new()  # at the end of the last frame: the decoder's state
    best: Survivor = Survivor.new()  # at the end of this frame, so far
    trial: Survivor = Survivor.new()  # of the trial that is best so far, at variable rate
    survivors: Survivors = new_survivors()
    candidates: Candidates = new_candidates()
    vad: VadState = VadState.new()
    dtx: DtxState = DtxState.new()
    noise: NoiseState = NoiseState.new()
    rate: RateState = RateState.new()


@fast
def encode_frames(
    x: F64, highpass: bool, preset: Preset, tables: ModeTables, derived: SearchTables,
    state: EncoderState, indices: I64,
) -> None:  # fmt: skip
    """Code all frames of x (n_frames * FRAME_LEN,) into indices (n_frames, N_INDICES)."""
    state.noise.on = False  # speech ends a pause
    for f in range(indices.shape[0]):
        analysis.analyze(x[f * FRAME_LEN : (f + 1) * FRAME_LEN], highpass, state.analysis)
        search_frame(preset, np.inf, tables, derived, state, indices[f])
        commit(indices[f], tables, state)


@fast(apart=True)
def search_frame(
    preset: Preset, bound: float, tables: ModeTables, derived: SearchTables, state: EncoderState,
    indices: I64,
) -> bool:  # fmt: skip
    """Search the frame that was analyzed last; put its indices into indices (N_INDICES,).

    state.best receives the best survivor; nothing is committed. Return False, early, if its cost
    would not be less than `bound`.
    """
    analyzed = state.analysis
    speech = analyzed.input[analysis.FRAME_START : analysis.FRAME_START + FRAME_LEN]
    lpc_q, lpc_w = stack_array((N_SUBFRAMES, LPC_ORDER)), stack_array((N_SUBFRAMES, LPC_ORDER))
    lsf_q = stack_array(LPC_ORDER)
    candidates = stack_array((MAX_LSF_CANDIDATES, N_LSF_INDICES), np.int64)
    errors = stack_array(MAX_LSF_CANDIDATES)

    # W(z): from the predictor before quantization
    interpolate_lpc(analyzed.lsf_prev[:], analyzed.lsf[:], lpc_w)

    # LSF search: the candidates for A_q(z)
    n_candidates = lsf_search.search(
        analyzed.lsf, analyzed.weight, tables.lsf, derived.lsf, state.lsf_q[:],
        presets.LSF_SURVIVORS, state.predicted >= presets.MAX_PREDICTED_FRAMES,
        candidates[: preset.lsf_candidates], errors,
    )  # fmt: skip

    # excitation: a search for each of them; most of them try the lags of the first one
    lags = stack_array((N_SUBFRAMES, MAX_LAGS_TRIED), np.int64)
    lags[:] = 0
    found, least = False, bound
    for k in range(n_candidates):
        lsf_dequantizer.dequantize(candidates[k], tables.lsf, state.lsf_q[:], lsf_q)
        interpolate_lpc(state.lsf_q[:], lsf_q, lpc_q)
        row = _search_excitation(speech, lpc_q, lpc_w, preset, least, lags, tables, derived, state)
        # without a bound the first always counts, even where no cost is finite
        if row >= 0 or (k == 0 and bound == np.inf):
            found = True
            state.best = state.survivors[max(row, 0)]
            least = state.best.cost
            filters.copy(candidates[k], indices[:N_LSF_INDICES])
    filters.copy(state.best.indices[N_LSF_INDICES:], indices[N_LSF_INDICES:])
    return found


@fast
def commit(indices: I64, tables: ModeTables, state: EncoderState) -> None:
    """Make state.best and the LSF of its indices (N_INDICES,) the memory of the next frame."""
    lsf_q = stack_array(LPC_ORDER)
    state.committed = state.best
    lsf_dequantizer.dequantize(indices[:N_LSF_INDICES], tables.lsf, state.lsf_q[:], lsf_q)
    filters.copy(lsf_q, state.lsf_q[:])
    state.predicted = state.predicted + 1 if indices[0] == 1 else 0


@fast(apart=True)
def _search_excitation(
    speech: F64, lpc_q: F64, lpc_w: F64, preset: Preset, bound: float, lags: I64,
    tables: ModeTables, derived: SearchTables, state: EncoderState,
) -> int:  # fmt: skip
    """Search the excitation of a frame; return the row of the best survivor in state.survivors.

    speech (FRAME_LEN,).      lpc_q, lpc_w (N_SUBFRAMES, p): predictors of synthesis and weighting.
    lags (N_SUBFRAMES, MAX_LAGS_TRIED): those that other LSF candidates tried; 0 where none did.
    Return -1 as soon as no candidate costs less than `bound`.
    """
    num, den = stack_array(LPC_ORDER), stack_array(LPC_ORDER)
    impulse, target = stack_array(SUBFRAME_LEN), stack_array(SUBFRAME_LEN)
    response = stack_array((2, RESPONSE_LEN), np.float32)
    tried = stack_array(MAX_LAGS_TRIED, np.int64)[: 2 * preset.lags]
    lag_pairs = pairs.new_pairs()
    chosen = stack_array(MAX_PAIRS, np.int64)[: preset.pairs]
    live, candidates = state.survivors, state.candidates
    n_live = 1
    live[0] = state.committed
    live[0].cost = 0.0

    for index in range(N_SUBFRAMES):
        first = index % 2 * MAX_SURVIVORS  # survivors: n_live rows from `first` on
        now = speech[index * SUBFRAME_LEN : (index + 1) * SUBFRAME_LEN]

        # weighted synthesis filter W(z) / A_q(z): its impulse response h
        weighting.coefficients(lpc_w[index], num, den)
        weighting.impulse_response(num, den, lpc_q[index], impulse)
        products.respond(impulse, response)

        for i in range(n_live):
            # target x: the weighted speech minus the zero-input response
            weighting.target(now, lpc_q[index], num, den, live[first + i], target)
            filters.copy(target, lag_pairs.target[i])
            # adaptive codebook: the lags T whose filtered vectors y match x best, and x - g_p y
            shared = lags[index, : 2 * preset.lags]
            _preselect_lags(i, first, index, response, tables, live, lag_pairs, shared, tried)
            adaptive_search.search_pairs(
                i, preset.lags, live[first + i], response, tables.lag_bits[index],
                tables.gain_predictor, tried, lag_pairs,
            )  # fmt: skip
        n_chosen = pairs.choose(n_live * preset.lags, lag_pairs, chosen)

        # fixed codebook and gains: for each pair, the least |x - g_p y - g_c z|^2
        survivors.clear(preset.survivors, candidates)
        _search_code_vectors(
            index, chosen[:n_chosen], first, preset, impulse, tables, derived, lag_pairs, live,
            candidates,
        )  # fmt: skip
        if candidates[0].cost >= bound:
            return -1

        # memory update: the best candidates, synthesized, are the next survivors
        after = MAX_SURVIVORS - first
        n_live = 0
        for i in range(preset.survivors):
            if candidates[i].cost == np.inf:
                break
            live[after + i] = live[candidates[i].survivor]
            _advance(candidates[i], index, now, lpc_q[index], num, den, tables, live[after + i])
            n_live += 1
    return survivors.best(after, n_live, live)


@inlined
def _preselect_lags(
    i: int, first: int, index: int, response: F32, tables: ModeTables,
    live: Survivors, lag_pairs: Pairs, shared: I64, lags: I64,
) -> None:  # fmt: skip
    """Put the lags that survivor i tries exactly into lags (K,).

    shared (K,): those of the first survivor with another LSF candidate; 0 if there was none.
    """
    bits, lag3 = tables.lag_bits[index], live[first + i].synthesis.lag3
    before = live[first + max(i - 1, 0)].synthesis.lag3
    # survivors and LSF candidates differ little: one tries the lags of another, if it can code them
    if i > 0 and pitch.whole_lags(bits, lag3) == pitch.whole_lags(bits, before):
        return
    if i == 0 and shared[0] > 0 and bits == pitch.ABSOLUTE_BITS:
        filters.copy(shared, lags)
        return
    past = live[first + i].synthesis.exc[SUBFRAME_LEN:]
    adaptive_search.preselect(lag_pairs.target[i], response, past, bits, lag3, lags)
    if i == 0:
        filters.copy(lags, shared)


@fast(apart=True)
def _search_code_vectors(
    index: int, chosen: I64, first: int, preset: Preset, impulse: F64, tables: ModeTables,
    derived: SearchTables, lag_pairs: Pairs, live: Survivors, candidates: Candidates,
) -> None:  # fmt: skip
    """Search the fixed codebook for the chosen pairs, and insert the results into candidates.

    A sharpened impulse response stands for sharpened code vectors: both filters are linear. Pairs
    whose code vectors are sharpened alike share it.
    """
    n_chosen, layout = chosen.shape[0], derived.fcb.layout[index]
    gain_layout = tables.gain_layout[index]
    gain_rows = slice(gain_layout[0], gain_layout[0] + gain_layout[1])
    group = stack_array(MAX_PAIRS, np.int64)[:n_chosen]
    member = stack_array(MAX_PAIRS, np.int64)
    responses = stack_array(_N_RESPONSES, np.float32)
    energy = stack_array((MAX_PAIRS, MAX_CODE_VECTORS), np.float32)
    updated_target = stack_array((MAX_PAIRS, SUBFRAME_LEN), np.float32)[:n_chosen]
    shortlist = stack_array(MAX_TRIED, np.int64)[: n_chosen * preset.shortlist]
    shortlist = shortlist.reshape(n_chosen, preset.shortlist)
    sharpened = stack_array(SUBFRAME_LEN)

    n_groups = pairs.find_groups(chosen, preset.lags, lag_pairs, group, member)
    responses = responses.reshape(MAX_PAIRS, 2, RESPONSE_LEN)[:n_groups]
    for g in range(n_groups):
        row = member[g]
        filters.copy(impulse, sharpened)
        fixed_codebook.sharpen(sharpened, lag_pairs.lag[row], lag_pairs.beta[row // preset.lags])
        products.respond(sharpened, responses[g])
    for m in range(n_chosen):
        filters.copy(lag_pairs.updated_target[chosen[m]], updated_target[m])

    fixed_search.energies(responses, derived.fcb, layout, energy[:n_groups])
    fixed_search.preselect(
        updated_target, group, responses, layout, derived.fcb, energy, preset.stage1_survivors,
        shortlist,
    )  # fmt: skip
    for m in range(n_chosen):
        row = chosen[m]
        i = row // preset.lags
        fcb, gain, error = fixed_search.search(
            shortlist[m], lag_pairs.target[i], lag_pairs.filtered[row], responses[group[m]],
            tables.fcb_layout[index], derived.fcb.rows, lag_pairs.lag[row], lag_pairs.beta[i],
            tables.gain[gain_rows], derived.correction[gain_rows], lag_pairs.predicted_gain[i],
        )  # fmt: skip
        survivors.insert(
            live[first + i].cost + error, first + i, lag_pairs.lag_index[row], gain, fcb,
            preset.survivors, candidates,
        )  # fmt: skip


@inlined
def _advance(
    candidate: Candidate, index: int, speech: F64, lpc_q: F64, num: F64, den: F64,
    tables: ModeTables, survivor: Survivor,
) -> None:  # fmt: skip
    """Synthesize subframe `index` of a candidate, as the decoder will, and add its error to cost.

    survivor: a copy of the survivor that the candidate continues; it becomes the new one.
    """
    survivor.indices[LAG_INDICES + index] = candidate.lag
    survivor.indices[GAIN_INDICES + index] = candidate.gain
    survivor.indices[FCB_INDICES + index] = candidate.fcb
    synthesis.subframe(survivor.indices, index, lpc_q, tables, survivor.synthesis)
    weighting.add_error(speech, num, den, survivor)


@fast
def interpolate_lpc(prev: F64, now: F64, lpc: F64) -> None:
    """Put the predictors of all subframes between two LSF (p,) into lpc (N_SUBFRAMES, p)."""
    for s in range(N_SUBFRAMES):
        lsf.predictor(prev, now, s, lpc[s])


@fast
def encode_silence(
    x: F64, highpass: bool, n_quiet: int, book: F64, state: EncoderState, indices: I64
) -> bool:
    """Code the frame x (FRAME_LEN,) of a pause; return whether it gets a SID.

    n_quiet: frames since the last speech.      book: LSF codebook of SIDs.
    indices (2,): receives the indices of the SID.
    """
    analysis.analyze(x, highpass, state.analysis)
    dtx.remember(state.analysis, state.dtx)
    state.predicted = presets.MAX_PREDICTED_FRAMES  # a lost SID must not reach later speech
    return dtx.encode_frame(
        n_quiet, book, state.lsf_q[:], state.dtx, state.noise, state.committed, indices
    )
