"""The page of examples: the files that a build makes for it, and its players."""

import html
import shutil
from pathlib import Path
from typing import Any

import celpvq
from celpvq.lab.clips import clip_paths, read_clip

ROOT = Path(__file__).parents[1]
PLACE = "_static/examples"  # in the site
SCRIPTS = ("celpvq.js", "player.js", "sha256.js")
MARK = "<!-- players -->"


def make(folder: Path) -> None:
    """Put into a folder the scripts, their tables, each clip, and each clip at every rate."""
    shutil.copytree(Path(celpvq.__file__).parent / "tables", folder / "tables", dirs_exist_ok=True)
    for name in SCRIPTS:
        shutil.copy(ROOT / "js" / name, folder)
    for path in clip_paths():
        shutil.copy(path, folder)
        for mode in celpvq.modes():
            data = celpvq.encode(read_clip(path), 8000, mode)
            (folder / f"{path.stem}-{mode.name}.cvq").write_bytes(data)


def sentences() -> dict[str, tuple[str, str]]:
    """Return the language and the sentence of each clip, from the page on their origin."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (ROOT / "data" / "README.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| ")
    ]
    return {row[0]: (row[1], row[4]) for row in rows if len(row) == 5}


def players() -> str:
    """Return Markdown: for each clip a section with the original and a player for each rate."""
    parts = []
    for path in clip_paths():
        name = path.stem
        language, sentence = sentences()[name]
        parts += [
            f"## {name}",
            f"{language}: “{sentence}”",
            "```{raw} html",
            *_figures(name),
            "```",
        ]
    return "\n\n".join(parts)


def _figures(name: str) -> list[str]:
    """Return the HTML of the players of a clip."""
    name = html.escape(name)
    figures = [
        '<div class="rates">',
        f'<figure><figcaption>Original</figcaption><audio controls preload="none"'
        f' src="{PLACE}/{name}.flac" aria-label="{name}, original"></audio></figure>',
    ]
    for mode in celpvq.modes():
        figures.append(
            f"<figure><figcaption>{mode.name} bit/s</figcaption><celpvq-player"
            f' src="{PLACE}/{name}-{mode.name}.cvq" label="{name} at {mode.name} bit/s">'
            "</celpvq-player></figure>"
        )
    return [*figures, "</div>"]


def setup(app: Any) -> dict[str, bool]:
    """Extend Sphinx: it calls this function, as the module is listed in `conf.py`."""
    app.connect("source-read", _insert)
    app.connect("build-finished", _finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _insert(app: Any, name: str, source: list[str]) -> None:
    if name == "examples":
        source[0] = source[0].replace(MARK, players())


def _finish(app: Any, error: Exception | None) -> None:
    if error is None and app.builder.format == "html":
        folder = Path(app.outdir) / PLACE
        folder.mkdir(parents=True, exist_ok=True)
        make(folder)
