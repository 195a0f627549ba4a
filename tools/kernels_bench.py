"""Benchmarks of the codec's kernels with pytest-benchmark, on one frame of noise.

pip install "celpvq[bench]"
pytest tools/kernels_bench.py --benchmark-sort=name
"""

import numpy as np
import pytest

import celpvq
from celpvq.codec.common import lpc
from celpvq.codec.common.table_set import default
from celpvq.codec.decoder import enhancement
from celpvq.codec.encoder import adaptive_search, fixed_search, products
from celpvq.codec.encoder.search_tables import CodeVectors
from celpvq.codec.format.frame_types import SPEECH
from celpvq.codec.format.modes import FRAME_LEN, MAX_LAG, fcb_stages
from celpvq.codec.format.modes import SUBFRAME_LEN as N

RNG = np.random.default_rng(1)
NOISE = 0.1 * RNG.normal(size=FRAME_LEN)
every_mode = pytest.mark.parametrize("mode", celpvq.modes(), ids=lambda mode: mode.name)


@pytest.fixture
def response():
    """Return a decaying impulse response."""
    out = np.empty((2, products.RESPONSE_LEN), np.float32)
    products.respond(RNG.normal(size=N) * 0.8 ** np.arange(N), out)
    return out


@every_mode
@pytest.mark.parametrize("preset", ["fast", "default", "best"])
def test_encode_frame(benchmark, mode, preset):
    encoder = celpvq.Encoder(mode, preset)
    assert len(benchmark(encoder.encode_frame, NOISE)) == mode.frame_bytes


@every_mode
def test_decode_frame(benchmark, mode):
    packet = celpvq.Encoder(mode).encode_frame(NOISE)
    assert len(benchmark(celpvq.Decoder().decode_frame, packet)) == NOISE.size


@pytest.mark.parametrize("bits", [8, 5])
def test_search_lags(benchmark, response, bits):
    target, past = RNG.normal(size=N).astype(np.float32), RNG.normal(size=MAX_LAG)
    indices, filtered = np.zeros(4, np.int64), np.zeros((4, N), np.float32)
    lags = np.zeros(8, np.int64)

    def both():
        adaptive_search.preselect(target, response, past, bits, 150, lags)
        adaptive_search.search(lags, target, response, past, bits, 150, indices, filtered)

    benchmark(both)
    assert filtered.any()


@every_mode
def test_preselect_code_vectors(benchmark, response, mode):
    tables = default().mode(mode)
    vectors = CodeVectors.derive(tables.fcb, tables.fcb_layout)
    layout, responses, group = vectors.layout[0], response[None], np.zeros(4, np.int64)
    energy = np.empty((1, vectors.columns[:, 0].size), np.float32)
    fixed_search.energies(responses, vectors, layout, energy)
    targets, indices = RNG.normal(size=(4, N)).astype(np.float32), np.zeros((4, 6), np.int64)
    benchmark(
        fixed_search.preselect, targets, group, responses, layout, vectors, energy, 4, indices
    )
    assert indices.any()
    assert indices.max() < 1 << (sum(fcb_stages(mode.bits("fcb")[0])) + 2)


def test_autocorrelation(benchmark):
    x, out = RNG.normal(size=MAX_LAG + N), np.empty(21)
    benchmark(lpc.autocorrelation, x, out)
    assert out[0] == pytest.approx(x @ x)


def test_enhancement(benchmark):
    state, out = enhancement.EnhancementState.new(), np.zeros(4 * N)
    state.features.speech[:] = RNG.normal(size=state.features.speech.size)
    benchmark(enhancement.apply, default().enhancement, SPEECH, state, out)
    assert np.isfinite(out).all()
