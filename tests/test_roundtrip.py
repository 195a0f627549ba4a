"""Whole arrays through the codec: the parameters of frames, and channels with errors."""

import inputs
import numpy as np
import pytest

import celpvq
from celpvq import Decoder, Encoder
from celpvq.channel import drop, flip_bits, gilbert_elliott_losses
from celpvq.codec.format.modes import n_frames


@pytest.fixture(scope="module")
def talk(clips):
    return inputs.talk(clips)


def test_an_analysis_has_a_row_per_frame(talk):
    x, active = talk
    found = celpvq.analyze(x, 8000, preset="fast")
    n = n_frames(len(x))
    assert [a.shape for a in found] == [(n, 10), (n, 4), (n, 4, 2), (n,), (n,), (n,)]
    assert set(found[4]) == {"speech", "sid", "no_data"}
    rates = {"speech": 6400, "sid": 800, "no_data": 0}
    assert [rates[name] for name in found.type] == found.bitrate.tolist()
    assert found.active[:-1][active].mean() > 0.7
    assert found.active[:-1][~active].mean() < 0.1
    assert (np.diff(found.lsf, axis=1) > 0).all()


def test_losses_and_wrong_bits_of_a_roundtrip_repeat(talk):
    x = talk[0][:16001]
    options = {"loss": 0.1, "burst": 2, "ber": 1e-3, "preset": "fast"}
    y = celpvq.roundtrip(x, 8000, seed=1, **options)
    assert y.shape == x.shape
    np.testing.assert_array_equal(y, celpvq.roundtrip(x, 8000, seed=1, **options))
    clean = celpvq.roundtrip(x, 8000, preset="fast")
    for other in ({"loss": 0.1}, {"ber": 1e-2}, {"loss": 0.1, "burst": 3}, {"dtx": True}):
        z = celpvq.roundtrip(x, 8000, preset="fast", **other)
        assert (z != clean).any()
        assert len(z) == len(x)
    assert len(celpvq.roundtrip(x[:5], 16000, preset="fast", loss=0.5)) == 5
    encoder = Encoder(preset="fast")
    sent = encoder.write(x) + encoder.flush()
    lost = gilbert_elliott_losses(len(sent), 0.1, 2, seed=1)
    decoder = Decoder(dtype="float64")
    parts = list(decoder.look_ahead(drop(flip_bits(sent, 1e-3, 2), lost)))
    np.testing.assert_array_equal(y, np.concatenate([*parts, decoder.flush()])[: len(x)])
    with pytest.raises(celpvq.ArgumentError):
        celpvq.roundtrip(x, 8000, loss=2)
