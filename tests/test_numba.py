"""How kernels are compiled: assumptions about numba, the policies, a cache that is never stale.

The first part goes through the assumptions that `celpvq._numba` makes about the inside of numba. A
new version of numba that breaks one of them fails one test, whose message names the assumption.
"""

import contextlib
import inspect
import os
import re
import shutil
import tempfile
from pathlib import Path

import numba
import numpy as np
import pytest
from inputs import python
from numba import types
from numba.core import cgutils
from numba.core.errors import NumbaError
from numba.np import arrayobj

import celpvq
from celpvq import _numba
from celpvq._numba import fast, inlined, stack_array, strict

PACKAGE = Path(celpvq.__file__).parent
needs_compiler = pytest.mark.skipif("NUMBA_DISABLE_JIT" in os.environ, reason="needs a compiler")
FLAGS = {"reassoc", "nsz", "arcp", "contract"}
# a cheap kernel that calls kernels of another file
WEIGHT = """
import numpy as np
from celpvq.codec.encoder import weighting
out = np.zeros(50)
weighting.weight(np.arange(50.0), np.ones(10), np.zeros(10), out)
print(out.sum())
"""


def cached(folder):
    return sorted(path for path in Path(folder).rglob("*") if path.suffix in (".nbi", ".nbc"))


# assumptions about numba --------------------------------------------------------------------------


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
    monkeypatch.setattr(_numba, "CACHE_DIR", tmp_path)  # a cached kernel cannot be inspected
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
        assert out[0] % _numba._ALIGNMENT == 0


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
def test_the_cache_folder_is_read_when_a_kernel_is_decorated(tmp_path, monkeypatch):
    with assumption("numba.config.CACHE_DIR is read when a kernel is decorated, not later"):
        monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "first"))
        kernel = numba.njit(cache=True)(_double)
        monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "second"))
        assert kernel(1.5) == 3.0
        assert cached(tmp_path / "first")
        assert not cached(tmp_path / "second")
    with assumption("a kernel says in stats.cache_path where its cache is"):
        assert Path(kernel.stats.cache_path).parent == tmp_path / "first"


@needs_compiler
def test_cache_files_are_named_by_module_and_function(tmp_path, monkeypatch):
    with assumption("the index of a cached kernel is named module.function-*.nbi, a folder below"):
        monkeypatch.setattr(_numba, "CACHE_DIR", tmp_path)
        kernel = strict(_double)
        assert not _numba.is_compiled("test_numba._double")
        assert kernel(1.5) == 3.0
        assert _numba.is_compiled("test_numba._double")
        assert not _numba.is_compiled("test_numba._doubl")
        assert not _numba.is_compiled("numba._double")


@needs_compiler
def test_the_cache_of_a_kernel_is_read_by_load_and_emptied_by_flush(tmp_path, monkeypatch):
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))

    def kernel():
        return numba.njit(cache=True)(_double)

    first = kernel()
    with assumption("dispatcher._cache._cache_file has the methods load(key) and flush()"):
        file = first._cache._cache_file
        assert list(inspect.signature(file.load).parameters) == ["key"]
        assert list(inspect.signature(file.flush).parameters) == []
    assert first(1.5) == 3.0

    loads = []

    def spy(dispatcher, result=None):
        load = dispatcher._cache._cache_file.load
        dispatcher._cache._cache_file.load = lambda key: (
            loads.append(key) or (load(key) if result is None else result(key))
        )
        return dispatcher

    with assumption("a dispatcher calls the attribute `load` of its cache file to find a kernel"):
        second = spy(kernel())
        assert second(1.5) == 3.0
        assert len(loads) == 1
        assert sum(second.stats.cache_hits.values()) == 1
    with assumption("a `load` that returns None stands for a kernel that is not in the cache"):
        third = spy(kernel(), lambda key: None)
        assert third(1.5) == 3.0
        assert sum(third.stats.cache_hits.values()) == 0
    with assumption("`flush` forgets all kernels of the file"):
        kernel()._cache._cache_file.flush()
        fourth = kernel()
        assert fourth(1.5) == 3.0
        assert sum(fourth.stats.cache_hits.values()) == 0


