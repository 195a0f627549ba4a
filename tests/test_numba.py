"""Compilation: once for all modes and presets, only what is needed, and never stale."""

import importlib
import json
import os
import pickle
import pkgutil
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

import celpvq
import celpvq.codec
from celpvq import Decoder, Encoder, _numba
from celpvq.cli import common, main
from celpvq.codec.decoder import frame
from celpvq.codec.encoder import encoder, frame, vad
from celpvq.codec.encoder.presets import PRESETS

PACKAGE = Path(celpvq.__file__).parent
ALL_KERNELS = """
import importlib, pkgutil
import celpvq.codec, celpvq.training, celpvq.vq
def kernels():
    found = {}
    for package in (celpvq.codec, celpvq.training, celpvq.vq):
        for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
            if module.name == 'celpvq.vq.nn':  # wants PyTorch, has no kernels
                continue
            for name, item in vars(importlib.import_module(module.name)).items():
                if hasattr(item, "signatures") and item.py_func.__module__ == module.name:
                    found[module.name[7:] + "." + name] = item
    return found
"""
# a cheap kernel that calls kernels of another file
WEIGHT = """
import numpy as np
from celpvq.codec import weighting
out = np.zeros(50)
weighting.weight(np.arange(50.0), np.ones(10), np.zeros(10), out)
print(out.sum())
"""


