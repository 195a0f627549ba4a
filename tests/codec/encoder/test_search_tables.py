"""Tables that the searches derive from those of a mode."""

import inputs
import numpy as np

from celpvq.codec.encoder.products import PANEL
from celpvq.codec.encoder.search_tables import CodeVectors, SearchTables
from celpvq.codec.format.modes import SUBFRAME_LEN as N


def test_search_tables_hold_the_books_in_other_forms(mode, random_tables):
    tables = random_tables.mode(mode)
    derived = SearchTables.derive(tables)
    np.testing.assert_array_equal(derived.fcb.rows, tables.fcb.astype(np.float32))
    columns, acfs = (np.concatenate(panels, axis=1) for panels in derived.fcb[2:])
    for layout, moved in zip(tables.fcb_layout, derived.fcb.layout, strict=True):
        np.testing.assert_array_equal(layout[1::2], moved[1::2])
        for start, at, bits in zip(layout[::2], moved[::2], layout[1::2], strict=True):
            for row in (0, (1 << bits) - 1) if bits else ():
                vector = tables.fcb[start + row]
                acf = np.correlate(vector, vector, "full")[N - 1 :]
                np.testing.assert_allclose(columns[:, at + row], vector, rtol=1e-6)
                expected = np.r_[acf[0], 2 * acf[1:]]
                np.testing.assert_allclose(acfs[:, at + row], expected, atol=1e-3)


def test_each_stage_begins_with_a_panel_and_is_filled_with_zeros():
    rng = np.random.default_rng(1)
    layout, stages, book = inputs.fixed_codebook(rng, 13)
    vectors = CodeVectors.derive(book, np.array([layout, layout]))
    np.testing.assert_array_equal(vectors.layout, [[0, 6, 64, 5]] * 2)
    assert vectors.columns.shape == (2, N, PANEL)
    start = stages[1][0]
    np.testing.assert_allclose(vectors.columns[1, :, :32], book[start : start + 32].T, rtol=1e-6)
    assert not vectors.columns[1, :, 32:].any()


def test_the_other_forms_of_lsf_books_and_gains(mode, random_tables):
    tables = random_tables.mode(mode)
    derived = SearchTables.derive(tables)
    np.testing.assert_allclose(20 * np.log10(derived.correction), tables.gain[:, 1], atol=1e-9)
    entry = tables.lsf.stage1[1, 3]
    np.testing.assert_allclose(derived.lsf.stage1[1, :, 3], np.r_[entry, entry**2], rtol=1e-6)
