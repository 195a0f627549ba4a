"""A listener takes the test in a browser."""

import json

import numpy as np
import pytest
from blind import QUALITY, SYSTEMS, small_design, write_test

from celpvq.listening import Listener, make_page, read_results, score, simulate
from celpvq.listening.order import presentation
from celpvq.listening.page import page_data
from celpvq.listening.simulation import rate
from celpvq.web import page as pages

pytestmark = pytest.mark.browser
ACR = {name: 1 + value / 25 for name, value in QUALITY.items()}
CCR = {
    "fine codec": 1, "reference": 0, "middling codec": -1, "rough codec": -2, "MNRU 0 dB": -3,
}  # fmt: skip
ABX = {"rough codec": 1.0, "middling codec": 1.0, "fine codec": 1.0}
TRUTH = {"mushra": QUALITY, "acr": ACR, "ccr": CCR, "abx": ABX}


def opened(page, folder):
    page.goto((folder / "test.html").as_uri())
    page.get_by_role("heading", name="Before you begin").wait_for()


def begin(page, code=""):
    page.locator("#code").fill(code)
    page.locator("#consent").check()
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("heading", name="Set up your sound").wait_for()
    for select in page.locator(".ear").all():
        page.get_by_role("button", name="Play sound").first.click()
        select.select_option(select.get_attribute("data-side"))
    page.locator("#device").select_option("headphones")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("heading", name="Training 1").wait_for()


def state_of(page):
    name = page.evaluate("Object.keys(localStorage).find((name) => name.startsWith('celpvq'))")
    return json.loads(page.evaluate("(name) => localStorage.getItem(name)", name))


def hear_all(page):
    for button in page.locator(".sound").all():
        button.click()
        button.and_(page.locator(".heard")).wait_for()


def shown_to(design, page):
    return presentation(
        design.blocks, state_of(page)["seed"], repeats=design.repeats,
        n_trials=design.n_trials, abx=design.method == "abx",
    )  # fmt: skip


def answer(page, design, item, listener, rng):
    """Rate the trial on the page by the preferences of a listener."""
    hear_all(page)
    ratings = rate(design, item, listener, rng)
    if design.method == "abx":
        [chosen] = ratings
        page.get_by_label("AB"[item.order.index(chosen)], exact=True).check()
    elif design.method == "mushra":
        for i, name in enumerate(item.order):
            page.get_by_label(f"Quality of version {i + 1}").fill(str(ratings[name]))
    else:
        [rating] = ratings.values()
        page.locator(f"input[type=radio][value='{rating}']").check()
    page.get_by_role("button", name="Next").click()


def train(page, design):
    for i in range(len(design.training)):
        page.get_by_role("heading", name=f"Training {i + 1} of").wait_for()
        hear_all(page)
        for slider in page.locator("#view input[type=range]").all():
            slider.fill("50")
        if radios := page.locator("#view input[type=radio]").all():
            radios[0].check()
        page.get_by_role("button", name="Next").click()
        if design.method == "abx":
            page.get_by_text("Correct.").or_(page.get_by_text("Wrong: X was")).wait_for()
            page.get_by_role("button", name="Next").click()
    page.get_by_role("heading", name="Trial 1 of").wait_for()


def saved(page, button, path):
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    download.value.save_as(path)
    return path


def take(page, design, listener, rng):
    shown = shown_to(design, page)
    for i, item in enumerate(shown):
        page.get_by_role("heading", name=f"Trial {i + 1} of {len(shown)}").wait_for()
        answer(page, design, item, listener, rng)
    page.get_by_role("heading", name="Thank you").wait_for()


@pytest.fixture
def rng():
    return np.random.default_rng(1)


