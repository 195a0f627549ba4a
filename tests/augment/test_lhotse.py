"""The transform for lhotse's recordings, and the codecs for its narrowband effect."""

import dataclasses
import json
import pickle
from functools import partial
from importlib.util import find_spec

import numpy as np
import pytest
import soundfile

import celpvq
from celpvq.augment import Choice, TelephoneLine, Uniform
from celpvq.errors import ArgumentError, ArgumentTypeError

LINE = TelephoneLine(mode=Choice([4800, 8000]), loss=Uniform(0, 0.3))


@pytest.fixture
def module(adapter):
    """The adapter's module."""
    return adapter("lhotse")


def test_a_transform_codes_channels_and_survives_json(module, voice):
    transform = module.TelephoneLineTransform(LINE, seed=3)
    stereo = np.stack([voice, -voice])
    y = transform(stereo, 16000)
    np.testing.assert_array_equal(y, LINE(stereo, 16000, seed=3))
    written = json.loads(json.dumps(transform.to_dict()))
    assert written["name"] == "TelephoneLineTransform"
    again = module.AudioTransform.from_dict(written)
    assert again == transform
    np.testing.assert_array_equal(again(stereo, 16000), y)
    assert pickle.loads(pickle.dumps(transform)) == transform
    assert transform.reverse_timestamps(1.5, 2.5, 16000) == (1.5, 2.5)
    assert transform.reverse_timestamps(1.5, None, None) == (1.5, None)


def test_parameters_of_a_transform_are_checked(module):
    with pytest.raises(ArgumentError, match="seed: expected 0 or more"):
        module.TelephoneLineTransform(LINE, seed=-1)
    with pytest.raises(ArgumentError, match="got 'noise'"):
        module.TelephoneLineTransform({"noise": 1}, seed=1)
    with pytest.raises(ArgumentTypeError, match="line: expected a TelephoneLine or a dict"):
        module.TelephoneLineTransform("4800", seed=1)


def test_every_mode_is_a_narrowband_codec(module, torch, voice):
    codecs = module.narrowband.CODECS
    assert {f"celpvq-{mode.bitrate}" for mode in celpvq.modes()} < set(codecs)
    assert "mulaw" in codecs
    y = codecs["celpvq-4800"]()(torch.from_numpy(voice[None]))
    assert isinstance(y, torch.Tensor)
    assert (tuple(y.shape), y.dtype) == ((1, 8000), torch.float32)
    np.testing.assert_array_equal(y[0], TelephoneLine(mode=4800)(voice, 8000, seed=1))
    module.register()
    pickle.loads(pickle.dumps(codecs["celpvq-8000"]()))


@dataclasses.dataclass
class Item:
    """A recording, a supervision or a cut, as far as the adapter needs them."""

    id: str
    recording: object = None
    transforms: list | None = None
    supervisions: list | None = None
    recording_id: str = "r"
    features: object = None


@pytest.mark.skipif(find_spec("lhotse") is not None, reason="the real package is tested below")
def test_a_cut_has_the_line_of_its_recording(module, voice):
    cut = Item("c", Item("r", transforms=[{"name": "Volume"}]), None, [Item("s")], features="old")
    other = Item("d", Item("r"), None, [])
    on_line = partial(module.telephone_line, line=LINE, seed=1)
    result = on_line(cut)
    assert (result.id, result.recording.id, result.features) == ("c_line", "r_line", None)
    assert [(s.id, s.recording_id) for s in result.supervisions] == [("s_line", "r_line")]
    volume, transform = result.recording.transforms
    assert volume == {"name": "Volume"}
    assert on_line(other).recording.transforms == [transform]
    elsewhere = module.telephone_line(Item("e", Item("q"), None, []), LINE, seed=1, affix_id=False)
    assert elsewhere.recording.id == "q"
    seeds = {t["kwargs"]["seed"] for t in (transform, *elsewhere.recording.transforms)}
    assert len(seeds) == 2
    assert len(cut.recording.transforms) == 1
    with pytest.raises(ArgumentTypeError, match="apply the line before mixing"):
        on_line(Item("mixed"))


@pytest.mark.skipif(find_spec("lhotse") is None, reason="needs lhotse")
def test_a_set_of_cuts_is_coded_whenever_it_is_loaded(module, voice, tmp_path, monkeypatch):
    import lhotse

    monkeypatch.chdir(tmp_path)
    soundfile.write("a.wav", voice, 8000)
    recording = lhotse.Recording.from_file("a.wav")
    words = lhotse.SupervisionSegment("s", recording.id, 0, 0.5, text="words")
    cuts = lhotse.CutSet.from_manifests(
        lhotse.RecordingSet.from_recordings([recording]),
        lhotse.SupervisionSet.from_segments([words]),
    )
    sound = cuts[0].load_audio()
    coded = cuts.map(partial(module.telephone_line, line=LINE, seed=1))
    coded.to_jsonl("coded.jsonl")
    again = lhotse.CutSet.from_jsonl("coded.jsonl")
    for cut in (coded[0], again[0]):
        y = cut.load_audio()
        assert (y.shape, cut.duration) == (sound.shape, cuts[0].duration)
        (transform,) = cut.recording.to_dict()["transforms"]
        seed = transform["kwargs"]["seed"]
        np.testing.assert_array_equal(y, LINE(sound, 8000, seed=seed))
        assert cut.supervisions[0].text == "words"
    with pytest.raises(ArgumentTypeError, match="apply the line before mixing"):
        module.telephone_line(cuts[0].mix(cuts[0]), LINE)


@pytest.mark.skipif(
    find_spec("lhotse") is None or find_spec("torchaudio") is None,
    reason="needs lhotse and torchaudio",
)
@pytest.mark.parametrize("samplerate", [8000, 16000])
def test_narrowband_takes_the_codec_by_its_name(module, voice, tmp_path, monkeypatch, samplerate):
    import lhotse

    monkeypatch.chdir(tmp_path)
    soundfile.write("a.wav", voice, samplerate)
    recordings = lhotse.RecordingSet.from_recordings([lhotse.Recording.from_file("a.wav")])
    cuts = lhotse.CutSet.from_manifests(recordings)
    narrow = cuts.narrowband("celpvq-6400")
    narrow.to_jsonl("narrow.jsonl")
    y = narrow[0].load_audio()
    again = lhotse.CutSet.from_jsonl("narrow.jsonl")[0]
    np.testing.assert_array_equal(again.load_audio(), y)
    assert (y.shape, again.duration) == ((1, 8000), cuts[0].duration)
    if samplerate == 8000:
        expected = TelephoneLine()(cuts[0].load_audio(), 8000, seed=0)
        np.testing.assert_array_equal(y, expected)
    else:
        assert np.corrcoef(y[0], voice)[0, 1] > 0.5
