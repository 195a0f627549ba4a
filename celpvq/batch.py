"""Many signals or files in one call, in threads: the codec's kernels release the GIL."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from numpy.typing import ArrayLike, NDArray

from . import _threads, api
from .audio.arrays import check_int
from .codec.encoder.variable_rate import RateLike
from .codec.format.modes import SAMPLERATE
from .errors import ArgumentError, CelpvqError

T = TypeVar("T")
R = TypeVar("R")


def encode_batch(
    signals: Iterable[ArrayLike], samplerate: int, mode: RateLike = 6400,
    preset: str = "default", *, n_threads: int | None = None, **options: Any,
) -> list[bytes]:  # fmt: skip
    """Return each signal as the bytes of a ``.cvq`` file, in the order of the signals.

    Parameters
    ----------
    signals : iterable of array_like
        Signals as for `celpvq.encode`; each one is coded on its own.
    samplerate, mode, preset, **options
        As for `celpvq.encode`, the same for all signals.
    n_threads : int, optional
        Number of threads. By default, one per processor that this process may use.

    Returns
    -------
    list of bytes

    Raises
    ------
    ArgumentError, ArgumentTypeError
        As for `celpvq.encode`; the message gives the number of the first refused signal, from 0.
    """
    return _all(lambda x: api.encode(x, samplerate, mode, preset, **options), signals, n_threads)


def decode_batch(
    files: Iterable[bytes], samplerate: int | None = SAMPLERATE, dtype: str = "float32", *,
    n_threads: int | None = None, **options: Any,
) -> list[tuple[NDArray[Any], int]]:  # fmt: skip
    """Return the speech in the bytes of each ``.cvq`` file, in the order of the files.

    Parameters
    ----------
    files : iterable of bytes
        Whole files.
    samplerate, dtype, **options
        As for `celpvq.decode`, the same for all files.
    n_threads : int, optional
        Number of threads. By default, one per processor that this process may use.

    Returns
    -------
    list of (ndarray, int)
        Samples (n,) and their rate [Hz].

    Raises
    ------
    ArgumentError, ArgumentTypeError, FormatError, TruncatedStream, TablesError
        As for `celpvq.decode`; the message gives the number of the first refused file, from 0.
    """
    return _all(lambda data: api.decode(data, samplerate, dtype, **options), files, n_threads)


def _all(work: Callable[[T], R], items: Iterable[T], n_threads: int | None) -> list[R]:
    """Return ``work(item)`` for all items; errors name the item's number."""
    if n_threads is not None and check_int(n_threads, "n_threads") < 1:
        raise ArgumentError(f"n_threads: expected at least 1, got {n_threads}")

    def numbered(item: tuple[int, T]) -> R:
        number, value = item
        try:
            return work(value)
        except CelpvqError as error:
            raise type(error)(f"item {number}: {error}") from error

    return list(_threads.in_order(numbered, enumerate(items), n_threads))
