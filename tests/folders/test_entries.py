"""The input files of a run: order, names, and what is refused."""

import json
import os

import pytest
from batch_files import write_all

from celpvq import ArgumentError, FormatError
from celpvq.folders.entries import open_source


def keys(source, endings=(".in",), root=None):
    return [entry.key for entry in open_source(source, endings, root)]


def test_a_folder_gives_its_files_sorted_with_all_subfolders(tmp_path):
    write_all(
        tmp_path,
        {"b/2.in": "ab", "b/10.IN": "", "a.in": "", "c.txt": "", ".h.in": "", ".git/x.in": "",
         "b/a/é ü.in": "", "B.in": ""},
    )  # fmt: skip
    source = open_source(tmp_path, [".in"])
    assert [entry.key for entry in source] == ["B.in", "a.in", "b/10.IN", "b/2.in", "b/a/é ü.in"]
    assert [entry.key for entry in source] == keys(str(tmp_path))  # again
    second = list(source)[3]
    assert (second.stem, second.ending, second.size) == ("b/2", ".in", 2)
    assert second.path == str(tmp_path / "b" / "2.in")
    assert list(source)[2].ending == ".in"


def test_links_are_followed_but_not_in_circles(tmp_path):
    write_all(tmp_path / "in", {"sub/a.in": ""})
    write_all(tmp_path / "other", {"b.in": ""})
    (tmp_path / "in" / "link").symlink_to(tmp_path / "other")
    (tmp_path / "in" / "sub" / "up").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "lost.in").symlink_to(tmp_path / "nowhere")
    assert keys(tmp_path / "in") == ["link/b.in", "lost.in", "sub/a.in"]


def test_links_to_folders_above_and_to_the_outputs_are_not_followed(tmp_path):
    write_all(
        tmp_path, {"data/in/a.in": "", "data/other/b.in": "", "data/out/c.in": "", "d.in": ""}
    )
    for name, target in {"up": "data", "top": "", "out": "data/out", "other": "data/other"}.items():
        (tmp_path / "data" / "in" / name).symlink_to(tmp_path / target)
    out = tmp_path / "data" / "out"
    source = open_source(tmp_path / "data" / "in", (".in",), out=out)
    assert [entry.key for entry in source] == ["a.in", "other/b.in"]
    (tmp_path / "link").symlink_to(tmp_path / "data" / "in")
    assert keys(tmp_path / "link") == ["a.in", "other/b.in", "out/c.in"]
    source = open_source(tmp_path / "data" / "in", (".in",), out=tmp_path / "not there")
    assert [entry.key for entry in source] == ["a.in", "other/b.in", "out/c.in"]


def test_any_name_of_the_system_is_taken(tmp_path):
    name = os.fsdecode(b"\xff\n.in")
    (tmp_path / name).write_text("")
    assert keys(tmp_path) == [name]


def test_a_list_starts_from_the_working_folder_or_the_root(tmp_path, monkeypatch):
    write_all(tmp_path, {"x/a.wav": "abc", "x/b c.wav": ""})
    (tmp_path / "x" / "list.txt").write_bytes(b"\xef\xbb\xbfa.wav\r\n\nb c.wav\n./d/../e.wav")
    monkeypatch.chdir(tmp_path / "x")
    assert keys("list.txt") == ["a.wav", "b c.wav", "e.wav"]
    assert next(iter(open_source("list.txt", ()))).size == 3
    monkeypatch.chdir(tmp_path)
    assert keys("x/list.txt", root="x") == ["a.wav", "b c.wav", "e.wav"]
    assert keys("x/list.txt", root=".") == ["a.wav", "b c.wav", "e.wav"]
    assert keys(["x/a.wav", tmp_path / "x" / "b c.wav"]) == ["x/a.wav", "x/b c.wav"]
    assert keys(["/data/a.wav"], root="/") == ["data/a.wav"]


