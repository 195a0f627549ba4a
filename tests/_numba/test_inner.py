"""Inner kernels: kernels call twins, with machine code of their own only if they stand apart."""

import os
import re

import numba
import numpy as np
import pytest

from celpvq._numba import fast, folders, inlined, inner, strict

needs_compiler = pytest.mark.skipif("NUMBA_DISABLE_JIT" in os.environ, reason="needs a compiler")


def _scale(x, gain):
    for n in range(x.shape[0]):
        x[n] *= gain


def _scale_twice(x):
    _scaled(x, 2.0)
    _scaled(x, 3.0)


_scaled = strict(_scale)


@pytest.fixture
def kernels(tmp_path, monkeypatch):
    """A kernel and its caller, with an empty cache."""
    monkeypatch.setattr(folders, "CACHE_DIR", tmp_path)
    called = strict(_scale)
    monkeypatch.setitem(_scale_twice.__globals__, "_scaled", called)
    return called, strict(_scale_twice)


@needs_compiler
def test_a_kernel_calls_the_twin(kernels):
    called, caller = kernels
    x = np.ones(3)
    caller(x)
    assert x.tolist() == [6.0, 6.0, 6.0]
    assert called.signatures == []
    assert len(called.twin().signatures) == 1
    called(x, 0.5)  # and Python the kernel itself
    assert x.tolist() == [3.0, 3.0, 3.0]
    assert len(called.signatures) == 1


@needs_compiler
def test_a_twin_has_no_machine_code_and_its_caller_has_it(kernels):
    called, caller = kernels
    caller(np.ones(3))
    [twin] = called.twin().overloads.values()
    functions = [f for f in twin.library._final_module.functions if not f.is_declaration]
    variables = [v.name for v in twin.library._final_module.global_variables]
    assert functions == []
    assert len(variables) == 1
    assert variables[0].startswith(inner._ENVIRONMENT)
    assert "fmul" in str(twin.library._get_module_for_linking())
    [code] = caller.inspect_llvm().values()
    assert "fmul" in code


@needs_compiler
def test_a_twin_is_loaded_from_the_cache(kernels, tmp_path, monkeypatch):
    kernels[1](np.ones(3))
    names = sorted(path.name.split("-")[0] for path in tmp_path.rglob("*.nbi"))
    assert names == ["test_inner._scale", "test_inner._scale_twice"]
    for path in tmp_path.rglob("*_scale_twice-*"):
        path.unlink()
    again = strict(_scale)
    monkeypatch.setitem(_scale_twice.__globals__, "_scaled", again)
    x = np.ones(3)
    strict(_scale_twice)(x)
    assert x.tolist() == [6.0, 6.0, 6.0]
    assert sum(again.twin().stats.cache_hits.values()) == 1


@needs_compiler
@pytest.mark.parametrize("policy", [strict, fast], ids=["strict", "fast"])
def test_a_twin_is_compiled_by_the_same_policy(policy):
    kernel = policy(_scale)
    options = dict(kernel.twin().targetoptions)
    assert options == kernel.targetoptions
    assert not hasattr(inlined(_scale), "twin")


@needs_compiler
def test_an_error_in_a_twin_names_its_line(kernels):
    caller = strict(lambda x: _scaled(x, "gain"))
    with pytest.raises(Exception, match=r"test_inner\.py"):
        caller(np.ones(3))


# kernels that stand apart -------------------------------------------------------------------------


_apart = strict(apart=True)(_scale)


def _call_twice(x):
    _apart(x, 2.0)
    _apart(x, 3.0)


_between = strict(_call_twice)


def _call_through_a_kernel(x):
    _between(x)


@pytest.fixture
def apart(tmp_path, monkeypatch):
    """Return new kernels on each call: one that stands apart, its caller, and that one's caller."""
    monkeypatch.setattr(folders, "CACHE_DIR", tmp_path)

    def new():
        called = strict(apart=True)(_scale)
        monkeypatch.setitem(_scale.__globals__, "_apart", called)
        between = strict(_call_twice)
        monkeypatch.setitem(_scale.__globals__, "_between", between)
        return called, between, strict(_call_through_a_kernel)

    return new


def _compiled(kernel):
    return sum(kernel.stats.cache_misses.values())


@needs_compiler
def test_a_kernel_that_stands_apart_is_called_and_not_contained(apart):
    called, _, caller = apart()
    x = np.ones(3)
    caller(x)
    assert x.tolist() == [6.0, 6.0, 6.0]
    [twin] = called.twin().overloads.values()
    [code] = caller.inspect_llvm().values()
    symbol = re.escape(twin.fndesc.llvm_func_name)
    assert len(re.findall(rf"call \w+ @{symbol}\(", code)) == 2
    assert re.search(rf"^declare \w+ @{symbol}\(", code, re.M)
    assert "fmul" not in code
    assert "fmul" in twin.library.get_llvm_str()


@needs_compiler
def test_a_caller_from_the_cache_loads_the_code_that_it_calls(apart):
    apart()[2](np.ones(3))
    called, between, caller = apart()
    x = np.ones(3)
    caller(x)
    assert x.tolist() == [6.0, 6.0, 6.0]
    assert _compiled(caller) == _compiled(called.twin()) == 0
    assert between.twin().signatures == []  # its code is within the caller


@needs_compiler
def test_a_caller_is_compiled_again_if_its_symbol_does_not_exist(apart, tmp_path, monkeypatch):
    apart()[2](np.ones(3))
    for path in tmp_path.rglob("*_scale-*"):
        path.unlink()
    called, _, caller = apart()
    for _ in range(3):  # numba numbers what it compiles, and so the symbol changes
        numba.njit(lambda x: x)(1.0)
    x = np.ones(3)
    caller(x)
    assert x.tolist() == [6.0, 6.0, 6.0]
    assert _compiled(called.twin()) == 1
    called, _, caller = apart()
    caller(x)
    assert _compiled(caller) == _compiled(called.twin()) == 0


@needs_compiler
def test_a_caller_whose_callee_is_unknown_is_compiled_again(apart, monkeypatch):
    apart()[2](np.ones(3))
    _, _, caller = apart()
    monkeypatch.setattr(inner.apart, "_kernels", {})
    caller(np.ones(3))
    assert _compiled(caller) == 1


@needs_compiler
def test_python_calls_a_kernel_that_stands_apart(apart):
    x = np.ones(3)
    apart()[0](x, 0.5)
    assert x.tolist() == [0.5, 0.5, 0.5]
