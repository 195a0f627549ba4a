"""Fixtures and settings of all tests."""

import os
from pathlib import Path

import hypothesis
import numpy as np
import pytest

import celpvq
from celpvq.lab.clips import clip_paths, read_clip

ROOT = Path(__file__).parents[1]

# no deadline: the first example of a test may compile kernels, and machines are busy
hypothesis.settings.register_profile("celpvq", deadline=None)
hypothesis.settings.load_profile("celpvq")


def pytest_report_header() -> str:
    return f"celpvq: {Path(celpvq.__file__).parent}"


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def clips() -> dict[str, np.ndarray]:
    """Return the bundled clips by name, samples in [-1, 1)."""
    return {path.stem: read_clip(path) for path in clip_paths()}


@pytest.fixture(scope="session")
def speech_dir() -> Path:
    """Return the folder of recordings; without it skip, or fail if the variable CI is set."""
    folder = os.environ.get("CELPVQ_SPEECH", "")
    if folder and (Path(folder) / "dev").is_dir():
        return Path(folder)
    missing = f"CELPVQ_SPEECH: expected a folder with recordings in dev, got {folder!r}"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)
