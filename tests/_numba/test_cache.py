"""The cache of compiled kernels: never stale, shared by processes, on any disk."""

import ctypes
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest
from inputs import python

import celpvq
from celpvq._numba import folders

PACKAGE = Path(celpvq.__file__).parent
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
    for name in ("codec/common/pitch.py", "vq/_cells.py", "training/harvest.py", "_numba/cache.py"):
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


# one compilation for all processes ------------------------------------------------------------

# `WEIGHT`, once standard input ends, then the number of kernels that were compiled
COUNTED = f"""
import sys
from numba.core import event
import celpvq.codec.encoder.weighting
print("ready", flush=True)
sys.stdin.read()
with event.install_recorder("numba:compile") as recorder:
{textwrap.indent(WEIGHT, "    ")}
print(sum(e.is_start for _, e in recorder.buffer))
"""
# `WEIGHT` in a process that kills itself when the second kernel is about to be compiled
KILLED = """
import os, signal
from numba.core import event
class Kill(event.Listener):
    n = 0
    def on_start(self, event):
        Kill.n += 1
        if Kill.n == 2:
            os.kill(os.getpid(), signal.SIGKILL)
    def on_end(self, event): pass
event.register("numba:compile", Kill())
"""


def start(code, folder):
    """Start a process with its cache in `folder`; wait until it has loaded the package."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True, env=os.environ | {"CELPVQ_CACHE": str(folder)},
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    return process


def test_of_processes_that_start_together_one_compiles(tmp_path, weighed):
    started = [start(COUNTED, tmp_path) for _ in range(4)]
    for process in started:
        process.stdin.close()
    results = [process.stdout.read().split() for process in started]
    assert [process.wait() for process in started] == [0] * 4
    for process in started:
        process.stdout.close()
    assert {result for result, _ in results} == {weighed.strip()}
    assert sorted(int(n) > 0 for _, n in results) == [False, False, False, True]


def test_a_process_that_is_killed_while_it_compiles_stops_no_other(tmp_path, weighed):
    killed = subprocess.run(
        [sys.executable, "-P", "-c", KILLED + WEIGHT], check=False,
        env=os.environ | {"CELPVQ_CACHE": str(tmp_path)},
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    assert cached(tmp_path) == []
    assert python(WEIGHT, CELPVQ_CACHE=str(tmp_path)) == (weighed, "")


FORKED = """
import multiprocessing, sys, threading
import numba
import numpy as np
from celpvq.codec.encoder import weighting
def work(_=None):
    out = np.zeros(50)
    weighting.weight(np.arange(50.0), np.ones(10), np.zeros(10), out)
    return out.sum()
if __name__ == "__main__":
    method, when = sys.argv[1:]
    context = multiprocessing.get_context(method)
    if when == "warm":
        work()
    elif when == "during":
        numba.typeof(np.zeros(1))  # a fork during an import of numpy's would hang, compiled or not
        compiling = threading.Thread(target=work)
        compiling.start()
    with context.Pool(2) as pool:
        results = pool.map(work, range(4), chunksize=1)
    assert results == [work()] * 4
    print(work())
"""


@pytest.mark.slow
@pytest.mark.parametrize("when", ["cold", "during", "warm"])
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_workers_agree_however_they_start(tmp_path, weighed, method, when):
    (tmp_path / "main.py").write_text(FORKED)
    for run in range(3):
        command = [sys.executable, "-P", "-W", "ignore", tmp_path / "main.py", method, when]
        environ = os.environ | {"CELPVQ_CACHE": str(tmp_path / f"{run}")}
        result = subprocess.run(
            command, env=environ, capture_output=True, text=True, check=False, timeout=600
        )
        assert (result.stdout, result.stderr) == (weighed, "")


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
    chosen = folders._own_dir()
    assert chosen.is_absolute()
    assert chosen.parent == tmp_path / "tmp"
    assert os.listdir(tmp_path / "here") == []


def test_a_cache_of_another_user_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setenv("CELPVQ_CACHE", str(tmp_path / "theirs"))
    assert folders._own_dir() == tmp_path / "theirs"
    own = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: own + 1)
    assert folders._own_dir() not in (tmp_path / "theirs", folders._shared_temporary_dir())


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


# a cache in an image, which cannot be written to ----------------------------------------------


def obey_permissions():
    """Let root be refused like everybody else (Linux: drop two capabilities before `exec`)."""
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


@pytest.fixture
def shipped(warm, tmp_path):
    """A cache that nobody can write to, a temporary folder, and a function that runs code."""
    cache, tmp = shutil.copytree(warm, tmp_path / "cache"), tmp_path / "tmp"
    tmp.mkdir()
    for path in (cache, *cache.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)

    def run(code):
        environ = {"CELPVQ_CACHE": str(cache), "HOME": "/nonexistent", "TMPDIR": str(tmp)}
        done = subprocess.run(
            [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False,
            env=os.environ | environ, cwd=tmp, preexec_fn=obey_permissions,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout, done.stderr

    if (
        "refused"
        not in run(f"""
try:
    open({str(cache / "new")!r}, "w")
except OSError:
    print("refused")
""")[0]
    ):
        pytest.skip("this user is never refused")
    yield cache, tmp, run
    for path in (cache, tmp, *cache.iterdir()):
        path.chmod(0o755)


def test_a_cache_that_cannot_be_written_to_is_loaded(shipped, weighed):
    cache, tmp, run = shipped
    before = cached(cache)
    code = COUNTED.replace("sys.stdin.read()", "")
    assert run(code)[0].split() == ["ready", weighed.strip(), "0"]
    assert cached(cache) == before
    assert cached(tmp) == []


def test_kernels_that_it_does_not_hold_go_to_the_temporary_folder(shipped, weighed):
    cache, tmp, run = shipped
    for path in cached(cache):
        if path.name.startswith("weighting"):
            path.parent.chmod(0o755)
            path.unlink()
            path.parent.chmod(0o555)
    code = COUNTED.replace("sys.stdin.read()", "")
    assert run(code)[0].split() == ["ready", weighed.strip(), "1"]
    assert {path.name.split(".")[0] for path in cached(tmp)} == {"weighting"}
    assert run(code)[0].split() == ["ready", weighed.strip(), "0"]


def test_where_nothing_can_be_written_everything_works_with_one_warning(shipped, weighed):
    cache, tmp, run = shipped
    cache.chmod(0o000)
    tmp.chmod(0o555)
    out, err = run(f"import tempfile; tempfile.tempdir = {str(tmp)!r}\n" + WEIGHT)
    assert out == weighed
    assert err.count("Warning") == 1
    assert "compiled code is not kept" in err


@pytest.mark.parametrize(
    ("mode", "owner", "trusted"),
    [
        (0o755, "me", True), (0o555, "root", True), (0o755, "of the package", True),
        (0o755, "another", False), (0o777, "root", False), (0o775, "me", False),
    ],
)  # fmt: skip
def test_code_is_loaded_only_from_those_who_could_change_the_package(
    tmp_path, monkeypatch, mode, owner, trusted
):
    owners = {"me": 1001, "root": 0, "of the package": 1002, "another": 1003}
    folder, real = tmp_path / "folder", Path.stat

    def status(path, **options):
        values = list(real(path, **options))
        values[stat.ST_UID] = owners[owner] if path == folder else owners["of the package"]
        return os.stat_result(values)

    folder.mkdir()
    folder.chmod(mode)
    monkeypatch.setattr(os, "getuid", lambda: owners["me"])
    monkeypatch.setattr(Path, "stat", status)
    assert folders._may_load_from(folder) is trusted
    assert not folders._may_load_from(tmp_path / "absent")
