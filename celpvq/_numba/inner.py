"""Kernels as other kernels call them: code to be linked into the callers, and nothing to be run.

numba makes machine code of every function, and a wrapper with which Python may call it. Most
kernels are called by kernels only. So each kernel has a twin for such calls, which is optimized as
usual, but has neither machine code nor a wrapper; that saves a fifth of the compilation. Only a
kernel that Python calls is compiled in full, with the code of the twins in it.
"""

import functools
from collections.abc import Callable
from typing import Any

import llvmlite.binding
import numba
from numba.core import codegen as numba_codegen
from numba.core import compiler as numba_compiler

from . import cache

codegen: Any = numba_codegen  # they have no types
compiler: Any = numba_compiler

_ENVIRONMENT = "_ZN08NumbaEnv"  # prefix of the variables that numba sets when it loads a function


class _Library(codegen.JITCodeLibrary):  # type: ignore[misc]
    """The code of a twin: a module to link, and for the processor the variables only."""

    _final_module: Any

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._verify_declare_only_symbols()
        whole = self._final_module
        self._finalized = True
        self._get_module_for_linking()  # numba keeps it
        lines = [f'target triple = "{whole.triple}"', f'target datalayout = "{whole.data_layout}"']
        lines += [str(v) for v in whole.global_variables if v.name.startswith(_ENVIRONMENT)]
        self._final_module = llvmlite.binding.parse_assembly("\n".join(lines))
        self._final_module.name = whole.name
        super()._finalize_final_module()


class _Compiler(compiler.Compiler):  # type: ignore[misc]
    """numba's compiler, with another library for the result."""

    def compile_extra(self, func: Callable[..., Any]) -> Any:
        state = self.state
        state.flags.no_cpython_wrapper = True
        state.library = _Library(state.targetctx.codegen(), func.__qualname__)
        state.library.enable_object_caching()  # as numba's own library
        return super().compile_extra(func)


def serve(dispatcher: Any, options: dict[str, Any]) -> None:
    """Let kernels that call this one, as numba's decorator returns it, call its twin."""

    @functools.cache
    def twin() -> Any:
        jit: Any = numba.njit(pipeline_class=_Compiler, **options)
        made = jit(dispatcher.py_func)
        cache.enable(made, ".inner")
        return made

    dispatcher.twin = twin
    dispatcher.get_call_template = lambda args, kws: twin().get_call_template(args, kws)
    dispatcher.get_overload = lambda sig: twin().get_overload(sig)
