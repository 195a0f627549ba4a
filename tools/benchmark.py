"""Measure speed: files, frame calls, stages, threads, start-up, memory; and spectral distortion.

    python tools/benchmark.py
    python tools/benchmark.py --seconds 120 --only throughput frames --clips

The other codecs of the machine (``tools/peers``) are measured in the same run. The other half,
PESQ, ESTOI and ViSQOL, is ``celpvq compare``.

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
import stages
from numpy.typing import NDArray
from peers import registry

import celpvq
from celpvq.codec.format.modes import FRAME_LEN, SAMPLERATE
from celpvq.codec.decoder.tracks import parameters
from celpvq.quality import clip_paths, spectral_distortion
from celpvq.training import lsf_books

PRESETS = ("fast", "default", "best")
N_RUNS = 3
PEAK = "VmHWM:"
LONG_S = 20.0  # runs beyond this time in all are not repeated

Signal = NDArray[np.float64]


def speech_folder() -> Path:
    """Return the recordings: CELPVQ_SPEECH, or ``../shared/speech`` beside the checkout."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "speech"
    return Path(os.environ.get("CELPVQ_SPEECH", beside))


def clips() -> list[Signal]:
    """Return the clips of recorded speech, or the bundled ones."""
    paths = sorted((speech_folder() / "dev").glob("*.flac"))
    return [soundfile.read(path)[0] for path in paths or clip_paths()]


def speech(seconds: float) -> Signal:
    """Return so much speech, repeated if there is less."""
    joined = np.concatenate(clips())
    n_frames = round(seconds * SAMPLERATE / FRAME_LEN)
    return np.resize(joined, n_frames * FRAME_LEN)


def timed(action: Callable[[], object]) -> tuple[float, float]:
    """Return the least CPU time of this thread and the least wall time of three runs [s]."""
    runs: list[tuple[float, float]] = []
    while len(runs) < N_RUNS and sum(wall for _, wall in runs) < LONG_S:
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


def peers(x: Signal) -> None:
    """Print times real time of the other codecs of the machine."""
    found, absent = registry.installed()
    samples = np.round(x * 32767).astype(np.int16)
    seconds = x.size / SAMPLERATE
    rows = []
    for peer in found:
        runs = [peer.code(samples) for _ in range(N_RUNS)]
        encode, decode = min(r.encode_s for r in runs), min(r.decode_s for r in runs)
        rows.append([peer.name, f"{seconds / encode:.0f}", f"{seconds / decode:.0f}"])
    print("Other codecs, times real time per CPU second of the thread\n")
    table(["codec", "encode", "decode"], rows)
    for kind, missing in absent.items():
        print(f"left out: {kind} needs {missing}\n")


