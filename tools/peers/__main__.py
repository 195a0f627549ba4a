"""Run the folder as the package that it is."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

from peers.command import main  # noqa: E402

sys.exit(main())
