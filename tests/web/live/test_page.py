"""The page in Chromium: the microphone goes through server and decoder, and sounds."""

import itertools
import json
import struct

import numpy as np
import pytest
from scipy.signal import correlate

import celpvq
from celpvq.rtp import payload
from celpvq.web.live.call import Call
from celpvq.web.live.choices import Choices

pytestmark = pytest.mark.browser

CLICK = """() => {
  window.frames = [];
  document.getElementById("start").click();
  call.addEventListener("frame", ({ detail }) => frames.push(detail));
}"""
FRAMES = """(name) => JSON.stringify(
  frames.map((frame) => Array.from(frame[name], (x) => Math.round(32768 * x))))"""
TAP = """() => {
  const options = { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" };
  const tap = new AudioWorkletNode(call.context, "celpvq-capture", options);
  window.heard = [];
  tap.port.onmessage = ({ data }) => heard.push(Array.from(data.samples));
  call.player.output.connect(tap);
}"""

LOUD = "heard.filter((frame) => frame.some((x) => Math.abs(x) > 500)).length >= 100"


def until(page, expression, what):
    """Wait until an expression is true; the time allows for a very slow machine."""
    for _ in range(1200):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(100)
    pytest.fail(f"expected {what}")


def opened(page, address):
    page.allowed = address
    page.goto(address)
    page.get_by_text("Stopped").wait_for()


def begin(page, address):
    """Start a call that records its frames from the first one on."""
    opened(page, address)
    page.evaluate(CLICK)
    page.get_by_text("Running").wait_for()


def samples(page, name):
    return np.array(json.loads(page.evaluate(FRAMES, name)), dtype=np.int16)


def similarity(x, y):
    """Largest correlation of x with a part of y, normalized to 1."""
    x, y = x.astype(float), y.astype(float)
    scores = correlate(y, x, mode="valid", method="fft")
    sums = np.concatenate([[0.0], np.cumsum(y**2)])
    energy = sums[len(x) :] - sums[: -len(x)]
    return np.max(scores / np.sqrt(np.maximum(energy, 1.0) * np.sum(x**2)))


def likeness(frames, y, n):
    """Similarity that a quarter of the parts of n frames has: a busy browser leaves out sound."""
    parts = [frames[k : k + n].ravel() for k in range(0, len(frames) - n + 1, n)]
    found = [similarity(part, y) for part in parts if np.std(part) > 100]
    assert len(found) >= 8
    return np.quantile(found, 0.75)


def reference(raw, choices, seed, enhancement):
    """Return the coded sound (n, 160) of frames, as Python decodes it, and which were lost."""
    call, decoder = Call(choices, seed=seed), celpvq.Decoder(dtype="int16", enhancement=enhancement)
    decoded, lost = [], []
    for k, frame in enumerate(raw):
        content = call.answer(struct.pack("<I", k) + frame.astype("<i2").tobytes())[5:]
        lost.append(not content)
        decoded.append(decoder.decode_frame(payload.unpack(content).packet if content else None))
    return np.array(decoded), lost


@pytest.mark.parametrize(
    "choices",
    [Choices(4800, preset="fast"), Choices(vbr=5600, preset="fast", dtx=True, loss=15, burst=2)],
    ids=["4800", "vbr-dtx-loss"],
)
def test_the_page_decodes_as_python_does(page, start_server, microphone, choices):
    options = ["-p", "fast", "--seed", "3"]
    if choices.vbr:
        options += ["--vbr", "5600", "--dtx", "--loss", "15", "--burst", "2"]
    else:
        options += ["--mode", "4800"]
    begin(page, start_server(*options)[0])
    until(page, "frames.length >= 200", "200 frames")
    page.get_by_role("button", name="Stop").click()
    raw = samples(page, "raw")
    for name in ("enhanced", "plain"):
        decoded, lost = reference(raw, choices, 3, name == "enhanced")
        np.testing.assert_array_equal(samples(page, name), decoded)
        assert page.evaluate("frames.map((frame) => frame.lost)") == lost
    assert any(lost) == bool(choices.loss)
    assert page.evaluate("frames.map((frame) => frame.number)") == list(range(len(raw)))
    assert likeness(raw[20:], np.tile(microphone, 2), 6) > 0.95
    original = samples(page, "original").ravel()
    np.testing.assert_array_equal(original[40:], raw.ravel()[:-40])
    np.testing.assert_array_equal(samples(page, "played"), samples(page, "enhanced"))


def test_the_loudspeaker_gets_the_coded_microphone(page, start_server):
    begin(page, start_server("-p", "fast", "--mode", "8000")[0])
    page.evaluate(TAP)
    until(page, LOUD, "two seconds of loud sound")
    page.get_by_role("button", name="Stop").click()
    heard = np.array(page.evaluate("heard"))
    played = samples(page, "played").ravel()
    assert likeness(heard[20:], played, 3) > 0.95  # short: the pace of the player varies


