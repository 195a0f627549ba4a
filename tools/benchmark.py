"""Measure speed: kernels, frame calls, start-up and memory, on one core.

    python tools/benchmark.py
    python tools/benchmark.py --seconds 120 --only throughput frames

Speech comes from CELPVQ_SPEECH (or ``../shared/speech`` beside the checkout), else from the bundled
clips. Compilation is excluded everywhere except under "start". Throughput is the best of three
runs; CPU times are those of the calling thread. Compare within one run only: other machines, and
other loads, give other figures.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

for _library in ("OMP", "OPENBLAS", "NUMBA"):  # before numpy is loaded: one core
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

import numba
import numpy as np
import soundfile
from numpy.typing import NDArray

import celpvq
from celpvq.quality import clip_paths

SAMPLERATE = 8000  # Hz
FRAME_LEN = 160
PRESETS = ("fast", "default", "best")
N_RUNS = 3

Signal = NDArray[np.float64]


def speech(seconds: float) -> tuple[Signal, str]:
    """Return so much speech, repeated if there is less, and where it is from."""
    folder = os.environ.get("CELPVQ_SPEECH", Path(__file__).resolve().parents[2] / "shared/speech")
    paths = sorted(Path(folder, "dev").glob("*.flac"))
    source = "recordings (dev)" if paths else "bundled clips"
    joined = np.concatenate([soundfile.read(p)[0] for p in paths or clip_paths()])
    n_frames = round(seconds * SAMPLERATE / FRAME_LEN)
    return np.resize(joined, n_frames * FRAME_LEN), source


def timed(action: Callable[[], object]) -> tuple[float, float]:
    """Return the least CPU time of this thread and the least wall time of three runs [s]."""
    runs = []
    for _ in range(N_RUNS):
        cpu, wall = time.thread_time(), time.perf_counter()
        action()
        runs.append((time.thread_time() - cpu, time.perf_counter() - wall))
    return min(cpu for cpu, _ in runs), min(wall for _, wall in runs)


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Print a Markdown table."""
    head = list(head)
    for line in (head, ["---"] * len(head), *rows):
        print(f"| {' | '.join(map(str, line))} |")
    print()


def throughput(x: Signal) -> None:
    """Print times real time of whole files."""
    seconds = x.size / SAMPLERATE
    rows = []
    for mode in celpvq.modes():
        cells: list[object] = [mode.bitrate]
        for preset in PRESETS:
            encoder = celpvq.Encoder(mode.bitrate, preset=preset)
            cpu, wall = timed(partial(encoder.encode_frames, x))
            cells.append(f"{seconds / cpu:.0f} ({seconds / wall:.0f})")
        data = celpvq.Encoder(mode.bitrate, preset="fast").encode_frames(x)
        cpu, wall = timed(partial(celpvq.Decoder().decode_frames, data, mode.bitrate))
        rows.append([*cells, f"{seconds / cpu:.0f} ({seconds / wall:.0f})"])
    print("Whole files, times real time per CPU second of the thread (per second of wall time)\n")
    table(["bit/s", *(f"encode {p}" for p in PRESETS), "decode"], rows)


def calls(function: Callable[[object], object], arguments: Iterable[object]) -> NDArray[np.float64]:
    """Return CPU and wall time of each call, shape (n, 2) [us]."""
    times = []
    for argument in arguments:
        wall, cpu = time.perf_counter_ns(), time.thread_time_ns()
        function(argument)
        times.append((time.thread_time_ns() - cpu, time.perf_counter_ns() - wall))
    return np.array(times) / 1000


def frames(x: Signal) -> None:
    """Print the cost of the streaming API's frame calls, beside the kernel's in a whole file."""
    parts = x.reshape(-1, FRAME_LEN)
    rows = []
    for mode in celpvq.modes():
        whole = celpvq.Encoder(mode.bitrate)
        kernel = timed(partial(whole.encode_frames, x))[0] / len(parts) * 1e6
        times = calls(celpvq.Encoder(mode.bitrate).encode_frame, parts)
        rows.append([mode.bitrate, "encode", *_call_cells(times, kernel)])
        data = celpvq.Encoder(mode.bitrate).encode_frames(x)
        packets = [data[i : i + mode.frame_bytes] for i in range(0, len(data), mode.frame_bytes)]
        decode = partial(celpvq.Decoder().decode_frames, data, mode.bitrate)
        kernel = timed(decode)[0] / len(packets) * 1e6
        times = calls(celpvq.Decoder().decode_frame, packets)
        rows.append(["", "decode", *_call_cells(times, kernel)])
    print(f"Frame calls, preset default, {len(parts)} calls each, us\n")
    table(
        ["bit/s", "call", "kernel per frame", "call, mean", "overhead", "CPU p50", "p99", "p99.9",
         "wall p50", "p99", "p99.9"],
        rows,
    )  # fmt: skip