def test_the_settings_of_numba_have_their_names():
    with assumption("numba.config has CACHE_DIR, BOUNDSCHECK and DISABLE_JIT"):
        for name in ("CACHE_DIR", "BOUNDSCHECK", "DISABLE_JIT"):
            assert hasattr(numba.config, name)


def test_all_that_is_imported_from_the_inside_of_numba_is_in_one_module():
    """Other modules use the public names of numba only."""
    inside = re.compile(r"^\s*(?:from|import) (?:numba\.|numba import|llvmlite)", re.M)
    found = [path.name for path in PACKAGE.rglob("*.py") if inside.search(path.read_text())]
    assert found == ["_numba.py"]


# the policies -------------------------------------------------------------------------------------


@needs_compiler
@pytest.mark.parametrize("policy", [strict, fast], ids=["strict", "fast"])
def test_a_kernel_may_allocate_only_if_its_decorator_says_so(policy, tmp_path, monkeypatch):
    monkeypatch.setattr(_numba, "CACHE_DIR", tmp_path)
    with pytest.raises(NumbaError):
        policy(_allocate)(3)
    assert policy(allocates=True)(_allocate)(3) == 0.0


# the cache is never stale ------------------------------------------------------------------------


@pytest.fixture
def copy_of_package(tmp_path):
    """A copy of the package's sources, and the environment that imports it."""
    folder = tmp_path / "copy"
    ignore = shutil.ignore_patterns("__pycache__", "data", "*.npz")
    shutil.copytree(PACKAGE, folder / "celpvq", ignore=ignore)
    environ = {"PYTHONPATH": str(folder), "CELPVQ_CACHE": str(tmp_path / "cache")}
    environ["PYTHONDONTWRITEBYTECODE"] = "1"
    where, _ = python("import celpvq; print(celpvq.__file__)", **environ)
    assert where.strip() == str(folder / "celpvq" / "__init__.py")
    return folder / "celpvq", environ


@pytest.mark.slow
def test_an_edit_of_a_called_kernel_takes_effect(copy_of_package):
    package, environ = copy_of_package
    before = float(python(WEIGHT, **environ)[0])
    n_files = len(cached(environ["CELPVQ_CACHE"]))
    assert float(python(WEIGHT, **environ)[0]) == before
    assert len(cached(environ["CELPVQ_CACHE"])) == n_files > 0

    path = package / "codec" / "common" / "filters.py"
    source = path.read_text()
    edited = source.replace(
        "        out[LPC_ORDER + n] = last\n", "        out[LPC_ORDER + n] = 2.0 * last\n"
    )
    assert edited != source
    path.write_text(edited)
    assert float(python(WEIGHT, **environ)[0]) == 2 * before

    path.write_text(source)
    assert float(python(WEIGHT, **environ)[0]) == before


def test_the_cache_is_keyed_by_all_sources_with_kernels(copy_of_package):
    package, environ = copy_of_package

    def folder(**extra):
        return python("from celpvq import _numba; print(_numba.CACHE_DIR)", **environ, **extra)[0]

    first = folder()
    assert folder() == first
    assert Path(first.strip()).parent == Path(environ["CELPVQ_CACHE"])
    seen = {first, folder(NUMBA_BOUNDSCHECK="1"), folder(NUMBA_BOUNDSCHECK="0")}
    assert len(seen) >= 2
    for name in ("codec/common/pitch.py", "vq/_cells.py", "training/harvest.py", "_numba.py"):
        with (package / name).open("a") as file:
            file.write("# changed\n")
        seen.add(folder())
    assert len(seen) >= 6


