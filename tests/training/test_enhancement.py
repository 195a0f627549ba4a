"""Training of the enhancement: the decoder's twin in PyTorch, losses, material, and resuming."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from celpvq.codec.common import enhancement_tables  # noqa: E402
from celpvq.codec.common.table_set import TableSet, default  # noqa: E402
from celpvq.codec.decoder.decoder import FrameDecoder  # noqa: E402
from celpvq.codec.decoder.enhancement_features import PAST_LEN  # noqa: E402
from celpvq.codec.encoder.encoder import FrameEncoder  # noqa: E402
from celpvq.codec.format.modes import FRAME_LEN, modes  # noqa: E402
from celpvq.errors import ArgumentError  # noqa: E402
from celpvq.training.corpus import Clip  # noqa: E402
from celpvq.training.enhancement import losses, material, training  # noqa: E402
from celpvq.training.enhancement.material import CLEAN, Conditions  # noqa: E402
from celpvq.training.enhancement.network import Enhancer  # noqa: E402
from celpvq.training.enhancement.parts import Parts  # noqa: E402
from celpvq.training.enhancement.training import Plan, Trainer, Weights  # noqa: E402

CPU = torch.device("cpu")
SMALL = Plan(steps=4, batch=5, frames=24, minutes=1.0)


@pytest.fixture(scope="module")
def plain():
    """Tables without a network."""
    arrays = default().arrays
    return TableSet({k: arrays[k] for k in arrays if not k.startswith("enhancement")})


@pytest.fixture(scope="module")
def recordings(clips):
    """Five short recordings."""
    whole = np.concatenate(list(clips.values()))
    return [whole[k * 16000 : k * 16000 + 8000 + 800 * k] for k in range(5)]


@pytest.fixture(scope="module")
def coded(recordings, plain):
    """The recordings, one at each bit rate."""
    return material.code(recordings, Conditions(fast=1.0, best=0.0), plain, 1)


def noisy(x, snr_db):
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(1))
    return x + noise * x.pow(2).mean().sqrt() * 10 ** (-snr_db / 20)


@pytest.fixture(scope="module")
def signal(clips):
    return torch.tensor(next(iter(clips.values()))[:16000], dtype=torch.float32)[None]


# twin ---------------------------------------------------------------------------------------------


def test_the_decoder_runs_the_network_that_was_trained(recordings, plain):
    torch.manual_seed(1)
    net = Enhancer()
    with torch.no_grad():
        net.layers["taps"].weight *= 10
        net.mean += 1.0
        net.scale *= 0.2
    arrays = enhancement_tables.quantize(net.weights())
    with torch.no_grad():  # what 8 bits keep of the weights
        for name, layer in net.layers.items():
            scale = arrays[f"enhancement_{name}_scale"]
            layer.weight.copy_(torch.tensor((arrays[f"enhancement_{name}"] * scale).T))
    decoder = FrameDecoder(tables=TableSet({**plain.arrays, **arrays}))
    x = recordings[4][: len(recordings[4]) // FRAME_LEN * FRAME_LEN]
    state, seen, heard = decoder.state.enhancement.features, [], []
    for packet in FrameEncoder(4800, "fast").encode(x):
        heard.append(decoder.decode(packet))
        now = (state.speech[PAST_LEN:], state.values, state.lag)
        seen.append([torch.tensor(v.astype(np.float32)) for v in now])
    speech, features, lag = (torch.cat(v)[None] for v in zip(*seen, strict=True))
    with torch.no_grad():
        expected = net(speech, features, lag.long())[0].numpy()
    assert np.abs(expected - speech[0].numpy()).max() > 0.01
    # a decoder fades in from taps of 0, the twin from those of its first subframe
    got, expected = np.concatenate(heard)[FRAME_LEN:] / 32768, expected[FRAME_LEN:]
    np.testing.assert_allclose(got, expected, atol=1.1 / 32768)


# losses -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "loss", [losses.Disturbance, losses.Intelligibility, losses.LogSpectra, losses.RootSpectra]
)
def test_more_noise_costs_more_and_none_costs_nothing(loss, signal):
    measure = loss()
    values = [float(measure(signal, noisy(signal, snr))) for snr in (100, 30, 15, 0)]
    assert values[0] < 0.06 * values[-1]
    assert values == sorted(values)


def test_the_disturbance_ranks_as_pesq_does(signal):
    pesq_nb = pytest.importorskip("celpvq.quality").pesq_nb
    pytest.importorskip("pesq")
    steps = [noisy(signal, snr) for snr in (30, 20, 10)]
    scores = [pesq_nb(signal[0].numpy(), y[0].numpy()) for y in steps]
    values = [float(losses.Disturbance()(signal, y)) for y in steps]
    assert np.argsort(scores).tolist() == np.argsort(values)[::-1].tolist()


def test_level_and_spectrum_do_not_disturb_but_the_log_spectra_see_them(signal):
    doubled = 2 * signal
    disturbance, logs = losses.Disturbance(), losses.LogSpectra()
    assert float(disturbance(signal, doubled)) < 0.02
    assert float(logs(signal, doubled)) == pytest.approx(2 * np.log(2), rel=0.1)


def test_the_long_term_spectrum_is_free_within_its_tolerance(signal):
    loss = losses.LongTermSpectrum()
    assert float(loss(signal, 1.1 * signal)) == 0  # .8 dB
    own = loss(torch.cat([signal, signal]), torch.cat([1.2 * signal, signal / 1.2]))
    assert float(own.sum()) == 0  # 1.6 dB each, but not in common
    shared = float(loss(signal, 1.2 * signal))
    assert shared == pytest.approx(4 * (1.584 - 1.2) * np.log(10) / 10, rel=0.05)
    tilted = signal + 0.8 * torch.nn.functional.pad(signal, (1, 0))[:, :-1]
    assert float(loss(signal, tilted)) > 2


@pytest.mark.parametrize("loss", [
    losses.Disturbance, losses.Intelligibility, losses.LogSpectra, losses.LongTermSpectrum,
    losses.RootSpectra,
])  # fmt: skip
def test_losses_have_finite_gradients_even_in_silence(loss, signal):
    for ref in (signal, torch.zeros_like(signal)):
        deg = noisy(signal, 20).requires_grad_()
        loss()(ref, deg).sum().backward()
        assert torch.isfinite(deg.grad).all()


# material -----------------------------------------------------------------------------------------


def test_material_is_aligned_and_of_every_rate(coded):
    assert [clip.bitrate for clip in coded] == [mode.bitrate for mode in modes()]
    for clip in material.code([clip.ref for clip in coded], CLEAN, default(), 1)[:2]:
        products = np.correlate(clip.ref, clip.speech, "full")
        assert products.argmax() == len(clip.ref) - 1


def test_material_depends_on_the_seed_alone(coded, recordings, plain):
    again = material.code(recordings, Conditions(fast=1.0, best=0.0), plain, 1)
    other = material.code(recordings, Conditions(fast=1.0, best=0.0), plain, 2)
    for a, b, c in zip(coded, again, other, strict=True):
        np.testing.assert_array_equal(a.features, b.features)
        assert not np.array_equal(a.ref, c.ref)


def test_every_condition_is_met(recordings, plain):
    lossy = Conditions(fast=1.0, best=0.0, lossy=1.0, loss_rate=0.3, look_ahead=0.5, redundant=1.0)
    lost = material.code(recordings, lossy, plain, 1)
    assert any(clip.features[:, 42 + 14].any() for clip in lost)
    always = Conditions(
        fast=1.0, best=0.0, lossy=0, noisy=1.0, dtx=1.0, switched=1.0, tandem=1.0, resampled=0
    )
    clips = material.code(recordings, always, plain, 1)
    assert any(len(np.unique(clip.features[:, 42 + 12])) > 1 for clip in clips)
    calm = Conditions(
        fast=1.0, best=0.0, lossy=0, level_db=0, noisy=0, dtx=0, switched=0, tandem=0,
        resampled=0, tilted=0,
    )  # fmt: skip
    clean = material.code(recordings, calm, plain, 1)
    assert (clips[0].ref != clean[0].ref).any()
    faster = material.code(recordings, replace(calm, resampled=1.0, speed=(1.25, 1.25)), plain, 1)
    tilted = material.code(recordings, replace(calm, tilted=1.0), plain, 1)
    for before, short, slope in zip(clean, faster, tilted, strict=True):
        assert short.n_frames == pytest.approx(before.n_frames / 1.25, abs=1)
        assert slope.n_frames == before.n_frames
        assert (slope.ref != before.ref).any()


def test_material_is_kept_for_the_same_training_alone(coded, tmp_path):
    path = tmp_path / "kept.npz"
    assert material.load(path, "a") is None
    material.save(path, "a", coded)
    for a, b in zip(coded, material.load(path, "a"), strict=True):
        for name in a._fields:
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    assert material.load(path, "b") is None
    path.write_bytes(path.read_bytes()[:1000])
    assert material.load(path, "a") is None


# training -----------------------------------------------------------------------------------------


def test_training_lowers_the_loss(coded, tmp_path):
    trainer = Trainer(Plan(steps=40, batch=5, frames=24), tmp_path / "state.pt", "a")
    trainer.start(coded)
    parts = Parts(coded, 24, CPU)
    fixed = [parts.draw(10, np.random.default_rng(0))]
    for _ in range(40):
        assert torch.isfinite(trainer.advance(parts)).all()
    before, after = trainer.evaluate(fixed)
    assert after[0] < 0.97 * before[0]  # the disturbance weighs most
    weights = torch.tensor(trainer.plan.weights[0])
    assert (weights * after).sum() < 0.97 * (weights * before).sum()


def test_a_training_that_was_stopped_ends_as_one_that_was_not(coded, tmp_path):
    def trainer(key="a"):
        return Trainer(SMALL, tmp_path / "state.pt", key)

    parts, whole, first = Parts(coded, SMALL.frames, CPU), trainer(), trainer()
    for each, steps in ((whole, 4), (first, 2)):
        each.start(coded)
        for _ in range(steps):
            each.advance(parts)
    first.save()
    assert not trainer("b").resume()
    second = trainer()
    assert second.resume()
    for _ in range(2):
        second.advance(parts)
    for a, b in zip(whole.average.parameters(), second.average.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_clip_that_is_too_short_is_repeated(coded):
    length = coded[0].n_frames
    ref, speech, features, lag = Parts(coded, 2 * length + 3, CPU).draw(5, np.random.default_rng(0))
    assert features.dtype == torch.float32
    assert lag.shape == (5, 4 * (2 * length + 3))
    for x, whole in ((ref, coded[0].ref), (speech, coded[0].speech)):
        first, second = x[0, : length * FRAME_LEN], x[0, length * FRAME_LEN :]
        assert torch.equal(first, second[: len(first)])
        np.testing.assert_array_equal(np.sort(first), np.sort(whole))


def test_parts_are_cut_at_the_same_place_of_all_arrays(coded):
    for batch in (
        Parts(coded, 10, CPU).draw(10, np.random.default_rng(0)),
        next(Parts(coded, 10, CPU).middles(10)),
    ):
        ref, speech, features, lag = (x[4].numpy() for x in batch)
        clip = coded[4]
        first = next(
            k for k in range(clip.n_frames)
            if np.array_equal(clip.ref[k * FRAME_LEN :][: len(ref)], ref)
        )  # fmt: skip
        np.testing.assert_array_equal(clip.speech[first * FRAME_LEN :][: len(speech)], speech)
        np.testing.assert_array_equal(clip.features[first * 4 :][: len(lag)], features)
        np.testing.assert_array_equal(clip.lag[first * 4 :][: len(lag)], lag)


def test_a_missing_bit_rate_is_named(coded):
    with pytest.raises(ArgumentError, match="no clip for 4800 bit/s"):
        Parts(coded[1:], 10, CPU)


def test_each_rate_has_its_weights(coded, tmp_path):
    """A rate whose weights are all 0 teaches nothing."""

    def after(weights):
        plan = Plan(steps=1, batch=5, frames=24, weights=weights, finish=0.0)
        trainer = Trainer(plan, tmp_path / "state.pt", "a")
        trainer.start(coded)
        trainer.advance(Parts(coded, 24, CPU))
        return trainer.net.layers["taps"].weight.detach().clone()

    none, some = Weights(0, 0, 0, 0, 0), Weights(1, 1, 1, 1, 1)
    untouched, first, last = (
        after((a, none, none, none, b)) for a, b in ((none, none), (some, none), (none, some))
    )
    assert not torch.equal(first, untouched)
    assert not torch.equal(first, last)


@pytest.mark.slow
def test_a_set_of_tables_comes_out_with_its_provenance(clips, plain, tmp_path):
    from celpvq.lab.clips import clip_paths

    speakers = [Clip(path, "bundled", str(k), "") for k, path in enumerate(clip_paths())]
    speakers = [Clip(s.path, s.source, f"{s.speaker}/{k}", "") for k in range(3) for s in speakers]
    plan, lines = Plan(steps=2, batch=5, frames=24, minutes=0.8, held_back=0.3), []
    trained = training.train(speakers, plan, plain, tmp_path / "out.npz", lines.append)
    assert trained.hash != plain.hash
    assert trained.provenance["enhancement"]["steps"] == 2
    again = training.train(speakers, plan, plain, tmp_path / "out.npz", lines.append)
    assert again.hash == trained.hash
    assert any("goes on at step 2" in line for line in lines)
