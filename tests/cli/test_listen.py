import csv
import json
from pathlib import Path

import pytest
import soundfile

from celpvq.listening import Listener, read_key, simulate


@pytest.fixture
def here(tmp_path, monkeypatch, clips):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "speech").mkdir()
    for name in ("flite-slt-en", "flite-awb-en", "espeak-f-es"):
        soundfile.write(tmp_path / "speech" / f"{name}.flac", clips[name][4000:10000], 8000)
    return tmp_path


MAKE = "listen make speech --out test.html --clips 2 --modes 8000 -p fast"


def answer(n, quality):
    design = read_key_here()
    for seed in range(n):
        data = simulate(design, Listener(quality, noise=3), seed)
        with open(f"answers-{seed}.json", "w") as file:
            json.dump(data, file)


def read_key_here():
    return read_key(Path("test.key.json"))


QUALITY = {"reference": 100, "celpvq 8000 fast": 75, "low-pass 1500 Hz": 40, "MNRU 15 dB": 20}


def test_a_test_is_made_scored_and_exported(run, here):
    status, out, err = run(MAKE)
    assert (status, out) == (0, "")
    assert err.startswith("test.html: mushra, 2 trials for each listener, 4 systems, 2 clips, ")
    assert err.endswith("test.key.json: the key; keep it from the listeners\n")
    page = (here / "test.html").read_text()
    assert not any(name in page for name in ("8000 fast", "flite", "espeak", "MNRU", "low-pass"))
    design = read_key_here()
    assert set(design.systems) == set(QUALITY)
    assert design.training[0].clip not in design.clips

    answer(5, QUALITY)
    (here / "bad.json").write_text("{")
    files = " ".join(f"answers-{i}.json" for i in range(5))
    status, out, err = run(f"listen score test.key.json {files} --out scores")
    assert (status, err) == (0, "")
    assert out.startswith("Listening test: MUSHRA, 5 listeners, 2 clips\n\n| system | MUSHRA")
    with (here / "scores" / "scores.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["system"] for row in rows] == list(QUALITY)
    assert float(rows[1]["mean"]) == pytest.approx(75, abs=4)
    names = {path.name for path in (here / "scores").iterdir()}
    tables = {"scores.csv", "differences.csv", "ratings.csv", "listeners.csv", "summary.md"}
    assert tables <= names
    assert (here / "scores" / "summary.md").read_text() == out

    status, again, err = run(f"listen score test.key.json {files} bad.json answers-0.json")
    assert (status, again) == (1, out)
    lines = err.splitlines()
    assert lines[0].startswith("celpvq: bad.json: not scored: not JSON")
    assert lines[1] == "celpvq: answers-0.json: not scored: the same listener as answers-0.json"

    status, out, _ = run("listen export webmushra test.html test.key.json --out configs")
    assert (status, out) == (0, f"configs/celpvq_{design.test}.yaml: open webMUSHRA with ?config="
                                f"celpvq_{design.test}.yaml\n")  # fmt: skip
    status, _, err = run("listen export p808 test.html test.key.json --out p808")
    assert (status, err) == (1, "celpvq: p808: expected a test of acr, ccr, got mushra\n")


def test_the_picture_needs_matplotlib_only_when_drawn(run, here):
    pytest.importorskip("matplotlib")
    run(f"{MAKE} --method acr -q")
    answer(3, {name: 1 + value / 25 for name, value in QUALITY.items()} | {
        "MNRU 5 dB": 1, "MNRU 25 dB": 3})  # fmt: skip
    assert run("listen score test.key.json answers-0.json answers-1.json --out new")[0] == 0
    assert (here / "new" / "scores.png").read_bytes().startswith(b"\x89PNG")


def test_folders_of_other_codecs_take_part(run, here, clips):
    (here / "coded" / "other 9.6").mkdir(parents=True)
    for path in (here / "speech").iterdir():
        x, _ = soundfile.read(path)
        soundfile.write(here / "coded" / "other 9.6" / path.name, 0.5 * x, 8000)
    line = "listen make speech --out test.html --clips 2 --method abx --modes -q --with coded"
    assert run(line) == (0, "", "")
    assert read_key_here().systems == ("other 9.6",)
    assert len(read_key_here().trials) == 2


def test_the_same_seed_makes_the_same_files(run, here):
    run(f"{MAKE} -q --seed 5")
    first = (here / "test.html").read_bytes(), (here / "test.key.json").read_bytes()
    run(f"{MAKE} -q --seed 5 -f")
    assert ((here / "test.html").read_bytes(), (here / "test.key.json").read_bytes()) == first
    run(f"{MAKE} -q -f")
    assert (here / "test.html").read_bytes() != first[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--modes", "nothing to compare"),
        ("--anchors noise", "anchor: expected lowpass:HZ"),
        ("--seconds 0", "--seconds: expected 0.5 to 60, got 0"),
        ("--key test.html", "--key: expected another file than PAGE"),
        ("--base other", "base: expected reference or one of"),
        ("--with missing", "--with missing: expected NAME=FOLDER"),
        ("--listener-seed 0", "listener_seed: expected 1 to"),
        ("--seed -1", "seed: expected 0 or more"),
    ],
)
def test_bad_options_write_nothing(run, here, options, message):
    status, out, err = run(f"{MAKE} {options}")
    assert (status, out) == (1, "")
    assert message in err
    assert [path.name for path in here.iterdir()] == ["speech"]


def test_existing_files_are_kept(run, here):
    (here / "test.key.json").write_text("old")
    status, _, err = run(MAKE)
    assert status == 1
    assert "test.key.json: exists already; --force replaces it" in err
    assert not (here / "test.html").exists()


def test_an_action_is_required(run):
    assert run("listen")[0] == 2
    assert "--method" in run("listen make --help")[1]
