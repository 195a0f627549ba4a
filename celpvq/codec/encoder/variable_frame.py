"""Frames at variable rate: trial codings of each frame, the choice of its mode, and its coding."""

import numpy as np

from ..._numba import fast, stack_array
from ..._types import F64, I64
from ..common import filters
from ..common.tables import ModeTables
from ..format.modes import FRAME_LEN, LPC_ORDER, N_INDICES, N_SUBFRAMES
from . import analysis, frame, rate_control
from .frame import EncoderState
from .rate_control import RateSettings
from .search_tables import SearchTables


@fast
def encode_frames(
    x: F64, highpass: bool, settings: RateSettings, tables: tuple[ModeTables, ...],
    derived: tuple[SearchTables, ...], state: EncoderState, indices: I64, chosen: I64,
) -> None:  # fmt: skip
    """Code all frames of x (n_frames * FRAME_LEN,) into indices (n_frames, N_INDICES).

    tables, derived: of each mode.      chosen (n_frames,): receives the mode of each frame.
    """
    rate = state.rate
    lpc_w = stack_array((N_SUBFRAMES, LPC_ORDER))
    kept = stack_array(N_INDICES, np.int64)
    state.noise.on = False  # speech ends a pause
    for f in range(indices.shape[0]):
        analysis.analyze(x[f * FRAME_LEN : (f + 1) * FRAME_LEN], highpass, state.analysis)
        frame.interpolate_lpc(state.analysis.lsf_prev[:], state.analysis.lsf[:], lpc_w)
        rate_control.start_frame(lpc_w, state.analysis, rate)
        error_weight, pressure = rate_control.weights(settings, rate)
        highest = rate_control.highest_mode(settings, rate)
        n_trials = min(settings.n_trials, highest + 1)
        start = min(rate.mode, n_trials - 1)  # the mode of the last frame is often the best again
        if rate.n_frames == 1 or highest == 0:  # there is no level yet, or no choice
            n_trials = 0
        best, least, best_is_trial = min(settings.first, highest), np.inf, False
        for step in range(n_trials + 1):  # the trials, then the coding: they share much code
            final = step == n_trials
            if final and best_is_trial and settings.reuse:
                state.best = state.trial
                filters.copy(kept, indices[f])
                break
            mode, preset, bound = best, settings.presets[best], np.inf
            if not final:
                mode = start if step == 0 else step - 1 if step <= start else step
                preset = settings.trial
                bound = (least - pressure * settings.bits[mode]) / error_weight
                if bound <= 0.0:
                    continue
            found = frame.search_frame(
                preset, bound, tables[mode], derived[mode], state, indices[f]
            )
            if final or not found:
                continue
            error = state.best.cost
            cost = error_weight * error + pressure * settings.bits[mode]
            if cost < least:
                best, least, best_is_trial = mode, cost, True
                if settings.reuse:
                    state.trial = state.best
                    filters.copy(indices[f], kept)
            if settings.n_trials == 1:
                for other in range(1, highest + 1):
                    predicted = settings.error_ratio[other] * error
                    cost = error_weight * predicted + pressure * settings.bits[other]
                    if cost < least:
                        best, least, best_is_trial = other, cost, False
        frame.commit(indices[f], tables[best], state)
        rate_control.end_frame(best, settings, rate)
        chosen[f] = best
