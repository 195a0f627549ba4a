"""Folders, lists and manifests of files: encode, decode, or pass them through a bad channel.

`convert` is what ``celpvq batch`` calls, and `check` what ``celpvq batch --check`` does:

>>> from tempfile import TemporaryDirectory
>>> from celpvq import folders
>>> from celpvq.lab.clips import clip_paths
>>> clips = clip_paths()[:2]
>>> out = TemporaryDirectory()
>>> work = folders.Encode(mode=4800, preset="fast")
>>> report = folders.convert(clips, out.name, work, root=clips[0].parent)
>>> report.n_converted, report.n_failed
(2, 0)
>>> list(folders.check(clips, out.name, "hashes", root=clips[0].parent))
[]
>>> out.cleanup()
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
