"""The straight-through layer: what gradients see of it, and how its codebook learns."""

import subprocess
import sys

import numpy as np
import pytest

from celpvq import vq
from celpvq.errors import ArgumentError

WITHOUT_TORCH = """
import sys
import numpy as np
import celpvq.vq
from celpvq.errors import MissingPackageError
assert all(callable(getattr(celpvq.vq, name)) for name in celpvq.vq.__all__)
assert "torch" not in sys.modules
sys.modules["torch"] = None
try:
    celpvq.vq.StraightThroughVQ(2).fit(np.eye(3))
except MissingPackageError as error:
    print(error)
"""


def test_only_learning_takes_the_package_and_says_so():
    run = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH], capture_output=True, text=True, check=True
    )
    assert run.stdout == "celpvq.vq.nn needs the package torch: pip install celpvq[torch]\n"


@pytest.fixture
def torch():
    torch = pytest.importorskip("torch")
    torch.manual_seed(1)
    return torch


@pytest.fixture
def layer_of(torch):
    from celpvq.vq.nn import StraightThrough

    return StraightThrough


def gaussian(n, k, seed=1):
    return np.random.default_rng(seed).normal(size=(n, k))


def test_forward_is_the_nearest_codeword_and_backward_the_identity(torch, layer_of):
    layer = layer_of(50, 3, commitment=0).eval()
    z = (1000 + torch.randn(4, 25, 3)).requires_grad_()
    with torch.no_grad():
        layer.codebook += 1000
    vectors, indices, loss = layer(z)
    expected, _ = vq.nearest(z.detach().numpy().reshape(-1, 3), layer.codebook.numpy())
    assert (indices.numpy().ravel() == expected).mean() > 0.98  # float32, far from the origin
    assert torch.equal(vectors, layer.codebook[indices])
    upstream = torch.randn(z.shape)
    (vectors * upstream).sum().backward()
    assert torch.equal(z.grad, upstream)
    assert loss == 0


def test_the_commitment_loss_draws_vectors_to_their_codewords(torch, layer_of):
    layer = layer_of(8, 2, commitment=0.7).eval()
    z, weight = torch.randn(6, 5, 2, requires_grad=True), torch.rand(6, 5)
    vectors, _, loss = layer(z, weight)
    errors = ((z - vectors.detach()) ** 2).mean(dim=-1)
    assert torch.isclose(loss, 0.7 * (weight * errors).sum() / weight.sum())
    loss.backward()
    pull = 0.7 * weight[..., None] * (z - vectors).detach() / weight.sum()
    torch.testing.assert_close(z.grad, pull)
    assert layer.codebook.grad is None


def test_a_batch_moves_codewords_by_the_moving_averages(torch, layer_of):
    layer = layer_of(4, 2, decay=0.9, revive=0).double()
    codebook, weight = gaussian(4, 2, seed=2), np.random.default_rng(3).random((2, 100))
    layer.codebook.copy_(torch.from_numpy(codebook))
    layer.n_batches += 1
    batches = gaussian(200, 2).reshape(2, 100, 2)
    counts, sums = np.zeros(4), np.zeros((4, 2))
    for z, w in zip(batches, weight, strict=True):
        best, _ = vq.nearest(z, codebook)
        indices = layer(torch.from_numpy(z), torch.from_numpy(w)).indices
        np.testing.assert_array_equal(indices.numpy(), best)
        counts = 0.9 * counts + 0.1 * np.bincount(best, w, 4)
        for i in range(2):
            sums[:, i] = 0.9 * sums[:, i] + 0.1 * np.bincount(best, w * z[:, i], 4)
        codebook = sums / counts[:, None]
        np.testing.assert_allclose(layer.codebook.numpy(), codebook, atol=1e-12)
        np.testing.assert_allclose(layer.counts.numpy(), counts)


def test_without_averages_the_codebook_learns_by_its_gradient(torch, layer_of):
    layer = layer_of(8, 2, decay=None, commitment=0.5)
    z = torch.randn(500, 2)
    layer(z)  # for the start
    before = layer.codebook.detach().clone()
    _, indices, loss = layer(z)
    loss.backward()
    assert torch.equal(layer.codebook.detach(), before)
    for j in range(8):
        pull = 2 * (layer.codebook[j] - z[indices == j]).sum(dim=0) / z.numel()
        torch.testing.assert_close(layer.codebook.grad[j], pull.detach())


