"""What a sound file holds: its parts, found in the data and not in what a header claims."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, NamedTuple

from .view import Stretch, View


class Part(NamedTuple):
    """Stretches of a file that libsndfile reads in one go."""

    stretches: list[Stretch]
    n_samples: int | None = None  # where the survey knows it and libsndfile may not

    def view(self, file: IO[bytes]) -> View:
        """Return the part as a file."""
        return View(file, self.stretches)


@dataclass
class Survey:
    """The parts of a file in their order, and what is wrong with it."""

    parts: list[Part] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)  # sound that should be there and is not
    notes: list[str] = field(default_factory=list)  # wrong headers; no sound is missing

    def append(self, other: "Survey") -> None:
        """Add what follows in the file."""
        self.parts += other.parts
        self.missing += other.missing
        self.notes += other.notes


# survey of a file that begins at `begin`, in data that end at `end`, and where it stops;
# None: it is of another format
Surveyed = tuple[Survey, int] | None
Surveyor = Callable[[IO[bytes], int, int], Surveyed]
