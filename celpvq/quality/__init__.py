"""Measures of coded speech, the bundled clips, the demonstration; names are loaded lazily."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .clips import clip_paths as clip_paths
    from .clips import read_clip as read_clip
    from .evaluation import score as score
    from .perceptual import estoi as estoi
    from .perceptual import pesq_nb as pesq_nb
    from .perceptual import visqol as visqol
    from .signal import segmental_snr as segmental_snr
    from .spectral import lpc_spectral_distortion as lpc_spectral_distortion
    from .spectral import spectral_distortion as spectral_distortion

_HOME = {
    "clip_paths": "clips",
    "estoi": "perceptual",
    "lpc_spectral_distortion": "spectral",
    "pesq_nb": "perceptual",
    "read_clip": "clips",
    "score": "evaluation",
    "segmental_snr": "signal",
    "spectral_distortion": "spectral",
    "visqol": "perceptual",
}
__all__ = [
    "clip_paths",
    "estoi",
    "lpc_spectral_distortion",
    "pesq_nb",
    "read_clip",
    "score",
    "segmental_snr",
    "spectral_distortion",
    "visqol",
]


def __getattr__(name: str) -> Any:
    """Load the module that holds `name`: parsing ``celpvq demo --help`` must not load numpy."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
