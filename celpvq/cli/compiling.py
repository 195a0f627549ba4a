"""The compilation in a new environment: its message, and the processes that share it."""

import argparse
import contextlib
import sys
import time
from collections.abc import Callable, Iterator

ENCODER, DECODER = "frame.encode_frames", "frame.decode_frames"  # kernels
VARIABLE_ENCODER = "variable_frame.encode_frames"
MAX_JOBS = 2  # a third process gains little, and each takes 0.3 GB
_NAMES = {ENCODER: "encoder", VARIABLE_ENCODER: "variable-rate encoder", DECODER: "decoder"}
_FIRST = "first run in this environment: compiling"


def encoder_kernel(args: argparse.Namespace) -> str:
    """Return the kernel of the encoder that the options of `arguments.add_encoder` choose."""
    return ENCODER if args.vbr is None else VARIABLE_ENCODER


def usual_jobs() -> int:
    """Return the number of processes that share a compilation unless the user chooses another."""
    from .._threads import n_threads

    return min(MAX_JOBS, n_threads())


@contextlib.contextmanager
def compiling(
    *kernels: str, quiet: bool, jobs: int | None = None, show: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Let several processes share the compilation within the context, and print a message.

    kernels: those whose compilation is to be expected.      jobs: number of processes.
    show: is called with a text about the progress whenever a part is compiled.
    """
    from .._numba import is_compiled, work

    missing = [kernel for kernel in kernels if not is_compiled(kernel)]
    if not missing:
        yield
        return
    jobs = jobs or usual_jobs()
    if not quiet:
        *others, last = (_NAMES[kernel] for kernel in missing)
        what = f"{', '.join(others)} and {last}" if others else last
        seconds = max(work.expected_s(missing, jobs), 1.0)
        print(f"celpvq: {_FIRST} the {what}, about {seconds:.0f} s", file=sys.stderr, flush=True)
    start = time.perf_counter()

    def report(share: float) -> None:
        if show is not None and share > 0.0:
            left = (time.perf_counter() - start) * (1.0 / share - 1.0)
            show(f"compiling, {100.0 * share:.0f}%, about {left:.0f} s left")

    with work.shared(jobs, report):
        yield
