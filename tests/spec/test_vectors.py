"""The Python decoder gives the samples and values of the vectors for other decoders."""

import json

import conformance
import pytest
from vectors import damaged, files, values

from celpvq.codec.common.filters import TINY
from celpvq.container.header import crc_bytes

_RENEWED = ("clip 4800", "enhancement switched")


@pytest.fixture(scope="module")
def read(root):
    return lambda name: json.loads((root / "data" / "vectors" / name).read_text())


def test_streams_decode_to_the_same_samples(read):
    streams = read("frames.json")
    kinds = {
        " ".join(frame.split()[:2]) for s in streams for frame in s["frames"] if "lost" in frame
    }
    lengths = {len(frame) // 2 for s in streams for frame in s["frames"] if "lost" not in frame}
    assert kinds >= {"lost", "lost next", "lost redundancy"}
    assert any("next" in f and "redundancy" in f for s in streams for f in s["frames"])
    assert lengths == {0, 2, 5, 12, 14, 16, 18, 20}  # 5 bytes are malformed
    assert sum(len(s["frames"]) for s in streams) > 2000
    for expected in streams:
        assert files.renewed(expected) == expected


def test_streams_have_what_is_rare(read):
    streams = {one["name"]: one for one in read("frames.json")}
    malformed = streams["malformed packets"]["frames"]
    assert {"0123456789", "8121", "lost next 0123456789"} < set(malformed)
    assert {"lost next 8120"} < set(streams["next packets without speech"]["frames"])
    assert streams["a loss of 3 s"]["frames"].count("lost") == 150
    switched = [one for one in streams.values() if one.get("switches")]
    assert len(switched) == 2
    plain = streams["clip with mode switches"]
    one = streams["enhancement switched"]
    assert one["frames"] == plain["frames"]
    hashes = {x[key] for x in (one, plain) for key in ("sha256", "sha256_without_enhancement")}
    assert len(hashes) == 4  # each depends on the switches


def test_parameters_and_signals_have_the_same_values(read):
    for expected in read("values.json"):
        assert values.frame_values(expected["frames"], expected["name"]) == expected


def test_memories_forget_tiny_values(read):
    silence = {one["name"]: one for one in read("values.json")}["silence"]
    for name in ("excitation", "synthesis"):
        now = silence[name][-40:]
        assert 0 < max(map(abs, now)) <= TINY
    assert set(silence["excitation"][:-40]) == {0}


def test_damaged_files_raise_the_same_errors(read):
    expected = read("damaged.json")
    errors = set()
    for case in expected["cases"]:
        data = bytes.fromhex(expected["files"][case["file"]])
        found = damaged.outcome(damaged.with_fault(data, case))
        assert found == {"error": case["error"], "packets": case["packets"]}, case
        errors.add(found["error"])
    assert errors == {"FormatError", "TruncatedStream", "TablesError", None}


def test_damaged_files_have_a_sound_one_and_headers_with_a_right_crc(read):
    expected = read("damaged.json")
    for name, digits in expected["files"].items():
        cases = [case for case in expected["cases"] if case["file"] == name]
        assert {"file": name, "error": None, "packets": 53} in cases
        put = [case for case in cases if case.get("at") == 0 and "put" in case]
        assert {case["error"] for case in put} >= {"FormatError", "TruncatedStream", "TablesError"}
        for case in put:
            data = damaged.with_fault(bytes.fromhex(digits), case)
            assert data[28:32] == crc_bytes(data[:28])
            assert data != bytes.fromhex(digits)


def test_constants_are_the_same(read):
    assert read("constants.json") == files.constants()


def test_random_frames_depend_on_the_seed_only(tmp_path, capsys):
    paths = [tmp_path / name for name in "abc"]
    for path, seed in zip(paths, (1, 1, 2), strict=True):
        assert conformance.main([str(path), "--frames", "30", "--seed", str(seed)]) == 0
    texts = [path.read_text() for path in paths]
    assert texts[0] == texts[1] != texts[2]
    assert len(json.loads(texts[0])[0]["frames"]) == 30


def test_hashes_are_renewed_and_packets_stay(read, tmp_path):
    streams = [one for one in read("frames.json") if one["name"] in _RENEWED]
    frames = read("values.json")[:1]
    wrong = [{**one, "sha256": "0" * 64} for one in streams]
    files.write(tmp_path / "frames.json", wrong)
    files.write(tmp_path / "values.json", [{**frames[0], "output": []}])
    files.renew(tmp_path)
    assert json.loads((tmp_path / "frames.json").read_text()) == streams
    assert json.loads((tmp_path / "values.json").read_text()) == frames
