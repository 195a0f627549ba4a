"""The page of reports: its content, and how it plays in Chromium."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
import soundfile

import celpvq
from celpvq.errors import ArgumentError
from celpvq.lab.clips import find_clips, read_clip
from celpvq.lab.coded_folders import CodedFolder
from celpvq.lab.contenders import Celpvq
from celpvq.lab.scores import Result
from celpvq.lab.versions import ClipVersions, Losses, find_versions
from celpvq.web.report import report_page

HOSTILE = "</script><img src=x onerror=\"document.body.id='hit'\">'&amp;"
SAMPLES = "async () => (await celpvqReport.decodeClip(0)).map((v) => [...v.samples])"


def result(codec, clip, score):
    scores = {"segsnr": score, "step": -score}
    return Result(codec, clip, 2.0, 5.0, 0.1, 0.01, scores, "", "key")


@pytest.fixture
def speech(tmp_path, clips):
    """A folder with two clips of 2 s, at full scale."""
    folder = tmp_path / "speech"
    folder.mkdir()
    for name, source in [("a", "flite-slt-en"), ("b", "espeak-f-es")]:
        x = clips[source][4000:20000]
        soundfile.write(folder / f"{name}.flac", 0.99 * x / np.abs(x).max(), 8000)
    return folder


@pytest.fixture
def half(tmp_path, speech):
    """The clips at half their level, as another codec's speech."""
    folder = tmp_path / "half"
    folder.mkdir()
    for path in speech.iterdir():
        pcm = soundfile.read(path, dtype="int16")[0]
        soundfile.write(folder / f"{path.stem}.wav", pcm // 2, 8000)
    return CodedFolder.open(f"half {HOSTILE}", folder, 6.4)


@pytest.fixture
def codecs(half):
    return [Celpvq(4800, "fast"), Celpvq(4800, "fast", plain=True), half]


@pytest.fixture
def found(speech, codecs):
    losses = Losses(20, 2.0, seed=3)
    return [find_versions(clip, codecs, losses=losses) for clip in find_clips(speech)]


@pytest.fixture
def document(found, codecs):
    names = [codec.name for codec in codecs]
    results = {
        name: [result(name, clip, i + j) for j, clip in enumerate(["a.flac", "b.flac"])]
        for i, name in enumerate(names)
    }
    bases = dict.fromkeys(names[1:], names[0])
    return report_page(
        found, results, title=HOSTILE, bases=bases, against=names[0],
        notes=[HOSTILE],
    )  # fmt: skip


@pytest.fixture
def opened(page, document, tmp_path):
    """The page, when its first clip is decoded."""
    (tmp_path / "report.html").write_text(document, encoding="utf-8")
    page.goto((tmp_path / "report.html").as_uri())
    page.get_by_text("Ready: 6 versions").wait_for()
    return page


def data_of(document):
    [text] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', document)
    return json.loads(text)


def test_equal_streams_are_embedded_once(document):
    data = data_of(document)
    assert len(data["sounds"]) == 2 * 3  # of each clip the original, a stream, another codec
    assert [len(clip["versions"]) for clip in data["clips"]] == [6, 6]
    assert data["clips"][0]["versions"][1]["sound"] == data["clips"][0]["versions"][4]["sound"]


def test_scores_are_those_of_the_results(document, codecs):
    data = data_of(document)
    means, differences = data["means"]
    assert [cell["text"] for cell in means["rows"][0]][:4] == [
        "celpvq 4800 fast", "5.00", "0.50 ± 6.35", "-0.50 ± 6.35",
    ]  # fmt: skip
    assert [row[1]["text"] for row in differences["rows"]] == ["+1.00 ± 0.00", "+2.00 ± 0.00"]
    assert all(row[1]["strong"] for row in differences["rows"])
    assert data["scores"][codecs[0].name]["b.flac"][0] == {"text": "1.00", "value": 1.0}
    assert [chart["title"] for chart in data["charts"]] == ["segSNR [dB]", "step [dB]"]


def test_a_clip_that_failed_is_named_and_has_no_numbers(found):
    bad = result("AMR", "b.flac", 1.0)
    nan = float("nan")
    bad = replace(
        bad, seconds=nan, kbps=nan, problem="it broke", scores=dict.fromkeys(bad.scores, nan)
    )
    data = data_of(report_page(found, {"AMR": [result("AMR", "a.flac", 1.0), bad]}))
    assert data["failures"] == ["AMR: b.flac: it broke"]
    assert [cell["text"] for cell in data["means"][0]["rows"][0]] == ["AMR", *["-"] * 5]
    assert data["scores"]["AMR"]["b.flac"] == [{"text": "-", "value": None}] * 2
    assert data["charts"][0]["series"] == []


def test_nothing_from_outside_is_markup(document):
    assert "<img" not in document
    assert document.count("</script>") == 2


def test_names_need_not_be_unicode(found):
    strange = replace(found[0], clip=replace(found[0].clip, name="a\udcff.flac"))
    document = report_page([strange])
    assert data_of(document)["clips"][0]["name"] == "a\udcff.flac"
    assert document.encode()


def test_a_page_needs_clips_and_has_room_for_31_versions(found):
    with pytest.raises(ArgumentError, match="at least one"):
        report_page([])
    [version, *_] = found[0].versions
    many = ClipVersions(found[0].clip, 16000, found[0].original, (version,) * 32, ())
    with pytest.raises(ArgumentError, match="at most 31 versions of a clip, got 32"):
        report_page([many])


@pytest.mark.slow
def test_ten_clips_in_six_versions_stay_below_3_mb(clips, tmp_path):
    codecs = [Celpvq(mode.bitrate, "fast") for mode in celpvq.modes()]
    whole = np.concatenate(list(clips.values()))
    for i in range(10):
        part = np.take(whole, np.arange(48000) + 30000 * i, mode="wrap")
        soundfile.write(tmp_path / f"{i}.flac", part, 8000)
    found = [find_versions(clip, codecs) for clip in find_clips(tmp_path)]
    assert len(report_page(found).encode()) < 3e6


def decoded(version, n_samples):
    """Return what a receiver decodes of a version."""
    packets = celpvq.read_packets(version.sound)
    received = [None if i in version.lost else packet for i, packet in enumerate(packets)]
    decoder = celpvq.Decoder(8000, "int16", enhancement=version.enhancement)
    return np.concatenate(list(decoder.look_ahead(received)))[:n_samples]


@pytest.mark.browser
def test_every_version_is_decoded_to_the_bit(opened, found, speech, half):
    got = [np.array(samples, dtype=np.int16) for samples in opened.evaluate(SAMPLES)]
    *streams, _ = found[0].versions
    assert [bool(version.lost) for version in streams] == [False, True, False, True]
    want = [
        soundfile.read(path, dtype="int16")[0] for path in (speech / "a.flac", half.path / "a.wav")
    ]
    want[1:1] = [decoded(version, 16000) for version in streams]
    np.testing.assert_array_equal(got, want)
    np.testing.assert_array_equal(got[1], celpvq.decode(streams[0].sound, dtype="int16")[0])


@pytest.mark.browser
def test_pauses_and_losses_in_them_are_decoded_to_the_bit(page, tmp_path, clips):
    (tmp_path / "speech").mkdir()
    (tmp_path / "coded").mkdir()
    noise = 1e-3 * np.random.default_rng(5).normal(size=12000)
    x = np.r_[clips["flite-slt-en"][:12000], noise, clips["flite-slt-en"][12000:16000]]
    soundfile.write(tmp_path / "speech" / "a.flac", x, 8000)
    data = celpvq.encode(x, 8000, 5600, "fast", dtx=True)
    (tmp_path / "coded" / "a.cvq").write_bytes(data)
    [clip] = find_clips(tmp_path / "speech")
    coded = CodedFolder.open("paused", tmp_path / "coded")
    found = find_versions(clip, [coded], losses=Losses(50, seed=2))
    packets = celpvq.read_packets(data)
    assert {len(packets[i]) for i in found.versions[1].lost} == {2, 14}  # SIDs and speech
    (tmp_path / "report.html").write_text(report_page([found]), encoding="utf-8")
    page.goto((tmp_path / "report.html").as_uri())
    page.get_by_text("Ready: 3 versions").wait_for()
    got = page.evaluate(SAMPLES)
    for samples, version in zip(got[1:], found.versions, strict=True):
        np.testing.assert_array_equal(samples, decoded(version, len(x)))
    page.keyboard.press("2")
    n = sum(len(packet) < 12 for packet in packets)
    assert f" {n} in pauses, 0 lost." in page.inner_text("#packets")


# plays from the start, and presses a key after each 1500 samples of sound, while the sound stands
# still; so the speed of the machine does not matter. Returns the last 4 s of the output
RECORD = """async (keys) => {
    const { player } = celpvqReport;
    await player.play();
    player.pause();
    player.seek(0);
    const tap = new AnalyserNode(player.context, { fftSize: 32768 });
    player.output.connect(tap);
    const out = new Float32Array(tap.fftSize);
    const heard = () => {
        tap.getFloatTimeDomainData(out);
        const first = out.findIndex((x) => x !== 0);
        return first < 0 ? 0 : out.length - first;
    };
    const hear = async (n) => {
        const end = heard() + n;
        while (heard() < end) await new Promise((resolve) => setTimeout(resolve, 5));
        await player.context.suspend();
    };
    await player.play();
    for (const key of keys) {
        await hear(1500);
        document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
        await player.context.resume();
    }
    await hear(1500);
    heard();
    return [...out];
}"""


def record(page, keys):
    """Return the sound of the page while keys are pressed, from the start of the clip."""
    played = np.array(page.evaluate(RECORD, list(keys)), dtype=np.float32)
    assert not played[:1000].any()
    return played[np.flatnonzero(played)[0] :]


def versions_of(page):
    return [np.array(v, np.float32) / 32768 for v in page.evaluate(SAMPLES)]


@pytest.mark.browser
def test_a_switch_keeps_the_position_to_the_sample(opened):
    versions = versions_of(opened)
    first = np.flatnonzero(versions[0])[0]
    versions = [version[first:] for version in versions]
    played = record(opened, "264")[: len(versions[0])]
    third = 1 / 3 / 32768  # of the step between samples: a fade leaves a gain of almost 1
    equal = np.array([np.abs(played - v[: len(played)]) < third for v in versions])
    for chosen in (0, 1, 5, 3):
        assert np.count_nonzero(equal[chosen]) > 1000  # at the very positions of this version
    assert np.count_nonzero(~equal.any(axis=0)) <= 3 * 33  # three fades of 4 ms


@pytest.mark.browser
def test_levels_can_be_matched(opened):
    versions = versions_of(opened)
    gains = [np.sqrt(np.square(versions[0]).sum() / np.square(v).sum()) for v in versions]
    assert gains[5] == pytest.approx(2, abs=0.01)
    loudest = max(gain * np.abs(v).max() for gain, v in zip(gains, versions, strict=True))
    opened.get_by_label("Same level for all versions").check()
    opened.keyboard.press("6")
    played = record(opened, "")
    want = versions[5][np.flatnonzero(versions[5])[0] :] * gains[5] / max(loudest, 1)
    np.testing.assert_allclose(played, want[: len(played)], atol=1e-5)


@pytest.mark.browser
def test_a_part_repeats_to_the_sample(opened):
    version = versions_of(opened)[0]
    opened.evaluate("celpvqReport.player.loop = { from: 1000, to: 1600 }")
    played = record(opened, "")
    skipped = np.flatnonzero(version[1000:])[0]
    want = np.tile(version[1000:1600], 60)[skipped:]
    np.testing.assert_allclose(played, want[: len(played)], atol=1e-5)
    assert 1000 <= opened.evaluate("celpvqReport.player.position") < 1600


@pytest.mark.browser
def test_the_part_that_repeats_is_chosen_by_keys(opened):
    position = "celpvqReport.player.position"
    repeats = opened.get_by_label("Repeat")
    opened.keyboard.press("ArrowRight")
    opened.keyboard.press("a")
    assert opened.inner_text("#range") == "0.50 to 2.00 s"
    opened.keyboard.press("ArrowRight")
    opened.keyboard.press("b")
    assert opened.inner_text("#range") == "0.50 to 1.00 s"
    assert repeats.is_checked()
    assert opened.evaluate("celpvqReport.player.loop") == {"from": 4000, "to": 8000}
    opened.keyboard.press("Home")
    opened.keyboard.press("b")  # before its start: from the start of the clip, at least 0.1 s
    assert opened.inner_text("#range") == "0.00 to 0.10 s"
    opened.get_by_role("button", name="Whole clip").click()
    assert opened.inner_text("#range") == ""
    repeats.uncheck()
    assert opened.evaluate("celpvqReport.player.loop") is None
    assert opened.evaluate(position) == 0


@pytest.mark.browser
def test_everything_works_by_keys(opened):
    pressed = opened.locator("[aria-pressed=true]")
    assert pressed.inner_text().endswith("original")
    opened.keyboard.press("3")
    assert pressed.inner_text().endswith("celpvq 4800 fast, 20 % lost")
    opened.keyboard.press("Space")
    opened.get_by_role("button", name="Pause").wait_for()
    opened.keyboard.press("Space")
    opened.get_by_role("button", name="Play").wait_for()
    opened.keyboard.press("Home")
    opened.keyboard.press("ArrowRight")
    assert opened.evaluate("celpvqReport.player.position") == 4000
    opened.keyboard.press("n")
    opened.get_by_text("Scores of b.flac").wait_for()
    assert pressed.inner_text().endswith("celpvq 4800 fast, 20 % lost")
    assert opened.evaluate("celpvqReport.player.position") == 0
    opened.get_by_label("Clip", exact=True).focus()
    opened.keyboard.press("2")  # belongs to the list
    assert pressed.inner_text().endswith("celpvq 4800 fast, 20 % lost")
    opened.get_by_label("Keys work everywhere").uncheck()
    opened.keyboard.press("2")
    assert pressed.inner_text().endswith("celpvq 4800 fast, 20 % lost")
    pressed.focus()
    opened.keyboard.press("2")
    assert pressed.inner_text().endswith("2 celpvq 4800 fast")
    pressed.focus()
    opened.keyboard.press("Space")
    opened.get_by_role("button", name="Pause").wait_for()


@pytest.mark.browser
def test_the_tab_key_reaches_every_control(opened):
    controls = "button:enabled, select, input, summary, .scroll"
    wanted = opened.evaluate(f"""[...document.querySelectorAll("{controls}")].length""")
    reached = set()
    for _ in range(wanted):
        opened.keyboard.press("Tab")
        reached.add(
            opened.evaluate(f"""
            [...document.querySelectorAll("{controls}")].indexOf(document.activeElement)""")
        )
        outline = opened.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"
    assert reached == set(range(wanted))


@pytest.mark.browser
def test_columns_sort(opened):
    table = opened.get_by_role("table", name="Means over all clips")
    names = table.locator("tbody th")
    button = table.get_by_role("button", name="segSNR [dB]")
    button.click()
    assert names.all_inner_texts()[-1] == "celpvq 4800 fast"
    assert table.locator("th[aria-sort=descending]").inner_text() == "segSNR [dB]"
    button.click()
    assert names.all_inner_texts()[0] == "celpvq 4800 fast"


@pytest.mark.browser
def test_names_stay_text(opened):
    assert opened.inner_text("h1") == HOSTILE
    assert opened.inner_text("#versions button:last-child") == f"6 half {HOSTILE}"
    assert opened.evaluate("document.body.id") == ""


@pytest.mark.browser
def test_the_page_describes_the_stream(opened, found):
    opened.keyboard.press("3")
    n = len(celpvq.read_packets(found[0].versions[1].sound))
    lost = len(found[0].versions[1].lost)
    text = opened.inner_text("#packets")
    assert text.startswith(f"{n} packets: {n - lost} with speech, 0 in pauses, {lost} lost. ")
    assert f"{4.8 * (n - lost) / n:.2f} kbit/s arrive" in text
    opened.keyboard.press("1")
    assert opened.inner_text("#packets") == "original is no stream of celpvq."


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_it_is_accessible_and_fits(opened, accessible, scheme, width):
    opened.set_viewport_size({"width": width, "height": 800})
    opened.emulate_media(color_scheme=scheme)
    opened.get_by_text("Keys", exact=True).click()
    opened.keyboard.press("3")
    accessible()
    assert opened.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.browser
def test_a_page_without_scores_plays(page, found, tmp_path):
    (tmp_path / "report.html").write_text(report_page(found), encoding="utf-8")
    page.goto((tmp_path / "report.html").as_uri())
    page.get_by_text("Ready: 6 versions").wait_for()
    assert not page.locator("#scores").is_visible()
    assert not page.locator("#clips").is_visible()


@pytest.mark.browser
def test_a_damaged_stream_is_reported(page, document, tmp_path):
    data = data_of(document)
    stream = data["sounds"][data["clips"][0]["versions"][1]["sound"]]
    damaged = document.replace(
        stream, stream[:100] + ("A" if stream[100] != "A" else "B") + stream[101:]
    )
    (tmp_path / "report.html").write_text(damaged, encoding="utf-8")
    page.goto((tmp_path / "report.html").as_uri())
    page.get_by_text("cannot decode the clip: damaged block").wait_for()


def test_versions_are_the_clips_of_compare(speech, found):
    x = read_clip(speech / "a.flac")
    coded = Celpvq(4800, "fast").code(None, x).samples
    np.testing.assert_array_equal(celpvq.decode(found[0].versions[0].sound)[0], coded)
