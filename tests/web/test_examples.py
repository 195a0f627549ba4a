"""The page of examples in the documentation."""

import re
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def site(root, tmp_path_factory):
    """Return the folder of a site that has this page only."""
    for name in ("sphinx", "furo", "myst_nb", "numpydoc"):
        pytest.importorskip(name)
    site = tmp_path_factory.mktemp("site")
    others = [path.name for path in (root / "docs").iterdir() if path.stem != "examples"]
    options = ["-D", "master_doc=examples", "-D", f"exclude_patterns={','.join(others)}"]
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", *options, root / "docs", site]
    subprocess.run(command, check=True, cwd=root)
    (site / "favicon.ico").touch()  # browsers ask for it
    return site


def test_every_player_has_its_file(site, players):
    text = (site / "examples.html").read_text(encoding="utf-8")
    sources = re.findall(r'src="(_static/examples/[^"]+)"', text)
    n_clips = len(players.clip_paths())
    assert len(sources) == len(set(sources)) == 1 + n_clips * (1 + len(players.celpvq.modes()))
    assert all((site / source).stat().st_size > 1000 for source in sources)
    for path in players.clip_paths():
        assert players.sentences()[path.stem][1] in text


@pytest.mark.browser
def test_the_page_plays(site, serve, page, accessible):
    address = page.allowed = serve(site)
    page.goto(address + "examples.html")
    speech = page.get_by_role("group", name="espeak-f-es at 4800 bit/s")
    speech.get_by_role("button", name="Play").click()
    speech.get_by_text("0:01 / 0:03").wait_for()
    speech.get_by_role("button", name="Pause").click()
    last = page.get_by_role("group", name="flite-slt-en at 8000 bit/s")
    last.scroll_into_view_if_needed()
    last.get_by_text("0:00 / 0:03").wait_for()
    accessible()
    page.set_viewport_size({"width": 360, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") == 360
