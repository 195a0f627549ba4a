"""The transform for audiomentations, with the real package."""

import json
import pickle
import random

import numpy as np
import pytest

from celpvq.augment import Choice, DrawnLine, TelephoneLine, Uniform

audiomentations = pytest.importorskip("audiomentations", exc_type=ImportError)

from celpvq.augment.audiomentations import ApplyTelephoneLine  # noqa: E402

LINE = TelephoneLine(mode=Choice([4800, 8000]), loss=Uniform(0, 0.2), n_codings=Choice([1, 2]))


def compose(line=LINE, p=1.0):
    return audiomentations.Compose([ApplyTelephoneLine(line, p=p)])


@pytest.mark.parametrize("samplerate", [8000, 16000, 44100, 48000])
@pytest.mark.parametrize("peak", [0.1, 3.0])
@pytest.mark.parametrize("n", [0, 1, 79, 160, 8000])
def test_any_array_keeps_its_shape(voice, samplerate, peak, n):
    x = voice[:n] * np.float32(peak)
    stereo = [x[None], np.stack([x, -x]), np.stack([x, x], axis=1).T]
    for array in [
        x,
        *(stereo if n else []),
    ]:  # audiomentations itself refuses channels without samples
        y = compose()(array, samplerate)
        assert (y.shape, y.dtype) == (array.shape, np.float32)


def test_the_seed_is_that_of_random(voice):
    random.seed(1)
    first = [compose()(voice, 8000) for _ in range(3)]
    assert len({y.tobytes() for y in first}) == 3
    random.seed(1)
    for y in first:
        np.testing.assert_array_equal(compose()(voice, 8000), y)


def test_frozen_parameters_repeat_a_line(voice):
    transform = compose()
    y = transform(voice, 8000)
    transform.freeze_parameters()
    for _ in range(3):
        np.testing.assert_array_equal(transform(voice, 8000), y)
    transform.unfreeze_parameters()
    assert any((transform(voice, 8000) != y).any() for _ in range(3))


def test_the_parameters_describe_the_line(voice):
    transform = ApplyTelephoneLine(LINE, p=1.0)
    y = transform(voice, 8000)
    written = json.loads(json.dumps(transform.serialize_parameters()))
    line = DrawnLine.from_dict(written["line"])
    np.testing.assert_array_equal(line(voice, 8000), y)


def test_the_transform_acts_with_probability_p(voice):
    transform = compose(TelephoneLine(), p=0.5)
    acts = [(transform(voice[:160], 8000) != voice[:160]).any() for _ in range(100)]
    assert 25 < sum(acts) < 75


def test_the_description_makes_the_transform_again(voice):
    described = json.loads(json.dumps(ApplyTelephoneLine(LINE, p=1.0).to_dict()))["transform"]
    name = described.pop("__class_fullname__")
    assert name == "celpvq.augment.audiomentations.ApplyTelephoneLine"
    results = []
    for transform in (ApplyTelephoneLine(LINE, p=1.0), again := ApplyTelephoneLine(**described)):
        random.seed(5)
        results.append(transform(voice, 8000))
    np.testing.assert_array_equal(results[0], results[1])
    assert "4800" in repr(again)
    assert ApplyTelephoneLine().line == TelephoneLine().to_dict()


def test_the_transform_can_be_pickled(voice):
    transform = compose()
    again = pickle.loads(pickle.dumps(transform))
    random.seed(2)
    y = transform(voice, 8000)
    random.seed(2)
    np.testing.assert_array_equal(again(voice, 8000), y)
