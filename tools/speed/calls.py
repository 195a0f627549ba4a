"""The cost of calls: frame by frame, and by two threads."""

import time
from collections.abc import Callable, Iterable
from functools import partial

import numpy as np

import celpvq
from celpvq._types import F64
from celpvq.codec.encoder.encoder import FrameEncoder
from celpvq.codec.format.modes import FRAME_LEN, SAMPLERATE

from . import timing


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
        whole = timing.coders(mode, x)
        for name, kernel, new, arguments in (
            ("encode", "encode default", partial(celpvq.Encoder, mode), parts),
            ("decode", "decode", celpvq.Decoder, packets),
        ):
            per_frame = timing.timed(whole[kernel])[0] / len(parts) * 1e6
            runs = [calls(getattr(new(), f"{name}_frame"), arguments) for _ in range(timing.N_RUNS)]
            rows.append([mode.bitrate, name, *_call_cells(runs, per_frame)])
    timing.show(
        f"Frame calls, preset default, {timing.N_RUNS} x {len(parts)} calls each, us",
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


def threads(x: F64) -> None:
    """Print the speed-up of two threads; it is wall time, so other loads count."""
    parts = list(x[: x.size // SAMPLERATE * SAMPLERATE].reshape(-1, SAMPLERATE))
    data = celpvq.encode_batch(parts, SAMPLERATE, preset="fast")
    rows = []
    for name, action in {
        "encode_batch": partial(celpvq.encode_batch, parts, SAMPLERATE),
        "decode_batch": partial(celpvq.decode_batch, data),
    }.items():
        one, two = (timing.timed(partial(action, n_threads=n))[1] for n in (1, 2))
        rows.append([name, f"{one:.2f}", f"{two:.2f}", f"{one / two:.2f}"])
    timing.show(
        f"Threads, {len(parts)} signals of a second, wall time [s]",
        ["call", "one thread", "two threads", "ratio"], rows,
    )  # fmt: skip