@pytest.mark.slow
@pytest.mark.parametrize("method", TRUTH)
def test_preferences_are_recovered_from_the_saved_file(
    page, accessible, tmp_path, clips, rng, method
):
    n_trials = {"acr": 5, "ccr": 5}.get(method)
    design = write_test(tmp_path, clips, method, n_clips=2, n_trials=n_trials)
    opened(page, tmp_path)
    accessible()
    begin(page, "left, <b>&")
    hear_all(page)
    accessible()
    train(page, design)
    take(page, design, Listener(TRUTH[method]), rng)
    accessible()
    another = page.get_by_role("button", name="Delete the answers")
    assert another.is_disabled()
    path = saved(page, "Save answers", tmp_path / "answers.json")
    assert another.is_enabled()
    results, refused = read_results([path], design)
    assert refused == []
    assert (results[0].n_answers, results[0].ears) == (design.n_done, (3, 3))
    assert results[0].code == "left, <b>&"
    means = {s.system: s.estimate.mean for s in score(design, results).systems}
    if method == "abx":
        assert means == {system.name: 1.0 for system in SYSTEMS}
    else:
        truth = {name: TRUTH[method][name] for name in design.systems}
        assert list(means) == sorted(truth, key=truth.get, reverse=True)
        error = {"mushra": 0, "acr": 0.5, "ccr": 0}[method]  # answers are whole numbers
        assert all(abs(means[name] - truth[name]) <= error for name in truth)
    table = saved(page, "Save as a table", tmp_path / "answers.csv").read_text().splitlines()
    assert table[0] == "test,listener,number,trial,position,sound,x,rating,seconds"
    assert len(table) == 1 + len(results[0].ratings)


@pytest.mark.slow
def test_a_reload_resumes_and_a_new_listener_begins_again(page, tmp_path, clips, rng):
    design = write_test(tmp_path, clips, "acr", n_clips=1, n_trials=3)
    listener = Listener(ACR)
    opened(page, tmp_path)
    begin(page)
    train(page, design)
    shown = shown_to(design, page)
    answer(page, design, shown[0], listener, rng)
    page.get_by_role("heading", name="Trial 2 of 3").wait_for()
    before = state_of(page)
    page.reload()
    page.get_by_text("You have done 1 of 3 trials in this browser.").wait_for()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("heading", name="Trial 2 of 3").wait_for()
    for item in shown[1:]:
        answer(page, design, item, listener, rng)
    page.get_by_role("heading", name="Thank you").wait_for()
    results, refused = read_results([saved(page, "Save answers", tmp_path / "a.json")], design)
    assert (results[0].n_answers, refused) == (3, [])
    assert results[0].listener == before["listener"]
    page.reload()
    page.get_by_role("button", name="Start again").click()
    page.get_by_role("button", name="Delete my answers").click()
    begin(page)
    after = state_of(page)
    assert after["listener"] != before["listener"]
    assert (after["seed"] != before["seed"], after["answers"]) == (True, [])


def test_unfinished_answers_can_be_saved(page, tmp_path, clips, rng):
    design = write_test(tmp_path, clips, "acr", n_clips=1)
    opened(page, tmp_path)
    begin(page)
    train(page, design)
    answer(page, design, shown_to(design, page)[0], Listener(ACR), rng)
    page.get_by_role("heading", name="Trial 2 of 5").wait_for()
    page.get_by_text("Keys, and how to stop").click()
    path = saved(page, "Save unfinished answers", tmp_path / "a.json")
    results, _ = read_results([path], design)
    assert (results[0].n_answers, results[0].n_trials) == (1, 5)


