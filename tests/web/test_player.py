"""The element <celpvq-player> and the players of player.js, in Chromium."""

import base64
import json

import numpy as np
import pytest

import celpvq
from celpvq.web import page as pages

pytestmark = pytest.mark.browser

DOCUMENT = """<!doctype html><html lang="en"><title>Player</title><link rel="icon" href="data:,">
<main><h1>Player</h1>
<celpvq-player id="one" src="flite-slt-en-6400.cvq" label="First"></celpvq-player>
<celpvq-player id="two" src="flite-kal-en-8000.cvq" label="Second"></celpvq-player>
<celpvq-player id="bad" src="player.js" label="No speech"></celpvq-player></main>
<script type="module" src="player.js"></script></html>"""


@pytest.fixture(scope="module")
def folder(players, tmp_path_factory):
    folder = tmp_path_factory.mktemp("examples")
    players.make(folder)
    (folder / "index.html").write_text(DOCUMENT)
    return folder


@pytest.fixture(scope="module")
def address(serve, folder):
    return serve(folder)


@pytest.fixture
def opened(page, address):
    page.allowed = address
    page.add_init_script("""globalThis.happened = [];
        for (const name of ["play", "pause", "ended", "error", "loadeddata"]) {
            addEventListener(name, (event) => happened.push(`${event.target.id} ${name}`), true);
        }""")
    page.goto(address)
    page.get_by_text("0:00 / 0:03").wait_for()
    page.get_by_text("0:00 / 0:05").wait_for()
    return page


def slider(page, number=0):
    return page.get_by_role("slider", name="Position").nth(number)


def test_the_element_shows_the_samples_of_the_decoder(opened, folder):
    expected = celpvq.decode((folder / "flite-slt-en-6400.cvq").read_bytes(), dtype="int16")[0]
    samples = opened.evaluate("Array.from(one.samples, (x) => x * 32768)")
    assert np.array_equal(samples, np.asarray(expected))
    assert opened.evaluate("one.duration") == len(samples) / 8000
    drawn = opened.evaluate("""(() => {
        const canvas = one.shadowRoot.querySelector("canvas");
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return data.filter((x) => x > 0).length / data.length;
    })()""")
    assert drawn > 0.01


def test_it_plays_pauses_and_seeks(opened):
    button = opened.get_by_role("group", name="First").get_by_role("button")
    assert button.get_attribute("aria-label") == "Play"
    button.click()
    opened.get_by_text("0:01 / 0:03").wait_for()
    assert button.get_attribute("aria-label") == "Pause"
    button.click()
    assert button.get_attribute("aria-label") == "Play"
    position = opened.evaluate("one.currentTime")
    assert 1 <= position < opened.evaluate("one.duration")
    box = slider(opened).bounding_box()
    slider(opened).click(position={"x": box["width"] / 2, "y": 10})
    share = opened.evaluate("one.currentTime / one.duration")
    assert share == pytest.approx(0.5, abs=2 / box["width"])
    button.click()
    opened.get_by_text("0:03 / 0:03").wait_for()
    opened.get_by_role("group", name="First").get_by_label("Play").wait_for()
    assert opened.evaluate("one.ended")
    told = [one for one in opened.evaluate("happened") if one.startswith("one")]
    assert told == ["one loadeddata", "one play", "one pause", "one play", "one ended"]


def test_it_works_by_keyboard(opened):
    duration = opened.evaluate("one.duration")
    slider(opened).focus()
    for key, expected in (
        ("ArrowRight", duration / 20), ("PageUp", 6 * duration / 20), ("ArrowDown", duration / 4),
        ("End", duration), ("Home", 0),
    ):  # fmt: skip
        opened.keyboard.press(key)
        assert opened.evaluate("one.currentTime") == pytest.approx(expected)
        assert float(slider(opened).get_attribute("aria-valuenow")) == pytest.approx(
            expected, abs=0.05
        )
    assert slider(opened).get_attribute("aria-valuetext") == "0:00 of 0:03"
    opened.keyboard.press(" ")
    opened.get_by_role("group", name="First").get_by_label("Pause").wait_for()
    opened.keyboard.press(" ")
    opened.get_by_role("group", name="First").get_by_label("Play").wait_for()


def test_one_plays_at_a_time(opened):
    opened.evaluate("one.play()")
    opened.get_by_role("group", name="First").get_by_label("Pause").wait_for()
    opened.evaluate("two.play()")
    opened.get_by_role("group", name="Second").get_by_label("Pause").wait_for()
    assert opened.evaluate("[one.paused, two.paused]") == [True, False]
    assert opened.evaluate("(() => { const gone = two; gone.remove(); return gone.paused; })()")


def test_a_foreign_file_is_reported(opened):
    alert = opened.get_by_role("group", name="No speech").get_by_role("alert")
    alert.wait_for()
    assert "not a celpvq stream" in alert.inner_text()
    assert opened.get_by_role("group", name="No speech").get_by_role("button").is_disabled()
    assert opened.evaluate("bad.error.name") == "FormatError"
    assert "bad error" in opened.evaluate("happened")


