"""``celpvq report`` on the command line."""

import json
import re

import pytest
import soundfile

from celpvq.cli import main


@pytest.fixture
def speech(tmp_path, clips):
    """A folder with three short clips."""
    folder = tmp_path / "speech"
    folder.mkdir()
    for name, source in [("a", "flite-slt-en"), ("b", "flite-awb-en"), ("c", "espeak-f-es")]:
        soundfile.write(folder / f"{name}.flac", clips[source][4000:12001], 8000)
    return folder


@pytest.fixture
def coded(tmp_path, speech):
    """The same clips after a codec that changes nothing."""
    folder = tmp_path / "coded" / "Wire 64"
    folder.mkdir(parents=True)
    for path in speech.iterdir():
        soundfile.write(folder / f"{path.stem}.wav", soundfile.read(path, dtype="int16")[0], 8000)
    return folder.parent


@pytest.fixture
def run(tmp_path, speech, capsys):
    """Write a report: status, output, errors."""

    def run(*words):
        argv = ["report", str(speech), "--out", str(tmp_path / "page.html"), "-p", "fast"]
        status = main([*argv, *map(str, words)])
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def data(tmp_path):
    """Return what the page holds."""

    def data():
        text = (tmp_path / "page.html").read_text(encoding="utf-8")
        [found] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text)
        return json.loads(found)

    return data


@pytest.fixture
def results(tmp_path, speech, coded, capsys):
    """The folder of a comparison of celpvq with the other codec."""
    main([
        "compare", str(speech), "--out", str(tmp_path / "results"), "-m", "4800", "-p", "fast",
        "--with", str(coded), "--measures", "segsnr", "-j", "1", "-q",
    ])  # fmt: skip
    capsys.readouterr()
    return tmp_path / "results"


def players(data):
    return [[version["codec"] for version in clip["versions"]] for clip in data["clips"]]


def test_results_bring_their_codecs_scores_and_clips(run, results, coded, data):
    assert run("--results", results, "--with", coded, "--against", "Wire 64", "-q") == (0, "", "")
    page = data()
    assert players(page) == [["original", "celpvq 4800 fast", "Wire 64"]] * 3
    summary = (results / "summary.md").read_text()
    for row in page["means"][0]["rows"]:
        assert f"| {' | '.join(cell['text'] for cell in row)} |" in summary
    assert page["means"][1]["rows"][0][1]["value"] < 0
    assert page["title"] == "Codecs on speech"
    assert page["notes"] == []


def test_codecs_without_sound_are_in_the_table_and_named(run, results, data):
    status, _, err = run("--results", results)
    assert status == 0
    assert "There is no sound of Wire 64, for which --with asks." in err
    assert re.search(r"page\.html: 3 clips, \d\.\d\d MB", err)
    assert players(data()) == [["original", "celpvq 4800 fast"]] * 3
    assert len(data()["means"][0]["rows"]) == 2


def test_scores_of_other_sound_are_pointed_out(run, results, data, speech):
    soundfile.write(speech / "b.flac", soundfile.read(speech / "b.flac")[0][::-1], 8000)
    status, _, err = run("--results", results)
    assert status == 0
    assert "celpvq 4800 fast: its scores were measured on other sound" in err
    assert len(data()["notes"]) == 2


def test_without_results_there_are_players_of_all_rates(run, data):
    assert run("--limit", "1", "--title", "Mine")[0] == 0
    modes = [f"celpvq {mode} fast" for mode in (4800, 5600, 6400, 7200, 8000)]
    assert players(data()) == [["original", *modes]]
    assert (data()["title"], data()["means"]) == ("Mine", [])


def test_clips_and_codecs_are_chosen(run, data, coded):
    words = ["-m", "4800", "8000", "--plain", "--with", coded, "--loss", "10", "--burst", "2"]
    names = ["Wire 64", "celpvq 8000 fast plain"]
    assert run(*words, "--clips", "c.flac", "a.flac", "--codecs", *names)[0] == 0
    assert [clip["name"] for clip in data()["clips"]] == ["c.flac", "a.flac"]
    assert players(data()) == [["original", *names, f"{names[1]}, 10 % lost"]] * 2
    assert data()["clips"][0]["versions"][3]["lost"]


def test_clips_are_evenly_spaced(run, data):
    run("-m", "4800", "--limit", "2")
    assert [clip["name"] for clip in data()["clips"]] == ["a.flac", "b.flac"]


def test_a_missing_file_is_a_note_and_status_1(run, data, coded):
    (coded / "Wire 64" / "b.wav").unlink()
    status, _, err = run("-m", "4800", "--with", coded)
    assert status == 1
    assert "Wire 64: b.flac: no such file in" in err
    assert [len(versions) for versions in players(data())] == [3, 2, 3]
    assert data()["notes"][0].startswith("Wire 64: b.flac: ")


def test_an_existing_page_stays_without_force(run, tmp_path):
    (tmp_path / "page.html").write_text("old")
    status, _, err = run("-m", "4800", "--limit", "1")
    assert (status, (tmp_path / "page.html").read_text()) == (1, "old")
    assert "exists already; --force replaces it" in err
    assert run("-m", "4800", "--limit", "1", "--force")[0] == 0
    assert (tmp_path / "page.html").read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(("words", "message"), [
    (["--codecs", "celpvq 4800 fast", "AMR"], "--codecs: expected some of celpvq 4800 fast"),
    (["--clips", "a.flac", "d.flac"], "--clips: expected files below"),
    (["--against", "celpvq 4800"], "--against: expected --results as well, got none"),
    (["-m"], "nothing to play: expected a codec of celpvq, or --with"),
    (["--burst", "3"], "--burst requires --loss"),
    (["--results", "nowhere"], "--results: expected a folder with a file scores.csv, got nowhere"),
    (["--with", "celpvq 4800 fast=."], "celpvq 4800 fast: expected one codec of each name"),
    (["--with", "other=nowhere"], "other: expected a folder, got nowhere"),
    (["--tables", "nowhere.npz"], "tables: nowhere.npz: No such file"),
    (["--loss", "90", "--burst", "2"], "rate: expected at most"),
])  # fmt: skip
def test_errors_name_the_option_and_leave_no_file(run, tmp_path, speech, words, message):
    status, out, err = run(*words)
    assert (status, out) == (1, "")
    assert err.startswith(f"celpvq: {message}")
    assert [path.name for path in tmp_path.iterdir()] == ["speech"]


def test_results_of_other_clips_are_refused(run, results, speech):
    for name in "abc":
        (speech / f"{name}.flac").rename(speech / f"new-{name}.flac")
    status, _, err = run("--results", results)
    assert status == 1
    assert "--results: expected results of clips in" in err
