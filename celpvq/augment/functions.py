"""Plain functions for frameworks that map a function over a data set.

Each one is pure and can be pickled: datasets, WebDataset and tf.data may call it in any process and
in any order. Most of them pass no seed, so the seed comes from the samples: the same samples always
pass the same line. Another `seed` gives another line to each sound, for instance in every epoch.
"""

import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._lines import as_line
from .line import TelephoneLine
from .parameters import check_seed


def augment_array(
    samples: ArrayLike, line: TelephoneLine | Mapping[str, Any], samplerate: int, *, seed: int = 0
) -> NDArray[Any]:
    """Return samples after a line that depends on the samples and on `seed`.

    Parameters
    ----------
    samples : array_like, shape (n,) or (n_channels, n)
        Floats, full scale 1, or int16.
    line : TelephoneLine, or dict as made by `TelephoneLine.to_dict`
        The lines that may occur.
    samplerate : int
        Rate of `samples` [Hz].
    seed : int
        Seed of the random numbers, together with the samples.

    Returns
    -------
    ndarray
        Of the shape and the type of `samples`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        As `TelephoneLine` does.
    """
    array = np.ascontiguousarray(samples)
    content = zlib.crc32(array.tobytes())
    return as_line(line)(array, samplerate, seed=check_seed(seed) << 32 | content)


def augment_example(
    example: Mapping[str, Any], line: TelephoneLine | Mapping[str, Any], *,
    column: str = "audio", seed: int = 0,
) -> dict[str, Any]:  # fmt: skip
    """Return a copy of an example of Hugging Face datasets with other sound.

    Parameters
    ----------
    example : mapping
        Its entry `column` has the keys ``"array"`` and ``"sampling_rate"``.
    line, seed
        As for `augment_array`.
    column : str
        Name of the column with the sound.

    Returns
    -------
    dict
        The example; its entry `column` is a dict with the same two keys.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        As `TelephoneLine` does.
    """
    sound = example[column]
    samplerate = sound["sampling_rate"]
    array = augment_array(sound["array"], line, samplerate, seed=seed)
    return {**example, column: {"array": array, "sampling_rate": samplerate}}
