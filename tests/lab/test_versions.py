import dataclasses
import io

import numpy as np
import pytest
import soundfile

import celpvq
from celpvq.codec.common import table_set
from celpvq.lab.clips import find_clips, read_clip
from celpvq.lab.coded_folders import CodedFolder
from celpvq.lab.contenders import Celpvq
from celpvq.lab.versions import Losses, find_versions, flac

OWN = Celpvq(4800, "fast")


@pytest.fixture
def clip(tmp_path, clips):
    """A clip in a folder below the folder of speech."""
    (tmp_path / "speech" / "below").mkdir(parents=True)
    soundfile.write(tmp_path / "speech" / "below" / "a.flac", clips["flite-slt-en"][:8001], 8000)
    [clip] = find_clips(tmp_path / "speech")
    return clip


@pytest.fixture
def folder(tmp_path):
    """A folder for another codec's files of this clip."""
    (tmp_path / "coded" / "below").mkdir(parents=True)
    return CodedFolder.open("other", tmp_path / "coded")


def find(clip, *codecs, **options):
    return find_versions(clip, codecs, **options)


def samples_of(data):
    return soundfile.read(io.BytesIO(data), dtype="int16")[0]


def test_the_original_and_foreign_speech_are_exact(clip, folder):
    pcm = soundfile.read(clip.path, dtype="int16")[0]
    soundfile.write(folder.path / "below" / "a.wav", pcm[::-1], 8000)
    found = find(clip, folder)
    assert found.n_samples == 8001
    np.testing.assert_array_equal(samples_of(found.original), pcm)
    [version] = found.versions
    np.testing.assert_array_equal(samples_of(version.sound), pcm[::-1])
    assert (version.codec, version.kbps, version.form) == ("other", None, "flac")


def test_flac_has_16_bits_also_of_floats():
    x = np.array([-1.0, -0.5, 0.0, 1 / 32768, 1.0])
    np.testing.assert_array_equal(samples_of(flac(x)), [-32768, -16384, 0, 1, 32767])


def test_streams_decode_to_the_speech_of_compare(clip):
    codecs = [OWN, dataclasses.replace(OWN, plain=True)]
    found = find(clip, *codecs)
    for version, codec in zip(found.versions, codecs, strict=True):
        decoded, _ = celpvq.decode(version.sound, enhancement=version.enhancement)
        np.testing.assert_array_equal(decoded, codec.code(clip, read_clip(clip.path)).samples)
    assert [version.enhancement for version in found.versions] == [True, False]
    assert found.versions[0].sound == found.versions[1].sound
    assert found.versions[0].kbps == 4.8


def test_losses_are_the_same_for_each_codec_and_differ_by_clip(clip):
    losses = Losses(10, seed=4)
    a, a_lost, b, b_lost = find(clip, OWN, Celpvq(8000, "fast"), losses=losses).versions
    assert a_lost.codec == "celpvq 4800 fast, 10 % lost"
    assert (a_lost.sound, b_lost.sound) == (a.sound, b.sound)
    assert a_lost.lost == b_lost.lost != ()
    assert a.lost == b.lost == ()
    packets = [bytes(12)] * 1000
    assert losses.draw("a", packets) == Losses(10, seed=4).draw("a", packets)
    assert losses.draw("a", packets) != losses.draw("b", packets)
    assert len(losses.draw("a", packets)) == pytest.approx(100, abs=40)


def test_frames_that_are_not_sent_are_not_lost():
    packets = [bytes(12), b""] * 50
    assert set(Losses(100).draw("a", packets)) == set(range(0, 100, 2))


def test_streams_of_a_folder_are_taken_as_they_are(clip, folder):
    x = np.r_[read_clip(clip.path)[:4000], np.zeros(4001)]
    data = celpvq.encode(x, 8000, 4800, "fast", dtx=True)
    (folder.path / "below" / "a.cvq").write_bytes(data)
    [version] = find(clip, folder).versions
    assert (version.form, version.sound) == ("cvq", data)
    assert version.kbps == celpvq.info(data).rates.mean / 1000 < 4.8


def test_clips_that_a_folder_lacks_or_that_do_not_fit_are_problems(clip, folder):
    path = folder.path / "below" / "a.cvq"
    [problem] = find(clip, folder).problems
    assert problem.startswith("other: below/a.flac: no such file in ")
    soundfile.write(path.with_suffix(".flac"), np.zeros(8000), 8000)
    assert find(clip, folder).problems == ("other: below/a.flac: expected 8001 samples, got 8000",)
    path.write_bytes(celpvq.encode(np.zeros(4000), 8000, 4800, "fast"))
    [problem] = find(clip, folder).problems
    assert problem.endswith("expected 8001 samples at 8000 Hz, got 4000 at 8000 Hz")
    path.write_bytes(celpvq.encode(np.zeros(8001), 8000, 4800, "fast")[:-1])
    assert "got" in find(clip, folder).problems[0]
    path.write_bytes(b"RIFF")
    found = find(clip, folder, OWN)
    assert "not a celpvq stream" in found.problems[0]
    assert [version.codec for version in found.versions] == ["celpvq 4800 fast"]


def test_streams_of_other_tables_are_problems(clip, folder):
    arrays = {name: array.copy() for name, array in table_set.default().arrays.items()}
    arrays["lsf_mean"][0] += 0.001
    data = celpvq.encode(np.zeros(8001), 8000, 4800, "fast", tables=celpvq.TableSet(arrays))
    (folder.path / "below" / "a.cvq").write_bytes(data)
    assert "the stream was made with" in find(clip, folder).problems[0]