def test_rates_change_within_a_call_without_a_gap(page, address):
    begin(page, address)
    for rate in (4800, 5600, 7200, 8000, 6400):
        page.get_by_label("Bit rate").select_option(str(rate))
        page.get_by_text(f"{rate} bit/s", exact=True).first.wait_for(state="attached")
        page.locator("#bitrate").get_by_text(f"{rate} bit/s").wait_for()
    page.get_by_label("Bit rate").select_option("variable")
    page.get_by_label("Average").fill("5000")
    page.get_by_label("Average").dispatch_event("input")
    page.get_by_text("Discontinuous").click()
    page.get_by_label("Lost packets").fill("20")
    page.get_by_label("Mean length").fill("3")
    for help in ("redundant", "none", "next"):
        n = page.evaluate("frames.length")
        page.get_by_label("A lost frame").select_option(help)
        until(page, f"frames.length > {n + 50}", "50 more frames")
    until(page, "call.meters.lost > 0 && call.meters.bitrate < 6400", "losses and a lower rate")
    page.get_by_role("button", name="Stop").click()
    numbers = page.evaluate("frames.map((frame) => frame.number)")
    assert numbers == list(range(len(numbers)))


def test_help_for_lost_frames_decodes_as_python_does(page, start_server):
    address, _ = start_server("-p", "fast", "--loss", "25", "--seed", "4")
    opened(page, address)
    page.get_by_label("A lost frame").select_option("redundant")
    page.evaluate(CLICK)
    until(page, "frames.length >= 100", "100 frames")
    page.get_by_role("button", name="Stop").click()
    raw = samples(page, "raw")
    decoded, lost = samples(page, "enhanced"), page.evaluate("frames.map((frame) => frame.lost)")
    call = Call(Choices(preset="fast", redundancy=True, loss=25), seed=4)
    contents = []
    for k, frame in enumerate(raw):
        answer = call.answer(struct.pack("<I", k) + frame.astype("<i2").tobytes())[5:]
        contents.append(payload.unpack(answer) if answer else None)
    decoder = celpvq.Decoder(dtype="int16")
    for k, (now, after) in enumerate(itertools.pairwise(contents)):
        expected = decoder.decode_frame(
            now.packet if now else None,
            next_packet=after.packet if after else None,
            redundancy=after.redundancy if after else None,
        )
        np.testing.assert_array_equal(decoded[k], expected)
    assert lost == [content is None for content in contents]
    assert any(lost)


def test_original_and_coded_switch_without_a_gap(page, start_server):
    begin(page, start_server("-p", "fast", "--mode", "4800")[0])
    until(page, "frames.length >= 50", "50 frames")
    for key in "oncnc":
        n = page.evaluate("frames.length")
        page.keyboard.press(key)
        until(page, f"frames.length > {n + 5}", "more frames")
    page.get_by_text("Enhancement by").click()
    until(page, f"frames.length > {page.evaluate('frames.length') + 5}", "more frames")
    played = samples(page, "played").astype(float)
    sounds = {name: samples(page, name).astype(float) for name in ("original", "enhanced", "plain")}
    sounds["nothing"] = np.zeros_like(played)
    fade = (np.arange(160) + 0.5) / 160
    heard = ["enhanced"]
    for k in range(len(played)):
        for name in [heard[-1], *sounds]:
            start, end = sounds[heard[-1]][k], sounds[name][k]
            if np.allclose(played[k], start + fade * (end - start), atol=1):
                if name != heard[-1]:
                    heard.append(name)
                break
        else:
            pytest.fail(f"frame {k} is neither a sound nor a fade")
    assert heard == ["enhanced", "original", "nothing", "enhanced", "nothing", "enhanced", "plain"]


def test_keys_start_and_stop_and_can_be_turned_off(page, address):
    opened(page, address)
    page.keyboard.press("s")
    page.get_by_text("Running").wait_for()
    page.evaluate("window.track = call.stream.getAudioTracks()[0]")
    page.keyboard.press("s")
    page.get_by_text("Stopped").wait_for()
    assert page.evaluate("track.readyState") == "ended"
    page.get_by_text("starts and stops").click()
    page.keyboard.press("s")
    page.keyboard.press("o")
    assert page.get_by_text("Stopped").is_visible()
    assert page.get_by_role("radio", name="coded speech").is_checked()
    page.get_by_role("button", name="Start").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Running").wait_for()


