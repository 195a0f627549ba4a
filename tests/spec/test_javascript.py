"""The package of the JavaScript decoder."""

import json
import re

import celpvq


def test_it_is_one_small_file_without_dependencies(root):
    package = json.loads((root / "js" / "package.json").read_text())
    assert not {"dependencies", "devDependencies"} & package.keys()
    assert package["version"] == celpvq.__version__
    source = (root / "js" / "celpvq.js").read_text()
    assert len(source.encode()) < 60_000
    assert "\nimport " not in source


def test_the_player_needs_the_decoder_only(root):
    source = (root / "js" / "player.js").read_text()
    assert re.findall("^import .* from (.*);$", source, re.MULTILINE) == ['"./celpvq.js"']
