"""Measure the page of ``celpvq live --web`` in headless Chromium: delay, gaps, several calls.

    python tools/live_page.py --seconds 60
    python tools/live_page.py --seconds 60 --calls 8 --buffer 140

Each call is a page of its own, whose microphone plays the bundled clips. The delay from microphone
to loudspeaker is the lag at which the sound that a page plays correlates best with the sound of its
microphone, within the browser: the delays of sound cards come on top. It needs the packages
starlette, uvicorn and websockets, and Chromium (CELPVQ_CHROMIUM may name its program).

It speaks to Chromium by its remote interface alone: a tool for tests of pages would have each
message of each call reported, which takes more time than the calls.
"""

import argparse
import contextlib
import http.client
import itertools
import json
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import chromium
import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import correlate
from websockets.sync.client import ClientConnection, connect

from celpvq.lab.clips import clip_paths, read_clip

RATE = 8000  # Hz
MOST_S = 1.0  # delay that is looked for
LISTEN_S = 10.0  # at the end, for the delay
START_S = 60.0  # until which a page has to run
_START = """(() => {
  document.getElementById("wait").value = "%d";
  document.getElementById("start").click();
})()"""
_STATUS = """document.getElementById("status")?.textContent"""
_COUNT = """call && (window.order = [],
  call.addEventListener("frame", ({ detail }) => order.push(detail.number)),
  window.before = { underruns: call.player.underruns, dropped: call.leftOut })"""
_TAP = """(() => {
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
})()"""
_READ = """call && ({
  order, underruns: call.player.underruns - before.underruns,
  dropped: call.leftOut - before.dropped, shown: call.meters.delayMs,
  devices: call.inputDelay + call.context.baseLatency + (call.context.outputLatency || 0),
})"""


class Page:
    """A page of Chromium, by the DevTools protocol over a socket."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression of JavaScript."""
        params = {"expression": expression, "returnByValue": True}
        self._socket.send(json.dumps({"id": 1, "method": "Runtime.evaluate", "params": params}))
        answer = json.loads(self._socket.recv())["result"]
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"]["description"])
        return answer["result"].get("value")

    def wait_for(self, expression: str, value: str) -> None:
        """Wait until an expression has a value."""
        end = time.monotonic() + START_S
        while self.evaluate(expression) != value:
            if time.monotonic() > end:
                raise TimeoutError(f"expected {value!r}, got {self.evaluate(expression)!r}")
            time.sleep(0.2)


@contextlib.contextmanager
def open_page(port: int, address: str) -> Iterator[Page]:
    """Open an address in the Chromium that listens at a port, in a window of its own."""
    asking = http.client.HTTPConnection("127.0.0.1", port)
    asking.request("PUT", f"/json/new?{address}")
    target = json.load(asking.getresponse())
    asking.close()
    with connect(target["webSocketDebuggerUrl"], max_size=None) as socket:
        yield Page(socket)


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
def browser(folder: Path) -> Iterator[int]:
    """Run a headless Chromium whose microphone plays ``mic.wav`` of a folder; yield its port."""
    command = [
        chromium.program() or "chromium", "--headless=new", *chromium.ARGUMENTS,
        "--remote-debugging-port=0", f"--user-data-dir={folder / 'profile'}",
        *chromium.FAKE_DEVICES, f"--use-file-for-fake-audio-capture={folder / 'mic.wav'}",
        "--disable-background-timer-throttling", "--disable-renderer-backgrounding",
        "--disable-backgrounding-occluded-windows", "about:blank",
    ]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            found = folder / "profile" / "DevToolsActivePort"
            while not (found.exists() and found.read_text().count("\n")):
                if process.poll() is not None:
                    raise ChildProcessError(f"Chromium ended with status {process.returncode}")
                time.sleep(0.1)
            yield int(found.read_text().split()[0])
        finally:
            process.terminate()


def joined(blocks: list[list[float]]) -> tuple[float, NDArray[np.float64]]:
    """Return the time of the first sample [s] and the samples of the blocks of a tap."""
    data = np.array(blocks)
    return float(data[0, 0]), data[:, 1:].ravel() / 32768


def delay_s(taps: dict[str, Any]) -> float:
    """Return the delay from the microphone to the loudspeaker by correlation [s]."""
    (start, mic), (start_out, speaker) = joined(taps["mic"]), joined(taps["speaker"])
    scores = correlate(speaker, mic, method="fft")[len(mic) - 1 :][: int(MOST_S * RATE)]
    return float(start_out - start + np.argmax(scores) / RATE)


def describe(found: dict[str, Any], delay: float) -> str:
    """Return the figures of a call on one line."""
    order = found["order"]
    gaps = sum(b - a != 1 for a, b in itertools.pairwise(order))
    return (
        f"{len(order):6d} frames {gaps:3d} gaps {found['underruns']:3d} underruns"
        f" {1000 * found['dropped']:4.0f} ms left out | delay {1000 * delay:4.0f} ms;"
        f" shown {found['shown']:4.0f} ms, with {1000 * found['devices']:.0f} ms of the devices"
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
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        server(*options) as (address, process),
    ):
        write_microphone(Path(folder) / "mic.wav")
        with browser(Path(folder)) as port, contextlib.ExitStack() as stack:
            pages = [stack.enter_context(open_page(port, address)) for _ in range(args.calls)]
            for page in pages:
                page.wait_for(_STATUS, "Stopped")
                page.evaluate(_START % args.buffer)
                page.wait_for(_STATUS, "Running")
            time.sleep(args.settle)
            for page in pages:
                page.evaluate(_COUNT)
            time.sleep(args.seconds)
            counts = [page.evaluate(_READ) for page in pages]
            for page, found in zip(pages, counts, strict=True):
                if not found:
                    print(page.evaluate("""document.getElementById("problem").textContent"""))
                    continue
                page.evaluate(_TAP)
                time.sleep(LISTEN_S)
                print(describe(found, delay_s(page.evaluate("taps"))), flush=True)
            process.send_signal(signal.SIGINT)
            print("exit status of the server, with open calls:", process.wait(20))
            print(f"processor time of the server: {processor_time_s():.1f} s")


if __name__ == "__main__":
    main()
