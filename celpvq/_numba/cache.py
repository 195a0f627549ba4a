"""The cache of compiled kernels: shared by processes, and never a reason to fail.

The first process that needs a kernel compiles it; others wait for the result and load it. A damaged
file counts as a missing one, and a folder that cannot be written to costs time only.
"""

import contextlib
import functools
import hashlib
import os
import warnings
from pathlib import Path
from typing import Any

from numba.core import caching as numba_caching
from numba.core.compiler_lock import global_compiler_lock

from . import apart, folders, work
from .locks import locks_of

caching: Any = numba_caching  # it has no types


def is_compiled(kernel: str) -> bool:
    """Return whether the cache holds a kernel, given as ``module.function``."""
    places = (folders.CACHE_DIR, folders.SHIPPED_DIR)
    return any(any(place.glob(f"*/{kernel}-*.nbi")) for place in places if place)


@functools.cache
def _stamp(path: str) -> str:
    """Return a hash of a source file."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


class _Locator:
    """Where numba finds the cache of a kernel: below `CACHE_DIR`, a folder for each package.

    The place of an installation has no part in it, so that a copy of it may use the same cache.
    """

    def __init__(self, py_func: Any, py_file: str) -> None:
        self._py_file = py_file  # numba's messages have it
        self._line = py_func.__code__.co_firstlineno
        parent = Path(os.path.abspath(py_file)).parent
        if parent.is_relative_to(folders.PACKAGE):
            self._subfolder = ".".join(["celpvq", *parent.relative_to(folders.PACKAGE).parts])
        else:
            place = hashlib.sha256(str(parent).encode()).hexdigest()[:16]
            self._subfolder = f"{parent.name}_{place}"

    def below(self, folder: Path) -> str:
        return str(folder / self._subfolder)

    def get_cache_path(self) -> str:
        return self.below(folders.CACHE_DIR)

    def ensure_cache_path(self) -> None:
        os.makedirs(self.get_cache_path(), exist_ok=True)

    def get_source_stamp(self) -> str:
        return _stamp(self._py_file)

    def get_disambiguator(self) -> str:
        return str(self._line)

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> "_Locator | None":
        return cls(py_func, py_file) if os.path.exists(py_file) else None


class _Format(caching.CompileResultCacheImpl):  # type: ignore[misc]
    """How a kernel is stored: numba's form, with the calls of kernels that stand apart."""

    _locator_classes = [_Locator]  # noqa: RUF012  # numba's form

    def reduce(self, result: Any) -> Any:
        return apart.calls(result.library), super().reduce(result)

    def rebuild(self, target_context: Any, data: Any) -> Any:
        """Return the kernel; None if it calls code that has changed."""
        calls, own = data
        if not all(call.is_loaded() for call in calls):
            return None
        result = super().rebuild(target_context, own)
        result.library.calls = calls
        return result


class KernelCache(caching.FunctionCache):  # type: ignore[misc]
    """The cache of one kernel, in the form of numba's own caches."""

    _impl_class = _Format

    def __init__(self, dispatcher: Any, suffix: str) -> None:
        py_func = dispatcher.py_func
        super().__init__(py_func)
        name, locator = self._impl.filename_base + suffix, self._impl.locator
        places = filter(None, (folders.CACHE_DIR, folders.SHIPPED_DIR))
        stamp = locator.get_source_stamp()
        self._files = [caching.IndexDataCacheFile(locator.below(p), name, stamp) for p in places]
        self._cache_file = self._files[0]  # to which numba writes
        self._lock_name = f"{py_func.__module__}.{name}"
        self._name_in_plan = f"{py_func.__module__.removeprefix('celpvq.')}:{py_func.__qualname__}"
        self._is_entry = not suffix
        self._target_context = dispatcher.targetctx
        self.locks = locks_of(folders.CACHE_DIR)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the kernel compiled for the types `sig`; None asks the caller to compile it.

        In the second case, this process has the lock of the kernel, unless locks do not work.
        """
        target_context.refresh()
        found = self._load(sig, target_context)
        if found is None and self.locks.acquire(self._lock_name):
            found = self._load(sig, target_context)  # another process may have just compiled it
        if found is None and self._is_entry:
            work.prepare(self._name_in_plan, sig)
        return found

    def holds(self, sig: Any) -> bool:
        """Return whether a file has the kernel compiled for the types `sig`."""
        key = self._index_key(sig, self._target_context.codegen())
        with contextlib.suppress(Exception):  # damaged; `load_overload` tells
            return any(key in file._load_index() for file in self._files)
        return False

    def claim(self) -> bool:
        """Take the lock of the kernel; return False if another process has it."""
        return self.locks.try_to_acquire(self._lock_name)

    def _load(self, sig: Any, target_context: Any) -> Any:
        key = self._index_key(sig, target_context.codegen())
        for file in self._files:
            try:
                data = file.load(key)
                found = data and self._impl.rebuild(target_context, data)
                if found:
                    return found
            except OSError:  # as if there were no file
                continue
            except Exception:  # unpickling garbage raises anything
                _warn(f"damaged cache {folders.CACHE_DIR}, compiling again")
                try:
                    file.flush()
                except OSError:
                    continue
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a compiled kernel, if the folder can be written to."""
        try:
            super().save_overload(sig, data)
        except OSError as error:
            _warn(f"compiled code is not kept, because of {folders.CACHE_DIR}: {error.strerror}")


@functools.cache  # once is enough, though every kernel may meet it
def _warn(message: str) -> None:
    warnings.warn(f"celpvq: {message}", stacklevel=2)


def enable(dispatcher: Any, suffix: str = "") -> None:
    """Let a kernel, as numba's decorator returns it, use our cache and its locks.

    suffix: of the files of a form that Python does not call.
    """
    dispatcher._cache = cache = KernelCache(dispatcher, suffix)
    compile_ = dispatcher.compile

    def compile_once(sig: Any) -> Any:
        """Compile or load, in this process only."""
        with (
            global_compiler_lock, cache.locks.released_at_the_end(), work.without_old_garbage(),
        ):  # fmt: skip
            return compile_(sig)

    dispatcher.compile = compile_once


# A child that is forked while another thread compiles would wait for ever for numba's lock, whose
# owner does not exist in the child. So a fork waits until no thread compiles.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=global_compiler_lock.acquire,
        after_in_parent=global_compiler_lock.release,
        after_in_child=global_compiler_lock.release,
    )
