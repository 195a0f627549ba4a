"""``celpvq warmup``: compile the codec, or load what an earlier run compiled."""

import argparse
import os
import sys
import time

from . import arguments
from .progress import DECODER, ENCODER, VARIABLE_ENCODER

_EPILOG = """\
The first process that uses the codec in a new environment compiles it. This command does so at a
time of your choice: when you build an image, or before a server takes calls. It prints where the
compiled code is kept. If everything is compiled already, it only loads it.

The environment variable CELPVQ_CACHE sets the folder, by default ~/.cache/celpvq on Linux. Any
version of the program, of numba and any processor has its own code there.

exit status: 0 if the compiled code is there for later processes, 1 if it cannot be kept.

examples:
  celpvq warmup
  CELPVQ_CACHE=/opt/celpvq celpvq warmup           in a Dockerfile, after ENV CELPVQ_CACHE=...
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's options."""
    parser.epilog = _EPILOG
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
    if not args.quiet and not loads:
        print("compiling encoder and decoder, which takes up to a minute", file=sys.stderr)
    start = time.perf_counter()
    warmup(variable_rate=True)
    if not all(map(is_compiled, kernels)):
        raise OutputError(f"{CACHE_DIR}: compiled code cannot be kept there")
    if not args.quiet:
        done = "loaded" if loads else "compiled"
        print(f"{done} in {time.perf_counter() - start:.1f} s")
        print(f"cache: {SHIPPED_DIR or CACHE_DIR}")
    return 0
