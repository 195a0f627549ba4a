import io

import numpy as np
import pytest
import soundfile
from blind import SYSTEMS, Noisy, write_test

from celpvq.errors import ArgumentError, FormatError
from celpvq.lab.clips import Clip
from celpvq.listening import active_level, encode_sounds, make_design, read_page_sounds
from celpvq.listening.stimuli import dithered, flac, padded, read_flac


@pytest.fixture
def made(tmp_path, clips):
    design = write_test(tmp_path, clips, "mushra", seconds=2)
    return design, read_page_sounds(tmp_path / "test.html", design), tmp_path


def test_sounds_of_a_clip_are_alike_but_for_their_samples(made):
    design, sounds, _ = made
    for trial in design.trials.values():
        files = [sounds[name] for name in trial.sounds]
        assert len(set(map(len, files))) == 1
        assert len(set(files)) == len(files)  # the hidden reference has other dither
        samples = [read_flac(file) for file in files]
        assert len({x.size for x in samples}) == 1
        assert np.ptp([active_level(x) for x in samples]) < 0.1
        assert max(np.abs(x).max() for x in samples) < 1


def test_the_sounds_are_the_systems(made):
    design, sounds, folder = made
    trial = next(iter(design.trials.values()))
    original, _ = soundfile.read(folder / trial.clip)
    by_system = {system: read_flac(sounds[name]) for name, system in trial.systems.items()}
    inside = slice(100, -100)
    correlations = {
        system: np.corrcoef(x[inside], original[inside])[0, 1] for system, x in by_system.items()
    }
    assert correlations["reference"] > 0.9999
    order = ["reference", "fine codec", "middling codec", "rough codec", "MNRU 0 dB"]
    assert sorted(correlations, key=correlations.get, reverse=True) == order
    open_reference = read_flac(sounds[trial.reference])
    assert np.abs(open_reference - by_system["reference"]).max() <= 4 / 32768


def test_padding_changes_the_length_only():
    x = np.random.default_rng(0).integers(-9000, 9000, 4000).astype(np.int16)
    file = flac(x)
    longer = padded(file, len(file) + 1000)
    assert len(longer) == len(file) + 1000
    np.testing.assert_array_equal(soundfile.read(io.BytesIO(longer), dtype="int16")[0], x)
    np.testing.assert_array_equal(
        soundfile.read(io.BytesIO(padded(file, len(file) + 4)), dtype="int16")[0], x
    )


def test_dither_is_small_and_unbiased():
    x = np.full(20000, 0.3 / 32768)
    y = dithered(x, np.random.default_rng(0))
    assert set(np.unique(y)) <= {-1, 0, 1}
    assert y.mean() == pytest.approx(0.3, abs=0.03)
    assert dithered(np.array([2.0, -2.0]), np.random.default_rng(0)).tolist() == [32767, -32768]


def test_long_clips_are_cut_and_end_softly(tmp_path, clips):
    soundfile.write(tmp_path / "a.flac", clips["flite-slt-en"], 8000)
    clip = Clip("a.flac", tmp_path / "a.flac", 4.0)
    design = make_design("acr", [SYSTEMS[0].name], ["a.flac"], "a.flac")
    sounds = encode_sounds(design, [clip], SYSTEMS[:1], [], 1.5)
    for file in sounds.values():
        x = read_flac(file)
        assert x.size == 12000
        assert np.abs(x[[0, -1]]).max() < 0.01


def test_a_system_of_another_length_is_named(tmp_path, clips):
    class Missing(Noisy):
        def code(self, clip, ref):
            raise ArgumentError("no such file in coded")

    soundfile.write(tmp_path / "a.flac", clips["flite-slt-en"], 8000)
    clip = Clip("a.flac", tmp_path / "a.flac", 4.0)
    design = make_design("acr", ["bad codec"], ["a.flac"], "a.flac")
    with pytest.raises(ArgumentError, match=r"bad codec: a\.flac: no such file"):
        encode_sounds(design, [clip], [Missing("bad codec", 0)], [], 2)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace('id="data"', 'id="other"'),
        lambda text: text.replace('"sounds": {"', '"sounds": {"x'),
        lambda text: text.replace('"test": "', '"test": "0'),
        lambda text: text[: text.index('"blocks"')] + "</script>",
    ],
)
def test_a_damaged_page_is_refused(made, damage):
    design, _, folder = made
    path = folder / "test.html"
    path.write_text(damage(path.read_text()))
    with pytest.raises(FormatError, match=r"test\.html: "):
        read_page_sounds(path, design)
