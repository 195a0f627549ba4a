"""The perturbation for NeMo, which changes a segment in place."""

import random
from types import SimpleNamespace

import numpy as np
import pytest
import stand_ins

from celpvq.augment import TelephoneLine, Uniform
from celpvq.augment.nemo import TelephoneLinePerturbation
from celpvq.errors import MissingPackageError

LINE = TelephoneLine(loss=Uniform(0, 0.3))


def segment(samples):
    return SimpleNamespace(_samples=samples, sample_rate=16000)


def test_a_segment_keeps_its_length_and_rate(voice):
    perturbation = TelephoneLinePerturbation(LINE)
    mono, stereo = segment(voice), segment(np.stack([voice, -voice], axis=1))
    perturbation.perturb(mono)
    np.testing.assert_array_equal(mono._samples, perturbation.last_line(voice, 16000))
    perturbation.perturb(stereo)
    assert stereo._samples.shape == (8000, 2)
    expected = perturbation.last_line(np.stack([voice, -voice]), 16000)
    np.testing.assert_array_equal(stereo._samples.T, expected)
    assert perturbation.max_augmentation_length(3.5) == 3.5


def test_the_seed_is_that_of_random(voice):
    results = []
    for _ in range(2):
        perturbation = TelephoneLinePerturbation(LINE.to_dict(), rng=5)
        data = segment(voice)
        perturbation.perturb(data)
        results.append(data._samples)
    np.testing.assert_array_equal(results[0], results[1])
    random.seed(5)
    state = random.getstate()
    TelephoneLinePerturbation(LINE)
    assert random.getstate() == state


def test_configuration_files_know_it_by_name(monkeypatch, voice):
    stand_ins.install(monkeypatch, stand_ins.nemo())
    from nemo.collections.asr.parts.preprocessing import perturb

    from celpvq.augment import nemo

    nemo.register()
    nemo.register()
    kind = perturb.perturbation_types["telephone_line"]
    data = segment(voice)
    kind(line={"mode": 4800}).perturb(data)
    np.testing.assert_array_equal(data._samples, TelephoneLine(mode=4800)(voice, 16000, seed=1))


def test_without_nemo_it_is_named(monkeypatch):
    import sys

    from celpvq.augment import nemo

    monkeypatch.setitem(sys.modules, "nemo", None)
    with pytest.raises(MissingPackageError, match="nemo-toolkit"):
        nemo.register()
