import copy
import json

import pytest
from blind import QUALITY, small_design, write_results

from celpvq.errors import FormatError
from celpvq.listening import Listener, read_result, read_results, simulate


@pytest.fixture
def design():
    return small_design("mushra")


@pytest.fixture
def answers(design):
    return simulate(design, Listener(QUALITY), seed=1)


def first(answers):
    return answers["answers"][0]


def rated(answers):
    return next(iter(first(answers)["ratings"]))


def set_first(**values):
    return lambda answers: first(answers).update(values)


CHANGES = {
    "foreign": (lambda a: a.update(format="other"), "not results of a listening test"),
    "version": (lambda a: a.update(version=9), "version 1, got 9"),
    "test": (lambda a: a.update(test="0" * 16), "another test"),
    "no test": (lambda a: a.pop("test"), "KeyError: 'test'"),
    "listener": (lambda a: a.update(listener="\x1b[31m"), "32 hexadecimal"),
    "listener type": (lambda a: a.update(listener=3), "listener"),
    "code": (lambda a: a.update(code="x" * 201), "at most 200 characters"),
    "seed": (lambda a: a.update(seed=0), "seed"),
    "seed type": (lambda a: a.update(seed=1.5), "seed"),
    "seed bool": (lambda a: a.update(seed=True), "seed"),
    "other seed": (lambda a: a.update(seed=a["seed"] ^ 1), "not the trial that the seed"),
    "ears": (lambda a: a.update(ears={"asked": 3, "correct": 4}), "ears"),
    "ears type": (lambda a: a.update(ears=3), "TypeError"),
    "empty": (lambda a: a.update(answers=[]), "expected a list"),
    "no list": (lambda a: a.update(answers={"a": 1}), "expected a list"),
    "too many": (lambda a: a["answers"].append(first(a)), "at most 3"),
    "twice": (lambda a: a["answers"].__setitem__(1, first(a)), "answer 2: not the trial"),
    "no answer": (lambda a: a["answers"].__setitem__(0, None), "TypeError"),
    "trial": (set_first(trial="00"), "answer 1: not the trial"),
    "order": (lambda a: first(a)["order"].reverse(), "answer 1: not the trial"),
    "x": (set_first(x="00"), "answer 1: not the trial"),
    "ratings": (set_first(ratings={}), "a rating of each sound"),
    "other sound": (
        lambda a: first(a)["ratings"].update({"ff": first(a)["ratings"].pop(rated(a))}),
        "a rating of each sound",
    ),
    "too high": (lambda a: first(a)["ratings"].update({rated(a): 101}), "0 to 100, got 101"),
    "too low": (lambda a: first(a)["ratings"].update({rated(a): -1}), "0 to 100"),
    "half": (lambda a: first(a)["ratings"].update({rated(a): 50.5}), "0 to 100"),
    "bool": (lambda a: first(a)["ratings"].update({rated(a): True}), "0 to 100"),
    "text": (lambda a: first(a)["ratings"].update({rated(a): "9" * 999}), "0 to 100, got '999"),
    "seconds": (set_first(seconds=-1), "seconds"),
    "seconds type": (set_first(seconds="1"), "seconds"),
}


def test_answers_are_read(design, answers, tmp_path):
    [path] = write_results(tmp_path, [answers])
    result = read_result(path, design)
    assert (result.n_answers, result.n_trials, result.ears) == (3, 3, (3, 3))
    assert {(r.clip, r.system): r.value for r in result.ratings} == {
        (clip, system): QUALITY[system] for clip in design.clips for system in design.systems
    }


@pytest.mark.parametrize("name", CHANGES)
def test_forged_answers_are_refused(name, design, answers, tmp_path):
    change, message = CHANGES[name]
    change(answers)
    [path] = write_results(tmp_path, [answers])
    with pytest.raises(FormatError) as error:
        read_result(path, design)
    assert message in str(error.value)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"3",
        b"\xff\xfe{}",
        b'{"a": NaN}',
        b'{"a": 1, "a": 1}',
        b"[" * 100000,
        b'{"a": ' * 100000,
        b'{"seed": ' + b"9" * 10000 + b"}",
        b"\x00" * 1000,
        b'"' + b"x" * (17 << 20) + b'"',
    ],
    ids=range(12),
)
def test_what_is_no_json_of_a_test_is_refused(data, design, tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(data)
    with pytest.raises(FormatError, match=r"a\.json: "):
        read_result(path, design)


@pytest.mark.parametrize("value", ["1e999", "-Infinity"])
def test_infinite_numbers_are_refused(value, design, answers, tmp_path):
    [path] = write_results(tmp_path, [answers])
    path.write_text(path.read_text().replace('"seconds": 10.0', f'"seconds": {value}', 1))
    with pytest.raises(FormatError, match=r"seconds|-Infinity"):
        read_result(path, design)


@pytest.mark.parametrize("change", [lambda r: r.update(a=1), lambda r: r.clear()])
def test_an_answer_of_abx_is_one_sound(change, tmp_path):
    design = small_design("abx", anchors=())
    answers = simulate(design, Listener(QUALITY), seed=1)
    change(first(answers)["ratings"])
    [path] = write_results(tmp_path, [answers])
    with pytest.raises(FormatError, match="answer 1: expected one sound"):
        read_result(path, design)


def test_a_fixed_seed_is_checked(tmp_path):
    design = small_design("acr", listener_seed=5)
    answers = simulate(design, Listener(dict.fromkeys(QUALITY, 3.0)), seed=1)
    [path] = write_results(tmp_path, [answers])
    assert read_result(path, design).n_answers == 15
    [path] = write_results(tmp_path, [{**answers, "seed": 6}])
    with pytest.raises(FormatError, match="seed: expected 5, got 6"):
        read_result(path, design)


def test_files_that_do_not_count_are_listed(design, answers, tmp_path):
    other = simulate(design, Listener(QUALITY), seed=2)
    partial = {**copy.deepcopy(answers), "answers": answers["answers"][:1]}
    stolen = {**copy.deepcopy(other), "listener": "ab" * 16}
    forged = {**other, "seed": 0}
    paths = write_results(tmp_path, [partial, answers, other, stolen, answers, forged])
    missing = tmp_path / "missing.json"
    results, refused = read_results([*paths, missing], design)
    assert [result.path for result in results] == [paths[1], paths[2]]
    reasons = {path.name: reason for path, reason in refused}
    assert reasons.pop("answers-00.json") == f"the same listener as {paths[1]}"
    assert reasons.pop("answers-03.json") == f"the same answers as {paths[2]}"
    assert reasons.pop("answers-04.json") == f"the same listener as {paths[1]}"
    assert reasons.pop("answers-05.json").startswith("seed: expected 1 to")
    assert reasons.pop("missing.json") == "No such file or directory"
    assert reasons == {}


def test_unfinished_answers_count_as_far_as_they_go(design, answers, tmp_path):
    answers["answers"].pop()
    [path] = write_results(tmp_path, [answers])
    result = read_result(path, design)
    assert (result.n_answers, result.n_trials, len(result.ratings)) == (2, 3, 10)


def test_other_values_are_ignored(design, answers, tmp_path):
    answers |= {"device": {"a": [1]}, "extra": None}
    first(answers)["heard"] = "x"
    [path] = write_results(tmp_path, [json.loads(json.dumps(answers))])
    assert read_result(path, design).n_answers == 3
