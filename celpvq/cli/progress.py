"""Progress bars, and the line that summarizes the work of a verb."""

import argparse
import contextlib
import sys
import time
from typing import Any, Self

from .compiling import ENCODER, compiling
from .files import name_of

LONG_S = 60.0  # for less sound, a missing progress bar is not worth a message
_NO_BAR = "no progress bar without tqdm: pip install celpvq[progress]"
_BAR = "{desc} {percentage:3.0f}% |{bar}| {n:.0f}/{total:.0f} s, {remaining} left"


class Progress:
    """A bar on standard error, if that is a terminal and tqdm is installed.

    If `kernel`, the slowest one of the work, is not compiled yet, it says so. Then several
    processes compile, and the bar shows their progress, until the first sound is done.
    """

    def __init__(
        self, verb: str, seconds: float | None, *, quiet: bool, kernel: str = ENCODER
    ) -> None:
        self.seconds = 0.0
        self._verb = verb
        self._bar: Any = None
        self._start = self._first_end = time.perf_counter()
        self._first = 0.0
        is_visible = not quiet and sys.stderr.isatty()
        self._compiling = contextlib.ExitStack()
        self._compiling.enter_context(
            compiling(kernel, quiet=not is_visible, show=self._describe if is_visible else None)
        )
        if not is_visible:
            return
        try:
            from tqdm import tqdm
        except ImportError:
            if seconds is not None and seconds >= LONG_S:
                print(f"celpvq: {_NO_BAR}", file=sys.stderr)
            return
        layout = None if seconds is None else _BAR
        self._bar = tqdm(total=seconds, desc=verb, unit="s", leave=False, bar_format=layout)

    def update(self, seconds: float) -> None:
        """Add sound that is done [s]."""
        if not self.seconds:  # the first block also loads the codec, so it does not count as speed
            self._first = seconds
            self._first_end = time.perf_counter()
            self._compiling.close()
            self._describe(self._verb)
        self.seconds += seconds
        if self._bar is not None:
            self._bar.update(seconds)

    def _describe(self, text: str) -> None:
        """Show a text at the left of the bar."""
        if self._bar is not None:
            self._bar.set_description_str(text)

    def expect(self, seconds: float) -> None:
        """Correct the length of all sound [s]."""
        if self._bar is not None:
            self._bar.total = seconds

    def clear(self) -> None:
        """Take the bar off the screen, for a line of text; the next update shows it again."""
        if self._bar is not None:
            self._bar.clear()

    @property
    def speed(self) -> float:
        """Speed [times real time], without the first block if there are others."""
        now = time.perf_counter()
        if self.seconds > self._first:
            return (self.seconds - self._first) / (now - self._first_end)
        return self.seconds / (now - self._start)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._compiling.close()
        if self._bar is not None:
            self._bar.close()


def summarize(args: argparse.Namespace, progress: Progress, n_bytes: int, note: str = "") -> None:
    """Print one line about the work; `n_bytes` is the size of the coded file."""
    if args.quiet:
        return
    seconds = max(progress.seconds, 1e-9)
    print(
        f"{name_of(args.input, 'input')} -> {name_of(args.output, 'output')}: {seconds:.2f} s,"
        f" {n_bytes} bytes, {n_bytes * 8e-3 / seconds:.2f} kbit/s,"
        f" {as_number(progress.speed)} times real time{note}",
        file=sys.stderr,
    )


def as_number(speed: float) -> str:
    """Return a speed with three digits or more, without an exponent."""
    return f"{speed:.3g}" if speed < 100 else f"{speed:.0f}"


def damage_note(damage: str | None, n_missing: int | None) -> str:
    """Return the note about the damage of a stream for its summary."""
    if damage is None:
        return ""
    missing = "an unknown number of" if n_missing is None else n_missing
    return f"; {missing} packets missing: {damage}"
