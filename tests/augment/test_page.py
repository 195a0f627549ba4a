"""The examples of the page on augmentation, for the frameworks that are installed."""

import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "augmentation.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)
OTHERS = {"torchaudio": "narrowband(", "speechbrain": "speechbrain", "lhotse": "augment.lhotse"}


def needs(block):
    """The frameworks that a block needs."""
    names = set(re.findall(r"^(?:import|from) (\w+)", block, re.M)) - {"celpvq", "functools"}
    names |= set(re.findall(r"^(?:import|from) celpvq\.augment\.(\w+)", block, re.M))
    return (names - {"functions"}) | {name for name, mark in OTHERS.items() if mark in block}


def test_there_is_an_example_for_each_framework():
    named = set().union(*map(needs, BLOCKS))
    assert named >= {
        "audiomentations", "lhotse", "torch", "speechbrain", "torch_audiomentations", "nemo",
        "datasets", "tensorflow",
    }  # fmt: skip


@pytest.mark.parametrize(
    "block", BLOCKS, ids=lambda block: "-".join(sorted(needs(block))) or "plain"
)
def test_an_example_works(block, voice, tmp_path, monkeypatch):
    missing = sorted(name for name in needs(block) if find_spec(name) is None)
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")
    monkeypatch.chdir(tmp_path)
    names = {"x": voice.copy(), "samplerate": 16000, "augment": lambda samples: samples}
    if "cuts" in block:
        names["cuts"] = cuts(voice)
    exec(compile(block, "augmentation.md", "exec"), names)
    if "y" in names:
        assert np.isfinite(np.asarray(names["y"])).all()
    if "coded" in names and "cuts" in names:
        assert (names["coded"][0].load_audio() != names["cuts"][0].load_audio()).any()


def cuts(voice):
    """A set of cuts of lhotse with a second of a voice."""
    import lhotse
    import soundfile

    soundfile.write("a.wav", voice, 8000)
    recordings = lhotse.RecordingSet.from_recordings([lhotse.Recording.from_file("a.wav")])
    return lhotse.CutSet.from_manifests(recordings)
