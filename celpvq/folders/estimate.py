"""How much sound is still to be converted: from the sizes of files, without opening them."""

from collections import Counter

from .entries import Entry

# seconds of sound in a byte, until files of this kind have been read
_WAV = 1 / 32000  # 16 kHz, 16 bits
_GUESSES = {
    ".cvq": 1 / 800, ".flac": 1 / 18000, ".mp3": 1 / 8000, ".oga": 1 / 8000, ".ogg": 1 / 8000,
    ".opus": 1 / 4000,
}  # fmt: skip


class Estimate:
    """Seconds of sound, finished and in all.

    Durations that a manifest states are taken as they are. Other files count by their size, with
    the ratio of the files of the same ending that are finished.
    """

    def __init__(self) -> None:
        self.finished = 0.0  # [s]
        self._stated = 0.0  # [s] to do, of files whose duration is known
        self._to_do: Counter[str] = Counter()  # [bytes] of the other files by ending
        self._read: dict[str, tuple[float, int]] = {}  # [s] and [bytes] of finished ones

    def add(self, entry: Entry) -> None:
        """Count a file that is to be converted."""
        self._count(entry, 1)

    def remove(self, entry: Entry) -> None:
        """Take out a file that failed, or needs no work."""
        self._count(entry, -1)

    def finish(self, entry: Entry, seconds: float) -> None:
        """Count a file as finished, with its real duration [s]."""
        self._count(entry, -1)
        self.finished += seconds
        if entry.size:
            known_s, n_bytes = self._read.get(entry.ending, (0.0, 0))
            self._read[entry.ending] = known_s + seconds, n_bytes + entry.size

    @property
    def total(self) -> float:
        """All seconds of sound [s], as far as is known."""
        return self.finished + max(self._stated, 0.0) + sum(
            max(n_bytes, 0) * self._ratio(ending) for ending, n_bytes in self._to_do.items()
        )  # fmt: skip

    def _count(self, entry: Entry, sign: int) -> None:
        if entry.seconds is not None:
            self._stated += sign * entry.seconds
        else:
            self._to_do[entry.ending] += sign * entry.size

    def _ratio(self, ending: str) -> float:
        """Return the seconds of sound in a byte of such files."""
        seconds, n_bytes = self._read.get(ending, (0.0, 0))
        return seconds / n_bytes if n_bytes else _GUESSES.get(ending, _WAV)
