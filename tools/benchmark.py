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
import sys
from collections.abc import Callable
from pathlib import Path

for _library in ("OMP", "OPENBLAS"):  # before numpy is loaded: one core
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

import numba
import options
from speed import against, calls, files, lines, processes, spectrum, stages, timing

import celpvq
from celpvq._types import F64
from celpvq.codec.format.modes import SAMPLERATE

SECTIONS: dict[str, Callable[[F64], None]] = {
    "throughput": files.throughput,
    "peers": files.peers,
    "frames": calls.frames,
    "augment": lines.augment,
    "stages": stages.stage_times,
    "threads": calls.threads,
    "start": processes.start,
    "memory": processes.memory,
    "spectrum": spectrum.spectrum,
    "clips": files.clip_by_clip,
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
    x = timing.speech(args.seconds)
    source = "recordings" if options.recordings() else "the bundled clips"
    print(f"{cpu_name()}, Python {platform.python_version()}, numba {numba.__version__}")
    print(f"celpvq {celpvq.__version__}, {x.size / SAMPLERATE:.0f} s of {source}\n")
    celpvq.warmup()
    for name in args.only:
        SECTIONS[name](x)
    if args.against:
        timing.show(
            f"Speed divided by that of {args.against}, least CPU time of {against.N_RUNS} runs",
            against.HEAD, against.measure(args.against, x),
        )  # fmt: skip
    return 0


def cpu_name() -> str:
    """Return the name of the processor."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":")[1].strip() for line in lines if "model name" in line]
    return names[0] if names else platform.processor()


if __name__ == "__main__":
    sys.exit(main())
