"""Plain functions for datasets, WebDataset and tf.data."""

import io
import pickle
from functools import partial

import numpy as np
import pytest
import soundfile

from celpvq.augment import Choice, TelephoneLine, Uniform
from celpvq.augment.functions import augment_array, augment_example
from celpvq.errors import ArgumentError

LINE = TelephoneLine(mode=Choice([4800, 8000]), loss=Uniform(0, 0.3))


def test_the_samples_select_the_line(voice):
    code = pickle.loads(pickle.dumps(partial(augment_array, line=LINE, samplerate=16000)))
    y = code(voice)
    assert (y.shape, y.dtype) == (voice.shape, np.float32)
    np.testing.assert_array_equal(code(voice), y)
    np.testing.assert_array_equal(code(voice[::-1][::-1]), y)
    np.testing.assert_array_equal(code(voice, line=LINE.to_dict()), y)
    assert (code(voice, seed=1) != y).any()
    lossy = partial(augment_array, line=TelephoneLine(loss=0.3), samplerate=16000)
    assert (lossy(voice) != -lossy(-voice)).any()
    with pytest.raises(ArgumentError, match="seed: expected 0 or more"):
        code(voice, seed=-1)


def test_an_example_gets_other_sound(voice):
    example = {"audio": {"array": voice, "sampling_rate": 16000, "path": "a.wav"}, "text": "a"}
    y = augment_example(example, LINE)
    assert y["text"] == "a"
    assert set(y["audio"]) == {"array", "sampling_rate"}
    np.testing.assert_array_equal(y["audio"]["array"], augment_array(voice, LINE, 16000))
    assert example["audio"]["array"] is voice
    named = augment_example({"sound": y["audio"]}, line=LINE, column="sound", seed=2)
    expected = augment_array(y["audio"]["array"], LINE, 16000, seed=2)
    np.testing.assert_array_equal(named["sound"]["array"], expected)


def test_hugging_face_datasets(voice, tmp_path):
    datasets = pytest.importorskip("datasets", exc_type=ImportError)
    sound = [{"array": x, "sampling_rate": 16000} for x in (voice, -voice)]
    data = datasets.Dataset.from_dict({"audio": sound, "text": ["a", "b"]})
    for n in (None, 2):
        coded = data.map(augment_example, fn_kwargs={"line": LINE.to_dict()}, num_proc=n)
        for before, after in zip(data, coded, strict=True):
            expected = augment_example(before, LINE)
            np.testing.assert_allclose(
                after["audio"]["array"], expected["audio"]["array"], atol=1e-6
            )
            assert after["text"] == before["text"]


def test_webdataset(voice, tmp_path):
    webdataset = pytest.importorskip("webdataset", exc_type=ImportError)
    with webdataset.TarWriter(str(tmp_path / "a.tar")) as writer:
        file = io.BytesIO()
        soundfile.write(file, voice, 8000, format="WAV", subtype="FLOAT")
        writer.write({"__key__": "a", "wav": file.getvalue(), "txt": "words"})

    def read(data):
        return soundfile.read(io.BytesIO(data), dtype="float32")[0]

    code = partial(augment_array, line=LINE, samplerate=8000)
    source = webdataset.WebDataset(str(tmp_path / "a.tar"), shardshuffle=False)
    (example,) = source.map_dict(wav=read).map_dict(wav=code)
    np.testing.assert_array_equal(example["wav"], code(voice))
    (pair,) = source.to_tuple("wav", "txt").map_tuple(read, None).map_tuple(code, None)
    np.testing.assert_array_equal(pair[0], code(voice))
