"""The subframes of coded speech agree with each other."""

import numpy as np

from celpvq.codec.format.modes import SUBFRAME_LEN


def test_the_subframes_agree_with_each_other(found, recordings):
    assert found.starts.tolist() == [0, *np.cumsum([len(x) // 160 * 4 for x in recordings])]
    assert found.updated_target.shape == found.impulse.shape == (found.starts[-1], SUBFRAME_LEN)
    xx, xy, xz, yy, zz, yz, rms = found.moments.T
    assert (found.impulse[:, 0] == 1).all()
    assert (rms > 0).all()
    slack = 1e-9
    assert (xy**2 <= xx * yy * (1 + slack) + slack).all()
    assert (xz**2 <= xx * zz * (1 + slack) + slack).all()
    assert (yz**2 <= yy * zz * (1 + slack) + slack).all()
