"""The decoder's output is the same to the bit on every machine, compiled or not."""

import hashlib
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import celpvq
from celpvq import Decoder, Encoder
from celpvq._numba import CACHE_DIR
from celpvq.codec.format.modes import FRAME_LEN

MODES = celpvq.modes()

DECODE = """
import hashlib, json, sys
from celpvq import Decoder
decoder, hashes = Decoder(), []
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        hashes.append(hashlib.sha256(decoder.decode_frames(file.read(), path[-4:])).hexdigest())
print(json.dumps(hashes))
"""
INSPECT = """
import sys
from celpvq.codec import decoder
decoder.Decoder().decode_frame(bytes(16))
[code] = decoder._decode_frames.inspect_llvm().values()
[assembly] = decoder._decode_frames.inspect_asm().values()
print(code, ";;;", assembly)
"""


def python(code, *args, **environ):
    """Run code in a process of its own, and return what it prints."""
    run = subprocess.run(
        [sys.executable, "-P", "-c", code, *map(str, args)],
        capture_output=True, text=True, check=False, env=os.environ | environ,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return run.stdout


# the code -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """The decoder in LLVM's language and in the processor's, compiled anew.

    What comes out of a cache cannot be inspected.
    """
    cache = tmp_path_factory.mktemp("cache")
    code, assembly = python(INSPECT, CELPVQ_CACHE=str(cache)).split(";;;")
    assert len(re.findall(r"\bfmul\b", code)) > 50  # it is all there
    assert "define" in code
    return code, assembly


@pytest.mark.parametrize(
    "flag", ["fast", "reassoc", "contract", "arcp", "afn", "nsz", "nnan", "ninf"]
)
def test_no_operation_may_be_rounded_otherwise(compiled, flag):
    assert re.findall(rf"^.*\b{flag}\b.*$", compiled[0], re.M) == []


def test_nothing_is_fused(compiled):
    code, assembly = compiled
    assert "fmuladd" not in code
    assert not re.search(r"llvm\.fma\b", code)
    assert not re.search(r"\b(?:v?fn?m(?:add|sub)\w*|fml[as])\b", assembly)


def test_nothing_comes_from_the_c_library_but_what_ieee_754_fixes(compiled):
    functions = set(re.findall(r"^declare [^@]*\bdouble @([\w.]+)\(", compiled[0], re.M))
    assert functions - {"PyFloat_AsDouble"} <= {"sqrt", "llvm.sqrt.f64", "llvm.fabs.f64"}
    called = set(re.findall(r"@([a-z]\w*)\(", compiled[0]))
    libm = {"cos", "sin", "exp", "exp2", "log", "log10", "log2", "pow", "floor", "ceil", "fma",
            "rint", "round", "fmod", "tan", "ldexp"}  # fmt: skip
    assert not called & (libm | {f"{name}f" for name in libm})
    intrinsics = set(re.findall(r"@llvm\.(\w+)", compiled[0]))
    assert not intrinsics & {"cos", "sin", "exp", "exp2", "log", "log2", "log10", "pow", "powi"}
    assert not re.search(r"llvm\.vector\.reduce\.f", compiled[0])


def test_there_are_doubles_and_no_other_floats(compiled):
    others = r"^.*= f\w+ (?:<\d+ x )?(?:float|half|fp128|x86_fp80)\b.*$"
    assert re.findall(others, compiled[0], re.M) == []


# its output ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def streams(clips, tmp_path_factory):
    """Files of packets, a second of each mode, speech and then anything; their name is the mode."""
    rng = np.random.default_rng(2)
    folder = tmp_path_factory.mktemp("streams")
    paths = []
    for mode, clip in zip(MODES, clips.values(), strict=False):
        path = folder / mode.name
        speech = Encoder(mode, "fast").encode_frames(clip[6400 : 6400 + 40 * FRAME_LEN])
        path.write_bytes(speech + rng.bytes(10 * mode.frame_bytes))
        paths.append(path)
    return paths


def decoded(paths):
    """The hashes of what one decoder makes of all files, one after the other."""
    decoder = Decoder()
    return [
        hashlib.sha256(decoder.decode_frames(path.read_bytes(), path.name)).hexdigest()
        for path in paths
    ]


@pytest.mark.parametrize(
    "environ",
    [
        {"NUMBA_DISABLE_JIT": "1"},
        # in a cache of its own, which stays, so that only the first run compiles
        {"NUMBA_CPU_NAME": "generic", "CELPVQ_CACHE": str(CACHE_DIR / "generic")},
        {"NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        {"PYTHONHASHSEED": "1", "LC_ALL": "C", "NUMBA_OPT": "1",
         "CELPVQ_CACHE": str(CACHE_DIR / "little-optimized")},
    ],
    ids=lambda environ: next(iter(environ)),
)  # fmt: skip
def test_other_processes_decode_alike(streams, environ):
    assert json.loads(python(DECODE, *streams, **environ)) == decoded(streams)


@pytest.mark.parametrize("n_threads", [1, 8])
def test_threads_decode_alike(streams, n_threads):
    expected = decoded(streams)
    with ThreadPoolExecutor(n_threads) as pool:
        for hashes in pool.map(decoded, [streams] * 24):
            assert hashes == expected


def test_the_streams_tell_decoders_apart(streams):
    assert len(set(decoded(streams))) == len(MODES)
    assert decoded(streams[:1]) != decoded(streams[1:])[:1]
