"""Measure speed: files, frames, lines, stages, threads, start, memory; and spectral distortion.

    python tools/benchmark.py
    python tools/benchmark.py --seconds 120 --only throughput frames
    python tools/benchmark.py --seconds 10 --only throughput --against main

The same run measures the other installed codecs (``tools/peers``), and the ratios to AMR-NB at the
nearest rate. ``--against COMMIT`` builds another commit beside the working tree, and compares their
speeds in alternate runs. For PESQ, ESTOI and ViSQOL see ``celpvq compare``.

Speech comes from CELPVQ_SPEECH, or else from the bundled clips. Compilation is excluded everywhere
except under "start". Throughput is the best of three runs; CPU times are those of the calling
thread. Compare figures of one run only: they depend on the machine and on its load.
"""

import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

for _library in ("OMP", "OPENBLAS"):  # before numpy is loaded: one core
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

import against
import numba
import numpy as np
import options
import soundfile
import stages
from peers import registry
from peers.amr import NEAREST_KBPS
from peers.codec import Peer

import celpvq
from celpvq._types import F64
from celpvq.audio import Resampler, to_dtype
from celpvq.augment import TelephoneLine
from celpvq.codec.decoder.decoder import FrameDecoder
from celpvq.codec.decoder.tracks import parameters
from celpvq.codec.encoder.encoder import FrameEncoder
from celpvq.codec.encoder.presets import PRESETS
from celpvq.codec.format.modes import FRAME_LEN, SAMPLERATE
from celpvq.lab.clips import clip_paths, read_clip
from celpvq.lab.tabular import markdown
from celpvq.quality import spectral_distortion
from celpvq.training import lsf_frames

N_RUNS = 3
PEAK = "VmHWM:"
LONG_S = 20.0  # runs beyond this total time are not repeated


