"""A headless Chromium for the tests of pages."""

import contextlib
import functools
import http.server
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import chromium
import pytest


@pytest.fixture(scope="module")  # not longer: its event loop would stop `asyncio.run` elsewhere
def launch() -> Iterator[Any]:
    """Yield a function that starts a headless Chromium with more options.

    Without Chromium skip, or fail if CELPVQ_CHROMIUM names one.
    """
    playwright = pytest.importorskip("playwright.sync_api")
    if chromium.program() is None:
        pytest.skip("no Chromium; CELPVQ_CHROMIUM may name its program")
    with playwright.sync_playwright() as tool:
        yield lambda *options: chromium.launch(tool, *chromium.FAKE_DEVICES, *options)


@pytest.fixture(scope="module")
def browser(launch: Any) -> Iterator[Any]:
    """Yield a headless Chromium."""
    browser = launch()
    yield browser
    browser.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """Yield a new page; fail at the end if it reported an error or asked the network for anything.

    A test that serves its page itself allows its own address: ``page.allowed = "http://..."``. A
    test that provokes messages names their beginnings: ``page.expected = ("Failed to load",)``.
    """
    context = browser.new_context(accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(120_000)  # ms: a busy machine is slow
    page.allowed, page.expected = "file:", ()
    problems: list[str] = []

    def asked(request: Any) -> None:
        if not request.url.startswith((page.allowed, "data:", "blob:", "file:")):
            problems.append(f"request: {request.url}")

    page.on("request", asked)
    page.on("pageerror", lambda error: problems.append(f"error: {error}"))

    def wrote(message: Any) -> None:
        expected = message.text.startswith(page.expected)
        if message.type in ("error", "warning") and not expected:
            problems.append(message.text)

    page.on("console", wrote)
    yield page
    context.close()
    assert problems == []


@pytest.fixture
def accessible(page: Any) -> Any:
    """Return a check of the page by axe-core: it fails on serious and critical findings."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()

    def check() -> None:
        found = axe.run(page).response["violations"]
        serious = [v for v in found if v["impact"] in ("serious", "critical")]
        assert [(v["id"], [node["html"] for node in v["nodes"]]) for v in serious] == []

    return check


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass

    def copyfile(self, *args: Any) -> None:
        with contextlib.suppress(ConnectionError):  # a page that closes
            super().copyfile(*args)


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[[Path], str]]:
    """Yield a function that serves the files of a folder on loopback and returns the address."""
    servers: list[tuple[http.server.ThreadingHTTPServer, threading.Thread]] = []

    def serve(folder: Path) -> str:
        handler = functools.partial(_Quiet, directory=str(folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}/"

    yield serve
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="session")
def players(root: Path) -> Any:
    """Return the module of the documentation that makes the page of examples."""
    if str(root / "docs") not in sys.path:
        sys.path.append(str(root / "docs"))
    import players

    return players
