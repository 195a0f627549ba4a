"""The folder that keeps compiled kernels: where it lies, and whose code may be loaded from it.

numba's cache does not notice that a called kernel in another file changed, nor that bounds checks
were asked for. One folder per state of the sources serves tests, tools and users' upgrades alike.
"""

import hashlib
import os
import stat
import sys
import tempfile
from pathlib import Path

import numba

PACKAGE = Path(__file__).parents[1]


def wanted_dir() -> Path:
    """Return the folder of caches that the environment asks for: CELPVQ_CACHE, or the user's."""
    home = Path(os.path.expanduser("~"))
    if sys.platform == "darwin":
        user = home / "Library" / "Caches"
    elif sys.platform == "win32":
        user = Path(os.environ.get("LOCALAPPDATA", home))
    else:
        user = Path(os.environ.get("XDG_CACHE_HOME", home / ".cache"))
    return Path(os.environ.get("CELPVQ_CACHE", user / "celpvq"))


def _shared_temporary_dir() -> Path:
    """Return the temporary folder that all processes of this user share."""
    user = os.getuid() if hasattr(os, "getuid") else "user"
    return Path(tempfile.gettempdir()) / f"celpvq-{user}"


def _own_dir() -> Path:
    """Return a folder of our own for caches: the wanted one, or one for temporary files."""
    for folder in (wanted_dir(), _shared_temporary_dir()):
        if not folder.is_absolute():  # no home, or a setting that would move with the process
            continue
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
            # the cache is loaded as code: a folder that somebody else owns is not ours to trust
            if not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid():
                return folder
        except OSError:
            continue
    try:
        return Path(tempfile.mkdtemp(prefix="celpvq-"))
    except OSError:  # nothing is writable: what is compiled is not kept
        return wanted_dir()


def _may_load_from(folder: Path) -> bool:
    """Return whether only those can write to a folder who can change this program anyway."""
    try:
        status = folder.stat()
        if not folder.is_absolute() or not stat.S_ISDIR(status.st_mode):
            return False
        if not hasattr(os, "getuid"):
            return True
        trusted = {os.getuid(), 0, PACKAGE.stat().st_uid}
        return status.st_uid in trusted and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    except OSError:
        return False


def _key() -> str:
    """Return a hash of all sources with kernels, numba's version and whether bounds are checked."""
    folders = ("_numba", "codec", "training", "vq")
    sources = sorted(path for f in folders for path in (PACKAGE / f).rglob("*.py"))
    key = hashlib.sha256(b"".join(path.read_bytes() for path in sources))
    key.update(f"{numba.__version__} {numba.config.BOUNDSCHECK}".encode())  # type: ignore[attr-defined]
    return key.hexdigest()[:16]


def _choose() -> tuple[Path, Path | None]:
    """Return the folder of new code, and one of older code that cannot be written to."""
    key, own, wanted = _key(), _own_dir(), wanted_dir()
    shipped = wanted / key
    is_readable = own != wanted and _may_load_from(wanted) and _may_load_from(shipped)
    return own / key, shipped if is_readable else None


CACHE_DIR, SHIPPED_DIR = _choose()
"""Where kernels are kept, and, in an image with a read-only cache, where they also are; or None."""
