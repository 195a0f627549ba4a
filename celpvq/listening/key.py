"""The key of a test: a JSON file that says which system each sound comes from."""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from ..errors import FormatError
from ..output import write_file
from . import methods
from .design import Design, Trial
from .untrusted import read_object, require

FORMAT, VERSION = "celpvq-listening-key", 1


def write_key(path: Path, design: Design) -> None:
    """Write the key of a test; see `read_key`."""
    key = {"format": FORMAT, "version": VERSION, **asdict(design)}
    write_file(path, (json.dumps(key, indent=1, ensure_ascii=False) + "\n").encode())


def read_key(path: Path) -> Design:
    """Return the design in a key file.

    Raises
    ------
    FormatError
        If it is not a key, or was changed to one that no test has.
    """
    data = read_object(path)
    require(data.get("format") == FORMAT, f"{path}: expected the key of a listening test")
    version = data.get("version")
    require(version == VERSION, f"{path}: expected a key of version {VERSION}, got {version!r}")
    try:
        design = _design(data)
        methods.get(design.method)
        trials = [*design.trials.values(), *design.training]
        known = {*design.systems, design.base}
        sound = (
            trials and design.trials and len(design.trials) == sum(map(len, design.blocks))
            and all(set(trial.systems.values()) <= known for trial in trials)
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FormatError(f"{path}: damaged key: {type(error).__name__}: {error}") from None
    require(bool(sound), f"{path}: damaged key: its trials and its systems do not agree")
    return design


def _design(data: Mapping[str, Any]) -> Design:
    values = {field.name: data[field.name] for field in fields(Design)}
    for name in ("systems", "anchors", "clips"):
        values[name] = tuple(str(value) for value in values[name])
    values["blocks"] = tuple(tuple(map(_trial, block)) for block in data["blocks"])
    values["training"] = tuple(map(_trial, data["training"]))
    for name in ("test", "method", "title", "base"):
        values[name] = str(values[name])
    for name in ("seed", "repeats"):
        values[name] = int(values[name])
    return Design(**values)


def _trial(data: Mapping[str, Any]) -> Trial:
    systems = {str(name): str(system) for name, system in data["systems"].items()}
    return Trial(str(data["id"]), str(data["clip"]), systems, data["reference"])
