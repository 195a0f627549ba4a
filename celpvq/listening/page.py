"""The page of a test: one HTML file with the sounds, and without the key."""

import base64
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import FormatError
from ..web import page as pages
from . import methods
from .design import Design, Trial
from .results import FORMAT, VERSION
from .untrusted import require

SCRIPTS = (
    "embedded.js", "elements.js", "listen/order.js", "listen/player.js", "listen/store.js",
    "listen/trial.js", "listen/listen.js",
)  # fmt: skip
_DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)


def make_page(design: Design, sounds: Mapping[str, bytes]) -> str:
    """Return the HTML document of a test.

    Parameters
    ----------
    design : Design
    sounds : mapping of str to bytes
        A file for each sound, from `celpvq.listening.encode_sounds`.
    """
    style = pages.asset("base.css") + pages.asset("listen/listen.css")
    script = pages.module(*map(pages.asset, SCRIPTS))
    return pages.page(
        design.title, pages.asset("listen/page.html"), style, script, page_data(design, sounds)
    )


def page_data(design: Design, sounds: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the data of the page, which name no system and no clip."""
    method = methods.get(design.method)
    return {
        "format": FORMAT, "version": VERSION, "test": design.test, "title": design.title,
        "method": {
            "name": method.name, "title": method.title, "low": method.low, "high": method.high,
            "labels": list(method.labels.items()), "heard": method.heard, "loops": method.loops,
            "instructions": method.instructions,
        },
        "seed": design.listener_seed, "repeats": design.repeats, "trials": design.n_trials,
        "blocks": [[_trial(trial) for trial in block] for block in design.blocks],
        "training": [_trial(trial) for trial in design.training],
        "sounds": {name: base64.b64encode(file).decode() for name, file in sounds.items()},
    }  # fmt: skip


def _trial(trial: Trial) -> dict[str, Any]:
    return {"id": trial.id, "sounds": sorted(trial.systems), "reference": trial.reference}


def read_page_sounds(path: Path, design: Design) -> dict[str, bytes]:
    """Return the files of the sounds in a page, by their random names.

    Raises
    ------
    FormatError
        If it is not the page that belongs to the key.
    """
    try:
        found = _DATA.search(path.read_text(encoding="utf-8"))
        data = json.loads(found[1]) if found else {}
        require(data.get("test") == design.test, f"{path}: expected the page that the key is for")
        sounds = {str(name): base64.b64decode(text) for name, text in data["sounds"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"{path}: damaged page: {type(error).__name__}: {error}") from None
    trials = [*design.trials.values(), *design.training]
    missing = [name for trial in trials for name in trial.sounds if name not in sounds]
    require(not missing, f"{path}: damaged page: {len(missing)} sounds are missing")
    return sounds
