"""The design of a test: which trials there are, and which system each sound comes from."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import ArgumentError
from . import methods
from .methods import Method

REFERENCE = "reference"
MAX_CONDITIONS = 12  # of a trial, by ITU-R BS.1534


@dataclass(frozen=True, slots=True)
class Trial:
    """One question.

    Parameters
    ----------
    id : str
        Random hexadecimal digits.
    clip : str
        Name of the speech.
    systems : mapping of str to str
        The system behind each sound that is rated, by the random name of the sound.
    reference : str or None
        The sound that the page calls the reference.
    """

    id: str
    clip: str
    systems: Mapping[str, str]
    reference: str | None = None

    @property
    def sounds(self) -> dict[str, str]:
        """The system behind every sound of the trial."""
        open_one = {} if self.reference is None else {self.reference: REFERENCE}
        return {**open_one, **self.systems}


@dataclass(frozen=True, slots=True)
class Design:
    """A test with its secrets; see `make_design`.

    Parameters
    ----------
    test : str
        Random name of the test.
    method, title : str
    seed : int
        Source of all random names, and of noise.
    systems : tuple of str
        All that is rated: the reference, the systems under test, the anchors.
    anchors : tuple of str
        Those of `systems` that are anchors.
    base : str
        The system that others are compared with in ABX and CCR.
    clips : tuple of str
    blocks : tuple of tuple of Trial
        Each block has all systems, spread over the clips.
    training : tuple of Trial
        Trials that do not count.
    repeats : int
        How often a listener does all blocks.
    n_trials : int or None
        How many trials a listener does, if not all.
    listener_seed : int or None
        The seed of all listeners, if they have the same order.
    """

    test: str
    method: str
    title: str
    seed: int
    systems: tuple[str, ...]
    anchors: tuple[str, ...]
    base: str
    clips: tuple[str, ...]
    blocks: tuple[tuple[Trial, ...], ...]
    training: tuple[Trial, ...]
    repeats: int = 1
    n_trials: int | None = None
    listener_seed: int | None = None

    @property
    def trials(self) -> dict[str, Trial]:
        """Trials that count, by their names."""
        return {trial.id: trial for block in self.blocks for trial in block}

    @property
    def n_done(self) -> int:
        """How many trials a listener does."""
        n = len(self.trials) * self.repeats
        return n if self.n_trials is None else min(n, self.n_trials)


def make_design(
    method: str,
    systems: Sequence[str],
    clips: Sequence[str],
    training_clip: str,
    *,
    anchors: Sequence[str] = (),
    base: str = REFERENCE,
    title: str = "",
    repeats: int = 1,
    n_trials: int | None = None,
    seed: int | None = None,
    listener_seed: int | None = None,
) -> Design:
    """Return the design of a test, with random names for trials and sounds.

    Parameters
    ----------
    method : {"abx", "mushra", "acr", "ccr"}
    systems : sequence of str
        Names of the systems under test.
    clips : sequence of str
        Names of the speech; each system codes each clip.
    training_clip : str
        Name of the speech for the trial that does not count.
    anchors : sequence of str
        Names of the anchors.
    base : str
        ABX and CCR compare with this system, by default the reference.
    title : str
        What the page shows above.
    repeats : int
        How often a listener does every trial.
    n_trials : int or None
        How many trials a listener does, if not all. They are drawn in blocks that hold every
        system once, so that all systems are rated equally often.
    seed : int or None
        Source of the random names; None for one that nobody can guess.
    listener_seed : int or None
        The seed of every listener, for a test in which all have the same order.

    Raises
    ------
    ArgumentError
        If a value is out of range, or names are missing or repeat.
    """
    asked = methods.get(method)
    _check(asked, systems, clips, anchors, base, repeats, n_trials, listener_seed)
    seed = secrets.randbits(63) if seed is None else seed
    if seed < 0:
        raise ArgumentError(f"seed: expected 0 or more, got {seed}")
    rng = np.random.default_rng(seed)
    under_test = [name for name in systems if name != base]
    rated = list(dict.fromkeys([*under_test, *anchors]))
    if method == "ccr":
        rated = [base, *rated]  # null pairs
    elif not asked.compares:
        rated = [REFERENCE, *rated]
    blocks = _blocks(rng, asked, rated, clips, base)
    hard_first = [*anchors, *under_test]
    training = [hard_first[0], REFERENCE] if method == "acr" else hard_first[:1]
    return Design(
        test=_name(rng), method=method, title=title or "Listening test", seed=seed,
        systems=tuple(rated), anchors=tuple(anchors), base=base, clips=tuple(clips),
        blocks=tuple(tuple(block) for block in blocks),
        training=tuple(
            [_multiple(rng, training_clip, rated)] if method == "mushra"
            else [_trial(rng, asked, training_clip, name, base) for name in training]
        ),
        repeats=repeats, n_trials=n_trials, listener_seed=listener_seed,
    )  # fmt: skip


def _check(
    method: Method, systems: Sequence[str], clips: Sequence[str], anchors: Sequence[str],
    base: str, repeats: int, n_trials: int | None, listener_seed: int | None,
) -> None:  # fmt: skip
    names = [REFERENCE, *systems, *anchors]
    if double := sorted({name for name in names if names.count(name) > 1}):
        raise ArgumentError(f"systems: expected one system of each name, got {double[0]!r} twice")
    if not [name for name in systems if name != base]:
        raise ArgumentError("systems: expected at least one to test, got none")
    if base not in (REFERENCE, *systems):
        raise ArgumentError(f"base: expected {REFERENCE} or one of {systems}, got {base!r}")
    if base != REFERENCE and not method.compares:
        raise ArgumentError(f"base: expected {REFERENCE} with {method.name}, got {base!r}")
    if method.name == "mushra" and len(names) > MAX_CONDITIONS:
        raise ArgumentError(
            f"systems: expected at most {MAX_CONDITIONS} in a trial, the reference and"
            f" {len(anchors)} anchors included, got {len(names)}"
        )
    if not clips or len(set(clips)) < len(clips):
        raise ArgumentError("clips: expected at least one, each with another name")
    if repeats < 1 or (n_trials is not None and n_trials < 1):
        raise ArgumentError(f"repeats, n_trials: expected at least 1, got {repeats}, {n_trials}")
    if listener_seed is not None and not 1 <= listener_seed < 2**32:
        raise ArgumentError(f"listener_seed: expected 1 to {2**32 - 1}, got {listener_seed}")


def _blocks(
    rng: np.random.Generator, method: Method, rated: Sequence[str], clips: Sequence[str], base: str
) -> list[list[Trial]]:
    """Return the trials in blocks, in random order: a Latin square of systems and clips."""
    if method.name == "mushra":
        return [[_multiple(rng, clips[i], rated) for i in rng.permutation(len(clips))]]
    blocks = []
    for first in rng.permutation(len(clips)):
        block = [
            _trial(rng, method, clips[(first + place) % len(clips)], name, base)
            for place, name in enumerate(rated)
        ]
        blocks.append([block[i] for i in rng.permutation(len(block))])
    return blocks


def _multiple(rng: np.random.Generator, clip: str, rated: Sequence[str]) -> Trial:
    """Return a trial of MUSHRA."""
    names = {_name(rng): system for system in rated}
    return Trial(_name(rng), clip, dict(sorted(names.items())), reference=_name(rng))


def _trial(
    rng: np.random.Generator, method: Method, clip: str, system: str, base: str
) -> Trial:  # fmt: skip
    """Return a trial with one sound, or with one and its base."""
    pair = [system, base] if method.compares else [system]
    names = {_name(rng): name for name in pair}
    return Trial(_name(rng), clip, dict(sorted(names.items())))


def _name(rng: np.random.Generator) -> str:
    """Return a random name: 16 hexadecimal digits."""
    return rng.bytes(8).hex()
