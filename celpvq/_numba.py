"""How kernels are compiled, and all that this takes from the inside of numba.

`strict`, `fast` and `inlined` are the policies. By default a kernel neither allocates memory nor
counts references, and an attempt does not compile: its arrays are arguments, fields of records, or
on the stack (`stack_array`). With ``allocates=True`` it may use numpy's functions that return
arrays.

numba's cache does not notice that a called kernel in another file changed, nor that bounds checks
were asked for. One folder per state of the sources serves tests, tools and users' upgrades alike.

numba does not promise the names that begin with an underscore here, nor those of `numba.core`; a
test goes through them one by one, so that a new version of numba names the one that it changed.
"""

import functools
import hashlib
import os
import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar, cast, overload

import numba
import numpy as np
import numpy.typing as npt
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import arrayobj

from ._types import F64

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T", bound=np.generic)

# numba does not give their types
_alloca: Any = cgutils.alloca_once
_make_array: Any = arrayobj.make_array
_populate_array: Any = arrayobj.populate_array
_Omitted: Any = types.Omitted

_ALIGNMENT = 64  # bytes: a cache line, and the longest vector register


def _user_cache_dir() -> Path:
    """Return a folder of our own for caches: CELPVQ_CACHE, the user's, or one that ends with us."""
    home = Path(os.path.expanduser("~"))
    if sys.platform == "darwin":
        user = home / "Library" / "Caches"
    elif sys.platform == "win32":
        user = Path(os.environ.get("LOCALAPPDATA", home))
    else:
        user = Path(os.environ.get("XDG_CACHE_HOME", home / ".cache"))
    chosen = Path(os.environ.get("CELPVQ_CACHE", user / "celpvq"))
    for folder in (chosen, _shared_temporary_dir()):
        if not folder.is_absolute():  # no home, or a setting that would move with the process
            continue
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
            # the cache is loaded as code: a folder that somebody else owns is not ours to trust
            if not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid():
                return folder
        except OSError:
            continue
    return Path(tempfile.mkdtemp(prefix="celpvq-"))


def _shared_temporary_dir() -> Path:
    """Return the temporary folder that all processes of this user share."""
    user = os.getuid() if hasattr(os, "getuid") else "user"
    return Path(tempfile.gettempdir()) / f"celpvq-{user}"


def _cache_key() -> str:
    """Return a hash of all sources with kernels, numba's version and whether bounds are checked."""
    here = Path(__file__)
    folders = ("codec", "training", "vq")
    sources = [here, *sorted(p for f in folders for p in (here.parent / f).rglob("*.py"))]
    key = hashlib.sha256(b"".join(p.read_bytes() for p in sources))
    key.update(f"{numba.__version__} {numba.config.BOUNDSCHECK}".encode())  # type: ignore[attr-defined]
    return key.hexdigest()[:16]


CACHE_DIR = _user_cache_dir() / _cache_key()


def is_compiled(kernel: str) -> bool:
    """Return whether the cache holds a kernel, given as ``module.function``."""
    return any(CACHE_DIR.glob(f"*/{kernel}-*.nbi"))


def _compile(func: Callable[P, R], **options: Any) -> Callable[P, R]:
    """Compile `func` with its cache in `CACHE_DIR`; leave numba's own setting as it was."""
    outer = numba.config.CACHE_DIR  # type: ignore[attr-defined]
    numba.config.CACHE_DIR = str(CACHE_DIR)  # type: ignore[attr-defined]
    options["no_cfunc_wrapper"] = True  # nothing in C calls a kernel, and each wrapper takes time
    try:
        jit: Any = numba.njit(cache=True, nogil=True, error_model="numpy", **options)
        compiled = jit(func)
        _survive_damage(compiled)
        return cast("Callable[P, R]", compiled)
    finally:
        numba.config.CACHE_DIR = outer  # type: ignore[attr-defined]


@functools.cache  # once is enough, though every kernel may meet it
def _warn_of_damage() -> None:
    warnings.warn(f"celpvq: damaged cache {CACHE_DIR}, compiling again", stacklevel=2)


def _survive_damage(compiled: Any) -> None:
    """Treat a damaged cache file like a missing one; numba itself would fail at every call."""
    file = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
    if file is None:  # compilation is disabled
        return
    load = file.load

    def careful_load(key: Any) -> Any:
        try:
            return load(key)
        except Exception:  # unpickling garbage raises anything
            _warn_of_damage()
            file.flush()
            return None

    file.load = careful_load


@dataclass(frozen=True)
class _Policy:
    """A decorator that compiles a kernel, with or without ``(allocates=True)``."""

    options: dict[str, Any]

    @overload
    def __call__(self, func: Callable[P, R], /) -> Callable[P, R]: ...
    @overload
    def __call__(self, /, *, allocates: bool) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
    def __call__(self, func: Callable[P, R] | None = None, /, *, allocates: bool = False) -> Any:
        if func is None:
            return lambda func: _compile(func, _nrt=allocates, **self.options)
        return _compile(func, _nrt=allocates, **self.options)


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


@intrinsic(prefer_literal=True)
def _stack_array(_: Any, shape: Any, dtype: Any = None) -> Any:
    counts: Any = shape if isinstance(shape, types.BaseTuple) else [shape]
    sizes = [n.literal_value for n in counts]
    result = types.Array(types.float64 if dtype is None else dtype.dtype, len(sizes), "C")

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        def number(n: int) -> Any:
            return context.get_constant(types.intp, n)

        item = context.get_data_type(result.dtype)
        itemsize = context.get_abi_sizeof(item)
        data = _alloca(builder, item, size=number(int(np.prod(sizes))))
        data.align = _ALIGNMENT
        array = _make_array(result)(context, builder)
        _populate_array(
            array, data=data, meminfo=None, itemsize=number(itemsize),
            shape=[number(n) for n in sizes],
            strides=[number(itemsize * int(np.prod(sizes[i + 1 :]))) for i in range(len(sizes))],
        )  # fmt: skip
        return array._getvalue()

    return result(shape, _Omitted(None) if dtype is None else dtype), generate


class _StackArray(Protocol):
    """Return an array on the kernel's stack, of a constant shape, not initialized."""

    @overload
    def __call__(self, shape: int | tuple[int, int]) -> F64: ...
    @overload
    def __call__(self, shape: int | tuple[int, int], dtype: type[T]) -> npt.NDArray[T]: ...


_uncompiled = numba.config.DISABLE_JIT  # type: ignore[attr-defined]
stack_array = cast("_StackArray", np.empty if _uncompiled else _stack_array)