def clips() -> list[F64]:
    """Return the whole frames of each recording, or of each bundled clip."""
    folder = options.recordings()
    paths = sorted(folder.glob("*.flac")) if folder else clip_paths()
    return [x[: x.size // FRAME_LEN * FRAME_LEN] for x in map(read_clip, paths)]


def speech(seconds: float) -> F64:
    """Return speech of a duration; it repeats if there is less."""
    n_frames = round(seconds * SAMPLERATE / FRAME_LEN)
    return np.resize(np.concatenate(clips()), n_frames * FRAME_LEN)


def timed(action: Callable[[], object]) -> tuple[float, float]:
    """Return the least CPU time of this thread and the least wall time of three runs [s]."""
    runs: list[tuple[float, float]] = []
    while len(runs) < N_RUNS and sum(wall for _, wall in runs) < LONG_S:
        cpu, wall = time.thread_time(), time.perf_counter()
        action()
        runs.append((time.thread_time() - cpu, time.perf_counter() - wall))
    return min(cpu for cpu, _ in runs), min(wall for _, wall in runs)


def show(title: str, head: Sequence[str], rows: Iterable[Iterable[object]]) -> None:
    """Print a table."""
    print(f"{title}\n\n{markdown(head, rows)}\n", flush=True)


def coders(mode: celpvq.Mode, x: F64) -> dict[str, Callable[[], object]]:
    """Return functions that code whole files: encode with each preset, and decode."""
    packets = b"".join(FrameEncoder(mode, "fast").encode(x))
    encode = {f"encode {p}": partial(FrameEncoder(mode, p).encode, x) for p in PRESETS}
    return {**encode, "decode": partial(FrameDecoder().decode_run, packets, mode)}


def peer_rates(peer: Peer, x: F64) -> tuple[float, float]:
    """Return the speeds of another codec's encoder and decoder in times real time."""
    runs = [peer.code(to_dtype(x, "int16")) for _ in range(N_RUNS)]
    seconds = x.size / SAMPLERATE
    return seconds / min(r.encode_s for r in runs), seconds / min(r.decode_s for r in runs)


def throughput(x: F64) -> None:
    """Print the speed of whole files, and its ratio to AMR-NB where that is installed."""
    seconds, rows, ratios = x.size / SAMPLERATE, [], []
    amr = {peer.kbps: peer for peer in registry.installed(("amr",))[0]}
    for mode in celpvq.modes():
        times = {name: timed(action) for name, action in coders(mode, x).items()}
        rows.append(
            [mode.bitrate, *(f"{seconds / c:.0f} ({seconds / w:.0f})" for c, w in times.values())]
        )
        if peer := amr.get(NEAREST_KBPS[mode.bitrate]):
            encode, decode = peer_rates(peer, x)
            own = (decode if name == "decode" else encode for name in times)
            ratio = [seconds / c / r for (c, _), r in zip(times.values(), own, strict=True)]
            ratios.append([mode.bitrate, peer.kbps, *(f"{r:.2f}" for r in ratio)])
    names = list(times)
    show("Whole files, times real time per CPU second of the thread (per second of wall time)",
         ["bit/s", *names], rows)  # fmt: skip
    if ratios:
        show("Speed divided by that of AMR-NB at the nearest rate, CPU time of the same run",
             ["bit/s", "AMR-NB [kbit/s]", *names], ratios)  # fmt: skip


def peers(x: F64) -> None:
    """Print the speed of the other installed codecs."""
    found, absent = registry.installed()
    rows = [[peer.name, *(f"{rate:.0f}" for rate in peer_rates(peer, x))] for peer in found]
    show("Other codecs, times real time per CPU second of the thread",
         ["codec", "encode", "decode"], rows)  # fmt: skip
    for kind, missing in absent.items():
        print(f"left out: {kind} needs {missing}\n")


def clip_by_clip(_: F64) -> None:
    """Print the speed of the encoders on each clip; none of them skips pauses here."""
    found, _absent = registry.installed(("amr",))
    rows = []
    for number, x in enumerate(clips()):
        seconds = x.size / SAMPLERATE
        cells: list[object] = [number, f"{seconds:.1f}"]
        for mode in celpvq.modes():
            cells.append(f"{seconds / timed(partial(FrameEncoder(mode, 'fast').encode, x))[0]:.0f}")
        cells += [f"{peer_rates(peer, x)[0]:.0f}" for peer in found]
        rows.append(cells)
    head = [f"fast {mode.bitrate}" for mode in celpvq.modes()]
    show("Encoders clip by clip, times real time per CPU second of the thread",
         ["clip", "seconds", *head, *(peer.name for peer in found)], rows)  # fmt: skip


LINES = {
    "4800": TelephoneLine(mode=4800),
    "6400": TelephoneLine(),
    "8000": TelephoneLine(mode=8000),
    "6400 default": TelephoneLine(preset="default"),
    "6400, 300-3400 Hz, 5 % lost": TelephoneLine(low_hz=300, high_hz=3400, loss=0.05),
}
CHANNELS = {
    "no errors": {},
    "10 % lost": {"loss": 0.1},
    "10 % lost, bit errors 1e-3": {"loss": 0.1, "ber": 1e-3},
}


def augment(x: F64) -> None:
    """Print the speed of telephone lines, and the time of `roundtrip` relative to its parts."""
    rows, ratios = [], []
    for samplerate in (8000, 16000, 48000):
        resampler = Resampler(SAMPLERATE, samplerate)
        y = np.concatenate([resampler.write(x), resampler.flush()]).astype(np.float32)
        y *= np.float32(0.5 / np.abs(y).max())
        seconds = len(y) / samplerate
        for line in LINES.values():  # loads scipy's filters, and tables
            line(y[:1000], samplerate, seed=1)
        times = [timed(partial(line, y, samplerate, seed=1))[0] for line in LINES.values()]
        rows.append([samplerate, *(f"{seconds / cpu:.0f}" for cpu in times)])
        options = {"samplerate": samplerate, "mode": 6400, "preset": "fast"}
        data = celpvq.encode(y, **options)
        encode = timed(partial(celpvq.encode, y, **options))[0]
        parts = encode + timed(partial(celpvq.decode, data, samplerate))[0]
        whole = [
            timed(partial(celpvq.roundtrip, y, **options, **channel, seed=1))[0]
            for channel in CHANNELS.values()
        ]
        ratios.append([samplerate, *(f"{cpu / parts:.2f}" for cpu in whole)])
    show("Telephone lines, preset fast unless named, times real time per CPU second",
         ["Hz", *LINES], rows)  # fmt: skip
    show("CPU time of roundtrip divided by that of encode and decode, 6400 bit/s, preset fast",
         ["Hz", *CHANNELS], ratios)  # fmt: skip


def threads(x: F64) -> None:
    """Print the speed-up of two threads; it is wall time, so other loads count."""
    parts = list(x[: x.size // SAMPLERATE * SAMPLERATE].reshape(-1, SAMPLERATE))
    data = celpvq.encode_batch(parts, SAMPLERATE, preset="fast")
    rows = []
    for name, action in {
        "encode_batch": partial(celpvq.encode_batch, parts, SAMPLERATE),
        "decode_batch": partial(celpvq.decode_batch, data),
    }.items():
        one, two = (timed(partial(action, n_threads=n))[1] for n in (1, 2))
        rows.append([name, f"{one:.2f}", f"{two:.2f}", f"{one / two:.2f}"])
    show(f"Threads, {len(parts)} signals of a second, wall time [s]",
         ["call", "one thread", "two threads", "ratio"], rows)  # fmt: skip


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


def calls(function: Callable[[object], object], arguments: Iterable[object]) -> F64:
    """Return CPU and wall time of each call, shape (n, 2) [us]."""
    times = []
    for argument in arguments:
        wall, cpu = time.perf_counter_ns(), time.thread_time_ns()
        function(argument)
        times.append((time.thread_time_ns() - cpu, time.perf_counter_ns() - wall))
    return np.array(times) / 1000


def frames(x: F64) -> None:
    """Print the cost of `encode_frame` and `decode_frame`, and of the kernels in a whole file."""
    parts = x.reshape(-1, FRAME_LEN)
    rows = []
    for mode in celpvq.modes():
        packets = FrameEncoder(mode).encode(x)
        whole = coders(mode, x)
        for name, kernel, new, arguments in (
            ("encode", "encode default", partial(celpvq.Encoder, mode), parts),
            ("decode", "decode", celpvq.Decoder, packets),
        ):
            per_frame = timed(whole[kernel])[0] / len(parts) * 1e6
            runs = [calls(getattr(new(), f"{name}_frame"), arguments) for _ in range(N_RUNS)]
            rows.append([mode.bitrate, name, *_call_cells(runs, per_frame)])
    show(
        f"Frame calls, preset default, {N_RUNS} x {len(parts)} calls each, us",
        ["bit/s", "call", "kernel per frame", "call, mean", "overhead", "CPU p50", "p99", "p99.9",
         "wall p50", "p99", "p99.9"],
        rows,
    )  # fmt: skip


def _call_cells(runs: list[F64], kernel: float) -> list[str]:
    """Return the cells of a row of `frames`; the mean is the best run's, without the clocks."""
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
        empty = min(child("pass")[0] for _ in range(N_RUNS))
        imported = min(child("import celpvq")[0] for _ in range(N_RUNS)) - empty
        rows.append(["import celpvq, without the start of the interpreter", f"{imported:.2f}", ""])
        encode = command("encode", wav, cvq, "--force")
        decode = command("decode", cvq, out, "--force")
        for verb, code in {"encode": encode, "decode": decode}.items():
            cache = str(Path(folder, f"cache-{verb}"))
            first = child(code, CELPVQ_CACHE=cache)
            later = [child(code, CELPVQ_CACHE=cache) for _ in range(N_RUNS)]
            rows.append([f"celpvq {verb}, new environment", f"{first[0]:.2f}", f"{first[1]:.0f}"])
            wall, peak = min(w for w, _ in later), max(m for _, m in later)
            rows.append([f"celpvq {verb}, later process", f"{wall:.2f}", f"{peak:.0f}"])
        soundfile.write(wav, np.resize(x, 3600 * SAMPLERATE), SAMPLERATE, subtype="PCM_16")
        for words in (("encode", wav, cvq, "--preset", "fast"), ("decode", cvq, out)):
            wall, peak = child(command(*words, "--force"))
            rows.append([f"celpvq {words[0]}, an hour of speech", f"{wall:.1f}", f"{peak:.0f}"])
    show("Whole processes on 5 s of speech", ["process", "wall [s]", "peak memory [MB]"], rows)


def spectrum(_: F64) -> None:
    """Print the spectral distortion of the quantized LSF, over all audible frames of all clips."""
    recordings = clips()
    analyzed = lsf_frames.analyze(recordings)
    audible = analyzed.weight.any(axis=1)
    rows = []
    for mode in celpvq.modes():
        coded = (b"".join(FrameEncoder(mode, "fast").encode(x)) for x in recordings)
        lsf_q = np.concatenate([parameters(packets, mode).lsf for packets in coded])
        distortion = spectral_distortion(analyzed.lsf, lsf_q)[audible]
        outliers = [np.mean((distortion > 2) & (distortion <= 4)), np.mean(distortion > 4)]
        shares = [f"{100 * share:.1f}" for share in outliers]
        rows.append([mode.bitrate, sum(mode.bits("lsf")), f"{distortion.mean():.2f}", *shares])
    show(f"Spectral distortion of the LSF, 0-4 kHz, {audible.sum()} frames",
         ["bit/s", "LSF bits", "mean [dB]", "2-4 dB [%]", "over 4 dB [%]"], rows)  # fmt: skip


def stage_times(x: F64) -> None:
    """Print the time of each stage, its multiply-adds, and their rate relative to the peak."""
    for mode in celpvq.modes():
        rows, peak = stages.measure(mode, x)
        show(f"Stages of a subframe at {mode.bitrate} bit/s; peak {peak:.1f} GMAC/s",
             ["stage", "us", "MAC", "GMAC/s", "share of the peak [%]"], rows)  # fmt: skip


SECTIONS: dict[str, Callable[[F64], None]] = {
    "throughput": throughput,
    "peers": peers,
    "frames": frames,
    "augment": augment,
    "stages": stage_times,
    "threads": threads,
    "start": start,
    "memory": memory,
    "spectrum": spectrum,
    "clips": clip_by_clip,
}


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = options.new_parser(__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="speech used (default: 60)")
    usual = [name for name in SECTIONS if name != "clips"]
    parser.add_argument(
        "--only", nargs="+", choices=SECTIONS, default=usual, help="default: all but clips"
    )
    parser.add_argument("--against", metavar="COMMIT", help="compare the speed with its")
    args = parser.parse_args(argv)
    x = speech(args.seconds)
    source = "recordings" if options.recordings() else "the bundled clips"
    print(f"{cpu_name()}, Python {platform.python_version()}, numba {numba.__version__}")
    print(f"celpvq {celpvq.__version__}, {x.size / SAMPLERATE:.0f} s of {source}\n")
    celpvq.warmup()
    for name in args.only:
        SECTIONS[name](x)
    if args.against:
        show(f"Speed divided by that of {args.against}, least CPU time of {against.N_RUNS} runs",
             against.HEAD, against.measure(args.against, x))  # fmt: skip
    return 0


def cpu_name() -> str:
    """Return the name of the processor."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":")[1].strip() for line in lines if "model name" in line]
    return names[0] if names else platform.processor()


if __name__ == "__main__":
    sys.exit(main())
