"""Error patterns: files of lost frames or bit errors, in the formats of ITU-T G.191 [1]_.

A pattern has an entry for each frame or each bit, in one of three forms: words of 16 bits as in
`g192`; the low bytes of these words; or ("compact") one bit, 1 for an error, the first one lowest
in the first byte.

.. [1] ITU-T Recommendation G.191, "Software tools for speech and audio coding standardization",
   2019: the error insertion device.
"""

from typing import Literal, NamedTuple

import numpy as np

from ..errors import ArgumentError, FormatError
from ..output import Sink, write_all
from .g192 import ERASED, GOOD, ONE, ZERO
from .losses import Mask

Form = Literal["g192", "byte", "compact"]
Kind = Literal["frames", "bits"]
_CODES: dict[Kind, tuple[int, int]] = {"frames": (GOOD, ERASED), "bits": (ZERO, ONE)}


class Pattern(NamedTuple):
    """Lost frames, or bit errors."""

    kind: Kind
    mask: Mask  # (n,)


def write_pattern(file: Sink, pattern: Pattern, form: Form = "g192") -> None:
    """Write an error pattern."""
    mask = np.asarray(pattern.mask, dtype=bool)
    if form == "compact":
        write_all(file, np.packbits(mask, bitorder="little").tobytes())
        return
    good, bad = _CODES[pattern.kind]
    words = np.where(mask, bad, good)
    encoded = (words & 255).astype("u1") if form == "byte" else words.astype("<u2")
    write_all(file, encoded.tobytes())


def read_pattern(data: bytes, compact: Kind | None = None) -> Pattern:
    """Return the error pattern in the bytes of a file.

    Parameters
    ----------
    data : bytes
        The whole file.
    compact : {"frames", "bits"}, optional
        Read the compact form, whose bits stand for frames or for bits. By default the content
        tells the form.

    Raises
    ------
    ArgumentError
        If `compact` has another value.
    FormatError
        If the data are empty, or have none of these forms.
    """
    if not data:
        raise FormatError("error pattern: expected at least one frame or bit, got no data")
    if compact is not None:
        if compact not in _CODES:
            raise ArgumentError(f"compact: expected frames or bits, got {compact!r}")
        return Pattern(compact, np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little") > 0)
    for dtype in ("u1", "<u2", ">u2") if len(data) % 2 == 0 else ("u1",):
        values = np.frombuffer(data, dtype)
        low_bits = 255 if dtype == "u1" else 0xFFFF
        for kind, (good, bad) in _CODES.items():
            errors = values == bad & low_bits
            if (errors | (values == good & low_bits)).all():
                return Pattern(kind, errors)
    raise FormatError(
        "error pattern: expected only 0x6B21 and 0x6B20, or 0x007F and 0x0081, or their low bytes"
    )