def test_the_beginning_of_a_damaged_file_plays(opened, folder):
    data = bytearray((folder / "flite-kal-en-8000.cvq").read_bytes())
    data[-1] ^= 1
    opened.evaluate("(bytes) => { two.bytes = Uint8Array.from(bytes); }", list(data))
    opened.get_by_text("Cannot play the whole file: damaged block").wait_for()
    assert 3 < opened.evaluate("two.duration") < 5.1
    assert not opened.get_by_role("group", name="Second").get_by_role("button").is_disabled()


def test_a_new_source_replaces_the_old_one(opened):
    opened.evaluate("one.play()")
    opened.evaluate("one.sampleRate = 4000, one.samples = new Float32Array(6000)")
    opened.get_by_text("0:00 / 0:01").wait_for()
    assert opened.evaluate("[one.paused, one.duration, one.samples.length]") == [True, 1.5, 6000]
    opened.evaluate("one.currentTime = 0.5, document.querySelector('main').append(one)")
    assert opened.evaluate("[one.currentTime, one.duration]") == [0.5, 1.5]  # moved, as it was
    opened.evaluate("one.samples = null")
    assert opened.evaluate("[one.samples, one.duration !== one.duration]") == [None, True]
    opened.evaluate("one.src = 'flite-kal-en-4800.cvq'")
    opened.get_by_role("group", name="First").get_by_text("0:00 / 0:05").wait_for()


def test_it_is_accessible_and_fits_a_narrow_window(opened, accessible):
    accessible()
    opened.set_viewport_size({"width": 360, "height": 700})
    assert opened.evaluate("document.documentElement.scrollWidth") == 360
    accessible()


def test_it_works_in_a_page_of_one_file(page, tmp_path, folder):
    data = (folder / "flite-slt-en-6400.cvq").read_bytes()
    script = pages.module(
        pages.javascript("celpvq.js"), pages.javascript("player.js"), """
    const data = JSON.parse(document.getElementById("data").textContent);
    const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const element = document.createElement("celpvq-player");
    element.tables = loadTables(bytesOf(data.tables));
    element.bytes = bytesOf(data.speech);
    document.querySelector("main").append(element);
    """)  # fmt: skip
    speech = base64.b64encode(data).decode()
    content = {"tables": pages.tables_base64(), "speech": speech}
    document = pages.page("Title", "<main></main>", "", script, content)
    (tmp_path / "page.html").write_text(document, encoding="utf-8")
    page.goto((tmp_path / "page.html").as_uri())
    page.get_by_text("0:00 / 0:03").wait_for()
    page.get_by_role("button", name="Play").click()
    page.get_by_text("0:01 / 0:03").wait_for()
    height = page.get_by_role("button", name="Pause").bounding_box()["height"]
    assert height == pytest.approx(44)  # its style sheet is applied


def test_parts_of_a_clip_follow_each_other_to_the_sample(opened):
    error, begun = opened.evaluate("""(async () => {
        const { Clip, ClipPlayer, resample } = await import("/player.js");
        const clip = new Clip();
        clip.append(Float32Array.from({ length: 11000 }, (_, n) => Math.sin(n * n / 20000)));
        clip.end();
        const context = new OfflineAudioContext(1, 66000, 48000);
        const player = new ClipPlayer(clip, context.destination);
        player.position = 0.1;
        player.play();
        const { begun } = player;
        const rendered = (await context.startRendering()).getChannelData(0);
        player.pause();
        const expected = resample(clip.samples, 8000, 48000, 4800);
        const start = Math.round(begun * 48000);
        let error = 0;
        for (let n = start; n < rendered.length; n++) {
            error = Math.max(error, Math.abs(rendered[n] - (expected[n - start] ?? 0)));
        }
        return [error, begun];
    })()""")
    assert begun < 0.1
    assert error < 1e-6


def test_a_stream_plays_and_counts_underruns(opened):
    opened.evaluate("""(async () => {
        const { StreamPlayer } = await import("/player.js");
        const player = new StreamPlayer({ delay: 0.1 });
        await player.start();
        const analyser = new AnalyserNode(player.context);
        player.output.connect(analyser);
        const loudest = () => {
            const samples = new Float32Array(analyser.fftSize);
            analyser.getFloatTimeDomainData(samples);
            return Math.max(...samples);
        };
        let top = 0;
        const heard = [];
        player.addEventListener("report", () => {
            top = Math.max(top, loudest());
            if (player.played > 0.2 && player.underruns === 1 && !heard.length) {
                heard.push(player.played, player.level, player.dropped, player.latency);
                document.title = JSON.stringify([...heard, top]);
                document.body.append(create("done"));
                player.close();
            }
        });
        const create = (text) => Object.assign(document.createElement("p"), { textContent: text });
        player.write(Int16Array.from({ length: 2400 }, (_, n) => 8000 * Math.sin(n / 2)));
    })()""")
    opened.get_by_text("done").wait_for()
    played, level, dropped, latency, top = json.loads(opened.title())
    assert played == pytest.approx(0.3, abs=0.01)
    assert level < 0.01
    assert dropped == 0
    assert 0 < latency < 2
    assert top == pytest.approx(8000 / 32768, rel=0.1)
