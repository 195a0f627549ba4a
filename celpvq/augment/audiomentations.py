"""A telephone line as a transform of audiomentations."""

import random
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from .._packages import needed_by
from ._lines import as_line
from .drawn_line import DrawnLine
from .line import TelephoneLine

with needed_by("celpvq.augment.audiomentations", "audiomentations"):
    from audiomentations.core.transforms_interface import BaseWaveformTransform


class ApplyTelephoneLine(BaseWaveformTransform):
    """Pass sound through a telephone line.

    Parameters
    ----------
    line : TelephoneLine, or dict as made by `TelephoneLine.to_dict`
        The lines that may occur; the attribute of this name is a dict.
    p : float
        Probability that the transform is applied.

    Notes
    -----
    The seed comes from Python's ``random``, as for all transforms of audiomentations.
    ``parameters["line"]`` describes the last line: `DrawnLine.from_dict` returns it.
    """

    supports_multichannel = True

    def __init__(self, line: TelephoneLine | Mapping[str, Any] | None = None, p: float = 0.5):
        super().__init__(p)
        self._line = as_line(line)
        self.line = self._line.to_dict()

    def randomize_parameters(self, samples: NDArray[Any], sample_rate: int) -> None:
        """Draw whether there is a line, and which one."""
        super().randomize_parameters(samples, sample_rate)
        if self.parameters["should_apply"]:
            self.parameters["line"] = self._line.draw(random.getrandbits(32)).to_dict()

    def apply(self, samples: NDArray[Any], sample_rate: int) -> NDArray[Any]:
        """Return samples, (n,) or (n_channels, n), after the line."""
        return DrawnLine.from_dict(self.parameters["line"])(samples, sample_rate)
