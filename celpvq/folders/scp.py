"""A new wav.scp for the outputs of one."""

import json
from pathlib import Path

from ..output import Output
from .records import MANIFEST

NAME = "wav.scp"


def write_scp(out: Path) -> None:
    """Write a wav.scp beside a manifest, with the absolute paths of its files."""
    with (out / MANIFEST).open("rb") as lines, Output(out / NAME) as scp:
        for line in lines:
            fields = json.loads(line)
            text = f"{fields['source']} {out / fields['audio_filepath']}\n"
            scp.write(text.encode("utf-8", "surrogateescape"))
