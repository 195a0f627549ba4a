"""Whole processes: their start, the first one in a new environment, and their memory."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from celpvq._types import F64
from celpvq.codec.format.modes import SAMPLERATE

from . import timing

PEAK = "VmHWM:"


def child(code: str, **env: str) -> tuple[float, float]:
    """Run `code` in a fresh process; return wall time [s] and peak memory [MB], nan if unknown."""
    begin = time.perf_counter()
    process = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, **env},
    )
    wall = time.perf_counter() - begin
    if process.returncode:
        sys.exit(f"benchmark: exit status {process.returncode}: {code}\n{process.stderr}")
    peak = process.stdout.rpartition(PEAK)[2].split()
    return wall, int(peak[0]) * 1024 / 1e6 if peak else float("nan")


def command(*words: str) -> str:
    """Return code that runs the command line and then prints the peak memory, on Linux.

    The figure of `resource` would begin with the memory of the process that started this one.
    """
    return (
        f"import sys; from celpvq.cli import main; status = main({list(words)!r})\n"
        "if sys.platform == 'linux': print(open('/proc/self/status').read())\n"
        "sys.exit(status)"
    )


def start(x: F64) -> None:
    """Print import time, the first process in a new environment, and later ones."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        wav, cvq, out = (str(Path(folder, name)) for name in ("in.wav", "x.cvq", "out.wav"))
        soundfile.write(wav, x[: 5 * SAMPLERATE], SAMPLERATE)
        empty = min(child("pass")[0] for _ in range(timing.N_RUNS))
        imported = min(child("import celpvq")[0] for _ in range(timing.N_RUNS)) - empty
        rows.append(["import celpvq, without the start of the interpreter", f"{imported:.2f}", ""])
        encode = command("encode", wav, cvq, "--force")
        decode = command("decode", cvq, out, "--force")
        for verb, code in {"encode": encode, "decode": decode}.items():
            cache = str(Path(folder, f"cache-{verb}"))
            first = child(code, CELPVQ_CACHE=cache)
            later = [child(code, CELPVQ_CACHE=cache) for _ in range(timing.N_RUNS)]
            rows.append([f"celpvq {verb}, new environment", f"{first[0]:.2f}", f"{first[1]:.0f}"])
            wall, peak = min(w for w, _ in later), max(m for _, m in later)
            rows.append([f"celpvq {verb}, later process", f"{wall:.2f}", f"{peak:.0f}"])
        soundfile.write(wav, np.resize(x, 3600 * SAMPLERATE), SAMPLERATE, subtype="PCM_16")
        for words in (("encode", wav, cvq, "--preset", "fast"), ("decode", cvq, out)):
            wall, peak = child(command(*words, "--force"))
            rows.append([f"celpvq {words[0]}, an hour of speech", f"{wall:.1f}", f"{peak:.0f}"])
    timing.show(
        "Whole processes on 5 s of speech", ["process", "wall [s]", "peak memory [MB]"], rows
    )


def memory(_: F64) -> None:
    """Print the memory of a stream without the shared tables: growth of the resident memory."""
    code = (
        "import numpy as np, celpvq\n"
        "def resident():\n"
        "    return int(open('/proc/self/statm').read().split()[1]) * 4096\n"
        "def pair():\n"
        "    e, d = celpvq.Encoder(preset='best'), celpvq.Decoder()\n"
        "    d.decode_frame(e.encode_frame(np.zeros(160)))\n"
        "    return e, d\n"
        "first = [pair() for _ in range(20)]\n"
        "before = resident()\n"
        "more = [pair() for _ in range(200)]\n"
        "print((resident() - before) / 200 / 1024)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    print(f"Memory of a stream, encoder and decoder: {float(run.stdout):.0f} KiB\n")
