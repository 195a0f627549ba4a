"""A telephone line as a perturbation of NeMo."""

import random
from collections.abc import Mapping
from typing import Any

import numpy as np

from .._packages import needed_by
from ._lines import as_line
from .line import TelephoneLine

NAME = "telephone_line"


class TelephoneLinePerturbation:
    """Pass the samples of an ``AudioSegment`` through a telephone line, in place.

    It has the methods of NeMo's ``Perturbation`` and needs no NeMo itself.

    Parameters
    ----------
    line : TelephoneLine, or dict as made by `TelephoneLine.to_dict`
        The lines that may occur.
    rng : int, optional
        Seed of Python's ``random``, as for all perturbations of NeMo. By default the state of
        ``random`` stays as it is.

    Attributes
    ----------
    last_line : DrawnLine or None
        The line of the last segment.
    """

    def __init__(
        self, line: TelephoneLine | Mapping[str, Any] | None = None, rng: int | None = None
    ) -> None:
        self._line = as_line(line)
        self.last_line: Any = None
        if rng is not None:
            random.seed(rng)

    def max_augmentation_length(self, length: float) -> float:
        """Return the length of the result, which is `length`."""
        return length

    def perturb(self, data: Any) -> None:
        """Replace ``data._samples``, (n,) or (n, n_channels), at ``data.sample_rate`` [Hz]."""
        self.last_line = self._line.draw(random.getrandbits(32))
        samples = np.asarray(data._samples)
        data._samples = self.last_line(samples.T, data.sample_rate).T


def register(name: str = NAME) -> None:
    """Make the perturbation known to NeMo's configuration files, once.

    Raises
    ------
    MissingPackageError
        If NeMo is not installed.
    """
    with needed_by("celpvq.augment.nemo.register", "nemo-toolkit[asr]"):
        from nemo.collections.asr.parts.preprocessing import perturb
    if perturb.perturbation_types.get(name) is not TelephoneLinePerturbation:
        perturb.register_perturbation(name, TelephoneLinePerturbation)
