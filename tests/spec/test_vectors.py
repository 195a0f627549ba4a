"""The Python decoder gives the samples and values of the vectors for other decoders."""

import json
import sys

import pytest


@pytest.fixture(scope="module")
def conformance(root):
    tools = str(root / "tools")
    if tools not in sys.path:
        sys.path.append(tools)
    import conformance

    return conformance


@pytest.fixture(scope="module")
def read(root):
    return lambda name: json.loads((root / "data" / "vectors" / name).read_text())


def test_streams_decode_to_the_same_samples(conformance, read):
    streams = read("frames.json")
    kinds = {
        " ".join(frame.split()[:2]) for s in streams for frame in s["frames"] if "lost" in frame
    }
    lengths = {len(frame) // 2 for s in streams for frame in s["frames"] if "lost" not in frame}
    assert kinds >= {"lost", "lost next", "lost redundancy"}
    assert any("next" in f and "redundancy" in f for s in streams for f in s["frames"])
    assert lengths == {0, 2, 12, 14, 16, 18, 20}
    assert sum(len(s["frames"]) for s in streams) > 2000
    for expected in streams:
        assert conformance.stream(expected["name"], expected["frames"]) == expected


def test_parameters_and_signals_have_the_same_values(conformance, read):
    for expected in read("values.json"):
        assert conformance.values(expected["frames"], expected["name"]) == expected


def test_damaged_files_raise_the_same_errors(conformance, read):
    damaged = read("damaged.json")
    errors = set()
    for case in damaged["cases"]:
        data = bytes.fromhex(damaged["files"][case["file"]])
        found = conformance.outcome(conformance.damaged(data, case))
        assert found == {"error": case["error"], "packets": case["packets"]}, case
        errors.add(found["error"])
    assert errors >= {"FormatError", "TruncatedStream"}


def test_constants_are_the_same(conformance, read):
    assert read("constants.json") == conformance.constants()


def test_random_frames_depend_on_the_seed_only(conformance, tmp_path, capsys):
    paths = [tmp_path / name for name in "abc"]
    for path, seed in zip(paths, (1, 1, 2), strict=True):
        assert conformance.main([str(path), "--frames", "30", "--seed", str(seed)]) == 0
    texts = [path.read_text() for path in paths]
    assert texts[0] == texts[1] != texts[2]
    assert len(json.loads(texts[0])[0]["frames"]) == 30


def test_hashes_are_renewed_and_packets_stay(conformance, read, tmp_path):
    streams, values = read("frames.json")[:1], read("values.json")[:1]
    wrong = [{**streams[0], "sha256": "0" * 64}]
    conformance.write(tmp_path / "frames.json", wrong)
    conformance.write(tmp_path / "values.json", [{**values[0], "output": []}])
    conformance.renew_vectors(tmp_path)
    assert json.loads((tmp_path / "frames.json").read_text()) == streams
    assert json.loads((tmp_path / "values.json").read_text()) == values
