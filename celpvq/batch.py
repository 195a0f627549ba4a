"""Many signals or files in one call, in threads: the codec's kernels release the GIL."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from numpy.typing import ArrayLike, NDArray

from . import _threads, api
from .codec.format.modes import SAMPLERATE, Mode
from .errors import ArgumentError, ArgumentTypeError, CelpvqError

T = TypeVar("T")
R = TypeVar("R")


def encode_batch(
    signals: Iterable[ArrayLike], samplerate: int, mode: int | Mode = 6400,
    preset: str = "default", *, n_threads: int | None = None, **options: Any,
) -> list[bytes]:  # fmt: skip
    """Return each signal as the bytes of a ``.cvq`` file, in the order of the signals.

    Parameters
    ----------
    signals : iterable of array_like
        What `celpvq.encode` takes; each is coded on its own.
    samplerate, mode, preset, **options
        As for `celpvq.encode`, the same for all.
    n_threads : int, optional
        Threads at work; default: as many as this process may use processors.

    Returns
    -------
    list of bytes

    Raises
    ------
    ArgumentError, ArgumentTypeError
        As `celpvq.encode` does for the first signal that it refuses, whose number the message
        gives, from 0; or if `n_threads` is none.
    """
    return _all(lambda x: api.encode(x, samplerate, mode, preset, **options), signals, n_threads)


def decode_batch(
    files: Iterable[bytes], dtype: str = "float32", samplerate: int | None = SAMPLERATE, *,
    n_threads: int | None = None, **options: Any,
) -> list[tuple[NDArray[Any], int]]:  # fmt: skip
    """Return the speech in the bytes of each ``.cvq`` file, in the order of the files.

    Parameters
    ----------
    files : iterable of bytes
        Whole files.
    dtype, samplerate, **options
        As for `celpvq.decode`, the same for all.
    n_threads : int, optional
        Threads at work; default: as many as this process may use processors.

    Returns
    -------
    list of (ndarray, int)
        Samples (n,) and their rate [Hz].

    Raises
    ------
    FormatError, TruncatedStream, TablesError
        As `celpvq.decode` does for the first file that it refuses, whose number the message
        gives, from 0.
    ArgumentError, ArgumentTypeError
        If `n_threads` or another argument has no such value.
    """
    return _all(lambda data: api.decode(data, dtype, samplerate, **options), files, n_threads)


def _all(work: Callable[[T], R], items: Iterable[T], n_threads: int | None) -> list[R]:
    """Return what work makes of each item; a refusal tells the item's number."""
    if n_threads is None:
        n_threads = _threads.n_threads()
    if not isinstance(n_threads, int):
        raise ArgumentTypeError(f"n_threads: expected an integer, got {type(n_threads).__name__}")
    if n_threads < 1:
        raise ArgumentError(f"n_threads: expected at least 1, got {n_threads}")

    def numbered(item: tuple[int, T]) -> R:
        number, value = item
        try:
            return work(value)
        except CelpvqError as error:
            raise type(error)(f"item {number}: {error}") from error

    return list(_threads.in_order(numbered, enumerate(items), n_threads))
