"""The golden streams always decode to the same samples."""

import hashlib
import json

import pytest

import celpvq


@pytest.fixture(scope="module")
def vectors(root):
    """The folder of streams, and the hashes of their samples; the tests fail without it."""
    folder = root / "data" / "vectors"
    return folder, json.loads((folder / "vectors.json").read_text())


def test_every_mode_has_a_stream_and_every_stream_its_hashes(vectors):
    folder, expected = vectors
    paths = {path.name: path for path in folder.glob("*.cvq")}
    assert paths.keys() == expected.keys()
    infos = [celpvq.info(path.read_bytes()) for path in paths.values()]
    assert {info.mode for info in infos} == {mode.bitrate for mode in celpvq.modes()}
    assert all(info.whole for info in infos)
    assert sum(path.stat().st_size for path in paths.values()) < 200_000


@pytest.mark.parametrize(
    ("enhancement", "key"), [(True, "sha256"), (False, "sha256_without_enhancement")]
)
def test_golden_streams_decode_to_the_same_samples(vectors, mode, enhancement, key):
    folder, expected = vectors
    streams = {}
    for name in expected:
        data = (folder / name).read_bytes()
        if celpvq.info(data).mode == mode.bitrate:
            streams[name] = data
    assert streams
    for name, data in streams.items():
        samples, rate = celpvq.decode(data, dtype="int16", enhancement=enhancement)
        assert (len(samples), rate) == (expected[name]["samples"], 8000)
        digest = hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest()
        assert digest == expected[name][key], f"{name} decodes to different samples"
