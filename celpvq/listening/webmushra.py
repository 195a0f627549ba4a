"""Export to webMUSHRA: a configuration in YAML, and WAV files."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..errors import ArgumentError
from ..lab.tabular import csv_bytes
from ..output import make_folder, write_file
from . import methods
from .design import REFERENCE, Design, Trial
from .stimuli import read_flac
from .wavfiles import write_wav

AUDIO = "resources/celpvq"  # below the folder configs
_TYPES = {"mushra": "mushra", "acr": "likert_single_stimulus", "abx": "paired_comparison"}


def export_webmushra(folder: Path, design: Design, sounds: Mapping[str, bytes]) -> Path:
    """Write a test for a webMUSHRA server into its folder ``configs``.

    The stimuli keep their random names, and so do the lines of webMUSHRA's results. The file
    ``conditions.csv`` says which system each name stands for.

    Parameters
    ----------
    folder : Path
        Its contents go into the folder ``configs`` of the server.
    design : Design
        Of method mushra, acr or abx.
    sounds : mapping of str to bytes
        From `celpvq.listening.read_page_sounds`.

    Returns
    -------
    Path
        The configuration.

    Raises
    ------
    ArgumentError
        If webMUSHRA has no such method.
    """
    if design.method not in _TYPES:
        raise ArgumentError(f"webmushra: expected a test of {', '.join(_TYPES)}, got "
                            f"{design.method}")  # fmt: skip
    make_folder(folder / AUDIO, "--out")
    trials = [*design.training, *design.trials.values()]
    for trial in trials:
        for name in trial.sounds:
            write_wav(folder / AUDIO / f"{name}.wav", read_flac(sounds[name]))
    pages: list[Any] = [_welcome(design), _volume(design.training[0])]
    pages += [_page(design, trial, "Training") for trial in design.training]
    shuffled = [_page(design, trial, "Trial") for trial in design.trials.values()]
    pages += [["random", *shuffled] for _ in range(design.repeats)]
    pages.append({
        "type": "finish", "name": "Thank you", "content": "Your answers are stored.",
        "showResults": False, "writeResults": True,
    })  # fmt: skip
    config = {
        "testname": design.title, "testId": f"celpvq_{design.test}", "bufferSize": 2048,
        "stopOnErrors": True, "showButtonPreviousPage": False,
        "remoteService": "service/write.php", "pages": pages,
    }  # fmt: skip
    path = folder / f"celpvq_{design.test}.yaml"
    write_file(path, ("\n".join(_yaml(config)) + "\n").encode())
    rows = [
        [f"t{trial.id}", trial.clip, f"s{name}", system]
        for trial in trials
        for name, system in trial.sounds.items()
    ]
    write_file(folder / "conditions.csv", csv_bytes(["trial", "clip", "sound", "system"], rows))
    return path


def _welcome(design: Design) -> dict[str, Any]:
    method = methods.get(design.method)
    text = "<br/><br/>".join([*method.instructions, "Use headphones, in a quiet room."])
    return {"type": "generic", "id": "welcome", "name": design.title, "content": text}


def _volume(trial: Trial) -> dict[str, Any]:
    return {
        "type": "volume", "id": "volume", "name": "Volume",
        "content": "Set the volume so that the speech is as loud as somebody who talks to you.",
        "stimulus": _path(next(iter(trial.sounds))), "defaultVolume": 0.5,
    }  # fmt: skip


def _page(design: Design, trial: Trial, name: str) -> dict[str, Any]:
    """Return the page of a trial."""
    method = methods.get(design.method)
    page: dict[str, Any] = {
        "type": _TYPES[design.method], "id": f"t{trial.id}", "name": name, "content": method.title,
    }  # fmt: skip
    if design.method == "acr":
        labels = [{"value": value, "label": label} for value, label in method.labels.items()]
        page |= {
            "mustRate": True, "mustPlayback": "ended", "response": labels,
            "stimuli": _stimuli(trial.systems),
        }  # fmt: skip
        return page
    page |= {"showWaveform": False, "enableLooping": True}
    if design.method == "abx":  # webMUSHRA compares each stimulus with the reference
        [base] = [name for name, system in trial.systems.items() if system == design.base]
        others = [name for name in trial.systems if name != base]
        return page | {"reference": _path(base), "stimuli": _stimuli(others)}
    versions = [name for name, system in trial.systems.items() if system != REFERENCE]
    return page | {  # webMUSHRA hides the reference by itself, and its anchors need 44.1 kHz
        "strict": False, "reference": _path(str(trial.reference)), "createAnchor35": False,
        "createAnchor70": False, "randomize": True, "showConditionNames": False,
        "stimuli": _stimuli(versions),
    }  # fmt: skip


def _stimuli(names: Iterable[str]) -> dict[str, str]:
    """Return the files of sounds by their names, which begin with a letter there."""
    return {f"s{name}": _path(name) for name in names}


def _path(name: str) -> str:
    return f"configs/{AUDIO}/{name}.wav"


def _yaml(value: Any, indent: int = 0) -> list[str]:
    """Return the lines of a value in YAML; texts stand in quotes, as in JSON."""
    pad = "  " * indent
    lines = []
    pairs = value.items() if isinstance(value, dict) else ((None, item) for item in value)
    for name, item in pairs:
        head = f"{pad}-" if name is None else f"{pad}{name}:"
        if isinstance(item, dict | list | tuple):
            lines += [head, *_yaml(item, indent + 1)]
        else:
            lines.append(f"{head} {json.dumps(item)}")
    return lines
