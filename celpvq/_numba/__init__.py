"""How kernels are compiled, and all that this takes from the inside of numba.

`strict`, `fast` and `inlined` are the policies, decorators of kernels. `stack_array` is an array
within a kernel. `host_has` tells of the processor. The compiled code is kept in `CACHE_DIR`.

numba does not promise the names that begin with an underscore here, nor those of `numba.core`; a
test goes through them one by one, so that a new version of numba names the one that it changed.
"""

from .cache import is_compiled
from .folders import CACHE_DIR
from .host import host_has
from .policies import fast, inlined, strict
from .stack import stack_array

__all__ = ["CACHE_DIR", "fast", "host_has", "inlined", "is_compiled", "stack_array", "strict"]
