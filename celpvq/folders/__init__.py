"""Folders, lists and manifests of files: encode, decode, or pass them through a bad channel.

`convert` is what ``celpvq batch`` calls:

>>> from pathlib import Path
>>> from tempfile import TemporaryDirectory
>>> import celpvq
>>> from celpvq import folders
>>> with TemporaryDirectory() as name:
...     clips = celpvq.lab.clips.clip_paths()[:2]
...     report = folders.convert(clips, name, folders.Encode(4800, "fast"), root=clips[0].parent)
...     sorted(path.name for path in Path(name).iterdir())
"""

from .checking import check
from .convert import convert
from .failures import TooManyFailures
from .run import Report
from .work import Decode, Encode, Roundtrip, Work

__all__ = [
    "Decode",
    "Encode",
    "Report",
    "Roundtrip",
    "TooManyFailures",
    "Work",
    "check",
    "convert",
]
