"""What all tests share."""

import os
from pathlib import Path

import hypothesis
import numpy as np
import pytest

import celpvq
from celpvq.lab.clips import clip_paths, read_clip

ROOT = Path(__file__).parents[1]

# the first example of a law may compile kernels, which takes seconds
hypothesis.settings.register_profile("celpvq", deadline=None)
hypothesis.settings.load_profile("celpvq")


def pytest_report_header() -> str:
    return f"celpvq: {Path(celpvq.__file__).parent}"


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def clips() -> dict[str, np.ndarray]:
    """The bundled clips by name, samples in [-1, 1)."""
    return {path.stem: read_clip(path) for path in clip_paths()}


@pytest.fixture(scope="session")
def speech_dir() -> Path:
    """The recordings, a folder with `dev` in it; without, skip, or fail where CI is set."""
    folder = Path(os.environ.get("CELPVQ_SPEECH", ROOT.parent / "shared" / "speech"))
    if (folder / "dev").is_dir():
        return folder
    missing = f"no recordings: expected a folder dev in {folder} (CELPVQ_SPEECH)"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)
