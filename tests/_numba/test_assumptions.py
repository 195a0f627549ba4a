"""The assumptions that `celpvq._numba` makes about the inside of numba, one by one.

A new version of numba that breaks one of them fails one test, whose message names the assumption.
"""

import contextlib
import ctypes
import inspect
import os
import re
from pathlib import Path
from typing import ClassVar

import llvmlite.binding
import numba
import numpy as np
import pytest
from numba import types
from numba.core import caching, cgutils, event
from numba.core.caching import NullCache
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.compiler_lock import global_compiler_lock
from numba.core.errors import NumbaError
from numba.np import arrayobj

import celpvq
from celpvq._numba import fast, folders, inlined, stack, stack_array, strict

PACKAGE = Path(celpvq.__file__).parent
needs_compiler = pytest.mark.skipif("NUMBA_DISABLE_JIT" in os.environ, reason="needs a compiler")
FLAGS = {"reassoc", "nsz", "arcp", "contract"}


def cached(folder):
    return sorted(path for path in Path(folder).rglob("*") if path.suffix in (".nbi", ".nbc"))


@contextlib.contextmanager
def assumption(text):
    """Fail with a message that names the assumption if the body raises or fails."""
    try:
        yield
    except (Exception, pytest.fail.Exception) as error:
        pytest.fail(f"numba {numba.__version__} breaks an assumption of celpvq._numba: {text}"
                    f" ({type(error).__name__}: {error})")  # fmt: skip


def test_a_broken_assumption_is_named():
    for broken in (lambda: 1 / 0, lambda: pytest.fail("inner")):
        with (
            pytest.raises(pytest.fail.Exception, match=r"an assumption of .*: the moon is cheese"),
            assumption("the moon is cheese"),
        ):
            broken()


_ROWS = 2


def _double(x):
    return 2.0 * x


def _allocate(n):
    return np.zeros(n).sum()


def _product_and_sum(x):
    acc = 0.0
    for n in range(x.shape[0]):
        acc += x[n] * x[n]
    return acc


@needs_compiler
def test_the_option_nrt_decides_whether_a_kernel_may_allocate():
    with assumption("the option _nrt=True lets a kernel allocate"):
        assert numba.njit(_nrt=True)(_allocate)(3) == 0.0
    with assumption("the option _nrt=False refuses to compile a kernel that allocates"):
        with pytest.raises(NumbaError):
            numba.njit(_nrt=False)(_allocate)(3)
        assert numba.njit(_nrt=False)(_double)(3.0) == 6.0


@needs_compiler
def test_the_option_no_cfunc_wrapper_leaves_out_the_wrapper():
    with assumption("the option no_cfunc_wrapper=True leaves out the wrapper for C"):
        code = {}
        for option in (False, True):
            kernel = numba.njit(no_cfunc_wrapper=option)(_double)
            assert kernel(3.0) == 6.0
            [code[option]] = kernel.inspect_llvm().values()
        assert "@cfunc." in code[False]
        assert "@cfunc." not in code[True]


@needs_compiler
def test_the_option_fastmath_takes_a_set_of_flags():
    with assumption("fastmath={...} allows the listed flags and no others"):
        kernel = numba.njit(fastmath=FLAGS)(_product_and_sum)
        assert kernel(np.ones(5)) == 5.0
        [code] = kernel.inspect_llvm().values()
        [line, *_] = re.findall(r"^.*= fadd .*$", code, re.M)
        assert set(line.split("fadd ")[1].split(" double")[0].split()[:4]) == FLAGS
        assert not re.search(r"= f\w+ [^=]*\b(fast|nnan|ninf|afn)\b", code)
    with assumption("fastmath=False allows no flags"):
        kernel = numba.njit(fastmath=False)(_product_and_sum)
        assert kernel(np.ones(5)) == 5.0
        [code] = kernel.inspect_llvm().values()
        assert "fadd double" in code or "fadd <" in code
        assert not re.search(rf"= f\w+ [^=]*\b({'|'.join(FLAGS)}|fast)\b", code)


@strict
def _strict_caller(x):
    return _inlined_sum(x)


@fast
def _fast_caller(x):
    return _inlined_sum(x)


_inlined_sum = inlined(_product_and_sum)


@needs_compiler
def test_an_inlined_kernel_is_compiled_by_the_policy_of_its_caller(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "CACHE_DIR", tmp_path)  # a cached kernel cannot be inspected
    with assumption("inline='always' compiles a kernel with the flags of its caller"):
        for policy, caller, flagged in [
            (strict, _strict_caller, False),
            (fast, _fast_caller, True),
        ]:
            kernel = policy(caller.py_func)
            assert kernel(np.ones(5)) == 5.0
            [code] = kernel.inspect_llvm().values()
            assert bool(re.search(r"= fadd reassoc", code)) is flagged


