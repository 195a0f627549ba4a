"""Simulated listeners with known preferences, to plan tests and to check their scoring."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import methods
from .design import REFERENCE, Design, Trial
from .order import Shown, presentation
from .results import FORMAT, VERSION


@dataclass(frozen=True, slots=True)
class Listener:
    """A listener who hears a quality for each system, with errors.

    Parameters
    ----------
    quality : mapping of str to float
        The true quality of each system, on the scale of the method. For CCR it is the quality in
        comparison with the base. For ABX it is the probability of hearing the difference.
    bias : float
        What this listener adds to everything.
    clip_effects : mapping of (str, str) to float
        What a clip and a system add, for all listeners: by clip and system.
    noise : float
        Standard deviation of single ratings.
    finds_reference : bool
        Whether the hidden reference of MUSHRA is always found.
    guesses : bool
        Whether all ratings are drawn at random.
    """

    quality: Mapping[str, float]
    bias: float = 0.0
    clip_effects: Mapping[tuple[str, str], float] = field(default_factory=dict)
    noise: float = 0.0
    finds_reference: bool = True
    guesses: bool = False


def simulate(design: Design, listener: Listener, seed: int) -> dict[str, Any]:
    """Return the results that a listener would download, as `read_result` takes them.

    Parameters
    ----------
    design : Design
    listener : Listener
    seed : int
        Source of the listener's errors, and of the seed of the order.
    """
    rng = np.random.default_rng(seed)
    order_seed = design.listener_seed or int(rng.integers(1, 2**32))
    shown = presentation(
        design.blocks, order_seed, repeats=design.repeats, n_trials=design.n_trials,
        abx=design.method == "abx",
    )  # fmt: skip
    answers = []
    for item in shown:
        answer: dict[str, Any] = {"trial": item.trial, "order": list(item.order), "seconds": 10.0}
        if item.x is not None:
            answer["x"] = item.x
        answers.append({**answer, "ratings": rate(design, item, listener, rng)})
    return {
        "format": FORMAT, "version": VERSION, "test": design.test, "method": design.method,
        "listener": rng.bytes(16).hex(), "code": "", "seed": order_seed,
        "ears": {"correct": 3, "asked": 3}, "answers": answers,
    }  # fmt: skip


def rate(
    design: Design, shown: Shown, listener: Listener, rng: np.random.Generator
) -> dict[str, int]:
    """Return the ratings that a listener gives in a trial, as the results have them."""
    trial = design.trials[shown.trial]
    if shown.x is not None:
        return {_choice(trial, shown.x, listener, rng): 1}
    scale = methods.get(design.method)
    rated = shown.order[-1:] if design.method == "ccr" else shown.order
    if listener.guesses:
        return {name: int(rng.integers(scale.low, scale.high + 1)) for name in rated}
    heard = {
        name: _heard(design, trial, trial.systems[name], listener, rng) for name in shown.order
    }
    if design.method == "ccr":
        first, second = shown.order
        heard = {second: heard[second] - heard[first]}
    if design.method == "mushra" and listener.finds_reference:
        heard |= {name: 100 for name in rated if trial.systems[name] == REFERENCE}
    return {
        name: min(max(math.floor(value + 0.5), scale.low), scale.high)
        for name, value in heard.items()
    }


def _choice(trial: Trial, x: str, listener: Listener, rng: np.random.Generator) -> str:
    """Return the sound that a listener of ABX takes for X."""
    hears = max(listener.quality.get(system, 0.0) for system in trial.systems.values())
    if not listener.guesses and rng.random() < hears:
        return x
    return str(rng.choice(sorted(trial.systems)))


def _heard(
    design: Design, trial: Trial, system: str, listener: Listener, rng: np.random.Generator
) -> float:
    """Return the quality of a sound as it is heard."""
    if design.method == "ccr" and system == design.base:
        return 0.0
    effect = listener.clip_effects.get((trial.clip, system), 0.0)
    value = listener.quality[system] + effect + listener.bias
    return value + listener.noise * rng.standard_normal()
