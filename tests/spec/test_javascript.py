"""The package of the JavaScript decoder."""

import json
import re

import celpvq


def test_it_is_one_small_file_without_dependencies(root):
    package = json.loads((root / "js" / "package.json").read_text())
    assert not {"dependencies", "devDependencies"} & package.keys()
    assert package["version"] == celpvq.__version__
    source = (root / "js" / "celpvq.js").read_text()
    code = re.sub(r"^\s*(/\*\*|\*[ /]|//|\*$).*\n", "", source, flags=re.MULTILINE)
    assert len(code.encode()) < 60_000, "without the lines of comments"
    assert "\nimport " not in source