@needs_compiler
def test_division_by_zero_follows_numpy():
    with assumption("error_model='numpy' divides by zero as IEEE 754 says"):
        kernel = numba.njit(error_model="numpy")(lambda x: 1.0 / x)
        assert kernel(0.0) == np.inf


def test_room_on_the_stack_is_reserved_by_alloca_once():
    with assumption("cgutils.alloca_once(builder, ty, size=...) reserves an array on the stack"):
        names = list(inspect.signature(cgutils.alloca_once).parameters)
        assert names[:2] == ["builder", "ty"]
        assert "size" in names


def test_arrays_are_made_and_filled_in_by_arrayobj():
    with assumption("arrayobj.make_array(type) returns a class of (context, builder)"):
        array = types.Array(types.float64, 1, "C")
        names = list(inspect.signature(arrayobj.make_array(array)).parameters)
        assert names[:2] == ["context", "builder"]
        assert hasattr(arrayobj.make_array(array), "_getvalue")
    with assumption("arrayobj.populate_array takes data, shape, strides, itemsize and meminfo"):
        names = set(inspect.signature(arrayobj.populate_array).parameters)
        assert {"array", "data", "shape", "strides", "itemsize", "meminfo"} <= names


@strict
def _on_the_stack(x):
    a, b = stack_array((_ROWS, 3), np.float32), stack_array(_ROWS)
    a[:], b[:] = 1.0, 2.0
    a[1, 2] = x
    return a.shape[0], a.shape[1], b.shape[0], a[1, 2], a[0, 2], b[1]


@strict
def _addresses(n, out):
    for i in range(n):
        a = stack_array(_ROWS)
        a[0] = i
        out[i] = a.ctypes.data


@needs_compiler
def test_arrays_on_the_stack_have_their_shape_type_and_place():
    with assumption(
        "an intrinsic can build an array on the stack, of the shape and type asked for"
    ):
        rows, columns, n, rounded, untouched, other = _on_the_stack(0.1)
        assert (rows, columns, n, untouched, other) == (2, 3, 2, 1.0, 2.0)
        assert rounded == float(np.float32(0.1))


@needs_compiler
def test_an_array_in_a_loop_takes_its_room_once():
    with assumption("alloca_once reserves its room at the entry, once for all passes of a loop"):
        out = np.zeros(1000, np.int64)
        _addresses(1000, out)
        assert len(set(out.tolist())) == 1
        assert out[0] % stack._ALIGNMENT == 0


def _literal(x):
    return stack_array(3)[:].shape[0] + stack_array((_ROWS, 3)).shape[1] + x


def _not_literal(x):
    return stack_array(x).shape[0]


@needs_compiler
def test_shapes_are_literals():
    with assumption(
        "intrinsic(prefer_literal=True) passes constants and module globals as literals"
    ):
        assert numba.njit(_literal)(0) == 6
    with assumption("a shape that is known at run time only does not compile"):
        kernel = numba.njit(_not_literal)
        with pytest.raises((NumbaError, AttributeError)):
            kernel(3)


@strict
def _default_type(x):
    a = stack_array(_ROWS)
    a[1] = x
    return a[1]


@needs_compiler
def test_an_argument_that_is_left_out_is_omitted():
    with assumption("types.Omitted(None) is the type of an argument left at its default None"):
        assert types.Omitted(None).value is None
        assert types.Omitted(None) == types.Omitted(None)
        assert _default_type(0.1) == 0.1  # a double


@needs_compiler
def test_a_dispatcher_loads_and_saves_by_its_cache():
    class Cache(NullCache):
        calls: ClassVar = []

        def load_overload(self, sig, target_context):
            self.calls.append("load")

        def save_overload(self, sig, data):
            self.calls.append("save")

    with assumption(
        "a dispatcher calls _cache.load_overload, then compiles and saves if it is None"
    ):
        kernel = numba.njit(_double)
        kernel._cache = Cache()
        assert kernel(1.5) == 3.0
        assert kernel(2.5) == 5.0
        assert Cache.calls == ["load", "save"]


@needs_compiler
def test_a_dispatcher_compiles_by_its_attribute():
    calls = []
    inner = numba.njit(_double)
    compile_ = inner.compile
    inner.compile = lambda sig: calls.append(sig) or compile_(sig)
    with assumption("a kernel that is called from Python is compiled by its attribute `compile`"):
        assert inner(1.5) == 3.0
        assert calls == [(types.float64,)]
    with assumption("a kernel that is called by a kernel is compiled by its attribute `compile`"):
        assert numba.njit(lambda x: 1.0 + inner(x))(2) == 5.0
        assert set(calls[1:]) == {(types.int64,)}