def _call_cells(times: NDArray[np.float64], kernel: float) -> list[str]:
    """Return the cells of a row of `frames`; the mean leaves out the clocks' own time."""
    clock = calls(lambda _: None, range(1000))[:, 0].mean()
    mean = times[:, 0].mean() - clock
    quantiles = np.quantile(times, [0.5, 0.99, 0.999], axis=0).T.ravel()
    return [f"{v:.0f}" for v in (kernel, mean, mean - kernel, *quantiles)]


def child(code: str, **env: str) -> tuple[float, float]:
    """Run `code` in a fresh process; return wall time [s] and peak memory [MB]."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, **env})
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)  # reaped already
    if process.returncode:
        sys.exit(f"benchmark: a process ended with {process.returncode}: {code}")
    unit = 1 if platform.system() == "Darwin" else 1024
    return time.perf_counter() - start, usage.ru_maxrss * unit / 1e6


def start(x: Signal) -> None:
    """Print import time, the first process in a new environment, and later ones."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        wav, cvq, out = (str(Path(folder, name)) for name in ("in.wav", "x.cvq", "out.wav"))
        soundfile.write(wav, x[: 5 * SAMPLERATE], SAMPLERATE)
        empty = min(child("pass")[0] for _ in range(N_RUNS))
        imported = min(child("import celpvq")[0] for _ in range(N_RUNS)) - empty
        rows.append(["import celpvq, interpreter's own start taken off", f"{imported:.2f}", ""])
        main = "import sys; from celpvq.cli import main; sys.exit(main({}))"
        encode = main.format(repr(["encode", wav, cvq, "--force"]))
        decode = main.format(repr(["decode", cvq, out, "--force"]))
        for words, code in {"encode": encode, "decode": decode}.items():
            cache = str(Path(folder, f"cache-{words}"))
            first = child(code, CELPVQ_CACHE=cache)
            later = [child(code, CELPVQ_CACHE=cache) for _ in range(N_RUNS)]
            rows.append([f"celpvq {words}, new environment", f"{first[0]:.2f}", f"{first[1]:.0f}"])
            wall, memory = min(w for w, _ in later), max(m for _, m in later)
            rows.append([f"celpvq {words}, later process", f"{wall:.2f}", f"{memory:.0f}"])
        soundfile.write(wav, np.resize(x, 600 * SAMPLERATE), SAMPLERATE)
        fast = main.format(repr(["encode", wav, cvq, "--force", "--preset", "fast"]))
        wall, memory = child(fast)
        rows.append(["celpvq encode --preset fast, 10 minutes", f"{wall:.2f}", f"{memory:.0f}"])
    print("Whole processes on 5 s of speech\n")
    table(["process", "wall [s]", "peak memory [MB]"], rows)


SECTIONS: dict[str, Callable[[Signal], None]] = {
    "throughput": throughput,
    "frames": frames,
    "start": start,
}


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60, help="speech used (default 60)")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    args = parser.parse_args(argv)
    x, source = speech(args.seconds)
    print(f"{cpu_name()}, Python {platform.python_version()}, numba {numba.__version__}")
    print(f"celpvq {celpvq.__version__}, {x.size / SAMPLERATE:.0f} s of {source}\n")
    celpvq.warmup()
    for name in args.only:
        SECTIONS[name](x)
    return 0


def cpu_name() -> str:
    """Return what the processor calls itself."""
    info = Path("/proc/cpuinfo")
    names = (
        [line for line in info.read_text().splitlines() if "model name" in line]
        if info.exists()
        else []
    )
    return names[0].split(":")[1].strip() if names else platform.processor()


if __name__ == "__main__":
    sys.exit(main())
