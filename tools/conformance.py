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
and the packet after it, or ``redundancy`` and the redundant frame, or both may follow. Packets and
redundant frames may be malformed.
"""

import hashlib
import io
import json
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import chromium
import numpy as np
import options

import celpvq
from celpvq._types import F64, I16
from celpvq.codec.common import adaptive_codebook, filters
from celpvq.codec.common.enhancement_tables import N_FIR
from celpvq.codec.decoder import enhancement, enhancement_features
from celpvq.codec.decoder.decoder import FrameDecoder
from celpvq.codec.format.modes import DELAY, FRAME_LEN, SAMPLERATE, SID_BYTES
from celpvq.codec.format.redundancy import REDUNDANCY_BYTES
from celpvq.container import header
from celpvq.container.header import HEADER_LEN
from celpvq.errors import FormatError
from celpvq.lab.clips import clip_paths, read_clip
from celpvq.stream import Encoder

STREAM_LEN = 500  # frames of a random stream
CLIP_FRAMES = 120
HEADER = "<4sBBH8sIQ"  # without its CRC
TRAILER_LEN = 1 + header.N_SAMPLES.size + header.CRC_LEN
_KINDS = ("speech", "lost", "lost next", "lost redundancy", "lost both", "sid", "no_data")
_SHARES = {  # of the kinds of frames in random streams, which take turns
    "speech": (1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    "losses": (0.7, 0.15, 0.06, 0.04, 0.05, 0.0, 0.0),
    "pauses": (0.5, 0.05, 0.02, 0.02, 0.01, 0.1, 0.3),
    "everything": (0.3, 0.15, 0.1, 0.1, 0.05, 0.15, 0.15),
}


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


def special_streams(clips: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return streams of what is rare: made of the frames of clips.

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
    return [*found, decayed(speech)]


def decayed(speech: list[str]) -> dict[str, Any]:
    """Return a frame of a long loss whose signals have fallen to TINY at last.

    A decoder whose memories do not forget tiny values has other values here.
    """
    frames = [*speech, "lost redundancy 81237c", *["lost"] * 30]  # loud and unvoiced
    while True:
        frame = values(frames, "silence")
        if np.abs([frame["excitation"], frame["synthesis"]]).max() <= filters.TINY:
            return frame
        frames.append("lost")


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


def damaged(data: bytes, fault: dict[str, Any]) -> bytes:
    """Return a file with a fault, which may be none: cut, longer, or with other bytes."""
    if not fault.keys() & {"cut", "append", "at"}:
        return data
    if "cut" in fault:
        return data[: fault["cut"]]
    if "append" in fault:
        return data + bytes(fault["append"])
    changed = bytearray(data)
    at = fault["at"]
    if "put" in fault:
        part = bytes.fromhex(fault["put"])
        changed[at : at + len(part)] = part
    else:
        changed[at] ^= fault["xor"]
    return bytes(changed)


def with_header(data: bytes, **fields: Any) -> dict[str, Any]:
    """Return the fault of a header with other fields, whose CRC is right."""
    names = ("magic", "version", "flags", "bitrate", "tables", "samplerate", "n_samples")
    old = struct.unpack_from(HEADER, data)
    new = struct.pack(HEADER, *{**dict(zip(names, old, strict=True)), **fields}.values())
    return {"at": 0, "put": (new + header.crc_bytes(new)).hex()}


def header_faults(data: bytes) -> list[dict[str, Any]]:
    """Return headers with one unusual field, or two, and a right CRC; some are no faults."""
    flags, (samplerate, n_samples) = data[5], struct.unpack_from("<IQ", data, 16)
    other = b"\1" * header.ID_LEN
    changes: list[dict[str, Any]] = [
        {"version": 2}, {"flags": flags | 4}, {"flags": flags | 128}, {"bitrate": 5000},
        {"bitrate": 0}, {"samplerate": 3999}, {"samplerate": 192001}, {"tables": other},
        {"flags": flags ^ header.UNKNOWN_LENGTH}, {"flags": 4, "bitrate": 1, "samplerate": 0},
        {"samplerate": 4000}, {"bitrate": 8000},
    ]  # fmt: skip
    if n_samples:  # the length of the packets stays, in any rate
        changes += [{"samplerate": samplerate * 6, "n_samples": n_samples * 6}]
        changes += [{"samplerate": 44100, "n_samples": n_samples * 441 // 80}]
        lengths = (0, 1, n_samples - FRAME_LEN, n_samples + FRAME_LEN, 2**63, 2**64 - 1)
        changes += [{"n_samples": n} for n in lengths]
        changes += [{"n_samples": 2**64 - 1, "tables": other}]
    else:
        changes += [{"n_samples": 1}, {"samplerate": 192000}]
    return [with_header(data, **change) for change in changes]


def block_faults(name: str, data: bytes) -> list[dict[str, Any]]:
    """Return faults within the blocks and the trailer that their CRC does not show."""
    faults: list[dict[str, Any]] = []
    if name == "pipe":
        faults += [{"at": HEADER_LEN, "put": f"{n:02x}"} for n in (0, 51, 255)]
        at = len(data) - TRAILER_LEN
        for n in (0, 1, 2**64 - 1):
            text = b"\0" + n.to_bytes(8, "little")
            faults += [{"at": at, "put": (text + header.crc_bytes(text)).hex()}]
    if name == "variable":
        faults += [{"at": HEADER_LEN, "put": f"{n:02x}"} for n in (1, 13, 21)]
        packets = celpvq.read_packets(data)
        i = [len(packet) for packet in packets].index(SID_BYTES)
        packets[i] = bytes([packets[i][0], packets[i][1] | 1])  # the last bit of a SID is 0
        file = io.BytesIO()
        n_samples = celpvq.info(data).n_samples
        celpvq.write_packets(file, packets, samplerate=SAMPLERATE, n_samples=n_samples)
        faults += [{"at": HEADER_LEN, "put": file.getvalue()[HEADER_LEN:].hex()}]
    return faults


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
        faults: list[dict[str, Any]] = [
            {"cut": int(n)} for n in (0, 3, 31, 32, *rng.integers(33, len(data), 20))
        ]
        faults += [{"cut": len(data) - 1}, {"append": 1}]
        faults += [{"at": at, "xor": int(rng.integers(1, 256))} for at in range(32)]
        faults += [
            {"at": int(at), "xor": int(rng.integers(1, 256))}
            for at in (32, len(data) - 1, *rng.integers(33, len(data) - 1, 30))
        ]
        faults += [{}, *header_faults(data), *block_faults(name, data)]
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
    write(folder / "frames.json", clips + special_streams(clips) + random_streams(2000, seed=1))
    write(folder / "values.json", value_vectors(clips))
    write(folder / "damaged.json", damaged_vectors())
    write(folder / "constants.json", constants())


def renewed(one: dict[str, Any]) -> dict[str, Any]:
    """Return a stream of the vectors with the hashes of its samples as they are now."""
    return stream(one["name"], one["frames"], one.get("switches", ()))


def renew_vectors(folder: Path) -> None:
    """Decode the frames of the vectors again, after a change of the decoder."""
    streams = json.loads((folder / "frames.json").read_text())
    write(folder / "frames.json", [renewed(one) for one in streams])
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
