import csv

import numpy as np
import pytest
import soundfile
from blind import write_test

import celpvq
from celpvq.errors import ArgumentError
from celpvq.lab.clips import message_paths
from celpvq.listening import active_level, read_page_sounds
from celpvq.listening.p808 import export_p808
from celpvq.listening.stimuli import LEVEL_DB, read_flac
from celpvq.listening.wavfiles import upsampled
from celpvq.listening.webmushra import export_webmushra


def exported(folder, clips, method, export, *options):
    design = write_test(folder, clips, method, seconds=2)
    sounds = read_page_sounds(folder / "test.html", design)
    return design, sounds, export(folder / "out", design, sounds, *options)


def table(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_upsampling_keeps_the_sound():
    t = np.arange(800) / 8000
    y = upsampled(np.sin(2 * np.pi * 1000 * t))
    assert y.size == 4800
    fine = np.sin(2 * np.pi * 1000 * np.arange(4800) / 48000)
    np.testing.assert_allclose(y[600:-600], fine[600:-600], atol=1e-3)


@pytest.mark.parametrize("method", ["mushra", "acr", "abx"])
def test_webmushra_has_a_page_for_each_trial(tmp_path, clips, method):
    yaml = pytest.importorskip("yaml")
    design, sounds, path = exported(tmp_path, clips, method, export_webmushra)
    config = yaml.safe_load(path.read_text())
    assert config["testId"] == f"celpvq_{design.test}"
    assert {"testname", "bufferSize", "stopOnErrors", "remoteService"} < set(config)
    kinds = [page if isinstance(page, list) else page["type"] for page in config["pages"]]
    assert (kinds[:2], kinds[-1]) == (["generic", "volume"], "finish")
    [[random, *pages]] = [kind for kind in kinds if isinstance(kind, list)]
    assert random == "random"
    assert {page["id"] for page in pages} == {f"t{name}" for name in design.trials}
    key = {row["sound"]: row for row in table(path.parent / "conditions.csv")}
    for page in pages:
        trial = design.trials[page["id"][1:]]
        files = dict(page["stimuli"])
        for name, file in files.items():
            assert name == f"s{file.rpartition('/')[2].removesuffix('.wav')}"
            assert key[name]["system"] == trial.systems[name[1:]]
        if method == "mushra":
            assert (page["createAnchor35"], page["createAnchor70"]) == (False, False)
            names = {key[name]["system"] for name in files}
            assert names == set(design.systems) - {"reference"}
        if method == "acr":
            assert [r["value"] for r in page["response"]] == [5, 4, 3, 2, 1]
        else:
            files["reference"] = page["reference"]
        for file in files.values():
            wav = path.parent / file.removeprefix("configs/")
            x, rate = soundfile.read(wav)
            name = wav.stem
            assert (rate, x.size) == (48000, 6 * read_flac(sounds[name]).size)
    text = path.read_text()
    assert not any(name in text for name in [*design.clips, "codec", "MNRU"])


def test_other_methods_have_no_export(tmp_path, clips):
    with pytest.raises(ArgumentError, match="webmushra: expected a test of mushra, acr, abx"):
        exported(tmp_path, clips, "ccr", export_webmushra)
    with pytest.raises(ArgumentError, match="p808: expected a test of acr, ccr"):
        exported(tmp_path, clips, "mushra", export_p808, "")


def test_p808_has_its_tables_and_clips_at_one_level(tmp_path, clips):
    url = "https://example.org/clips"
    design, _, paths = exported(tmp_path, clips, "acr", export_p808, url)
    out = tmp_path / "out"
    names = ["rating_clips", "training_clips", "gold_clips", "trapping_clips"]
    assert [path.name for path in paths] == [f"{name}.csv" for name in names]
    rating, training, gold, trapping = map(table, paths)
    assert [set(rows[0]) for rows in (rating, training, gold, trapping)] == [
        {"rating_clips"}, {"training_clips"}, {"gold_clips", "gold_clips_ans"},
        {"trapping_clips", "trapping_ans"},
    ]  # fmt: skip
    systems = {row["condition"]: row["system"] for row in table(out / "conditions.csv")}
    assert set(systems.values()) == set(design.systems)
    by_sound = {n: s for t in design.trials.values() for n, s in t.systems.items()}
    for row in rating:
        file = row["rating_clips"].removeprefix(f"{url}/")
        condition, _, sound = file.removesuffix(".wav").partition("_")
        assert systems[condition] == by_sound[sound]
    assert len(rating) == len(by_sound)
    answers = [row["gold_clips_ans"] for row in gold]
    assert set(answers) == {"1", "5"}
    assert {row["trapping_ans"] for row in trapping} == set("12345")
    levels = []
    for rows, column in zip((rating, training, gold, trapping), names, strict=True):
        for row in rows:
            x, rate = soundfile.read(out / row[column].removeprefix(f"{url}/"))
            assert rate == 48000
            levels.append(active_level(x, rate))
    assert np.ptp(levels) < 0.7
    assert LEVEL_DB - 6 < min(levels) < LEVEL_DB + 0.5


def test_a_trapping_clip_ends_with_its_message(tmp_path, clips):
    *_, paths = exported(tmp_path, clips, "acr", export_p808, "")
    for row in table(paths[3])[:5]:
        x, _ = soundfile.read(tmp_path / "out" / row["trapping_clips"])
        message, _ = celpvq.decode(message_paths()[int(row["trapping_ans"]) - 1].read_bytes())
        end = x[-6 * message.size :: 6]
        assert np.corrcoef(end, message)[0, 1] > 0.999


def test_p808_of_pairs_names_the_base(tmp_path, clips):
    design, _, paths = exported(tmp_path, clips, "ccr", export_p808, "")
    rows = table(paths[0])
    assert [path.name for path in paths] == ["rating_clips.csv", "training_clips.csv"]
    assert set(table(paths[1])[0]) == {"training_clips", "training_references"}
    by_sound = {n: s for t in design.trials.values() for n, s in t.systems.items()}
    for row in rows:
        base = row["references"].removesuffix(".wav").partition("_")[2]
        assert by_sound[base] == "reference"
        assert (tmp_path / "out" / row["rating_clips"]).is_file()
    assert len(rows) == len(design.trials)
