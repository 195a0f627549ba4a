"""The JavaScript decoder gives the samples and values of the vectors in Chromium as well."""

import json
import subprocess
import sys

import chromium
import pytest
from vectors.streams import random_streams

pytestmark = pytest.mark.browser


@pytest.fixture
def served(page):
    page.allowed = chromium.ORIGIN
    chromium.serve(page)
    return page


@pytest.fixture(scope="module")
def read(root):
    return lambda name: json.loads((root / "data" / "vectors" / name).read_text())


def test_files_decode_to_the_same_samples(served, read, root):
    for name, expected in read("vectors.json").items():
        data = (root / "data" / "vectors" / name).read_bytes()
        assert chromium.samples_hash(served, data) == expected["sha256"]
        plain = chromium.samples_hash(served, data, enhancement=False)
        assert plain == expected["sha256_without_enhancement"]


def test_streams_decode_to_the_same_samples(served, read):
    streams = read("frames.json")
    names = set()
    for fast in (True, False):
        found = chromium.check(served, streams, fast=fast)
        assert found["differ"] == []
        assert found["nFrames"] == sum(len(one["frames"]) for one in streams)
        names.add(found["dense"])
    assert len(names) == 2  # WebAssembly, and JavaScript
    assert chromium.check(served, streams, enhancement=False)["differ"] == []


def test_random_streams_decode_to_the_same_samples(served):
    streams = random_streams(1200, seed=11, length=300)
    assert chromium.check(served, streams)["differ"] == []
    assert chromium.check(served, streams, fast=False)["differ"] == []


def test_other_samples_are_found(served, read):
    stream = read("frames.json")[0]
    wrong = {**stream, "name": "wrong", "frames": [*stream["frames"][1:], "lost"]}
    assert chromium.check(served, [stream, wrong])["differ"] == ["wrong"]


def test_parameters_and_signals_have_the_same_values(served, read):
    expected = read("values.json")
    assert chromium.values(served, expected) == expected


def test_damaged_files_raise_the_same_errors(served, read):
    damaged = read("damaged.json")
    served.expected = ("Failed to load resource: the server responded with a status of 404",)
    assert chromium.outcomes(served, damaged) == [case["error"] for case in damaged["cases"]]


def test_pages_without_crypto_subtle_decode_too(page, read):
    page.allowed = chromium.ORIGIN
    chromium.serve(page, subtle=False)
    assert page.evaluate("crypto.subtle") is None
    assert chromium.check(page, read("frames.json")[:1])["differ"] == []


def test_the_check_has_a_command(root, tmp_path, browser):
    command = [sys.executable, root / "tools" / "conformance.py", tmp_path / "frames.json"]
    options = ["--frames", "20", "--seed", "3", "--chromium"]
    run = subprocess.run([*command, *options], capture_output=True, text=True, check=True)
    assert run.stdout.count("1 of 1 streams (20 frames) equal") == 3
    assert "network in WebAssembly" in run.stdout
