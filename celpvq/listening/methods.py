"""The four methods of a listening test: their scales, and their questions."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ..errors import ArgumentError


@dataclass(frozen=True, slots=True)
class Method:
    """A way to ask listeners.

    Parameters
    ----------
    name, title : str
        Its names on the command line and on the page.
    low, high : int
        The ends of the scale.
    labels : mapping of int to str
        Words for points of the scale, the best first.
    heard : float
        The share of a sound that has to be heard before it can be rated.
    loops : bool
        Whether sounds are repeated until the listener stops them.
    anchors : tuple of str
        Anchors that a test has by default, as `celpvq.listening.anchors.parse` takes them.
    instructions : tuple of str
        Paragraphs for the listener.
    """

    name: str
    title: str
    low: int
    high: int
    labels: Mapping[int, str]
    heard: float
    loops: bool
    anchors: tuple[str, ...]
    instructions: tuple[str, ...]

    @property
    def compares(self) -> bool:
        """Whether a trial is a pair of which one is the base of the comparison."""
        return self.name in ("abx", "ccr")


_ALL = (
    Method(
        "abx", "Which one is X?", 0, 1, MappingProxyType({1: "correct", 0: "wrong"}),
        heard=0.5, loops=True, anchors=(),
        instructions=(
            "Each trial has three sounds: A, B and X. A and B differ, though perhaps very little."
            " X is the same as A or the same as B.",
            "Listen to all three as often as you like. Then say whether X is A or B. If you hear no"
            " difference, guess.",
        ),
    ),
    Method(
        "mushra", "Quality in comparison with a reference", 0, 100,
        MappingProxyType({90: "Excellent", 70: "Good", 50: "Fair", 30: "Poor", 10: "Bad"}),
        heard=0.5, loops=True, anchors=("lowpass:1500", "mnru:15"),
        instructions=(
            "Each trial has a reference and several versions of it. Rate how good each version is"
            " in comparison with the reference, from 0 (bad) to 100 (excellent).",
            "One of the versions is the reference itself. Give it 100. Give 100 also to any other"
            " version that sounds the same to you.",
        ),
    ),
    Method(
        "acr", "Quality of speech", 1, 5,
        MappingProxyType({5: "Excellent", 4: "Good", 3: "Fair", 2: "Poor", 1: "Bad"}),
        heard=0.95, loops=False, anchors=("mnru:5", "mnru:15", "mnru:25"),
        instructions=(
            "Each trial has one sound. Listen to it, and rate the quality of the speech, from bad"
            " to excellent.",
            "Rate how it sounds, not what is said, nor the language or the voice.",
        ),
    ),
    Method(
        "ccr", "The second in comparison with the first", -3, 3,
        MappingProxyType({
            3: "Much better", 2: "Better", 1: "Slightly better", 0: "About the same",
            -1: "Slightly worse", -2: "Worse", -3: "Much worse",
        }),
        heard=0.95, loops=False, anchors=("mnru:15",),
        instructions=(
            "Each trial has two sounds. Listen to the first, then to the second. Then rate the"
            " quality of the second in comparison with the first, from much worse to much better.",
            "Rate how they sound, not what is said. Some pairs may be equal.",
        ),
    ),
)  # fmt: skip

METHODS: Mapping[str, Method] = MappingProxyType({method.name: method for method in _ALL})


def get(name: str) -> Method:
    """Return a method by its name; raise `ArgumentError` if there is none."""
    if name not in METHODS:
        raise ArgumentError(f"method: expected one of {', '.join(METHODS)}, got {name!r}")
    return METHODS[name]
