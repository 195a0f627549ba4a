import asyncio
import re

import pytest
import soundfile

import celpvq

PAGES = [
    "quickstart",
    "howto/radio",
    "howto/server",
    "howto/archive",
    "howto/research",
    "listening",
    "servers",
    "report",
    "variable-rate",
]


def python_blocks(text):
    return re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_of_a_page_work_one_after_the_other(root, clips, page, tmp_path, monkeypatch):
    blocks = python_blocks((root / "docs" / f"{page}.md").read_text())
    assert blocks
    monkeypatch.chdir(tmp_path)
    x = clips["flite-slt-en"][:16000]
    soundfile.write("speech.wav", x, 8000)
    with celpvq.open("speech.cvq", "w", samplerate=8000) as stream:
        stream.write(x)
    names = {"x": x, "samplerate": 8000, "frame": x[:160], "chunk": x[:480], "signals": [x, x[::2]]}
    names |= {"asyncio": asyncio, "later": celpvq.Encoder(4800).encode_frame(x[:160])}
    for block in blocks:
        if "await" in block:
            body = "".join(f"    {line}\n" for line in block.splitlines())
            exec(f"async def example():\n{body}\nasyncio.run(example())", names)
        else:
            exec(compile(block, page, "exec"), names)


def test_pages_link_to_pages_that_exist(root):
    docs = root / "docs"
    pages = [page for page in docs.rglob("*.md") if "_build" not in page.parts]
    dead = [
        f"{page.relative_to(docs)}: {link}"
        for page in pages
        for link in re.findall(r"\]\((?!http|#)([^)#\s]+)", page.read_text())
        if not (page.parent / link).exists()
    ]
    assert dead == []
