"""How many files may fail before a run stops."""

from ..errors import ArgumentError, ArgumentTypeError, CelpvqError


class TooManyFailures(CelpvqError, RuntimeError):
    """More files failed than were allowed; finished files stay, and a run can go on."""


def parse_limit(limit: int | str | None) -> tuple[float, bool]:
    """Return the most failures, and whether they are a share of all files.

    Parameters
    ----------
    limit : int, str or None
        A number such as 10, or a share such as ``"1%"``; None stands for no limit.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If it is anything else.
    """
    if limit is None:
        return 1.0, True
    if isinstance(limit, bool) or not isinstance(limit, int | str):
        raise ArgumentTypeError(f"max_failures: expected an int or a str, got {limit!r}")
    text = str(limit).strip()
    share = text.endswith("%")
    try:
        value = float(text[:-1]) / 100 if share else float(int(text))
    except ValueError:
        value = -1.0
    if not (0 <= value <= 1 if share else value >= 0):
        raise ArgumentError(
            f"max_failures: expected a number from 0, or a share such as 1%, got {limit!r}"
        )
    return value, share
