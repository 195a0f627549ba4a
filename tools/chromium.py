"""Headless Chromium, by the package playwright, and the JavaScript decoder in its pages."""

import base64
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
ORIGIN = "http://localhost/"  # answered from files: nothing listens there
ARGUMENTS = ("--no-sandbox",)
FAKE_DEVICES = (  # microphone and loudspeaker that ask nobody
    "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)  # fmt: skip

_CHECK = """async ([streams, fast, enhancement]) => {
    const { loadTables } = await import("/celpvq.js");
    const { check } = await import("/check.js");
    const fetched = async (path) => new Uint8Array(await (await fetch(path)).arrayBuffer());
    const name = new TextDecoder().decode(await fetched("/tables/default")).slice(0, 16);
    const tables = await loadTables(await fetched(`/tables/${name}.npz`), { fast });
    return { ...check(streams, tables, enhancement), dense: tables.network.dense.name };
}"""
_DECODE = """async ([base64, enhancement]) => {
    const { decode } = await import("/celpvq.js");
    const { samplesHash } = await import("/check.js");
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    return samplesHash((await decode(bytes, { enhancement })).samples);
}"""
_VALUES = """async ([expected]) => {
    const { lastValues } = await import("/check.js");
    const { tablesByHash } = await import("/celpvq.js");
    const tables = await tablesByHash();
    return expected.map(({ name, frames }) => lastValues(name, frames, tables));
}"""
_OUTCOMES = """async ([files, cases]) => {
    const { outcome } = await import("/check.js");
    const found = [];
    for (const one of cases) found.push(await outcome(files[one.file], one));
    return found;
}"""


def program() -> str | None:
    """Return the program of Chromium, which CELPVQ_CHROMIUM may name, or None."""
    named = os.environ.get("CELPVQ_CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("google-chrome")


def launch(playwright: Any, *options: str) -> Any:
    """Return a headless Chromium, started by playwright with more options.

    Raises
    ------
    FileNotFoundError
        If there is no Chromium.
    """
    path = program()
    if path is None:
        raise FileNotFoundError("no Chromium; CELPVQ_CHROMIUM may name its program")
    return playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, *options])


@contextmanager
def new_page() -> Iterator[Any]:
    """Yield a page of a headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser.new_page()
        browser.close()


def serve(page: Any, *, subtle: bool = True) -> None:
    """Open an empty page that finds the files of the JavaScript package.

    Without `subtle` it lacks ``crypto.subtle``, as pages from http do.
    """

    def answer(route: Any) -> None:
        name = route.request.url.removeprefix(ORIGIN)
        folder = ROOT / "celpvq" if name.startswith("tables/") else ROOT / "js"
        if not name:
            route.fulfill(body="<!doctype html><title>celpvq</title>", content_type="text/html")
        elif (folder / name).is_file():
            route.fulfill(path=folder / name)
        else:
            route.fulfill(status=404)

    page.route(ORIGIN + "**", answer)
    if not subtle:
        page.add_init_script("Object.defineProperty(crypto, 'subtle', { value: undefined })")
    page.goto(ORIGIN)


def check(
    page: Any, streams: list[dict[str, Any]], *, fast: bool = True, enhancement: bool = True
) -> dict[str, Any]:
    """Decode streams in a page of `serve`.

    Return the names of those whose samples ``differ``, their number of frames ``nFrames``, the
    ``milliseconds`` of decoding, and the name of the function ``dense`` that computed the network:
    with `fast` it is WebAssembly.
    """
    return page.evaluate(_CHECK, [streams, fast, enhancement])  # type: ignore[no-any-return]


def samples_hash(page: Any, data: bytes, *, enhancement: bool = True) -> str:
    """Return the SHA-256 of the samples of a file."""
    argument = [base64.b64encode(data).decode(), enhancement]
    return page.evaluate(_DECODE, argument)  # type: ignore[no-any-return]


def values(page: Any, expected: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the parameters and signals of frames, in the form of ``values.json``."""
    return page.evaluate(_VALUES, [expected])  # type: ignore[no-any-return]


def outcomes(page: Any, damaged: dict[str, Any]) -> list[str | None]:
    """Return the errors of the cases of ``damaged.json``."""
    argument = [damaged["files"], damaged["cases"]]
    return page.evaluate(_OUTCOMES, argument)  # type: ignore[no-any-return]


def report(streams: list[dict[str, Any]]) -> int:
    """Check streams in all forms of the decoder, print the outcome, and return the exit status."""
    status = 0
    for fast, enhancement in ((True, True), (False, True), (True, False)):
        with new_page() as page:
            serve(page)
            found = check(page, streams, fast=fast, enhancement=enhancement)
        speed = 20 * found["nFrames"] / found["milliseconds"]
        form = "without network" if not enhancement else f"network in {_FORMS[fast]}"
        equal = len(streams) - len(found["differ"])
        print(
            f"Chromium, {form}: {equal} of {len(streams)} streams ({found['nFrames']} frames)"
            f" equal, {speed:.0f} times real time"
        )
        if found["differ"]:
            print("differ:", json.dumps(found["differ"]))
            status = 1
    return status


_FORMS = {True: "WebAssembly", False: "JavaScript"}
