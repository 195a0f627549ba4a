"""Speech as it sounds after a telephone line, as training data.

A `TelephoneLine` says which lines may occur, and is called with samples:

>>> import numpy as np
>>> from celpvq.augment import Choice, TelephoneLine, Uniform
>>> line = TelephoneLine(mode=Choice([4800, 6400]), loss=Uniform(0, 0.1))
>>> x = 0.1 * np.sin(0.3 * np.arange(4000, dtype=np.float32))
>>> y = line(x, 16000, seed=1)
>>> y.shape == x.shape, y.dtype
(True, dtype('float32'))

`TelephoneLine.draw` gives the line that a seed stands for, to log it or to use it again. The
modules of this package connect lines to frameworks. Each one imports its framework, and this
package imports none of them: `audiomentations`, `torch`, `torch_audiomentations`, `lhotse`, `nemo`.
`functions` has functions for all other frameworks.
"""

from .distributions import Choice, Distribution, LogUniform, Uniform
from .drawn_line import DrawnLine
from .line import TelephoneLine

__all__ = ["Choice", "Distribution", "DrawnLine", "LogUniform", "TelephoneLine", "Uniform"]
