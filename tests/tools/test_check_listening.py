"""The check of scores by simulated listeners."""

import dataclasses

import check_listening


def test_a_line_for_each_kind_of_test(capsys):
    assert check_listening.main(["--tests", "2"]) == 0
    head, _, *rows, _, alarms = capsys.readouterr().out.splitlines()
    assert head.count("|") == 9
    assert [row.split(" | ")[0].strip("| ") for row in rows] == ["mushra", "mushra", "acr", "ccr"]
    for row in rows:
        *_, found, lost, _ = (float(cell.strip(" |%")) for cell in row.split(" | ")[1:])
        assert (found, lost) == (100, 0)
    assert alarms.endswith("% (4.0%)")


def test_an_interval_that_misses_is_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(check_listening, "score", _shifted(check_listening.score))
    case = check_listening.CASES[0]._replace(n_listeners=5, n_clips=4)
    row = check_listening.check(case, 2, tmp_path)
    assert row[3:5] == ["0.0%", "0.0%"]


def _shifted(score):
    def shifted(design, results):
        found = score(design, results)
        systems = [
            dataclasses.replace(s, estimate=s.estimate._replace(mean=s.estimate.mean - 1000))
            for s in found.systems
        ]
        return dataclasses.replace(found, systems=tuple(systems))

    return shifted
