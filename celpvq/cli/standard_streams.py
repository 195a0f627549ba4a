"""Standard streams that whoever started the process has closed, as daemons do."""

import os
import sys


def open_closed_streams() -> None:
    """Put something in the place of closed standard streams, lest a file takes their number.

    Input gets what cannot be read, output what cannot be written: who names it gets an error.
    """
    for number, flags in enumerate((os.O_WRONLY, os.O_RDONLY, os.O_RDONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, flags)  # takes the lowest number that is free
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115  # open as long as the process
