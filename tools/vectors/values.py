"""Frames of each type, with their parameters and signals as exact numbers."""

from typing import Any

import numpy as np

import celpvq
from celpvq.codec.common import filters
from celpvq.codec.common.enhancement_tables import N_FIR
from celpvq.codec.decoder.decoder import FrameDecoder
from celpvq.codec.format.modes import FRAME_LEN

from .notation import decode


def frame_values(frames: list[str], name: str) -> dict[str, Any]:
    """Return the parameters and signals of the last of some frames, as exact numbers."""
    decoder = FrameDecoder()
    for frame in frames:
        samples = decode(decoder, frame)
    state, last = decoder.state, decoder.last_frame
    assert last is not None
    enhanced = state.enhancement
    return {
        "name": name,
        "frames": frames,
        "lsf": last.lsf.tolist(),
        "lag": last.lag.tolist(),
        "gain": last.gain.tolist(),
        "excitation": state.synthesis.exc[-FRAME_LEN:].tolist(),
        "synthesis": enhanced.features.speech[-FRAME_LEN:].tolist(),
        "features": enhanced.features.values.tolist(),
        "comb": enhanced.comb[:, :-1].tolist(),
        "ahead": enhanced.ahead[:, :-1].tolist(),
        "fir": enhanced.fir.tolist(),
        "combed": enhanced.combed[N_FIR - 1 :].tolist(),
        "output": samples.tolist(),
    }


def value_vectors(clips: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a frame of each mode, and of each other type, from the streams of clips."""
    found = []
    for mode, clip in zip(celpvq.modes(), clips, strict=False):
        speech = [f for f in clip["frames"] if len(f) == 2 * mode.frame_bytes][10:15]
        found.append(frame_values(speech, f"speech {mode.name}"))
    redundant = "redundancy 8123a6"
    for name, *more in (
        ("lost", "lost"), ("lost next", f"lost next {speech[0]}"),
        ("lost redundancy", f"lost {redundant}"),
        ("lost both", f"lost next {speech[0]} {redundant}"),
        ("sid", "8120"), ("no_data", "8120", ""), ("after a loss", "lost", speech[0]),
    ):  # fmt: skip
        found.append(frame_values([*speech, *more], name))
    return [*found, decayed(speech)]


def decayed(speech: list[str]) -> dict[str, Any]:
    """Return a frame of a long loss whose signals have fallen to TINY at last.

    A decoder whose memories do not forget tiny values has other values here.
    """
    frames = [*speech, "lost redundancy 81237c", *["lost"] * 30]  # loud and unvoiced
    while True:
        frame = frame_values(frames, "silence")
        if np.abs([frame["excitation"], frame["synthesis"]]).max() <= filters.TINY:
            return frame
        frames.append("lost")
