"""The decoder's output is the same to the bit on every machine, compiled or not.

The encoder's output is the same in every process of one machine.
"""

import hashlib
import json
import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from inputs import frames, python

from celpvq._numba import CACHE_DIR
from celpvq.codec.decoder.decoder import FrameDecoder
from celpvq.codec.encoder.encoder import FrameEncoder
from celpvq.codec.format.modes import modes

MODES = modes()

DECODE = """
import hashlib, json, sys
from celpvq.codec.decoder.decoder import FrameDecoder
decoder, hashes = FrameDecoder(), []
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        hashes.append(hashlib.sha256(decoder.decode_run(file.read(), path[-4:])).hexdigest())
print(json.dumps(hashes))
"""
INSPECT = """
from celpvq.codec.decoder import decoder, frame
decoder.FrameDecoder().decode(bytes(16))
[code] = frame.decode_frames.inspect_llvm().values()
[assembly] = frame.decode_frames.inspect_asm().values()
print(code, ";;;", assembly)
"""


# the code -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """The decoder in LLVM's language and in the processor's.

    A kernel from the cache cannot be inspected, so this compiles one.
    """
    cache = tmp_path_factory.mktemp("cache")
    out, _ = python(INSPECT, CELPVQ_CACHE=str(cache))
    code, assembly = out.split(";;;")
    assert len(re.findall(r"\bfmul\b", code)) > 50  # all of it is there
    assert "define" in code
    return code, assembly


@pytest.mark.slow
@pytest.mark.parametrize(
    "flag", ["fast", "reassoc", "contract", "arcp", "afn", "nsz", "nnan", "ninf"]
)
def test_no_operation_may_be_rounded_differently(compiled, flag):
    assert re.findall(rf"^.*\b{flag}\b.*$", compiled[0], re.M) == []


@pytest.mark.slow
def test_nothing_is_fused(compiled):
    code, assembly = compiled
    assert "fmuladd" not in code
    assert not re.search(r"llvm\.fma\b", code)
    assert not re.search(r"\b(?:v?fn?m(?:add|sub)\w*|fml[as])\b", assembly)


@pytest.mark.slow
def test_only_functions_that_ieee_754_defines_come_from_the_c_library(compiled):
    floats = r"^declare [^@]*\b(?:double|float) @([\w.]+)\("
    functions = set(re.findall(floats, compiled[0], re.M))
    allowed = {"sqrt", "llvm.sqrt.f64", "llvm.fabs.f64", "llvm.fabs.f32"}
    assert functions - {"PyFloat_AsDouble"} <= allowed
    called = set(re.findall(r"@([a-z]\w*)\(", compiled[0]))
    libm = {"cos", "sin", "exp", "exp2", "log", "log10", "log2", "pow", "floor", "ceil", "fma",
            "rint", "round", "fmod", "tan", "ldexp"}  # fmt: skip
    assert not called & (libm | {f"{name}f" for name in libm})
    intrinsics = set(re.findall(r"@llvm\.(\w+)", compiled[0]))
    assert not intrinsics & {"cos", "sin", "exp", "exp2", "log", "log2", "log10", "pow", "powi"}
    assert not re.search(r"llvm\.vector\.reduce\.f", compiled[0])


@pytest.mark.slow
def test_there_are_no_floats_but_those_that_every_machine_rounds_alike(compiled):
    """Doubles, and single precision in the enhancement network."""
    others = r"^.*= f\w+ (?:<\d+ x )?(?:half|bfloat|fp128|x86_fp80)\b.*$"
    assert re.findall(others, compiled[0], re.M) == []


# its output ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def streams(clips, tmp_path_factory):
    """Files of packets, a second of each mode: speech, then random bytes. The name is the mode."""
    rng = np.random.default_rng(2)
    folder = tmp_path_factory.mktemp("streams")
    paths = []
    for mode, clip in zip(MODES, clips.values(), strict=False):
        path = folder / mode.name
        speech = FrameEncoder(mode, "fast").encode(frames(clip)[40:80].ravel())
        path.write_bytes(b"".join(speech) + rng.bytes(10 * mode.frame_bytes))
        paths.append(path)
    return paths


def decoded(paths):
    """The hashes of the samples when one decoder decodes all files, one after the other."""
    decoder = FrameDecoder()
    return [
        hashlib.sha256(decoder.decode_run(path.read_bytes(), path.name)).hexdigest()
        for path in paths
    ]


# the last two compile in caches of their own, which stay, so that only the first run takes long
@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({"NUMBA_DISABLE_JIT": "1"}, id="not compiled"),
        pytest.param({"NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}, id="one thread"),
        pytest.param(
            {"NUMBA_CPU_NAME": "generic", "CELPVQ_CACHE": str(CACHE_DIR / "generic")},
            id="generic processor", marks=pytest.mark.slow,
        ),
        pytest.param(
            {"PYTHONHASHSEED": "1", "LC_ALL": "C", "NUMBA_OPT": "1",
             "CELPVQ_CACHE": str(CACHE_DIR / "little-optimized")},
            id="little optimized", marks=pytest.mark.slow,
        ),
    ],
)  # fmt: skip
def test_other_processes_decode_alike(streams, environ):
    assert json.loads(python(DECODE, *streams, **environ)[0]) == decoded(streams)


@pytest.mark.parametrize("n_threads", [1, 8])
def test_threads_decode_alike(streams, n_threads):
    expected = decoded(streams)
    with ThreadPoolExecutor(n_threads) as pool:
        for hashes in pool.map(decoded, [streams] * 24):
            assert hashes == expected


def test_the_streams_have_different_hashes(streams):
    assert len(set(decoded(streams))) == len(MODES)
    assert decoded(streams[:1]) != decoded(streams[1:])[:1]


# python -O ----------------------------------------------------------------------------------------

ROUNDTRIP = """
import hashlib, sys
import numpy as np
from celpvq.codec.decoder.decoder import FrameDecoder
from celpvq.codec.encoder.encoder import FrameEncoder
x = np.load(sys.argv[1])
for mode in (4800, 8000):
    packets = FrameEncoder(mode, dtx=True).encode(x)
    y = [FrameDecoder().decode_run(b"".join(p for p in packets if len(p) > 2), mode)]
    decoder = FrameDecoder()
    y += [decoder.decode(packet) for packet in [None, *packets, None]]
    for data in (b"".join(packets), np.concatenate(y)):
        print(hashlib.sha256(data).hexdigest())
print(__debug__)
"""


def test_python_without_assertions_codes_alike(speech, tmp_path):
    path = tmp_path / "speech.npy"
    np.save(path, np.concatenate([speech, np.zeros(30 * 160)]))
    with_assertions = python(ROUNDTRIP, path, PYTHONOPTIMIZE="")[0].split()
    without = python(ROUNDTRIP, path, options=["-O"])[0].split()
    assert without[:-1] == with_assertions[:-1]
    assert len(set(without)) == 5
    assert (with_assertions[-1], without[-1]) == ("True", "False")
