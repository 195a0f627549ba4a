"""The contract of a scikit-learn estimator, kept without importing scikit-learn."""

import inspect
import sys
from importlib import import_module
from typing import Any, Self

import numpy as np

from ..errors import ArgumentError, NotFittedError


class Estimator:
    """An object with the parameters of its constructor as attributes, unchanged.

    ``fit`` checks them and ends in attributes with a trailing underscore.
    """

    @classmethod
    def _param_names(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters of the constructor.

        Parameters
        ----------
        deep : bool
            Ignored: no parameter has parameters of its own.

        Returns
        -------
        dict of str to any
            The parameters by name.
        """
        return {name: getattr(self, name) for name in self._param_names()}

    def set_params(self, **params: Any) -> Self:
        """Set parameters of the constructor.

        Returns
        -------
        Self
            Itself.

        Raises
        ------
        ArgumentError
            If the constructor has no parameter of such a name.
        """
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

    def __sklearn_tags__(self) -> Any:
        """Return the tags of a transformer; only scikit-learn calls this."""
        utils = import_module("sklearn.utils")
        return utils.Tags(
            estimator_type=None,
            target_tags=utils.TargetTags(required=False),
            transformer_tags=utils.TransformerTags(preserves_dtype=[]),
        )


def not_fitted(message: str) -> NotFittedError:
    """Return the error; where scikit-learn is loaded, it is also an instance of its own class."""
    exceptions = sys.modules.get("sklearn.exceptions")
    if exceptions is None:
        return NotFittedError(message)
    bases = (NotFittedError, exceptions.NotFittedError)
    members = {"__doc__": NotFittedError.__doc__, "__reduce__": lambda _: (not_fitted, (message,))}
    return type("NotFittedError", bases, members)(message)  # type: ignore[no-any-return]
