"""Measures of coded speech; each name is loaded when it is first used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .evaluation import score as score
    from .long_term import third_octaves as third_octaves
    from .no_reference import Dnsmos as Dnsmos
    from .no_reference import dnsmos as dnsmos
    from .no_reference import plcmos as plcmos
    from .perceptual import estoi as estoi
    from .perceptual import pesq_nb as pesq_nb
    from .perceptual import visqol as visqol
    from .signal import largest_step as largest_step
    from .signal import segmental_snr as segmental_snr
    from .spectral import lpc_spectral_distortion as lpc_spectral_distortion
    from .spectral import spectral_distortion as spectral_distortion

_HOME = {
    "Dnsmos": "no_reference",
    "dnsmos": "no_reference",
    "estoi": "perceptual",
    "largest_step": "signal",
    "lpc_spectral_distortion": "spectral",
    "pesq_nb": "perceptual",
    "plcmos": "no_reference",
    "score": "evaluation",
    "segmental_snr": "signal",
    "spectral_distortion": "spectral",
    "third_octaves": "long_term",
    "visqol": "perceptual",
}
__all__ = sorted(_HOME)  # noqa: PLE0605  # the table above is the only list


def __getattr__(name: str) -> Any:
    """Load the module of `name`: numpy and scipy wait for their first use."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
