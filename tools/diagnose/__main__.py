"""Run the folder as the package that it is."""

import sys
from pathlib import Path

if __name__ == "__main__":  # not in its child processes
    sys.path[0] = str(Path(__file__).resolve().parents[1])

    from diagnose.command import main

    sys.exit(main())