@pytest.mark.parametrize("path", ["../a.wav", "/etc/a.wav", "x/../../a.wav", ".."])
def test_paths_outside_the_root_are_refused(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list.txt").write_text(f"fine.wav\n{path}\n")
    with pytest.raises(ArgumentError, match=r"list\.txt, line 2: .* lies outside .*--root"):
        keys("list.txt")
    with pytest.raises(ArgumentError, match=r"^source: item 0: .* lies outside"):
        keys([path])


@pytest.mark.parametrize("path", [".", "x/..", "a\0b"])
def test_paths_that_name_no_file_are_refused(path, tmp_path):
    with pytest.raises(FormatError, match="source: item 0: expected the path of a file"):
        keys([path], root=tmp_path)


def test_a_wav_scp_names_outputs_by_utterance(tmp_path, monkeypatch):
    (tmp_path / "wav.scp").write_text("spk1.u1 /data/x.flac\nu2   sub/b c.sph  \n")
    monkeypatch.chdir(tmp_path)
    one, two = open_source("wav.scp", ())
    assert (one.key, one.path, one.stem, one.ending) == (
        "spk1.u1", "/data/x.flac", "spk1.u1", ".flac",
    )  # fmt: skip
    assert (two.key, two.path, two.stem) == ("u2", str(tmp_path / "sub/b c.sph"), "u2")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("u sox a.wav -t wav - |", "expected a path, got the command"),
        ("u |cat", "expected a path, got the command"),
        ("u", "expected an utterance and a path"),
        ("a/b x.wav", "an utterance that can name a file"),
        (".. x.wav", "an utterance that can name a file"),
    ],
)
def test_lines_of_a_wav_scp_that_cannot_be_used_are_refused(line, message, tmp_path):
    (tmp_path / "wav.scp").write_text(f"ok a.wav\n{line}\n")
    with pytest.raises(FormatError, match=rf"wav\.scp, line 2: .*{message}"):
        keys(tmp_path / "wav.scp")


def test_a_command_in_a_wav_scp_is_not_run(tmp_path):
    (tmp_path / "wav.scp").write_text(f"u touch {tmp_path / 'ran'} |\n")
    with pytest.raises(FormatError, match="are not run"):
        keys(tmp_path / "wav.scp")
    assert not (tmp_path / "ran").exists()


def test_a_manifest_starts_from_its_folder_and_keeps_its_columns(tmp_path, monkeypatch):
    rows = [
        {"audio_filepath": "a.wav", "duration": 2.5, "text": "wörd", "offset": 0, "bytes": 7},
        {"audio_filepath": str(tmp_path / "b.wav"), "duration": None},
    ]
    write_all(tmp_path, {"train.jsonl": "\n".join(map(json.dumps, rows))})
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    one, two = open_source("../train.jsonl", ())
    assert (one.key, one.seconds, one.fields) == ("a.wav", 2.5, {"text": "wörd"})
    assert os.path.samefile(os.path.dirname(one.path), tmp_path)
    assert (two.key, two.seconds, two.fields) == ("b.wav", None, {})


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "expected a JSON object"),
        ("[]", "a path as audio_filepath"),
        ('{"audio_filepath": ["a", "b"]}', "a path as audio_filepath"),
        ('{"audio_filepath": "a.wav", "offset": 1.5}', "expected whole files, got an offset"),
        ("[" * 9999, "expected a JSON object"),
    ],
)
def test_lines_of_a_manifest_that_cannot_be_used_are_refused(line, message, tmp_path):
    (tmp_path / "m.jsonl").write_text('{"audio_filepath": "a.wav"}\n' + line)
    with pytest.raises(FormatError, match=rf"m\.jsonl, line 2: .*{message}"):
        keys(tmp_path / "m.jsonl")


def test_other_sources_are_refused(tmp_path):
    write_all(tmp_path, {"a.wav": "", "x/b.in": ""})
    with pytest.raises(ArgumentError, match="expected a folder, a list of paths or a manifest"):
        keys(tmp_path / "a.wav")
    for missing in ("gone", "gone.txt", "x/gone.jsonl"):
        with pytest.raises(ArgumentError, match="no such file"):
            keys(tmp_path / missing)
    with pytest.raises(ArgumentError, match="root: expected a list or a manifest"):
        keys(tmp_path / "x", root=tmp_path)
