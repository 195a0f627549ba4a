"""The speech clips that come with the package."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PACKAGE = Path(__file__).parents[1]
_FOLDERS = (_PACKAGE / "data", _PACKAGE.parent / "data" / "clips")  # of a wheel, of a checkout


def clip_paths() -> tuple[Path, ...]:
    """Return the files of the bundled clips, sorted by name: 8000 Hz, mono, FLAC."""
    for folder in _FOLDERS:
        if paths := tuple(sorted(folder.glob("*.flac"))):
            return paths
    raise FileNotFoundError(f"no clips in {' or '.join(map(str, _FOLDERS))}")


def read_clip(path: Path) -> "NDArray[np.float64]":
    """Return the samples of a clip, shape (n,), in [-1, 1)."""
    import soundfile

    samples, _ = soundfile.read(path, dtype="float64")
    return samples  # type: ignore[no-any-return]
