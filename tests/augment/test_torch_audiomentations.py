"""The transform for torch-audiomentations."""

import numpy as np
import pytest

from celpvq.augment import Choice, TelephoneLine, Uniform

LINE = TelephoneLine(mode=Choice([4800, 8000]), loss=Uniform(0, 0.3))


@pytest.fixture
def make(adapter):
    """Return a function that makes transforms."""
    kind = adapter("torch_audiomentations").ApplyTelephoneLine
    return lambda **options: kind(LINE, sample_rate=16000, output_type="dict", **options)


@pytest.fixture
def batch(torch, voice):
    """Two examples of two channels."""
    channels = [[voice, voice[::-1]], [-voice, voice]]
    return torch.from_numpy(np.ascontiguousarray(channels))


def test_each_example_has_a_line_of_its_own(make, batch):
    transform = make(p=1.0)
    y = transform(batch).samples
    lines = transform.transform_parameters["lines"]
    assert len(set(lines)) == 2
    for k in range(2):
        np.testing.assert_array_equal(y[k], lines[k](batch[k].numpy(), 16000))


def test_a_batch_may_have_one_line(make, batch):
    transform = make(p=1.0, mode="per_batch")
    y = transform(batch).samples
    (line,) = transform.transform_parameters["lines"]
    expected = line(batch.numpy().reshape(4, 8000), 16000)
    np.testing.assert_array_equal(np.asarray(y).reshape(4, 8000), expected)


def test_frozen_parameters_repeat_the_lines(make, batch):
    transform = make(p=1.0)
    y = transform(batch).samples.numpy().copy()
    assert (transform(batch).samples.numpy() != y).any()
    transform.freeze_parameters()
    y = transform(batch).samples.numpy().copy()
    np.testing.assert_array_equal(transform(batch).samples, y)


def test_outside_of_training_nothing_happens(make, batch):
    assert make(p=1.0).eval()(batch).samples is batch


def test_targets_stay_as_they_are(make, torch, batch):
    targets = torch.from_numpy(np.ones((2, 2, 10, 1), np.float32))
    result = make(p=1.0)(batch, targets=targets, target_rate=20)
    np.testing.assert_array_equal(result.targets, targets)
    assert (result.sample_rate, result.target_rate) == (16000, 20)
