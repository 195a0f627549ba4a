"""The frames of the vectors as texts, and their decoding.

A frame is a text: the packet in hexadecimal digits, empty for NO_DATA; or ``lost``, which ``next``
and the packet after it, or ``redundancy`` and the redundant frame, or both may follow. Packets and
redundant frames may be malformed.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from celpvq._types import I16
from celpvq.codec.decoder.decoder import FrameDecoder
from celpvq.errors import FormatError


def play(frames: list[str], *, enhancement: bool, switches: Sequence[int] = ()) -> I16:
    """Return the samples (n_frames * 160,) of frames in the notation of the vectors.

    Enhancement is switched on or off before each frame whose number is in `switches`.
    """
    decoder = FrameDecoder(enhancement=enhancement)
    parts = []
    for number, frame in enumerate(frames):
        if number in switches:
            decoder.enhancement = not decoder.enhancement
        parts.append(decode(decoder, frame))
    return np.concatenate(parts)


def decode(decoder: FrameDecoder, frame: str) -> I16:
    """Return the samples (160,) of a frame; a malformed packet is lost."""
    if not frame.startswith("lost"):
        try:
            return decoder.decode(bytes.fromhex(frame))
        except FormatError:
            return decoder.decode(None)
    words = frame.split()
    help_of = {kind: bytes.fromhex(words[words.index(kind) + 1]) for kind in words[1::2]}
    try:
        return decoder.decode(
            None, next_packet=help_of.get("next"), redundancy=help_of.get("redundancy")
        )
    except FormatError:  # of the redundant frame
        return decoder.decode(None, next_packet=help_of.get("next"))


def stream(name: str, frames: list[str], switches: Sequence[int] = ()) -> dict[str, Any]:
    """Return a stream as the vectors store it; `switches` as for `play`."""
    digests = {}
    for key, on in (("sha256", True), ("sha256_without_enhancement", False)):
        samples = play(frames, enhancement=on, switches=switches)
        digests[key] = hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest()
    listed = {"switches": list(switches)} if switches else {}
    return {"name": name, "frames": frames, **listed, **digests}
