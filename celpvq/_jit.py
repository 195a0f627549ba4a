"""The policies by their old names, for modules that have not moved yet."""

from ._numba import CACHE_DIR, fast, inlined, is_compiled, strict

kernel = strict(allocates=True)
search = fast(allocates=True)
part = inlined(allocates=True)
__all__ = ["CACHE_DIR", "is_compiled", "kernel", "part", "search"]
