"""What listeners send back: JSON files that are checked against the key before they count."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import FormatError
from . import methods
from .design import Design
from .order import Shown, presentation
from .untrusted import integer, read_object, require, seconds, text

FORMAT, VERSION = "celpvq-listening-results", 1
_LISTENER = re.compile(r"[0-9a-f]{32}")


class Rating(NamedTuple):
    """One rating of a system.

    With CCR the value is that of the system in comparison with the base, whichever came first.
    With ABX it is 1 for a correct answer and 0 for a wrong one.
    """

    listener: str
    clip: str
    system: str
    value: float
    seconds: float  # that the listener took for the trial


@dataclass(frozen=True, slots=True)
class Result:
    """The answers of one listener.

    Parameters
    ----------
    listener : str
        Random name.
    code : str
        What the listener was asked to enter, often empty.
    n_answers, n_trials : int
        Trials that were done, of how many.
    ears : tuple of int or None
        Correct answers of the check of the headphones, of how many.
    ratings : tuple of Rating
    digest : str
        Hash of all answers.
    path : Path
    """

    listener: str
    code: str
    n_answers: int
    n_trials: int
    ears: tuple[int, int] | None
    ratings: tuple[Rating, ...]
    digest: str
    path: Path


def read_result(path: Path, design: Design) -> Result:
    """Return the answers in a file, checked against the design of the test.

    Raises
    ------
    FormatError
        If it is not such a file, belongs to another test, or holds anything that the page of this
        test cannot have written.
    OSError
        If it cannot be read.
    """
    data = read_object(path)
    try:
        return _result(data, path, design)
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from None
    except (KeyError, TypeError, AttributeError) as error:
        raise FormatError(
            f"{path}: not results of a test ({type(error).__name__}: {error})"
        ) from None


def read_results(
    paths: Iterable[Path], design: Design
) -> tuple[list[Result], list[tuple[Path, str]]]:
    """Return the answers in many files, one per listener, and the files that do not count.

    Of several files of a listener the one with most answers counts. A copy of a file under the name
    of another listener does not count.

    Returns
    -------
    list of Result
    list of (Path, str)
        Files that do not count, with the reason.
    """
    refused: list[tuple[Path, str]] = []
    results: list[Result] = []
    for path in paths:
        try:
            results.append(read_result(path, design))
        except FormatError as error:
            refused.append((path, str(error).removeprefix(f"{path}: ")))
        except OSError as error:
            refused.append((path, error.strerror or str(error)))
    kept: list[Result] = []
    for result in sorted(results, key=lambda result: -result.n_answers):
        twin = next((k for k in kept if result.listener == k.listener), None)
        copy = next((k for k in kept if result.digest == k.digest), None)
        if twin is not None:
            refused.append((result.path, f"the same listener as {twin.path}"))
        elif copy is not None:
            refused.append((result.path, f"the same answers as {copy.path}"))
        else:
            kept.append(result)
    return sorted(kept, key=results.index), refused


def _result(data: Mapping[str, Any], path: Path, design: Design) -> Result:
    require(data.get("format") == FORMAT, "not results of a listening test")
    version = data.get("version")
    require(version == VERSION, f"expected results of version {VERSION}, got {version!r}")
    require(data["test"] == design.test, "results of another test than that of the key")
    listener = text(data["listener"], "listener")
    require(bool(_LISTENER.fullmatch(listener)), "listener: expected 32 hexadecimal digits")
    seed = integer(data["seed"], 1, 2**32 - 1, "seed")
    if design.listener_seed is not None:
        require(seed == design.listener_seed, f"seed: expected {design.listener_seed}, got {seed}")
    shown = presentation(
        design.blocks, seed, repeats=design.repeats, n_trials=design.n_trials,
        abx=design.method == "abx",
    )  # fmt: skip
    answers = data["answers"]
    require(isinstance(answers, list) and bool(answers), "answers: expected a list, got none")
    require(len(answers) <= len(shown), f"answers: expected at most {len(shown)}")
    ratings = [
        rating
        for place, (answer, trial) in enumerate(zip(answers, shown, strict=False))
        for rating in _ratings(answer, trial, design, listener, f"answer {place + 1}")
    ]
    digest = hashlib.sha256(json.dumps(answers, sort_keys=True).encode()).hexdigest()
    return Result(
        listener, text(data["code"], "code"), len(answers), len(shown), _ears(data["ears"]),
        tuple(ratings), digest, path,
    )  # fmt: skip


def _ears(data: Any) -> tuple[int, int] | None:
    """Return how many answers about the headphones were correct, of how many."""
    if data is None:
        return None
    asked = integer(data["asked"], 0, 100, "ears")
    return integer(data["correct"], 0, asked, "ears"), asked


def _ratings(
    answer: Mapping[str, Any], shown: Shown, design: Design, listener: str, what: str
) -> list[Rating]:
    """Return the ratings of a trial, if the seed stands for this trial and this order."""
    order: Sequence[str] = answer["order"]
    same = answer["trial"] == shown.trial and list(order) == list(shown.order)
    require(same and answer.get("x") == shown.x, f"{what}: not the trial that the seed stands for")
    trial = design.trials[shown.trial]
    took = seconds(answer["seconds"], f"{what}: seconds")
    given = answer["ratings"]
    scale = methods.get(design.method)
    expected = {"mushra": set(order), "acr": set(order), "ccr": {order[-1]}}.get(design.method)
    if expected is None:  # ABX: the sound that was chosen
        require(len(given) == 1 and set(given) <= set(order), f"{what}: expected one sound")
        [chosen] = given
        system = next((s for s in trial.systems.values() if s != design.base), design.base)
        return [Rating(listener, trial.clip, system, float(chosen == shown.x), took)]
    require(set(given) == expected, f"{what}: expected a rating of each sound")
    values = {
        name: float(integer(value, scale.low, scale.high, what)) for name, value in given.items()
    }
    if design.method != "ccr":
        return [
            Rating(listener, trial.clip, trial.systems[name], value, took)
            for name, value in values.items()
        ]
    first, second = (trial.systems[name] for name in order)
    value = values[order[-1]]
    system = second if first == design.base else first
    return [Rating(listener, trial.clip, system, value if system == second else -value, took)]