@needs_compiler
def test_a_cache_of_numba_is_made_of_a_format_a_locator_and_files(tmp_path):
    class Locator:
        from_function = classmethod(lambda cls, py_func, py_file: cls())
        get_cache_path = staticmethod(lambda: str(tmp_path))
        ensure_cache_path = staticmethod(lambda: None)
        get_source_stamp = staticmethod(lambda: "stamp")
        get_disambiguator = staticmethod(lambda: "7")

    class Format(caching.CompileResultCacheImpl):
        _locator_classes: ClassVar = [Locator]

    class Cache(caching.FunctionCache):
        _impl_class = Format

    def kernel():
        dispatcher = numba.njit(_double)
        dispatcher._cache = Cache(_double)
        return dispatcher

    with assumption("FunctionCache takes its _impl_class, and this its first _locator_classes"):
        first = kernel()
        assert first(1.5) == 3.0
        assert sum(first.stats.cache_hits.values()) == 0
        second = kernel()
        assert second(1.5) == 3.0
        assert sum(second.stats.cache_hits.values()) == 1
        assert Path(first.stats.cache_path) == tmp_path
    with assumption("the index of a cached kernel is named module.function-DISAMBIGUATOR.*.nbi"):
        assert [
            path.name.split(".py")[0] for path in cached(tmp_path) if path.suffix == ".nbi"
        ] == ["test_assumptions._double-7"]
    with assumption(
        "a cache has _index_key, _impl.rebuild and _cache_file.load, which give a kernel"
    ):
        cache, context = second._cache, second.targetctx
        key = cache._index_key((types.float64,), context.codegen())
        found = cache._impl.rebuild(context, cache._cache_file.load(key))
        assert found.signature.return_type == types.float64
    with assumption("IndexDataCacheFile(path, name, stamp) is such a file, and `flush` empties it"):
        file = caching.IndexDataCacheFile(str(tmp_path), cache._impl.filename_base, "stamp")
        assert file.load(key) is not None
        file.flush()
        assert file.load(key) is None
        assert cache._impl.locator.__class__ is Locator


@needs_compiler
def test_the_index_of_a_cache_can_be_read(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "CACHE_DIR", tmp_path)
    kernel = strict(_double)
    kernel(1.5)
    with assumption("IndexDataCacheFile._load_index returns the keys of what a cache holds"):
        [key] = kernel._cache._cache_file._load_index()
        assert key == kernel._cache._index_key((types.float64,), kernel.targetctx.codegen())
        assert kernel._cache._impl.filename_base in next(tmp_path.rglob("*.nbi")).name


# calls between kernels: `inner` ------------------------------------------------------------------


@needs_compiler
def test_a_kernel_is_compiled_for_given_types():
    with assumption("a kernel's method `compile` takes types, and its `overloads` has them then"):
        kernel = numba.njit(_double)
        kernel.compile((types.float64,))
        assert (types.float64,) in kernel.overloads
        assert (types.int64,) not in kernel.overloads


@needs_compiler
def test_a_call_of_a_kernel_by_a_kernel_is_resolved_by_two_attributes():
    called, other = numba.njit(_double), numba.njit(lambda x: 3.0 * x)
    with assumption("get_call_template and get_overload decide which code a kernel's call runs"):
        called.get_call_template = other.get_call_template
        called.get_overload = other.get_overload
        assert numba.njit(lambda x: 1.0 + called(x))(1.5) == 5.5
        assert called(1.5) == 3.0


@needs_compiler
def test_a_compiler_takes_the_function_and_has_flags_and_a_library():
    seen = []

    class Own(Compiler):
        def compile_extra(self, func):
            self.state.flags.no_cpython_wrapper = True
            self.state.library = JITCodeLibrary(self.state.targetctx.codegen(), "name")
            seen.append((func, self.state.library))
            return super().compile_extra(func)

    with assumption("pipeline_class is a compiler whose compile_extra takes the function"):
        kernel = numba.njit(pipeline_class=Own)(_double)
        kernel.compile((types.float64,))
        [(func, library)] = seen
        assert func is _double
    with assumption("a library that is set in compile_extra receives the code"):
        [result] = kernel.overloads.values()
        assert result.library is library
    with assumption("the flag no_cpython_wrapper leaves out the wrapper for Python"):
        assert "cpython" not in library.get_llvm_str()
    with assumption("a kernel has one variable for numba's environment, named _ZN08NumbaEnv..."):
        names = [variable.name for variable in library._final_module.global_variables]
        assert sum(name.startswith("_ZN08NumbaEnv") for name in names) == 1


