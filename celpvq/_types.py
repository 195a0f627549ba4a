"""Short names for the array types of signatures."""

from typing import Any

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]
F32 = npt.NDArray[np.float32]
I64 = npt.NDArray[np.int64]
I16 = npt.NDArray[np.int16]
Floats = npt.NDArray[np.floating[Any]]  # float32 or float64
