"""Frameworks: the real ones where they are installed, or else stand-ins."""

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))
import stand_ins


@pytest.fixture
def torch(monkeypatch):
    """PyTorch, or a stand-in."""
    if find_spec("torch") is None:
        stand_ins.install(monkeypatch, stand_ins.torch())
    return import_module("torch")


@pytest.fixture
def adapter(monkeypatch, torch):
    """Return a function that imports the adapter to a framework."""

    def load(name):
        if name not in sys.modules and find_spec(name) is None:
            stand_ins.install(monkeypatch, getattr(stand_ins, name)())
        return import_module(f"celpvq.augment.{name}")

    return load


@pytest.fixture(scope="session")
def voice(clips):
    """A second of a voice as float32, 8000 samples."""
    return clips["espeak-f-fr"][8000:16000].astype("float32")
