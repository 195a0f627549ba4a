"""Inner kernels: kernels call twins, which have neither machine code nor a wrapper."""

import os

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
