"""``celpvq warmup``: compile the codec, or load what an earlier run compiled."""

import argparse
import os
import sys
import time

from . import arguments
from .compiling import DECODER, ENCODER, MAX_JOBS, VARIABLE_ENCODER, compiling, usual_jobs

_EPILOG = """\
The first process that uses the codec in a new environment compiles it. This command does so at a
time of your choice: when you build an image, or before a server takes calls. It prints where the
compiled code is kept. If everything is compiled already, it only loads it.

Several processes share the work. Each takes about 0.3 GB of memory.

The environment variable CELPVQ_CACHE sets the folder, by default ~/.cache/celpvq on Linux. Any
version of the program, of numba and any processor has its own code there.

exit status: 0 if the compiled code is there for later processes, 1 if it cannot be kept.

examples:
  celpvq warmup
  celpvq warmup --jobs 4
  CELPVQ_CACHE=/opt/celpvq celpvq warmup           in a Dockerfile, after ENV CELPVQ_CACHE=...
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's options."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "-j", "--jobs", type=arguments.count, metavar="N",
        help=f"processes that compile (default: one per core, at most {MAX_JOBS})",
    )  # fmt: skip
    arguments.add_quiet(parser, "no messages")


def run(args: argparse.Namespace) -> int:
    """Compile or load; return the exit status."""
    from .. import warmup
    from .._numba import is_compiled
    from .._numba.folders import CACHE_DIR, SHIPPED_DIR, wanted_dir
    from ..errors import OutputError

    in_wanted_dir = wanted_dir() in (CACHE_DIR.parent, SHIPPED_DIR and SHIPPED_DIR.parent)
    if "CELPVQ_CACHE" in os.environ and not in_wanted_dir:
        raise OutputError(
            "CELPVQ_CACHE: expected a folder of this user that can be written to,"
            f" got {wanted_dir()}"
        )
    kernels = (ENCODER, VARIABLE_ENCODER, DECODER)
    loads = all(map(is_compiled, kernels))
    jobs = args.jobs or usual_jobs()
    is_visible = not args.quiet and not loads and sys.stderr.isatty()
    start = time.perf_counter()
    with compiling(*kernels, quiet=args.quiet, jobs=jobs, show=_show if is_visible else None):
        warmup(jobs, variable_rate=True)
    if is_visible:
        print(file=sys.stderr)
    if not all(map(is_compiled, kernels)):
        raise OutputError(f"{CACHE_DIR}: compiled code cannot be kept there")
    if not args.quiet:
        done = "loaded" if loads else "compiled"
        print(f"{done} in {time.perf_counter() - start:.1f} s")
        print(f"cache: {SHIPPED_DIR or CACHE_DIR}")
    return 0


def _show(text: str) -> None:
    """Replace the last line of the terminal."""
    print(f"\r{text}  ", end="", file=sys.stderr, flush=True)
