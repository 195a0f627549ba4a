"""Blind listening tests: design, page, scores; each name is loaded when it is first used.

The test
    `methods` (the scales), `design` (trials and random names), `order` (of a listener), `key` (the
    file of secrets).
The sounds
    `modulated_noise`, `anchors`, `level`, `stimuli`.
The page
    `page`, with the scripts and styles of `celpvq.web`.
The scores
    `untrusted`, `results` (files of listeners), `screening`, `statistics`, `scoring`, `report`,
    `simulation`.
Other programs
    `webmushra`, `p808`, `wavfiles`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .anchors import Anchor as Anchor
    from .anchors import low_pass as low_pass
    from .design import Design as Design
    from .design import Trial as Trial
    from .design import make_design as make_design
    from .key import read_key as read_key
    from .key import write_key as write_key
    from .level import active_level as active_level
    from .methods import METHODS as METHODS
    from .methods import Method as Method
    from .modulated_noise import mnru as mnru
    from .p808 import export_p808 as export_p808
    from .page import make_page as make_page
    from .page import read_page_sounds as read_page_sounds
    from .results import Rating as Rating
    from .results import Result as Result
    from .results import read_result as read_result
    from .results import read_results as read_results
    from .scoring import Difference as Difference
    from .scoring import Scores as Scores
    from .scoring import SystemScore as SystemScore
    from .scoring import score as score
    from .screening import screen as screen
    from .simulation import Listener as Listener
    from .simulation import simulate as simulate
    from .statistics import Estimate as Estimate
    from .statistics import estimate as estimate
    from .statistics import holm as holm
    from .stimuli import encode_sounds as encode_sounds
    from .webmushra import export_webmushra as export_webmushra

_NAMES = {
    "anchors": ("Anchor", "low_pass"),
    "design": ("Design", "Trial", "make_design"),
    "key": ("read_key", "write_key"),
    "level": ("active_level",),
    "methods": ("METHODS", "Method"),
    "modulated_noise": ("mnru",),
    "p808": ("export_p808",),
    "page": ("make_page", "read_page_sounds"),
    "results": ("Rating", "Result", "read_result", "read_results"),
    "scoring": ("Difference", "Scores", "SystemScore", "score"),
    "screening": ("screen",),
    "simulation": ("Listener", "simulate"),
    "statistics": ("Estimate", "estimate", "holm"),
    "stimuli": ("encode_sounds",),
    "webmushra": ("export_webmushra",),
}
_HOME = {name: module for module, names in _NAMES.items() for name in names}
__all__ = sorted(_HOME)  # noqa: PLE0605  # the table above is the only list


def __getattr__(name: str) -> Any:
    """Load the module of `name`."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
