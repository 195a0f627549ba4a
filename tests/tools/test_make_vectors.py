"""The tool that makes golden streams and checks their hashes."""

import json
import shutil

import make_vectors
import pytest


@pytest.fixture
def vectors(root, tmp_path):
    """A copy of the golden streams and their list."""
    shutil.copytree(root / "data" / "vectors", tmp_path / "vectors")
    return tmp_path / "vectors"


def run(vectors, *words):
    return make_vectors.main(["--out", str(vectors.parent), *words])


def test_the_committed_streams_are_complete_and_have_their_hashes(vectors, capsys):
    before = {path.name: path.read_bytes() for path in vectors.iterdir()}
    assert run(vectors) == 0
    assert capsys.readouterr().out.endswith("0 with other hashes than before\n")
    assert {path.name: path.read_bytes() for path in vectors.iterdir()} == before


def test_another_decoded_sample_is_refused_until_the_hashes_are_renewed(vectors, capsys):
    listing = vectors / "vectors.json"
    known = json.loads(listing.read_text())
    known["4800.cvq"]["sha256"] = "0" * 64
    listing.write_text(json.dumps(known))
    with pytest.raises(SystemExit, match=r"4800\.cvq: decoded to other samples than before"):
        run(vectors)
    assert json.loads(listing.read_text()) == known
    assert run(vectors, "--hashes") == 0
    assert "1 with other hashes than before" in capsys.readouterr().out
    assert run(vectors) == 0


def test_a_missing_stream_is_made(vectors, capsys):
    (vectors / "6400.cvq").unlink()
    assert run(vectors) == 0
    assert "6400.cvq: " in capsys.readouterr().out
    assert (vectors / "6400.cvq").stat().st_size > 1600