@pytest.mark.slow
def test_the_keyboard_is_enough(page, tmp_path, clips):
    design = write_test(tmp_path, clips, "mushra", n_clips=1, systems=SYSTEMS[:1])
    opened(page, tmp_path)

    def tab_to(target):
        for _ in range(40):
            if target.evaluate("(element) => element === document.activeElement"):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"the key Tab does not reach {target}")

    tab_to(page.locator("#consent"))
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    for place in range(3):
        tab_to(page.locator(".ear").nth(place))
        page.keyboard.press("l")  # left
    tab_to(page.locator("#device"))
    page.keyboard.press("h")
    tab_to(page.get_by_role("button", name="Go on"))
    page.keyboard.press("Enter")
    for heading in ("Training 1 of 1", "Trial 1 of 1"):
        page.get_by_role("heading", name=heading).wait_for()
        page.get_by_text("Still to hear: Reference, 1, 2, 3.").wait_for()
        for place, key in enumerate("0123"):
            page.keyboard.press(key)
            page.locator(".sound").nth(place).and_(page.locator(".heard")).wait_for()
        assert page.locator("[aria-pressed=true].sound").text_content() == "3"
        page.keyboard.press("Space")
        page.locator("#stop:disabled").wait_for()
        for i in range(3):
            tab_to(page.get_by_label(f"Quality of version {i + 1}"))
            page.keyboard.press(("End", "Home", "ArrowRight")[i])
        tab_to(page.get_by_role("button", name="Next"))
        page.keyboard.press("Enter")
    page.get_by_role("heading", name="Thank you").wait_for()
    path = saved(page, "Save answers", tmp_path / "a.json")
    [result], refused = read_results([path], design)
    assert refused == []
    assert sorted(rating.value for rating in result.ratings) == [0, 51, 100]


def test_keys_can_be_turned_off(page, tmp_path, clips):
    write_test(tmp_path, clips, "abx", n_clips=1)
    opened(page, tmp_path)
    begin(page)
    page.get_by_text("Keys, and how to stop").click()
    page.get_by_label("Use these keys").uncheck()
    page.keyboard.press("1")
    assert page.locator("#stop").is_disabled()
    page.get_by_label("Use these keys").check()
    page.keyboard.press("3")
    assert page.locator("[aria-pressed=true].sound").text_content() == "X"


def test_nothing_can_be_rated_before_it_was_heard(page, tmp_path, clips):
    write_test(tmp_path, clips, "mushra", n_clips=1, seconds=1.0)
    opened(page, tmp_path)
    begin(page)
    page.get_by_text("Still to hear: Reference, 1, 2, 3, 4, 5.").wait_for()
    sliders = page.locator("#view input[type=range]")
    assert not any(slider.is_enabled() for slider in sliders.all())
    second = page.locator(".sound").nth(2)
    second.click()
    second.and_(page.locator(".heard")).wait_for()
    assert [slider.is_enabled() for slider in sliders.all()] == [False, True, False, False, False]
    page.get_by_text("Still to hear: Reference, 1, 3, 4, 5.").wait_for()
    assert page.get_by_role("button", name="Next").is_disabled()
    hear_all(page)
    page.get_by_text("Still to rate: 5 of 5.").wait_for()


def test_switching_keeps_the_position(page, tmp_path):
    """All sounds run at the same time, and one is audible: rendered offline, sample by sample."""
    script = pages.module(
        pages.asset("embedded.js"),
        pages.asset("listen/player.js"),
        """
    const rate = 8000;
    class Offline extends OfflineAudioContext {
      constructor() { super(1, 2 * rate, rate); }
    }
    window.AudioContext = Offline;
    const player = new Player(() => {});
    const context = player.context;
    [1, 2].forEach((factor) => {
      const buffer = context.createBuffer(1, rate, rate);
      buffer.getChannelData(0).forEach((_, i, samples) => { samples[i] = factor * i / rate / 4; });
      player.buffers.set(`${factor}`, buffer);
      player.heard.set(`${factor}`, 0);
      player.duration = 1;
    });
    player.context.resume = () => {};
    player.play("1");
    context.suspend(0.5).then(() => {
      player.switchTo("2");
      OfflineAudioContext.prototype.resume.call(context);
    });
    const rendered = await context.startRendering();
    const y = rendered.getChannelData(0);
    const values = [y[3000], y[6000], y[11000]].map((value) => value * 4);
    document.querySelector("p").textContent = JSON.stringify(values);
    """,
    )
    document = pages.page("Title", "<p></p>", "", script)
    (tmp_path / "page.html").write_text(document, encoding="utf-8")
    page.goto((tmp_path / "page.html").as_uri())
    page.get_by_text("[").wait_for()
    before, after, looped = json.loads(page.inner_text("p"))
    start = 160  # 0.02 s
    assert before == pytest.approx((3000 - start) / 8000, abs=1e-4)
    assert after == pytest.approx(2 * (6000 - start) / 8000, abs=1e-4)
    assert looped == pytest.approx(2 * (3000 - start) / 8000, abs=1e-4)