def test_numbas_own_settings_are_left_alone(tmp_path):
    code = """
import os, numba, celpvq
before = numba.config.CACHE_DIR
from celpvq.codec.decoder import decoder
print(numba.config.CACHE_DIR == before, repr(before))
@numba.njit(cache=True)
def own(x): return x
print(own.stats.cache_path)
"""
    (tmp_path / "mine.py").write_text(code)
    code = f"import runpy; runpy.run_path({str(tmp_path / 'mine.py')!r})"
    out, _ = python(code, NUMBA_CACHE_DIR=str(tmp_path / "numbas"))
    same, where = out.splitlines()
    assert same == f"True {str(tmp_path / 'numbas')!r}"
    assert where.startswith(str(tmp_path / "numbas"))


# any disk -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def warm(tmp_path_factory):
    """A folder that holds the kernels that `WEIGHT` needs."""
    folder = tmp_path_factory.mktemp("warm")
    python(WEIGHT, CELPVQ_CACHE=str(folder))
    return folder


@pytest.fixture(scope="module")
def weighed(warm):
    """What `WEIGHT` prints."""
    return python(WEIGHT, CELPVQ_CACHE=str(warm))[0]


@pytest.mark.slow
def test_without_a_home_and_a_usable_cache_the_temporary_folder_serves(tmp_path, weighed):
    (tmp_path / "file").touch()
    (tmp_path / "tmp").mkdir()
    unusable = str(tmp_path / "file" / "cache")
    without = ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA")
    tmp = str(tmp_path / "tmp")
    out, err = python(WEIGHT, cwd=tmp_path, without=without, CELPVQ_CACHE=unusable, TMPDIR=tmp)
    assert (out, err) == (weighed, "")
    assert len(cached(tmp)) > 0
    out, err = python(
        WEIGHT, cwd=tmp_path, without=("CELPVQ_CACHE", "XDG_CACHE_HOME"), HOME=unusable, TMPDIR=tmp
    )
    assert (out, err) == (weighed, "")
    assert sorted(os.listdir(tmp_path)) == ["file", "tmp"]


def test_a_user_without_a_home_leaves_nothing_in_the_current_folder(tmp_path, monkeypatch):
    for folder in ("here", "tmp"):
        (tmp_path / folder).mkdir()
    for name in ("HOME", "XDG_CACHE_HOME", "CELPVQ_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # as without a passwd entry
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.chdir(tmp_path / "here")
    chosen = _numba._user_cache_dir()
    assert chosen.is_absolute()
    assert chosen.parent == tmp_path / "tmp"
    assert os.listdir(tmp_path / "here") == []


def test_a_cache_of_another_user_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setenv("CELPVQ_CACHE", str(tmp_path / "theirs"))
    assert _numba._user_cache_dir() == tmp_path / "theirs"
    own = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: own + 1)
    assert _numba._user_cache_dir() not in (tmp_path / "theirs", _numba._shared_temporary_dir())


@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
@pytest.mark.parametrize("damage", ["empty", "cut", "foreign"])
def test_a_damaged_cache_is_compiled_again(tmp_path, warm, weighed, suffix, damage):
    environ = {"CELPVQ_CACHE": str(shutil.copytree(warm, tmp_path / "cache"))}
    damaged = [path for path in cached(tmp_path) if path.suffix == suffix]
    assert damaged
    for path in damaged:
        data = path.read_bytes()
        cases = {"empty": b"", "cut": data[: len(data) // 2], "foreign": bytes(99)}
        path.write_bytes(cases[damage])
    out, err = python(WEIGHT, **environ)
    assert out == weighed
    assert err.count("Warning") <= 1
    assert python(WEIGHT, **environ) == (weighed, "")  # healed


def test_without_compilation_the_kernels_are_plain_functions(weighed):
    assert float(python(WEIGHT, NUMBA_DISABLE_JIT="1")[0]) == pytest.approx(float(weighed))
