import re

import numpy as np
import pytest
import soundfile

from celpvq.lab.clips import clip_paths

NAMES = [path.stem for path in clip_paths()]


def test_clips_are_small_and_few():
    assert 5 <= len(NAMES) <= 8
    assert sum(path.stat().st_size for path in clip_paths()) < 400_000


def test_the_package_carries_the_clips_of_the_checkout(root):
    carried = {path.name: path.read_bytes() for path in clip_paths()}
    assert carried == {path.name: path.read_bytes() for path in (root / "data/clips").iterdir()}


def test_the_readme_names_every_clip_and_no_other(root):
    rows = re.findall(
        r"^\| (\S+) \| \w+.* \| ([mf]) \| (\S+), `(\S+)`",
        (root / "data/README.md").read_text(),
        re.M,
    )
    assert sorted(name for name, *_ in rows) == NAMES
    assert {sex for _, sex, *_ in rows} == {"m", "f"}
    assert len({voice for *_, voice in rows}) >= 4


@pytest.mark.parametrize("path", clip_paths(), ids=NAMES)
def test_a_clip_is_short_narrowband_and_at_its_level(path):
    info = soundfile.info(path)
    assert (info.samplerate, info.channels, info.subtype) == (8000, 1, "PCM_16")
    assert 2.5 <= info.duration <= 6
    frames = np.resize(soundfile.read(path)[0], (info.frames // 160, 160))
    power = np.mean(frames**2, axis=1)
    active = power[power > power.max() / 1000]
    assert 10 * np.log10(active.mean()) == pytest.approx(-26, abs=0.1)
