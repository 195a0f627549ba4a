"""Tables that the searches derive, once, from the tables of a mode."""

from typing import NamedTuple, Self

import numpy as np

from ..._types import F32, F64
from ..common.tables import ModeTables
from ..format.modes import SUBFRAME_LEN
from . import gain_search
from .lsf_search import LsfColumns


class SearchTables(NamedTuple):
    """The codebooks of a mode in the forms that the searches read."""

    columns: F32  # (SUBFRAME_LEN, N) fixed codebook, transposed
    acf: F32  # (SUBFRAME_LEN, N) autocorrelations of the code vectors, doubled above lag 0
    correction: F64  # (G,) correction factors of the gain book, linear
    lsf: LsfColumns

    @classmethod
    def derive(cls, tables: ModeTables) -> Self:
        """Return the search tables of `tables`."""
        return cls(
            *cls.code_vectors(tables.fcb),
            gain_search.linear_corrections(tables.gain),
            LsfColumns.derive(tables.lsf),
        )

    @staticmethod
    def code_vectors(book: F64) -> tuple[F32, F32]:
        """Return `columns` and `acf` of a fixed codebook (N, SUBFRAME_LEN)."""
        spectrum = np.fft.rfft(book, 2 * SUBFRAME_LEN, axis=1)
        acf = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, :SUBFRAME_LEN]
        acf[:, 1:] *= 2.0
        return (
            np.ascontiguousarray(book.T, dtype=np.float32),
            np.ascontiguousarray(acf.T, dtype=np.float32),
        )
