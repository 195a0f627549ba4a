"""What a channel did to packets: for summaries and logs."""

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


class Loss(NamedTuple):
    """A frame that did not arrive as it was sent."""

    frame: int
    n_bytes: int  # as sent; 0 if it was lost before
    lost: bool
    wrong_bits: int


@dataclass(frozen=True)
class Record:
    """How many frames and bits were sent, and all that went wrong.

    `n_frames` counts what was not sent as well, `n_sent` does not.
    """

    n_frames: int
    n_sent: int
    n_bits: int
    losses: tuple[Loss, ...]

    @classmethod
    def of(cls, sent: Iterable[Packet], received: Iterable[Packet]) -> Self:
        """Return what happened between packets sent and received.

        Raises
        ------
        ArgumentError
            If they are not as many, or one has another length.
        """
        sent, received = list(sent), list(received)
        if len(sent) != len(received):
            raise ArgumentError(f"received: expected {len(sent)} packets, got {len(received)}")
        losses = []
        for frame, (before, after) in enumerate(zip(sent, received, strict=True)):
            if before is None or after is None:
                losses.append(Loss(frame, len(before or b""), True, 0))
            elif after != before:
                if len(after) != len(before):
                    raise ArgumentError(
                        f"received: expected {len(before)} bytes in frame {frame}, got {len(after)}"
                    )
                differ = int.from_bytes(before) ^ int.from_bytes(after)
                losses.append(Loss(frame, len(before), False, differ.bit_count()))
        bits = 8 * sum(len(packet or b"") for packet in sent)
        return cls(len(sent), sum(packet != b"" for packet in sent), bits, tuple(losses))

    @property
    def n_lost(self) -> int:
        """Frames lost."""
        return sum(loss.lost for loss in self.losses)

    @property
    def n_bursts(self) -> int:
        """Losses, those of frames in a row counted once."""
        lost = [loss.frame for loss in self.losses if loss.lost]
        return len({frame - i for i, frame in enumerate(lost)})

    @property
    def longest(self) -> int:
        """Frames of the longest loss."""
        lost = enumerate(loss.frame for loss in self.losses if loss.lost)
        return max((len(list(run)) for _, run in groupby(lost, lambda x: x[1] - x[0])), default=0)

    @property
    def n_wrong_bits(self) -> int:
        """Wrong bits in what was not lost."""
        return sum(loss.wrong_bits for loss in self.losses)

    def __str__(self) -> str:
        """Return the whole on one line."""
        lost = 100 * self.n_lost / max(self.n_sent, 1)
        wrong = self.n_wrong_bits / max(self.n_bits, 1)
        return (
            f"{self.n_lost} of {self.n_sent} packets lost ({lost:.2f} %) in {self.n_bursts} bursts,"
            f" the longest of {self.longest}; {self.n_wrong_bits} of {self.n_bits} bits wrong"
            f" ({wrong:.2e})"
        )

    def table(self, suffix: str, settings: Mapping[str, Any]) -> bytes:
        """Return the log as CSV, a line for each loss, or as JSON with the settings."""
        if suffix == ".csv":
            text = io.StringIO()
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(Loss._fields)
            writer.writerows((*loss[:2], int(loss.lost), loss.wrong_bits) for loss in self.losses)
            return text.getvalue().encode()
        counts = {name: getattr(self, name) for name in (
            "n_frames", "n_sent", "n_bits", "n_lost", "n_bursts", "longest", "n_wrong_bits",
        )}  # fmt: skip
        losses = [loss._asdict() for loss in self.losses]
        return json.dumps({**settings, **counts, "losses": losses}, indent=1).encode() + b"\n"
