"""The command line: one file per verb; none is loaded before it is called."""

from .command import main

__all__ = ["main"]