def test_a_stop_during_the_start_leaves_nothing_open(page, address):
    opened(page, address)
    page.evaluate(
        """async () => {
          const button = document.getElementById("start");
          button.click();
          window.begun = call;
          button.click();
        }"""
    )
    assert page.get_by_role("button", name="Start").is_visible()
    until(page, "begun.stream?.getTracks()[0].readyState === 'ended'", "a closed microphone")
    until(page, "begun.context.state === 'closed'", "a closed loudspeaker")
    assert page.get_by_text("Stopped").is_visible()


def test_a_reload_ends_the_call_and_the_next_one_works(page, start_server):
    address, _ = start_server("-p", "fast", "--calls", "2")
    for _ in range(4):
        begin(page, address)
        until(page, "frames.length >= 5", "frames")
    page.reload()
    page.get_by_text("Stopped").wait_for()


def test_the_page_is_accessible_in_both_states(page, address, accessible):
    opened(page, address)
    accessible()
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 360, "height": 800})
    page.get_by_role("button", name="Start").click()
    page.get_by_text("Running").wait_for()
    page.get_by_label("Bit rate").select_option("variable")
    accessible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.fixture
def other_page(browser):
    """Yield a page that may report errors."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def problem(page):
    page.get_by_role("alert").wait_for()
    assert page.get_by_text("Stopped").is_visible()
    assert page.get_by_role("button", name="Start").is_enabled()
    return page.inner_text("#problem")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("NotAllowedError", "The microphone was refused."),
        ("NotFoundError", "No microphone was found."),
        ("NotReadableError", "The microphone cannot be opened. Another program"),
        ("OtherError", "The microphone cannot be opened: it is broken"),
    ],
)
def test_microphones_that_do_not_open_are_explained(page, address, name, words):
    opened(page, address)
    page.evaluate(
        """(name) => {
          navigator.mediaDevices.getUserMedia = async () => {
            throw new DOMException("it is broken", name);
          };
        }""",
        name,
    )
    page.get_by_role("button", name="Start").click()
    assert problem(page).startswith(words)


def test_a_server_that_ends_is_explained(other_page, start_server):
    address, process = start_server("-p", "fast")
    opened(other_page, address)
    other_page.get_by_role("button", name="Start").click()
    other_page.get_by_text("Running").wait_for()
    process.terminate()
    assert process.wait(60) == 143
    assert problem(other_page).startswith("The server")
    other_page.get_by_role("button", name="Start").click()
    other_page.get_by_text("The server cannot be reached.").wait_for()


def test_too_many_calls_are_explained(page, other_page, start_server):
    address, _ = start_server("-p", "fast", "--calls", "1")
    begin(page, address)
    opened(other_page, address)
    other_page.get_by_role("button", name="Start").click()
    assert problem(other_page) == "The server ended the call: the server has 1 calls already."
    until(page, "frames.length >= 20", "the first call to go on")


def test_a_foreign_page_cannot_call(other_page, address):
    other_page.route("http://evil.example/", lambda route: route.fulfill(body="<p>evil</p>"))
    other_page.goto("http://evil.example/")
    ended = other_page.evaluate(
        """(address) => new Promise((resolve) => {
          const socket = new WebSocket(address);
          socket.onopen = () => resolve("open");
          socket.onclose = ({ code }) => resolve(code);
        })""",
        address.replace("http", "ws") + "call",
    )
    assert ended == 1006


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000, 96000])
def test_the_rate_is_lowered_by_a_proper_low_pass(page, address, rate):
    opened(page, address)
    levels = page.evaluate(
        """async (rate) => {
          const { Decimator } = await import("./decimator.js");
          const gain = (hz) => {
            const step = (2 * Math.PI * hz) / rate;
            const input = Array.from({ length: rate }, (_, n) => Math.sin(step * n));
            const decimator = new Decimator(rate);
            const out = [];
            for (let n = 0; n < rate; n += 128) {
              decimator.write(input.slice(n, n + 128), (x) => out.push(x));
            }
            const tail = out.slice(400, 7600);
            return Math.sqrt(2 * tail.reduce((sum, x) => sum + x * x, 0) / tail.length);
          };
          return [100, 1000, 3300, 4100, 5000, 7000].filter((hz) => hz < rate / 2).map(gain);
        }""",
        rate,
    )  # fmt: skip
    assert levels[:3] == pytest.approx([1, 1, 1], abs=0.02)
    assert all(level < 1e-3 for level in levels[3:])


def test_the_spectrogram_shows_frequency_and_level(page, address):
    opened(page, address)
    levels = page.evaluate(
        """async () => {
          const { spectrum } = await import("./spectrogram.js");
          const sine = Array.from({ length: 256 }, (_, n) => 0.1 * Math.cos(0.25 * Math.PI * n));
          return [...spectrum(sine)];
        }"""
    )  # fmt: skip
    assert np.argmax(levels) == 32  # 1000 Hz
    assert levels[32] == pytest.approx(-20, abs=0.1)
    assert max(levels[:29] + levels[36:]) < -60
