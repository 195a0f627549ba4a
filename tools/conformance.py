"""Make test vectors for other decoders: many frames of all types, and damaged files.

    python tools/conformance.py FILE --frames 100000 --seed 7     random frames, for a long check
    node js/check.js FILE                                         the check in JavaScript
    python tools/conformance.py FILE --chromium                   make it, and check it in Chromium

``tools/make_vectors.py`` writes the vectors of the tests by the functions of this module:

``frames.json``    streams of packets, and the SHA-256 of their samples
``values.json``    frames of each type, with their parameters and signals
``damaged.json``   small files with faults, and the error that each one raises
``constants.json`` the interpolator, the fade and the weights of the bands

A frame is a text: the packet in hexadecimal digits, empty for NO_DATA; or ``lost``, which ``next``
and the packet after it, or ``redundancy`` and the redundant frame, or both may follow.
"""

import hashlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import chromium
import numpy as np
import options

import celpvq
from celpvq._types import F64, I16
from celpvq.codec.common import adaptive_codebook
from celpvq.codec.common.enhancement_tables import N_FIR
from celpvq.codec.decoder import enhancement, enhancement_features
from celpvq.codec.decoder.decoder import FrameDecoder
from celpvq.codec.format.modes import DELAY, FRAME_LEN, SAMPLERATE, SID_BYTES
from celpvq.codec.format.redundancy import REDUNDANCY_BYTES
from celpvq.lab.clips import clip_paths, read_clip
from celpvq.stream import Encoder

