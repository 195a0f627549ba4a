"""What all quantizers have in common: parameters, the fitted codebook, and its file."""

import inspect
import json
import zipfile
import zlib
from collections.abc import Mapping
from os import PathLike
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ArgumentError, FormatError, NotFittedError
from . import _check

Floats = NDArray[np.floating[Any]]


class VectorQuantizer:
    """A quantizer by the contract of scikit-learn.

    The constructor stores its parameters unchanged, `fit` checks them and ends in attributes with a
    trailing underscore. Subclasses name in `_fitted` those that a file keeps.
    """

    _fitted: ClassVar[tuple[str, ...]] = ("codebook_", "distortion_history_", "n_iter_")

    n_codewords: int
    codebook_: Floats

    @classmethod
    def _param_names(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters of the constructor; `deep` is there for scikit-learn's sake."""
        return {name: getattr(self, name) for name in self._param_names()}

    def set_params(self, **params: Any) -> Self:
        """Set parameters of the constructor; raise `ArgumentError` for one that there is not."""
        names = self._param_names()
        for name in params:
            if name not in names:
                raise ArgumentError(f"parameter: expected one of {', '.join(names)}, got {name!r}")
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self).__init__).parameters
        changed = [
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if np.ndim(value) > 0 or value != defaults[name].default
        ]
        return f"{type(self).__name__}({', '.join(changed)})"

    def _check_fitted(self) -> None:
        if not hasattr(self, "codebook_"):
            name = type(self).__name__
            raise NotFittedError(f"{name}: expected a fitted quantizer, got one before fit or load")

    def decode(self, indices: ArrayLike) -> Floats:
        """Return the codewords of `indices`.

        Parameters
        ----------
        indices : array_like of int, shape (n,)
            Rows of the codebook.

        Returns
        -------
        ndarray, shape (n, k)
            Their codewords.

        Raises
        ------
        ArgumentError
            If an index is not in the codebook.
        NotFittedError
            Before `fit`.
        """
        self._check_fitted()
        return self.codebook_[_check.indices(indices, len(self.codebook_))]

    def save(self, path: str | PathLike[str]) -> None:
        """Write parameters and results to the file `path`, a NumPy archive without pickles.

        A generator given as `random_state` is not kept; the loaded quantizer has None there.
        """
        self._check_fitted()
        params = json.dumps(self.get_params(), default=_plain)
        arrays: dict[str, Any] = {name: getattr(self, name) for name in self._fitted}
        with open(path, "wb") as file:
            np.savez(file, kind=type(self).__name__, params=params, **arrays)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        FormatError
            If the file is not one of this quantizer, is damaged, or holds a value not finite.
        OSError
            If the file cannot be read.
        """
        try:
            with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            kind = str(arrays["kind"])
            if kind != cls.__name__:
                raise FormatError(f"{path}: expected a file of {cls.__name__}, got {kind}")
            quantizer = cls(**json.loads(str(arrays["params"])))
            quantizer._restore(arrays)
        except FormatError:
            raise
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, KeyError, TypeError,
                AttributeError, NotImplementedError) as error:  # fmt: skip
            detail = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise FormatError(f"{path}: expected a saved {cls.__name__}, got {detail}") from error
        return quantizer

    def _restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take over the fitted attributes, checked."""
        for name in self._fitted:
            value = arrays[name]
            if value.dtype.kind not in "fi" or not np.isfinite(value).all():
                raise FormatError(f"{name}: expected finite numbers, got {value.dtype} with others")
            setattr(self, name, value.item() if value.ndim == 0 else value)
        shape = np.shape(self.codebook_)
        if len(shape) != 2 or shape[0] != self.n_codewords or shape[1] == 0:
            raise FormatError(f"codebook_: expected shape ({self.n_codewords}, k), got {shape}")


def _plain(value: Any) -> Any:
    """Return a parameter as JSON can hold it."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return None
