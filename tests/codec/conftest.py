"""Fixtures of the codec's tests: each mode, each preset, a second of speech."""

import inputs
import numpy as np
import pytest

from celpvq.codec.common.table_set import TableSet
from celpvq.codec.encoder.presets import PRESETS
from celpvq.codec.format.modes import Mode, modes


@pytest.fixture(scope="module", params=modes(), ids=lambda mode: mode.name)
def mode(request) -> Mode:
    """Each mode in turn."""
    return request.param


@pytest.fixture(scope="module", params=PRESETS)
def preset(request) -> str:
    """Each preset in turn."""
    return request.param


@pytest.fixture(
    scope="module", params=sorted({bits for mode in modes() for bits in mode.bits("fcb")})
)
def fcb_bits(request) -> int:
    """The size of each fixed codebook in turn [bits of an index]."""
    return request.param


@pytest.fixture(scope="session")
def random_tables() -> TableSet:
    """A set of random tables, the same in every run."""
    return inputs.table_set(np.random.default_rng(0))


@pytest.fixture(scope="session")
def speech(clips) -> np.ndarray:
    """Half a second of a man, then of a woman, in whole frames."""
    return inputs.two_voices(clips)


@pytest.fixture(scope="session")
def talk(clips) -> tuple[np.ndarray, np.ndarray]:
    """Three voices with pauses, and whether each frame is speech."""
    return inputs.talk(clips)
