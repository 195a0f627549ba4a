"""Quality does not fall below what was recorded by ``tools/speech_quality.py``."""

import json
import warnings

import pytest
import speech_quality as tool

import celpvq

MODES = celpvq.modes()
every_mode = pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)

# how far each mean over bundled clips may be off; processors differ in the encoder's choices
MARGINS = {
    "segmental_snr": 0.25,
    "segmental_snr_enhanced": 0.25,
    "lsf_distortion": 0.03,
    "spectral_distance": 0.15,
    "level": 0.15,
}
FALLS = ("lsf_distortion", "spectral_distance")  # less is better


@pytest.fixture(scope="module")
def recorded(root):
    """The recorded figures; the tests fail without."""
    return json.loads((root / "data" / "quality.json").read_text())


@pytest.fixture(scope="module")
def measured():
    """The figures of the bundled clips now."""
    return tool.measure_bundled()


@every_mode
@pytest.mark.parametrize("figure", MARGINS)
def test_the_bundled_clips_are_as_good_as_recorded(recorded, measured, mode, figure):
    was, now = recorded["bundled"][mode.name][figure], measured[mode.name][figure]
    if figure == "level":
        assert now == pytest.approx(was, abs=MARGINS[figure])
    elif figure in FALLS:
        assert now <= was + MARGINS[figure]
    else:
        assert now >= was - MARGINS[figure]


@pytest.mark.parametrize("figure", ["segmental_snr", "spectral_distance"])
def test_more_bits_are_better(measured, figure):
    figures = [measured[mode.name][figure] for mode in MODES]
    assert figures == sorted(figures, reverse=figure in FALLS)


def test_the_level_is_kept(measured):
    for mode in MODES:
        assert abs(measured[mode.name]["level"]) < 1


@pytest.fixture(scope="module")
def recordings(speech_dir, recorded):
    """The recordings that were measured."""
    clips = tool.recordings(speech_dir / "dev")
    assert list(clips) == recorded["recordings"]["clips"]
    return clips


@pytest.mark.slow
@pytest.mark.speech
def test_recordings_are_as_good_as_recorded(recorded, recordings):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of packages that are being imported
        pytest.importorskip("pesq")
        pytest.importorskip("pystoi")
    now = tool.measure_recordings(recordings)
    for mode in MODES:
        was = recorded["recordings"]["modes"][mode.name]
        assert now[mode.name]["pesq"] >= was["pesq"] - 0.03, mode.name
        assert now[mode.name]["estoi"] >= was["estoi"] - 0.005, mode.name


def test_figures_of_recordings_stay_where_there_are_none(tmp_path, monkeypatch):
    monkeypatch.delenv("CELPVQ_SPEECH", raising=False)
    monkeypatch.setattr(tool, "measure_bundled", lambda: {"4800": {"level": 0.123456}})
    file = tmp_path / "quality.json"
    with pytest.raises(SystemExit, match="no recordings"):
        tool.main(["--out", str(file)])
    file.write_text('{"recordings": {"clips": ["a"]}}')
    assert tool.main(["--out", str(file)]) == 0
    assert json.loads(file.read_text()) == {
        "bundled": {"4800": {"level": 0.1235}}, "recordings": {"clips": ["a"]}
    }  # fmt: skip
