"""Fixtures of the tests of training: speech, and its subframes after a coder."""

import numpy as np
import pytest

from celpvq.codec.common import table_set
from celpvq.codec.format import modes
from celpvq.training import subframes
from celpvq.training.subframes import Subframes


@pytest.fixture(scope="session")
def recordings(clips) -> list[np.ndarray]:
    """Some of the bundled clips."""
    return list(clips.values())[:4]


@pytest.fixture(scope="session")
def found(recordings) -> Subframes:
    """The subframes of the recordings, coded with the tables that are shipped."""
    mode = modes.get(6400)
    return subframes.collect(recordings, mode, table_set.default(), "fast")
