"""The entropies of indices: the models on sources whose entropy is known."""

import shutil

import entropies
import numpy as np
import pytest

from celpvq.codec.common.fixed_codebook import vector
from celpvq.codec.encoder.encoder import FrameEncoder
from celpvq.codec.format import modes
from celpvq.lab.clips import clip_paths

N = 20_000


def symbol(values, n_values, contexts):
    return entropies.Symbol("lag", values, n_values, contexts)


def three(draw):
    """Symbols of three independent draws."""
    return [draw(np.random.default_rng(seed)) for seed in range(3)]


def test_a_source_without_memory_has_its_entropy():
    p = np.array([0.5, 0.25, 0.125, 0.125])

    def draw(rng):
        values = rng.choice(4, size=N, p=p)
        return symbol(values, 4, [np.roll(values, 1)])

    found = entropies.cross_entropies(*three(draw))
    np.testing.assert_allclose(found, 1.75, atol=0.02)


def test_a_source_that_repeats_itself_is_predicted_by_the_previous_frame():
    def draw(rng):
        values = np.repeat(rng.integers(16, size=N // 4), 4)
        return symbol(values, 16, [np.roll(values, 1)])

    order0, previous, mixed = entropies.cross_entropies(*three(draw))
    # a change in 1 of 4 frames, to any of 16 values
    p = 0.75 + 0.25 / 16
    expected = -p * np.log2(p) - (1 - p) * np.log2((1 - p) / 15)
    assert order0 == pytest.approx(4, abs=0.01)
    assert previous == pytest.approx(expected, abs=0.05)
    assert mixed == pytest.approx(previous, abs=0.03)


def test_the_mixture_takes_the_context_that_tells_most():
    def draw(rng):
        secret, values = rng.integers(8, size=N), rng.integers(8, size=N)
        told = np.where(rng.random(N) < 0.9, secret, values)
        return symbol(told, 8, [np.roll(told, 1), secret])

    _, previous, mixed = entropies.cross_entropies(*three(draw))
    assert previous == pytest.approx(3, abs=0.02)
    assert mixed < 1


def test_weights_are_those_of_the_most_likely_mixture():
    rng = np.random.default_rng(0)
    first = rng.random(N) < 0.3
    probabilities = np.array([np.where(first, 1.0, 0.01), np.where(first, 0.01, 1.0)])
    np.testing.assert_allclose(entropies.mixture_weights(probabilities), [0.3, 0.7], atol=0.02)


@pytest.mark.parametrize("bitrate", [4800, 8000])
def test_the_parts_of_a_code_vector_are_its_rows_and_signs(bitrate):
    mode = modes.get(bitrate)
    tables = FrameEncoder(mode).tables.mode(mode)
    bits = mode.bits("fcb")[0]
    index = np.random.default_rng(1).integers(1 << bits, size=20)
    found = entropies.parts(mode, "fcb", 0, index)
    assert np.prod([n for _, n in found]) == 1 << bits
    rows, signs = found[: len(found) // 2], found[len(found) // 2 :]
    out = np.zeros(40)
    for i, one in enumerate(index):
        vector(one, tables.fcb_layout[0], tables.fcb, out)
        starts = tables.fcb_layout[0][::2]
        expected = sum(
            (1 - 2 * sign[i]) * tables.fcb[start + row[i]]
            for start, (row, _), (sign, _) in zip(starts, rows, signs, strict=False)
        )
        np.testing.assert_allclose(out, expected)


def test_all_bits_of_a_frame_are_symbols(mode, clips):
    indices = FrameEncoder(mode, "fast").indices(clips["flite-slt-en"][:16000])
    starts = np.arange(len(indices)) == 0
    found = entropies.symbols(mode, indices, starts)
    assert np.prod([float(s.n_values) for s in found]) == 2.0**mode.bits_per_frame
    for s in found:
        assert s.values.min() >= 0
        assert s.values.max() < s.n_values
        assert all(len(context) == len(indices) for context in s.contexts)
        np.testing.assert_array_equal(s.contexts[0][1:], s.values[:-1])
        assert s.contexts[0][0] == 0


@pytest.fixture(params=[4800, 8000])
def mode(request):
    return modes.get(request.param)


def test_the_table_adds_up(tmp_path, capsys):
    (tmp_path / "speech").mkdir()
    for path in clip_paths()[:3]:
        shutil.copy(path, tmp_path / "speech")
    folder = str(tmp_path / "speech")
    assert entropies.main(
        [folder, folder, "--modes", "4800", "--preset", "fast", "--seconds", "3"]
    ) == 0  # fmt: skip
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    rows = {cells[0]: cells[1:] for cells in (
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines
    )}  # fmt: skip
    assert rows["all"][0] == "96"
    for column in range(4):
        parts = [float(rows[name][column]) for name in ("lsf", "lag", "gain", "fcb")]
        assert float(rows["all"][column]) == pytest.approx(sum(parts), abs=0.03)
    saved = 1 - float(rows["all"][3]) / 96
    assert float(rows["saved"][3].rstrip("%")) == pytest.approx(100 * saved, abs=0.1)
