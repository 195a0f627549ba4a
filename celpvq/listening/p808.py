"""Export to crowdsourcing by ITU-T P.808: WAV files and the tables of its open toolkit."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from .._types import F64
from ..api import decode
from ..codec.format.modes import SAMPLERATE
from ..errors import ArgumentError
from ..lab.clips import message_paths
from ..lab.tabular import csv_bytes
from ..output import make_folder, write_file
from .anchors import Anchor
from .design import REFERENCE, Design, Trial
from .level import active_level
from .stimuli import read_flac
from .wavfiles import write_wav

BAD = Anchor("mnru", -5.0)  # so noisy that everybody answers "bad"
TRAP_S = 2.0  # speech before the message of a trapping clip
N_GOLD, N_TRAPPING = 4, 10
EXCELLENT = 5


def export_p808(folder: Path, design: Design, sounds: Mapping[str, bytes], url: str) -> list[Path]:
    """Write the clips and the tables of a test for the P.808 toolkit.

    Names of rated clips have the form ``c03_ID.wav``: the toolkit takes the number of the condition
    from them. ``conditions.csv`` says which system a number stands for.

    Parameters
    ----------
    folder : Path
    design : Design
        Of method acr or ccr.
    sounds : mapping of str to bytes
        From `celpvq.listening.read_page_sounds`.
    url : str
        Where the WAV files will be; the tables hold their addresses.

    Returns
    -------
    list of Path
        The tables.

    Raises
    ------
    ArgumentError
        If the method is another one.
    """
    if design.method not in ("acr", "ccr"):
        raise ArgumentError(f"p808: expected a test of acr, ccr, got {design.method}")
    make_folder(folder, "--out")
    export = _Export(folder, design, sounds, url.rstrip("/") + "/" if url else "")
    export.conditions()
    return export.acr() if design.method == "acr" else export.ccr()


class _Export:
    def __init__(self, folder: Path, design: Design, sounds: Mapping[str, bytes], url: str) -> None:
        self._folder, self._design, self._sounds, self._url = folder, design, sounds, url
        self._rng = np.random.default_rng([design.seed, 2])
        numbers = self._rng.permutation(len(design.systems)) + 1
        self._numbers = dict(zip(design.systems, map(int, numbers), strict=True))

    def conditions(self) -> None:
        """Write which number stands for which system."""
        rows = [[f"c{number:02d}", system] for system, number in self._numbers.items()]
        self._table("conditions.csv", ["condition", "system"], sorted(rows))

    def acr(self) -> list[Path]:
        """Write clips to rate, of training, with known answers, and with spoken answers."""
        trials = list(self._design.trials.values())
        rating = [[self._rated(trial)] for trial in trials]
        training = [[self._rated(trial)] for trial in self._design.training]
        return [
            self._table("rating_clips.csv", ["rating_clips"], rating),
            self._table("training_clips.csv", ["training_clips"], training),
            self._table("gold_clips.csv", ["gold_clips", "gold_clips_ans"], self._gold()),
            self._table("trapping_clips.csv", ["trapping_clips", "trapping_ans"], self._traps()),
        ]

    def ccr(self) -> list[Path]:
        """Write the clips of rating and training, each with the clip that it is compared with."""
        trials = self._design.trials.values()
        rating = [self._pair(trial) for trial in trials]
        training = [self._pair(trial) for trial in self._design.training]
        return [
            self._table("rating_clips.csv", ["rating_clips", "references"], rating),
            self._table("training_clips.csv", ["training_clips", "training_references"], training),
        ]

    def _rated(self, trial: Trial) -> str:
        [(name, system)] = trial.systems.items()
        return self._clip(f"c{self._numbers[system]:02d}_{name}", self._samples(name))

    def _pair(self, trial: Trial) -> list[str]:
        """Return the addresses of a sound and of its base."""
        names = sorted(trial.systems, key=lambda name: trial.systems[name] == self._design.base)
        number = self._numbers[trial.systems[names[0]]]
        return [
            self._clip(f"c{number:02d}_{names[0]}", self._samples(names[0])),
            self._clip(f"c00_{names[1]}", self._samples(names[1])),
        ]

    def _references(self) -> list[F64]:
        """Return the undamaged speech of each clip."""
        trials = self._design.trials.values()
        names = [n for t in trials for n, system in t.systems.items() if system == REFERENCE]
        return [self._samples(name) for name in sorted(names)]

    def _gold(self) -> list[list[str]]:
        """Return clips whose answer is clear: the reference, and one that is mostly noise."""
        rows = []
        for x in self._references()[:N_GOLD]:
            bad = _at_level(BAD.apply(x, self._rng), active_level(x))
            rows.append([self._clip(self._name(), x), str(EXCELLENT)])
            rows.append([self._clip(self._name(), bad), "1"])
        return rows

    def _traps(self) -> list[list[str]]:
        """Return clips that a message interrupts; the message names the answer to give."""
        messages = [decode(path.read_bytes())[0] for path in message_paths()]
        trials = list(self._design.trials.values())
        rows = []
        for i in range(N_TRAPPING):
            answer = i % len(messages)
            [name] = trials[i * len(trials) // N_TRAPPING].systems
            x = self._samples(name)
            message = _at_level(messages[answer], active_level(x))
            x = np.concatenate([x[: round(TRAP_S * SAMPLERATE)], message])
            rows.append([self._clip(self._name(), x), str(answer + 1)])
        return rows

    def _name(self) -> str:
        """Return a name that looks like that of a rated clip."""
        return f"c00_{self._rng.bytes(8).hex()}"

    def _samples(self, name: str) -> F64:
        return read_flac(self._sounds[name])

    def _clip(self, name: str, x: F64) -> str:
        """Write a WAV file, and return its address."""
        write_wav(self._folder / f"{name}.wav", x)
        return f"{self._url}{name}.wav"

    def _table(self, name: str, head: list[str], rows: list[list[str]]) -> Path:
        path = self._folder / name
        write_file(path, csv_bytes(head, rows))
        return path


def _at_level(x: F64, level_db: float) -> F64:
    """Return x (n,) at an active level; peaks of noise may exceed full scale."""
    return np.asarray(x * 10 ** ((level_db - active_level(x)) / 20))
