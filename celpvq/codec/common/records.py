"""States as records: fields of fixed sizes in one block of memory.

A kernel takes a record by one pointer, whatever it holds. As a tuple of arrays, each state would
cost every kernel an argument per array, to compile, to pass, and to count references to.
"""

from typing import Self, cast

import numpy as np


class Record:
    """What a stream remembers, as a subclass lists it: fields, each with its value at the start.

    A value is a number, an array, or a record. Kernels change fields in place; an assignment of a
    record copies it. The class is a description only: `new` returns a `numpy.record`.

    The length of an array belongs to its type: kernels that take many lengths are given
    ``state.field[:]``, an array like any other, and are compiled once.
    """

    start: np.record

    def __init_subclass__(cls) -> None:
        taken = [name for name in cls.__annotations__ if hasattr(np.record, name)]
        assert not taken, f"attributes of any record: {taken}"
        values = {name: np.asanyarray(getattr(cls, name)) for name in cls.__annotations__}
        fields = [(name, value.dtype, value.shape) for name, value in values.items()]
        dtype = np.dtype((np.record, np.dtype(fields, align=True)))
        cls.start = np.zeros(1, dtype)[0]
        for name, value in values.items():
            cls.start[name] = value

    @classmethod
    def new(cls) -> Self:
        """Return the state of a codec that has heard nothing."""
        return cast("Self", cls.start.copy())
