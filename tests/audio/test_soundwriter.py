import io

import numpy as np
import pytest
import soundfile
from files import Pipe

from celpvq import FormatError
from celpvq.audio import SoundWriter


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".aiff", ".au"])
@pytest.mark.parametrize("declared", [None, 100, 1000])
def test_sound_that_is_written_is_read_again(suffix, declared, tmp_path):
    x = np.random.default_rng(0).integers(-32768, 32768, 1000).astype(np.int16)
    with (tmp_path / "sound").open("wb") as file:
        writer = SoundWriter(file, suffix, 11025, declared)
        for part in np.split(x, [0, 1, 700]):
            writer.write(part)
        writer.close()
    y, rate = soundfile.read(tmp_path / "sound", dtype="int16")
    assert rate == 11025
    np.testing.assert_array_equal(y, x)


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
@pytest.mark.parametrize("declared", [None, 100])
def test_several_channels_are_written(suffix, declared, tmp_path):
    x = np.random.default_rng(0).integers(-32768, 32768, (100, 3)).astype(np.int16)
    with (tmp_path / "sound").open("wb") as file:
        writer = SoundWriter(file, suffix, 16000, declared, n_channels=3)
        for part in np.split(x, [0, 70]):
            writer.write(part)
        writer.close()
    y, rate = soundfile.read(tmp_path / "sound", dtype="int16")
    assert rate == 16000
    np.testing.assert_array_equal(y, x)


def test_wav_goes_through_a_pipe():
    pipe = Pipe(step=7)
    writer = SoundWriter(pipe, ".wav", 8000)
    writer.write(np.arange(10, dtype=np.int16))
    writer.close()
    y, _ = soundfile.read(io.BytesIO(pipe.getvalue()), dtype="int16")
    np.testing.assert_array_equal(y, np.arange(10))


@pytest.mark.parametrize(("suffix", "rate"), [(".wve", 44100), (".xi", 8000), (".htk", 44100)])
def test_a_format_that_cannot_keep_the_rate_is_refused(suffix, rate, tmp_path):
    with (
        (tmp_path / "sound").open("wb") as file,
        pytest.raises(FormatError, match=f"{rate} Hz: such a file would play at"),
    ):
        SoundWriter(file, suffix, rate)


@pytest.mark.parametrize(("suffix", "rate"), [(".wve", 8000), (".htk", 8000), (".voc", 11025)])
def test_a_format_that_keeps_the_rate_is_written(suffix, rate, tmp_path):
    with (tmp_path / "sound").open("wb") as file:
        writer = SoundWriter(file, suffix, rate)
        writer.write(np.zeros(500, np.int16))
        writer.close()
    assert soundfile.info(tmp_path / "sound").samplerate == rate
