"""Measure the page of ``celpvq live --web`` in headless Chromium: delay, gaps, several calls.

    python tools/live_page.py --seconds 60
    python tools/live_page.py --seconds 60 --calls 8

Each call is a page of its own, whose microphone plays the bundled clips. The delay from microphone
to loudspeaker is the lag at which the sound that a page plays correlates best with the sound of its
microphone, within the browser: the delays of sound cards come on top. It needs the packages
playwright, starlette, uvicorn and websockets, and Chromium (CELPVQ_CHROMIUM may name its program).
"""

import argparse
import contextlib
import itertools
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import correlate

from celpvq.lab.clips import clip_paths, read_clip

RATE = 8000  # Hz
MOST_S = 1.0  # delay that is looked for
_TAP = """() => {
  if (!call) throw new Error(document.getElementById("problem").textContent);
  const { context, source, player } = call;
  const tap = (node) => {
    const name = "celpvq-capture";
    const options = { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" };
    const end = new AudioWorkletNode(context, name, options);
    const got = [];
    end.port.onmessage = ({ data }) => got.push([data.time, ...data.samples]);
    node.connect(end);
    return got;
  };
  window.taps = { mic: tap(source), speaker: tap(player.output) };
  window.order = [];
  call.addEventListener("frame", ({ detail }) => order.push(detail.number));
}"""
_READ = """() => call && ({
  mic: taps.mic, speaker: taps.speaker, order, sent: call.sent, frames: call.meters.frames,
  underruns: call.player.underruns, dropped: call.leftOut, shown: call.meters.delayMs,
  devices: call.inputDelay + call.context.baseLatency + (call.context.outputLatency || 0),
})"""


@contextlib.contextmanager
def server(*options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run the command; yield the address of its page, and the process."""
    command = [sys.executable, "-m", "celpvq", "live", "--web", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip(), process
        finally:
            process.send_signal(signal.SIGINT)


def write_microphone(path: Path) -> None:
    """Write the bundled clips, one after the other, as the sound of the microphone."""
    sound = np.concatenate([read_clip(clip) for clip in clip_paths()])
    soundfile.write(path, sound, RATE, subtype="PCM_16")


@contextlib.contextmanager
def chromium(microphone: Path) -> Iterator[Any]:
    """Run a headless Chromium whose microphone plays a WAV file."""
    from playwright.sync_api import sync_playwright

    program = os.environ.get("CELPVQ_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as tool:
        browser = tool.chromium.launch(
            executable_path=program,
            args=[
                "--no-sandbox", "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-audio-capture={microphone}",
                "--autoplay-policy=no-user-gesture-required",
                "--disable-background-timer-throttling", "--disable-renderer-backgrounding",
            ],
        )  # fmt: skip
        yield browser
        browser.close()


def joined(blocks: list[list[float]]) -> tuple[float, NDArray[np.float64]]:
    """Return the time of the first sample [s] and the samples of the blocks of a tap."""
    data = np.array(blocks)
    return float(data[0, 0]), data[:, 1:].ravel() / 32768


def delay_s(found: dict[str, Any]) -> float:
    """Return the delay from the microphone to the loudspeaker by correlation [s]."""
    (start, mic), (start_out, speaker) = joined(found["mic"]), joined(found["speaker"])
    scores = correlate(speaker, mic, method="fft")[len(mic) - 1 :][: int(MOST_S * RATE)]
    return float(start_out - start + np.argmax(scores) / RATE)


def describe(found: dict[str, Any]) -> str:
    """Return the figures of a call on one line."""
    order = found["order"]
    gaps = sum(b - a != 1 for a, b in itertools.pairwise(order))
    return (
        f"{found['sent']:6d} sent {found['frames']:6d} coded {gaps:3d} gaps"
        f" {found['underruns']:3d} underruns {1000 * found['dropped']:4.0f} ms left out |"
        f" delay {1000 * delay_s(found):4.0f} ms; shown {found['shown']:4.0f} ms,"
        f" with {1000 * found['devices']:.0f} ms of the devices"
    )


def processor_time_s() -> float:
    """Return the processor time of the programs that have ended [s]."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--calls", type=int, default=1)
    parser.add_argument("--buffer", type=int, default=100, help="buffer of the page [ms]")
    parser.add_argument("--settle", type=float, default=3, help="seconds before the measurement")
    args, options = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder, server(*options) as (address, process):
        write_microphone(Path(folder) / "mic.wav")
        with chromium(Path(folder) / "mic.wav") as browser:
            pages = [browser.new_page() for _ in range(args.calls)]
            for page in pages:
                page.goto(address)
                page.get_by_label("Buffer before playing").fill(str(args.buffer))
                page.get_by_role("button", name="Start").click()
                page.get_by_text("Running").wait_for()
            pages[0].wait_for_timeout(1000 * args.settle)
            for page in pages:
                page.evaluate(_TAP)
            pages[0].wait_for_timeout(1000 * args.seconds)
            for page in pages:
                found = page.evaluate(_READ)
                print(describe(found) if found else page.inner_text("#problem"))
            process.send_signal(signal.SIGINT)
            print("exit status of the server, with open calls:", process.wait(20))
            of_server = processor_time_s()
    print(
        f"processor time: server {of_server:.1f} s, browser {processor_time_s() - of_server:.1f} s"
    )


if __name__ == "__main__":
    main()
