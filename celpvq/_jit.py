"""The two compile policies, `part` that takes its caller's, and a cache without stale code.

numba's cache does not notice that a called kernel in another file changed, nor that bounds checks
were asked for: one folder per state of the sources serves tests, tools and users' upgrades alike.
"""

import functools
import hashlib
import os
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


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


def _cached_njit(func: Callable[P, R], **options: Any) -> Callable[P, R]:
    """Compile `func` with its cache in `CACHE_DIR`; numba's own setting is left as it was."""
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
    warnings.warn(f"celpvq: damaged cache {CACHE_DIR}, compiling anew", stacklevel=2)


def _survive_damage(compiled: Any) -> None:
    """Let a damaged cache file be as good as none; numba itself fails at each call, for ever."""
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


def kernel(func: Callable[P, R], **options: Any) -> Callable[P, R]:
    """Compile `func` in strict IEEE order: the same result on every machine."""
    return _cached_njit(func, fastmath=False, **options)


def search(func: Callable[P, R], **options: Any) -> Callable[P, R]:
    """Compile `func` for speed: inner products whose rounding nobody sees.

    Not plain ``fastmath=True``: that also promises that no NaN and no infinity occur.
    """
    return _cached_njit(func, fastmath={"reassoc", "contract", "arcp", "nsz"}, **options)


def part(func: Callable[P, R], **options: Any) -> Callable[P, R]:
    """Compile `func` within its callers, by their policy; for what one kernel calls, in one place.

    A kernel's code is optimized again in every kernel above it: long chains cost minutes.
    """
    return _cached_njit(func, inline="always", **options)
