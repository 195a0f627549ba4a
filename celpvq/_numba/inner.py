"""Kernels as other kernels call them: twins, which Python does not call.

numba makes machine code of every function, and a wrapper with which Python may call it. Most
kernels are called by kernels only. So each kernel has a twin for such calls, without a wrapper.

By default the twin has no machine code either: it is optimized, and its code becomes a part of each
kernel above it. That suits small kernels. A kernel that stands apart has machine code of its own,
which its callers call (`apart`). They need not optimize it again, and meanwhile another process may
compile them.
"""

import functools
from collections.abc import Callable
from typing import Any

import llvmlite.binding
import numba
from numba.core import codegen as numba_codegen
from numba.core import compiler as numba_compiler

from . import apart, cache

codegen: Any = numba_codegen  # they have no types
compiler: Any = numba_compiler

_ENVIRONMENT = "_ZN08NumbaEnv"  # prefix of the variables that numba sets when it loads a function


class _Linked(codegen.JITCodeLibrary):  # type: ignore[misc]
    """The code of a twin: a module to link, and for the processor the variables only."""

    _final_module: Any

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._verify_declare_only_symbols()
        whole = self._final_module
        self._finalized = True
        self._get_module_for_linking()  # numba keeps it
        lines = [str(v) for v in whole.global_variables if v.name.startswith(_ENVIRONMENT)]
        self._final_module = _module(whole, lines)
        super()._finalize_final_module()


class _Apart(codegen.JITCodeLibrary):  # type: ignore[misc]
    """The machine code of a twin that stands apart; its callers link an empty module."""

    _final_module: Any
    _shared_module: Any

    def _get_module_for_linking(self) -> Any:
        self._ensure_finalized()
        if self._shared_module is None:
            self._shared_module = _module(self._final_module, [])
        return self._shared_module


def _module(like: Any, lines: list[str]) -> Any:
    """Return a module of LLVM for the same processor as another one, with the given lines."""
    head = [f'target triple = "{like.triple}"', f'target datalayout = "{like.data_layout}"']
    made = llvmlite.binding.parse_assembly("\n".join(head + lines))
    made.name = like.name
    return made


class _Compiler(compiler.Compiler):  # type: ignore[misc]
    """numba's compiler, with another library for the result."""

    library: type[Any] = _Linked

    def compile_extra(self, func: Callable[..., Any]) -> Any:
        state = self.state
        state.flags.no_cpython_wrapper = True
        state.library = self.library(state.targetctx.codegen(), func.__qualname__)
        state.library.enable_object_caching()  # as numba's own library
        return super().compile_extra(func)


class _ApartCompiler(_Compiler):
    library = _Apart


def serve(dispatcher: Any, options: dict[str, Any], *, stands_apart: bool) -> None:
    """Let kernels that call this one, as numba's decorator returns it, call its twin."""

    @functools.cache
    def twin() -> Any:
        compiler_ = _ApartCompiler if stands_apart else _Compiler
        jit: Any = numba.njit(pipeline_class=compiler_, **options)
        made = jit(dispatcher.py_func)
        cache.enable(made, ".inner")
        if stands_apart:
            apart.name_calls(made)
        return made

    dispatcher.twin = twin
    dispatcher.get_call_template = lambda args, kws: twin().get_call_template(args, kws)
    dispatcher.get_overload = lambda sig: twin().get_overload(sig)
    if stands_apart:
        apart.register(dispatcher)
