"""``celpvq live --web``: a page that sends the microphone through the codec and plays it."""

from .app import Settings, make_app
from .choices import Choices

__all__ = ["Choices", "Settings", "make_app"]
