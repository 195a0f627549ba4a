"""Tables that the searches derive from those of a mode."""

import numpy as np

from celpvq.codec.encoder.search_tables import SearchTables
from celpvq.codec.format.modes import SUBFRAME_LEN as N


def test_search_tables_hold_the_books_in_other_forms(mode, random_tables):
    tables = random_tables.mode(mode)
    derived = SearchTables.derive(tables)
    np.testing.assert_allclose(derived.columns, tables.fcb.T, rtol=1e-6)
    for row in (0, len(tables.fcb) - 1):
        acf = np.correlate(tables.fcb[row], tables.fcb[row], "full")[N - 1 :]
        np.testing.assert_allclose(derived.acf[:, row], np.r_[acf[0], 2 * acf[1:]], atol=1e-3)
    np.testing.assert_allclose(20 * np.log10(derived.correction), tables.gain[:, 1], atol=1e-9)
    entry = tables.lsf.stage1[1, 3]
    np.testing.assert_allclose(derived.lsf.stage1[1, :, 3], np.r_[entry, entry**2], rtol=1e-6)
