"""Speech for the voice servers."""

import numpy as np
import pytest

import celpvq


@pytest.fixture(scope="session")
def speech(clips):
    """Two seconds of speech, 16 bits; the codec is compiled."""
    celpvq.warmup()
    return np.round(clips["espeak-f-es"][4000:20000] * 32767).astype(np.int16)
