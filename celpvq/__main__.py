"""``python -m celpvq`` is the command line."""

import sys

from .cli import main

sys.exit(main())
