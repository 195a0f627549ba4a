"""Vector quantizers for any vectors: design, search, measures and theory."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .lbg import LBG as LBG
    from .nearest import m_best as m_best
    from .nearest import nearest as nearest

_HOME = {
    "LBG": "lbg",
    "m_best": "nearest",
    "nearest": "nearest",
}
__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
