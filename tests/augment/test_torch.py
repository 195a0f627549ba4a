"""The module for PyTorch: batches with padding, seeds, SpeechBrain's way of calling."""

import inspect
import pickle
from importlib.util import find_spec

import numpy as np
import pytest

from celpvq.augment import Choice, TelephoneLine, Uniform
from celpvq.errors import ArgumentError

LINE = TelephoneLine(mode=Choice([4800, 8000]), loss=Uniform(0, 0.3))


@pytest.fixture
def module(adapter, torch):
    """The adapter's module."""
    return adapter("torch")


@pytest.fixture
def batch(torch, voice):
    """Three signals of a second; the last one is half as long, and zeros follow."""
    x = np.stack([voice, voice[::-1], voice])
    x[2, 4000:] = 0
    return torch.from_numpy(np.ascontiguousarray(x))


@pytest.mark.parametrize("n_threads", [1, 2, None])
def test_each_signal_has_a_line_of_its_own(module, torch, batch, voice, n_threads):
    layer = module.TelephoneLineModule(LINE, 16000, n_threads=n_threads)
    y = layer(batch)
    assert isinstance(y, torch.Tensor)
    assert (tuple(y.shape), y.dtype) == ((3, 8000), torch.float32)
    assert len(layer.last_lines) == len(set(layer.last_lines)) == 3
    for signal, line, coded in zip(batch, layer.last_lines, y, strict=True):
        np.testing.assert_array_equal(coded, line(signal.numpy(), 16000))


def test_padding_is_no_part_of_a_signal(module, torch, batch, voice):
    layer = module.TelephoneLineModule(LINE, 16000)
    y = layer(batch, lengths=torch.tensor([1.0, 1.0, 0.5]))
    np.testing.assert_array_equal(y[2, 4000:], np.zeros(4000))
    np.testing.assert_array_equal(y[2, :4000], layer.last_lines[2](voice[:4000], 16000))
    np.testing.assert_array_equal(y[0], layer.last_lines[0](voice, 16000))
    y = layer(batch, lengths=torch.tensor([1.0, 0.5, 0.0]))
    np.testing.assert_array_equal(y[2], batch[2])


def test_the_seed_is_that_of_torch(module, torch, batch):
    layer = module.TelephoneLineModule(LINE, 16000)
    torch.manual_seed(3)
    first = [layer(batch).numpy().copy() for _ in range(2)]
    assert (first[0] != first[1]).any()
    torch.manual_seed(3)
    for y in first:
        np.testing.assert_array_equal(layer(batch), y)


def test_outside_of_training_nothing_happens(module, batch):
    layer = module.TelephoneLineModule(LINE, 16000).eval()
    assert layer(batch) is batch


def test_other_shapes_and_types(module, torch, batch, voice):
    layer = module.TelephoneLineModule(LINE, 16000)
    one = layer(torch.from_numpy(voice))
    np.testing.assert_array_equal(one, layer.last_lines[0](voice, 16000))
    stereo = torch.from_numpy(np.stack([[voice, -voice]] * 3))
    y = layer(stereo, torch.tensor([1.0, 0.5, 1.0]))
    assert tuple(y.shape) == (3, 2, 8000)
    np.testing.assert_array_equal(y[1, :, 4000:], stereo[1, :, 4000:])
    np.testing.assert_array_equal(y[2], layer.last_lines[2](stereo[2].numpy(), 16000))
    half = layer(batch.to(torch.float16))
    assert half.dtype == torch.float16
    assert layer(batch.to(torch.float64)).dtype == torch.float64


def test_the_batch_itself_stays_as_it_is(module, batch):
    before = batch.clone()
    module.TelephoneLineModule(LINE, 16000)(batch)
    np.testing.assert_array_equal(batch, before)


def test_shapes_and_lengths_that_do_not_agree_are_refused(module, torch, batch):
    layer = module.TelephoneLineModule(LINE, 16000)
    with pytest.raises(ArgumentError, match="lengths: expected 3 numbers, got 2"):
        layer(batch, torch.tensor([1.0, 1.0]))
    with pytest.raises(ArgumentError, match="lengths: expected numbers from 0 to 1"):
        layer(batch, torch.tensor([1.0, 1.0, 8000.0]))
    with pytest.raises(ArgumentError, match="x: expected shape"):
        layer(batch.reshape(1, 1, 3, 8000))
    with pytest.raises(ArgumentError, match="sample_rate: expected"):
        module.TelephoneLineModule(LINE, 10)
    with pytest.raises(ArgumentError, match="lines: expected 3"):
        module.apply_lines([LINE.draw(1)], batch, 16000)


def test_speechbrain_finds_the_argument_lengths(module):
    assert "lengths" in inspect.signature(module.TelephoneLineModule.forward).parameters


@pytest.mark.skipif(find_spec("torch") is None, reason="needs PyTorch")
def test_a_layer_can_be_pickled_and_takes_no_gradient(module, torch, batch):
    layer = pickle.loads(pickle.dumps(module.TelephoneLineModule(LINE, 16000)))
    y = layer(batch.requires_grad_())
    assert not y.requires_grad


@pytest.mark.skipif(find_spec("torch") is None, reason="needs PyTorch")
@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.slow
def test_a_data_loader_gives_what_one_process_gives(module, torch, batch, method):
    from functools import partial

    from celpvq.augment.functions import augment_array

    code = partial(augment_array, line=LINE, samplerate=16000)
    data = [x.numpy() for x in batch] * 4

    def load(**options):
        loader = torch.utils.data.DataLoader(Coded(data, code), batch_size=3, **options)
        return np.concatenate([y.numpy() for y in loader])

    expected = load()
    np.testing.assert_array_equal(load(num_workers=2, multiprocessing_context=method), expected)


class Coded:
    """A data set of coded signals."""

    def __init__(self, data, code):
        self.data, self.code = data, code

    def __len__(self):
        return len(self.data)

    def __getitem__(self, k):
        return self.code(self.data[k])


@pytest.mark.skipif(find_spec("speechbrain") is None, reason="needs SpeechBrain")
def test_an_augmenter_of_speechbrain(module, torch, batch):
    from speechbrain.augment.augmenter import Augmenter

    layer = module.TelephoneLineModule(LINE, 16000)
    augment = Augmenter(
        concat_original=True, min_augmentations=1, max_augmentations=1, augmentations=[layer]
    )
    lengths = torch.tensor([1.0, 1.0, 0.5])
    y, y_lengths = augment(batch, lengths)
    np.testing.assert_array_equal(y[:3], batch)
    np.testing.assert_array_equal(y_lengths, [1.0, 1.0, 0.5] * 2)
    np.testing.assert_array_equal(y[5, 4000:], np.zeros(4000))
    np.testing.assert_array_equal(y[3], layer.last_lines[0](batch[0].numpy(), 16000))
