"""``celpvq demo``."""

from ..quality.demo import add_arguments, run

__all__ = ["add_arguments", "run"]
