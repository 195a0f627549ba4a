"""Compare the speed of the working tree with that of another commit, run by run.

Each has a process of its own, which loads the codec of its tree and then codes on demand. The runs
alternate, so that both meet the same load of the machine, and the least time of each counts.
"""

import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Self

import numpy as np

import celpvq
from celpvq._types import F64
from celpvq.codec.encoder.presets import PRESETS

ROOT = Path(__file__).resolve().parents[2]
N_RUNS = 7

# it must run with the code of old commits, so it uses little of it
_WORKER = """
import json, sys, time
tree, samples = sys.argv[1:]
sys.path.insert(0, tree)
import numpy as np
import celpvq
from celpvq.codec.decoder.decoder import FrameDecoder
from celpvq.codec.encoder.encoder import FrameEncoder
assert celpvq.__file__.startswith(tree), celpvq.__file__
x = np.load(samples)
modes = {mode.bitrate: mode for mode in celpvq.modes()}
packets = {}
for line in sys.stdin:
    bitrate, task = json.loads(line)
    mode = modes[bitrate]
    if task == "decode":
        if bitrate not in packets:
            packets[bitrate] = b"".join(FrameEncoder(mode, "fast").encode(x))
        coder = FrameDecoder()
        start = time.thread_time()
        coder.decode_run(packets[bitrate], mode)
    else:
        coder = FrameEncoder(mode, task)
        start = time.thread_time()
        coder.encode(x)
    print(json.dumps(time.thread_time() - start), flush=True)
"""


class Worker:
    """A process that codes speech with the code of a tree, and tells the time it took."""

    def __init__(self, tree: Path, samples: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _WORKER, str(tree), str(samples)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()  # closes its input, which ends it

    def time(self, bitrate: int, task: str) -> float:
        """Return the CPU time [s] of a task: `decode`, or to encode with a preset."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([bitrate, task]) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            sys.exit("against: the process of a commit ended early; its message is above")
        return float(json.loads(line))


def extract(commit: str, folder: Path) -> None:
    """Put the files of a commit of this repository into a folder."""
    run = subprocess.run(
        ["git", "-C", str(ROOT), "archive", "--format=tar", commit], check=False,
        capture_output=True,
    )  # fmt: skip
    if run.returncode:
        sys.exit(f"against: {commit}: {run.stderr.decode().strip()}")
    with tarfile.open(fileobj=BytesIO(run.stdout)) as archive:
        archive.extractall(folder, filter="data")


def rows(
    commit: str, x: F64, bitrates: Sequence[int], n_runs: int = N_RUNS
) -> Iterator[list[object]]:
    """Yield for each rate how many times as fast as a commit the working tree is.

    The columns are the presets, then decoding.      x (n,): speech in whole frames.
    """
    tasks = [*PRESETS, "decode"]
    with tempfile.TemporaryDirectory() as name:
        other, samples = Path(name, "tree"), Path(name, "speech.npy")
        extract(commit, other)
        np.save(samples, x)
        with Worker(other, samples) as old, Worker(ROOT, samples) as new:
            for bitrate in bitrates:
                cells = []
                for task in tasks:
                    for worker in (old, new):  # loads, and compiles where it must
                        worker.time(bitrate, task)
                    pairs = [[w.time(bitrate, task) for w in (old, new)] for _ in range(n_runs)]
                    before, after = np.min(pairs, axis=0)
                    cells.append(f"{before / after:.2f}")
                yield [bitrate, *cells]


HEAD = ["bit/s", *(f"encode {preset}" for preset in PRESETS), "decode"]


def measure(commit: str, x: F64) -> list[list[object]]:
    """Return the rows of all rates."""
    return list(rows(commit, x, [mode.bitrate for mode in celpvq.modes()]))
