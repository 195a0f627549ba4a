"""Make streams of random frames, with the SHA-256 of their samples, to check other decoders.

    python tools/conformance.py FILE --frames 100000 --seed 7     a file for a long check
    node js/check.js FILE                                         the check in JavaScript
    python tools/conformance.py FILE --chromium                   make it, and check it in Chromium

``docs/spec/conformance.md`` describes the file, which has the form of ``frames.json``.
"""

import sys
from pathlib import Path

import chromium
import options
from vectors.files import write
from vectors.streams import random_streams


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = options.new_parser(__doc__)
    parser.add_argument("out", metavar="FILE", type=Path, help="file to write (JSON)")
    parser.add_argument("--frames", type=int, default=100_000, help="default: 100000")
    parser.add_argument("--seed", type=int, default=1, help="default: 1")
    parser.add_argument("--chromium", action="store_true", help="check them in headless Chromium")
    args = parser.parse_args(argv)
    if args.chromium and chromium.program() is None:
        parser.error("--chromium: found no Chromium; CELPVQ_CHROMIUM may name its program")
    streams = random_streams(args.frames, args.seed)
    write(args.out, streams)
    print(f"{args.out}: {len(streams)} streams, {args.frames} frames, seed {args.seed}")
    return chromium.report(streams) if args.chromium else 0


if __name__ == "__main__":
    sys.exit(main())