def python(code, cwd=None, without=(), **environ):
    """Run code in a process of its own; return what it prints and what it complains about."""
    env = {k: v for k, v in (os.environ | environ).items() if k not in without}
    run = subprocess.run(
        [sys.executable, "-P", "-c", code],
        capture_output=True, text=True, check=False, env=env, cwd=cwd,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return run.stdout, run.stderr


def cached(folder):
    return sorted(path for path in Path(folder).rglob("*") if path.suffix in (".nbi", ".nbc"))


# one specialization -------------------------------------------------------------------------------


def test_one_specialization_serves_all_modes_presets_and_inputs(clips):
    x = clips["flite-slt-en"][4000:5600]
    read_only = x.copy()
    read_only.flags.writeable = False
    inputs = [
        x, read_only, x.astype(np.float32), np.round(x * 32768).astype(np.int16), x.tolist(),
        np.repeat(x, 2)[::2], np.stack([x, x], axis=1)[:, 0], x.astype(">f4"),
    ]  # fmt: skip
    for mode in celpvq.modes():
        for preset in PRESETS:
            data = Encoder(mode, preset, highpass=preset == "fast").encode_frames(x)
            Decoder(postfilter=preset == "best").decode_frames(memoryview(data), mode)
        pauses = Encoder(mode, "fast", dtx=True)
        packets = pauses.write(np.r_[x, np.zeros(5000)]) + pauses.flush()
        Decoder().write([None, *packets, None, b"", data[: mode.frame_bytes], None])
        Decoder().decode_frame(None, copy=bytes(3))
    assert b"" in packets
    for other in inputs:
        codec = pickle.loads(pickle.dumps(Encoder())).copy()
        data = codec.encode_frames(other)
        codec.reset()
        codec.encode_frame(other[:160])
        codec = pickle.loads(pickle.dumps(Decoder())).copy()
        for kind in (bytes, bytearray, memoryview):
            codec.decode_frame(kind(data)[:16])
        codec.reset()
        codec.decode_frames(bytes(16), np.int64(6400))
    assert len(frame.encode_frames.signatures) == 1
    assert len(frame.decode_frames.signatures) == 1
    assert len(frame.encode_silence.signatures) == 1
    assert len(vad.update.signatures) == 1


# only what is needed ------------------------------------------------------------------------------


def test_decoding_compiles_no_encoder(tmp_path):
    code = ALL_KERNELS + (
        "import json\n"
        "from celpvq import Decoder\n"
        "Decoder().decode_frame(bytes(16))\n"
        "print(json.dumps({n: [len(k.signatures), bool(k.targetoptions.get('fastmath'))]"
        " for n, k in kernels().items()}))"
    )
    found = json.loads(python(code, CELPVQ_CACHE=str(tmp_path))[0])
    compiled = {name for name, (n, _) in found.items() if n}
    searches = {name for name, (_, fast) in found.items() if fast}
    assert {"codec.decoder._decode_frames", "codec.synthesis.excite"} <= compiled
    assert {"codec.encoder._encode_frames", "codec.fixed_codebook.shortlist"} <= searches
    assert not compiled & searches
    assert not any(name.split(".")[0] != "codec" for name in compiled)
    several = {name for name, (n, _) in found.items() if n > 1}
    # floats and integers; constants as arguments, which numba compiles in
    assert several <= {"codec.filters.copy", "codec.filters.keep_past", "codec.lsf._expand_pairs"}


def test_importing_compiles_nothing(tmp_path):
    code = ALL_KERNELS + "print(len(kernels()), [n for n, k in kernels().items() if k.signatures])"
    out, _ = python(code, CELPVQ_CACHE=str(tmp_path))
    n, compiled = out.split(" ", 1)
    assert int(n) > 50
    assert compiled == "[]\n"
    assert cached(tmp_path) == []


def test_every_kernel_is_compiled_by_one_of_the_policies():
    folders = set()
    for module in pkgutil.walk_packages(celpvq.codec.__path__, "celpvq.codec."):
        for item in vars(importlib.import_module(module.name)).values():
            if not hasattr(item, "signatures"):
                continue
            options = item.targetoptions
            assert options["nogil"] is True
            assert options["error_model"] == "numpy"
            assert options.get("fastmath", False) in (
                False, {"reassoc", "contract", "arcp", "nsz"},
            )  # fmt: skip
            assert not options.get("parallel")
            folders.add(Path(item.stats.cache_path).parent)
    assert folders == {_numba.CACHE_DIR}


# never stale --------------------------------------------------------------------------------------


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


def test_an_edit_of_a_called_kernel_is_seen(copy_of_package):
    package, environ = copy_of_package
    before = float(python(WEIGHT, **environ)[0])
    n_files = len(cached(environ["CELPVQ_CACHE"]))
    assert float(python(WEIGHT, **environ)[0]) == before
    assert len(cached(environ["CELPVQ_CACHE"])) == n_files > 0

    path = package / "codec" / "filters.py"
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
        return python("from celpvq import _jit; print(_numba.CACHE_DIR)", **environ, **extra)[0]

    first = folder()
    assert folder() == first
    assert Path(first.strip()).parent == Path(environ["CELPVQ_CACHE"])
    seen = {first, folder(NUMBA_BOUNDSCHECK="1"), folder(NUMBA_BOUNDSCHECK="0")}
    assert len(seen) >= 2
    for name in ("codec/pitch.py", "vq/_cells.py", "training/harvest.py", "_numba.py"):
        with (package / name).open("a") as file:
            file.write("# changed\n")
        seen.add(folder())
    assert len(seen) >= 6


def test_numbas_own_settings_are_left_alone(tmp_path):
    code = """
import os, numba, celpvq
before = numba.config.CACHE_DIR
from celpvq.codec import decoder
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


# whatever the disk is like ------------------------------------------------------------------------


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


def test_without_a_home_and_a_usable_cache_the_temporary_folder_serves(tmp_path, weighed):
    (tmp_path / "file").touch()
    (tmp_path / "tmp").mkdir()
    unusable = str(tmp_path / "file" / "cache")
    without = ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA")
    tmp = str(tmp_path / "tmp")
    out, err = python(WEIGHT, tmp_path, without, CELPVQ_CACHE=unusable, TMPDIR=tmp)
    assert (out, err) == (weighed, "")
    assert len(cached(tmp)) > 0
    out, err = python(WEIGHT, tmp_path, ("CELPVQ_CACHE",), HOME=unusable, TMPDIR=tmp)
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


def test_a_cache_that_somebody_else_owns_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setenv("CELPVQ_CACHE", str(tmp_path / "theirs"))
    assert _numba._user_cache_dir() == tmp_path / "theirs"
    own = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: own + 1)
    assert _numba._user_cache_dir() not in (tmp_path / "theirs", _numba._shared_temporary_dir())


@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
@pytest.mark.parametrize("damage", ["empty", "cut", "foreign"])
def test_a_damaged_cache_is_made_anew(tmp_path, warm, weighed, suffix, damage):
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


# and people are told -----------------------------------------------------------------------------


def test_a_terminal_hears_of_the_first_compilation_and_of_no_later_one(
    tmp_path, monkeypatch, capsys
):
    Encoder().encode_frame(np.zeros(160))
    assert _numba.is_compiled("frame.encode_frames")
    assert not _numba.is_compiled("encoder._encode")
    for folder, isatty, quiet, said in [
        (_numba.CACHE_DIR, True, False, False), (tmp_path, True, False, True),
        (tmp_path, False, False, False), (tmp_path, True, True, False),
    ]:  # fmt: skip
        monkeypatch.setattr(_jit, "CACHE_DIR", folder)
        monkeypatch.setattr("sys.stderr.isatty", lambda tty=isatty: tty)
        with common.Progress("encode", 1.0, quiet=quiet):
            pass
        assert ("first run in this environment" in capsys.readouterr().err) == said


def test_no_verb_speaks_of_compilation_once_both_directions_are_compiled(
    tmp_path, monkeypatch, capsys
):
    celpvq.warmup()
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    wav, coded = str(tmp_path / "a.wav"), str(tmp_path / "a.cvq")
    soundfile.write(wav, 0.1 * np.random.default_rng(1).normal(size=8000), 8000)
    for command in (
        ["encode", wav, coded], ["decode", coded, str(tmp_path / "b.wav")],
        ["channel", coded, str(tmp_path / "c.wav")],
        ["compare", str(tmp_path), "--out", str(tmp_path / "out"), "-m", "4800", "-j", "1",
         "--measures", "segsnr", "--limit", "1"],
    ):  # fmt: skip
        main(command)
        assert "compiling" not in capsys.readouterr().err
