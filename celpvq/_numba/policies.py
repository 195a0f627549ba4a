"""`strict`, `fast` and `inlined`: the decorators that compile kernels.

By default a kernel neither allocates memory nor counts references, and an attempt does not compile:
its arrays are arguments, fields of records, or on the stack (`stack_array`). With
``allocates=True`` it may use numpy's functions that return arrays.

The code of a kernel becomes a part of each kernel above it, and is optimized again there. A large
kernel had better stand apart (``apart=True``): then it has machine code of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar, cast, overload

import numba

from . import cache, inner

P = ParamSpec("P")
R = TypeVar("R")


def _compile(func: Callable[P, R], apart: bool, **options: Any) -> Callable[P, R]:
    """Compile `func` when it is first called, with our cache."""
    options |= {"nogil": True, "error_model": "numpy"}
    options["no_cfunc_wrapper"] = True  # nothing in C calls a kernel, and each wrapper takes time
    jit: Any = numba.njit(**options)
    compiled = jit(func)
    if not numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
        cache.enable(compiled)
        if options.get("inline") != "always":
            inner.serve(compiled, options, stands_apart=apart)
    return cast("Callable[P, R]", compiled)


@dataclass(frozen=True)
class _Policy:
    """A decorator that compiles a kernel, with or without ``(allocates=True)`` and the like."""

    options: dict[str, Any]

    @overload
    def __call__(self, func: Callable[P, R], /) -> Callable[P, R]: ...
    @overload
    def __call__(
        self, /, *, allocates: bool = ..., apart: bool = ...
    ) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
    def __call__(
        self, func: Callable[P, R] | None = None, /, *, allocates: bool = False, apart: bool = False
    ) -> Any:
        if func is None:
            return lambda func: _compile(func, apart, _nrt=allocates, **self.options)
        return _compile(func, apart, _nrt=allocates, **self.options)


strict = _Policy({"fastmath": False})
"""Compile in strict IEEE order: the same result on every machine. All of the decoder is strict."""

fast = _Policy({"fastmath": {"reassoc", "contract", "arcp", "nsz"}})
"""Compile for speed: searches whose rounding no decoder sees.

Not plain ``fastmath=True``, which also promises that no NaN and no infinity occur.
"""

inlined = _Policy({"inline": "always"})
"""Compile within the callers, by their policy: for a part of a kernel that has one caller.

A kernel's code is optimized again in every kernel above it: long chains cost minutes.
"""