def test_the_page_draws_the_order_that_python_draws(page, tmp_path):
    designs = [
        small_design("acr", n_clips=4, n_trials=7),
        small_design("abx", anchors=(), repeats=3),
        small_design("mushra"),
    ]
    seeds = [1, 2, 12345, 2**31, 2**32 - 1]
    script = pages.module(
        pages.asset("listen/order.js"),
        """
    const { tests, seeds } = JSON.parse(document.getElementById("data").textContent);
    const drawn = tests.map((test) => seeds.map((seed) => presentation(test, seed)));
    document.querySelector("p").textContent = JSON.stringify(drawn);
    """,
    )
    data = {"tests": [page_data(design, {}) for design in designs], "seeds": seeds}
    document = pages.page("Title", "<p></p>", "", script, data)
    (tmp_path / "page.html").write_text(document, encoding="utf-8")
    page.goto((tmp_path / "page.html").as_uri())
    page.get_by_text("[").wait_for()
    for design, by_seed in zip(designs, json.loads(page.inner_text("p")), strict=True):
        for seed, drawn in zip(seeds, by_seed, strict=True):
            expected = presentation(
                design.blocks, seed, repeats=design.repeats, n_trials=design.n_trials,
                abx=design.method == "abx",
            )  # fmt: skip
            assert [(d["trial"], tuple(d["order"]), d.get("x")) for d in drawn] == [
                (e.trial, e.order, e.x) for e in expected
            ]


def test_the_page_names_no_system_and_no_clip(page, tmp_path, clips):
    design = write_test(tmp_path, clips, "ccr", title="</script><b>Title")
    text = (tmp_path / "test.html").read_text()
    systems = set(design.systems) - {"reference"}  # each page of comparisons may have this word
    secrets = [*systems, *design.clips, "voice", "codec", "MNRU", "low-pass", "kbit", "Opus"]
    seen = text.replace("celpvq-listen", "")  # what the format and the stored answers are called
    assert [name for name in secrets if name in seen] == []
    data = page_data(design, {})
    assert set(data) == {
        "format", "version", "test", "title", "method", "seed", "repeats", "trials", "blocks",
        "training", "sounds",
    }  # fmt: skip
    assert data["seed"] is None  # of listeners; that of the names is in the key only
    opened(page, tmp_path)
    assert page.get_by_role("heading", level=1).text_content() == "</script><b>Title"
    assert page.title() == "</script><b>Title"


def test_it_fits_a_small_screen(page, tmp_path, clips):
    write_test(tmp_path, clips, "mushra", n_clips=1)
    page.set_viewport_size({"width": 320, "height": 640})
    opened(page, tmp_path)
    widths = [page.evaluate("document.documentElement.scrollWidth")]
    begin(page)
    hear_all(page)
    widths.append(page.evaluate("document.documentElement.scrollWidth"))
    assert max(widths) <= 320


def test_a_fixed_seed_is_used(page, tmp_path, clips):
    write_test(tmp_path, clips, "abx", n_clips=1, listener_seed=99)
    opened(page, tmp_path)
    begin(page)
    assert state_of(page)["seed"] == 99


def test_make_page_and_simulate_agree_on_the_format():
    design = small_design("acr")
    data = simulate(design, Listener(ACR), 1)
    assert f'"format": "{data["format"]}"' in make_page(design, {})
