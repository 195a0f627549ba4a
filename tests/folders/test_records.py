"""Records of a run: whole lines, in the order of the inputs, and one writer."""

import json
from array import array

import pytest
from batch_files import tree

from celpvq import FormatError, OutputExistsError
from celpvq.folders import records
from celpvq.folders.records import Lines, Records, line_of, read_settings

SETTINGS = {"work": "x", "endings": []}


def write(folder, results, *, resume=False, finish=True):
    with Records(folder, SETTINGS, resume=resume) as book:
        for number, fields in results:
            book.add(number, fields)
        if finish:
            book.finish()


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_lines_come_in_the_order_of_the_inputs(tmp_path):
    results = [(3, {"source": "d"}), (0, {"source": "a", "text": "ü\udcff"}),
               (2, {"source": "c", "error": "bad"}), (1, {"source": "b"})]  # fmt: skip
    write(tmp_path, results)
    assert [row["source"] for row in lines(tmp_path / "manifest.jsonl")] == ["a", "b", "d"]
    assert lines(tmp_path / "failures.jsonl") == [{"source": "c", "error": "bad"}]
    assert lines(tmp_path / "manifest.jsonl")[0]["text"] == "ü\udcff"
    assert sorted(tree(tmp_path)) == ["batch.json", "failures.jsonl", "manifest.jsonl"]
    write(tmp_path, results[:2])
    assert sorted(tree(tmp_path)) == ["batch.json", "manifest.jsonl"]


def test_a_run_that_is_interrupted_goes_on(tmp_path):
    write(
        tmp_path, [(1, {"source": "b", "n": 1}), (0, {"source": "a", "error": "x"})], finish=False
    )
    journal = tmp_path / "manifest.jsonl.part"
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"source": "c", "n')  # killed while it wrote
    with Records(tmp_path, SETTINGS, resume=True) as book:
        fields, place = book.find("b")
        assert fields == {"source": "b", "n": 1}
        assert book.find("a")[0] == {"source": "a", "error": "x"}
        assert book.find("c") is None
        book.keep(1, place)
        book.add(2, {"source": "c", "n": 3})
        book.add(0, {"source": "a", "n": 2})
        book.finish()
    assert [row["n"] for row in lines(tmp_path / "manifest.jsonl")] == [2, 1, 3]
    assert not journal.exists()
    with Records(tmp_path, SETTINGS, resume=True) as book:  # a finished run as well
        assert book.find("c")[0]["n"] == 3


def test_the_last_line_of_an_input_counts_even_if_hashes_agree(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "digest", lambda key: 7)
    path = tmp_path / "lines"
    path.write_bytes(b"".join(line_of({"source": k, "n": n}) for n, k in enumerate("abcab")))
    found = Lines(path)
    assert [found.find(key)[0]["n"] for key in "abc"] == [3, 4, 2]
    assert found.find("d") is None
    assert found.end == path.stat().st_size


def test_nothing_is_left_of_a_run_without_results(tmp_path):
    with pytest.raises(ZeroDivisionError), Records(tmp_path, SETTINGS, resume=False):
        raise ZeroDivisionError
    assert tree(tmp_path) == {}
    write(tmp_path, [(0, {"source": "a"})], finish=False)
    assert sorted(tree(tmp_path)) == ["batch.json", "manifest.jsonl.part"]


def test_one_run_at_a_time(tmp_path):
    with Records(tmp_path, SETTINGS, resume=False) as book:
        book.add(0, {"source": "a"})
        before = tree(tmp_path)
        for resume in (False, True):
            with pytest.raises(OutputExistsError, match="another run is at work"):
                Records(tmp_path, SETTINGS, resume=resume)
        assert tree(tmp_path) == before
        book.finish()


def test_other_settings_are_refused_and_change_nothing(tmp_path):
    write(tmp_path, [(0, {"source": "a"})])
    before = tree(tmp_path)
    for other, message in (
        (SETTINGS | {"work": "y"}, "work 'x', got 'y'"),
        (SETTINGS | {"more": 1}, "more None, got 1"),
        ({"endings": []}, "work 'x', got None"),
    ):
        with pytest.raises(OutputExistsError, match=message):
            Records(tmp_path, other, resume=True)
    assert tree(tmp_path) == before
    assert read_settings(tmp_path) == SETTINGS
    assert read_settings(tmp_path / "none") is None


@pytest.mark.parametrize("text", ["{", "[]", '{"endings": 3}', "[" * 9999])
def test_foreign_settings_are_refused(text, tmp_path):
    (tmp_path / "batch.json").write_text(text)
    with pytest.raises(FormatError, match=r"batch\.json: expected the settings"):
        read_settings(tmp_path)


@pytest.mark.parametrize("line", ["no JSON", "[1]", '{"source": 3}', "{}", "[" * 9999])
def test_foreign_records_are_refused(line, tmp_path):
    (tmp_path / "manifest.jsonl").write_text(f"{line}\n")
    with pytest.raises(FormatError, match="expected JSON objects with a source"):
        Records(tmp_path, SETTINGS, resume=True)


def test_a_record_takes_few_bytes_of_memory(tmp_path):
    path = tmp_path / "lines"
    path.write_bytes(b"".join(line_of({"source": f"{k}", "text": "x" * 99}) for k in range(999)))
    found = Lines(path)
    held = [value for value in vars(found).values() if hasattr(value, "nbytes")]
    assert sum(value.nbytes for value in held) == 16 * 999
    with Records(tmp_path, SETTINGS, resume=False) as book:
        for number in range(99):
            book.add(number, {"source": "x" * 99})
        arrays = [value for value in vars(book).values() if isinstance(value, array)]
        assert sum(len(value) * value.itemsize for value in arrays) == 16 * 99
        others = [v for v in vars(book).values() if isinstance(v, list | dict | set)]
        assert others == []