STREAM_LEN = 500  # frames of a random stream
CLIP_FRAMES = 120
_KINDS = ("speech", "lost", "lost next", "lost redundancy", "lost both", "sid", "no_data")
_SHARES = {  # of the kinds of frames in random streams, which take turns
    "speech": (1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    "losses": (0.7, 0.15, 0.06, 0.04, 0.05, 0.0, 0.0),
    "pauses": (0.5, 0.05, 0.02, 0.02, 0.01, 0.1, 0.3),
    "everything": (0.3, 0.15, 0.1, 0.1, 0.05, 0.15, 0.15),
}


def play(frames: list[str], *, enhancement: bool) -> I16:
    """Return the samples (n_frames * 160,) of frames in the notation of the vectors."""
    decoder = FrameDecoder(enhancement=enhancement)
    return np.concatenate([decode(decoder, frame) for frame in frames])


def decode(decoder: FrameDecoder, frame: str) -> I16:
    """Return the samples (160,) of a frame."""
    if not frame.startswith("lost"):
        return decoder.decode(bytes.fromhex(frame))
    words = frame.split()
    help_of = {kind: bytes.fromhex(words[words.index(kind) + 1]) for kind in words[1::2]}
    return decoder.decode(
        None, next_packet=help_of.get("next"), redundancy=help_of.get("redundancy")
    )


def stream(name: str, frames: list[str]) -> dict[str, Any]:
    """Return a stream as the vectors store it."""
    digests = {
        key: hashlib.sha256(play(frames, enhancement=on).astype("<i2").tobytes()).hexdigest()
        for key, on in (("sha256", True), ("sha256_without_enhancement", False))
    }
    return {"name": name, "frames": frames, **digests}


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
    """Return the frames of a clip with a pause: losses, some with the help of what follows."""
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


def values(frames: list[str], name: str) -> dict[str, Any]:
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
        found.append(values(speech, f"speech {mode.name}"))
    redundant = "redundancy 8123a6"
    for name, *more in (
        ("lost", "lost"), ("lost next", f"lost next {speech[0]}"),
        ("lost redundancy", f"lost {redundant}"),
        ("lost both", f"lost next {speech[0]} {redundant}"),
        ("sid", "8120"), ("no_data", "8120", ""), ("after a loss", "lost", speech[0]),
    ):  # fmt: skip
        found.append(values([*speech, *more], name))
    return found


def small_files() -> dict[str, bytes]:
    """Return a small file of each form of the container, of 53 packets, so of two blocks."""
    samples = read_clip(clip_paths()[0])[: 53 * FRAME_LEN - DELAY - 3]
    samples[20 * FRAME_LEN : 45 * FRAME_LEN] = 0.0
    pipe = _Pipe()
    with celpvq.open(pipe, "w", samplerate=SAMPLERATE, mode=4800, preset="fast", dtx=True) as file:
        file.write(samples)
    return {
        "fixed": celpvq.encode(samples, SAMPLERATE, 4800, "fast"),
        "variable": celpvq.encode(samples, SAMPLERATE, 4800, "fast", dtx=True),
        "pipe": pipe.getvalue(),
    }


class _Pipe(io.BytesIO):
    """A file that cannot seek."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: Any) -> int:
        raise io.UnsupportedOperation("seek")

    tell = seek  # type: ignore[assignment]


def damaged(data: bytes, fault: dict[str, int]) -> bytes:
    """Return a file with a fault: cut at a length, or a byte changed and its CRC not."""
    if "cut" in fault:
        return data[: fault["cut"]]
    if "append" in fault:
        return data + bytes(fault["append"])
    changed = bytearray(data)
    changed[fault["at"]] ^= fault["xor"]
    return bytes(changed)


def outcome(data: bytes) -> dict[str, Any]:
    """Return the error of a file, and the packets that can be read from it all the same."""
    try:
        celpvq.decode(data)
        error = None
    except celpvq.errors.CelpvqError as raised:
        error = type(raised).__name__
    try:
        n_packets = len(celpvq.read_packets(data, strict=False))
    except celpvq.errors.CelpvqError:
        n_packets = None
    return {"error": error, "packets": n_packets}


def damaged_vectors() -> dict[str, Any]:
    """Return small files, and faults with their outcomes."""
    rng = np.random.default_rng(2)
    files = small_files()
    cases = []
    for name, data in files.items():
        faults = [{"cut": int(n)} for n in (0, 3, 31, 32, *rng.integers(33, len(data), 20))]
        faults += [{"cut": len(data) - 1}, {"append": 1}]
        faults += [{"at": at, "xor": int(rng.integers(1, 256))} for at in range(32)]
        faults += [
            {"at": int(at), "xor": int(rng.integers(1, 256))}
            for at in (32, len(data) - 1, *rng.integers(33, len(data) - 1, 30))
        ]
        cases += [{"file": name, **f, **outcome(damaged(data, f))} for f in faults]
    return {"files": {name: data.hex() for name, data in files.items()}, "cases": cases}


def write(path: Path, content: Any) -> None:
    """Write JSON with exact numbers, one item of a list in a line."""
    if isinstance(content, list):
        text = "[\n" + ",\n".join(json.dumps(item) for item in content) + "\n]\n"
    else:
        text = json.dumps(content, indent=0) + "\n"
    path.write_text(text)


def constants() -> dict[str, Any]:
    """Return the constants that formulas state, as exact numbers."""
    return {
        "fine_taps": adaptive_codebook.interpolator(adaptive_codebook.REACH).tolist(),
        "fade": enhancement.FADE.tolist(),
        "band_weights": enhancement_features._WEIGHTS.tolist(),
    }


def make_vectors(folder: Path) -> None:
    """Write the vectors of the tests, with packets as the encoder makes them now."""
    clips = clip_streams()
    write(folder / "frames.json", clips + random_streams(2000, seed=1))
    write(folder / "values.json", value_vectors(clips))
    write(folder / "damaged.json", damaged_vectors())
    write(folder / "constants.json", constants())


def renew_vectors(folder: Path) -> None:
    """Decode the frames of the vectors again, after a change of the decoder."""
    streams = json.loads((folder / "frames.json").read_text())
    write(folder / "frames.json", [stream(one["name"], one["frames"]) for one in streams])
    frames = json.loads((folder / "values.json").read_text())
    write(folder / "values.json", [values(one["frames"], one["name"]) for one in frames])


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = options.new_parser(__doc__)
    parser.add_argument("out", metavar="FILE", type=Path, help="file to write (JSON)")
    parser.add_argument("--frames", type=int, default=100_000, help="default: 100000")
    parser.add_argument("--seed", type=int, default=1, help="default: 1")
    parser.add_argument("--chromium", action="store_true", help="check them in headless Chromium")
    args = parser.parse_args(argv)
    if args.chromium and chromium.program() is None:
        parser.error("--chromium: found no Chromium; CELPVQ_CHROMIUM may name its program")
    streams = random_streams(args.frames, args.seed)
    write(args.out, streams)
    print(f"{args.out}: {len(streams)} streams, {args.frames} frames, seed {args.seed}")
    return chromium.report(streams) if args.chromium else 0


if __name__ == "__main__":
    sys.exit(main())