def test_the_first_batch_gives_the_start_and_idle_codewords_return(torch, layer_of):
    layer = layer_of(32, 2)
    z = 100 + torch.randn(1000, 2)
    layer(z)
    assert (layer.codebook - 100).abs().max() < 6
    for _ in range(50):
        usage = torch.bincount(layer(z).indices, minlength=32)
    assert (usage > 0).all()
    with torch.no_grad():
        layer.codebook[0] = 1e6
    far = layer_of(32, 2, revive=0)
    far.load_state_dict(layer.state_dict())
    for _ in range(1000):
        layer(z)
        far(z)
    assert layer.codebook.abs().max() < 110
    assert far.codebook.abs().max() > 1e5


def test_a_padded_batch_is_learnt_from_as_the_vectors_in_it(torch, layer_of):
    layer = layer_of(4, 2)
    weight = torch.tensor([1.0] * 50 + [0.0] * 50)
    layer(torch.cat([torch.randn(50, 2), torch.full((50, 2), 1e6)]), weight)
    assert layer.codebook.abs().max() < 10
    layer.counts[0] = 0
    before = layer.codebook.clone()
    assert layer(torch.randn(9, 2), torch.zeros(9)).loss == 0
    assert torch.equal(layer.codebook, before)


def test_nothing_is_learnt_in_evaluation(torch, layer_of):
    layer = layer_of(8, 2).eval()
    before = {name: value.clone() for name, value in layer.state_dict().items()}
    layer(torch.randn(100, 2))
    for name, value in layer.state_dict().items():
        assert torch.equal(value, before[name])


def test_an_autoencoder_learns_through_the_layer(torch, layer_of):
    basis = torch.linalg.qr(torch.randn(8, 2))[0]
    encoder, decoder = torch.nn.Linear(8, 2), torch.nn.Linear(2, 8)
    layer = layer_of(64, 2)
    network = torch.nn.ModuleList([encoder, layer, decoder])
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    for _ in range(400):
        x = torch.rand(256, 2) @ basis.T
        vectors, _, commitment = layer(encoder(x))
        loss = ((decoder(vectors) - x) ** 2).mean()
        optimizer.zero_grad()
        (loss + commitment).backward()
        optimizer.step()
    assert loss < 0.05 * x.var()  # an eighth in each of two directions leaves 1/64
    assert layer.counts.min() > 0


def test_a_quantizer_goes_into_a_network_and_comes_back(torch, tmp_path):
    X = gaussian(2000, 3).astype(np.float32)
    q = vq.StraightThroughVQ(16, commitment=0.5, decay=0.9, random_state=1).fit(X)
    layer = q.layer().eval()
    np.testing.assert_array_equal(layer(torch.from_numpy(X)).indices.numpy(), q.encode(X))
    back = vq.StraightThroughVQ.from_layer(layer)
    np.testing.assert_array_equal(back.codebook_, q.codebook_)
    np.testing.assert_allclose(back.counts_, q.counts_)
    assert (back.commitment, back.decay, back.revive) == (0.5, 0.9, 0.02)
    back.save(tmp_path / "q.npz")
    loaded = vq.StraightThroughVQ.load(tmp_path / "q.npz")
    np.testing.assert_array_equal(loaded.encode(X), q.encode(X))


def test_passes_of_averages_come_near_to_a_full_design(torch):
    X, fresh = gaussian(8000, 2), gaussian(40_000, 2, seed=2)
    full = max(vq.LBG(16, random_state=seed).fit(X).score(fresh) for seed in range(3))
    q = vq.StraightThroughVQ(16, random_state=1, batch_size=256).fit(X)
    assert 1.03 * full < q.score(fresh)
    before = torch.random.get_rng_state()
    q.partial_fit(X)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"commitment": -1}, "commitment: expected 0 or more, got -1"),
        ({"decay": 2}, "decay: expected from 0 to 1, got 2"),
        ({"revive": np.nan}, "revive: expected from 0 to 1, got nan"),
        ({"batch_size": 0}, "batch_size: expected 1 or more, got 0"),
    ],
)
def test_rules_that_cannot_be_are_refused(torch, params, words):
    with pytest.raises(ArgumentError, match=words):
        vq.StraightThroughVQ(4, **params).fit(gaussian(100, 2))


def test_shapes_that_do_not_fit_the_layer_are_named(torch, layer_of):
    layer = layer_of(4, 3)
    with pytest.raises(ArgumentError, match=r"z: expected shape \(\.\.\., 3\), got \(5, 2\)"):
        layer(torch.ones(5, 2))
    with pytest.raises(ArgumentError, match=r"weight: expected shape \(5,\), got \(4,\)"):
        layer(torch.ones(5, 3), torch.ones(4))
