"""The tables of a mode: names, shapes, and the form that the kernels take."""

import functools
from collections.abc import Mapping
from typing import NamedTuple

from ..._types import F64, I64
from ..format.modes import LPC_ORDER, SID_LSF_BITS, SUBFRAME_LEN, Mode, fcb_stages, modes
from .gains import N_TAPS
from .lsf_dequantizer import SPLIT, LsfTables

SID_BOOK = "lsf_silence"  # name of the LSF codebook of SIDs


class ModeTables(NamedTuple):
    """The tables of one mode, as the kernels take them."""

    lsf: LsfTables
    lag_bits: I64  # (N_SUBFRAMES,)
    fcb_layout: I64  # (N_SUBFRAMES, 4) first row and index bits of each stage
    fcb: F64  # (N, SUBFRAME_LEN)
    gain_layout: I64  # (N_SUBFRAMES, 2) first row and number of rows
    gain: F64  # (G, 2) pitch gain [linear] and correction of the predicted gain [dB]
    gain_predictor: F64  # (1 + N_TAPS,) mean gain [dB] and taps
    sid: F64  # (2^SID_LSF_BITS, p) LSF of SIDs, the same in all modes


def lsf_names(mode: Mode) -> tuple[str, str, str]:
    """Return the names of the mode's LSF books: stage 1 and both halves of stage 2."""
    bits = sum(mode.bits("lsf"))
    return f"lsf{bits}_stage1", f"lsf{bits}_low", f"lsf{bits}_high"


def fcb_names(bits: int) -> tuple[str, ...]:
    """Return the names of the books, one per stage, of a fixed codebook with `bits` in all."""
    return tuple(f"fcb{bits}_{i + 1}" for i in range(len(fcb_stages(bits))))


def gain_name(mode: Mode, bits: int) -> str:
    """Return the name of the mode's gain book of `bits`."""
    return f"gain{mode.bitrate}_{bits}"


def predictor_name(mode: Mode) -> str:
    """Return the name of the mode's gain predictor."""
    return f"predictor{mode.bitrate}"


@functools.cache
def expected() -> Mapping[str, tuple[tuple[int, ...], str]]:
    """Return the shape and type of every array that a set must hold."""
    want: dict[str, tuple[tuple[int, ...], str]] = {
        "lsf_mean": ((LPC_ORDER,), "<f4"),
        "lsf_rho": ((2, LPC_ORDER), "<f4"),
        SID_BOOK: ((1 << SID_LSF_BITS, LPC_ORDER), "<f4"),
    }
    for mode in modes():
        _, *lsf_bits = mode.bits("lsf")
        sizes = (LPC_ORDER, SPLIT, LPC_ORDER - SPLIT)
        for name, bits, size in zip(lsf_names(mode), lsf_bits, sizes, strict=True):
            shape = (2, 1 << bits, size)
            if want.setdefault(name, (shape, "<f4"))[0] != shape:
                raise TypeError(f"modes: {name} has two shapes; modes share LSF books by size")
        for bits in mode.bits("fcb"):
            for name, stage in zip(fcb_names(bits), fcb_stages(bits), strict=True):
                want[name] = ((1 << stage, SUBFRAME_LEN), "<f2")
        for bits in mode.bits("gain"):
            want[gain_name(mode, bits)] = ((1 << bits, 2), "<f4")
        want[predictor_name(mode)] = ((1 + N_TAPS,), "<f4")
    return dict(sorted(want.items()))
