"""The tool that compares the quantizers with each other and with theory."""

import numpy as np
import pytest
import soundfile
import vq_table as tool

from celpvq import vq

QUANTIZERS = {name for name in vq.__all__ if hasattr(getattr(vq, name), "encode")}


def test_a_table_has_every_quantizer_and_its_distance_from_the_bound():
    halves = np.split(tool.gauss_markov(1000, np.random.default_rng(1)), 2)
    head, _, *rows = tool.table("gauss_markov", *halves, [2, 3]).splitlines()
    assert head == "| gauss_markov | 2 bit | 3 bit | time [s] |"
    cells = {row.split(" | ")[0][2:]: row.split(" | ")[1:3] for row in rows}
    assert QUANTIZERS - set(cells) <= {"StraightThroughVQ"}
    bound = -10 * np.log10(vq.shannon_distortion_gauss_markov(0.5, 0.9))
    assert cells.pop("Shannon")[0] == f"{bound:.2f}"
    for two_bits, three_bits in cells.values():
        db, gap = two_bits[:-1].split(" (")
        assert float(db) + float(gap) == pytest.approx(bound, abs=0.011)
        assert 0 < float(gap) < 8
        assert not three_bits or float(three_bits.split(" (")[0]) > float(db)


@pytest.mark.parametrize("source", ["gaussian", "laplacian", "gauss_markov"])
def test_sources_have_unit_variance_and_the_correlation_they_claim(source):
    X = getattr(tool, source)(50_000, np.random.default_rng(1))
    assert X.var() == pytest.approx(1, rel=0.03)
    expected = 0.9 if source == "gauss_markov" else 0
    assert np.corrcoef(X[:, 0], X[:, 1])[0, 1] == pytest.approx(expected, abs=0.02)


def test_the_page_of_methods_lists_every_quantizer_and_its_example_runs(root, capsys):
    page = (root / "docs" / "vq" / "methods.md").read_text()
    listed = {line.split("`")[1] for line in page.splitlines() if line.startswith("| `")}
    assert listed == QUANTIZERS
    exec(page.split("```python\n")[1].split("```")[0], {})
    sqnr_db, entropy = map(float, capsys.readouterr().out.split())
    assert 10 < sqnr_db < -10 * np.log10(vq.shannon_distortion_gaussian(2))
    assert 7 < entropy < 8


def test_the_command_prints_a_table_for_speech(tmp_path, clips, capsys):
    for name in ("espeak-m-de", "flite-slt-en"):
        soundfile.write(tmp_path / f"{name}.wav", clips[name][:16000], 8000)
    tool.main([str(tmp_path), "--vectors", "120", "--bits", "2", "--only", "lsf"])
    head, _, *rows = capsys.readouterr().out.strip().splitlines()
    assert head == "| lsf | 2 bit | time [s] |"
    assert QUANTIZERS - {row.split(" | ")[0][2:] for row in rows} <= {"StraightThroughVQ"}
    with pytest.raises(SystemExit, match="expected 5000 frames in each half"):
        tool.main([str(tmp_path), "--vectors", "10000"])
