"""`stack_array`: an array within a kernel, on its stack, so that kernels allocate no memory."""

from typing import Any, Protocol, TypeVar, cast, overload

import numba
import numpy as np
import numpy.typing as npt
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import arrayobj

from .._types import F64

T = TypeVar("T", bound=np.generic)

# numba does not give their types
_alloca: Any = cgutils.alloca_once
_make_array: Any = arrayobj.make_array
_populate_array: Any = arrayobj.populate_array
_Omitted: Any = types.Omitted

_ALIGNMENT = 64  # bytes: a cache line, and the longest vector register


@intrinsic(prefer_literal=True)
def _stack_array(_: Any, shape: Any, dtype: Any = None) -> Any:
    counts: Any = shape if isinstance(shape, types.BaseTuple) else [shape]
    sizes = [n.literal_value for n in counts]
    result = types.Array(types.float64 if dtype is None else dtype.dtype, len(sizes), "C")

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        def number(n: int) -> Any:
            return context.get_constant(types.intp, n)

        item = context.get_data_type(result.dtype)
        itemsize = context.get_abi_sizeof(item)
        data = _alloca(builder, item, size=number(int(np.prod(sizes))))
        data.align = _ALIGNMENT
        array = _make_array(result)(context, builder)
        _populate_array(
            array, data=data, meminfo=None, itemsize=number(itemsize),
            shape=[number(n) for n in sizes],
            strides=[number(itemsize * int(np.prod(sizes[i + 1 :]))) for i in range(len(sizes))],
        )  # fmt: skip
        return array._getvalue()

    return result(shape, _Omitted(None) if dtype is None else dtype), generate


class _StackArray(Protocol):
    """Return an array on the kernel's stack, of a constant shape, not initialized."""

    @overload
    def __call__(self, shape: int | tuple[int, int]) -> F64: ...
    @overload
    def __call__(self, shape: int | tuple[int, int], dtype: type[T]) -> npt.NDArray[T]: ...


_uncompiled = numba.config.DISABLE_JIT  # type: ignore[attr-defined]
stack_array = cast("_StackArray", np.empty if _uncompiled else _stack_array)
