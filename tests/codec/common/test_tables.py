"""Names and shapes of the tables, and the form that the kernels take."""

import numpy as np

from celpvq.codec.common import tables
from celpvq.codec.format.modes import N_SUBFRAMES, SUBFRAME_LEN, fcb_stages


def test_every_index_of_a_mode_has_a_row_in_its_tables(mode, random_tables):
    own = random_tables.mode(mode)
    switch, stage1, low, high = (1 << n for n in mode.bits("lsf"))
    assert [len(book[0]) for book in (own.lsf.stage1, own.lsf.low, own.lsf.high)] == [
        stage1, low, high,
    ]  # fmt: skip
    assert len(own.lsf.rho) == switch
    assert own.fcb_layout.shape == (N_SUBFRAMES, 4)
    for s in range(N_SUBFRAMES):
        stages = fcb_stages(mode.bits("fcb")[s])
        first, bits, second, bits2 = own.fcb_layout[s]
        assert tuple(n for n in (bits, bits2) if n) == stages
        names = tables.fcb_names(mode.bits("fcb")[s])
        for start, name in zip((first, second), names, strict=False):
            book = random_tables.arrays[name].astype(np.float64)
            np.testing.assert_array_equal(own.fcb[start : start + len(book)], book)
        start, n = own.gain_layout[s]
        name = tables.gain_name(mode, mode.bits("gain")[s])
        assert n == 1 << mode.bits("gain")[s]
        np.testing.assert_array_equal(own.gain[start : start + n], random_tables.arrays[name])
    np.testing.assert_array_equal(own.lag_bits, mode.bits("lag"))
    assert own.fcb.shape[1] == SUBFRAME_LEN


def test_every_expected_array_belongs_to_a_mode_or_to_all(mode, random_tables):
    own = {*tables.lsf_names(mode), tables.predictor_name(mode)}
    own |= {tables.gain_name(mode, bits) for bits in mode.bits("gain")}
    own |= {name for bits in mode.bits("fcb") for name in tables.fcb_names(bits)}
    assert own <= set(tables.expected()) == set(random_tables.arrays)
    rate = mode.name
    assert {name for name in tables.expected() if rate in name} <= own
