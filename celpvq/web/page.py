"""One-file HTML pages: they hold their scripts and data, and ask for nothing from the network."""

import base64
import hashlib
import html
import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

from ..codec.common import table_set
from ..codec.common.table_set import TableSet

_IMPORT = re.compile(r'^import [^;]*? from "\.{1,2}/[a-z_-]+\.js";\n', re.MULTILINE)


def javascript(name: str) -> str:
    """Return the source of a file of the JavaScript package, such as ``celpvq.js``."""
    inside = resources.files("celpvq") / "js" / name  # of a wheel
    if inside.is_file():
        return inside.read_text(encoding="utf-8")
    return (Path(__file__).parents[2] / "js" / name).read_text(encoding="utf-8")  # of a checkout


def asset(name: str) -> str:
    """Return a file of `celpvq.web`, such as ``report/report.js``."""
    return (resources.files(__package__) / name).read_text(encoding="utf-8")


def module(*sources: str) -> str:
    """Return one module script that holds several modules, each after those that it imports.

    Top-level names must differ. Imports name each other as ``import { a, b } from "./name.js";``,
    or as ``"../name.js"``.
    """
    return "\n".join(_IMPORT.sub("", source) for source in sources)


def tables_base64(tables: TableSet | None = None) -> str:
    """Return the file of a table set (default: the shipped one) in base64."""
    return base64.b64encode(table_set.or_default(tables).to_bytes()).decode()


def page(title: str, body: str, style: str, script: str, data: Any = None) -> str:
    """Return an HTML document that needs no other file and may not load one.

    Parameters
    ----------
    title : str
        Plain text.
    body, style, script : str
        HTML, CSS, and a module script. They are trusted: text from outside belongs in `data`.
    data : optional
        JSON values for the script: ``JSON.parse(document.getElementById("data").textContent)``.
    """
    script = script.replace("</script", "<\\/script")  # which would end the element
    policy = "; ".join([
        "default-src 'none'",
        f"script-src '{_digest(script)}' 'wasm-unsafe-eval'",
        f"style-src '{_digest(style)}'",
        "media-src data: blob:",
        "img-src data: blob:",
        "base-uri 'none'",
        "form-action 'none'",
    ])  # fmt: skip
    embedded = json.dumps(data, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(title)}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
{body}
<script type="application/json" id="data">{embedded}</script>
<script type="module">{script}</script>
</body>
</html>
"""


def _digest(text: str) -> str:
    """Return the hash of an inline script or style in the form of a content security policy."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
