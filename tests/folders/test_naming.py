"""Names of outputs: no two alike, none outside its folder."""

import os

import pytest
from batch_files import write_all

from celpvq import ArgumentError, OutputError, OutputExistsError
from celpvq.folders import naming
from celpvq.folders.entries import Entry, open_source
from celpvq.folders.naming import Names, check_apart, output_name, place, seed_of


def test_an_output_has_the_path_of_its_input():
    a, utterance = Entry("s/a.b.flac", "", "s/a.b", ".flac", 0), Entry("u.1", "", "u.1", ".wav", 0)
    assert output_name(a, ".cvq", keep_endings=False) == "s/a.b.cvq"
    assert output_name(a, ".cvq", keep_endings=True) == "s/a.b.flac.cvq"
    for keep in (False, True):
        assert output_name(utterance, ".cvq", keep_endings=keep) == "u.1.cvq"


def test_two_inputs_of_one_output_are_named():
    pairs = [("x.wav", "x.cvq"), ("s/a.flac", "s/a.cvq"), ("y", "y.cvq"), ("s/a.wav", "s/a.cvq")]
    names = Names()
    for _, name in pairs:
        names.add(name)
    with pytest.raises(ArgumentError, match=r"^s/a\.flac and s/a\.wav: .* both would become s/a"):
        names.check(pairs)
    names = Names()
    names.add("a")
    names.add("a")
    with pytest.raises(ArgumentError, match="k: expected each input once"):
        names.check([("k", "a"), ("k", "a")])
    names = Names()
    for _, name in pairs[:3]:
        names.add(name)
    names.check([])


def test_case_and_accents_count_where_the_file_system_knows_them():
    for other in ("s/ÉTÉ.cvq", "s/e\u0301te\u0301.cvq"):
        for ignore_case in (False, True):
            names = Names(ignore_case=ignore_case)
            for name in ("s/été.cvq", other):
                names.add(name)
            if ignore_case:
                with pytest.raises(ArgumentError, match="both would become"):
                    names.check([("1", "s/été.cvq"), ("2", other)])
            else:
                names.check([])


def test_the_file_system_is_asked_whether_it_knows_case(tmp_path, monkeypatch):
    known = (tmp_path / "x").touch() or (tmp_path / "X").exists()
    assert naming.ignores_case(tmp_path) is known
    assert sorted(os.listdir(tmp_path)) == ["x"]


def test_each_file_has_a_seed_of_its_own():
    seeds = {seed_of(seed, key) for seed in range(9) for key in ("a", "b", "a/b", "1:a", "\udcff")}
    assert len(seeds) == 45
    assert all(0 <= seed < 1 << 48 for seed in seeds)
    assert seed_of(1, "a.wav") == 0x8BFD37123C0E  # printf 1:a.wav | sha256sum


def test_folders_have_to_be_apart(tmp_path):
    write_all(tmp_path, {"a/b/x": "", "ab/x": ""})
    (tmp_path / "link").symlink_to(tmp_path / "a")
    check_apart(str(tmp_path / "a"), tmp_path / "ab")
    for one, other in (("a", "a"), ("a", "a/b"), ("a/b", "a"), ("a", "link"), ("link/b", "a")):
        with pytest.raises(ArgumentError, match="out: expected a folder apart from"):
            check_apart(str(tmp_path / one), tmp_path / other)


def test_an_output_has_its_place_in_the_folder(tmp_path):
    write_all(tmp_path, {"in/a": "", "out/d/x": "", "outside/x": ""})
    out, source = tmp_path / "out", str(tmp_path / "in" / "a")
    assert place(out, "new/sub/a.cvq", source) == out / "new" / "sub" / "a.cvq"
    assert (out / "new" / "sub").is_dir()
    (out / "link").symlink_to(tmp_path / "outside")
    (out / "file").symlink_to(tmp_path / "outside" / "x")
    (out / "inside").symlink_to(out / "d")
    (out / "same").hardlink_to(source)
    os.mkfifo(out / "pipe")
    place(out, "inside/y", source)
    for name in ("link/y", "file", "link/sub/y"):
        with pytest.raises(OutputError, match=f"^{name}: expected a place in .*, a link leads to"):
            place(out, name, source)
    assert sorted(os.listdir(tmp_path / "outside")) == ["x"]
    for name in ("d", "pipe"):
        with pytest.raises(OutputError, match=f"^{name}: exists, and is not a file"):
            place(out, name, source)
    with pytest.raises(OutputExistsError, match="same: is the input itself"):
        place(out, "same", source)


def test_unfinished_files_are_removed(tmp_path):
    write_all(tmp_path, {"a/.celpvq-01.part": "", "a/b.cvq": "", "manifest.jsonl.part": ""})
    naming.remove_unfinished(tmp_path)
    assert [entry.key for entry in open_source(tmp_path, [".cvq", ".part"])] == [
        "a/b.cvq", "manifest.jsonl.part",
    ]  # fmt: skip
    assert os.listdir(tmp_path / "a") == ["b.cvq"]
