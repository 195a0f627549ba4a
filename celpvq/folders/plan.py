"""The plan of a run: its inputs, the names of its outputs, and all settings."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._version import __version__
from ..errors import ArgumentError, OutputExistsError
from .entries import Entry, Source
from .estimate import Estimate
from .naming import Names, check_apart, ignores_case, output_name, seed_of
from .work import Work
from .worker import Item


@dataclass(frozen=True)
class Plan:
    """The inputs of a run and their outputs."""

    source: Source
    out: Path  # absolute
    work: Work
    seed: int
    endings: tuple[str, ...]
    keep_endings: bool

    def settings(self) -> dict[str, Any]:
        """Return all that the outputs depend on, besides the inputs, as JSON values."""
        return {
            "version": __version__,
            **self.work.settings(),
            "seed": self.seed,
            "endings": list(self.endings),
            "keep_endings": self.keep_endings,
        }

    def output(self, entry: Entry) -> str:
        """Return the path of an output below the folder for outputs."""
        return output_name(entry, self.work.output_ending, keep_endings=self.keep_endings)

    def item(self, number: int, entry: Entry) -> Item:
        """Return the item of a file, which holds all that a worker needs."""
        seed = seed_of(self.seed, entry.key)
        return Item(number, entry.key, entry.path, self.output(entry), seed, entry.size)

    def survey(self, *, new: bool) -> tuple[int, Estimate]:
        """Go through all inputs; return their number, and an estimate of the sound in them.

        Parameters
        ----------
        new : bool
            Whether to refuse outputs that exist.

        Raises
        ------
        ArgumentError
            If there is no input, if two outputs would have the same name, or if the folders for
            inputs and outputs are not apart.
        OutputExistsError
            If an output exists.
        """
        if self.source.kind == "folder":
            check_apart(self.source.name, self.out)
        names, estimate = Names(ignore_case=ignores_case(self.out)), Estimate()
        n = 0
        new = new and any(self.out.iterdir())
        for entry in self.source:
            name = self.output(entry)
            if new and os.path.lexists(self.out / name):
                raise OutputExistsError(f"{self.out / name}: exists already; --force replaces it")
            names.add(name)
            estimate.add(entry)
            n += 1
        names.check((entry.key, self.output(entry)) for entry in self.source)
        if not n:
            wanted = f" with the ending {' '.join(self.endings)}"
            of_kind = wanted if self.source.kind == "folder" else ""
            raise ArgumentError(f"{self.source.name}: expected files{of_kind}, got none")
        return n, estimate
