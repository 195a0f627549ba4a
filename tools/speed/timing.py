"""What the sections share: the speech, the clock, and tables."""

import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import numpy as np
import options

import celpvq
from celpvq._types import F64
from celpvq.codec.decoder.decoder import FrameDecoder
from celpvq.codec.encoder.encoder import FrameEncoder
from celpvq.codec.encoder.presets import PRESETS
from celpvq.codec.format.modes import FRAME_LEN, SAMPLERATE
from celpvq.lab.clips import clip_paths, read_clip
from celpvq.lab.tabular import markdown

N_RUNS = 3
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
