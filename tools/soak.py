"""Code random sound for a long time, lose and damage packets, and check every frame.

    python tools/soak.py --seconds 3600              an hour of sound with a new seed
    CELPVQ_SEED=7 python tools/soak.py               the same sound and faults again

The sound is noise, tones, clicks, silence and the bundled speech at all levels. Modes, presets,
DTX, resets and copies of the coders change at random. One decoder gets every packet; a second one
gets lost and damaged packets. Every frame is checked: the output is finite and within full scale,
the first decoder's synthesis equals the encoder's to the bit, and only the documented error occurs.
At the end, memory must not have grown.
"""

import os
import pickle
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator

import numpy as np
import options

import celpvq
from celpvq import Decoder, Encoder, FormatError
from celpvq._types import F32, F64
from celpvq.codec.encoder.presets import PRESETS
from celpvq.codec.format.modes import FRAME_LEN, SAMPLERATE
from celpvq.lab.clips import clip_paths, read_clip
from celpvq.rtp import payload

PIECE_LEN = 50 * FRAME_LEN
MODES = celpvq.modes()
ALLOWED_GROWTH = 16 << 20  # bytes, after the first fifth of the time


def sounds(rng: np.random.Generator) -> Iterator[F64]:
    """Yield pieces of sound without end."""
    clips = [read_clip(path) for path in clip_paths()]
    n = np.arange(PIECE_LEN)
    while True:
        clip = clips[rng.integers(len(clips))]
        start = rng.integers(len(clip) - PIECE_LEN)
        kind = rng.choice(
            ["speech", "noise", "tone", "clicks", "silence"], p=[0.5, 0.2, 0.1, 0.1, 0.1]
        )
        piece = {
            "speech": clip[start : start + PIECE_LEN] / np.abs(clip).max(),
            "noise": rng.normal(size=PIECE_LEN) / 3,
            "tone": np.sign(np.sin(n * rng.uniform(0.01, 3.1))),
            "clicks": (rng.random(PIECE_LEN) < 0.01) * 1.0,
            "silence": np.zeros(PIECE_LEN),
        }[kind]
        yield np.clip(piece * 10 ** rng.uniform(-4, 0.3), -1, 1)


def in_step(encoder: Encoder, decoder: Decoder) -> bool:
    """Return whether encoder and decoder have the same LSF and the same synthesis state."""
    ours, theirs = encoder.state, decoder.state
    same_lsf = np.array_equal(ours.lsf_q, theirs.lsf_q)
    return same_lsf and bool(ours.committed.synthesis == theirs.synthesis)


class Soak:
    """An encoder, a decoder behind a clean line, and one behind a bad line."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.count: Counter[str] = Counter()
        self.encoder, self.clean, self.bad = Encoder(preset="fast"), Decoder(), Decoder()
        self.redundancy = b""

    def run(self, n_frames: int) -> None:
        """Code until there are `n_frames`; raise `AssertionError` at the first failed check."""
        for piece in sounds(self.rng):
            for x in piece.reshape(-1, FRAME_LEN):
                if self.count["frames"] >= n_frames:
                    return
                self._change()
                self._frame(x)

    def _change(self) -> None:
        """Change settings at random between two frames."""
        rng = self.rng
        if rng.random() < 0.2:
            self.encoder.mode = MODES[rng.integers(len(MODES))]
        if rng.random() < 0.01:
            self.encoder.dtx = not self.encoder.dtx
            self.encoder.preset = str(rng.choice(list(PRESETS), p=[0.8, 0.1, 0.1]))
            self.clean.enhancement = bool(rng.random() < 0.5)
        if rng.random() < 0.001:
            self.encoder.reset()
            self.clean.reset()
            self.count["resets"] += 1
        if rng.random() < 0.001:
            self.encoder = pickle.loads(pickle.dumps(self.encoder))  # noqa: S301  # our own
            self.clean, self.bad = self.clean.copy(), self.bad.copy()
            self.count["copies"] += 1

    def _frame(self, x: F64) -> None:
        packet = self.encoder.encode_frame(x)
        check(self.clean.decode_frame(packet))
        if not in_step(self.encoder, self.clean):
            raise AssertionError("encoder and decoder synthesized different samples")
        self.count["frames"] += 1
        self.count[self.encoder.last_frame.type if self.encoder.last_frame else ""] += 1
        sent = payload.pack(packet, redundancy=self.redundancy, crc=bool(self.rng.random() < 0.5))
        self.redundancy = self.encoder.redundancy
        check(self._transmit(sent))

    def _transmit(self, sent: bytes) -> F32:
        """Return the output behind the bad line."""
        rng = self.rng
        fate = rng.random()
        if fate < 0.1:
            self.count["lost"] += 1
            redundancy = rng.bytes(3) if rng.random() < 0.5 else None
            return self.bad.decode_frame(None, redundancy=redundancy)
        if fate < 0.3:
            wrong = np.frombuffer(sent, np.uint8) ^ np.packbits(rng.random(8 * len(sent)) < 0.02)
            sent = wrong.tobytes()[: rng.integers(len(sent) + 1) if fate < 0.12 else None]
            self.count["damaged"] += 1
        try:
            return self.bad.decode_frame(payload.unpack(sent).packet)
        except FormatError:
            self.count["refused"] += 1
            return self.bad.decode_frame(None)


def check(y: F32) -> None:
    """Raise `AssertionError` unless y is a frame of finite samples within full scale."""
    if y.shape != (FRAME_LEN,):
        raise AssertionError(f"expected {FRAME_LEN} samples, got shape {y.shape}")
    if not np.isfinite(y).all():
        raise AssertionError("a sample is not finite")
    if np.abs(y).max() > 1:
        raise AssertionError("a sample is beyond full scale")


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = options.new_parser(__doc__)
    parser.add_argument("--seconds", type=float, default=3600.0, help="of sound (default: 3600)")
    args = parser.parse_args(argv)
    seed = int(os.environ.get("CELPVQ_SEED", np.random.SeedSequence().entropy % 2**32))  # type: ignore[operator]
    print(f"CELPVQ_SEED={seed}", flush=True)
    soak = Soak(seed)
    n_frames = max(int(args.seconds * SAMPLERATE / FRAME_LEN), 10)
    start = time.thread_time()
    try:
        soak.run(n_frames // 5)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        soak.run(n_frames)
    except AssertionError as error:
        sys.exit(f"soak: frame {soak.count['frames']}: {error}")
    growth = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - memory
    seconds = time.thread_time() - start
    print(", ".join(f"{n} {name}" for name, n in soak.count.items()))
    print(f"bad line: {soak.bad.stats}")
    print("in every frame encoder and decoder synthesized identical samples,")
    print("and all output was finite and within full scale")
    print(f"{seconds:.0f} s of processor time, memory grew by {growth / 2**20:.1f} MiB")
    return int(growth > ALLOWED_GROWTH)


if __name__ == "__main__":
    sys.exit(main())
