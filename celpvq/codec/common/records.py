"""States as records: fields of fixed sizes in one block of memory.

A kernel takes a record by one pointer, however many fields it has. A tuple of arrays would cost
every kernel one argument per array: to compile, to pass, and to count references to.
"""

from typing import Self, cast

import numpy as np


class Record:
    """A state: a subclass lists its fields with their initial values.

    A value is a number, an array, or a record. Kernels change fields in place; assigning a record
    copies it. The class is a description only: `new` returns a `numpy.record`.

    The length of an array field belongs to its type. A kernel that takes arrays of many lengths
    gets ``state.field[:]``, a plain array, so that it compiles only once.
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
        """Return the state at the start of a stream."""
        return cast("Self", cls.start.copy())
