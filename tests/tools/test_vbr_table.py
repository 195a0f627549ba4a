"""The table of variable rate, and the picture of the rates of a clip."""

import shutil

import numpy as np
import pytest
import vbr_picture
import vbr_table

from celpvq import VariableRate
from celpvq.codec.format import modes
from celpvq.lab.clips import Clip, clip_paths, find_clips
from celpvq.lab.scores import Result


@pytest.fixture
def folder(tmp_path):
    """A folder with two clips."""
    (tmp_path / "speech").mkdir()
    for path in clip_paths():
        if path.stem in ("flite-slt-en", "flite-rms-en"):
            shutil.copy(path, tmp_path / "speech")
    return tmp_path / "speech"


def cells(text):
    """The cells of a table of Markdown: its head, and the rows."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return head, rows


@pytest.mark.parametrize(
    ("kbps", "expected"),
    [(4.8, (4800, 5600, 0.0)), (5.6, (4800, 5600, 1.0)), (6.0, (5600, 6400, 0.5)),
     (8.0, (7200, 8000, 1.0))],
)  # fmt: skip
def test_a_rate_lies_between_two_modes(kbps, expected):
    low, high, weight = vbr_table.around(kbps)
    assert (low, high) == expected[:2]
    assert weight == pytest.approx(expected[2])


def test_the_rate_is_the_mean_over_time():
    results = [
        Result("c", "a", seconds, kbps, 0.1, 0.1, {}, "", "k")
        for seconds, kbps in ((1.0, 8.0), (3.0, 4.8))
    ]
    assert vbr_table.mean_kbps(results) == pytest.approx(5.6)


def test_louder_clips_are_clipped(folder):
    clip = find_clips(folder)[0]
    louder = vbr_table.Louder(clip.name, clip.path, clip.seconds, 20.0)
    x, y = clip.read(), louder.read()
    assert np.abs(y).max() == 1.0
    np.testing.assert_allclose(y, np.clip(10 * x, -1, 1))


@pytest.mark.parametrize("rate", [modes.get(6400), VariableRate(6400)])
def test_settings_have_names_and_keys_of_their_own(folder, rate):
    clip = find_clips(folder)[0]
    settings = [
        vbr_table.Setting(rate, preset, loss, gain, 1)
        for preset in ("fast", "best") for loss in (0.0, 0.1) for gain in (0.0, -20.0)
    ]  # fmt: skip
    assert len({s.name for s in settings}) == len({s.key(clip) for s in settings}) == 8


def test_lost_packets_change_the_sound(folder):
    clip = Clip("a", folder / "flite-slt-en.flac", 1.0)
    ref = clip.read()[:16000]
    whole, lossy = (
        vbr_table.Setting(VariableRate(5600), "fast", loss, 0.0, 1).code(clip, ref)
        for loss in (0.0, 0.3)
    )
    assert whole.kbps == lossy.kbps == pytest.approx(5.6, rel=0.2)
    assert len(whole.samples) == len(ref)
    assert np.abs(whole.samples - lossy.samples).max() > 0.01


def test_the_table_compares_at_the_same_average(folder, tmp_path, capsys):
    pytest.importorskip("pesq")
    options = ["--out", str(tmp_path / "out"), "--averages", "6000", "--preset", "fast",
               "--measures", "pesq"]  # fmt: skip
    assert vbr_table.main([str(folder), *options]) == 0
    head, [row] = cells(capsys.readouterr().out)
    assert head == ["average", "bit/s spent", "PESQ", "gain in PESQ", "time"]
    found = vbr_table.ScoresFile(tmp_path / "out" / "scores.csv").results
    by_rate = {}
    for (name, clip), result in found.items():
        by_rate.setdefault(name.split(",")[0], {})[clip] = result
    assert len(by_rate) == 3
    clips = sorted(by_rate["vbr 6000"])
    kbps = vbr_table.mean_kbps([by_rate["vbr 6000"][clip] for clip in clips])
    low, high, weight = vbr_table.around(kbps)
    own, below, above = (
        np.mean([by_rate[name][clip].scores["pesq"] for clip in clips])
        for name in ("vbr 6000", str(low), str(high))
    )
    assert row[:3] == ["6000", f"{1000 * kbps:.0f}", f"{own:.3f}"]
    gain = own - (1 - weight) * below - weight * above
    assert float(row[3].split()[0]) == pytest.approx(gain, abs=0.0006)
    assert vbr_table.main([str(folder), *options]) == 0  # from the results that are there
    assert cells(capsys.readouterr().out)[1] == [row]


def test_the_picture_shows_the_rate_of_each_frame(folder, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    clip = folder / "flite-slt-en.flac"
    out = tmp_path / "rates.png"
    assert vbr_picture.main([str(clip), str(out), "--preset", "fast"]) == 0
    assert out.read_bytes().startswith(b"\x89PNG")
    x = vbr_picture.read_clip(clip)
    rates = vbr_picture.frame_rates(x, VariableRate(5600), "fast")
    assert set(np.round(rates, 3)) == {4.8, 5.6, 6.4, 7.2, 8.0}
    assert capsys.readouterr().out == f"flite-slt-en.flac: mean {rates.mean():.2f} kbit/s\n"


def test_the_mean_of_the_last_second_has_fifty_frames():
    rates = np.r_[np.full(60, 4.8), np.full(60, 8.0)]
    found = vbr_picture.last_second(rates)
    assert found[0] == pytest.approx(4.8)
    assert found[59] == pytest.approx(4.8)
    assert found[84] == pytest.approx(6.4)
    assert found[109] == pytest.approx(8.0)
    assert found[119] == pytest.approx(8.0)
