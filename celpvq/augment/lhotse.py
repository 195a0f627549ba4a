"""Telephone lines for lhotse: a transform of recordings, and codecs for ``narrowband``.

Importing this module makes both known to lhotse. A process that reads manifests with such
transforms has to import it, too.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from numpy.typing import NDArray

from .._packages import needed_by
from ..codec.format.modes import SAMPLERATE, modes
from ..errors import ArgumentTypeError
from ._lines import as_line
from .line import TelephoneLine
from .parameters import check_seed

with needed_by("celpvq.augment.lhotse", "lhotse"):
    from lhotse.augmentation import AudioTransform
    from lhotse.augmentation import torchaudio as narrowband
    from lhotse.utils import fastcopy


@dataclass
class TelephoneLineTransform(AudioTransform):
    """Pass a recording through a telephone line whenever it is loaded.

    Parameters
    ----------
    line : dict
        The lines that may occur, as made by `TelephoneLine.to_dict`; a `TelephoneLine` becomes one.
    seed : int
        The seed that selects a line.
    """

    line: Any
    seed: int

    def __post_init__(self) -> None:
        self.line = as_line(self.line).to_dict()
        self.seed = check_seed(self.seed)

    def __call__(self, samples: NDArray[Any], sampling_rate: int) -> NDArray[Any]:
        """Return samples, (n_channels, n), after the line."""
        return as_line(self.line)(samples, sampling_rate, seed=self.seed)

    def reverse_timestamps(
        self, offset: float, duration: float | None, sampling_rate: int | None
    ) -> tuple[float, float | None]:
        """Return `offset` and `duration` as they are: the line does not move sound in time."""
        return offset, duration


def telephone_line(
    cut: Any, line: TelephoneLine | Mapping[str, Any], *, seed: int = 0, affix_id: bool = True
) -> Any:
    """Return a cut whose recording passes a telephone line whenever it is loaded.

    The line depends on `seed` and on the name of the recording, so all cuts of a recording have the
    same line. For a set of cuts: ``cuts.map(partial(telephone_line, line=line))``.

    Parameters
    ----------
    cut : MonoCut or MultiCut
        A cut with a recording; features that were computed before are detached.
    line : TelephoneLine, or dict as made by `TelephoneLine.to_dict`
        The lines that may occur.
    seed : int
        Seed of the random numbers, together with the name of the recording.
    affix_id : bool
        Whether the names of cut and recording get the ending ``_line``.

    Raises
    ------
    ArgumentTypeError
        If the cut has no recording of its own, as one that is mixed.
    """
    recording = getattr(cut, "recording", None)
    if recording is None:
        raise ArgumentTypeError(
            f"cut: expected a cut with a recording, got {type(cut).__name__};"
            " apply the line before mixing"
        )
    name = zlib.crc32(recording.id.encode())
    transform = TelephoneLineTransform(line, check_seed(seed) << 32 | name)
    ending = "_line" if affix_id else ""
    coded = fastcopy(
        recording,
        id=recording.id + ending,
        transforms=[*(recording.transforms or []), transform.to_dict()],
    )
    supervisions = [
        fastcopy(s, id=s.id + ending, recording_id=s.recording_id + ending)
        for s in cut.supervisions
    ]
    return fastcopy(
        cut, id=cut.id + ending, recording=coded, supervisions=supervisions, features=None
    )


class NarrowbandCodec:
    """A mode of the codec for lhotse's ``narrowband``, which resamples to 8 kHz and back.

    Parameters
    ----------
    mode : int
        Bit rate [bit/s].
    """

    def __init__(self, mode: int) -> None:
        self._line = TelephoneLine(mode=mode)

    def __call__(self, samples: Any) -> Any:
        """Return samples, a tensor (n_channels, n) at 8 kHz, after the codec."""
        return samples.new_tensor(self._line(samples.numpy(), SAMPLERATE, seed=0))


def register() -> None:
    """Add the codecs ``celpvq-4800`` to ``celpvq-8000`` to lhotse's table; importing does it."""
    for mode in modes():
        narrowband.CODECS[f"celpvq-{mode.bitrate}"] = partial(NarrowbandCodec, mode.bitrate)


register()
