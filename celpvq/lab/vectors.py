"""Vectors to design a quantizer for: a NumPy file, or the LSF of a folder of speech."""

import random
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .._threads import in_order
from .._types import F64, Floats
from ..codec.format.modes import LPC_ORDER
from ..errors import ArgumentError, FormatError
from ..training.corpus import Clip, find_clips, hold_back
from ..training.lsf_books import analyze

_CHECKED = 65536  # rows at a time


class Vectors(NamedTuple):
    """Vectors to design a quantizer for, and others to test it on."""

    train: Floats  # (n, k)
    test: Floats  # (m, k) held back; m may be 0
    name: str  # title of the data


def read_vectors(
    path: Path, held_back: float, seed: int, limit: int, *, in_time: bool = False
) -> Vectors:
    """Return the vectors of a file or a folder, some of them held back.

    Parameters
    ----------
    path : Path
        A file ``.npy`` with an array (n, k) of numbers, or a folder of speech, whose frames give
        their LSF [radians]. Of a file, only the drawn rows are read.
    held_back : float
        Share to hold back [0 to less than 1]: of the rows of a file, or of the recordings of a
        folder. Recordings are held back by speaker if more than one is known.
    seed : int
        Seed of the random draws [>= 0].
    limit : int
        Largest number of vectors [> 0]. They are rows spread over the file, or the frames of
        recordings drawn at random.
    in_time : bool
        Whether the order of the rows matters. Then the first rows of a file are taken, and the
        last of these are held back.

    Raises
    ------
    ArgumentError
        If the array has another shape or is not finite, or if there is too little to hold back.
    FormatError
        If the file is not an array, or damaged.
    SoundFileError, OSError
        If a file cannot be read.
    """
    read = _speech if path.is_dir() else _rows
    vectors = read(path, held_back, seed, limit, in_time)
    if len(vectors.train) == 0:
        raise ArgumentError(f"{path}: expected vectors to design the quantizer for, got none")
    return vectors


def _rows(path: Path, held_back: float, seed: int, limit: int, in_time: bool) -> Vectors:
    rows = _open(path)
    n = min(len(rows), limit)
    n_held = round(held_back * n)
    rng = np.random.default_rng(seed)
    held = np.zeros(n, bool)
    if in_time:
        taken = np.arange(n)
        held[n - n_held :] = True
    else:  # one row of each of n equal parts, in their order
        each, longer = divmod(len(rows), n)
        edges = np.arange(n + 1) * each + np.minimum(np.arange(n + 1), longer)
        taken = rng.integers(edges[:-1], edges[1:])
        held[rng.permutation(n)[:n_held]] = True
    train, test = (_read(path, rows, part) for part in (taken[~held], taken[held]))
    return Vectors(train, test, f"{path.name}, {rows.dtype} of shape {rows.shape}")


def _open(path: Path) -> Floats:
    """Return the array in a file, mapped into memory; nothing is unpickled."""
    try:
        rows: Floats = np.lib.format.open_memmap(path, mode="r")
    except (ValueError, EOFError, OverflowError) as error:
        detail = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise FormatError(f"{path}: expected an array of numbers (.npy): {detail}") from error
    if rows.dtype.kind not in "fiub":
        raise ArgumentError(f"{path}: expected real numbers, got {rows.dtype}")
    if rows.ndim != 2 or 0 in rows.shape:
        raise ArgumentError(f"{path}: expected shape (n, k), neither of them 0, got {rows.shape}")
    return rows


def _read(path: Path, rows: Floats, taken: np.ndarray) -> Floats:
    """Return the rows that are taken; raise an error if one is not finite."""
    dtype = np.float32 if rows.dtype == np.float32 else np.float64
    part = np.empty((len(taken), rows.shape[1]), dtype)
    for start in range(0, len(taken), _CHECKED):
        some = taken[start : start + _CHECKED]
        part[start : start + _CHECKED] = rows[some]
        finite = np.isfinite(part[start : start + _CHECKED]).all(axis=1)
        if not finite.all():
            raise ArgumentError(
                f"{path}: expected finite values, got others in row {some[np.argmin(finite)]}"
            )
    return part


def _speech(folder: Path, held_back: float, seed: int, limit: int, _in_time: bool) -> Vectors:
    clips = find_clips(folder)
    kept, held = hold_back(clips, held_back, seed)
    rng = random.Random(seed)  # noqa: S311 - not a secret
    if held_back > 0 and not held:  # at most one speaker is known
        n_held = max(round(held_back * len(clips)), 1)
        rng.shuffle(clips)
        kept, held = clips[n_held:], clips[:n_held]
    if not kept:
        raise ArgumentError(
            f"{folder}: expected two recordings or more, to hold one back, got {len(clips)}"
        )
    n_held = round(limit * held_back)
    train, test = (audible_lsf(rng.sample(some, len(some)), n)
                   for some, n in ((kept, limit - n_held), (held, n_held)))  # fmt: skip
    return Vectors(train, test, f"LSF of {folder.name}, {len(kept)} + {len(held)} recordings")


def audible_lsf(clips: list[Clip], limit: int) -> F64:
    """Return the LSF (n, p) of the first audible frames of recordings, at most `limit`."""

    def audible(clip: Clip) -> F64:
        spectra = analyze([clip.read()])
        return spectra.lsf[spectra.weight[:, 0] > 0]

    parts, n = [np.empty((0, LPC_ORDER))], 0
    for lsf in in_order(audible, clips):
        parts.append(lsf)
        n += len(lsf)
        if n >= limit:
            break
    return np.concatenate(parts)[:limit]
