"""Streams of frames: random ones, those of clips, and those with rare cases."""

from typing import Any

import numpy as np

import celpvq
from celpvq._types import F64
from celpvq.codec.format.modes import FRAME_LEN, SID_BYTES
from celpvq.codec.format.redundancy import REDUNDANCY_BYTES
from celpvq.lab.clips import clip_paths, read_clip
from celpvq.stream import Encoder

from .notation import stream

STREAM_LEN = 500  # frames of a random stream
CLIP_FRAMES = 120
_KINDS = ("speech", "lost", "lost next", "lost redundancy", "lost both", "sid", "no_data")
_SHARES = {  # of the kinds of frames in random streams, which take turns
    "speech": (1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    "losses": (0.7, 0.15, 0.06, 0.04, 0.05, 0.0, 0.0),
    "pauses": (0.5, 0.05, 0.02, 0.02, 0.01, 0.1, 0.3),
    "everything": (0.3, 0.15, 0.1, 0.1, 0.05, 0.15, 0.15),
}


def random_frames(rng: np.random.Generator, n: int, shares: tuple[float, ...]) -> list[str]:
    """Return n frames with random bits, of modes that change; losses come in bursts."""
    modes = celpvq.modes()
    mode = rng.integers(len(modes))
    frames: list[str] = []
    while len(frames) < n:
        kind = _KINDS[rng.choice(len(_KINDS), p=shares)]
        if rng.random() < 0.02:
            mode = rng.integers(len(modes))
        packet = rng.bytes(modes[mode].frame_bytes).hex()
        if kind == "speech":
            frames.append(packet)
        elif kind == "lost":
            frames += ["lost"] * int(rng.geometric(0.4))
        elif kind == "lost next":
            frames.append(f"lost next {packet}")
        elif kind.startswith("lost"):
            after = f" next {packet}" if kind == "lost both" else ""
            frames.append(f"lost{after} redundancy {rng.bytes(REDUNDANCY_BYTES).hex()}")
        elif kind == "sid":
            value = int(rng.integers(1 << 8 * SID_BYTES - 1)) << 1
            frames.append(value.to_bytes(SID_BYTES, "big").hex())
        else:
            frames.append("")
    return frames[:n]


def random_streams(n_frames: int, seed: int, length: int = STREAM_LEN) -> list[dict[str, Any]]:
    """Return streams of random frames, `n_frames` in all."""
    rng = np.random.default_rng(seed)
    streams = []
    for start in range(0, n_frames, length):
        kind = list(_SHARES)[start // length % len(_SHARES)]
        frames = random_frames(rng, min(length, n_frames - start), _SHARES[kind])
        streams.append(stream(f"random {kind} {start}", frames))
    return streams


def clip_frames(samples: F64, mode: celpvq.Mode, rng: np.random.Generator) -> list[str]:
    """Return the frames of a clip with a pause: losses, some with the help of later packets."""
    pause = rng.normal(scale=1e-3, size=(30, FRAME_LEN))
    speech = samples[: (CLIP_FRAMES - len(pause)) * FRAME_LEN].reshape(-1, FRAME_LEN)
    encoder = Encoder(mode, dtx=True)
    packets, copies = [], []
    for block in np.concatenate([speech[:45], pause, speech[45:]]):
        packets.append(encoder.encode_frame(block).hex())
        copies.append(encoder.redundancy.hex())
    frames = list(packets)
    for i in np.flatnonzero(rng.random(len(frames) - 1) < 0.1):
        after = packets[i + 1]
        followed = f" next {after}" if after else ""
        helped = f" redundancy {copies[i]}" if copies[i] else ""
        kinds = ("", followed, helped, followed + helped)
        frames[i] = "lost" + kinds[rng.integers(len(kinds))]
    return frames


def clip_streams() -> list[dict[str, Any]]:
    """Return a stream of each mode, and one whose mode changes, from the bundled clips."""
    rng = np.random.default_rng(1)
    clips = [read_clip(path) for path in clip_paths()]
    modes = celpvq.modes()
    streams = [
        stream(f"clip {mode.name}", clip_frames(clip, mode, rng))
        for mode, clip in zip(modes, clips, strict=False)
    ]
    encoder = Encoder(modes[0])
    frames = []
    for i, block in enumerate(clips[-1][: 100 * FRAME_LEN].reshape(-1, FRAME_LEN)):
        encoder.mode = modes[i // 4 % len(modes)]
        frames.append(encoder.encode_frame(block).hex())
    return [*streams, stream("clip with mode switches", frames)]


def special_streams(clips: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return streams with rare cases, made of the frames of clips.

    Malformed packets, help that does not apply, the extremes of redundant frames, long losses, and
    enhancement that is switched within a stream.
    """
    speech = [frame for frame in clips[2]["frames"] if len(frame) == 32][10:60]
    sid, bad_sid, odd = "8120", "8121", "0123456789"
    malformed = [
        odd, bad_sid, *speech[:8], odd, *speech[8:10], bad_sid, f"lost next {odd}", *speech[10:12],
        "lost redundancy 8123", *speech[12:14], f"lost next {speech[15]} redundancy 8123a600",
        *speech[15:18], sid, "", odd, bad_sid, "", *speech[18:20],
    ]  # fmt: skip
    help_unused = [
        *speech[:8], f"lost next {sid}", sid, f"lost next {speech[8]}", *speech[8:12],
        f"lost next {sid} redundancy 8123a6", *speech[12:16], "", "", *speech[16:20],
    ]  # fmt: skip
    redundant = [f"lost redundancy {digits}" for digits in (
        "000000", "ffffff", "003f80", "00007c", "000003", "ffc000", "ffc07f", "003fff",
    )]  # fmt: skip
    extremes = [frame for one in redundant for frame in (*speech[10:14], one, one)]
    long = [*speech[:12], *["lost"] * 150, *speech[12:30]]
    return [
        stream("malformed packets", malformed),
        stream("next packets without speech", help_unused),
        stream("extremes of redundant frames", extremes),
        stream("a loss of 3 s", long),
        stream("enhancement switched", clips[-1]["frames"], (10, 11, 25, 40, 70)),
        stream("enhancement switched in losses and pauses", clips[0]["frames"], range(5, 120, 7)),
    ]
