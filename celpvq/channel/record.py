"""The record of a channel: lost frames and bit errors, for summaries and logs."""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple, Self

from ..errors import ArgumentError
from .losses import Packet

SUFFIXES = (".csv", ".json")


class FrameError(NamedTuple):
    """A frame that was lost or has bit errors."""

    frame: int
    n_bytes: int  # as sent; 0 if it was lost before
    lost: bool
    bit_errors: int


@dataclass(frozen=True)
class Record:
    """The numbers of frames and bits sent, and every frame that did not arrive as sent.

    `n_frames` counts all frames; `n_sent` leaves out NO_DATA, which is not sent.
    """

    n_frames: int
    n_sent: int
    n_bits: int
    errors: tuple[FrameError, ...]

    @classmethod
    def of(cls, sent: Iterable[Packet], received: Iterable[Packet]) -> Self:
        """Compare packets as sent and as received.

        Raises
        ------
        ArgumentError
            If their numbers differ, or the lengths of two packets do.
        """
        sent, received = list(sent), list(received)
        if len(sent) != len(received):
            raise ArgumentError(f"received: expected {len(sent)} packets, got {len(received)}")
        errors = []
        for frame, (before, after) in enumerate(zip(sent, received, strict=True)):
            if before is None or after is None:
                errors.append(FrameError(frame, len(before or b""), True, 0))
            elif after != before:
                if len(after) != len(before):
                    raise ArgumentError(
                        f"received: expected {len(before)} bytes in frame {frame}, got {len(after)}"
                    )
                differ = int.from_bytes(before) ^ int.from_bytes(after)
                errors.append(FrameError(frame, len(before), False, differ.bit_count()))
        bits = 8 * sum(len(packet or b"") for packet in sent)
        return cls(len(sent), sum(packet != b"" for packet in sent), bits, tuple(errors))

    @property
    def bursts(self) -> list[int]:
        """Numbers of frames lost in a row, one for each burst."""
        lost = enumerate(error.frame for error in self.errors if error.lost)
        return [len(list(run)) for _, run in groupby(lost, lambda item: item[1] - item[0])]

    @property
    def n_lost(self) -> int:
        """Frames lost."""
        return sum(self.bursts)

    @property
    def n_bursts(self) -> int:
        """Bursts of lost frames; a single lost frame is one too."""
        return len(self.bursts)

    @property
    def longest_burst(self) -> int:
        """Frames of the longest burst."""
        return max(self.bursts, default=0)

    @property
    def n_bit_errors(self) -> int:
        """Bit errors in frames that were not lost."""
        return sum(error.bit_errors for error in self.errors)

    def __str__(self) -> str:
        """Return a summary on one line."""
        lost = 100 * self.n_lost / max(self.n_sent, 1)
        ber = self.n_bit_errors / max(self.n_bits, 1)
        return (
            f"{self.n_lost} of {self.n_sent} packets lost ({lost:.2f} %) in {self.n_bursts} bursts,"
            f" the longest of {self.longest_burst}; {self.n_bit_errors} of {self.n_bits} bits wrong"
            f" ({ber:.2e})"
        )

    def table(self, suffix: str, settings: Mapping[str, Any]) -> bytes:
        """Return the log: as CSV, a line for each error, or as JSON with settings and counts."""
        if suffix == ".csv":
            text = io.StringIO()
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(FrameError._fields)
            writer.writerows((*e[:2], int(e.lost), e.bit_errors) for e in self.errors)
            return text.getvalue().encode()
        counts = {name: getattr(self, name) for name in (
            "n_frames", "n_sent", "n_bits", "n_lost", "n_bursts", "longest_burst", "n_bit_errors",
        )}  # fmt: skip
        errors = [error._asdict() for error in self.errors]
        return json.dumps({**settings, **counts, "errors": errors}, indent=1).encode() + b"\n"
