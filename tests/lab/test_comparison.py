import csv
import dataclasses
import errno
import json
import math
import re
import sys

import numpy as np
import pytest
import soundfile
from scipy import stats

import celpvq
from celpvq.cli import compare as compare_verb
from celpvq.cli import main
from celpvq.errors import ArgumentError, FormatError
from celpvq.lab import comparison, contenders
from celpvq.lab.clips import Clip, find_clips
from celpvq.lab.coded_folders import CodedFolder, parse_folders
from celpvq.lab.contenders import Celpvq
from celpvq.lab.intervals import mean_interval, paired_interval
from celpvq.lab.rate_picture import families
from celpvq.lab.scores import Result, ScoresFile
from celpvq.lab.summary import failures, score_table, summarize
from celpvq.quality import evaluation, segmental_snr

NAN = float("nan")


@pytest.fixture
def speech(tmp_path, clips):
    """A folder with three short clips, one of them in a folder below."""
    folder = tmp_path / "speech"
    (folder / "below").mkdir(parents=True)
    for name, source in [("a", "flite-slt-en"), ("b", "flite-awb-en"), ("below/c", "espeak-f-es")]:
        soundfile.write(folder / f"{name}.flac", clips[source][4000:12001], 8000)
    return folder


@pytest.fixture
def coded(tmp_path, speech):
    """What two other codecs have made of it: one at half the level, one with a little noise."""
    for name, change in {"Half 5": lambda x: x // 2, "Half 12.5": lambda x: x + 3}.items():
        for path in speech.rglob("*.flac"):
            target = (tmp_path / "coded" / name / path.relative_to(speech)).with_suffix(".wav")
            target.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(target, change(soundfile.read(path, dtype="int16")[0]), 8000)
    with (tmp_path / "coded" / "Half 5" / "coded.csv").open("w") as file:
        file.write("clip,kbps,encode_s,decode_s\n")
        file.writelines(f"{n}.flac,5.25,0.5,0.25\n" for n in ("a", "b", "below/c"))
    return tmp_path / "coded"


@pytest.fixture
def run(tmp_path, speech, capsys):
    """Compare, unless told otherwise by one measure and in this process: status, output, errors."""

    def run(*words, measures=("segsnr",)):
        argv = ["compare", str(speech), "--out", str(tmp_path / "out"), "--measures", *measures]
        status = main([*argv, "-j1", "-p", "fast", *map(str, words)])
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def scores(tmp_path):
    """Read the results: by codec and clip, as text."""

    def read():
        with (tmp_path / "out" / "scores.csv").open(newline="") as file:
            return {(row["codec"], row["clip"]): row for row in csv.DictReader(file)}

    return read


def result(codec, clip, score, **changes):
    made = Result(codec, clip, 2.0, 5.0, 0.1, 0.01, {"segsnr": score}, "", "key")
    return dataclasses.replace(made, **changes)


def test_intervals_are_those_of_student():
    x = np.random.default_rng(1).normal(3, 0.3, size=20)
    mean, half = mean_interval(x)
    low, high = stats.t.interval(0.95, 19, loc=x.mean(), scale=stats.sem(x))
    assert (mean - half, mean + half) == pytest.approx((low, high))
    y = x + np.random.default_rng(2).normal(0.02, 0.05, size=20)
    low, high = stats.ttest_rel(y, x).confidence_interval(0.95)
    mean, half = paired_interval(y, x)
    assert (mean - half, mean + half) == pytest.approx((low, high))
    assert mean_interval([1.0]) == (1.0, pytest.approx(NAN, nan_ok=True))
    assert math.isnan(mean_interval([1.0, NAN, 2.0]).mean)
    with pytest.raises(ArgumentError, match="expected pairs, got 2 and 3"):
        paired_interval([1, 2], [1, 2, 3])
    with pytest.raises(ArgumentError, match="at least one"):
        mean_interval([])


@pytest.mark.parametrize("mode", [mode.bitrate for mode in celpvq.modes()])
@pytest.mark.parametrize("n", [120, 121, 8000])
def test_celpvq_is_compared_as_its_files_sound(clips, mode, n):
    x = clips["flite-slt-en"][4000 : 4000 + n]
    coded = Celpvq(mode, "fast").code(None, x)
    want, _ = celpvq.decode(celpvq.encode(x, 8000, mode, "fast"), dtype="int16")
    np.testing.assert_array_equal(coded.samples * 32768, want)
    assert coded.kbps == mode / 1000
    assert coded.encode_s > 0
    assert coded.decode_s > 0


def test_a_variable_rate_is_a_codec_too(clips, speech):
    x = clips["flite-slt-en"][4000:20000]
    codec = Celpvq(celpvq.VariableRate(5600), "fast", plain=True)
    assert codec.name == "celpvq vbr 5600 fast plain"
    assert Celpvq.from_name(codec.name) == codec
    assert Celpvq.from_name("celpvq vbr 900") is None
    clip = Clip("a.flac", speech / "a.flac", 1.0)
    assert codec.key(clip) != Celpvq(5600, "fast", plain=True).key(clip)
    coded = codec.code(None, x)
    data = celpvq.encode(x, 8000, codec.mode, "fast")
    want, _ = celpvq.decode(data, dtype="int16", enhancement=False)
    np.testing.assert_array_equal(coded.samples * 32768, want)
    sizes = [len(packet) for packet in celpvq.read_packets(data)]
    assert coded.kbps == pytest.approx(0.4 * np.mean(sizes))
    assert len(set(sizes)) > 1


def test_compare_takes_averages_of_variable_rate(tmp_path, speech, capsys):
    command = ["compare", str(speech), "--out", str(tmp_path / "out"), "--presets", "fast", "-q"]
    command += ["--modes", "--measures", "segsnr", "--limit", "1", "--vbr"]
    assert main([*command, "5200", "6000"]) == 0
    assert "celpvq vbr 5200 fast" in (tmp_path / "out" / "summary.md").read_text()
    assert main([*command, "900"]) == 1
    assert "bitrate: expected at least 4800" in capsys.readouterr().err


def test_a_key_tells_clip_mode_preset_tables_and_code(tmp_path, monkeypatch, speech):
    own = str(tmp_path / "own.npz")
    arrays = {name: array.copy() for name, array in celpvq.Encoder().tables.arrays.items()}
    arrays["lsf_mean"][0] += 0.001
    celpvq.TableSet(arrays).save(own)
    a, b = (Clip(name, speech / name, 1.0) for name in ("a.flac", "b.flac"))
    codecs = [Celpvq(4800), Celpvq(5600), Celpvq(4800, "best"), Celpvq(4800, tables=own)]
    codecs.append(Celpvq(4800, plain=True))
    keys = [codec.key(a) for codec in codecs] + [Celpvq(4800).key(b)]
    assert Celpvq(4800).key(a) == keys[0]
    monkeypatch.setattr(contenders, "code_hash", lambda: "other")
    keys.append(Celpvq(4800).key(a))
    assert len(set(keys)) == len(keys) == 7


def test_the_hash_of_the_code_depends_on_every_source(tmp_path):
    (tmp_path / "below").mkdir()
    for name in ("a.py", "below/b.py"):
        (tmp_path / name).write_text(f"# {name}")
    hashes = [contenders.hash_of("nothing"), contenders.code_hash(tmp_path)]
    for change in (
        lambda: (tmp_path / "below" / "b.py").write_text("pass"),
        lambda: (tmp_path / "below" / "b.py").rename(tmp_path / "below" / "c.py"),
        (tmp_path / "a.py").unlink,
    ):
        change()
        contenders.code_hash.cache_clear()
        hashes.append(contenders.code_hash(tmp_path))
    assert len(set(hashes)) == len(hashes)
    contenders.code_hash.cache_clear()


def test_a_run_leaves_scores_a_summary_and_a_picture(run, scores, coded, tmp_path, speech):
    pytest.importorskip("matplotlib")
    status, out, err = run("-m", 4800, 6400, "--with", coded, "--against", "Half 5")
    assert (status, err) == (0, "")
    assert out.startswith("3 clips, 0.1 minutes\n")
    assert out.endswith((tmp_path / "out" / "summary.md").read_text())
    assert (tmp_path / "out" / "rate-quality.png").read_bytes().startswith(b"\x89PNG")
    rows = scores()
    codecs = ["celpvq 4800 fast", "celpvq 6400 fast", "Half 5", "Half 12.5"]
    names = ["a.flac", "b.flac", "below/c.flac"]
    assert list(rows) == [(codec, name) for codec in codecs for name in names]
    x, _ = soundfile.read(speech / "a.flac")
    want = segmental_snr(x, celpvq.roundtrip(x, 8000, 4800, "fast"))
    assert float(rows["celpvq 4800 fast", "a.flac"]["segsnr"]) == pytest.approx(want, abs=1e-3)
    assert re.search(r"^\| Half 5 \| 5.25 \| 6.02 ± 0.00 \| 2 \| 4 \|$", out, re.M)
    assert re.search(r"^\| Half 12.5 \| - \| [\d.]+ ± [\d.]+ \| - \| - \|$", out, re.M)
    values = [[float(rows[c, n]["segsnr"]) for n in names] for c in codecs]
    mean, half = paired_interval(values[0], values[2])
    bold = "**" if abs(mean) > half else ""
    assert f"| celpvq 4800 fast | {bold}{mean:+.2f} ± {half:.2f}{bold} |" in out
    assert out.count("| Half 5 |") == 1


def test_a_plain_decoder_is_compared_on_the_same_packets(clips):
    x = clips["flite-slt-en"][4000:12000]
    plain = Celpvq(4800, "fast", plain=True)
    assert plain.name == "celpvq 4800 fast plain"
    data = celpvq.encode(x, 8000, 4800, "fast")
    want, _ = celpvq.decode(data, dtype="int16", enhancement=False)
    np.testing.assert_array_equal(plain.code(None, x).samples * 32768, want)
    assert (want != celpvq.decode(data, dtype="int16")[0]).any()


def test_each_codec_is_compared_with_its_plain_decoder_in_groups(run, scores, speech):
    (speech / "manifest.csv").write_text("file,sex\na.flac,f\nb.flac,m\nbelow/c.flac,f\n")
    words = ("--plain", "--against", "plain", "--by", "sex", "--worse", "segsnr=-99", "step=99")
    status, out, _ = run("-m", 4800, 6400, *words, measures=("segsnr", "step", "bands"))
    assert status == 0
    rows = scores()
    names = ["a.flac", "b.flac", "below/c.flac"]
    own, plain = (
        [float(rows[codec, name]["segsnr"]) for name in names]
        for codec in ("celpvq 6400 fast", "celpvq 6400 fast plain")
    )
    mean, half = paired_interval(own, plain)
    bold = "**" if abs(mean) > half else ""
    differences = out[out.index("| difference to plain |") :].split("\n\n")[0]
    assert f"| celpvq 6400 fast | {bold}{mean:+.2f} ± {half:.2f}{bold} |" in differences
    assert "plain |" not in differences.partition("\n")[2]
    assert f"| celpvq 6400 fast | m | 1 | {own[1]:.2f} |" in out
    assert f"| celpvq 6400 fast | celpvq 6400 fast plain | m | 1 | {own[1] - plain[1]:+.2f}" in out
    assert "segSNR [dB]: 6 of 6 worse by more than -99" in out
    assert "step [dB]: 0 of 6 worse by more than 99" in out
    level = float(rows["celpvq 4800 fast", "b.flac"]["level_1000"])
    bands = out[out.index("celpvq 4800 fast, m |") :].split("\n")[0]
    assert bands.split(" | ")[8] == f"{level:+.1f}"
    assert out.count("| change of level [dB] |") == 2
    assert "| codec | largest step [dB] | clip |" in out
    assert "| 200 Hz |" not in out[: out.index("| difference to")]


def test_an_earlier_run_is_a_base(run, scores, tmp_path):
    run("-m", 4800)
    old = tmp_path / "old.csv"
    text = (tmp_path / "out" / "scores.csv").read_text()
    value = scores()["celpvq 4800 fast", "b.flac"]["segsnr"]
    old.write_text(text.replace(value, f"{float(value) + 1:.6f}"))
    (tmp_path / "out" / "scores.csv").unlink()
    status, out, _ = run("-m", 4800, 5600, "--against", old, "--worse", "segsnr=0.5")
    assert status == 0
    mean, half = paired_interval([0.0, -1.0, 0.0], [0.0] * 3)
    assert f"| celpvq 4800 fast | {mean:+.2f} ± {half:.2f} |" in out
    assert "difference to before" in out
    assert re.search(r"^\| celpvq 4800 fast before \| 4.80 \| [\d.]+ ± [\d.]+ \|", out, re.M)
    assert "segSNR [dB]: 1 of 3 worse by more than 0.5" in out
    assert "| celpvq 4800 fast | celpvq 4800 fast before | b.flac |" in out
    assert {codec for codec, _ in scores()} == {"celpvq 4800 fast", "celpvq 5600 fast"}


def test_a_file_of_scores_without_newer_measures_is_read(run, scores, tmp_path):
    run("-m", 4800)
    path = tmp_path / "out" / "scores.csv"
    with path.open(newline="") as file:
        head, *rows = csv.reader(file)
    kept = [i for i, name in enumerate(head) if not name.startswith(("level_", "dnsmos"))]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([[row[i] for i in kept] for row in (head, *rows)])
    status, _, err = run("-m", 4800)
    assert (status, "3 of 3 results exist already" in err) == (0, True)
    assert scores()["celpvq 4800 fast", "a.flac"]["level_200"] == ""


def test_the_options_name_all_measures_and_the_default_ones():
    assert tuple(evaluation.MEASURES) == compare_verb.MEASURES
    assert compare_verb.DEFAULT == evaluation.DEFAULT


def test_what_is_there_already_is_not_done_again(run, scores, coded, monkeypatch, tmp_path):
    done = []
    do = comparison.do
    monkeypatch.setattr(comparison, "do", lambda task: (done.append(task), do(task))[1])
    with_coded = ("-m", 4800, "--with", coded)
    run(*with_coded)
    before = scores()
    assert len(done) == 9
    status, _, err = run(*with_coded)
    assert (status, len(done), scores()) == (0, 9, before)
    assert "9 of 9 results exist already" in err

    changed = coded / "Half 5" / "a.wav"
    soundfile.write(changed, soundfile.read(changed, dtype="int16")[0] // 2, 8000)
    file = tmp_path / "out" / "scores.csv"
    file.write_text(file.read_text()[:-30])  # as if it had been interrupted in the last line
    run(*with_coded)
    again = [(task.contender.name, task.clip.name) for task in done[9:]]
    assert again == [("Half 5", "a.flac"), ("Half 12.5", "below/c.flac")]
    assert scores().pop(("Half 5", "a.flac"))["segsnr"] != before["Half 5", "a.flac"]["segsnr"]

    run("-m", 8000)  # other codecs stay in the file
    assert len(scores()) == 12


def test_a_measure_that_comes_later_is_taken_alone(run, scores, monkeypatch):
    taken = []

    def fake(name):
        return lambda ref, _: (taken.append(name), ref.size / 1000)[1]

    fakes = {
        m: dataclasses.replace(measure, function=fake(m), packages=())
        for m, measure in evaluation.MEASURES.items()
    }
    monkeypatch.setattr(evaluation, "MEASURES", fakes)
    run("-m", 4800)
    assert scores()["celpvq 4800 fast", "a.flac"]["pesq"] == ""
    run("-m", 4800, measures=("segsnr", "pesq"))
    assert taken == ["segsnr"] * 3 + ["pesq"] * 3
    assert scores()["celpvq 4800 fast", "a.flac"]["pesq"] == "8.001000"
    assert scores()["celpvq 4800 fast", "a.flac"]["segsnr"] == "8.001000"


def test_new_times_in_a_list_are_taken_without_scoring_anew(run, scores, coded, monkeypatch):
    run("-m", "--with", coded)
    before = scores()
    nothing = dataclasses.replace(evaluation.MEASURES["segsnr"], function=None)
    monkeypatch.setattr(evaluation, "MEASURES", {"segsnr": nothing})  # so that nothing is scored
    path = coded / "Half 5" / "coded.csv"
    path.write_text(path.read_text().replace("a.flac,5.25,0.5", "a.flac,5.25,0.75"))
    assert run("-m", "--with", coded)[0] == 0
    before["Half 5", "a.flac"] |= {"encode_s": "0.75", "key": scores()["Half 5", "a.flac"]["key"]}
    assert scores() == before


def test_processes_change_nothing(run, scores, tmp_path, coded):
    times = ("encode_s", "decode_s")
    for jobs in ("-j1", "-j2"):
        run("-m", 4800, "--with", coded, jobs)
        rows = [{k: v for k, v in row.items() if k not in times} for row in scores().values()]
        (tmp_path / f"rows{jobs}").write_text(json.dumps(rows))
        (tmp_path / "out" / "scores.csv").unlink()
    assert (tmp_path / "rows-j1").read_text() == (tmp_path / "rows-j2").read_text()


def test_a_clip_that_fails_shows(run, scores, coded, tmp_path):
    (coded / "Half 5" / "a.wav").unlink()
    short = coded / "Half 12.5" / "b.wav"
    soundfile.write(short, soundfile.read(short)[0][:-1], 8000)
    status, out, _ = run("-m", "--with", coded)
    assert status == 1
    assert "| Half 5 | - | nan | - | - |" in out
    assert "- no score: Half 5: a.flac: ArgumentError: no such file in" in out
    assert "- no score: Half 12.5: b.flac: ArgumentError: expected 8001 samples, got 8000" in out
    assert scores()["Half 5", "a.flac"]["segsnr"] == "nan"
    soundfile.write(coded / "Half 5" / "a.wav", soundfile.read(coded / "Half 5/b.wav")[0], 8000)
    status, out, _ = run("-m", "--with", f"Half 5={coded / 'Half 5'}")
    assert status == 0
    assert "nan" not in out


def test_a_clip_that_a_measure_refuses_shows():
    rows = {"codec": [result("codec", "a", 1.0), result("codec", "b", NAN)]}
    assert failures(rows, ["segsnr"]) == ["codec: b: refused by segSNR"]
    assert "| codec | 5.00 | nan | 20 | 200 |" in score_table(summarize(rows, ["segsnr"]))


def test_absent_packages_are_named_and_their_measures_left_out(run, monkeypatch):
    for package in ("pesq", "ai_edge_litert"):
        monkeypatch.setitem(sys.modules, package, None)
    status, out, err = run("-m", 4800, measures=("pesq", "visqol", "segsnr"))
    assert status == 0
    assert err.count("\n") == 1
    assert "pesq (pesq), visqol (ai_edge_litert): pip install celpvq[quality]" in err.replace(
        "visqol (visqol and ", "visqol ("
    )
    assert "| codec | kbit/s | segSNR [dB] | encode x | decode x |" in out
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    _, _, err = run("-m", 4800, measures=("pesq", "plcmos", "segsnr"))
    assert "onnxruntime): pip install celpvq[mos,quality]" in err
    status, out, err = run("-m", 4800, measures=("pesq",))
    assert (status, out) == (1, "")
    assert "celpvq[quality]" in err


def test_without_matplotlib_there_is_all_but_the_picture(run, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    status, _, err = run("-m", 4800)
    assert status == 0
    assert "pip install celpvq[plot]" in err
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["scores.csv", "summary.md"]


def test_folders_are_named_by_the_option_or_by_themselves(coded):
    half = coded / "Half 5"
    assert [f.name for f in parse_folders(str(coded))] == ["Half 5", "Half 12.5"]
    (folder,) = parse_folders(f"mine @ home@4.75={half}")
    assert (folder.name, folder.kbps, folder.path) == ("mine @ home", 4.75, half)
    x = np.zeros(8001)
    assert folder.code(Clip("a.flac", half, 1.0), x).kbps == 4.75
    (folder,) = parse_folders(f"mine={half}")
    assert folder.code(Clip("a.flac", half, 1.0), x).kbps == 5.25


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--with", "mine=nowhere"], "mine: expected a folder, got nowhere"),
        (["--with", "nowhere"], "--with nowhere: expected NAME=FOLDER"),
        (["--with", "mine@fast=."], "expected a rate in kbit/s, got 'fast'"),
        (["--with", "celpvq 4800 fast=."], "celpvq 4800 fast: expected one codec of each name"),
        (["--against", "other"], "--against: expected one of celpvq 4800 fast"),
        (["--against", "none.csv"], "--against: expected a file scores.csv, got none.csv"),
        (["--worse", "segsnr=1"], "--worse requires --against"),
        (["--worse", "pesq=1"], "--worse: expected one of segsnr, got pesq"),
        (["--by", "sex"], "--by sex: expected a file"),
        (["-m"], "nothing to compare"),
    ],
)
def test_bad_options_are_refused_before_anything_is_done(run, tmp_path, words, message):
    status, out, err = run(*(["-m", 4800] if words != ["-m"] else []), *words)
    assert (status, out) == (1, "")
    assert message in err
    assert not (tmp_path / "out").exists()


def test_only_speech_at_8000_hz_in_one_channel_is_taken(speech, tmp_path):
    assert [c.name for c in find_clips(speech, 2)] == ["a.flac", "b.flac"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(ArgumentError, match=r"empty: expected speech in .* files, got none"):
        find_clips(tmp_path / "empty")
    for no_folder in (tmp_path / "nothing", speech / "a.flac"):
        with pytest.raises(ArgumentError, match=f"{no_folder.name}: expected a folder"):
            find_clips(no_folder)
    soundfile.write(speech / "d.wav", np.zeros((9, 2)), 8000)
    with pytest.raises(
        ArgumentError, match=r"d\.wav: expected 8000 Hz, one channel, got 8000 Hz, 2"
    ):
        find_clips(speech)
    (speech / "d.wav").write_text("no sound")
    with pytest.raises(celpvq.SoundFileError, match=r"/d\.wav: not a sound file that can be read"):
        find_clips(speech)


def test_foreign_files_in_the_places_of_ours_are_refused(tmp_path):
    (tmp_path / "scores.csv").write_text("name,value\n")
    with pytest.raises(FormatError, match="not a scores file of this version; delete it"):
        ScoresFile(tmp_path / "scores.csv")
    (tmp_path / "coded.csv").write_text("clip,kbps,encode_s,decode_s\na.wav,5\n")
    with pytest.raises(FormatError, match="expected the columns"):
        CodedFolder.open("mine", tmp_path)


def test_a_full_disk_leaves_the_results_so_far(tmp_path, monkeypatch):
    checkpoint = ScoresFile(tmp_path / "scores.csv")
    checkpoint.add(result("codec", "a", 1.25))
    before = (tmp_path / "scores.csv").read_bytes()

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("celpvq.output.os.fsync", full)
    with pytest.raises(celpvq.OutputError, match=r"scores\.csv: No space left"):
        checkpoint.rewrite()
    assert [path.name for path in tmp_path.iterdir()] == ["scores.csv"]
    assert (tmp_path / "scores.csv").read_bytes() == before
    monkeypatch.setattr("pathlib.Path.open", full)
    with pytest.raises(celpvq.OutputError, match=r"scores\.csv: No space left"):
        checkpoint.add(result("codec", "b", 1.25))


def test_results_come_back_from_their_file_as_they_were(tmp_path):
    kept = [
        result("codec", "a", 1.25),
        result("codec", 'b, "c"', NAN, problem="Error: two\nlines", encode_s=NAN, key=""),
    ]
    checkpoint = ScoresFile(tmp_path / "scores.csv")
    for each in kept:
        checkpoint.add(each)
    again = list(ScoresFile(tmp_path / "scores.csv").results.values())
    assert again[0] == kept[0]
    assert again[1].problem == "Error: two lines"
    assert math.isnan(again[1].scores["segsnr"])
    assert [r.clip for r in again] == ["a", 'b, "c"']


def test_codecs_that_differ_in_a_number_share_a_line_of_the_picture():
    names = {"AMR-NB 12.2": 12.2, "celpvq 4800 best": 4.8, "AMR-NB 4.75": 4.75, "Opus 1.3 8 CBR": 8}
    rows = {name: [result(name, "a", 1.0, kbps=kbps)] for name, kbps in names.items()}
    rows["unknown 1"] = [result("unknown 1", "a", 1.0, kbps=NAN)]
    groups = families(summarize(rows, ["segsnr"]))
    assert {name: [s.name for s in members] for name, members in groups.items()} == {
        "celpvq best": ["celpvq 4800 best"],
        "AMR-NB": ["AMR-NB 4.75", "AMR-NB 12.2"],
        "Opus CBR": ["Opus 1.3 8 CBR"],
    }
