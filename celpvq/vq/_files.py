"""Files of fitted quantizers: NumPy archives without pickles."""

import json
import zipfile
import zlib
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FormatError

if TYPE_CHECKING:
    from .base import VectorQuantizer

Arrays = dict[str, NDArray[Any]]
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, KeyError, TypeError,
           AttributeError, NotImplementedError)  # fmt: skip


def save(quantizer: "VectorQuantizer", path: str | PathLike[str]) -> None:
    """Write parameters and fitted attributes of `quantizer` to the file `path`."""
    params = json.dumps(quantizer.get_params(), default=_plain)
    arrays: dict[str, Any] = {}
    for name in quantizer._fitted:
        value = getattr(quantizer, name)
        if isinstance(value, tuple):
            arrays |= {f"{name}{i}": part for i, part in enumerate(value)}
        elif value is not None:
            arrays[name] = value
    with open(path, "wb") as file:
        np.savez(file, kind=type(quantizer).__name__, params=params, **arrays)


def load(quantizer: "type[VectorQuantizer]", path: str | PathLike[str]) -> Any:
    """Return the quantizer in the file `path`, which must be of the class `quantizer`."""
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        kind = str(arrays["kind"])
        if kind != quantizer.__name__:
            raise FormatError(f"{path}: expected a file of {quantizer.__name__}, got {kind}")
        loaded = quantizer(**json.loads(str(arrays["params"])))
        for name in loaded._fitted:
            setattr(loaded, name, _attribute(name, arrays, name in loaded._optional))
        loaded._check_restored()
    except FormatError:
        raise
    except _DAMAGE as error:
        detail = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise FormatError(f"{path}: expected a saved {quantizer.__name__}, got {detail}") from error
    return loaded


def check_shape(name: str, value: Any, expected: tuple[int | str, ...]) -> None:
    """Raise `FormatError` unless `value` has the shape `expected`; a name there is any size > 0."""
    got = np.shape(value)
    if len(got) != len(expected) or any(
        size == 0 if isinstance(want, str) else size != want
        for size, want in zip(got, expected, strict=True)
    ):
        shape = ", ".join(map(str, expected))
        raise FormatError(f"{name}: expected shape ({shape}), got {got}")


def _attribute(name: str, arrays: Arrays, optional: bool) -> Any:
    """Return a fitted attribute: a number, an array, a tuple of arrays, or None if `optional`."""
    if f"{name}0" in arrays:
        n_parts = sum(key.startswith(name) for key in arrays)
        return tuple(_finite(f"{name}{i}", arrays) for i in range(n_parts))
    if optional and name not in arrays:
        return None
    value = _finite(name, arrays)
    return value.item() if value.ndim == 0 else value


def _finite(name: str, arrays: Arrays) -> NDArray[Any]:
    value = arrays[name]
    if value.dtype.kind not in "fi" or not np.isfinite(value).all():
        raise FormatError(f"{name}: expected finite numbers, got {value.dtype} with others")
    return value


def _plain(value: Any) -> Any:
    """Return a parameter as JSON can hold it."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return None
