"""What a released version promises: docs/stability.md."""

import hashlib
import re

import interface

from celpvq.codec.common import table_set
from celpvq.container import header


def test_the_interface_is_the_listed_one(root):
    listed = (root / "tests" / "interface.txt").read_text().splitlines()
    assert interface.lines() == listed, "see tools/interface.py"


def test_golden_streams_are_those_of_the_first_stable_version(root):
    page = (root / "docs" / "spec" / "conformance.md").read_text()
    listed = dict(re.findall(r"^\| `([^`]+)` \| `([0-9a-f]{64})` \|$", page, re.MULTILINE))
    folder = root / "data" / "vectors"
    paths = [*folder.glob("*.cvq"), folder / "vectors.json"]
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    assert listed == found


def test_tables_and_container_are_those_of_the_first_stable_version(root):
    page = (root / "docs" / "spec" / "conformance.md").read_text()
    assert f"Table set `{table_set.default().hash}`, container version {header.VERSION}." in page
