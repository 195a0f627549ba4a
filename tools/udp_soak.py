"""Send speech to oneself over a bad network, and say what became of it.

    python tools/udp_soak.py FOLDER --seconds 60 --loss 5 --jitter 20

Two processes, ``celpvq send`` and ``celpvq receive``, and between them a relay that loses, delays,
reorders and doubles datagrams. What is heard must be as long as what was sent, as late as
configured, and without holes; then each end is killed in mid-stream, and the other one must end
well. The exit status is 1 if something of that is not so.
"""

import argparse
import json
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
from impair import Relay

from celpvq.quality import read_clip
from celpvq.quality.compare import find_clips

SAMPLERATE = 8000  # Hz
CELPVQ = [sys.executable, "-m", "celpvq"]
HOLE_S = 0.06  # digital silence of this length within speech is a hole
DEPTH_MS = 80


def start_receiver(out: Path, *options: str) -> tuple["subprocess.Popen[str]", int]:
    """Start ``celpvq receive``; return it, and its port once it listens."""
    command = [*CELPVQ, "receive", str(out), "--bind", "127.0.0.1:0", "--force", *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    found = re.search(r"port (\d+)", process.stderr.readline())
    assert found, "the receiver does not listen"
    return process, int(found[1])


def start_sender(path: Path, port: int) -> "subprocess.Popen[str]":
    """Start ``celpvq send``."""
    command = [*CELPVQ, "send", str(path), f"127.0.0.1:{port}", "--preset", "fast"]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def envelope(x: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[
    tuple[int], np.dtype[np.float64]
]:  # fmt: skip
    """Return the rms of blocks of 5 ms."""
    n = len(x) // 40
    return np.asarray(np.sqrt(np.square(x[: 40 * n]).reshape(n, 40).mean(axis=1)))


def longest_hole(sent: np.ndarray[tuple[int], np.dtype[np.float64]],
                 heard: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:  # fmt: skip
    """Return the longest time [s] in which speech was sent and nothing at all is heard."""
    a, b = envelope(sent), envelope(heard)
    n = min(len(a), len(b))
    empty = (a[:n] > 0.1 * np.sqrt(np.mean(a**2))) & (b[:n] < 1e-4)
    edges = np.flatnonzero(np.diff(np.r_[0, empty.astype(int), 0]))
    return float(max(edges[1::2] - edges[::2], default=0)) * 40 / SAMPLERATE


def main() -> int:
    """Run the soak; return the exit status."""
    parser = argparse.ArgumentParser(description="Send speech to oneself over a bad network.")
    parser.add_argument("folder", type=Path, help="speech at 8000 Hz")
    parser.add_argument("--seconds", type=float, default=60.0, help="default: 60")
    parser.add_argument("--loss", type=float, default=5.0, help="percent (default: 5)")
    parser.add_argument("--jitter", type=float, default=20.0, help="ms (default: 20)")
    parser.add_argument("--duplicate", type=float, default=1.0, help="percent (default: 1)")
    parser.add_argument("--reorder", type=float, default=2.0, help="percent (default: 2)")
    parser.add_argument("--seed", type=int, default=1, help="default: 1")
    args = parser.parse_args()
    clips = [read_clip(clip.path) for clip in find_clips(args.folder)]
    n = int(args.seconds * SAMPLERATE)
    speech = np.resize(np.concatenate(clips), n)
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        sent, out, log = (Path(folder) / name for name in ("in.wav", "out.wav", "log.json"))
        soundfile.write(sent, speech, SAMPLERATE)
        depth = ["--depth", str(DEPTH_MS), "--max-depth", str(DEPTH_MS)]
        receiver, port = start_receiver(out, "--log", str(log), *depth)
        with Relay(
            port, loss=args.loss / 100, jitter_s=args.jitter / 1000,
            duplicate=args.duplicate / 100, reorder=args.reorder / 100, seed=args.seed,
        ) as relay:  # fmt: skip
            sender = start_sender(sent, relay.port)
            said = [process.communicate()[1].strip() for process in (sender, receiver)]
        print(*said, sep="\n")
        told = json.loads(log.read_text())
        heard, _ = soundfile.read(out)
        hole = longest_hole(speech, heard[40:])
        print(f"relay: {relay.n_in} datagrams, {relay.n_lost} lost, {relay.n_double} doubled")
        print(
            f"heard {len(heard) / SAMPLERATE:.2f} s of {args.seconds:.2f} s, longest hole"
            f" {1000 * hole:.0f} ms, mean depth {told['depth_ms']:.1f} ms"
        )
        if sender.returncode or receiver.returncode:
            failures.append("an end failed")
        if abs(len(heard) - n) > 0.1 * SAMPLERATE:
            failures.append("what is heard has another length")
        if told["concealed"] > relay.n_lost + 0.01 * relay.n_in:
            failures.append("more was concealed than was lost")
        if not DEPTH_MS <= told["depth_ms"] <= DEPTH_MS + 30:
            failures.append("the delay is not the one configured")
        if hole >= HOLE_S:
            failures.append("there are holes in the speech")

        receiver, port = start_receiver(out, "--timeout", "1")
        sender = start_sender(sent, port)
        time.sleep(4)
        sender.send_signal(signal.SIGKILL)
        sender.communicate()
        print("sender killed:", receiver.communicate(timeout=20)[1].strip())
        if receiver.returncode or not soundfile.info(out).frames:
            failures.append("the receiver does not survive the sender")

        receiver, port = start_receiver(out)
        sender = start_sender(sent, port)
        time.sleep(4)
        receiver.send_signal(signal.SIGKILL)
        receiver.communicate()
        print("receiver killed:", sender.communicate(timeout=60)[1].strip())
        if sender.returncode != 1:
            failures.append("the sender does not say that nobody listens")
    for failure in failures:
        print(f"FAILED: {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
