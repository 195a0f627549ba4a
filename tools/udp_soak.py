"""Send speech over a bad network of this machine, and check the packets that arrive.

    python tools/udp_soak.py FOLDER --seconds 60 --loss 5 --jitter 20

Two processes run ``celpvq send`` and ``celpvq receive``. A relay between them loses, delays,
reorders and duplicates datagrams. The received speech must have the length of the original, the
configured delay, and no holes. Then each end is killed within a stream, and the other one must end
well. The exit status is 1 if a check fails.
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
import options
import soundfile
from impair import Relay

from celpvq._types import F64
from celpvq.codec.format.modes import DELAY, SAMPLERATE
from celpvq.lab.clips import find_clips

CELPVQ = [sys.executable, "-m", "celpvq"]
BLOCK_LEN = 40  # 5 ms
HOLE_S = 0.06  # digital silence of this duration within speech is a hole
DEPTH_MS = 80
LONG_S = 30  # of the stream within which an end is killed
TIMEOUT_S = 120

Process = subprocess.Popen[str]


def start_receiver(out: Path, *extra: str) -> tuple[Process, int]:
    """Start ``celpvq receive``; return it, and its port once it listens."""
    command = [*CELPVQ, "receive", str(out), "--bind", "127.0.0.1:0", "--force", *extra]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    line = process.stderr.readline()
    found = re.search(r"port (\d+)", line)
    if not found:
        sys.exit(f"udp_soak: the receiver does not listen: {line}{process.communicate()[1]}")
    return process, int(found[1])


def start_sender(path: Path, port: int) -> Process:
    """Start ``celpvq send``."""
    command = [*CELPVQ, "send", str(path), f"127.0.0.1:{port}", "--preset", "fast"]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def levels(x: F64) -> F64:
    """Return the rms of each block of x (n,)."""
    n = len(x) // BLOCK_LEN
    return np.asarray(np.sqrt(np.square(x[: BLOCK_LEN * n]).reshape(n, BLOCK_LEN).mean(axis=1)))


def longest_hole(sent: F64, received: F64) -> float:
    """Return the longest time [s] in which speech was sent and only zeros were received."""
    a, b = levels(sent), levels(received)
    n = min(len(a), len(b))
    empty = (a[:n] > 0.1 * np.sqrt(np.mean(a**2))) & (b[:n] < 1e-4)
    edges = np.flatnonzero(np.diff(np.r_[0, empty.astype(int), 0]))
    return float(max(edges[1::2] - edges[::2], default=0)) * BLOCK_LEN / SAMPLERATE


def over_a_bad_network(x: F64, sent: Path, out: Path, args: argparse.Namespace) -> list[str]:
    """Send a file whose samples are x (n,) through the relay; return the failed checks."""
    log = out.with_name("log.json")
    depth = ["--depth", str(DEPTH_MS), "--max-depth", str(DEPTH_MS)]
    receiver, port = start_receiver(out, "--log", str(log), *depth)
    with Relay(
        port, loss=args.loss / 100, jitter_s=args.jitter / 1000,
        duplicate=args.duplicate / 100, reorder=args.reorder / 100, seed=args.seed,
    ) as relay:  # fmt: skip
        sender = start_sender(sent, relay.port)
        print(*(process.communicate()[1].strip() for process in (sender, receiver)), sep="\n")
    stats = json.loads(log.read_text())
    received, _ = soundfile.read(out)
    hole = longest_hole(x, received[DELAY:])
    print(f"relay: {relay.n_in} datagrams, {relay.n_lost} lost, {relay.n_double} duplicated")
    print(
        f"received {len(received) / SAMPLERATE:.2f} s of {len(x) / SAMPLERATE:.2f} s,"
        f" longest hole {1000 * hole:.0f} ms, mean depth {stats['depth_ms']:.1f} ms"
    )
    checks = {
        "an end failed": bool(sender.returncode or receiver.returncode),
        "the received speech has another length": abs(len(received) - len(x)) > 0.1 * SAMPLERATE,
        "more frames were concealed than lost": (
            stats["concealed"] > relay.n_lost + 0.01 * relay.n_in
        ),
        "the delay is not the configured one": not DEPTH_MS <= stats["depth_ms"] <= DEPTH_MS + 30,
        "there are holes in the speech": hole >= HOLE_S,
    }
    return [name for name, failed in checks.items() if failed]


def kill_one_end(sent: Path, out: Path, victim: str) -> list[str]:
    """Kill one end within a stream; return the failed checks of the other one."""
    receiver, port = start_receiver(out, *(["--timeout", "1"] if victim == "sender" else []))
    ends = {"receiver": receiver, "sender": start_sender(sent, port)}
    wait_for_sound(out.parent)
    killed = ends.pop(victim)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    [other] = ends.values()
    print(f"{victim} killed:", other.communicate(timeout=TIMEOUT_S)[1].strip())
    if victim == "sender":
        survived = not other.returncode and soundfile.info(out).frames
        return [] if survived else ["the receiver does not survive the sender"]
    return [] if other.returncode == 1 else ["the sender does not report that nobody listens"]


def wait_for_sound(folder: Path) -> None:
    """Return when an unfinished sound file in `folder` has a second of sound."""
    deadline = time.monotonic() + TIMEOUT_S
    while not any(path.stat().st_size > 2 * SAMPLERATE for path in folder.glob(".celpvq-*.part")):
        if time.monotonic() > deadline:
            sys.exit(f"udp_soak: no sound arrived within {TIMEOUT_S} s")
        time.sleep(0.05)


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = options.new_parser(__doc__)
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="speech: 8000 Hz, mono")
    parser.add_argument("--seconds", type=float, default=60.0, help="of speech (default: 60)")
    parser.add_argument("--loss", type=float, default=5.0, help="percent (default: 5)")
    parser.add_argument("--jitter", type=float, default=20.0, help="ms (default: 20)")
    parser.add_argument("--duplicate", type=float, default=1.0, help="percent (default: 1)")
    parser.add_argument("--reorder", type=float, default=2.0, help="percent (default: 2)")
    parser.add_argument("--seed", type=int, default=1, help="default: 1")
    args = parser.parse_args(argv)
    x = np.concatenate([clip.read() for clip in find_clips(args.folder)])
    x = np.resize(x, int(args.seconds * SAMPLERATE))
    with tempfile.TemporaryDirectory() as folder:
        sent, out = Path(folder, "in.wav"), Path(folder, "out.wav")
        soundfile.write(sent, x, SAMPLERATE)
        failures = over_a_bad_network(x, sent, out, args)
        soundfile.write(sent, np.resize(x, LONG_S * SAMPLERATE), SAMPLERATE)
        for victim in ("sender", "receiver"):
            failures += kill_one_end(sent, out, victim)
    for failure in failures:
        print(f"FAILED: {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
