"""The command line: one module per verb, loaded only when it is called."""

from .command import main

__all__ = ["main"]
