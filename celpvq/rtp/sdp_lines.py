"""The lines of an SDP file, whatever they describe [1]_.

.. [1] A. Begen et al., "SDP: Session Description Protocol", RFC 8866, 2021, sections 5 and 9.
"""

import re
from dataclasses import dataclass

from ..errors import ArgumentTypeError, FormatError

MAX_BYTES = 1 << 16  # of a file
MAX_LINES = 1000
_TYPES = "vosiuepcbtrzkam"  # a reader has to refuse all others
_MEDIA = re.compile(r"(\S+) (\d{1,5})(?:/\d{1,5})? (\S+) (\S.*)", re.ASCII)


def shown(text: str) -> str:
    """Return a text from outside as it stands in an error: quoted, escaped and short."""
    return ascii(text if len(text) <= 60 else f"{text[:57]}...")


@dataclass(frozen=True)
class Section:
    """The lines of the session, or of one medium: type and value."""

    lines: tuple[tuple[str, str], ...]

    def value(self, kind: str) -> str | None:
        """Return the value of the first line of a type."""
        return next((value for found, value in self.lines if found == kind), None)

    def attributes(self, name: str) -> list[str]:
        """Return the values of all attributes of a name; an empty one for an attribute without."""
        pairs = [value.partition(":") for kind, value in self.lines if kind == "a"]
        return [value for found, _, value in pairs if found == name]


@dataclass(frozen=True)
class Media:
    """A medium: the parts of its line ``m=``, and its other lines."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    section: Section


def parse(text: str | bytes) -> tuple[Section, list[Media]]:
    """Return the session's own lines, and its media.

    Raises
    ------
    FormatError
        If the text is not SDP, or is longer than any that celpvq should read.
    """
    if isinstance(text, bytes):
        text = text[: MAX_BYTES + 1].decode("utf-8", "replace")
    if not isinstance(text, str):
        raise ArgumentTypeError(f"text: expected str or bytes, got {type(text).__name__}")
    if len(text) > MAX_BYTES or text.count("\n") > MAX_LINES:
        raise FormatError(f"SDP: expected at most {MAX_BYTES} bytes and {MAX_LINES} lines")
    groups: list[list[tuple[str, str]]] = [[]]
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.removesuffix("\r")
        if not stripped:
            continue
        kind, equals, value = stripped.partition("=")
        if len(kind) != 1 or kind not in _TYPES or not equals:
            raise FormatError(f"SDP: line {number}: expected TYPE=VALUE, got {shown(stripped)}")
        if kind == "m":
            groups.append([])
        groups[-1].append((kind, value))
    session, *media = [Section(tuple(lines)) for lines in groups]
    if session.lines[:1] != (("v", "0"),):
        first = "=".join(session.lines[0]) if session.lines else ""
        raise FormatError(f"SDP: expected v=0 in the first line, got {shown(first)}")
    return session, [_media(section) for section in media]


def _media(section: Section) -> Media:
    """Return a medium, whose first line is ``m=``."""
    line = section.lines[0][1]
    match = _MEDIA.fullmatch(line)
    if match is None:
        raise FormatError(f"SDP: expected m=KIND PORT PROTOCOL FORMATS, got {shown('m=' + line)}")
    kind, port, protocol, formats = match.groups()
    return Media(kind, int(port), protocol, tuple(formats.split()), section)
