"""``celpvq train``."""

from ..training.command import add_arguments, run

__all__ = ["add_arguments", "run"]
