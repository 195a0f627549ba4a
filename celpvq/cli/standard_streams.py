"""Standard streams that were closed when the process started, as daemons do."""

import os
import sys


def open_closed_streams() -> None:
    """Replace closed standard streams, so that no other file gets their number.

    The replacement of the input cannot be read, and the one of an output cannot be written. So a
    command line that names a closed stream ends in an error.
    """
    for number, flags in enumerate((os.O_WRONLY, os.O_RDONLY, os.O_RDONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, flags)  # takes the lowest number that is free
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115  # open as long as the process
