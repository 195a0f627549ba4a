"""Kernels that stand apart: machine code of their own, which their callers call by a symbol.

A symbol that does not exist when a caller is loaded would end the process. So the cache keeps with
each kernel the symbols that it calls, and a kernel is loaded only after all of them.
"""

from typing import Any, NamedTuple

_kernels: dict[tuple[str, str], Any] = {}  # by module and name


class Call(NamedTuple):
    """Machine code that another kernel calls."""

    module: str
    kernel: str
    types: tuple[Any, ...]  # of its arguments
    symbol: str

    def is_loaded(self) -> bool:
        """Load or compile the kernel; return whether it has this symbol.

        If it was compiled since the caller was, its symbol has changed.
        """
        kernel = _kernels.get((self.module, self.kernel))
        if kernel is None:
            return False
        twin = kernel.twin()
        twin.compile(self.types)
        return bool(twin.overloads[self.types].fndesc.llvm_func_name == self.symbol)


def register(kernel: Any) -> None:
    """Make a kernel known to `Call.is_loaded`."""
    _kernels[_name(kernel)] = kernel


def name_calls(twin: Any) -> None:
    """Let the code of a twin that stands apart tell by which calls it is reached."""
    add_overload = twin.add_overload

    def add(result: Any) -> None:
        types, symbol = tuple(result.signature.args), result.fndesc.llvm_func_name
        result.library.call = Call(*_name(twin), types, symbol)
        add_overload(result)

    twin.add_overload = add


def calls(library: Any) -> tuple[Call, ...]:
    """Return the calls in the code of a kernel, those in the code that it links included."""
    if hasattr(library, "calls"):  # loaded: what it linked is unknown
        return tuple(library.calls)
    found: dict[Call, None] = {}
    for linked in library._linking_libraries:
        found |= dict.fromkeys((linked.call,) if hasattr(linked, "call") else calls(linked))
    return tuple(found)


def _name(kernel: Any) -> tuple[str, str]:
    return kernel.py_func.__module__, kernel.py_func.__qualname__
