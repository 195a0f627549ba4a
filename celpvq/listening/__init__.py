"""Blind listening tests: their design, their page, and their scoring.

The test
    `methods` (the scales), `design` (trials and random names), `order` (of a listener), `key` (the
    file of secrets).
The sounds
    `mnru`, `anchors`, `level`, `stimuli`.
The page
    `page`, with the scripts and styles of `celpvq.web`.
The scores
    `untrusted`, `results` (files of listeners), `screening`, `statistics`, `scoring`, `report`,
    `simulation`.
Other programs
    `webmushra`, `p808`.
"""

from .anchors import Anchor, low_pass
from .design import Design, Trial, make_design
from .key import read_key, write_key
from .level import active_level
from .methods import METHODS, Method
from .mnru import mnru
from .page import make_page, read_page_sounds
from .results import Rating, Result, read_result, read_results
from .scoring import Difference, Scores, SystemScore, score
from .screening import screen
from .simulation import Listener, simulate
from .statistics import Estimate, estimate, holm
from .stimuli import encode_sounds

__all__ = [
    "METHODS", "Anchor", "Design", "Difference", "Estimate", "Listener", "Method", "Rating",
    "Result", "Scores", "SystemScore", "Trial", "active_level", "encode_sounds", "estimate",
    "holm", "low_pass", "make_design", "make_page", "mnru", "read_key", "read_page_sounds",
    "read_result", "read_results", "score", "screen", "simulate", "write_key",
]  # fmt: skip