def clip_by_clip(_: Signal) -> None:
    """Print what each clip takes, pauses and all: no codec here may skip them."""
    found, _ = registry.installed(("amr",))
    rows = []
    for number, x in enumerate(clips()):
        frames = x[: x.size // FRAME_LEN * FRAME_LEN]
        seconds = frames.size / SAMPLERATE
        cells: list[object] = [number, f"{seconds:.1f}"]
        for mode in celpvq.modes():
            cpu, _ = timed(lambda m=mode, y=frames: celpvq.Encoder(m, "fast").encode_frames(y))  # type: ignore[misc]
            cells.append(f"{seconds / cpu:.0f}")
        for peer in found:
            coded = peer.code(np.round(frames * 32767).astype(np.int16))
            cells.append(f"{seconds / coded.encode_s:.0f}")
        rows.append(cells)
    head = [f"fast {mode.bitrate}" for mode in celpvq.modes()]
    print("Encoders clip by clip, times real time per CPU second of the thread\n")
    table(["clip", "seconds", *head, *(peer.name for peer in found)], rows)


def threads(x: Signal) -> None:
    """Print how much faster two threads are than one: wall time, so other loads count."""
    parts = list(x[: x.size // SAMPLERATE * SAMPLERATE].reshape(-1, SAMPLERATE))
    data = celpvq.encode_batch(parts, SAMPLERATE, preset="fast")
    rows = []
    for name, action in {
        "encode_batch": partial(celpvq.encode_batch, parts, SAMPLERATE),
        "decode_batch": partial(celpvq.decode_batch, data),
    }.items():
        one, two = (timed(partial(action, n_threads=n))[1] for n in (1, 2))
        rows.append([name, f"{one:.2f}", f"{two:.2f}", f"{one / two:.2f}"])
    print(f"Threads, {len(parts)} signals of a second, wall time [s]\n")
    table(["call", "one thread", "two threads", "ratio"], rows)


def memory(_: Signal) -> None:
    """Print what a stream takes beside the shared tables: growth of the resident memory."""
    code = (
        "import numpy as np, celpvq\n"
        "def held():\n"
        "    return int(open('/proc/self/statm').read().split()[1]) * 4096\n"
        "def pair():\n"
        "    e, d = celpvq.Encoder(preset='best'), celpvq.Decoder()\n"
        "    d.decode_frame(e.encode_frame(np.zeros(160)))\n"
        "    return e, d\n"
        "first = [pair() for _ in range(20)]\n"
        "before = held()\n"
        "more = [pair() for _ in range(200)]\n"
        "print((held() - before) / 200 / 1024)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    print(f"Memory of a stream, encoder and decoder: {float(run.stdout):.0f} KiB\n")


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
        times = [calls(celpvq.Encoder(mode.bitrate).encode_frame, parts) for _ in range(N_RUNS)]
        rows.append([mode.bitrate, "encode", *_call_cells(times, kernel)])
        data = celpvq.Encoder(mode.bitrate).encode_frames(x)
        packets = [data[i : i + mode.frame_bytes] for i in range(0, len(data), mode.frame_bytes)]
        decode = partial(celpvq.Decoder().decode_frames, data, mode.bitrate)
        kernel = timed(decode)[0] / len(packets) * 1e6
        times = [calls(celpvq.Decoder().decode_frame, packets) for _ in range(N_RUNS)]
        rows.append(["", "decode", *_call_cells(times, kernel)])
    print(f"Frame calls, preset default, {N_RUNS} x {len(parts)} calls each, us\n")
    table(
        ["bit/s", "call", "kernel per frame", "call, mean", "overhead", "CPU p50", "p99", "p99.9",
         "wall p50", "p99", "p99.9"],
        rows,
    )  # fmt: skip


def _call_cells(runs: list[NDArray[np.float64]], kernel: float) -> list[str]:
    """Return the cells of a row of `frames`; the mean is the best run's, less the clocks' own."""
    clock = calls(lambda _: None, range(1000))[:, 0].mean()
    mean = min(run[:, 0].mean() for run in runs) - clock
    quantiles = np.quantile(np.concatenate(runs), [0.5, 0.99, 0.999], axis=0).T.ravel()
    return [f"{v:.0f}" for v in (kernel, mean, mean - kernel, *quantiles)]


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
    """Return code that runs the command line and then prints the peak memory, where it is told.

    Not from `resource`, whose figure begins with the memory of the process that started this one.
    """
    return (
        f"import sys; from celpvq.cli import main; status = main({list(words)!r})\n"
        "if sys.platform == 'linux': print(open('/proc/self/status').read())\n"
        "sys.exit(status)"
    )


def start(x: Signal) -> None:
    """Print import time, the first process in a new environment, and later ones."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        wav, cvq, out = (str(Path(folder, name)) for name in ("in.wav", "x.cvq", "out.wav"))
        soundfile.write(wav, x[: 5 * SAMPLERATE], SAMPLERATE)
        empty = min(child("pass")[0] for _ in range(N_RUNS))
        imported = min(child("import celpvq")[0] for _ in range(N_RUNS)) - empty
        rows.append(["import celpvq, interpreter's own start taken off", f"{imported:.2f}", ""])
        encode = command("encode", wav, cvq, "--force")
        decode = command("decode", cvq, out, "--force")
        for words, code in {"encode": encode, "decode": decode}.items():
            cache = str(Path(folder, f"cache-{words}"))
            first = child(code, CELPVQ_CACHE=cache)
            later = [child(code, CELPVQ_CACHE=cache) for _ in range(N_RUNS)]
            rows.append([f"celpvq {words}, new environment", f"{first[0]:.2f}", f"{first[1]:.0f}"])
            wall, peak = min(w for w, _ in later), max(m for _, m in later)
            rows.append([f"celpvq {words}, later process", f"{wall:.2f}", f"{peak:.0f}"])
        soundfile.write(wav, np.resize(x, 3600 * SAMPLERATE), SAMPLERATE, subtype="PCM_16")
        for words in (("encode", wav, cvq, "--preset", "fast"), ("decode", cvq, out)):
            wall, peak = child(command(*words, "--force"))
            rows.append([f"celpvq {words[0]}, an hour of speech", f"{wall:.1f}", f"{peak:.0f}"])
    print("Whole processes on 5 s of speech\n")
    table(["process", "wall [s]", "peak memory [MB]"], rows)


def spectrum(_: Signal) -> None:
    """Print the spectral distortion of the quantized LSF, over all audible frames of all clips."""
    recordings = [x[: x.size // FRAME_LEN * FRAME_LEN] for x in clips()]
    spectra = lsf_books.analyze(recordings)
    audible = spectra.weight.any(axis=1)
    rows = []
    for mode in celpvq.modes():
        coded = (celpvq.Encoder(mode, preset="fast").encode_frames(x) for x in recordings)
        lsf_q = np.concatenate([parameters(packets, mode).lsf for packets in coded])
        distortion = spectral_distortion(spectra.lsf, lsf_q)[audible]
        outliers = [np.mean((distortion > 2) & (distortion <= 4)), np.mean(distortion > 4)]
        rows.append(
            [mode.bitrate, sum(mode.bits("lsf")), f"{distortion.mean():.2f}"]
            + [f"{100 * share:.1f}" for share in outliers]
        )
    print(f"Spectral distortion of the LSF, 0-4 kHz, {audible.sum()} frames\n")
    table(["bit/s", "LSF bits", "mean [dB]", "2-4 dB [%]", "over 4 dB [%]"], rows)


def parts(x: Signal) -> None:
    """Print the time of each stage, what it multiplies, and the machine's peak beside it."""
    for mode in celpvq.modes():
        rows, peak = stages.measure(mode, x)
        print(f"Stages of a subframe at {mode.bitrate} bit/s; peak {peak:.1f} GMAC/s\n")
        table(["stage", "us", "MAC", "GMAC/s", "share of the peak [%]"], rows)


SECTIONS: dict[str, Callable[[Signal], None]] = {
    "throughput": throughput,
    "peers": peers,
    "frames": frames,
    "stages": parts,
    "threads": threads,
    "start": start,
    "memory": memory,
    "spectrum": spectrum,
}


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60, help="speech used (default 60)")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--clips", action="store_true", help="encoders clip by clip, too")
    args = parser.parse_args(argv)
    x = speech(args.seconds)
    source = "recordings" if (speech_folder() / "dev").is_dir() else "the bundled clips"
    print(f"{cpu_name()}, Python {platform.python_version()}, numba {numba.__version__}")
    print(f"celpvq {celpvq.__version__}, {x.size / SAMPLERATE:.0f} s of {source}\n")
    celpvq.warmup()
    for name in args.only:
        SECTIONS[name](x)
    if args.clips:
        clip_by_clip(x)
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
