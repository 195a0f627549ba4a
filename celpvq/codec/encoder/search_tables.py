"""Tables that the searches derive, once, from the tables of a mode."""

from typing import NamedTuple, Self

import numpy as np

from ..._types import F32, F64, I64
from ..common.tables import ModeTables
from ..format.modes import SUBFRAME_LEN
from . import gain_search
from .lsf_search import LsfColumns
from .products import PANEL, panels


class CodeVectors(NamedTuple):
    """A fixed codebook as the search reads it; each stage begins with a panel of its own."""

    rows: F32  # (N, SUBFRAME_LEN) the book itself
    layout: I64  # (k, 4) as the layouts of the book, with the places in the panels
    columns: F32  # (P, SUBFRAME_LEN, PANEL) code vectors, transposed, in panels
    acf: F32  # (P, SUBFRAME_LEN, PANEL) their autocorrelations, doubled above lag 0

    @classmethod
    def derive(cls, book: F64, layout: I64) -> Self:
        """Return the panels of the stages in layout (k, 4) of book (N, SUBFRAME_LEN)."""
        moved, parts, place = layout.copy(), list[F64](), dict[tuple[int, int], int]()
        for row in moved:
            for stage in (row[:2], row[2:]) if row[3] else (row[:2],):
                start, bits = stage.tolist()
                if (start, bits) not in place:
                    place[start, bits] = sum(len(part) for part in parts)
                    part = book[start : start + (1 << bits)]
                    parts.append(np.pad(part, ((0, -len(part) % PANEL), (0, 0))))
                stage[0] = place[start, bits]
        vectors = np.concatenate(parts)
        spectrum = np.fft.rfft(vectors, 2 * SUBFRAME_LEN, axis=1)
        acf = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, :SUBFRAME_LEN]
        acf[:, 1:] *= 2.0
        return cls(book.astype(np.float32), moved, panels(vectors.T), panels(acf.T))


class SearchTables(NamedTuple):
    """The codebooks of a mode in the forms that the searches read."""

    fcb: CodeVectors
    correction: F64  # (G,) correction factors of the gain book, linear
    lsf: LsfColumns

    @classmethod
    def derive(cls, tables: ModeTables) -> Self:
        """Return the search tables of `tables`."""
        return cls(
            CodeVectors.derive(tables.fcb, tables.fcb_layout),
            gain_search.linear_corrections(tables.gain),
            LsfColumns.derive(tables.lsf),
        )