def test_a_library_is_finished_in_these_steps():
    with assumption("JITCodeLibrary._finalize_final_module makes machine code, in known steps"):
        for name in (
            "_finalize_dynamic_globals", "_verify_declare_only_symbols",
            "_get_module_for_linking", "enable_object_caching",
        ):  # fmt: skip
            assert list(inspect.signature(getattr(JITCodeLibrary, name)).parameters) == ["self"]
        source = inspect.getsource(JITCodeLibrary._finalize_final_module)
        for word in ("_finalize_dynamic_globals", "_final_module", "_finalized"):
            assert word in source


@needs_compiler
def test_the_code_of_one_library_calls_that_of_another():
    with assumption("a function that is only declared is found among the libraries made before"):
        context = numba.njit(_double).targetctx
        codegen, addresses = context.codegen(), []
        for name, code in (
            ("called", "define double @celpvq_called() { ret double 2.5 }"),
            ("caller", "declare double @celpvq_called()\ndefine double @celpvq_caller() {"
                       " %x = call double @celpvq_called()\n ret double %x }"),
        ):  # fmt: skip
            library = codegen.create_library(name)
            library.add_llvm_module(llvmlite.binding.parse_assembly(code))
            with global_compiler_lock:
                library.finalize()
            addresses.append(library.get_pointer_to_function(f"celpvq_{name}"))
        assert ctypes.CFUNCTYPE(ctypes.c_double)(addresses[1])() == 2.5
    with assumption("a library keeps those that it links in _linking_libraries"):
        assert codegen.create_library("empty")._linking_libraries == []
    with assumption("the result of a compilation is added by add_overload, with its symbol"):
        kernel, added = numba.njit(_double), []
        kernel.add_overload = added.append
        kernel.compile((types.float64,))
        assert "_double" in added[0].fndesc.llvm_func_name
        assert added[0].signature.args == (types.float64,)


@needs_compiler
def test_types_are_made_by_name_and_from_classes():
    with assumption("a type has a name under which `numba.types` has it"):
        for kind in (types.float32, types.float64, types.int64, types.int16, types.boolean):
            assert getattr(types, kind.name) == kind
    with assumption("types.literal makes the type of a constant"):
        assert types.literal(3) == types.IntegerLiteral(3)
    with assumption("a field of a record that is an array has the type NestedArray"):
        record = numba.from_dtype(np.dtype([("x", np.float64, 3)], align=True))
        assert record.typeof("x") == types.NestedArray(types.float64, (3,))


@needs_compiler
def test_a_compilation_is_an_event():
    with assumption("the event numba:compile has the dispatcher and the types of the arguments"):
        with event.install_recorder("numba:compile") as recorder:
            numba.njit(_double)(1.5)
        _, first = recorder.buffer[0]
        assert first.is_start
        assert first.data["dispatcher"].py_func is _double
        assert tuple(first.data["args"]) == (types.float64,)


def test_the_lock_of_the_compiler_is_reentrant():
    with assumption("global_compiler_lock has acquire, release and a context, all reentrant"):
        for _ in range(2):
            global_compiler_lock.acquire()
        with global_compiler_lock:
            assert global_compiler_lock.is_locked()
        for _ in range(2):
            global_compiler_lock.release()
        assert not global_compiler_lock.is_locked()


def test_the_settings_of_numba_have_their_names():
    with assumption("numba.config has BOUNDSCHECK and DISABLE_JIT"):
        for name in ("BOUNDSCHECK", "DISABLE_JIT"):
            assert hasattr(numba.config, name)


def test_all_that_is_imported_from_the_inside_of_numba_is_in_one_package():
    """Other modules use the public names of numba only."""
    inside = re.compile(r"^\s*(?:from|import) (?:numba\.|numba import|llvmlite)", re.M)
    found = {path.parent for path in PACKAGE.rglob("*.py") if inside.search(path.read_text())}
    assert found == {PACKAGE / "_numba"}


# the policies -------------------------------------------------------------------------------------


@needs_compiler
@pytest.mark.parametrize("policy", [strict, fast], ids=["strict", "fast"])
def test_a_kernel_may_allocate_only_if_its_decorator_says_so(policy, tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "CACHE_DIR", tmp_path)
    with pytest.raises(NumbaError):
        policy(_allocate)(3)
    assert policy(allocates=True)(_allocate)(3) == 0.0
