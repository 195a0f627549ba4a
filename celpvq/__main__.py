"""``python -m celpvq`` is the command line."""

import sys

try:
    from .cli import main

    status = main()
except KeyboardInterrupt:  # while the command line was loaded
    status = 130
sys.exit(status)
