"""One-file pages: they run under their own policy, and load nothing."""

import pytest

from celpvq.web import page as pages

HOSTILE = '</script><img src="https://example.org/x"><!--'


def test_data_cannot_leave_its_element():
    document = pages.page("<b>", "", "", "", {"name": HOSTILE})
    assert HOSTILE not in document
    assert "<title>&lt;b&gt;</title>" in document


def test_modules_are_joined_without_their_imports():
    joined = pages.module("export const a = 1;\n", 'import { a } from "./a.js";\nconsole.log(a);\n')
    assert joined == "export const a = 1;\n\nconsole.log(a);\n"


@pytest.mark.browser
def test_page_decodes_by_itself(page, accessible, tmp_path):
    script = pages.module(
        pages.javascript("celpvq.js"),
        """
    const data = JSON.parse(document.getElementById("data").textContent);
    const bytes = Uint8Array.from(atob(data.tables), (c) => c.charCodeAt(0));
    const tables = await loadTables(bytes);
    const decoder = new Decoder({ tables });
    await decoder.ready;
    const { channelData } = decoder.decodeFrame(null); // </script>
    document.querySelector("p").textContent = `${channelData[0].length} ${data.name}`;
    """,
    )
    document = pages.page(
        "Title", "<main><h1>Title</h1><p></p></main>", "p { color: rgb(200, 0, 0) }", script,
        {"tables": pages.tables_base64(), "name": HOSTILE},
    )  # fmt: skip
    (tmp_path / "page.html").write_text(document, encoding="utf-8")
    page.goto((tmp_path / "page.html").as_uri())
    page.get_by_text("160 ").wait_for()
    assert page.inner_text("p") == f"160 {HOSTILE}"
    assert page.evaluate("getComputedStyle(document.querySelector('p')).color") == "rgb(200, 0, 0)"
    accessible()
