"""Code for a long time what comes, lose and damage what is sent, and watch.

    python tools/soak.py --seconds 3600              an hour of sound, from a seed of its own
    CELPVQ_SEED=7 python tools/soak.py               the same sound and faults again

The sound is noise, tones, clicks, silence and the bundled speech at all levels. Modes, presets,
pauses, resets, copies and losses of state change at random. Checked are, at every frame: the output
is finite and within full scale; where nothing was lost, the decoder's state is that which the
encoder's synthesis left, to the bit; nothing but the documented error comes out. And at the end:
memory did not grow.
"""

import argparse
import os
import pickle
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

import celpvq
from celpvq import Decoder, Encoder, FormatError, envelope
from celpvq.codec.encoder import survivors
from celpvq.codec.format.modes import FRAME_LEN, SAMPLERATE
from celpvq.quality import clip_paths, read_clip

Signal = NDArray[np.float64]

PIECE_LEN = 50 * FRAME_LEN
MODES = celpvq.modes()
ALLOWED_GROWTH = 16 << 20  # bytes, after the first part of the time


def sounds(rng: np.random.Generator) -> Iterator[Signal]:
    """Yield pieces of sound for ever."""
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


def same_ears(encoder: Encoder, decoder: Decoder) -> bool:
    """Return whether both sides remember the same of what was heard."""
    ours, theirs = encoder._state, decoder._state
    same_spectrum = np.array_equal(ours.lsf_q, theirs.lsf_q)
    return same_spectrum and bool(ours.beam[survivors.HEARD].synthesis == theirs.synthesis)


class Soak:
    """A clean line and a bad one behind one encoder."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.count: Counter[str] = Counter()
        self.encoder, self.clean, self.bad = Encoder(preset="fast"), Decoder(), Decoder()
        self.copy = b""

    def run(self, n_frames: int) -> None:
        """Code `n_frames`; raise `AssertionError` at the first thing that is wrong."""
        for piece in sounds(self.rng):
            for x in piece.reshape(-1, FRAME_LEN):
                self._change()
                self._frame(x)
                if self.count["frames"] == n_frames:
                    return

    def _change(self) -> None:
        """Change at random what may change between two frames."""
        rng = self.rng
        if rng.random() < 0.2:
            self.encoder.mode = MODES[rng.integers(len(MODES))]
        if rng.random() < 0.01:
            self.encoder.dtx = not self.encoder.dtx
            self.clean.postfilter = bool(rng.random() < 0.5)
        if rng.random() < 0.001:
            self.encoder.reset()
            self.clean.reset()
            self.count["resets"] += 1
        if rng.random() < 0.001:
            self.encoder = pickle.loads(pickle.dumps(self.encoder))  # noqa: S301  # our own
            self.clean, self.bad = self.clean.copy(), self.bad.copy()
            self.count["copies"] += 1

    def _frame(self, x: Signal) -> None:
        packet = self.encoder.encode_frame(x)
        self._check(self.clean.decode_frame(packet))
        assert same_ears(self.encoder, self.clean), "the decoder heard something else"
        self.count["frames"] += 1
        self.count[self.encoder.last_frame.kind if self.encoder.last_frame else ""] += 1
        sent = envelope.pack(packet, copy=self.copy, crc=bool(self.rng.random() < 0.5))
        self.copy = self.encoder.last_copy
        self._check(self._transmit(sent))

    def _transmit(self, sent: bytes) -> NDArray[np.float32]:
        """Return what comes out of the bad line."""
        rng = self.rng
        fate = rng.random()
        if fate < 0.1:
            self.count["lost"] += 1
            copy = rng.bytes(3) if rng.random() < 0.5 else None
            return self.bad.decode_frame(None, copy=copy)
        if fate < 0.3:
            wrong = np.frombuffer(sent, np.uint8) ^ np.packbits(rng.random(8 * len(sent)) < 0.02)
            sent = wrong.tobytes()[: rng.integers(len(sent) + 1) if fate < 0.12 else None]
            self.count["damaged"] += 1
        try:
            packet = envelope.unpack(sent).packet
        except FormatError:
            self.count["refused"] += 1
            return self.bad.decode_frame(None)
        return self.bad.write([packet])

    def _check(self, y: NDArray[np.float32]) -> None:
        assert y.shape == (FRAME_LEN,)
        assert np.isfinite(y).all(), "a sample is not finite"
        assert np.abs(y).max() <= 1, "a sample is beyond full scale"


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
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
    took = time.thread_time() - start
    print(", ".join(f"{n} {name}" for name, n in soak.count.items()))
    print(f"bad line: {soak.bad.stats}")
    print(f"{took:.0f} s of processor time, {growth / 2**20:.1f} MiB more memory")
    return int(growth > ALLOWED_GROWTH)


if __name__ == "__main__":
    sys.exit(main())
