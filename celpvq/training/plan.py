"""The amounts of data and iterations of a training."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """Amounts of data and iterations; the provenance of the tables records them."""

    seed: int = 1
    held_back: float = 0.08  # share of the clips, from separate speakers
    level_db: float = 10.0  # most that recordings are scaled by, triangularly distributed
    lsf_rounds: int = 12
    first_minutes: float = 6.0  # of speech coded with untrained books
    first_iterations: int = 6
    minutes: float = 36.0  # of speech in the last closed loop
    targets: int = 200_000
    iterations: int = 12
    preset: str = "default"  # of the encoder in the loop
